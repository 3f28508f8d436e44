//! Durations as people write them in arguments: Go's grammar, `1h30m` and `1.5h` alike.

use std::time::Duration;

/// Parses a duration such as `90s`, `1.5h` or `2h45m`. Units: ns, us, µs, ms, s, m, h.
///
/// # Errors
/// Says what is wrong: a missing or unknown unit (there are no days), no number,
/// a negative or an overlong duration.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let expected = "expected a duration such as \"90s\", \"30m\" or \"1h30m\"";
    if let Some(rest) = text.strip_prefix('-') {
        let reason = if rest.is_empty() {
            expected
        } else {
            "a duration cannot be negative"
        };
        return Err(reason.to_owned());
    }
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.is_empty() {
        return Err(expected.to_owned());
    }
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let number_length = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (number, after) = rest.split_at(number_length);
        let unit_length = after
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_length);
        rest = after;
        let unit_nanoseconds: u64 = match unit {
            "ns" => 1,
            // Both the micro sign and the Greek letter are in use.
            "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "" => return Err(format!("the number {number:?} has no unit; {expected}")),
            "d" => {
                return Err(format!(
                    "there is no unit \"d\": write days as hours, such as \"48h\"; {expected}"
                ));
            }
            _ => return Err(format!("{unit:?} is not a unit; {expected}")),
        };
        total = nanoseconds(number, unit_nanoseconds)
            .and_then(|nanoseconds| total.checked_add(Duration::from_nanos(nanoseconds)))
            .filter(|total| total.as_nanos() <= LONGEST_NANOSECONDS)
            .ok_or_else(|| format!("{text:?} is no duration or too long; {expected}"))?;
    }
    Ok(total)
}

/// What Go's own type can hold, about 292 years.
const LONGEST_NANOSECONDS: u128 = i64::MAX as u128;

/// A decimal number of units in nanoseconds, rounded down. Exact, unlike a float.
fn nanoseconds(number: &str, unit: u64) -> Option<u64> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
        return None;
    }
    let whole: u64 = if whole.is_empty() {
        0
    } else {
        whole.parse().ok()?
    };
    let mut total = whole.checked_mul(unit)?;
    let mut digit_unit = unit;
    for digit in fraction.bytes() {
        digit_unit /= 10;
        total = total.checked_add(u64::from(digit - b'0') * digit_unit)?;
    }
    Some(total)
}

/// Writes a duration in the same grammar, in whole seconds: `24h0m0s`, `1m30s`, `5s`.
pub(crate) fn format(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds == 0 && !duration.is_zero() {
        return format!("{}ms", duration.as_millis());
    }
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{seconds}s"),
        _ => format!("{hours}h{minutes}m{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_go_s() {
        #[track_caller]
        fn check(text: &str, expected: Duration) {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
        check("0", Duration::ZERO);
        check("+5s", Duration::from_secs(5));
        check("300ms", Duration::from_millis(300));
        check("1.5h", Duration::from_secs(5400));
        check("1h15m30.918s", Duration::from_millis(4_530_918));
        check(".5m", Duration::from_secs(30));
        check("5.s", Duration::from_secs(5));
        check("336h", Duration::from_secs(14 * 86400));
        check("10us", Duration::from_micros(10));
        check("10\u{b5}s", Duration::from_micros(10));
    }

    #[test]
    fn other_texts_are_refused_with_the_reason() {
        #[track_caller]
        fn check(text: &str, reason: &str) {
            let error = parse(text).expect_err(text);
            assert!(error.contains(reason), "{text}: {error}");
        }
        check("", "expected a duration");
        check("-1h", "negative");
        check("30", "no unit");
        check("2d", "write days as hours");
        check("1 h", "not a unit");
        check("h", "too long");
        check("1.2.3s", "no duration");
        check("9999999999h", "too long");
    }

    #[test]
    fn durations_are_written_as_they_are_read() {
        #[track_caller]
        fn check(seconds: u64, expected: &str) {
            assert_eq!(format(Duration::from_secs(seconds)), expected);
            assert_eq!(parse(expected), Ok(Duration::from_secs(seconds)));
        }
        check(0, "0s");
        check(59, "59s");
        check(90, "1m30s");
        check(86400, "24h0m0s");
    }
}
