//! Decides whether a failed request is sent again, and after which pause. Pure: no waiting here.

use std::time::Duration;

use crate::arm::error::{ConnectionKind, Error};
use crate::arm::patience;

/// The pause before the first repetition; the Azure SDKs begin with the same.
const BACKOFF_FIRST: Duration = Duration::from_millis(800);

/// The longest pause of our own; Azure may ask for longer ones.
const BACKOFF_MAX: Duration = Duration::from_secs(60);

/// How often a request is sent when the host is unknown: about six seconds, enough for a resolver
/// that is just starting, and short enough for a misspelt host.
const UNKNOWN_HOST_ATTEMPTS_MAX: u32 = 4;

/// How often a request is sent to a host where nobody has ever answered: a misspelt address, or a
/// closed firewall. Whoever did answer is asked until the deadline.
const UNREACHED_ATTEMPTS_MAX: u32 = 3;

/// How often a request is sent when its successful answer cannot be read.
const UNREADABLE_ATTEMPTS_MAX: u32 = 6;

/// How often a request is sent when its answer is larger than we accept.
const TOO_LARGE_ATTEMPTS_MAX: u32 = 2;

/// The spread of a pause around its length, so that many callers do not come back at once.
const JITTER: f64 = 0.2;

/// What one request has been through so far.
#[derive(Clone, Debug, Default)]
pub struct History {
    failures: u32,
    unknown_host: u32,
    unreached: u32,
    unreadable: u32,
    too_large: u32,
    unauthorized: u32,
}

/// What else counts when a request has failed.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    /// The time left until the deadline.
    pub remaining: Duration,
    /// A number from 0 to 1.
    pub random: f64,
    /// Whether whoever was asked has ever answered.
    pub has_answered: bool,
}

/// What to do after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Decision {
    /// Send it again after this pause.
    Retry {
        /// At least what Azure asks for.
        delay: Duration,
    },
    /// Send it again at once, with a new token.
    RenewToken,
    /// Sending it again cannot help.
    GiveUp,
    /// Azure asks for a pause that ends after the deadline.
    TooLate {
        /// What Azure asks for.
        retry_after: Duration,
    },
}

impl History {
    /// Takes note of a failure and decides what to do about it.
    pub fn decide(&mut self, error: &Error, circumstances: Circumstances) -> Decision {
        let Circumstances {
            remaining,
            random,
            has_answered,
        } = circumstances;
        let backoff = patience::scaled(backoff(self.failures, random));
        self.failures = self.failures.saturating_add(1);
        if error.status() == Some(401) {
            self.unauthorized += 1;
            // Once: a second token of the same kind gets the same answer.
            return if self.unauthorized == 1 {
                Decision::RenewToken
            } else {
                Decision::GiveUp
            };
        }
        if !self.worth_repeating(error, has_answered) {
            return Decision::GiveUp;
        }
        match error.retry_after() {
            Some(retry_after) if retry_after > remaining => Decision::TooLate { retry_after },
            Some(retry_after) => Decision::Retry {
                delay: backoff.max(retry_after),
            },
            None => Decision::Retry { delay: backoff },
        }
    }

    fn worth_repeating(&mut self, error: &Error, has_answered: bool) -> bool {
        match error {
            Error::Api(error) => is_transient(error.status.as_u16()),
            Error::Connection(error) => self.connection(error.kind, has_answered),
            Error::SignIn(error) if error.permanent => false,
            Error::SignIn(error) => error
                .connection
                .is_none_or(|kind| self.connection(kind, has_answered)),
            Error::UnreadableAnswer(answer) if answer.too_large => {
                below(&mut self.too_large, TOO_LARGE_ATTEMPTS_MAX)
            }
            Error::UnreadableAnswer(_) => below(&mut self.unreadable, UNREADABLE_ATTEMPTS_MAX),
            Error::OperationFailed(_)
            | Error::ForeignUrl { .. }
            | Error::RetryAfterTooLong { .. }
            | Error::Stopped
            | Error::DeadlinePassed { .. } => false,
        }
    }

    fn connection(&mut self, kind: ConnectionKind, has_answered: bool) -> bool {
        match kind {
            ConnectionKind::UnknownHost => below(&mut self.unknown_host, UNKNOWN_HOST_ATTEMPTS_MAX),
            ConnectionKind::Unreachable => {
                has_answered || below(&mut self.unreached, UNREACHED_ATTEMPTS_MAX)
            }
            // The next handshake shows the same certificate, and the proxy asks again.
            ConnectionKind::UntrustedCertificate
            | ConnectionKind::ProxyAuthentication
            | ConnectionKind::NoClient => false,
            ConnectionKind::NotConnected
            | ConnectionKind::TimedOut
            | ConnectionKind::Interrupted => true,
        }
    }
}

/// The statuses after which the same request may well succeed; the Azure SDKs use the same set.
pub fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

/// A number from 0 to 1 for the spread of pauses; nothing secret hangs on it.
pub fn random() -> f64 {
    let bytes = uuid::Uuid::new_v4().into_bytes();
    f64::from(u16::from_le_bytes([bytes[0], bytes[1]])) / f64::from(u16::MAX)
}

/// Spreads a pause around its length: 0.5 leaves it as it is.
pub fn jittered(delay: Duration, spread: f64, random: f64) -> Duration {
    delay.mul_f64(1.0 - spread + 2.0 * spread * random)
}

