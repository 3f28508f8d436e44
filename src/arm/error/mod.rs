//! What can go wrong between us and Azure, by what the caller can do about it.

mod api;
mod clock;
mod connection;
mod operation;
mod sign_in;

use std::time::Duration;

use time::OffsetDateTime;

pub use api::{AdditionalInfo, ApiError, ErrorDetail, RequestIds, UnreadableAnswer};
pub(crate) use api::{member, quoted, text, without_byte_order_mark};
pub(crate) use clock::time_of_day;
pub use connection::{ConnectionError, ConnectionKind};
pub use operation::OperationFailure;
pub use sign_in::SignInError;

use crate::arm::patience::Interrupted;

/// Why a request to Azure Resource Manager did not end well.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// Azure answered, and the answer is a refusal.
    #[error("{0}")]
    Api(Box<ApiError>),
    /// An accepted long-running operation ended as Failed or Canceled.
    #[error("{0}")]
    OperationFailed(Box<OperationFailure>),
    /// No token: the request could not be sent.
    #[error("{0}")]
    SignIn(Box<SignInError>),
    /// No answer: the network, TLS or a proxy.
    #[error("{0}")]
    Connection(Box<ConnectionError>),
    /// Azure answered with success, and with a body that cannot be read.
    #[error("{0}")]
    UnreadableAnswer(Box<UnreadableAnswer>),
    /// A URL that leads away from Azure Resource Manager; it must not see a token.
    #[error(
        "the URL leads to {found}, not to Azure Resource Manager at {expected}; nothing was sent there"
    )]
    ForeignUrl {
        /// Scheme, host and port of the URL.
        found: String,
        /// Scheme, host and port of Azure Resource Manager.
        expected: String,
    },
    /// Azure asks for a longer pause than there is time left.
    #[error("{}; {cause}", too_long_text(*.retry_after, *.remaining, .cause))]
    RetryAfterTooLong {
        /// What Azure asks for.
        retry_after: Duration,
        /// What was left when it asked.
        remaining: Duration,
        /// The answer that asked.
        cause: Box<Error>,
    },
    /// The caller was asked to stop.
    #[error("stopped before Azure answered")]
    Stopped,
    /// The deadline passed.
    #[error("{}", deadline_text(.last_cause.as_ref().map(ToString::to_string)))]
    DeadlinePassed {
        /// The last thing that went wrong before, if anything did.
        last_cause: Option<Box<Error>>,
    },
}

impl Error {
    /// Whether Azure says that the resource, or something it lies in, does not exist.
    ///
    /// Only ARM's own words count. A 404 without an ARM error code comes from something in
    /// between, and SubscriptionNotFound is also what a wrong tenant gets: neither proves that a
    /// resource is gone.
    pub fn is_not_found(&self) -> bool {
        let Self::Api(error) = self else {
            return false;
        };
        let code = error.code.to_ascii_lowercase();
        error.status.as_u16() == 404
            && code.ends_with("notfound")
            && !["subscriptionnotfound", "tenantnotfound"].contains(&code.as_str())
    }

    /// Whether Azure knows who we are and does not allow the request (403).
    pub fn is_forbidden(&self) -> bool {
        self.status() == Some(403)
    }

    /// Whether signing in was refused in a way that asking again cannot mend.
    pub fn is_permanent_sign_in(&self) -> bool {
        matches!(self, Self::SignIn(error) if error.permanent)
    }

    /// Whether there was no time left.
    pub fn is_deadline(&self) -> bool {
        matches!(
            self,
            Self::DeadlinePassed { .. } | Self::RetryAfterTooLong { .. }
        )
    }

