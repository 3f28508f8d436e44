//! ARM's error bodies, in all the forms they come in.

use std::fmt;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use time::OffsetDateTime;

/// How much of a body that is no ARM error is quoted.
const QUOTE_BYTES_MAX: usize = 1024;

/// How deep nested details and inner errors are followed; ARM's own go three deep.
const DETAIL_DEPTH_MAX: usize = 5;

/// How many details are kept of one error.
const DETAILS_MAX: usize = 20;

/// How many details are told to people.
const DETAILS_TOLD_MAX: usize = 3;

/// A refusal by Azure Resource Manager or by a service behind it.
#[derive(Clone, Debug)]
pub struct ApiError {
    /// Method of the request.
    pub method: Method,
    /// Path of the request, without the query.
    pub path: String,
    /// HTTP status of the answer.
    pub status: StatusCode,
    /// ARM's error code; empty if the body gave none.
    pub code: String,
    /// ARM's message; if the body is no ARM error, its beginning in quotes.
    pub message: String,
    /// The part of the request that ARM found at fault.
    pub target: Option<String>,
    /// Nested details and inner errors, flattened, outermost first.
    pub details: Vec<ErrorDetail>,
    /// What policies and other services add.
    pub additional_info: Vec<AdditionalInfo>,
    /// The ids by which Azure's support finds the request.
    pub ids: RequestIds,
    /// How long Azure asks to wait.
    pub retry_after: Option<Duration>,
    /// When that wait is over, by the clock of this machine: people think in times of day.
    pub next_try: Option<OffsetDateTime>,
}

/// One of the errors inside an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorDetail {
    /// ARM's error code; may be empty.
    pub code: String,
    /// ARM's message; may be empty.
    pub message: String,
    /// The part of the request at fault.
    pub target: Option<String>,
}

/// What another service adds to an error, for example the policy that was violated.
#[derive(Clone, Debug, PartialEq)]
pub struct AdditionalInfo {
    /// ARM's `type`, for example `PolicyViolation`.
    pub kind: String,
    /// What it says.
    pub info: Value,
}

/// The ids by which Azure's support finds a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestIds {
    /// `x-ms-request-id`, given by the service.
    pub request_id: Option<String>,
    /// `x-ms-correlation-request-id`, common to everything one client sends.
    pub correlation_request_id: Option<String>,
    /// `x-ms-client-request-id`, given by us.
    pub client_request_id: Option<String>,
}

/// A success whose body cannot be read: cut off, empty, not JSON, or too large.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{method} {path} was answered {status}, but the body cannot be read: {problem}")]
pub struct UnreadableAnswer {
    /// Method of the request.
    pub method: Method,
    /// Path of the request, without the query.
    pub path: String,
    /// HTTP status of the answer.
    pub status: StatusCode,
    /// What is wrong with the body.
    pub problem: String,
    /// Whether the body is larger than we accept.
    pub too_large: bool,
    /// The ids by which Azure's support finds the request.
    pub ids: RequestIds,
}

impl ApiError {
    /// Reads an error body: with or without the `error` wrapper, empty, or no ARM error at all.
    pub fn from_body(method: Method, path: &str, status: StatusCode, body: &[u8]) -> Self {
        let mut error = Self {
            method,
            path: path.to_owned(),
            status,
            code: String::new(),
            message: String::new(),
            target: None,
            details: Vec::new(),
            additional_info: Vec::new(),
            ids: RequestIds::default(),
            retry_after: None,
            next_try: None,
        };
        match serde_json::from_slice::<Value>(without_byte_order_mark(body)) {
            Ok(Value::Object(object)) => error.read(&Value::Object(object)),
            _ => error.message = quoted(body),
        }
        if error.code.is_empty() && error.message.is_empty() {
            error.message = quoted(body);
        }
        error
    }

    /// Adds what only the headers of the answer say.
    pub(crate) fn with_headers(mut self, ids: RequestIds, retry_after: Option<Duration>) -> Self {
        self.ids = ids;
        self.retry_after = retry_after;
        self.next_try = retry_after.and_then(|wait| {
            let wait = time::Duration::try_from(wait).ok()?;
            OffsetDateTime::now_utc().checked_add(wait)
        });
        self
    }

