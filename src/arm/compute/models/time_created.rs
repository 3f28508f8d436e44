//! Azure's times: seven digits of a second, and any offset from UTC.

use time::OffsetDateTime;
use time::UtcOffset;
use time::format_description::well_known::Rfc3339;

/// The instant that a time of Azure means; two times are compared by it, never as texts.
pub fn instant(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text.trim(), &Rfc3339).ok()
}

/// The same instant in UTC, as RFC 3339 with exactly the digits of a second that Azure gave:
/// `2021-12-09T03:48:53.1857478+05:30` is `2021-12-08T22:18:53.1857478Z`.
pub fn rfc3339_utc(text: &str) -> Option<String> {
    let utc = instant(text)?.to_offset(UtcOffset::UTC);
    Some(format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{}Z",
        utc.year(),
        u8::from(utc.month()),
        utc.day(),
        utc.hour(),
        utc.minute(),
        utc.second(),
        fraction(text)
    ))
}

/// The fraction of a second, with its point: offsets are whole minutes and never change it.
fn fraction(text: &str) -> &str {
    let Some(point) = text.find('.') else {
        return "";
    };
    let digits = text[point + 1..].bytes().take_while(u8::is_ascii_digit);
    &text[point..point + 1 + digits.count()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_go_and_digits_stay() {
        #[track_caller]
        fn check(text: &str, expected: Option<&str>) {
            assert_eq!(rfc3339_utc(text).as_deref(), expected, "{text}");
        }
        check(
            "2021-12-09T03:48:53.1857478+05:30",
            Some("2021-12-08T22:18:53.1857478Z"),
        );
        check(
            "2023-10-20T03:43:09.9156470+00:00",
            Some("2023-10-20T03:43:09.9156470Z"),
        );
        check("2023-12-31T20:00:00-05:00", Some("2024-01-01T01:00:00Z"));
        check("2023-10-20T03:43:09Z", Some("2023-10-20T03:43:09Z"));
        check("2023-10-20", None);
        check("", None);
    }

    #[test]
    fn instants_are_compared_not_texts() {
        let one = instant("2021-12-09T03:48:53.1857478+05:30").unwrap();
        let other = instant("2021-12-08T22:18:53.1857478Z").unwrap();
        assert_eq!(one, other);
    }
}
