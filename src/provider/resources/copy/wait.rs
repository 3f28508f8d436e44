//! Waiting until a copy has replicated, in the apply that made it or in a later one.

use std::time::Duration;

use crate::arm::compute::models::RestorePoint;
use crate::arm::compute::replication::{
    Poll, ReplicationEnd, ReplicationState, replication, wait_for_replication,
};
use crate::arm::compute::restore_points;
use crate::arm::resource_id::RestorePointId;
use crate::arm::{Client, Error, Patience};
use crate::plugin::resource::Applied;
use crate::plugin::value::Value;
use crate::provider::diagnose::Source;
use crate::provider::resources::LAST_LOOK;

use super::ending::{End, Ending, OnTimeout, Phase, ending};
use super::model::{self, WaitOutcome};
use super::words;

/// Whether an update has to wait: the copy should be finished, is not, and can be.
pub(super) fn is_due(prior_state: &Value, planned_state: &Value) -> bool {
    let wait = planned_state.get("wait_for_replication");
    // What is unknown may turn out to be true; should it not, the apply finds nothing to wait for.
    let wanted = wait.is_unknown() || wait.as_bool() == Some(true);
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

/// A copy that is under way, and what is known of it.
#[derive(Clone, Copy)]
pub(super) struct Copying<'a> {
    pub(super) client: &'a Client,
    pub(super) patience: &'a Patience,
    pub(super) id: &'a RestorePointId,
    pub(super) phase: Phase,
    pub(super) planned_state: &'a Value,
    /// The state to keep where Azure gave no answer at all.
    pub(super) known: &'a Value,
    /// How much of the time went by until the copy's turn came.
    pub(super) queued: Duration,
}

/// How a wait came to its end.
pub(super) struct Ended {
    pub(super) end: End,
    /// The copy as it was seen last.
    pub(super) last: Option<RestorePoint>,
    /// What went wrong last, if anything did.
    pub(super) cause: Option<Error>,
}

impl Ended {
    /// The end that an error means.
    pub(super) fn by(error: Error, last: Option<RestorePoint>) -> Self {
        match error {
            Error::Stopped => Self {
                end: End::Stopped,
                last,
                cause: None,
            },
            Error::DeadlinePassed { last_cause } => Self {
                end: End::Deadline,
                last,
                cause: last_cause.map(|cause| *cause),
            },
            error if error.is_deadline() => Self {
                end: End::Deadline,
                last,
                cause: Some(error),
            },
            error => Self {
                end: End::LostContact,
                last,
                cause: Some(error),
            },
        }
    }

    fn of(end: ReplicationEnd) -> Self {
        match end {
            ReplicationEnd::Replicated(found) => Self {
                end: End::Replicated,
                last: Some(*found),
                cause: None,
            },
            ReplicationEnd::Failed(found) => Self {
                end: End::Failed,
                last: Some(*found),
                cause: None,
            },
            ReplicationEnd::Gone => Self {
                end: End::Gone,
                last: None,
                cause: None,
            },
            ReplicationEnd::DeadlinePassed { last, cause } => Self {
                end: End::Deadline,
                last: last.map(|found| *found),
                cause,
            },
            ReplicationEnd::Stopped { last } => Self {
                end: End::Stopped,
                last: last.map(|found| *found),
                cause: None,
            },
            ReplicationEnd::LostContact { last, error } => Self {
                end: End::LostContact,
                last: last.map(|found| *found),
                cause: Some(error),
            },
        }
    }

    /// A copy that was seen to have finished has, whatever cut the wait short.
    fn settled(mut self) -> Self {
        if matches!(self.end, End::Deadline | End::Stopped | End::LostContact) {
            match self.last.as_ref().map(|found| replication(found).state) {
                Some(ReplicationState::Succeeded) => self.end = End::Replicated,
                Some(ReplicationState::Failed) => self.end = End::Failed,
                _ => {}
            }
        }
        self
    }
}