    /// The HTTP status of Azure's answer, if the answer is the error.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Api(error) => Some(error.status.as_u16()),
            _ => None,
        }
    }

    /// Azure's error code, if it gave one.
    pub fn code(&self) -> Option<&str> {
        let code = match self {
            Self::Api(error) => &error.code,
            Self::OperationFailed(failure) => &failure.code,
            _ => return self.cause().and_then(Error::code),
        };
        Some(code.as_str()).filter(|code| !code.is_empty())
    }

    /// The ids by which Azure's support finds the request.
    pub fn request_ids(&self) -> Option<&RequestIds> {
        match self {
            Self::Api(error) => Some(&error.ids),
            Self::OperationFailed(failure) => Some(&failure.ids),
            Self::UnreadableAnswer(answer) => Some(&answer.ids),
            _ => self.cause().and_then(Error::request_ids),
        }
    }

    /// How long Azure asks to wait before the next request.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Api(error) => error.retry_after,
            Self::SignIn(error) => error.retry_after,
            Self::RetryAfterTooLong { retry_after, .. } => Some(*retry_after),
            _ => None,
        }
    }

    /// When the wait that Azure asks for is over.
    pub fn next_try(&self) -> Option<OffsetDateTime> {
        match self {
            Self::Api(error) => error.next_try,
            _ => self.cause().and_then(Error::next_try),
        }
    }

    /// What happened, for people to whom it is told what was asked: Azure's words come first.
    pub fn answer(&self) -> String {
        match self {
            Self::Api(error) => format!("the answer was {}", error.answer()),
            Self::RetryAfterTooLong {
                retry_after,
                remaining,
                cause,
            } => {
                let pause = too_long_text(*retry_after, *remaining, cause);
                format!("{pause}; {}", cause.answer())
            }
            Self::DeadlinePassed { last_cause } => {
                deadline_text(last_cause.as_deref().map(Self::answer))
            }
            _ => self.to_string(),
        }
    }

    /// Method and path of the request that was answered, if the answer is the error.
    pub fn request(&self) -> Option<String> {
        match self {
            Self::Api(error) => Some(error.request()),
            _ => self.cause().and_then(Error::request),
        }
    }

    /// What went wrong before time ran out, for the two errors that only say that it did.
    pub fn cause(&self) -> Option<&Error> {
        match self {
            Self::RetryAfterTooLong { cause, .. } => Some(cause),
            Self::DeadlinePassed { last_cause } => last_cause.as_deref(),
            _ => None,
        }
    }
}

impl From<Interrupted> for Error {
    fn from(interrupted: Interrupted) -> Self {
        match interrupted {
            Interrupted::Stopped => Self::Stopped,
            Interrupted::DeadlinePassed => Self::DeadlinePassed { last_cause: None },
        }
    }
}

/// Every message of an error and its sources, outermost first, each said once.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let message = cause.to_string();
        if !text.contains(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        source = cause.source();
    }
    text
}

fn too_long_text(retry_after: Duration, remaining: Duration, cause: &Error) -> String {
    let until = cause
        .next_try()
        .map(|at| format!(", until {},", time_of_day(at, retry_after)))
        .unwrap_or_default();
    format!(
        "Azure asks to wait {}{until} before the next request, but only {} are left",
        clock::span(retry_after),
        clock::span(remaining)
    )
}

fn deadline_text(last_cause: Option<String>) -> String {
    match last_cause {
        Some(cause) => {
            format!("the time was up before Azure answered; the last problem was: {cause}")
        }
        None => "the time was up before Azure answered".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::{Method, StatusCode};

    fn api(status: u16, code: &str) -> Error {
        let body = format!(r#"{{"error":{{"code":"{code}","message":"Because."}}}}"#);
        Error::Api(Box::new(ApiError::from_body(
            Method::GET,
            "/x",
            StatusCode::from_u16(status).unwrap(),
            body.as_bytes(),
        )))
    }

    #[test]
    fn only_azures_own_words_prove_absence() {
        #[track_caller]
        fn check(status: u16, code: &str, expected: bool) {
            assert_eq!(
                api(status, code).is_not_found(),
                expected,
                "{status} {code}"
            );
        }
        check(404, "NotFound", true);
        check(404, "ResourceNotFound", true);
        check(404, "resourcegroupnotfound", true);
        check(404, "ParentResourceNotFound", true);
        check(404, "SubscriptionNotFound", false);
        check(404, "", false);
        check(403, "NotFound", false);
        check(404, "InvalidResourceType", false);
    }

    #[test]
    fn a_deadline_still_knows_what_went_wrong() {
        let error = Error::DeadlinePassed {
            last_cause: Some(Box::new(api(503, "ServerBusy"))),
        };
        assert_eq!(error.code(), Some("ServerBusy"));
        assert!(error.to_string().contains("503"), "{error}");
        assert!(error.is_deadline());
        assert_eq!(error.status(), None);
    }

    #[test]
    fn a_chain_says_everything_once() {
        #[derive(Debug, thiserror::Error)]
        #[error("outer")]
        struct Outer(#[source] Middle);
        #[derive(Debug, thiserror::Error)]
        #[error("middle: inner")]
        struct Middle(#[source] std::io::Error);

        let error = Outer(Middle(std::io::Error::other("inner")));
        assert_eq!(chain(&error), "outer: middle: inner");
    }
}
