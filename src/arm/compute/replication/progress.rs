//! What a wait for replication tells on its way, and when. Pure.

use std::time::Duration;

use tokio::time::Instant;

use super::{Replication, ReplicationState};

/// How often an unchanged progress is told: once a minute, with a margin, for looks that come once
/// a minute come a little early.
const REPEAT_INTERVAL: Duration = Duration::from_secs(50);

/// How long the percentages may stand still before that is worth a warning. Azure refreshes them
/// every ten minutes.
const FROZEN_LIMIT: Duration = Duration::from_secs(2 * 60 * 60);

/// How long a copy may take before a warning: Azure ends copying after fourteen days.
const LONG_LIMIT: Duration = Duration::from_secs(10 * 24 * 60 * 60);

/// What has been told so far about one copy.
#[derive(Debug)]
pub(super) struct Progress {
    started: Instant,
    told: Option<(Instant, Vec<Shown>)>,
    changed: Instant,
    warned_frozen: bool,
    warned_long: bool,
    told_trouble: Option<Instant>,
}

/// What of a disk is worth telling when it changes.
type Shown = (String, Option<u8>, ReplicationState);

impl Progress {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            started: now,
            told: None,
            changed: now,
            warned_frozen: false,
            warned_long: false,
            told_trouble: None,
        }
    }

    /// Whether what was seen is to be told now: at the first look, on every change, and once a
    /// minute.
    pub(super) fn is_news(&mut self, replication: &Replication, now: Instant) -> bool {
        let shown: Vec<Shown> = replication
            .disks
            .iter()
            .map(|disk| (disk.name.clone(), disk.completion_percent, disk.state))
            .collect();
        let due = match &self.told {
            None => true,
            Some((at, before)) => {
                if *before != shown {
                    self.changed = now;
                    self.warned_frozen = false;
                }
                *before != shown || now.saturating_duration_since(*at) >= REPEAT_INTERVAL
            }
        };
        if due {
            self.told = Some((now, shown));
        }
        due
    }

    /// The warnings that are due now, each once.
    pub(super) fn warnings(&mut self, replication: &Replication, now: Instant) -> Vec<String> {
        let mut warnings = Vec::new();
        let still = now.saturating_duration_since(self.changed);
        if still >= FROZEN_LIMIT && !self.warned_frozen {
            self.warned_frozen = true;
            let percent = percent(replication.completion_percent);
            warnings.push(format!(
                "no progress for {} hours, still at {percent}",
                still.as_secs() / 3600
            ));
        }
        if now.saturating_duration_since(self.started) >= LONG_LIMIT && !self.warned_long {
            self.warned_long = true;
            warnings
                .push("not replicated after 10 days; Azure ends copying after 14 days".to_owned());
        }
        warnings
    }

    /// Whether a look that failed is to be told now: at most once a minute.
    pub(super) fn is_trouble_news(&mut self, now: Instant) -> bool {
        let recent = self
            .told_trouble
            .is_some_and(|at| now.saturating_duration_since(at) < REPEAT_INTERVAL);
        if !recent {
            self.told_trouble = Some(now);
        }
        !recent
    }
}

/// How far a copy is, in a few words.
pub(super) fn summary(replication: &Replication) -> String {
    let percent = percent(replication.completion_percent);
    match (replication.state, replication.slowest_disk()) {
        (ReplicationState::Succeeded, _) => "every disk is replicated".to_owned(),
        (ReplicationState::Failed, _) => {
            let failed: Vec<&str> = replication
                .failed_disks()
                .map(|disk| disk.name.as_str())
                .collect();
            format!("failed at {percent} (disks: {})", failed.join(", "))
        }
        (_, Some(disk)) => format!("{percent} replicated (slowest disk {})", disk.name),
        (_, None) => "replication has not begun".to_owned(),
    }
}

fn percent(completion_percent: Option<u8>) -> String {
    match completion_percent {
        Some(percent) => format!("{percent} %"),
        None => "an unknown part".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::DiskReplication;
    use super::*;

    fn replication(disks: &[(&str, ReplicationState, Option<u8>)]) -> Replication {
        Replication {
            state: disks
                .last()
                .map_or(ReplicationState::Unknown, |disk| disk.1),
            completion_percent: disks.iter().filter_map(|disk| disk.2).min(),
            disks: disks
                .iter()
                .map(|(name, state, percent)| DiskReplication {
                    disk_restore_point_id: format!("/{name}"),
                    name: (*name).to_owned(),
                    state: *state,
                    completion_percent: *percent,
                    code: None,
                    message: None,
                })
                .collect(),
        }
    }

    fn at(percent: u8) -> Replication {
        replication(&[("os", ReplicationState::Replicating, Some(percent))])
    }

    #[test]
    fn lines_can_be_read_alone() {
        #[track_caller]
        fn check(disks: &[(&str, ReplicationState, Option<u8>)], expected: &str) {
            assert_eq!(summary(&replication(disks)), expected);
        }
        use ReplicationState::{Failed, Replicating, Succeeded, Unknown};
        check(
            &[
                ("os", Succeeded, Some(100)),
                ("data-1", Replicating, Some(42)),
            ],
            "42 % replicated (slowest disk data-1)",
        );
        check(
            &[("os", Unknown, None)],
            "an unknown part replicated (slowest disk os)",
        );
        check(&[], "replication has not begun");
        check(&[("os", Succeeded, Some(100))], "every disk is replicated");
        check(
            &[("os", Succeeded, Some(100)), ("data-1", Failed, Some(30))],
            "failed at 30 % (disks: data-1)",
        );
    }

    #[test]
    fn progress_is_told_on_change_and_once_a_minute() {
        let start = Instant::now();
        let mut progress = Progress::new(start);
        let mut told = |percent, seconds| {
            let now = start + Duration::from_secs(seconds);
            progress.is_news(&at(percent), now)
        };
        assert!(told(0, 0));
        assert!(!told(0, 10));
        assert!(told(1, 20));
        assert!(!told(1, 69));
        assert!(told(1, 71));
        assert!(told(1, 122), "looks of a long wait are 51 s to 57 s apart");
    }

    #[test]
    fn standing_still_is_warned_about_once() {
        let start = Instant::now();
        let mut progress = Progress::new(start);
        let mut warnings = |percent, hours: u64| {
            let now = start + Duration::from_secs(hours * 3600);
            progress.is_news(&at(percent), now);
            progress.warnings(&at(percent), now).len()
        };
        assert_eq!(warnings(7, 0), 0);
        assert_eq!(warnings(7, 1), 0);
        assert_eq!(warnings(7, 2), 1);
        assert_eq!(warnings(7, 3), 0);
        assert_eq!(warnings(8, 5), 0);
        assert_eq!(warnings(8, 7), 1);
        assert_eq!(warnings(9, 240), 1, "ten days");
        assert_eq!(warnings(10, 241), 0);
    }

    #[test]
    fn trouble_is_told_once_a_minute() {
        let start = Instant::now();
        let mut progress = Progress::new(start);
        let mut told = |seconds| {
            let now = start + Duration::from_secs(seconds);
            progress.is_trouble_news(now)
        };
        assert!(told(0));
        assert!(!told(49));
        assert!(told(51));
    }
}
