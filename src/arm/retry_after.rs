//! How long Azure asks to wait before the next request.

use std::time::{Duration, SystemTime};

use reqwest::header::HeaderMap;

/// A longer wish than this is taken as this: nobody waits for more than a year.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Reads the wait that an answer asks for, if it asks for one.
///
/// The two headers in milliseconds go first, as in the Azure SDKs: they are the finer ones.
/// `Retry-After` is a number of seconds or an HTTP date; a date that has passed means no wait.
pub fn from_headers(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let value = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
    let milliseconds = |name: &str| positive(value(name)?, 0.001);
    milliseconds("retry-after-ms")
        .or_else(|| milliseconds("x-ms-retry-after-ms"))
        .or_else(|| {
            let text = value("retry-after")?;
            positive(text, 1.0).or_else(|| until(text, now))
        })
        .map(|wait| wait.min(RETRY_AFTER_MAX))
}

fn positive(text: &str, unit_seconds: f64) -> Option<Duration> {
    let seconds = text.parse::<f64>().ok()? * unit_seconds;
    let finite = Some(seconds).filter(|seconds| seconds.is_finite())?;
    Duration::try_from_secs_f64(finite.min(RETRY_AFTER_MAX.as_secs_f64())).ok()
}

fn until(date: &str, now: SystemTime) -> Option<Duration> {
    let date = httpdate::parse_http_date(date).ok()?;
    Some(date.duration_since(now).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderName, HeaderValue};

    #[test]
    fn every_spelling_is_understood() {
        let now = httpdate::parse_http_date("Wed, 08 Dec 2021 22:18:49 GMT").unwrap();
        let check = |headers: &[(&'static str, &'static str)], expected: Option<u64>| {
            let headers: HeaderMap = headers
                .iter()
                .map(|(name, value)| {
                    let name = HeaderName::from_static(name);
                    (name, HeaderValue::from_static(value))
                })
                .collect();
            let expected = expected.map(Duration::from_millis);
            assert_eq!(from_headers(&headers, now), expected, "{headers:?}");
        };
        check(&[], None);
        check(&[("retry-after", "0")], Some(0));
        check(&[("retry-after", " 15 ")], Some(15_000));
        check(&[("retry-after", "1.5")], Some(1_500));
        check(
            &[("retry-after", "Wed, 08 Dec 2021 22:19:49 GMT")],
            Some(60_000),
        );
        check(&[("retry-after", "Wed, 08 Dec 2021 22:00:00 GMT")], Some(0));
        check(&[("retry-after", "soon")], None);
        check(&[("retry-after", "-1")], None);
        check(&[("retry-after", "NaN")], None);
        check(
            &[("retry-after-ms", "250"), ("retry-after", "9")],
            Some(250),
        );
        check(&[("x-ms-retry-after-ms", "250")], Some(250));
        check(
            &[("retry-after-ms", "x"), ("retry-after", "9")],
            Some(9_000),
        );
        check(
            &[("retry-after", "99999999999999999999")],
            Some(365 * 24 * 60 * 60 * 1000),
        );
    }
}
