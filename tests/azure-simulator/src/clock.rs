//! The simulator's own clock, so that a test can make hours pass without waiting for them.

use std::time::{Duration, Instant};

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

/// Follows the real clock from an anchor on, at a rate that a test may change.
///
/// Everything that depends on time is computed from it when a request asks, so
/// that no task has to run in the background and no test has to sleep.
#[derive(Debug)]
pub(crate) struct Clock {
    anchor: OffsetDateTime,
    anchored_at: Instant,
    scale: f64,
}

impl Clock {
    pub(crate) fn starting_at(anchor: OffsetDateTime, scale: f64) -> Self {
        Self {
            anchor,
            anchored_at: Instant::now(),
            scale,
        }
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        self.anchor + self.anchored_at.elapsed().mul_f64(self.scale)
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.anchor += by;
    }

    /// Changes the rate from now on; zero freezes the clock.
    pub(crate) fn set_scale(&mut self, scale: f64) {
        *self = Self::starting_at(self.now(), scale);
    }

    pub(crate) fn scale(&self) -> f64 {
        self.scale
    }

    /// How long a client, whose clock is the real one, has to wait for a span of this clock.
    ///
    /// A frozen clock never gets there; the span itself is the honest answer then.
    pub(crate) fn real(&self, span: Duration) -> Duration {
        if self.scale > 0.0 {
            span.div_f64(self.scale)
        } else {
            span
        }
    }

    /// The same until a time of this clock, in whole seconds as `Retry-After` has it. Rounded up
    /// and never zero: a client that comes back on the second must not come too early.
    pub(crate) fn real_seconds_until(&self, time: OffsetDateTime) -> u64 {
        let span = Duration::try_from(time - self.now()).unwrap_or_default();
        let span = self.real(span);
        (span.as_secs() + u64::from(span.subsec_nanos() > 0)).max(1)
    }
}

/// Spells a time as Compute does: seven fractional digits and an offset, never `Z`.
pub(crate) fn timestamp(time: OffsetDateTime) -> String {
    const FORMAT: &[BorrowedFormatItem<'_>] = format_description!(
        "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:7][offset_hour sign:mandatory]:[offset_minute]"
    );
    time.format(&FORMAT)
        .expect("a date of this era fits the format")
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_frozen_clock_moves_only_when_it_is_told_to() {
        let mut clock = Clock::starting_at(datetime!(2026-11-23 10:00 UTC), 0.0);
        assert_eq!(clock.now(), datetime!(2026-11-23 10:00 UTC));
        clock.advance(Duration::from_secs(90));
        assert_eq!(clock.now(), datetime!(2026-11-23 10:01:30 UTC));
    }

    #[test]
    fn a_change_of_scale_does_not_jump() {
        let mut clock = Clock::starting_at(datetime!(2026-11-23 10:00 UTC), 1000.0);
        let before = clock.now();
        clock.set_scale(0.0);
        let frozen = clock.now();
        assert!(frozen >= before && frozen - before < time::Duration::hours(1));
        assert_eq!(clock.now(), frozen);
    }

    #[test]
    fn timestamps_have_seven_fractional_digits_and_an_offset() {
        assert_eq!(
            timestamp(datetime!(2026-11-23 10:00:01.25 UTC)),
            "2026-11-23T10:00:01.2500000+00:00"
        );
    }
}
