//! What gives a machine in Azure its identity: the instance metadata service of a virtual
//! machine, and the one of an App Service.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;

use crate::exchange::{Answer, Incoming, Sender};
use crate::settings::IDENTITY_HEADER;
use crate::state::State;

/// Answers a machine's request for a token; `None` if it is none.
///
/// The texts are those of the documentation. Assumed: the order of the checks.
pub(crate) fn answer(state: &mut State, request: &Incoming) -> Option<Answer> {
    let is_app_service = match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/metadata/identity/oauth2/token") => false,
        ("GET", "/msi/token") => true,
        _ => return None,
    };
    let parameters = request.parameters();
    let parameter = |name: &str| {
        let mut values = parameters.iter().filter(|(known, _)| known == name);
        values.next().map_or("", |(_, value)| value.as_str())
    };
    let refuse = |status: u16, error: &str, text: &str| {
        let body = json!({"error": error, "error_description": text});
        Some(Answer::json(status, body, Sender::EntraId))
    };
    let api_version = if is_app_service {
        "2019-08-01"
    } else {
        "2018-02-01"
    };
    if parameter("api-version") != api_version {
        return refuse(400, "bad_request_102", "Required api-version is missing");
    }
    let is_proven = if is_app_service {
        request.header("x-identity-header") == Some(IDENTITY_HEADER)
    } else {
        request.header("metadata") == Some("true")
    };
    if !is_proven {
        return refuse(
            400,
            "bad_request_102",
            "Required metadata header not specified",
        );
    }
    let settings = &state.settings;
    let audience = settings.audience.trim_end_matches('/');
    if parameter("resource").trim_end_matches('/') != audience {
        return refuse(
            400,
            "invalid_resource",
            "AADSTS500011: The resource principal was not found in the tenant.",
        );
    }
    let client_id = parameter("client_id");
    if !client_id.is_empty() && !client_id.eq_ignore_ascii_case(&settings.client_id) {
        return refuse(400, "invalid_request", "Identity not found");
    }
    let lifetime = settings.token_lifetime;
    let tenant = settings.tenant_id.clone();
    let token = state.tokens.issue(&tenant, lifetime);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let mut body = json!({
        "access_token": token,
        "expires_on": (now + lifetime.as_secs()).to_string(),
        "resource": audience,
        "token_type": "Bearer",
        "client_id": client_id,
    });
    if !is_app_service {
        body["expires_in"] = json!(lifetime.as_secs().to_string());
    }
    Some(Answer::json(200, body, Sender::EntraId))
}
