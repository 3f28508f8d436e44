//! Waiting until a copy has replicated, in the apply that made it or in a later one.

use crate::arm::compute::models::RestorePoint;
use crate::arm::compute::replication::{Poll, ReplicationEnd, wait_for_replication};
use crate::arm::resource_id::RestorePointId;
use crate::arm::{Client, Patience};
use crate::plugin::diagnostics::Diagnostic;
use crate::plugin::resource::Applied;
use crate::plugin::value::Value;

use super::ending::{End, Ending, OnTimeout, Phase, ending};
use super::model::{self, WaitOutcome};
use super::words;

/// Whether an update has to wait: the copy should be finished, is not, and can be.
pub(super) fn is_due(prior_state: &Value, planned_state: &Value) -> bool {
    let wanted = planned_state.get("wait_for_replication").as_bool() == Some(true);
    wanted && prior_state.get("usable").as_bool() != Some(true)
}

/// The planned state of an update that waits.
///
/// Only what the wait changes is unknown: were an id or a disk unknown, too,
/// everything built on it would be planned anew. Where a create never got an
/// answer nothing is known yet, so whatever is null is unknown.
pub(super) fn planned(mut planned_state: Value) -> Value {
    let never_filled = planned_state.get("time_created").is_null();
    for name in CHANGED_BY_A_WAIT {
        planned_state.insert(name, Value::Unknown);
    }
    let disk = |mut disk: Value| {
        if disk.get("disk_restore_point_id").is_null() {
            // Seen before Azure had made the disk restore points.
            for name in GIVEN_LATE {
                disk.insert(name, Value::Unknown);
            }
        }
        disk.insert("replication_state", Value::Unknown);
        disk
    };
    match planned_state.get("os_disk").clone() {
        Value::Null => {}
        os_disk => planned_state.insert("os_disk", disk(os_disk)),
    }
    if let Value::List(disks) = planned_state.get("data_disks").clone() {
        planned_state.insert(
            "data_disks",
            Value::List(disks.into_iter().map(disk).collect()),
        );
    }
    if planned_state.get("replication_id").is_null() {
        planned_state.insert("replication_id", Value::Unknown);
    }
    if never_filled {
        for attribute in super::schema::schema().block.attributes {
            if attribute.is_computed() && planned_state.get(attribute.name).is_null() {
                planned_state.insert(attribute.name, Value::Unknown);
            }
        }
    }
    planned_state
}

const CHANGED_BY_A_WAIT: [&str; 4] = [
    "wait_outcome",
    "usable",
    "provisioning_state",
    "replication_state",
];

/// What a disk has only once its disk restore point is there.
const GIVEN_LATE: [&str; 4] = [
    "disk_restore_point_id",
    "source_disk_restore_point_id",
    "encryption_type",
    "disk_encryption_set_id",
];

/// Waits for the copy, and turns the end of the wait into a state and messages.
///
/// `known` is the state to keep where Azure gave no answer at all.
pub(super) async fn wait(
    client: &Client,
    patience: &Patience,
    id: &RestorePointId,
    phase: Phase,
    planned_state: &Value,
    known: &Value,
) -> Applied {
    let ended = wait_for_replication(client, id, patience, Poll::of(client)).await;
    let (end, last, cause) = match ended {
        ReplicationEnd::Replicated(found) => (End::Replicated, Some(found), None),
        ReplicationEnd::Failed(found) => (End::Failed, Some(found), None),
        ReplicationEnd::Gone => (End::Gone, None, None),
        ReplicationEnd::DeadlinePassed { last, cause } => (End::Deadline, last, cause),
        ReplicationEnd::Stopped { last } => (End::Stopped, last, None),
        ReplicationEnd::LostContact { last, error } => (End::LostContact, last, Some(error)),
    };
    let on_timeout = match planned_state.get("on_timeout").as_str() {
        Some("continue") => OnTimeout::Continue,
        _ => OnTimeout::Error,
    };
    let Ending {
        saved,
        outcome,
        severity,
    } = ending(phase, end, on_timeout);
    let mut applied = Applied::default();
    if saved {
        applied.new_state = Some(state(planned_state, id, last.as_deref(), outcome, known));
    }
    if let Some(severity) = severity {
        let wait = words::Wait {
            id,
            phase,
            elapsed: patience.elapsed(),
            last: last.as_deref(),
            cause: cause.as_ref(),
        };
        applied.diagnostics.push(Diagnostic {
            severity,
            ..wait.ended(end)
        });
    }
    applied
}

/// The state after a wait: as Azure had it last, or as it was known before where Azure never answered.
fn state(
    planned_state: &Value,
    id: &RestorePointId,
    last: Option<&RestorePoint>,
    outcome: Option<WaitOutcome>,
    known: &Value,
) -> Value {
    let mut fresh = last.map_or_else(|| known.clone(), |found| model::computed(id, found));
    fresh.insert(
        "wait_outcome",
        Value::string(outcome.map(WaitOutcome::as_str)),
    );
    model::fill(planned_state, &fresh)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk(point: Value) -> Value {
        Value::object([
            ("name", Value::from("disk")),
            ("disk_restore_point_id", point),
            ("encryption_type", Value::Null),
            ("replication_state", "Replicating".into()),
        ])
    }

    fn prior(wait: bool, usable: Value) -> Value {
        Value::object([
            ("id", Value::from("/copy")),
            ("wait_for_replication", wait.into()),
            ("usable", usable),
            ("wait_outcome", "interrupted".into()),
            ("license_type", Value::Null),
            ("time_created", "2026-01-02T03:04:05Z".into()),
            ("replication_id", "/copy#1".into()),
            ("os_disk", disk("/drp/os".into())),
            ("data_disks", Value::List(vec![disk(Value::Null)])),
        ])
    }

    #[test]
    fn a_wait_is_due_for_what_is_not_usable_but_should_be() {
        #[track_caller]
        fn check(wait: bool, usable: Value, expected: bool) {
            let state = prior(wait, usable);
            assert_eq!(is_due(&state, &state), expected);
        }
        check(true, false.into(), true);
        check(true, Value::Null, true);
        check(true, true.into(), false);
        check(false, false.into(), false);
    }

    #[test]
    fn ids_and_disks_stay_known() {
        let planned = planned(prior(true, false.into()));
        assert_eq!(planned.get("id"), &Value::from("/copy"));
        assert_eq!(planned.get("license_type"), &Value::Null);
        assert_eq!(planned.get("wait_outcome"), &Value::Unknown);
        let os_disk = planned.get("os_disk");
        assert_eq!(
            os_disk.get("disk_restore_point_id"),
            &Value::from("/drp/os")
        );
        assert_eq!(os_disk.get("encryption_type"), &Value::Null);
        assert_eq!(os_disk.get("replication_state"), &Value::Unknown);
        // Azure gives this one only after the operation.
        assert_eq!(
            planned.get("data_disks").elements()[0].get("disk_restore_point_id"),
            &Value::Unknown
        );
    }

    #[test]
    fn where_nothing_was_answered_everything_is_unknown() {
        let mut prior = prior(true, Value::Null);
        for name in ["time_created", "replication_id", "os_disk", "data_disks"] {
            prior.insert(name, Value::Null);
        }
        let planned = planned(prior);
        for name in [
            "time_created",
            "replication_id",
            "os_disk",
            "data_disks",
            "license_type",
        ] {
            assert_eq!(planned.get(name), &Value::Unknown, "{name}");
        }
        assert_eq!(planned.get("id"), &Value::from("/copy"));
    }
}
