//! Why there is no token.

use std::time::Duration;

use super::connection::{ConnectionError, ConnectionKind};

/// Signing in did not work.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct SignInError {
    /// What happened, with Entra ID's own words, client id and tenant id; never a secret.
    pub message: String,
    /// Whether asking again cannot help: Entra ID refused for good, or nothing is configured.
    pub permanent: bool,
    /// What kept Entra ID's answer away, if no answer came.
    pub connection: Option<ConnectionKind>,
    /// Who was asked, if no answer came.
    pub host: Option<String>,
    /// How long Entra ID asks to wait.
    pub retry_after: Option<Duration>,
}

impl SignInError {
    /// A refusal that only another configuration or another right can change.
    pub fn permanent(message: String) -> Self {
        Self {
            message,
            permanent: true,
            connection: None,
            host: None,
            retry_after: None,
        }
    }

    /// A refusal that may be gone the next time.
    pub fn temporary(message: String, retry_after: Option<Duration>) -> Self {
        Self {
            message,
            permanent: false,
            connection: None,
            host: None,
            retry_after,
        }
    }

    /// Whether Entra ID gave this code. Codes are numbers of different lengths: AADSTS90002 is not
    /// AADSTS900023.
    pub(crate) fn has_code(&self, code: &str) -> bool {
        self.message.match_indices(code).any(|(at, _)| {
            let next = self.message[at + code.len()..].chars().next();
            next.is_none_or(|next| !next.is_ascii_digit())
        })
    }

    /// No answer from Entra ID.
    pub(crate) fn unreachable(error: &ConnectionError) -> Self {
        Self {
            message: format!("cannot sign in: {error}"),
            permanent: false,
            connection: Some(error.kind),
            host: Some(error.host.clone()),
            retry_after: None,
        }
    }
}
