//! Which deletes of a copy are done, which keep it, and which are refused.

use crate::plugin::resource::DeleteReason;

/// Where a delete comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Somebody wants this copy gone: a destroy, a removed block, a changed argument.
    Wish,
    /// A taint: the copy that comes instead is this very one.
    TaintIdentical,
    /// A taint: the copy that comes instead is provably another one.
    TaintDifferent,
    /// A taint: nobody can tell what comes instead.
    TaintUnknown,
    /// This process has made the copy, taken it over or waited for it in the same walk.
    OwnWalk,
}

/// What Azure says of the copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    /// It replicates.
    Unfinished,
    /// It has failed, for good.
    Failed,
    /// It is usable, and so is another one of its collection.
    Usable,
    /// It is the last usable one of its collection.
    LastUsable,
    /// Azure cannot be asked.
    Unknown,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Delete it in Azure.
    Delete,
    /// Leave it in Azure, and tell Terraform that this object is gone.
    Keep,
    /// Leave it in Azure and in the state, with an error.
    Refuse,
}

/// The table of deletes.
pub(super) fn decide(origin: Origin, condition: Condition, force_destroy: bool) -> Decision {
    let last = if force_destroy {
        Decision::Delete
    } else {
        Decision::Refuse
    };
    match (origin, condition) {
        (Origin::OwnWalk, _) => Decision::Keep,
        (Origin::TaintUnknown, _) | (_, Condition::Unknown) => Decision::Refuse,
        (_, Condition::Failed) => Decision::Delete,
        (Origin::TaintIdentical, _) => Decision::Keep,
        (Origin::Wish | Origin::TaintDifferent, Condition::LastUsable) => last,
        (Origin::Wish | Origin::TaintDifferent, _) => Decision::Delete,
    }
}

/// Whether a delete makes room after a taint. Two signals say so, and either is enough: the
/// plan that it comes with, and the create of the same copy that this process has planned.
pub(super) fn follows_taint(reason: DeleteReason, is_create_planned: bool) -> bool {
    reason == DeleteReason::TaintReplacement || is_create_planned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_of_the_table() {
        use Condition::{Failed, LastUsable, Unfinished, Unknown, Usable};
        use Decision::{Delete, Keep, Refuse};

        let conditions = [Unfinished, Failed, Usable, LastUsable, Unknown];
        let table = [
            (Origin::Wish, [Delete, Delete, Delete, Refuse, Refuse]),
            (Origin::TaintIdentical, [Keep, Delete, Keep, Keep, Refuse]),
            (
                Origin::TaintDifferent,
                [Delete, Delete, Delete, Refuse, Refuse],
            ),
            (
                Origin::TaintUnknown,
                [Refuse, Refuse, Refuse, Refuse, Refuse],
            ),
            (Origin::OwnWalk, [Keep, Keep, Keep, Keep, Keep]),
        ];
        for (origin, row) in table {
            for (condition, expected) in conditions.into_iter().zip(row) {
                assert_eq!(
                    decide(origin, condition, false),
                    expected,
                    "{origin:?} {condition:?}"
                );
                let forced = match (origin, condition) {
                    (Origin::Wish | Origin::TaintDifferent, LastUsable) => Delete,
                    _ => expected,
                };
                assert_eq!(
                    decide(origin, condition, true),
                    forced,
                    "{origin:?} {condition:?} forced"
                );
            }
        }
    }

    #[test]
    fn either_signal_of_a_taint_is_enough() {
        assert!(follows_taint(DeleteReason::TaintReplacement, false));
        assert!(follows_taint(DeleteReason::Destroy, true));
        assert!(!follows_taint(DeleteReason::Destroy, false));
        assert!(!follows_taint(DeleteReason::Replacement, false));
    }
}
