//! A request that has arrived whole, and the answer to it, before and after HTTP.

use hyper::body::Bytes;
use hyper::header::HeaderMap;
use hyper::http::request;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::macros::format_description;
use uuid::Uuid;

use crate::fault;

/// A request with its body, and the ids that its answer will carry.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) version: String,
    /// Host and port under which the client reached us. Operation URLs name the same, so that
    /// a client that talks to one host only is never sent to another.
    pub(crate) authority: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) request_id: String,
    pub(crate) correlation_id: String,
}

impl Incoming {
    pub(crate) fn new(parts: request::Parts, body: Bytes) -> Self {
        let header = |name: &str| Some(parts.headers.get(name)?.to_str().ok()?.to_owned());
        let authority = parts
            .uri
            .authority()
            .map(ToString::to_string)
            .or_else(|| header("host"))
            .unwrap_or_default();
        let correlation_id =
            header("x-ms-correlation-request-id").unwrap_or_else(|| Uuid::new_v4().to_string());
        Self {
            method: parts.method.as_str().to_owned(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            version: format!("{:?}", parts.version),
            authority,
            headers: parts.headers,
            body,
            request_id: Uuid::new_v4().to_string(),
            correlation_id,
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The subscription in the path; empty where there is none.
    pub(crate) fn subscription(&self) -> &str {
        self.path.split('/').nth(2).unwrap_or_default()
    }

    /// The query's parameters, decoded.
    pub(crate) fn parameters(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(self.query.as_bytes())
            .into_owned()
            .collect()
    }

    /// The body as JSON, or the reason why it is none.
    pub(crate) fn json(&self) -> Result<Value, String> {
        serde_json::from_slice(&self.body).map_err(|error| error.to_string())
    }

    /// The body as the log keeps it: never with a client's secret or assertion in it.
    pub(crate) fn loggable_body(&self) -> Value {
        const SECRET_FIELDS: [&str; 2] = ["client_secret", "client_assertion"];
        if self.body.is_empty() {
            return Value::Null;
        }
        if let Ok(json) = self.json() {
            return json;
        }
        let content_type = self.header("content-type").unwrap_or_default();
        if content_type.starts_with("application/x-www-form-urlencoded") {
            return form_urlencoded::parse(&self.body)
                .map(|(name, value)| {
                    let secret = SECRET_FIELDS.contains(&name.as_ref());
                    let shown = if secret { "(secret)" } else { value.as_ref() };
                    (name.into_owned(), json!(shown))
                })
                .collect::<Map<_, _>>()
                .into();
        }
        Value::String(String::from_utf8_lossy(&self.body).into_owned())
    }
}

/// What the body of an answer holds.
#[derive(Debug)]
pub(crate) enum Payload {
    Empty,
    Json(Value),
    Text(String),
}

/// Who answers. Compute and the gateway in front of it differ in headers and layout, and
/// clients meet both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    /// The Compute resource provider, with the budget that the request was charged to.
    Compute(&'static str),
    /// Azure Resource Manager's gateway.
    Gateway,
    /// The sign-in service.
    EntraId,
    /// The simulator's own control interface.
    Control,
}

/// An answer, still without the headers that every answer has.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) payload: Payload,
    pub(crate) sender: Sender,
    /// Whether the request was one that the simulator does not know.
    pub(crate) unexpected: bool,
}

impl Answer {
    pub(crate) fn new(status: u16, payload: Payload, sender: Sender) -> Self {
        Self {
            status,
            headers: Vec::new(),
            payload,
            sender,
            unexpected: false,
        }
    }

    pub(crate) fn json(status: u16, body: Value, sender: Sender) -> Self {
        Self::new(status, Payload::Json(body), sender)
    }

    pub(crate) fn empty(status: u16, sender: Sender) -> Self {
        Self::new(status, Payload::Empty, sender)
    }

    /// ARM's shape of an error.
    pub(crate) fn error(status: u16, code: &str, message: &str, sender: Sender) -> Self {
        let body = json!({ "error": { "code": code, "message": message } });
        Self::json(status, body, sender)
    }

    /// A refusal by the gateway, which marks itself as the one that refused.
    pub(crate) fn gateway_error(status: u16, code: &str, message: &str) -> Self {
        Self::error(status, code, message, Sender::Gateway)
            .with("x-ms-failure-cause", "gateway".to_owned())
    }

    /// The loud failure: something that the simulator has never heard of.
    pub(crate) fn unexpected(status: u16, code: &str, message: &str) -> Self {
        let mut answer = Self::gateway_error(status, code, message);
        answer.unexpected = true;
        answer
    }

    pub(crate) fn with(mut self, name: &str, value: String) -> Self {
        self.headers.push((name.to_owned(), value));
        self
    }

    /// Changes the finished answer as a fault demands.
    pub(crate) fn amend(
        &mut self,
        headers: &[(String, String)],
        removed_headers: &[String],
        patch: &Value,
    ) {
        if let Payload::Json(body) = &mut self.payload {
            fault::merge(body, patch);
        }
        let replaced = headers.iter().map(|(name, _)| name);
        for name in removed_headers.iter().chain(replaced) {
            self.headers
                .retain(|(present, _)| !present.eq_ignore_ascii_case(name));
        }
        self.headers.extend_from_slice(headers);
    }

    /// Adds the headers that recorded answers carry.
    pub(crate) fn decorate(&mut self, request: &Incoming, now: OffsetDateTime) {
        let mut common = vec![
            ("Cache-Control", "no-cache".to_owned()),
            ("Pragma", "no-cache".to_owned()),
            ("Expires", "-1".to_owned()),
            (
                "Strict-Transport-Security",
                "max-age=31536000; includeSubDomains".to_owned(),
            ),
            ("X-Content-Type-Options", "nosniff".to_owned()),
        ];
        match self.payload {
            Payload::Empty => {}
            Payload::Json(_) => {
                common.push(("Content-Type", "application/json; charset=utf-8".to_owned()));
            }
            Payload::Text(_) => common.push(("Content-Type", "text/html".to_owned())),
        }
        if matches!(self.sender, Sender::Compute(_) | Sender::Gateway) {
            common.extend(self.arm_headers(request, now));
        }
        for (name, value) in common {
            if !self.has(name) {
                self.headers.push((name.to_owned(), value));
            }
        }
    }

    /// The body's bytes. Compute's answers are laid out over lines that end in CR LF, the
    /// gateway's are not: a client that depends on either is found out.
    pub(crate) fn bytes(&self) -> Bytes {
        match &self.payload {
            Payload::Empty => Bytes::new(),
            Payload::Text(text) => text.clone().into(),
            Payload::Json(body) if matches!(self.sender, Sender::Compute(_)) => {
                format!("{body:#}").replace('\n', "\r\n").into()
            }
            Payload::Json(body) => body.to_string().into(),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.headers
            .iter()
            .any(|(present, _)| present.eq_ignore_ascii_case(name))
    }

    fn arm_headers(&self, request: &Incoming, now: OffsetDateTime) -> Vec<(&'static str, String)> {
        let correlation_id = &request.correlation_id;
        // The gateway has no id of its own for what it answers itself.
        let request_id = match self.sender {
            Sender::Gateway => correlation_id,
            _ => &request.request_id,
        };
        let minute = now
            .format(format_description!(
                "[year][month][day]T[hour][minute][second]Z"
            ))
            .expect("a date of this era fits the format");
        let mut headers = vec![
            ("x-ms-request-id", request_id.clone()),
            ("x-ms-correlation-request-id", correlation_id.clone()),
            (
                "x-ms-routing-request-id",
                format!("WESTEUROPE:{minute}:{correlation_id}"),
            ),
        ];
        if let Sender::Compute(budget) = self.sender {
            headers.push(("x-ms-ratelimit-remaining-resource", budget.to_owned()));
        }
        if !self.has("x-ms-failure-cause") {
            let (name, remaining) = match request.method.as_str() {
                "GET" => ("x-ms-ratelimit-remaining-subscription-reads", "249"),
                "DELETE" => ("x-ms-ratelimit-remaining-subscription-deletes", "199"),
                _ => ("x-ms-ratelimit-remaining-subscription-writes", "199"),
            };
            headers.push((name, remaining.to_owned()));
        }
        // Assumed: ARM echoes the client's id on request; no recording asks for it.
        if request.header("x-ms-return-client-request-id") == Some("true")
            && let Some(id) = request.header("x-ms-client-request-id")
        {
            headers.push(("x-ms-client-request-id", id.to_owned()));
        }
        headers
    }
}
