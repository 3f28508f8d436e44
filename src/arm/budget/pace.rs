//! When the next request of a kind may go. Pure: no waiting here.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::clock::Clock;

/// How fast requests of one kind may follow each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rate {
    /// How many may go in any minute.
    pub(super) per_minute: u32,
    /// How many of them may go at once after a quiet time.
    pub(super) burst: u32,
}

/// The queue for requests of one kind: who comes first goes first.
///
/// Requests are spaced evenly, but for a burst after a quiet time (the generic cell rate
/// algorithm). The burst is paid back within the minute, so that no minute sees more than it may.
#[derive(Debug)]
pub(super) struct Pace {
    rate: Rate,
    /// As long as Azure's minute, or shorter in tests.
    minute: Duration,
    clock: Clock,
    /// When the next request is due, on the queue's clock, if there is no quiet time before it.
    next: Duration,
    /// When the requests of the last minute were due.
    given: VecDeque<Duration>,
    /// How many share what may go.
    waits: u32,
}

/// A place in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    due: Duration,
    /// It has been late once and was taken again.
    is_second: bool,
}

impl Pace {
    pub(super) fn new(rate: Rate, minute: Duration, now: Instant) -> Self {
        Self {
            rate,
            minute,
            // As after a quiet minute: the first ones need not queue.
            clock: Clock::showing(minute, now),
            next: Duration::ZERO,
            given: VecDeque::new(),
            waits: 0,
        }
    }

    /// Takes the next place.
    pub(super) fn take_place(&mut self, now: Instant) -> Place {
        let time = self.clock.read(now);
        let saved = self.interval() * (self.rate.burst - 1);
        let mut due = self.next.max(time.saturating_sub(saved));
        if self.given.len() == self.rate.per_minute as usize {
            let oldest = self.given.pop_front().unwrap_or_default();
            due = due.max(oldest + self.minute);
        }
        self.next = due + self.interval();
        // What was due earlier goes now.
        self.given.push_back(due.max(time));
        Place {
            due,
            is_second: false,
        }
    }

    /// How long this place is still away: zero once its request may go.
    ///
    /// After a process was stopped for a while many are late at the same time. They do not all go
    /// at once, but queue once more.
    pub(super) fn until(&mut self, place: &mut Place, now: Instant) -> Duration {
        let late = self.clock.read(now).saturating_sub(place.due);
        if late > self.late() && !place.is_second {
            *place = Place {
                is_second: true,
                ..self.take_place(now)
            };
        }
        self.clock.until(place.due, now)
    }

    /// From when on a place is late: more than those that were saved up for a burst are.
    fn late(&self) -> Duration {
        self.interval() * self.rate.burst + self.minute / 12
    }

    /// Azure refuses to answer before then: nobody goes, and then one after the other.
    pub(super) fn hold(&mut self, until: Instant, now: Instant) {
        self.clock.hold(until, now);
        self.next = self.next.max(self.clock.read(now));
    }

    /// Little is left of what Azure allows in this minute: no more bursts.
    pub(super) fn slow_down(&mut self, slowness: u32, now: Instant) {
        self.clock.slow_down(slowness, now + self.minute, now);
        self.next = self.next.max(self.clock.read(now));
    }

    /// One more shares what may go.
    pub(super) fn join(&mut self) {
        self.waits += 1;
    }

    /// One less does.
    pub(super) fn leave(&mut self) {
        self.waits -= 1;
    }

    /// The time between two looks of one wait that would look every `own`.
    ///
    /// Everyone gets the same share, so that nobody has to queue for long. While little is left,
    /// who looks often looks as rarely as once a minute.
    pub(super) fn stretched(&self, own: Duration, now: Instant) -> Duration {
        let slowness = self.clock.slowness(now);
        let share = self.interval() * self.waits * slowness;
        let slower = (own * slowness).min(self.minute);
        own.max(slower).max(share)
    }

    fn interval(&self) -> Duration {
        self.minute / self.rate.per_minute
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);
    const SECOND: Duration = Duration::from_secs(1);
    const LOOKS: Rate = Rate {
        per_minute: 299,
        burst: 10,
    };

    fn places(pace: &mut Pace, count: usize, now: Instant) -> Vec<Place> {
        (0..count).map(|_| pace.take_place(now)).collect()
    }

    /// In tenths of a second.
    fn waits(pace: &mut Pace, places: &mut [Place], now: Instant) -> Vec<u128> {
        let places = places.iter_mut();
        places.map(|place| tenths(pace.until(place, now))).collect()
    }

    fn tenths(duration: Duration) -> u128 {
        (duration.as_millis() + 50) / 100
    }

    #[test]
    fn after_a_quiet_time_a_burst_goes_at_once_and_the_rest_evenly() {
        let start = Instant::now();
        let mut pace = Pace::new(
            Rate {
                burst: 3,
                per_minute: 60,
            },
            MINUTE,
            start,
        );
        for now in [start + MINUTE, start + MINUTE * 5] {
            let mut places = places(&mut pace, 5, now);
            assert_eq!(waits(&mut pace, &mut places, now), [0, 0, 0, 10, 20]);
        }
    }

    #[test]
    fn the_first_ones_need_not_queue() {
        let start = Instant::now();
        let mut pace = Pace::new(LOOKS, MINUTE, start);
        let mut places: Vec<Place> = (0..11).map(|_| pace.take_place(start)).collect();
        assert_eq!(pace.until(&mut places[9], start), Duration::ZERO);
        assert!(pace.until(&mut places[10], start) > Duration::ZERO);
    }

