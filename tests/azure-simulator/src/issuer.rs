//! Whom the application trusts: a pipeline of GitHub or Azure DevOps, or a cluster, that gives
//! OIDC tokens to its guests.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use uuid::Uuid;

use crate::assertion::refusal;
use crate::entra::Refusal;
use crate::exchange::{Answer, Incoming, Payload, Sender};
use crate::settings::{FEDERATED_SUBJECT, OIDC_REQUEST_TOKEN, SERVICE_CONNECTION_ID};
use crate::state::State;

/// The audience that tokens for Entra ID have.
const EXCHANGE: &str = "api://AzureADTokenExchange";

/// The tokens that were given.
#[derive(Debug, Default)]
pub(crate) struct Issuer {
    given: BTreeMap<String, Given>,
}

#[derive(Debug)]
struct Given {
    subject: String,
    audience: String,
    expires: Instant,
}

impl Issuer {
    /// A token that looks like any JWT. Who checks it looks it up: it is right to the last byte,
    /// or it is another one.
    pub(crate) fn give(&mut self, subject: &str, audience: &str, lifetime: Duration) -> String {
        let part = |json: serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let header = part(json!({"alg": "RS256", "typ": "JWT"}));
        let claims =
            part(json!({"sub": subject, "aud": audience, "jti": Uuid::new_v4().to_string()}));
        let signature = URL_SAFE_NO_PAD.encode(Uuid::new_v4().as_bytes().repeat(16));
        let token = format!("{header}.{claims}.{signature}");
        let given = Given {
            subject: subject.to_owned(),
            audience: audience.to_owned(),
            expires: Instant::now() + lifetime,
        };
        self.given.insert(token.clone(), given);
        token
    }

    pub(crate) fn secrets(&self) -> impl Iterator<Item = &String> {
        self.given.keys()
    }

    pub(crate) fn expire_all(&mut self) {
        for given in self.given.values_mut() {
            given.expires = Instant::now();
        }
    }

    pub(crate) fn knows(&self, token: &str) -> bool {
        self.given.contains_key(token)
    }

    pub(crate) fn check(&self, token: &str) -> Result<(), Refusal> {
        let given = &self.given[token];
        if given.expires <= Instant::now() {
            return Err(refusal(
                700_024,
                "Client assertion is not within its valid time range.",
            ));
        }
        if given.audience != EXCHANGE {
            return Err(refusal(
                700_212,
                &format!(
                    "No matching federated identity record found for presented assertion audience '{}'.",
                    given.audience
                ),
            ));
        }
        if given.subject != FEDERATED_SUBJECT {
            return Err(refusal(
                700_213,
                &format!(
                    "No matching federated identity record found for presented assertion subject '{}'.",
                    given.subject
                ),
            ));
        }
        Ok(())
    }
}

/// Answers a pipeline's request for a token; `None` if it is none.
///
/// Assumed: what refusals look like.
pub(crate) fn answer(state: &mut State, request: &Incoming) -> Option<Answer> {
    let parameters: BTreeMap<String, String> = request.parameters().into_iter().collect();
    let parameter = |name: &str| parameters.get(name).map_or("", String::as_str);
    let (audience, is_azure_devops) = match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/github/idtoken") => (parameter("audience"), false),
        ("POST", "/azure-devops/oidctoken") => (EXCHANGE, true),
        _ => return None,
    };
    let is_known = request.header("authorization") == Some(&format!("Bearer {OIDC_REQUEST_TOKEN}"));
    if !is_known {
        let refused = Payload::Text("The pipeline's token is not known.".to_owned());
        return Some(Answer::new(401, refused, Sender::EntraId));
    }
    let is_complete = if is_azure_devops {
        parameter("api-version") == "7.1"
            && parameter("serviceConnectionId") == SERVICE_CONNECTION_ID
            && request.header("content-type") == Some("application/json")
            && request.body.is_empty()
    } else {
        // What its own URL has, stays.
        parameter("api-version") == "2.0"
    };
    if !is_complete {
        let refused = json!({"message": "The request is not what this pipeline understands."});
        return Some(Answer::json(400, refused, Sender::EntraId));
    }
    let lifetime = state.settings.oidc_token_lifetime;
    let token = state
        .oidc_tokens
        .give(FEDERATED_SUBJECT, audience, lifetime);
    let body = if is_azure_devops {
        json!({ "oidcToken": token })
    } else {
        json!({"value": token, "count": 1234})
    };
    Some(Answer::json(200, body, Sender::EntraId))
}
