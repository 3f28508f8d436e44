//! One copy at a time in a collection, oldest source first: Azure takes them in no other order.
//!
//! This orders what one process is given together. Other processes are seen only by what they
//! have begun in Azure, which whoever has the turn looks at.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use time::OffsetDateTime;
use tokio::sync::Notify;

use crate::arm::Patience;
use crate::arm::patience::{Interrupted, scaled};
use crate::arm::resource_id::RestorePointCollectionId;

/// How long to wait for others that come together with us: an older one goes first.
const SETTLE: Duration = Duration::from_secs(2);

/// How long to wait for those whose creates have begun, and who have still to look at their
/// sources: many looks at once take their time.
const ARRIVE: Duration = Duration::from_secs(30);

/// The queues of all collections.
#[derive(Debug, Default)]
pub(crate) struct Turns(Mutex<HashMap<RestorePointCollectionId, Arc<Queue>>>);

#[derive(Debug, Default)]
struct Queue {
    line: Mutex<Line>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Line {
    is_taken: bool,
    /// How many will come, and are not in the line yet.
    arriving: usize,
    /// Who waits, by the time of the source and then by arrival.
    waiting: BTreeSet<Place>,
    arrivals: u64,
}

type Place = (Option<OffsetDateTime>, u64);

/// The right to copy into a collection. Dropping it gives it to the next.
#[derive(Debug)]
pub(crate) struct Turn(Arc<Queue>);

/// Somebody who will take a place in the line. Dropping it says that nobody comes.
#[derive(Debug)]
pub(crate) struct Arriving(Arc<Queue>);

impl Turns {
    /// Says that somebody will want the turn, before it is known for which source.
    pub(crate) fn arrive(&self, collection: &RestorePointCollectionId) -> Arriving {
        let queue = self.queue(collection);
        queue.line().arriving += 1;
        Arriving(queue)
    }

    /// Waits for the turn, together with whoever else wants it.
    ///
    /// # Errors
    /// Stop or the deadline came first; the place in the line is given up.
    pub(crate) async fn take(
        &self,
        arriving: Arriving,
        source_time: Option<OffsetDateTime>,
        patience: &Patience,
    ) -> Result<Turn, Interrupted> {
        let queue = arriving.0.clone();
        let waiting = Waiting::join(queue.clone(), source_time);
        drop(arriving);
        patience.pause(scaled(SETTLE)).await?;
        let others = patience.with_limit(scaled(ARRIVE));
        loop {
            let changed = queue.changed.notified();
            let waits_for_others = others.check().is_ok();
            if let Some(turn) = waiting.step_forward(waits_for_others) {
                return Ok(turn);
            }
            if waits_for_others {
                // The end of this limit is none of the whole: the next round tells.
                let _ = others.run(changed).await;
                patience.check()?;
            } else {
                patience.run(changed).await?;
            }
        }
    }

    /// Takes the turn as soon as nobody else has it; `None` where patience ends before.
    pub(crate) async fn take_soon(
        &self,
        collection: &RestorePointCollectionId,
        patience: &Patience,
    ) -> Option<Turn> {
        let queue = self.queue(collection);
        loop {
            let changed = queue.changed.notified();
            if let Some(turn) = self.try_take(collection) {
                return Some(turn);
            }
            patience.run(changed).await.ok()?;
        }
    }

    /// Takes the turn if nobody else has it.
    pub(crate) fn try_take(&self, collection: &RestorePointCollectionId) -> Option<Turn> {
        let queue = self.queue(collection);
        let mut line = queue.line();
        if line.is_taken {
            return None;
        }
        line.is_taken = true;
        drop(line);
        Some(Turn(queue))
    }

    fn queue(&self, collection: &RestorePointCollectionId) -> Arc<Queue> {
        let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        queues.entry(collection.clone()).or_default().clone()
    }
}

impl Queue {
    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the line, given up when dropped.
struct Waiting {
    queue: Arc<Queue>,
    place: Place,
}

impl Waiting {
    fn join(queue: Arc<Queue>, source_time: Option<OffsetDateTime>) -> Self {
        let mut line = queue.line();
        line.arrivals += 1;
        let place = (source_time, line.arrivals);
        line.waiting.insert(place);
        drop(line);
        Self { queue, place }
    }

