//! How far the data of a copied disk has got, computed from the time that has passed.

use std::time::Duration;

use serde_json::{Value, json};

/// Azure gives up on a copy after two weeks.
const LONGEST_REPLICATION: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// The course that the replication of one disk takes.
#[derive(Clone, Debug, PartialEq)]
pub enum Replication {
    /// Grows linearly from the start of the copy, and has succeeded after this long. What takes
    /// longer than two weeks fails there.
    After(Duration),
    /// Grows as if it were to take `after`, and fails on reaching this percent.
    FailsAt {
        /// The percent at which it fails and stays.
        percent: u8,
        /// How long all of it would have taken.
        after: Duration,
    },
    /// Replicates, and stays at this percent until a test says otherwise.
    Replicating(u8),
    /// Has succeeded.
    Succeeded,
    /// Has failed, and stays at this percent.
    Failed(u8),
    /// Any other status, word by word; `completion_percent` is left out if it is `None`.
    ///
    /// A code ending in `/succeeded` or `/failed` ends the copy, every other one is still running.
    Status {
        /// Such as `ReplicationState/paused`.
        code: String,
        /// `Info`, `Warning` or `Error`.
        level: String,
        /// The text for people.
        display_status: String,
        /// An integer, as recorded, or whatever a test wants a client to survive.
        completion_percent: Option<Value>,
    },
}

impl From<Duration> for Replication {
    fn from(after: Duration) -> Self {
        Self::After(after)
    }
}

/// Whether a disk, or a copy as a whole, is under way or over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Replicating,
    Succeeded,
    Failed,
}

impl Phase {
    /// The phase of a copy: it has failed with its first disk, and succeeded with its last.
    pub(crate) fn of_all(disks: impl IntoIterator<Item = Self>) -> Self {
        disks
            .into_iter()
            .fold(Self::Succeeded, |all, disk| match (all, disk) {
                (Self::Failed, _) | (_, Self::Failed) => Self::Failed,
                (Self::Succeeded, Self::Succeeded) => Self::Succeeded,
                _ => Self::Replicating,
            })
    }

    /// An `InstanceViewStatus`, without `message` and `time`, as recorded.
    pub(crate) fn status(self) -> Value {
        match self {
            Self::Replicating => status("ReplicationState/replicating", "Info", "Replicating"),
            // Assumed: `Succeeded`. Azure's examples say so by the pattern of the recorded
            // `Replicating`, its how-to says `Replication succeeded`.
            Self::Succeeded => status("ReplicationState/succeeded", "Info", "Succeeded"),
            // Assumed: code and level of a failure are published nowhere.
            Self::Failed => status("ReplicationState/failed", "Error", "Failed"),
        }
    }

    /// The state as the disk restore point's own resource spells it.
    ///
    /// Assumed: only `Succeeded` is seen in Azure's examples.
    pub(crate) fn state(self) -> &'static str {
        match self {
            Self::Replicating => "Replicating",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
        }
    }
}

impl Replication {
    /// The phase this long after the start of the copy.
    pub(crate) fn phase(&self, elapsed: Duration) -> Phase {
        match self {
            Self::After(after) if elapsed >= *after && *after <= LONGEST_REPLICATION => {
                Phase::Succeeded
            }
            // Assumed: a copy that is ended after two weeks looks like one that failed.
            Self::After(_) if elapsed >= LONGEST_REPLICATION => Phase::Failed,
            Self::FailsAt { percent, after }
                if linear_percent(elapsed, *after) >= u64::from(*percent) =>
            {
                Phase::Failed
            }
            Self::After(_) | Self::FailsAt { .. } | Self::Replicating(_) => Phase::Replicating,
            Self::Succeeded => Phase::Succeeded,
            Self::Failed(_) => Phase::Failed,
            Self::Status { code, .. } => {
                let code = code.to_ascii_lowercase();
                if code.ends_with("/succeeded") {
                    Phase::Succeeded
                } else if code.ends_with("/failed") {
                    Phase::Failed
                } else {
                    Phase::Replicating
                }
            }
        }
    }