    #[test]
    fn no_minute_sees_more_than_it_may() {
        let start = Instant::now();
        let mut pace = Pace::new(LOOKS, MINUTE, start);
        let now = start + MINUTE;
        let mut due = Vec::new();
        for _ in 0..1000 {
            let mut place = pace.take_place(now);
            due.push(pace.until(&mut place, now));
        }
        assert!(due.is_sorted());
        for (first, later) in due.iter().zip(&due[299..]) {
            assert!(*later - *first >= MINUTE, "{first:?} {later:?}");
        }
        assert!(due[999] < MINUTE * 4, "{:?}", due[999]);
    }

    #[test]
    fn a_refusal_to_one_holds_back_all_and_keeps_the_order() {
        let start = Instant::now();
        let rate = Rate {
            burst: 2,
            per_minute: 60,
        };
        let mut pace = Pace::new(rate, MINUTE, start);
        let now = start + MINUTE;
        let mut places = places(&mut pace, 4, now);
        pace.hold(now + SECOND * 30, now);
        let now = now + SECOND * 20;
        places.push(pace.take_place(now));
        let waits = waits(&mut pace, &mut places, now);
        assert_eq!(waits, [100, 100, 110, 120, 130]);
    }

    #[test]
    fn places_that_were_taken_before_are_slowed_down_with_the_rest() {
        let start = Instant::now();
        let rate = Rate {
            burst: 1,
            per_minute: 60,
        };
        let mut pace = Pace::new(rate, MINUTE, start);
        let mut places = places(&mut pace, 3, start);
        pace.slow_down(4, start);
        assert_eq!(waits(&mut pace, &mut places, start), [0, 40, 80]);
    }

    #[test]
    fn after_a_standstill_of_the_process_not_all_go_at_once() {
        let start = Instant::now();
        let rate = Rate {
            burst: 1,
            per_minute: 60,
        };
        let mut pace = Pace::new(rate, MINUTE, start);
        let mut places = places(&mut pace, 60, start);
        // Thirty-one of them are due by now, and seven of these only since a moment.
        let now = start + SECOND * 30;
        let found = waits(&mut pace, &mut places, now);
        assert_eq!(found.iter().filter(|wait| **wait == 0).count(), 7);
        assert_eq!(
            found[30..],
            (0..30).map(|wait| wait * 10).collect::<Vec<_>>()
        );
        assert!(found[..24].iter().all(|wait| *wait >= 300), "{found:?}");
        // Whoever was late once is not sent away again.
        let later = waits(&mut pace, &mut places, now + MINUTE * 5);
        assert!(later[..24].iter().all(|wait| *wait == 0), "{later:?}");
    }

    #[test]
    fn every_cell_of_the_share() {
        #[track_caller]
        fn check(waits: u32, slowness: u32, own: u64, expected_tenths: u128) {
            let now = Instant::now();
            let mut pace = Pace::new(LOOKS, MINUTE, now);
            (0..waits).for_each(|_| pace.join());
            pace.slow_down(slowness, now);
            let found = pace.stretched(Duration::from_secs(own), now);
            assert_eq!(tenths(found), expected_tenths);
        }
        // Few waits: as they like.
        check(1, 1, 10, 100);
        check(49, 1, 10, 100);
        check(299, 1, 60, 600);
        // Their share is longer than what they like; a fixed interval is stretched, too.
        check(299, 1, 10, 600);
        check(299, 1, 1, 600);
        check(1000, 1, 60, 2007);
        // Little is left: as rarely as once a minute, and never more often than before.
        check(1, 3, 10, 300);
        check(1, 10, 10, 600);
        check(1, 10, 300, 3000);
        check(100, 10, 10, 2007);
    }

    /// Plays half an hour of this many waits with looks that take no time: no minute may see 300
    /// looks. Gives the longest time between two looks of one wait, but for the first minutes.
    fn played(waits: u32, own: impl Fn(u32, u32) -> Duration) -> Duration {
        let start = Instant::now();
        let mut pace = Pace::new(LOOKS, MINUTE, start);
        let mut arrivals = std::collections::BTreeSet::new();
        for wait in 0..waits {
            pace.join();
            arrivals.insert((start, wait, 0));
        }
        let mut looks: Vec<Instant> = Vec::new();
        let mut last = vec![None; waits as usize];
        let mut longest = Duration::ZERO;
        let settled = start + MINUTE * 5;
        while let Some((now, wait, count)) = arrivals.pop_first() {
            if now > start + MINUTE * 30 {
                break;
            }
            let mut place = pace.take_place(now);
            let look = now + pace.until(&mut place, now);
            looks.push(look);
            if let Some(last) = last[wait as usize].replace(look)
                && last > settled
            {
                longest = longest.max(look - last);
            }
            let pause = pace.stretched(own(wait, count), look);
            arrivals.insert((look + pause, wait, count + 1));
        }
        looks.sort();
        for first in 0..looks.len().saturating_sub(299) {
            assert!(looks[first + 299] - looks[first] >= MINUTE, "{waits} waits");
        }
        longest
    }

    /// Between 51 s and 57 s, as a wait of some minutes has it.
    fn old(wait: u32, count: u32) -> Duration {
        Duration::from_millis(51_000 + u64::from((wait * 7919 + count * 104_729) % 6_000))
    }

    #[test]
    fn fewer_than_three_hundred_waits_look_once_a_minute_and_more_stay_below_half() {
        for waits in [1, 50, 150, 260, 280, 290, 299] {
            let longest = played(waits, old);
            assert!(longest <= MINUTE, "{waits} waits: {longest:?}");
            // Half of them are new, or at a fixed interval.
            let mixed = |wait, count| match wait % 2 {
                0 => SECOND * 9,
                _ => old(wait, count),
            };
            let longest = played(waits, mixed);
            assert!(longest <= MINUTE, "{waits} mixed waits: {longest:?}");
        }
        let longest = played(1000, old);
        assert!(longest < SECOND * 203, "{longest:?}");
    }
}
