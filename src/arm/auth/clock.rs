//! How this machine's clock stands to Entra ID's, which refuses assertions from another time.

use std::fmt;
use std::time::{Duration, SystemTime};

use reqwest::header::{DATE, HeaderMap};

/// Entra ID puts up with so much.
const DIFFERENCE_MAX: Duration = Duration::from_secs(5 * 60);

/// A clock that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WrongClock {
    Ahead(Duration),
    Behind(Duration),
}

impl WrongClock {
    /// Compares our clock with that of whoever has sent these headers.
    pub(super) fn from_headers(headers: &HeaderMap, now: SystemTime) -> Option<Self> {
        let date = headers.get(DATE)?.to_str().ok()?;
        Self::compare(now, httpdate::parse_http_date(date).ok()?)
    }

    /// `None` for a difference that does no harm.
    fn compare(ours: SystemTime, theirs: SystemTime) -> Option<Self> {
        let clock = match ours.duration_since(theirs) {
            Ok(ahead) => Self::Ahead(ahead),
            Err(error) => Self::Behind(error.duration()),
        };
        let (Self::Ahead(difference) | Self::Behind(difference)) = clock;
        (difference > DIFFERENCE_MAX).then_some(clock)
    }
}

impl fmt::Display for WrongClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (difference, relation) = match self {
            Self::Ahead(difference) => (difference, "ahead of"),
            Self::Behind(difference) => (difference, "behind"),
        };
        let minutes = difference.as_secs() / 60;
        write!(
            f,
            "this machine's clock is {minutes} min {relation} Entra ID's"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_differences_do_no_harm() {
        #[track_caller]
        fn check(ours: u64, theirs: u64, expected: Option<&str>) {
            let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            let found = WrongClock::compare(at(ours), at(theirs)).map(|clock| clock.to_string());
            assert_eq!(found.as_deref(), expected);
        }
        check(1000, 1000, None);
        check(1000, 1300, None);
        check(1300, 1000, None);
        check(
            8200,
            1000,
            Some("this machine's clock is 120 min ahead of Entra ID's"),
        );
        check(
            1000,
            1301,
            Some("this machine's clock is 5 min behind Entra ID's"),
        );
    }
}
