//! Terraform's wish that the calls in flight come to an end.

use std::sync::{Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

/// Reaches the calls in flight when Terraform asks to stop, and no later ones.
///
/// Later calls must run: an ephemeral value, for example, is closed after the stop.
#[derive(Debug, Default)]
pub(super) struct Stop(Mutex<CancellationToken>);

impl Stop {
    /// The token of a call that begins now.
    pub(super) fn token(&self) -> CancellationToken {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Cancels the token of every call in flight.
    pub(super) fn stop(&self) {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *current).cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_calls_in_flight_are_stopped() {
        let stop = Stop::default();
        let (one, two) = (stop.token(), stop.token());
        stop.stop();
        let later = stop.token();
        assert!(one.is_cancelled() && two.is_cancelled());
        assert!(!later.is_cancelled());
    }
}