    fn step_forward(&self, waits_for_others: bool) -> Option<Turn> {
        let mut line = self.queue.line();
        if waits_for_others && line.arriving > 0 {
            return None;
        }
        if line.is_taken || line.waiting.first() != Some(&self.place) {
            return None;
        }
        line.is_taken = true;
        Some(Turn(self.queue.clone()))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.queue.line().waiting.remove(&self.place);
        self.queue.changed.notify_waiters();
    }
}

impl Drop for Arriving {
    fn drop(&mut self) {
        self.0.line().arriving -= 1;
        self.0.changed.notify_waiters();
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.line().is_taken = false;
        self.0.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use tokio_util::sync::CancellationToken;

    use super::*;

    fn collection() -> RestorePointCollectionId {
        RestorePointCollectionId::new("s", "g", "c").expect("an id")
    }

    fn patience() -> Patience {
        Patience::new(Duration::from_secs(30), CancellationToken::new())
    }

    #[tokio::test]
    async fn the_oldest_of_those_that_come_together_goes_first() {
        let turns = Turns::default();
        let order = Mutex::new(Vec::new());
        let copy = async |seconds: i64| {
            let time = OffsetDateTime::from_unix_timestamp(seconds).expect("a time");
            let arriving = turns.arrive(&collection());
            let turn = turns
                .take(arriving, Some(time), &patience())
                .await
                .expect("a turn");
            order.lock().expect("no panic").push(seconds);
            tokio::task::yield_now().await;
            drop(turn);
        };
        tokio::join!(copy(3), copy(1), copy(4), copy(2));
        assert_eq!(*order.lock().expect("no panic"), [1, 2, 3, 4]);
    }

    #[tokio::test]
    async fn a_turn_that_comes_back_at_once_is_taken_also_by_whoever_does_not_wait() {
        let turns = Turns::default();
        let held = turns.try_take(&collection()).expect("nobody has it");
        let (id, patience) = (collection(), patience());
        let (taken, ()) = tokio::join!(turns.take_soon(&id, &patience), async {
            tokio::task::yield_now().await;
            drop(held);
        });
        assert!(taken.is_some());
        let brief = patience.with_limit(Duration::ZERO);
        assert!(turns.take_soon(&id, &brief).await.is_none());
    }

    #[tokio::test]
    async fn whoever_gives_up_does_not_hold_up_the_others() {
        let turns = Turns::default();
        let held = turns.try_take(&collection()).expect("nobody has it");
        assert!(turns.try_take(&collection()).is_none());
        let stopped = patience();
        stopped.stop.cancel();
        let arriving = turns.arrive(&collection());
        assert!(turns.take(arriving, None, &stopped).await.is_err());
        drop(held);
        let arriving = turns.arrive(&collection());
        turns
            .take(arriving, None, &patience())
            .await
            .expect("a turn");
    }

    #[tokio::test]
    async fn whoever_is_on_the_way_is_waited_for_but_not_for_ever() {
        let turns = Turns::default();
        let order = Mutex::new(Vec::new());
        let late = turns.arrive(&collection());
        let time = |seconds| OffsetDateTime::from_unix_timestamp(seconds).ok();
        let copy = async |arriving, seconds| {
            let turn = turns.take(arriving, time(seconds), &patience()).await;
            order.lock().expect("no panic").push(seconds);
            turn.map(drop).expect("a turn");
        };
        let early = copy(turns.arrive(&collection()), 2);
        let late = async {
            // Longer than the others would settle.
            patience().pause(scaled(SETTLE) * 5).await.expect("time");
            copy(late, 1).await;
        };
        tokio::join!(early, late);
        assert_eq!(*order.lock().expect("no panic"), [1, 2]);

        let _never = turns.arrive(&collection());
        copy(turns.arrive(&collection()), 3).await;
        assert_eq!(*order.lock().expect("no panic"), [1, 2, 3]);
    }
}