    /// How long it takes from the start of the copy to the end, if it ends.
    pub(crate) fn length(&self) -> Option<Duration> {
        match self {
            Self::After(after) => Some((*after).min(LONGEST_REPLICATION)),
            Self::FailsAt { percent, after } => Some(*after * u32::from(*percent) / 100),
            _ if self.phase(Duration::ZERO) == Phase::Replicating => None,
            _ => Some(Duration::ZERO),
        }
    }

    /// The percent this long after the start of the copy, where there is one.
    pub(crate) fn completion_percent(&self, elapsed: Duration) -> Option<Value> {
        let percent = match self {
            Self::After(after) => match self.phase(elapsed) {
                Phase::Succeeded => 100,
                Phase::Replicating => linear_percent(elapsed, *after).min(99),
                Phase::Failed => linear_percent(LONGEST_REPLICATION, *after).min(99),
            },
            Self::FailsAt { percent, after } => {
                linear_percent(elapsed, *after).min(u64::from(*percent))
            }
            Self::Replicating(percent) | Self::Failed(percent) => u64::from(*percent),
            Self::Succeeded => 100,
            Self::Status {
                completion_percent, ..
            } => return completion_percent.clone(),
        };
        Some(json!(percent))
    }

    /// `replicationStatus` of a disk in the instance view.
    pub(crate) fn replication_status(&self, elapsed: Duration) -> Value {
        let status = match self {
            Self::Status {
                code,
                level,
                display_status,
                ..
            } => status(code, level, display_status),
            _ => self.phase(elapsed).status(),
        };
        let mut replication_status = json!({ "status": status });
        if let Some(percent) = self.completion_percent(elapsed) {
            replication_status["completionPercent"] = percent;
        }
        replication_status
    }
}

fn status(code: &str, level: &str, display_status: &str) -> Value {
    json!({ "code": code, "level": level, "displayStatus": display_status })
}

/// The percent of the whole that has passed, in whole steps.
fn linear_percent(elapsed: Duration, whole: Duration) -> u64 {
    let percent = (elapsed.as_nanos() * 100)
        .checked_div(whole.as_nanos())
        .unwrap_or(100);
    u64::try_from(percent.min(100)).expect("a hundred fits")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(replication: &Replication, seconds: u64, phase: Phase, percent: u64) {
        let elapsed = Duration::from_secs(seconds);
        assert_eq!(replication.phase(elapsed), phase);
        assert_eq!(
            replication.completion_percent(elapsed),
            Some(json!(percent))
        );
    }

    #[test]
    fn percent_grows_linearly_and_ends_at_a_hundred() {
        let replication = Replication::After(Duration::from_secs(300));
        check(&replication, 0, Phase::Replicating, 0);
        check(&replication, 100, Phase::Replicating, 33);
        check(&replication, 299, Phase::Replicating, 99);
        check(&replication, 300, Phase::Succeeded, 100);
        check(
            &Replication::After(Duration::ZERO),
            0,
            Phase::Succeeded,
            100,
        );
    }

    #[test]
    fn a_failing_disk_stays_where_it_failed() {
        let replication = Replication::FailsAt {
            percent: 40,
            after: Duration::from_secs(100),
        };
        check(&replication, 39, Phase::Replicating, 39);
        check(&replication, 40, Phase::Failed, 40);
        check(&replication, 4000, Phase::Failed, 40);
    }

    #[test]
    fn azure_gives_up_after_two_weeks() {
        let replication = Replication::After(LONGEST_REPLICATION * 2);
        check(&replication, 14 * 86_400 - 1, Phase::Replicating, 49);
        check(&replication, 14 * 86_400, Phase::Failed, 50);
        check(&replication, 40 * 86_400, Phase::Failed, 50);
    }

    #[test]
    fn one_failed_disk_fails_the_copy() {
        use Phase::{Failed, Replicating, Succeeded};
        assert_eq!(Phase::of_all([]), Succeeded);
        assert_eq!(Phase::of_all([Succeeded, Replicating]), Replicating);
        assert_eq!(Phase::of_all([Replicating, Failed, Succeeded]), Failed);
    }
}
