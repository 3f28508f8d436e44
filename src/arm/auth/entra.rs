//! Carries the requests of azure_identity over our own HTTP client, and keeps what Entra ID said.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::Headers;
use azure_core::http::request::Body;
use azure_core::http::{AsyncRawResponse, HttpClient, Request};
use serde_json::Value;

use super::clock::WrongClock;
use crate::arm::error::{ApiError, ConnectionError, SignInError};
use crate::arm::retry;
use crate::arm::retry_after;
use crate::arm::transport::body;

/// A token answer has some kilobytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// Codes that Entra ID documents as passing, although they come with a 4xx status: a request that
/// timed out or was over budget, and a fault of its own.
const PASSING_CODES: &[u64] = &[90012, 90024, 90033, 50196];

/// One sign-in's way to Entra ID.
///
/// The errors of azure_identity hide their causes, and its reading of an error body fails on
/// anything that is no JSON; so this remembers what really happened.
#[derive(Debug)]
pub(super) struct EntraTransport {
    http: reqwest::Client,
    happened: Mutex<Option<Happened>>,
}

#[derive(Debug)]
enum Happened {
    NoAnswer(ConnectionError),
    Refused {
        status: u16,
        body: Vec<u8>,
        retry_after: Option<Duration>,
        clock: Option<WrongClock>,
    },
    Accepted,
}

impl EntraTransport {
    pub(super) fn new(http: reqwest::Client) -> Self {
        Self {
            http,
            happened: Mutex::default(),
        }
    }

    /// Makes the error of a failed sign-in. `who` names application and tenant, `chain` is what
    /// azure_identity says, and `secret` is struck out wherever it stands.
    pub(super) fn explain(&self, who: &str, chain: &str, secret: &str) -> SignInError {
        let happened = self.happened.lock().unwrap_or_else(PoisonError::into_inner);
        let mut error = match &*happened {
            Some(Happened::NoAnswer(error)) => SignInError::unreachable(error),
            Some(Happened::Refused {
                status,
                body,
                retry_after,
                clock,
            }) => {
                let mut error = refusal(who, *status, body, *retry_after);
                if let Some(clock) = clock {
                    let said = error.message.trim_end_matches('.');
                    error.message = format!("{said}; {clock}");
                }
                error
            }
            Some(Happened::Accepted) => SignInError::temporary(
                format!("Entra ID's answer to {who} cannot be read: {chain}"),
                None,
            ),
            None => SignInError::permanent(format!("cannot sign in {who}: {chain}")),
        };
        if !secret.is_empty() {
            error.message = error.message.replace(secret, "(secret)");
        }
        error
    }

    fn remember(&self, happened: Happened) {
        *self.happened.lock().unwrap_or_else(PoisonError::into_inner) = Some(happened);
    }

    fn no_answer(&self, error: ConnectionError) -> Error {
        let text = error.to_string();
        self.remember(Happened::NoAnswer(error));
        Error::with_message(ErrorKind::Io, text)
    }
}

#[async_trait]
impl HttpClient for EntraTransport {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let url = request.url().clone();
        let host = url.host_str().unwrap_or("").to_owned();
        let Body::Bytes(content) = request.body().clone() else {
            let text = "a sign-in has no streamed body";
            return Err(Error::with_message(ErrorKind::Other, text));
        };
        let mut sent = self.http.post(url).body(content);
        for (name, value) in request.headers().iter() {
            sent = sent.header(name.as_str(), value.as_str());
        }
        let response = sent
            .send()
            .await
            .map_err(|error| self.no_answer(ConnectionError::from_reqwest(&host, error)))?;
        let status = response.status().as_u16();
        let now = SystemTime::now();
        let retry_after = retry_after::from_headers(response.headers(), now);
        let clock = WrongClock::from_headers(response.headers(), now);
        let content = body::read(response, ANSWER_BYTES_MAX)
            .await
            .map_err(|problem| self.no_answer(problem.into_connection_error(&host)))?;
        self.remember(if (200..300).contains(&status) {
            Happened::Accepted
        } else {
            Happened::Refused {
                status,
                body: content.clone(),
                retry_after,
                clock,
            }
        });
        let headers = Headers::from(HashMap::new());
        Ok(AsyncRawResponse::from_bytes(
            status.into(),
            headers,
            content,
        ))
    }
}

