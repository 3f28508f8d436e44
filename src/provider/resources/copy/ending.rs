//! How a wait for replication may end, and what each end means for the state and the user.

use crate::plugin::diagnostics::Severity;

use super::model::WaitOutcome;

/// What waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// The apply that made the copy. Terraform taints what a create returns with an error.
    Create,
    /// The apply that took over a copy of an earlier run. It is saved once it is usable, and not
    /// before: the next apply takes it over again, and nothing is tainted meanwhile.
    TakeOver,
    /// An update that resumes the wait. Terraform never taints in an update.
    Resume,
}

/// How the wait came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Every disk has replicated.
    Replicated,
    /// A disk, or the copy as a whole, failed. Azure cannot resume it.
    Failed,
    /// The timeout passed.
    Deadline,
    /// Terraform asked to stop.
    Stopped,
    /// Azure cannot be asked any more.
    LostContact,
    /// The copy is not there any more.
    Gone,
}

/// What a create does when its timeout passes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OnTimeout {
    /// It fails.
    Error,
    /// It warns, and the next apply goes on.
    Continue,
}

/// What an end means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ending {
    /// Whether the copy is in the state afterwards.
    pub(super) saved: bool,
    /// What the state says about the wait; `None` where the copy failed or is gone.
    pub(super) outcome: Option<WaitOutcome>,
    /// How the user is told; `None` where there is nothing to tell.
    pub(super) severity: Option<Severity>,
}

/// The table of endings.
pub(super) fn ending(phase: Phase, end: End, on_timeout: OnTimeout) -> Ending {
    let saved = |outcome, severity| Ending {
        saved: true,
        outcome,
        severity,
    };
    // Only a create can go on with a warning: an update that fails taints nothing.
    let unfinished = match (phase, on_timeout) {
        (Phase::Create, OnTimeout::Continue) => Severity::Warning,
        (Phase::Create, OnTimeout::Error) | (Phase::TakeOver | Phase::Resume, _) => Severity::Error,
    };
    if phase == Phase::TakeOver && end != End::Replicated {
        // Terraform accepts a create without a state only with an error.
        return Ending {
            saved: false,
            outcome: None,
            severity: Some(Severity::Error),
        };
    }
    match end {
        End::Replicated => saved(Some(WaitOutcome::Completed), None),
        End::Failed => saved(None, Some(Severity::Error)),
        End::Deadline => saved(Some(WaitOutcome::TimedOut), Some(unfinished)),
        End::LostContact => saved(Some(WaitOutcome::LostContact), Some(unfinished)),
        // A warning in both phases: an error in a create would taint a copy that is well.
        End::Stopped => saved(Some(WaitOutcome::Interrupted), Some(Severity::Warning)),
        End::Gone => Ending {
            saved: false,
            outcome: None,
            severity: Some(Severity::Error),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_of_the_table() {
        use End::{Deadline, Failed, Gone, LostContact, Replicated, Stopped};
        use OnTimeout::{Continue, Error};
        use Phase::{Create, Resume, TakeOver};
        use WaitOutcome::{Completed, Interrupted, TimedOut};

        #[track_caller]
        fn check(
            (phase, end, on_timeout): (Phase, End, OnTimeout),
            (saved, outcome, severity): (bool, Option<WaitOutcome>, Option<Severity>),
        ) {
            assert_eq!(
                ending(phase, end, on_timeout),
                Ending {
                    saved,
                    outcome,
                    severity
                }
            );
        }
        let (error, warning) = (Some(Severity::Error), Some(Severity::Warning));
        let lost = Some(WaitOutcome::LostContact);
        for on_timeout in [Error, Continue] {
            for phase in [Create, Resume] {
                check(
                    (phase, Replicated, on_timeout),
                    (true, Some(Completed), None),
                );
                check((phase, Failed, on_timeout), (true, None, error));
                check(
                    (phase, Stopped, on_timeout),
                    (true, Some(Interrupted), warning),
                );
                check((phase, Gone, on_timeout), (false, None, error));
            }
            check(
                (TakeOver, Replicated, on_timeout),
                (true, Some(Completed), None),
            );
            for end in [Failed, Deadline, Stopped, LostContact, Gone] {
                check((TakeOver, end, on_timeout), (false, None, error));
            }
            check(
                (Resume, Deadline, on_timeout),
                (true, Some(TimedOut), error),
            );
            check((Resume, LostContact, on_timeout), (true, lost, error));
        }
        check((Create, Deadline, Error), (true, Some(TimedOut), error));
        check(
            (Create, Deadline, Continue),
            (true, Some(TimedOut), warning),
        );
        check((Create, LostContact, Error), (true, lost, error));
        check((Create, LostContact, Continue), (true, lost, warning));
    }
}
