//! How the waits of a gate may end, and what they mean together.

use crate::arm::compute::models::RestorePoint;
use crate::arm::compute::replication::{ReplicationState, replication};

use super::entries::{Named, points_of};

/// How the wait for one copy ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum End {
    /// Every disk has replicated.
    Usable,
    /// A disk failed. Azure cannot resume it.
    Failed,
    /// The restore point does not exist.
    Gone,
    /// There is another copy under this id than the one that is named.
    MadeAnew,
    /// The restore point was taken from a VM.
    NotACopy,
    /// The timeout passed.
    Deadline,
    /// Azure cannot be asked any more.
    LostContact,
    /// Terraform asked to stop.
    Stopped,
}

/// What a timeout means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnTimeout {
    /// The apply fails.
    Error,
    /// It warns, and a later apply goes on.
    Continue,
}

/// What becomes of the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Gate {
    /// Every copy is usable.
    Open,
    /// Some are not, and that was asked for: those that are have their disks.
    Ajar,
    /// It stays as it was, and what depends on it is not touched. A new one is not saved: with an
    /// error it would be tainted, and with none whatever depends on it would go on.
    Shut,
}

/// What is clear from a look at the copy; `None` while it may still become usable.
pub(super) fn settled(named: &Named, found: &RestorePoint) -> Option<End> {
    if found.source_restore_point_id().is_none() {
        return Some(End::NotACopy);
    }
    if !named.may_have(points_of(&named.id, found)) {
        return Some(End::MadeAnew);
    }
    match replication(found).state {
        ReplicationState::Succeeded => Some(End::Usable),
        ReplicationState::Failed => Some(End::Failed),
        ReplicationState::Replicating | ReplicationState::Unknown => None,
    }
}

/// The gate after these ends.
pub(super) fn gate(ends: impl IntoIterator<Item = End>, on_timeout: OnTimeout) -> Gate {
    let after = |end| match (end, on_timeout) {
        (End::Usable, _) => Gate::Open,
        (End::Deadline | End::LostContact, OnTimeout::Continue) => Gate::Ajar,
        // A stop is nobody's timeout: whoever stops wants nothing built.
        _ => Gate::Shut,
    };
    let gates = ends.into_iter().map(after);
    gates.fold(Gate::Open, |all, one| match (all, one) {
        (Gate::Shut, _) | (_, Gate::Shut) => Gate::Shut,
        (Gate::Ajar, _) | (_, Gate::Ajar) => Gate::Ajar,
        (Gate::Open, Gate::Open) => Gate::Open,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_cell_of_the_table() {
        use End::{Deadline, Failed, Gone, LostContact, MadeAnew, NotACopy, Stopped, Usable};
        use OnTimeout::{Continue, Error};

        #[track_caller]
        fn check(ends: &[End], on_timeout: OnTimeout, expected: Gate) {
            assert_eq!(gate(ends.iter().copied(), on_timeout), expected, "{ends:?}");
        }
        for on_timeout in [Error, Continue] {
            check(&[], on_timeout, Gate::Open);
            check(&[Usable, Usable], on_timeout, Gate::Open);
            for broken in [Failed, Gone, MadeAnew, NotACopy, Stopped] {
                check(&[broken], on_timeout, Gate::Shut);
                check(&[Usable, broken], on_timeout, Gate::Shut);
                check(&[broken, Deadline], on_timeout, Gate::Shut);
                check(&[LostContact, broken], on_timeout, Gate::Shut);
            }
        }
        for unfinished in [Deadline, LostContact] {
            check(&[Usable, unfinished], Error, Gate::Shut);
            check(&[Usable, unfinished], Continue, Gate::Ajar);
        }
    }

    #[test]
    fn one_look_tells_what_will_never_be_usable() {
        const ID: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/restorePointCollections/c/restorePoints/p";
        #[track_caller]
        fn check(value: &str, copy: bool, code: &str, expected: Option<End>) {
            let status = json!({"status": {"code": format!("ReplicationState/{code}")}});
            let mut properties = json!({
                "sourceMetadata": {"storageProfile": {"osDisk": {"diskRestorePoint": {"id": "/d"}}}},
                "instanceView": {"diskRestorePoints": [{"id": "/d", "replicationStatus": status}]},
            });
            if copy {
                properties["sourceRestorePoint"] = json!({"id": "/source"});
            }
            let found = serde_json::from_value(json!({ "properties": properties }));
            let named = Named::parse(value).expect("a copy");
            let found = settled(&named, &found.expect("a restore point"));
            assert_eq!(found, expected, "{value} {code}");
        }
        let digest = crate::provider::restore_point::digest(vec!["/d".to_owned()]);
        let meant = format!("{ID}#{digest}");
        let another = format!("{ID}#0123456789abcdef");
        for value in [ID, &meant] {
            check(value, true, "succeeded", Some(End::Usable));
            check(value, true, "failed", Some(End::Failed));
            check(value, true, "replicating", None);
            check(value, true, "unheard-of", None);
            check(value, false, "succeeded", Some(End::NotACopy));
        }
        for code in ["succeeded", "failed", "replicating"] {
            check(&another, true, code, Some(End::MadeAnew));
        }
    }
}