fn backoff(failures: u32, random: f64) -> Duration {
    let doubled = BACKOFF_FIRST.saturating_mul(2_u32.saturating_pow(failures.min(16)));
    jittered(doubled.min(BACKOFF_MAX), JITTER, random).min(BACKOFF_MAX)
}

fn below(count: &mut u32, attempts_max: u32) -> bool {
    *count += 1;
    *count < attempts_max
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arm::error::{ApiError, ConnectionError, SignInError, UnreadableAnswer};
    use reqwest::{Method, StatusCode};

    const LONG: Duration = Duration::from_secs(3600);

    fn api(status: u16, retry_after: Option<u64>) -> Error {
        let status = StatusCode::from_u16(status).unwrap();
        let error = ApiError::from_body(Method::GET, "/x", status, b"{}");
        let retry_after = retry_after.map(Duration::from_secs);
        Error::Api(Box::new(
            error.with_headers(Default::default(), retry_after),
        ))
    }

    fn connection(kind: ConnectionKind) -> Error {
        Error::Connection(Box::new(ConnectionError {
            host: "arm.example".to_owned(),
            kind,
            cause: "because".to_owned(),
        }))
    }

    fn unreadable(too_large: bool) -> Error {
        Error::UnreadableAnswer(Box::new(UnreadableAnswer {
            method: Method::GET,
            path: "/x".to_owned(),
            status: StatusCode::OK,
            problem: "cut off".to_owned(),
            too_large,
            ids: Default::default(),
        }))
    }

    const KNOWN: Circumstances = Circumstances {
        remaining: LONG,
        random: 0.5,
        has_answered: true,
    };

    fn first(error: &Error) -> Decision {
        History::default().decide(error, KNOWN)
    }

    #[test]
    fn only_transient_answers_are_repeated() {
        for status in [408, 429, 500, 502, 503, 504] {
            let decision = first(&api(status, None));
            assert!(matches!(decision, Decision::Retry { .. }), "{status}");
        }
        for status in [302, 400, 403, 404, 405, 409, 412, 422, 501] {
            assert_eq!(first(&api(status, None)), Decision::GiveUp, "{status}");
        }
    }

    #[test]
    fn a_refused_token_is_renewed_once() {
        let mut history = History::default();
        let error = api(401, None);
        assert_eq!(history.decide(&error, KNOWN), Decision::RenewToken);
        assert_eq!(history.decide(&error, KNOWN), Decision::GiveUp);
    }

    #[test]
    fn azures_wish_is_obeyed_or_refused_at_once() {
        #[track_caller]
        fn check(retry_after: u64, remaining: u64, expected: Decision) {
            let remaining = Duration::from_secs(remaining);
            let circumstances = Circumstances { remaining, ..KNOWN };
            let decision = History::default().decide(&api(429, Some(retry_after)), circumstances);
            assert_eq!(decision, expected);
        }
        let wait = |seconds| Decision::Retry {
            delay: Duration::from_secs(seconds),
        };
        check(30, 60, wait(30));
        check(60, 60, wait(60));
        let retry_after = Duration::from_secs(61);
        check(61, 60, Decision::TooLate { retry_after });
        check(3600, 7200, wait(3600));
    }

    #[test]
    fn pauses_grow_to_a_limit() {
        #[track_caller]
        fn check(failures: u32, random: f64, milliseconds: u64) {
            let expected = Duration::from_millis(milliseconds);
            assert_eq!(backoff(failures, random), expected);
        }
        check(0, 0.5, 800);
        check(0, 0.0, 640);
        check(0, 1.0, 960);
        check(3, 0.5, 6_400);
        check(7, 0.5, 60_000);
        check(u32::MAX, 1.0, 60_000);
    }

    #[test]
    fn hopeless_trouble_is_bounded() {
        #[track_caller]
        fn check(error: &Error, attempts: u32) {
            let mut history = History::default();
            let stranger = Circumstances {
                has_answered: false,
                ..KNOWN
            };
            for attempt in 1..attempts {
                let decision = history.decide(error, stranger);
                let retried = matches!(decision, Decision::Retry { .. });
                assert!(retried, "attempt {attempt} of {error}");
            }
            assert_eq!(history.decide(error, stranger), Decision::GiveUp, "{error}");
        }
        check(&connection(ConnectionKind::NoClient), 1);
        check(&connection(ConnectionKind::UntrustedCertificate), 1);
        check(&connection(ConnectionKind::UnknownHost), 4);
        check(&connection(ConnectionKind::Unreachable), 3);
        check(&unreadable(false), 6);
        check(&unreadable(true), 2);
        check(&Error::Stopped, 1);
        let refused = SignInError::permanent("AADSTS7000215".to_owned());
        check(&Error::SignIn(Box::new(refused)), 1);
    }

    #[test]
    fn trouble_that_passes_is_not_bounded() {
        let busy = SignInError::temporary("AADSTS90033".to_owned(), None);
        for error in [
            api(503, None),
            connection(ConnectionKind::Interrupted),
            connection(ConnectionKind::NotConnected),
            connection(ConnectionKind::Unreachable),
            connection(ConnectionKind::TimedOut),
            Error::SignIn(Box::new(busy)),
        ] {
            let mut history = History::default();
            for _ in 0..1000 {
                let decision = history.decide(&error, KNOWN);
                assert!(matches!(decision, Decision::Retry { .. }), "{error}");
            }
        }
    }

    #[test]
    fn random_numbers_are_fractions() {
        for _ in 0..100 {
            assert!((0.0..=1.0).contains(&random()));
        }
    }
}
