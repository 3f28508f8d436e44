//! Decides what a failed look at a copy means: go on, gone, or lost. Pure.

use std::time::Duration;

use tokio::time::Instant;

use crate::arm::error::Error;
use crate::arm::patience;

/// How long a copy that was never seen may be not found: right after a PUT, reads may lag behind.
const NEVER_SEEN_LIMIT: Duration = Duration::from_secs(2 * 60);

/// After how many looks in a row a copy that was seen before counts as gone.
const MISSING_LOOKS_MAX: u32 = 3;

/// How long Azure may refuse to show a copy before we stop asking. Roles that are assigned again
/// take some minutes to arrive everywhere.
const DENIED_LIMIT: Duration = Duration::from_secs(10 * 60);

/// After how many looks in a row whose answer cannot be read we stop asking. Each of them has
/// been repeated before.
const UNREADABLE_LOOKS_MAX: u32 = 10;

/// What the looks so far have shown.
#[derive(Debug)]
pub(super) struct Contact {
    never_seen_limit: Duration,
    denied_limit: Duration,
    seen: bool,
    missing_looks: u32,
    missing_since: Option<Instant>,
    denied_since: Option<Instant>,
    unreadable_looks: u32,
}

/// What a failed look means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Look again.
    GoOn,
    /// The copy does not exist any more.
    Gone,
    /// Looking again is pointless.
    Lost,
}

impl Contact {
    pub(super) fn new() -> Self {
        Self {
            never_seen_limit: patience::scaled(NEVER_SEEN_LIMIT),
            denied_limit: patience::scaled(DENIED_LIMIT),
            seen: false,
            missing_looks: 0,
            missing_since: None,
            denied_since: None,
            unreadable_looks: 0,
        }
    }

    pub(super) fn succeeded(&mut self) {
        self.seen = true;
        self.missing_looks = 0;
        self.missing_since = None;
        self.denied_since = None;
        self.unreadable_looks = 0;
    }

    pub(super) fn failed(&mut self, error: &Error, now: Instant) -> Verdict {
        if error.is_permanent_sign_in() {
            return Verdict::Lost;
        }
        self.unreadable_looks = match error {
            Error::UnreadableAnswer(_) => self.unreadable_looks + 1,
            _ => 0,
        };
        if self.unreadable_looks >= UNREADABLE_LOOKS_MAX {
            return Verdict::Lost;
        }
        let denied = matches!(error.status(), Some(401 | 403));
        self.denied_since = denied.then(|| self.denied_since.unwrap_or(now));
        if error.is_not_found() {
            self.missing_looks += 1;
            self.missing_since = self.missing_since.or(Some(now));
        } else {
            self.missing_looks = 0;
            self.missing_since = None;
        }
        if self.is_gone(now) {
            Verdict::Gone
        } else if has_lasted(self.denied_since, self.denied_limit, now) {
            Verdict::Lost
        } else {
            Verdict::GoOn
        }
    }

    fn is_gone(&self, now: Instant) -> bool {
        let looked_enough = self.missing_looks >= MISSING_LOOKS_MAX;
        let lasted = has_lasted(self.missing_since, self.never_seen_limit, now);
        looked_enough && (self.seen || lasted)
    }
}

fn has_lasted(since: Option<Instant>, limit: Duration, now: Instant) -> bool {
    since.is_some_and(|since| now.saturating_duration_since(since) >= limit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arm::error::{ApiError, SignInError};
    use reqwest::{Method, StatusCode};

    const MINUTE: Duration = Duration::from_secs(60);

    fn api(status: u16) -> Error {
        let body = br#"{"error":{"code":"NotFound","message":"m"}}"#;
        let status = StatusCode::from_u16(status).unwrap();
        Error::Api(Box::new(ApiError::from_body(
            Method::GET,
            "/x",
            status,
            body,
        )))
    }

    fn contact() -> Contact {
        Contact {
            never_seen_limit: NEVER_SEEN_LIMIT,
            denied_limit: DENIED_LIMIT,
            ..Contact::new()
        }
    }

    /// Feeds statuses (200 is a success) one minute apart; the last verdict counts.
    #[track_caller]
    fn check(statuses: &[u16], expected: Verdict) {
        let start = Instant::now();
        let mut contact = contact();
        let mut verdict = Verdict::GoOn;
        for (minute, status) in statuses.iter().enumerate() {
            assert_eq!(verdict, Verdict::GoOn, "ended before minute {minute}");
            if *status == 200 {
                contact.succeeded();
            } else {
                let now = start + MINUTE * u32::try_from(minute).unwrap();
                verdict = contact.failed(&api(*status), now);
            }
        }
        assert_eq!(verdict, expected);
    }

    #[test]
    fn a_fresh_copy_may_be_invisible_for_a_while() {
        check(&[404, 404], Verdict::GoOn);
        check(&[404, 404, 404], Verdict::Gone);
        check(&[404, 404, 503, 404, 404], Verdict::GoOn);
        check(&[404, 200, 404], Verdict::GoOn);
    }

    #[test]
    fn a_copy_that_was_there_is_gone_after_some_looks() {
        check(&[200, 404, 404], Verdict::GoOn);
        check(&[200, 404, 404, 404], Verdict::Gone);
        check(&[200, 404, 404, 200, 404, 404], Verdict::GoOn);
        check(&[200, 404, 503, 404, 404], Verdict::GoOn);
    }

    #[test]
    fn being_denied_is_waited_out_for_ten_minutes() {
        check(&[403; 10], Verdict::GoOn);
        check(&[403; 11], Verdict::Lost);
        check(&[401; 11], Verdict::Lost);
        let mut interrupted = vec![403; 9];
        interrupted.push(503);
        interrupted.extend([403; 9]);
        check(&interrupted, Verdict::GoOn);
    }

    #[test]
    fn trouble_that_may_pass_is_waited_out() {
        check(&[503; 100], Verdict::GoOn);
        check(&[400; 100], Verdict::GoOn);
    }

    #[test]
    fn a_sign_in_refused_for_good_ends_at_once() {
        let refused = SignInError::permanent("AADSTS7000215".to_owned());
        let verdict = contact().failed(&Error::SignIn(Box::new(refused)), Instant::now());
        assert_eq!(verdict, Verdict::Lost);
        let passing = SignInError::temporary("AADSTS90033".to_owned(), None);
        let verdict = contact().failed(&Error::SignIn(Box::new(passing)), Instant::now());
        assert_eq!(verdict, Verdict::GoOn);
    }
}
