//! The sign-in service: tokens for a client's secret, and the check of them.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use time::OffsetDateTime;
use time::macros::format_description;
use uuid::Uuid;

use crate::assertion;
use crate::exchange::{Answer, Incoming, Sender};
use crate::state::State;

/// The tokens that were issued.
#[derive(Debug, Default)]
pub(crate) struct Tokens {
    /// Each with its number. They age by the real clock: a client counts `expires_in` by its
    /// own clock, which a test cannot advance.
    issued: BTreeMap<String, Issued>,
}

/// A token that was issued.
#[derive(Debug)]
struct Issued {
    number: usize,
    expires: Instant,
    tenant: String,
}

/// Why a bearer is not let in.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BearerError {
    Missing,
    Unknown,
    Expired,
}

impl Tokens {
    pub(crate) fn issue(&mut self, tenant: &str, lifetime: Duration) -> String {
        // Two GUIDs: opaque, unique, and unlike a JWT, which clients must not look into.
        let token = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let issued = Issued {
            number: self.issued.len() + 1,
            expires: Instant::now() + lifetime,
            tenant: tenant.to_ascii_lowercase(),
        };
        self.issued.insert(token.clone(), issued);
        token
    }

    /// Whether a request is let into the subscriptions of a tenant. Tokens of other tenants must
    /// be good as well: one that is not spoils the request.
    pub(crate) fn check(&self, request: &Incoming, tenant: &str) -> Result<(), BearerError> {
        let token = bearer(request).ok_or(BearerError::Missing)?;
        let known = self.good(token)?;
        if !known.tenant.eq_ignore_ascii_case(tenant) {
            return Err(BearerError::Unknown);
        }
        let others = auxiliary(request);
        if others.len() > AUXILIARY_TOKENS_MAX {
            return Err(BearerError::Unknown);
        }
        for other in others {
            // What is missing in one of them is the client's mistake all the same.
            self.good(other.ok_or(BearerError::Unknown)?)?;
        }
        Ok(())
    }

    fn good(&self, token: &str) -> Result<&Issued, BearerError> {
        match self.issued.get(token) {
            None => Err(BearerError::Unknown),
            Some(issued) if issued.expires <= Instant::now() => Err(BearerError::Expired),
            Some(issued) => Ok(issued),
        }
    }

    /// The number of the token, which may be logged where the token may not; those of other
    /// tenants follow it.
    pub(crate) fn describe(&self, request: &Incoming) -> Option<String> {
        request.header("authorization")?;
        let name = |token: Option<&str>| match token.and_then(|token| self.issued.get(token)) {
            Some(issued) => format!("token {}", issued.number),
            None => "unknown token".to_owned(),
        };
        let mut names = vec![name(bearer(request))];
        names.extend(auxiliary(request).into_iter().map(name));
        Some(names.join(", "))
    }

    pub(crate) fn secrets(&self) -> impl Iterator<Item = &String> {
        self.issued.keys()
    }

    pub(crate) fn expire_all(&mut self) {
        for issued in self.issued.values_mut() {
            issued.expires = Instant::now();
        }
    }
}

/// Azure Resource Manager takes so many tokens of other tenants.
const AUXILIARY_TOKENS_MAX: usize = 3;

/// The tokens of other tenants; `None` for what is none.
fn auxiliary(request: &Incoming) -> Vec<Option<&str>> {
    let header = request.header("x-ms-authorization-auxiliary");
    let parts = header.into_iter().flat_map(|header| header.split(", "));
    parts.map(|part| part.strip_prefix("Bearer ")).collect()
}