    fn read(&mut self, body: &Value) {
        let error = match member(body, "error") {
            Some(wrapped @ Value::Object(_)) => wrapped,
            // The form of OAuth: the code in `error`, the text in `error_description`.
            Some(Value::String(code)) => {
                self.code.clone_from(code);
                self.message = text(body, "error_description");
                return;
            }
            _ => body,
        };
        self.code = text(error, "code");
        self.message = text(error, "message");
        self.target = Some(text(error, "target")).filter(|target| !target.is_empty());
        collect_details(error, DETAIL_DEPTH_MAX, &mut self.details);
        collect_additional_info(error, DETAIL_DEPTH_MAX, &mut self.additional_info);
    }
}

impl ApiError {
    /// Azure's own words, without the request that they answer.
    pub(crate) fn answer(&self) -> String {
        let status = self.status.as_u16();
        let mut text = match (self.code.is_empty(), self.message.is_empty()) {
            (true, true) => format!("{status} without a body"),
            (true, false) => format!("{status}: {}", self.message),
            (false, true) => format!("{status} {}", self.code),
            (false, false) => format!("{status} {}: {}", self.code, self.message),
        };
        text.push_str(&more(&self.message, &self.details));
        text
    }

    /// The request that was answered.
    pub(crate) fn request(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} was answered {}", self.request(), self.answer())
    }
}

/// What the details add to a message, in parentheses; empty if that is nothing.
pub(super) fn more(message: &str, details: &[ErrorDetail]) -> String {
    let mut added: Vec<String> = Vec::new();
    for detail in details {
        // Some messages are JSON for programs; what they are about stands beside them.
        let text = match &detail.target {
            Some(target) if detail.message.starts_with('{') => format!("{}: {target}", detail.code),
            _ => detail.to_string(),
        };
        let is_new = !message.contains(&detail.message) || detail.message.is_empty();
        if is_new && !added.contains(&text) && added.len() < DETAILS_TOLD_MAX {
            added.push(text);
        }
    }
    if added.is_empty() {
        return String::new();
    }
    format!(" ({})", added.join("; "))
}

impl fmt::Display for ErrorDetail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code.is_empty(), self.message.is_empty()) {
            (true, _) => f.write_str(&self.message),
            (false, true) => f.write_str(&self.code),
            (false, false) => write!(f, "{}: {}", self.code, self.message),
        }
    }
}

impl RequestIds {
    /// Reads the ids off an answer; ours is the one that was sent, echoed or not.
    pub(crate) fn from_headers(headers: &HeaderMap, client_request_id: &str) -> Self {
        let header = |name: &str| {
            let value = headers.get(name)?.to_str().ok()?;
            Some(value.to_owned()).filter(|value| !value.is_empty())
        };
        Self {
            request_id: header("x-ms-request-id"),
            correlation_request_id: header("x-ms-correlation-request-id"),
            client_request_id: Some(client_request_id.to_owned()),
        }
    }
}

/// ARM's operation status carries an error object of the same form.
pub(super) fn error_object(body: &Value) -> (String, String, Vec<ErrorDetail>) {
    let Some(error) = member(body, "error") else {
        return Default::default();
    };
    let mut details = Vec::new();
    collect_details(error, DETAIL_DEPTH_MAX, &mut details);
    (text(error, "code"), text(error, "message"), details)
}

/// Some services begin their JSON with a byte order mark, which JSON does not allow.
pub(crate) fn without_byte_order_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body)
}

/// The beginning of a body that is not what was expected; empty for an empty one.
pub(crate) fn quoted(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(without_byte_order_mark(body));
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    if text.is_empty() {
        return text;
    }
    let short = shortened(&text);
    let rest = if short.len() < text.len() { "..." } else { "" };
    format!("\"{short}{rest}\"")
}

fn collect_details(error: &Value, depth: usize, details: &mut Vec<ErrorDetail>) {
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    let listed = member(error, "details").and_then(Value::as_array);
    let inner = member(error, "innererror");
    for detail in listed.into_iter().flatten().chain(inner) {
        if details.len() >= DETAILS_MAX {
            return;
        }
        let found = ErrorDetail {
            code: text(detail, "code"),
            message: text(detail, "message"),
            target: Some(text(detail, "target")).filter(|target| !target.is_empty()),
        };
        if !(found.code.is_empty() && found.message.is_empty()) {
            details.push(found);
        }
        collect_details(detail, depth, details);
    }
}

