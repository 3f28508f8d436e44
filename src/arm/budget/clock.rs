//! A clock that stands still while Azure wants to be left alone. Pure.

use std::time::Duration;

use tokio::time::Instant;

/// Time as a queue of requests counts it: slower while little is left of what Azure allows, and
/// not at all after a refusal. So a place in the queue is worth what it was before, whatever
/// happens to those in front of it.
#[derive(Debug)]
pub(super) struct Clock {
    time: Duration,
    read_at: Instant,
    still_until: Instant,
    slow_until: Instant,
    slowness: u32,
}

impl Clock {
    /// Shows this time now.
    pub(super) fn showing(time: Duration, now: Instant) -> Self {
        Self {
            time,
            read_at: now,
            still_until: now,
            slow_until: now,
            slowness: 1,
        }
    }

    /// What it shows now.
    pub(super) fn read(&mut self, now: Instant) -> Duration {
        if now > self.read_at {
            let goes_from = self.still_until.clamp(self.read_at, now);
            let fast_from = self.slow_until.clamp(goes_from, now);
            self.time += (fast_from - goes_from) / self.slowness + (now - fast_from);
            self.read_at = now;
        }
        self.time
    }

    /// How long it takes until the clock shows `time`, as things are now.
    pub(super) fn until(&mut self, time: Duration, now: Instant) -> Duration {
        let missing = time.saturating_sub(self.read(now));
        let still = self.still_until.saturating_duration_since(now);
        let slow = self.slow_until.saturating_duration_since(now + still);
        let slowly = missing.min(slow / self.slowness);
        still + slowly * self.slowness + (missing - slowly)
    }

    /// Stops it until then.
    pub(super) fn hold(&mut self, until: Instant, now: Instant) {
        self.read(now);
        self.still_until = self.still_until.max(until);
    }

    /// Lets it run this many times slower until then. A slower wish that is in force goes on.
    pub(super) fn slow_down(&mut self, slowness: u32, until: Instant, now: Instant) {
        if slowness >= self.slowness(now) {
            self.read(now);
            self.slowness = slowness.max(1);
            self.slow_until = until;
        }
    }

    /// How many times slower it runs now.
    pub(super) fn slowness(&self, now: Instant) -> u32 {
        if now < self.slow_until {
            self.slowness
        } else {
            1
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn every_cell_of_the_table() {
        /// What the clock shows after ten seconds, and how long it then takes to show 20 s.
        #[track_caller]
        fn check(hold: u32, slowness: u32, slow: u32, shown_tenths: u32, until_tenths: u32) {
            let start = Instant::now();
            let mut clock = Clock::showing(Duration::ZERO, start);
            clock.hold(start + SECOND * hold, start);
            clock.slow_down(slowness, start + SECOND * slow, start);
            assert_eq!(clock.until(Duration::ZERO, start), SECOND * hold);
            let now = start + SECOND * 10;
            assert_eq!(clock.read(now), SECOND * shown_tenths / 10);
            assert_eq!(clock.until(SECOND * 20, now), SECOND * until_tenths / 10);
        }
        check(0, 1, 0, 100, 100);
        check(4, 1, 0, 60, 140);
        check(12, 1, 0, 0, 220);
        // Slow for five seconds of ten, and for all ten and five more.
        check(0, 2, 5, 75, 125);
        check(0, 2, 15, 50, 175);
        // Slow to the end.
        check(0, 2, 100, 50, 300);
        // Still at first, then slow.
        check(4, 2, 8, 40, 160);
        check(12, 2, 14, 0, 230);
    }

    #[test]
    fn the_longer_hold_and_the_slower_pace_count() {
        let start = Instant::now();
        let mut clock = Clock::showing(Duration::ZERO, start);
        clock.hold(start + SECOND * 5, start);
        clock.hold(start + SECOND * 3, start);
        assert_eq!(clock.until(Duration::ZERO, start), SECOND * 5);
        clock.slow_down(4, start + SECOND * 60, start);
        clock.slow_down(2, start + SECOND * 90, start);
        assert_eq!(clock.slowness(start + SECOND * 59), 4);
        assert_eq!(clock.slowness(start + SECOND * 60), 1);
    }
}
