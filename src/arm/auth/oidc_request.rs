//! Asks the pipeline that we run in for an OIDC token: GitHub Actions, or Azure DevOps.

use std::time::SystemTime;

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use super::OidcRequest;
use crate::arm::error::{ConnectionError, SignInError, quoted, without_byte_order_mark};
use crate::arm::retry;
use crate::arm::retry_after;
use crate::arm::transport::body;

/// Whom the token is for: Entra ID's name for the exchange of tokens.
const AUDIENCE: &str = "api://AzureADTokenExchange";

/// The version of Azure DevOps' interface.
const API_VERSION: &str = "7.1";

/// An answer with a token has some kilobytes.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// What the two answer with: GitHub `value`, Azure DevOps `oidcToken`.
#[derive(Deserialize)]
struct Answer {
    #[serde(alias = "oidcToken")]
    value: Option<SecretString>,
}

/// Asks for one token. They live for minutes only, so each sign-in needs a new one.
pub(super) async fn ask(
    request: &OidcRequest,
    http: &reqwest::Client,
) -> Result<SecretString, SignInError> {
    let url = url(request);
    let host = url.host_str().unwrap_or("").to_owned();
    let unreachable = |error: &ConnectionError| {
        let mut failure = SignInError::unreachable(error);
        failure.message = format!("cannot get an OIDC token (oidc_request_url): {error}");
        failure
    };
    let sent = match request.service_connection_id {
        None => http.get(url),
        // An empty POST; without the header a browser's sign-in page comes instead of a refusal.
        Some(_) => http
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("content-length", "0")
            .header("x-tfs-fedauthredirect", "Suppress"),
    };
    let response = sent
        .header(ACCEPT, "application/json")
        .bearer_auth(request.token.expose_secret())
        .send()
        .await
        .map_err(|error| unreachable(&ConnectionError::from_reqwest(&host, error)))?;
    let status = response.status().as_u16();
    let retry_after = retry_after::from_headers(response.headers(), SystemTime::now());
    let content = body::read(response, ANSWER_BYTES_MAX)
        .await
        .map_err(|problem| unreachable(&problem.into_connection_error(&host)))?;
    let content = without_byte_order_mark(&content);
    if status == 200
        && let Ok(Answer { value: Some(token) }) = serde_json::from_slice(content)
        && !token.expose_secret().trim().is_empty()
    {
        return Ok(SecretString::from(token.expose_secret().trim()));
    }
    // A refusal tells why; a success without a token could hold one that we did not find.
    let said = if status == 200 {
        String::new()
    } else {
        format!(": {}", quoted(content))
    };
    let said = said.replace(request.token.expose_secret(), "(secret)");
    let message = format!(
        "{host} (oidc_request_url) gave no OIDC token for this pipeline, status {status}{said}"
    );
    Err(if retry::is_transient(status) {
        SignInError::temporary(message, retry_after)
    } else {
        SignInError::permanent(message)
    })
}

/// The URL with what each of the two wants to know; what stands there already stays.
fn url(request: &OidcRequest) -> Url {
    let mut url = request.url.clone();
    let wanted: &[(&str, &str)] = match &request.service_connection_id {
        None => &[("audience", AUDIENCE)],
        Some(id) => &[("api-version", API_VERSION), ("serviceConnectionId", id)],
    };
    for (name, value) in wanted {
        if !url.query_pairs().any(|(known, _)| known == *name) {
            url.query_pairs_mut().append_pair(name, value);
        }
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_says_who_asks_and_keeps_what_it_said_before() {
        #[track_caller]
        fn check(given: &str, service_connection_id: Option<&str>, expected: &str) {
            let request = OidcRequest {
                url: Url::parse(given).unwrap(),
                token: SecretString::from("t"),
                service_connection_id: service_connection_id.map(str::to_owned),
            };
            assert_eq!(url(&request).as_str(), expected);
        }
        check(
            "https://pipelines.example/token?api-version=2.0",
            None,
            "https://pipelines.example/token?api-version=2.0&audience=api%3A%2F%2FAzureADTokenExchange",
        );
        check(
            "https://pipelines.example/token?audience=mine",
            None,
            "https://pipelines.example/token?audience=mine",
        );
        check(
            "https://dev.example/oidctoken",
            Some("c1"),
            "https://dev.example/oidctoken?api-version=7.1&serviceConnectionId=c1",
        );
    }
}
