//! The identity that Azure gives to a virtual machine, an App Service or a container.
//!
//! All of them are asked in the same way, at another address. azure_identity could do two of the
//! three, but not at an address of our choice, and it swallows the words of a refusal.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use reqwest::header::ACCEPT;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::Instant;
use url::Url;

use super::{IdentityEndpoint, Text, Token, TokenSource};
use crate::arm::error::{ConnectionError, SignInError, quoted, without_byte_order_mark};
use crate::arm::retry_after;
use crate::arm::transport::{LocalHttpClient, body};

/// The instance metadata service, at the same address on every virtual machine.
const IMDS: &str = "http://169.254.169.254/metadata/identity/oauth2/token";
const IMDS_API_VERSION: &str = "2018-02-01";
const APP_SERVICE_API_VERSION: &str = "2019-08-01";

/// A token answer has some kilobytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// Asks the machine for tokens of its identity.
#[derive(Debug)]
pub(super) struct ManagedIdentitySource {
    /// Which identity, where the machine has several.
    pub(super) client_id: Option<Text>,
    pub(super) endpoint: IdentityEndpoint,
    pub(super) audience: String,
    pub(super) http: LocalHttpClient,
    /// Whether it has given a token before: then a silence passes.
    pub(super) has_answered: AtomicBool,
}

#[derive(Deserialize)]
struct Answer {
    access_token: SecretString,
    /// Seconds, as a number or a text.
    #[serde(default)]
    expires_in: Value,
    /// Seconds since 1970, as a number or a text.
    #[serde(default)]
    expires_on: Value,
}

#[async_trait]
impl TokenSource for ManagedIdentitySource {
    async fn token(&self) -> Result<Token, SignInError> {
        let client_id = match &self.client_id {
            Some(client_id) => Some(client_id.read("client_id_file_path")?),
            None => None,
        };
        let (url, header) = self.request(client_id.as_deref())?;
        let host = url.host_str().unwrap_or("").to_owned();
        let http = self
            .http
            .get()
            .map_err(|error| SignInError::unreachable(&error))?;
        let mut sent = http
            .get(url)
            .header(ACCEPT, "application/json")
            // Proves that we are no browser that somebody sent here.
            .header("metadata", "true");
        if let Some(header) = header {
            sent = sent.header("x-identity-header", header.expose_secret());
        }
        let response = sent
            .send()
            .await
            .map_err(|error| self.silent(&ConnectionError::from_reqwest(&host, error)))?;
        let status = response.status().as_u16();
        let retry_after = retry_after::from_headers(response.headers(), SystemTime::now());
        let content = body::read(response, ANSWER_BYTES_MAX)
            .await
            .map_err(|problem| self.silent(&problem.into_connection_error(&host)))?;
        let content = without_byte_order_mark(&content);
        if status == 200 {
            let token = token(content).ok_or_else(|| {
                let message = format!("the managed identity's answer from {host} has no token");
                SignInError::temporary(message, None)
            })?;
            self.has_answered.store(true, Ordering::Relaxed);
            return Ok(token);
        }
        let which = client_id.map_or_else(String::new, |id| format!(" {id}"));
        let message = format!(
            "{host} gave no token for the managed identity{which}, status {status}: {}",
            quoted(content)
        );
        // 404 and 410 are what it answers while it is being updated; 404 is also what another
        // server answers that does not know the path.
        Err(match status {
            404 if !self.has_answered.load(Ordering::Relaxed) => SignInError::permanent(message),
            404 | 408 | 410 | 429 | 500.. => SignInError::temporary(message, retry_after),
            _ => SignInError::permanent(message),
        })
    }
}

impl ManagedIdentitySource {
    /// Whom to ask, and with which header.
    fn request(
        &self,
        client_id: Option<&str>,
    ) -> Result<(Url, Option<&SecretString>), SignInError> {
        let (address, api_version, header) = match &self.endpoint {
            IdentityEndpoint::Imds => (IMDS, IMDS_API_VERSION, None),
            IdentityEndpoint::Given(url) => (url.as_str(), IMDS_API_VERSION, None),
            IdentityEndpoint::AppService { url, header } => {
                (url.as_str(), APP_SERVICE_API_VERSION, Some(header))
            }
        };
        let mut url = Url::parse(address).map_err(|error| {
            SignInError::permanent(format!(
                "the address of the managed identity is no URL: {error}"
            ))
        })?;
        url.query_pairs_mut()
            .append_pair("api-version", api_version)
            .append_pair("resource", &self.audience)
            .extend_pairs(client_id.map(|id| ("client_id", id)));
        Ok((url, header))
    }

