//! Waits until a copied restore point can restore a virtual machine.

use std::time::Duration;

use tokio::time::Instant;

use super::contact::{Contact, Verdict};
use super::observer::{Log, Look, Observer};
use super::progress::Progress;
use super::{ReplicationState, replication};
use crate::arm::budget::Lane;
use crate::arm::compute::models::RestorePoint;
use crate::arm::compute::restore_points;
use crate::arm::error::Error;
use crate::arm::patience::{self, Interrupted, Patience};
use crate::arm::resource_id::RestorePointId;
use crate::arm::retry;
use crate::arm::transport::Client;

/// The first pause between two looks.
const POLL_INTERVAL_FIRST: Duration = Duration::from_secs(10);

/// The longest pause of our own between two looks, and so the longest time that a finished copy
/// goes unnoticed.
const POLL_INTERVAL_MAX: Duration = Duration::from_secs(60);

/// The pause grows to this part of the time that has passed.
const POLL_ELAPSED_PART: u32 = 10;

/// The pauses of different waits differ, so that many do not ask at once: a pause takes from 85 %
/// to 95 % of the interval. The rest is for the queue and for the look itself.
const POLL_PARTS: [f64; 2] = [0.85, 0.95];

/// How long one look may take with its repetitions, before it counts as failed.
const LOOK_LIMIT: Duration = Duration::from_secs(2 * 60);

/// How often to look at a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poll {
    /// At first every 10 s, later every 60 s.
    Growing,
    /// At this interval, as somebody has asked for.
    Every(Duration),
}

/// How a wait for replication ended.
#[derive(Clone, Debug)]
pub enum ReplicationEnd {
    /// Every disk has replicated; a virtual machine can be restored.
    Replicated(Box<RestorePoint>),
    /// A disk failed, or Azure could not create the restore point. It cannot be resumed.
    Failed(Box<RestorePoint>),
    /// The restore point does not exist (any more).
    Gone,
    /// The deadline passed; copying goes on in Azure.
    DeadlinePassed {
        /// The last look that succeeded.
        last: Option<Box<RestorePoint>>,
        /// Why the looks after it failed, if they did.
        cause: Option<Error>,
    },
    /// Stop came; copying goes on in Azure.
    Stopped {
        /// The last look that succeeded.
        last: Option<Box<RestorePoint>>,
    },
    /// Azure cannot be asked any more; copying goes on there.
    LostContact {
        /// The last look that succeeded.
        last: Option<Box<RestorePoint>>,
        /// Why.
        error: Error,
    },
}

impl Poll {
    /// What the client's settings say.
    pub fn of(client: &Client) -> Self {
        client
            .replication_poll_interval()
            .map_or(Self::Growing, Self::Every)
    }

    /// The next pause. One that somebody has asked for is not shortened in tests, either.
    fn pause(self, elapsed: Duration) -> Duration {
        let interval = self.interval(elapsed, retry::random());
        match self {
            Self::Every(_) => interval,
            Self::Growing => patience::scaled(interval),
        }
    }

    /// The pause after `elapsed`; `random` is a number from 0 to 1.
    fn interval(self, elapsed: Duration, random: f64) -> Duration {
        match self {
            Self::Every(interval) => interval,
            Self::Growing => {
                let part = elapsed / POLL_ELAPSED_PART;
                let interval = part.clamp(POLL_INTERVAL_FIRST, POLL_INTERVAL_MAX);
                let [least, most] = POLL_PARTS;
                interval.mul_f64(least + (most - least) * random)
            }
        }
    }
}

/// Waits until every disk of the copy has replicated, and logs the progress.
///
/// Needed beside [`crate::arm::operation::Operation::wait`], which ends when copying has begun.
/// The first look is taken at once, as far as the budget that all waits of a client share allows
/// it, and the later ones as rarely as it demands. Trouble in between is waited out where it can pass; every
/// ending says what was seen last.
pub async fn wait_for_replication(
    client: &Client,
    id: &RestorePointId,
    patience: &Patience,
    poll: Poll,
) -> ReplicationEnd {
    observe_replication(client, id, patience, poll, &mut Log::new(id)).await
}

