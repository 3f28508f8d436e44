//! Times and spans for people.

use std::time::Duration;

use time::OffsetDateTime;

/// Up to here seconds matter.
const SECONDS_MAX: Duration = Duration::from_secs(120);

/// From here on the time of day alone could be today's or tomorrow's.
const TODAY_MAX: Duration = Duration::from_secs(12 * 60 * 60);

/// `14:20 UTC` for a time that lies `ahead`. Never too early: whoever comes then is not sent away again.
pub(crate) fn time_of_day(at: OffsetDateTime, ahead: Duration) -> String {
    if ahead <= SECONDS_MAX {
        let at = rounded_up(at, 1);
        return format!("{:02}:{:02}:{:02} UTC", at.hour(), at.minute(), at.second());
    }
    let at = rounded_up(at, 60);
    let time = format!("{:02}:{:02} UTC", at.hour(), at.minute());
    if ahead <= TODAY_MAX {
        time
    } else {
        format!("{} {time}", at.date())
    }
}

/// `90 s`, `59 min` or `3 h 20 min`.
pub(super) fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let minutes = seconds.div_ceil(60);
    if duration <= SECONDS_MAX {
        format!("{seconds} s")
    } else if minutes < 120 {
        format!("{minutes} min")
    } else {
        format!("{} h {} min", minutes / 60, minutes % 60)
    }
}

fn rounded_up(at: OffsetDateTime, unit_seconds: i64) -> OffsetDateTime {
    let seconds = at.unix_timestamp() + i64::from(at.nanosecond() > 0);
    let up = seconds.div_euclid(unit_seconds) + i64::from(seconds.rem_euclid(unit_seconds) > 0);
    OffsetDateTime::from_unix_timestamp(up * unit_seconds).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_time_of_day_is_never_too_early() {
        #[track_caller]
        fn check(at: OffsetDateTime, ahead_seconds: u64, expected: &str) {
            assert_eq!(
                time_of_day(at, Duration::from_secs(ahead_seconds)),
                expected
            );
        }
        check(datetime!(2026-11-25 14:20:00 UTC), 3600, "14:20 UTC");
        check(datetime!(2026-11-25 14:19:01 UTC), 3600, "14:20 UTC");
        check(datetime!(2026-11-25 14:19:00.5 UTC), 3600, "14:20 UTC");
        check(datetime!(2026-11-25 23:59:30 UTC), 3600, "00:00 UTC");
        check(datetime!(2026-11-25 14:19:07 UTC), 20, "14:19:07 UTC");
        check(datetime!(2026-11-25 14:19:07.1 UTC), 20, "14:19:08 UTC");
        check(
            datetime!(2026-11-26 14:20:00 UTC),
            86_400,
            "2026-11-26 14:20 UTC",
        );
    }

    #[test]
    fn spans_are_in_units_that_people_use() {
        #[track_caller]
        fn check(seconds: u64, expected: &str) {
            assert_eq!(span(Duration::from_secs(seconds)), expected);
        }
        check(61, "61 s");
        check(121, "3 min");
        check(3540, "59 min");
        check(12_000, "3 h 20 min");
    }
}
