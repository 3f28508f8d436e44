//! Terraform's wish that the calls in flight come to an end.

use std::sync::{Mutex, PoisonError};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::provider::Context;

/// Reaches the calls in flight when Terraform asks to stop, and no later ones.
///
/// Later calls must run: an ephemeral value, for example, is closed after the stop.
#[derive(Debug, Default)]
pub(super) struct Stop {
    current: Mutex<CancellationToken>,
    in_flight: TaskTracker,
}

impl Stop {
    /// What a call that begins now is given. The call is in flight until that is dropped.
    pub(super) fn context(&self) -> Context {
        Context {
            stop: self.current().clone(),
            in_flight: self.in_flight.token(),
        }
    }

    /// Asks every call in flight to end.
    pub(super) fn stop(&self) {
        std::mem::take(&mut *self.current()).cancel();
    }

    /// Waits until no call is in flight.
    pub(super) async fn idle(&self) {
        self.in_flight.close();
        self.in_flight.wait().await;
    }

    fn current(&self) -> std::sync::MutexGuard<'_, CancellationToken> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_calls_in_flight_are_stopped() {
        let stop = Stop::default();
        let (one, two) = (stop.context(), stop.context());
        stop.stop();
        let later = stop.context();
        assert!(one.stop.is_cancelled() && two.stop.is_cancelled());
        assert!(!later.stop.is_cancelled());
    }

    #[tokio::test]
    async fn a_call_is_in_flight_until_it_has_ended() {
        let stop = Stop::default();
        let context = stop.context();
        let other = context.clone();
        let ended = async {
            drop(context);
            tokio::task::yield_now().await;
            drop(other);
        };
        // Were the first drop enough, this would end before the second one.
        tokio::join!(stop.idle(), ended);
        // Nothing is in flight: this returns at once.
        stop.idle().await;
    }
}