/// A policy's names stand beside the error that it causes, which may be a nested one.
fn collect_additional_info(error: &Value, depth: usize, found: &mut Vec<AdditionalInfo>) {
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    let list = |name| member(error, name).and_then(Value::as_array);
    for info in list("additionalInfo").into_iter().flatten() {
        if found.len() < DETAILS_MAX {
            found.push(AdditionalInfo {
                kind: text(info, "type"),
                info: member(info, "info").cloned().unwrap_or_default(),
            });
        }
    }
    for detail in list("details").into_iter().flatten() {
        collect_additional_info(detail, depth, found);
    }
}

/// A member of an object, whatever its case: some services write `Code` and `Message`.
pub(crate) fn member<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    object
        .as_object()?
        .iter()
        .find(|(key, value)| key.eq_ignore_ascii_case(name) && !value.is_null())
        .map(|(_, value)| value)
}

pub(crate) fn text(object: &Value, name: &str) -> String {
    match member(object, name) {
        Some(Value::String(text)) => text.trim().to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(QUOTE_BYTES_MAX)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(body: &str) -> ApiError {
        let status = StatusCode::CONFLICT;
        ApiError::from_body(Method::PUT, "/path", status, body.as_bytes())
    }

    #[test]
    fn every_form_of_body_survives() {
        #[track_caller]
        fn check(body: &str, code: &str, message: &str) {
            let error = parse(body);
            assert_eq!(
                (error.code.as_str(), error.message.as_str()),
                (code, message),
                "{body}"
            );
        }
        check(
            r#"{"error":{"code":"A","message":"Because of b."}}"#,
            "A",
            "Because of b.",
        );
        check("\u{feff}{\"error\":{\"code\":\"A\"}}", "A", "");
        check(
            r#"{"code":"A","message":"No wrapper."}"#,
            "A",
            "No wrapper.",
        );
        check(r#"{"Code":"A","Message":"Loud."}"#, "A", "Loud.");
        check(
            r#"{"error":"invalid_client","error_description":"OAuth."}"#,
            "invalid_client",
            "OAuth.",
        );
        check(r#"{"error":{"code":400,"message":null}}"#, "400", "");
        check("", "", "");
        check("[]", "", "\"[]\"");
        check("{}", "", "\"{}\"");
        check(
            "<html>\r\n  <b>Bad</b></html>",
            "",
            "\"<html> <b>Bad</b></html>\"",
        );
    }

    #[test]
    fn nested_details_are_flattened() {
        let error = parse(
            r#"{"error":{"code":"Outer","message":"m","target":"disk",
                "details":[{"code":"TooManyRequests","target":"HighCostGet","message":"{}"},
                           {"details":[{"code":"Deep","message":"d"}]}],
                "innererror":{"code":"Inner","innererror":{"code":"Innermost"}},
                "additionalInfo":[{"type":"PolicyViolation","info":{"policy":"p"}}]}}"#,
        );
        let codes: Vec<_> = error.details.iter().map(|detail| &detail.code).collect();
        assert_eq!(codes, ["TooManyRequests", "Deep", "Inner", "Innermost"]);
        assert_eq!(error.details[0].target.as_deref(), Some("HighCostGet"));
        assert_eq!(error.target.as_deref(), Some("disk"));
        assert_eq!(error.additional_info[0].info["policy"], "p");
    }

    #[test]
    fn a_huge_body_is_cut_at_a_character() {
        let error = parse(&"é".repeat(2 * QUOTE_BYTES_MAX));
        assert!(error.message.len() <= QUOTE_BYTES_MAX + 8);
        assert!(error.message.ends_with("...\""));
    }

    #[test]
    fn endless_nesting_ends() {
        let mut body = "{\"code\":\"x\"}".to_owned();
        for _ in 0..60 {
            body = format!("{{\"code\":\"x\",\"innererror\":{body}}}");
        }
        assert_eq!(parse(&body).details.len(), DETAIL_DEPTH_MAX);
    }

    #[test]
    fn text_names_request_status_and_code() {
        let error = parse(r#"{"error":{"code":"A","message":"Because."}}"#);
        assert_eq!(error.to_string(), "PUT /path was answered 409 A: Because.");
        let details = r#"{"error":{"code":"A","message":"Because.","details":[
            {"code":"B","message":"Because."},{"code":"C","message":"More."},
            {"code":"TooMany","target":"Gets","message":"{\"n\":1}"}]}}"#;
        assert_eq!(
            parse(details).answer(),
            "409 A: Because. (C: More.; TooMany: Gets)"
        );
        let empty = parse("").to_string();
        assert_eq!(empty, "PUT /path was answered 409 without a body");
    }
}