    /// No answer. A machine without an identity never answers; one with an identity will again.
    fn silent(&self, error: &ConnectionError) -> SignInError {
        if self.has_answered.load(Ordering::Relaxed) {
            return SignInError::unreachable(error);
        }
        let from = match &self.endpoint {
            IdentityEndpoint::Given(_) => "msi_endpoint",
            IdentityEndpoint::AppService { .. } => "environment variable IDENTITY_ENDPOINT",
            IdentityEndpoint::Imds => "use_msi",
        };
        SignInError::permanent(format!(
            "no managed identity answers here ({from}): {error}. Only machines in Azure have one; \
             elsewhere unset use_msi"
        ))
    }
}

fn token(content: &[u8]) -> Option<Token> {
    let answer: Answer = serde_json::from_slice(content).ok()?;
    let number = |value: &Value| match value {
        Value::String(text) => text.parse().ok(),
        value => value.as_u64(),
    };
    let life = number(&answer.expires_in).or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
        Some(number(&answer.expires_on)?.saturating_sub(now))
    })?;
    (!answer.access_token.expose_secret().is_empty()).then(|| Token {
        secret: answer.access_token,
        expires: Instant::now() + Duration::from_secs(life),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_how_long_it_lives_in_one_of_four_ways() {
        let later = SystemTime::now() + Duration::from_secs(1000);
        let later = later.duration_since(UNIX_EPOCH).unwrap().as_secs();
        #[track_caller]
        fn check(body: &str, expected: Option<u64>) {
            let life = token(body.as_bytes()).map(|token| token.expires - Instant::now());
            let life = life.map(|life| life.as_secs_f64().round() as u64);
            let near = match (life, expected) {
                (Some(life), Some(expected)) => life.abs_diff(expected) <= 2,
                (life, expected) => life == expected,
            };
            assert!(near, "{body}: {life:?}");
        }
        check(r#"{"access_token":"t","expires_in":"1000"}"#, Some(1000));
        check(r#"{"access_token":"t","expires_in":1000}"#, Some(1000));
        check(
            &format!(r#"{{"access_token":"t","expires_on":"{later}"}}"#),
            Some(1000),
        );
        check(
            &format!(r#"{{"access_token":"t","expires_on":{later}}}"#),
            Some(1000),
        );
        check(r#"{"access_token":"t"}"#, None);
        check(r#"{"access_token":"","expires_in":1000}"#, None);
        check("<html>", None);
    }

    /// Answers one request without TLS, as the service on a machine does, and gives its head.
    async fn one_answer(answer: &'static str) -> (Url, tokio::task::JoinHandle<String>) {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/token", listener.local_addr().unwrap());
        let served = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut head = vec![0; 4096];
            let length = stream.read(&mut head).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.shutdown().await.unwrap();
            String::from_utf8_lossy(&head[..length]).into_owned()
        });
        (Url::parse(&url).unwrap(), served)
    }

    fn source(endpoint: IdentityEndpoint) -> ManagedIdentitySource {
        ManagedIdentitySource {
            client_id: Some(Text::Given("client".to_owned())),
            endpoint,
            audience: "https://audience.example".to_owned(),
            http: LocalHttpClient::default(),
            has_answered: AtomicBool::new(false),
        }
    }

    #[tokio::test]
    async fn a_machine_is_asked_without_tls_and_without_a_proxy() {
        let answer = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n\u{feff}{\"access_token\":\"t\",\"expires_in\":\"60\"}";
        let (url, served) = one_answer(answer).await;
        let source = source(IdentityEndpoint::Given(url));
        let token = source.token().await.unwrap();
        assert_eq!(token.secret.expose_secret(), "t");
        let head = served.await.unwrap();
        assert!(
            head.starts_with(
                "GET /token?api-version=2018-02-01&resource=https%3A%2F%2Faudience.example&client_id=client HTTP/1.1"
            ),
            "{head}"
        );
        assert!(head.contains("metadata: true"), "{head}");
        // It has answered, so that it does not answer now passes.
        assert!(!source.token().await.unwrap_err().permanent);
    }

    #[tokio::test]
    async fn refusals_pass_or_stay() {
        for (answer, permanent) in [
            (
                "HTTP/1.1 400 Bad\r\nconnection: close\r\n\r\n{\"error_description\":\"Identity not found\"}",
                true,
            ),
            ("HTTP/1.1 404 Unknown\r\nconnection: close\r\n\r\n", true),
            ("HTTP/1.1 410 Gone\r\nconnection: close\r\n\r\n", false),
            (
                "HTTP/1.1 429 Busy\r\nretry-after: 7\r\nconnection: close\r\n\r\n",
                false,
            ),
            ("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n<html>", false),
        ] {
            let (url, _served) = one_answer(answer).await;
            let error = source(IdentityEndpoint::Given(url))
                .token()
                .await
                .unwrap_err();
            assert_eq!(error.permanent, permanent, "{error}");
        }
    }
}