impl Copying<'_> {
    /// Whether the user wants to wait for the replication.
    pub(super) fn waits(&self) -> bool {
        let waits = self.planned_state.get("wait_for_replication");
        waits.as_bool() != Some(false)
    }

    /// Waits for the copy, and turns the end of the wait into a state and messages. `seen` is
    /// the copy as it was seen before.
    pub(super) async fn wait(&self, seen: Option<RestorePoint>) -> Applied {
        let poll = Poll::of(self.client);
        let ended = wait_for_replication(self.client, self.id, self.patience, poll).await;
        let mut ended = Ended::of(ended);
        if ended.end != End::Gone {
            ended.last = ended.last.or(seen);
        }
        self.conclude(ended).await
    }

    /// The state and the messages after a wait that has ended like this.
    pub(super) async fn conclude(&self, ended: Ended) -> Applied {
        let Ended { end, last, cause } = ended.settled();
        let source = match end {
            End::Failed | End::Gone => self.source(last.as_ref()).await,
            _ => None,
        };
        let on_timeout = match self.planned_state.get("on_timeout").as_str() {
            Some("continue") => OnTimeout::Continue,
            _ => OnTimeout::Error,
        };
        let Ending {
            saved,
            outcome,
            severity,
        } = ending(self.phase, end, on_timeout);
        let mut applied = Applied::default();
        if saved {
            applied.new_state = Some(self.state(last.as_ref(), outcome));
        }
        if let Some(severity) = severity {
            let timeout = self.patience.deadline - self.patience.started;
            let wait = words::Wait {
                id: self.id,
                phase: self.phase,
                severity,
                elapsed: self.patience.elapsed().min(timeout),
                queued: self.queued,
                last: last.as_ref(),
                cause: cause.as_ref(),
                source: source.as_ref().map(|(id, found)| (id, *found)),
            };
            applied.diagnostics.push(wait.ended(end));
        }
        applied
    }

    /// What has become of the source: Azure lets it be deleted meanwhile, and does not tell.
    async fn source(&self, last: Option<&RestorePoint>) -> Option<(RestorePointId, Source)> {
        let source = self.planned_state.get("source_restore_point_id").as_str()?;
        let source = RestorePointId::parse(source).ok()?;
        let patience = Patience::detached(LAST_LOOK);
        let look = restore_points::get(self.client, &source, false, &patience).await;
        Some((source, Source::of(&look, last)))
    }

    /// The state after a wait: as Azure had it last, or as it was known before where Azure
    /// never answered.
    fn state(&self, last: Option<&RestorePoint>, outcome: Option<WaitOutcome>) -> Value {
        let mut fresh = last.map_or_else(
            || self.known.clone(),
            |found| model::computed(self.id, found),
        );
        fresh.insert(
            "wait_outcome",
            Value::string(outcome.map(WaitOutcome::as_str)),
        );
        model::fill(self.planned_state, &fresh)
    }
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
        let mut unknown = prior(false, false.into());
        unknown.insert("wait_for_replication", Value::Unknown);
        assert!(is_due(&unknown, &unknown));
    }

    #[test]
    fn a_copy_that_was_seen_to_finish_has_finished() {
        let found = |state: &str| {
            let status =
                serde_json::json!({"status": {"code": format!("ReplicationState/{state}")}});
            let view = serde_json::json!({"diskRestorePoints": [{"id": "/d", "replicationStatus": status}]});
            let point = serde_json::json!({"properties": {"instanceView": view}});
            Some(serde_json::from_value(point).expect("a restore point"))
        };
        #[track_caller]
        fn check(end: End, last: Option<RestorePoint>, expected: End) {
            assert_eq!(
                Ended {
                    end,
                    last,
                    cause: None
                }
                .settled()
                .end,
                expected
            );
        }
        for end in [End::Deadline, End::Stopped, End::LostContact] {
            check(end, found("succeeded"), End::Replicated);
            check(end, found("failed"), End::Failed);
            check(end, found("replicating"), end);
            check(end, None, end);
        }
        check(End::Gone, None, End::Gone);
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
