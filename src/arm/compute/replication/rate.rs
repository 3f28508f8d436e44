//! How fast a disk replicates, and when it will be done. Pure.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// How many changes of the percentage count. Older ones say little about what comes.
const CHANGES_MAX: usize = 12;

const HOUR: Duration = Duration::from_secs(60 * 60);

/// The percentages of one disk, as they were seen.
///
/// Azure refreshes them every ten minutes, in whole percents. What was there at the first look may
/// have been there for long, so it takes two changes to know how fast a disk is.
#[derive(Clone, Debug, Default)]
pub struct Rate {
    last: Option<u8>,
    changes: VecDeque<(Instant, u8)>,
}

/// What a rate promises.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Percentage points an hour.
    pub percent_per_hour: f64,
    /// How long it will take from now.
    pub remaining: Duration,
}

impl Rate {
    /// Takes note of a look.
    pub fn saw(&mut self, completion_percent: Option<u8>, now: Instant) {
        let Some(percent) = completion_percent else {
            return;
        };
        match self.last {
            Some(last) if percent > last => {
                self.changes.push_back((now, percent));
                if self.changes.len() > CHANGES_MAX {
                    self.changes.pop_front();
                }
            }
            // Azure has begun anew.
            Some(last) if percent < last => self.changes.clear(),
            _ => {}
        }
        self.last = Some(percent);
    }

    /// The rate and the time left, as far as they can be known by now.
    ///
    /// A disk that stands still becomes slower with every moment: had it kept its rate, the next
    /// percent would have been seen.
    pub fn estimate(&self, now: Instant) -> Option<Estimate> {
        let (first_at, first) = self.changes.front().copied()?;
        let (last_at, last) = self.changes.back().copied()?;
        if last <= first || last_at <= first_at {
            return None;
        }
        let per_second = |percent: u8, at: Instant| {
            f64::from(percent - first) / at.saturating_duration_since(first_at).as_secs_f64()
        };
        let seen = per_second(last, last_at);
        let at_most = per_second(last + 1, now.max(last_at));
        let rate = seen.min(at_most);
        let left = f64::from(100_u8.saturating_sub(last)) / rate;
        let left = Duration::try_from_secs_f64(left).ok()?;
        Some(Estimate {
            percent_per_hour: rate * HOUR.as_secs_f64(),
            remaining: left.saturating_sub(now.saturating_duration_since(last_at)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    /// Feeds percentages that were seen at these minutes; the estimate is asked for at `at`, and
    /// told in percents an hour and minutes left.
    #[track_caller]
    fn check(looks: &[(u32, u8)], at: u32, expected: Option<(u32, u64)>) {
        let start = Instant::now();
        let mut rate = Rate::default();
        for (minute, percent) in looks {
            rate.saw(Some(*percent), start + MINUTE * *minute);
        }
        let found = rate.estimate(start + MINUTE * at);
        let rounded = found.map(|found| {
            let minutes = found.remaining.as_secs_f64() / 60.0;
            (
                found.percent_per_hour.round() as u32,
                minutes.round() as u64,
            )
        });
        assert_eq!(rounded, expected);
    }

    #[test]
    fn two_changes_tell_how_fast_a_disk_is() {
        check(&[], 0, None);
        check(&[(0, 10)], 5, None);
        check(&[(0, 10), (5, 12)], 5, None);
        check(&[(0, 10), (5, 12), (15, 14)], 15, Some((12, 430)));
        check(&[(0, 10), (5, 12), (10, 12), (15, 14)], 18, Some((12, 427)));
        check(&[(0, 0), (5, 50), (6, 100)], 6, Some((3000, 0)));
    }

    #[test]
    fn a_disk_that_stands_still_becomes_slower() {
        let looks = [(0, 10), (5, 12), (15, 14)];
        // The next percent was due after 5 minutes, and the estimate held until then.
        check(&looks, 20, Some((12, 425)));
        check(&looks, 35, Some((6, 840)));
        check(&looks, 95, Some((2, 2500)));
    }

    #[test]
    fn only_the_latest_changes_count() {
        let mut looks = vec![(0, 1), (1, 2), (2, 3)];
        looks.extend((0..12).map(|i: u8| (100 + 10 * u32::from(i), 4 + i)));
        check(&looks, 210, Some((6, 850)));
    }

    #[test]
    fn a_disk_that_begins_anew_is_judged_anew() {
        check(&[(0, 10), (5, 12), (15, 14), (20, 0)], 20, None);
        check(
            &[(0, 10), (5, 12), (20, 0), (30, 10), (40, 20)],
            40,
            Some((60, 80)),
        );
    }

    #[test]
    fn what_azure_does_not_say_changes_nothing() {
        let start = Instant::now();
        let mut rate = Rate::default();
        for (minute, percent) in [(0, Some(1)), (1, Some(2)), (2, None), (3, Some(4))] {
            rate.saw(percent, start + MINUTE * minute);
        }
        assert!(rate.estimate(start + MINUTE * 3).is_some());
    }
}