fn bearer(request: &Incoming) -> Option<&str> {
    let (scheme, token) = request.header("authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token)
}

/// The tenant in the path of the token endpoint, if it is that path.
pub(crate) fn tenant(path: &str) -> Option<&str> {
    let tenant = path.strip_prefix('/')?.strip_suffix("/oauth2/v2.0/token")?;
    (!tenant.contains('/')).then_some(tenant)
}

/// Answers a request to the token endpoint.
///
/// Assumed: the order of the checks, and the texts apart from their `AADSTS` codes.
pub(crate) fn answer(state: &mut State, request: &Incoming, tenant: &str) -> Answer {
    match issue(state, request, tenant) {
        Ok(body) => Answer::json(200, body, Sender::EntraId),
        Err(refusal) => refusal.answer(state.clock.now(), &request.correlation_id),
    }
}

/// An error of the sign-in service.
pub(crate) struct Refusal {
    status: u16,
    error: &'static str,
    code: u32,
    text: String,
    unexpected: bool,
}

impl Refusal {
    pub(crate) fn new(
        status: u16,
        error: &'static str,
        code: u32,
        text: impl Into<String>,
    ) -> Self {
        Self {
            status,
            error,
            code,
            text: text.into(),
            unexpected: false,
        }
    }

    fn unexpected(text: String) -> Self {
        Self {
            unexpected: true,
            ..Self::new(400, "invalid_request", 900_144, text)
        }
    }

    fn answer(self, now: OffsetDateTime, correlation_id: &str) -> Answer {
        let trace_id = Uuid::new_v4().to_string();
        let Self { code, text, .. } = self;
        let timestamp = now
            .format(format_description!(
                "[year]-[month]-[day] [hour]:[minute]:[second]Z"
            ))
            .expect("a date of this era fits the format");
        let body = json!({
            "error": self.error,
            "error_description": format!(
                "AADSTS{code}: {text} Trace ID: {trace_id} Correlation ID: {correlation_id} Timestamp: {timestamp}"
            ),
            "error_codes": [code],
            "timestamp": timestamp,
            "trace_id": trace_id,
            "correlation_id": correlation_id,
        });
        let mut answer = Answer::json(self.status, body, Sender::EntraId);
        answer.unexpected = self.unexpected;
        answer
    }
}

/// Status, error and text for a client that may no longer sign in.
pub(crate) fn revocation(code: u32) -> Option<(u16, &'static str, &'static str)> {
    match code {
        700_016 => Some((
            400,
            "unauthorized_client",
            "Application with identifier '{client}' was not found in the directory '{tenant}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.",
        )),
        7_000_112 => Some((
            400,
            "unauthorized_client",
            "Application '{client}' is disabled.",
        )),
        7_000_215 => Some((
            401,
            "invalid_client",
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{client}'.",
        )),
        7_000_222 => Some((
            401,
            "invalid_client",
            "The provided client secret keys for app '{client}' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.",
        )),
        _ => None,
    }
}

fn issue(state: &mut State, request: &Incoming, tenant: &str) -> Result<Value, Refusal> {
    if request.method != "POST" || !request.query.is_empty() {
        return Err(Refusal::unexpected(format!(
            "The token endpoint takes a POST without a query, not {} with '{}'.",
            request.method, request.query
        )));
    }
    let form = read_form(request)?;
    let field = |name: &str| {
        form.get(name).map(String::as_str).ok_or_else(|| {
            Refusal::new(
                400,
                "invalid_request",
                900_144,
                format!("The request body must contain the following parameter: '{name}'."),
            )
        })
    };
    let settings = &state.settings;
    let is_known = |known: &String| known.eq_ignore_ascii_case(tenant);
    if !is_known(&settings.tenant_id) && !settings.other_tenants.iter().any(is_known) {
        return Err(Refusal::new(
            400,
            "invalid_request",
            90_002,
            format!(
                "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID."
            ),
        ));
    }
    if field("grant_type")? != "client_credentials" {
        return Err(Refusal::new(
            400,
            "unsupported_grant_type",
            70_003,
            "The app requested an unsupported grant type.",
        ));
    }
    let client_id = field("client_id")?;
    if !client_id.eq_ignore_ascii_case(&settings.client_id) {
        return Err(Refusal::new(
            400,
            "unauthorized_client",
            700_016,
            format!(
                "Application with identifier '{client_id}' was not found in the directory '{tenant}'."
            ),
        ));
    }
    match form.get("client_assertion") {
        Some(assertion) => {
            let kind = field("client_assertion_type")?;
            if kind != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
                return Err(Refusal::new(
                    400,
                    "invalid_request",
                    50_027,
                    format!("'{kind}' is no type of an assertion."),
                ));
            }
            let audience = format!("https://{}{}", request.authority, request.path);
            assertion::check(state, assertion, client_id, &audience)?;
        }
        None if field("client_secret")? != settings.client_secret => {
            return Err(Refusal::new(
                401,
                "invalid_client",
                7_000_215,
                format!("Invalid client secret provided for app '{client_id}'."),
            ));
        }
        None => {}
    }
    let settings = &state.settings;
    if let Some(code) = settings.revoked
        && let Some((status, error, text)) = revocation(code)
    {
        let text = text
            .replace("{client}", client_id)
            .replace("{tenant}", tenant);
        return Err(Refusal::new(status, error, code, text));
    }
    let scope = field("scope")?;
    if scope != settings.scope() {
        return Err(Refusal::new(
            400,
            "invalid_scope",
            70_011,
            format!("The provided value for the input parameter 'scope' is not valid: {scope}."),
        ));
    }
    let lifetime = settings.token_lifetime;
    let token = state.tokens.issue(tenant, lifetime);
    Ok(json!({
        "token_type": "Bearer",
        "expires_in": lifetime.as_secs(),
        "ext_expires_in": lifetime.as_secs(),
        "access_token": token,
    }))
}

fn read_form(request: &Incoming) -> Result<BTreeMap<String, String>, Refusal> {
    const KNOWN: [&str; 6] = [
        "grant_type",
        "client_id",
        "client_secret",
        "client_assertion",
        "client_assertion_type",
        "scope",
    ];
    let content_type = request.header("content-type").unwrap_or_default();
    if !content_type.starts_with("application/x-www-form-urlencoded") {
        return Err(Refusal::unexpected(format!(
            "The token endpoint takes a form, not '{content_type}'."
        )));
    }
    let form: BTreeMap<String, String> =
        form_urlencoded::parse(&request.body).into_owned().collect();
    match form.keys().find(|name| !KNOWN.contains(&name.as_str())) {
        None => Ok(form),
        Some(name) => Err(Refusal::unexpected(format!(
            "The simulator does not know the parameter '{name}'."
        ))),
    }
}