/// The same, where somebody else than the log is told the progress.
pub async fn observe_replication(
    client: &Client,
    id: &RestorePointId,
    patience: &Patience,
    poll: Poll,
    observer: &mut dyn Observer,
) -> ReplicationEnd {
    let started = Instant::now();
    let mut progress = Progress::new(started);
    let mut contact = Contact::new();
    let share = client.budget().share();
    let mut last = None;
    let mut cause = None;
    let mut pauses = None;
    loop {
        match next_look(client, patience, pauses).await {
            Ok(()) => {}
            Err(Interrupted::Stopped) => return ReplicationEnd::Stopped { last },
            Err(Interrupted::DeadlinePassed) => {
                return ReplicationEnd::DeadlinePassed { last, cause };
            }
        }
        let look = patience.with_limit(LOOK_LIMIT);
        let fetched = restore_points::look(client, id, &look).await;
        let now = Instant::now();
        let mut pause = share.stretched(poll.pause(now - started));
        let asked = match fetched {
            Ok(fetched) => {
                contact.succeeded();
                cause = None;
                let point = Box::new(fetched.value);
                let found = replication(&point);
                observer.looked(&Look {
                    replication: &found,
                    is_news: progress.is_news(&found, now),
                    warnings: progress.warnings(&found, now),
                });
                match found.state {
                    ReplicationState::Succeeded => return ReplicationEnd::Replicated(point),
                    ReplicationState::Failed => return ReplicationEnd::Failed(point),
                    ReplicationState::Replicating | ReplicationState::Unknown => {}
                }
                last = Some(point);
                if poll == Poll::Growing {
                    // From look to look, however long this one took.
                    pause = pause.saturating_sub(look.elapsed()).max(pause / 2);
                }
                fetched.retry_after
            }
            Err(Error::Stopped) => return ReplicationEnd::Stopped { last },
            Err(error) => {
                match contact.failed(&error, now) {
                    Verdict::Gone => return ReplicationEnd::Gone,
                    Verdict::Lost => return ReplicationEnd::LostContact { last, error },
                    Verdict::GoOn => {}
                }
                if error.is_not_found() && poll == Poll::Growing {
                    pause = share.stretched(patience::scaled(POLL_INTERVAL_FIRST));
                }
                let asked = error.retry_after();
                if patience.check() != Err(Interrupted::DeadlinePassed) {
                    observer.in_trouble(&error, progress.is_trouble_news(now));
                }
                cause = better_cause(cause, error, patience.remaining());
                asked
            }
        };
        pauses = Some((pause, asked));
    }
}

/// Waits for the next look: first between two looks, as long as we like to and as long as Azure
/// asks for, and then for our turn.
async fn next_look(
    client: &Client,
    patience: &Patience,
    pauses: Option<(Duration, Option<Duration>)>,
) -> Result<(), Interrupted> {
    if let Some((own, asked)) = pauses {
        patience.pause_between_looks(own, asked).await?;
    }
    client.budget().charge(Lane::Look, patience).await
}

/// The failure to tell if the wait ends now. That one look ran out of time says less than what
/// went wrong in it, or before it; that Azure asks for too much says it all.
fn better_cause(before: Option<Error>, error: Error, remaining: Duration) -> Option<Error> {
    match (before, error) {
        (
            _,
            Error::RetryAfterTooLong {
                retry_after, cause, ..
            },
        ) => Some(if retry_after > remaining {
            Error::RetryAfterTooLong {
                retry_after,
                remaining,
                cause,
            }
        } else {
            *cause
        }),
        (Some(before), Error::DeadlinePassed { last_cause: None }) => Some(before),
        (None, Error::DeadlinePassed { last_cause: None }) => None,
        (
            _,
            Error::DeadlinePassed {
                last_cause: Some(cause),
            },
        ) => Some(*cause),
        (_, error) => Some(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_become_rarer_with_time() {
        #[track_caller]
        fn check(elapsed_seconds: u64, random: f64, expected_milliseconds: u64) {
            let elapsed = Duration::from_secs(elapsed_seconds);
            let found = Poll::Growing.interval(elapsed, random);
            assert_eq!(found, Duration::from_millis(expected_milliseconds));
        }
        check(0, 0.0, 8_500);
        check(0, 0.5, 9_000);
        check(0, 1.0, 9_500);
        check(300, 0.5, 27_000);
        check(600, 0.0, 51_000);
        check(600, 1.0, 57_000);
        check(1_000_000, 1.0, 57_000);
    }

    #[test]
    fn a_fixed_interval_is_kept() {
        let second = Duration::from_secs(1);
        let poll = Poll::Every(second);
        assert_eq!(poll.interval(Duration::from_secs(9999), 0.0), second);
    }

    #[test]
    fn the_reason_behind_a_deadline_is_kept() {
        let deadline = |cause: Option<Error>| Error::DeadlinePassed {
            last_cause: cause.map(Box::new),
        };
        let is_stop = |cause: Option<Error>| matches!(cause, Some(Error::Stopped));
        let better = |before, error| better_cause(before, error, Duration::from_secs(60));
        assert!(better(None, deadline(None)).is_none());
        assert!(is_stop(better(Some(Error::Stopped), deadline(None))));
        assert!(is_stop(better(None, deadline(Some(Error::Stopped)))));
        assert!(is_stop(better(Some(deadline(None)), Error::Stopped)));
        let asked = |seconds| Error::RetryAfterTooLong {
            retry_after: Duration::from_secs(seconds),
            remaining: Duration::ZERO,
            cause: Box::new(Error::Stopped),
        };
        assert!(is_stop(better(None, asked(60))));
        let found = better(None, asked(61)).unwrap();
        assert!(found.to_string().contains("61 s"), "{found}");
        assert!(found.to_string().contains("only 60 s"), "{found}");
    }
}
