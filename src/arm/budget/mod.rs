//! How often Azure is asked: everything that one client asks shares one budget of requests.
//!
//! Azure counts requests for each subscription and region and refuses those above its limits
//! (<https://learn.microsoft.com/azure/virtual-machines/compute-throttling-limits>). Whoever waits
//! for hours with a thousand others has to ask more rarely than whoever waits alone.

mod clock;
mod pace;
mod remaining;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use tokio::time::Instant;

use crate::arm::patience::{self, Interrupted, Patience};
use pace::{Pace, Rate};

/// Azure's limits are for a minute each.
const MINUTE: Duration = Duration::from_secs(60);

/// How long Azure is left alone after a refusal that does not say how long.
const HOLD: Duration = Duration::from_secs(10);

/// The longest time that a refusal to one holds back the others. Then one of them may try.
const HOLD_MAX: Duration = Duration::from_secs(60);

/// What a request is charged to. Azure counts these apart, or we do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// A look of a wait for replication, one of many. Azure takes 600 looks at restore points a
    /// minute; waits keep under half of that, and still everyone of 299 can look once a minute.
    Look,
    /// Any other question about a resource: the other half. Two thirds of it may go at once, which
    /// is less than the 250 that Azure takes of all kinds of questions together.
    Question,
    /// A look at an operation. Azure takes thousands a minute, but of all kinds of questions
    /// together only 25 a second.
    Operation,
    /// Something that changes: Azure takes 150 restore points a minute.
    Change,
}

impl Lane {
    fn rate(self) -> Rate {
        let (per_minute, burst) = match self {
            Self::Look => (299, 10),
            Self::Question => (300, 200),
            Self::Operation => (600, 30),
            Self::Change => (140, 40),
        };
        Rate { per_minute, burst }
    }
}

/// The budget of a client.
#[derive(Debug)]
pub(crate) struct Budget {
    looks: Mutex<Pace>,
    questions: Mutex<Pace>,
    operations: Mutex<Pace>,
    changes: Mutex<Pace>,
}

/// One of the waits that share the budget, until it is dropped.
#[derive(Debug)]
pub(crate) struct Share<'a>(&'a Budget);

impl Budget {
    pub(crate) fn new() -> Self {
        let (minute, now) = (patience::scaled(MINUTE), Instant::now());
        let pace = |lane: Lane| Mutex::new(Pace::new(lane.rate(), minute, now));
        Self {
            looks: pace(Lane::Look),
            questions: pace(Lane::Question),
            operations: pace(Lane::Operation),
            changes: pace(Lane::Change),
        }
    }

    /// Waits until one more request may be sent.
    ///
    /// # Errors
    /// [`Interrupted`] if Stop or the deadline comes first.
    pub(crate) async fn charge(&self, lane: Lane, patience: &Patience) -> Result<(), Interrupted> {
        let mut place = self.pace(lane).take_place(Instant::now());
        loop {
            // Others may be refused while we queue, so the time left is never settled.
            let left = self.pace(lane).until(&mut place, Instant::now());
            if left.is_zero() {
                return patience.check();
            }
            patience.pause(left).await?;
        }
    }

    /// Counts one more wait.
    pub(crate) fn share(&self) -> Share<'_> {
        self.pace(Lane::Look).join();
        Share(self)
    }

    /// Learns from an answer what Azure has left for us.
    ///
    /// A change that is refused says nothing about others: a collection takes three copies an
    /// hour, whatever goes on elsewhere.
    pub(crate) fn learn(
        &self,
        lane: Lane,
        status: StatusCode,
        headers: &HeaderMap,
        retry_after: Option<Duration>,
    ) {
        let now = Instant::now();
        let lanes: &[Lane] = match lane {
            Lane::Look | Lane::Question => &[Lane::Look, Lane::Question],
            Lane::Operation => &[Lane::Operation],
            Lane::Change => &[],
        };
        let is_refused = status == StatusCode::TOO_MANY_REQUESTS;
        let hold = retry_after.map_or_else(|| patience::scaled(HOLD), |wish| wish.min(HOLD_MAX));
        let slowness = remaining::slowness(headers);
        for lane in lanes {
            let mut pace = self.pace(*lane);
            if is_refused {
                pace.hold(now + hold, now);
            }
            if slowness > 1 {
                pace.slow_down(slowness, now);
            }
        }
    }

    fn pace(&self, lane: Lane) -> MutexGuard<'_, Pace> {
        let pace = match lane {
            Lane::Look => &self.looks,
            Lane::Question => &self.questions,
            Lane::Operation => &self.operations,
            Lane::Change => &self.changes,
        };
        pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Share<'_> {
    /// The time between two looks of a wait that would look every `own`.
    pub(crate) fn stretched(&self, own: Duration) -> Duration {
        self.0.pace(Lane::Look).stretched(own, Instant::now())
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.0.pace(Lane::Look).leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn a_queue_hears_stop_and_the_deadline() {
        let budget = Budget::new();
        budget.learn(
            Lane::Look,
            StatusCode::TOO_MANY_REQUESTS,
            &HeaderMap::new(),
            Some(HOUR),
        );
        let stopped = Patience::detached(HOUR);
        stopped.stop.cancel();
        for lane in [Lane::Look, Lane::Question] {
            let found = budget.charge(lane, &stopped).await;
            assert_eq!(found, Err(Interrupted::Stopped));
            let found = budget
                .charge(lane, &Patience::detached(Duration::ZERO))
                .await;
            assert_eq!(found, Err(Interrupted::DeadlinePassed));
        }
        let patience = Patience::detached(HOUR);
        budget.charge(Lane::Operation, &patience).await.unwrap();
        budget.charge(Lane::Change, &patience).await.unwrap();
    }

    #[tokio::test]
    async fn a_refused_change_holds_back_nobody() {
        let budget = Budget::new();
        let headers = HeaderMap::new();
        budget.learn(
            Lane::Change,
            StatusCode::TOO_MANY_REQUESTS,
            &headers,
            Some(HOUR),
        );
        let patience = Patience::detached(HOUR);
        for lane in [Lane::Look, Lane::Question, Lane::Operation, Lane::Change] {
            budget.charge(lane, &patience).await.unwrap();
        }
    }

    #[tokio::test]
    async fn when_little_is_left_everyone_slows_down() {
        let budget = Budget::new();
        let (own, share) = (patience::scaled(Duration::from_secs(10)), budget.share());
        for (left, expected) in [("599", own), ("100", own * 2), ("2", own * 6)] {
            let policy =
                format!("Microsoft.Compute/LowCostGetRestorePointSubscriptionMaximum;{left}");
            let mut headers = HeaderMap::new();
            headers.insert("x-ms-ratelimit-remaining-resource", policy.parse().unwrap());
            // What a plain question shows counts for the waits, too.
            budget.learn(Lane::Question, StatusCode::OK, &headers, None);
            assert_eq!(share.stretched(own), expected, "{left} left");
        }
    }

    #[tokio::test]
    async fn whoever_leaves_makes_room_for_the_others() {
        let budget = Budget::new();
        let (own, share) = (patience::scaled(Duration::from_secs(10)), budget.share());
        let others: Vec<Share<'_>> = (0..999).map(|_| budget.share()).collect();
        assert!(share.stretched(own) > own * 19);
        drop(others);
        assert_eq!(share.stretched(own), own);
    }
}