fn refusal(who: &str, status: u16, body: &[u8], retry_after: Option<Duration>) -> SignInError {
    let status_code = reqwest::StatusCode::from_u16(status).unwrap_or_default();
    let said = ApiError::from_body(reqwest::Method::POST, "", status_code, body);
    let words = match (said.code.as_str(), said.message.as_str()) {
        ("", "") => "it gave no reason that can be read; check active_directory_authority_host and any proxy".to_owned(),
        ("", message) => message.to_owned(),
        (code, "") => code.to_owned(),
        (code, message) => format!("{message} ({code})"),
    };
    let message = format!("Entra ID did not sign in {who}, status {status}: {words}");
    if is_passing(status, &said.code, body) {
        SignInError::temporary(message, retry_after)
    } else {
        SignInError::permanent(message)
    }
}

/// Whether Entra ID may say yes the next time. Wrong secrets, unknown applications and unknown
/// tenants stay wrong.
fn is_passing(status: u16, code: &str, body: &[u8]) -> bool {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let numbers = body["error_codes"].as_array();
    retry::is_transient(status)
        || status >= 500
        || code == "temporarily_unavailable"
        || numbers
            .into_iter()
            .flatten()
            .filter_map(Value::as_u64)
            .any(|number| PASSING_CODES.contains(&number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arm::error::ConnectionKind;

    fn explain(happened: Happened) -> SignInError {
        let http = reqwest_client();
        let transport = EntraTransport::new(http);
        transport.remember(happened);
        transport.explain("the application a in the tenant t", "chain", "hunter2")
    }

    fn reqwest_client() -> reqwest::Client {
        crate::arm::transport::HttpClient::default().get().unwrap()
    }

    #[test]
    fn refusals_keep_entra_ids_words_and_say_whether_they_pass() {
        #[track_caller]
        fn check(status: u16, body: &str, permanent: bool, words: &str) {
            let error = explain(Happened::Refused {
                status,
                body: body.as_bytes().to_vec(),
                retry_after: None,
                clock: None,
            });
            assert_eq!(error.permanent, permanent, "{error}");
            assert!(error.message.contains(words), "{error}");
            assert!(
                error.message.contains("application a in the tenant t"),
                "{error}"
            );
            assert!(!error.message.contains("hunter2"), "{error}");
        }
        check(
            401,
            r#"{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret hunter2.","error_codes":[7000215]}"#,
            true,
            "AADSTS7000215: Invalid client secret (secret).",
        );
        check(
            400,
            r#"{"error":"unauthorized_client","error_description":"AADSTS700016: No such application."}"#,
            true,
            "(unauthorized_client)",
        );
        check(
            400,
            r#"{"error":"invalid_request","error_description":"AADSTS90002: No such tenant.","error_codes":[90002]}"#,
            true,
            "AADSTS90002",
        );
        check(
            400,
            r#"{"error":"invalid_request","error_description":"AADSTS90033: Transient.","error_codes":[90033]}"#,
            false,
            "AADSTS90033",
        );
        check(
            400,
            r#"{"error":"temporarily_unavailable"}"#,
            false,
            "temporarily",
        );
        check(429, "", false, "it gave no reason");
        check(503, "<h1>Down</h1>", false, "<h1>Down</h1>");
        check(403, "<h1>Proxy</h1>", true, "<h1>Proxy</h1>");
    }

    #[test]
    fn a_missing_answer_is_no_refusal() {
        let error = explain(Happened::NoAnswer(ConnectionError {
            host: "login.example".to_owned(),
            kind: ConnectionKind::UntrustedCertificate,
            cause: "unknown issuer".to_owned(),
        }));
        assert!(!error.permanent);
        assert_eq!(error.connection, Some(ConnectionKind::UntrustedCertificate));
        assert!(error.message.contains("login.example"), "{error}");
        assert!(!explain(Happened::Accepted).permanent);
    }
}
