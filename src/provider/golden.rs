//! Messages as Terraform prints them, for tests that compare them with files.

use reqwest::{Method, StatusCode};
use serde_json::{Value as Json, json};

use crate::arm::Error;
use crate::arm::error::{ApiError, OperationFailure, RequestIds};
use crate::arm::resource_id::RestorePointId;
use crate::plugin::diagnostics::{Diagnostic, Severity};

pub(crate) use crate::golden::Golden;

/// What Terraform leaves of a line where it does not know the width of the terminal.
const COLUMNS: usize = 77;

/// A message as Terraform prints it without colours.
fn as_printed(diagnostic: &Diagnostic) -> String {
    let kind = match diagnostic.severity {
        Severity::Error => "Error",
        Severity::Warning => "Warning",
    };
    let summary = &diagnostic.summary;
    assert!(summary.chars().count() <= 60, "too long: {summary}");
    assert!(
        !summary.ends_with(['.', '!', '?']),
        "no sentence: {summary}"
    );
    let at = match &diagnostic.attribute {
        Some(path) => format!("  at {path}\n\n"),
        None => String::new(),
    };
    let detail = wrapped(&diagnostic.detail);
    format!("{kind}: {summary}\n\n{at}{detail}\n")
}

/// Lines broken at spaces; Terraform leaves those alone that are indented.
fn wrapped(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        if line.starts_with(' ') || line.is_empty() {
            lines.push(line.to_owned());
            continue;
        }
        let mut current = String::new();
        for word in line.split(' ') {
            let length = current.chars().count() + 1 + word.chars().count();
            if !current.is_empty() && length > COLUMNS {
                lines.push(std::mem::take(&mut current));
            } else if !current.is_empty() {
                current.push(' ');
            }
            current.push_str(word);
        }
        lines.push(current);
    }
    lines.join("\n")
}

impl Golden {
    /// Compares a message with its file.
    pub(crate) fn message(&mut self, name: &str, diagnostic: &Diagnostic) {
        self.check(name, &as_printed(diagnostic));
    }
}

const SUBSCRIPTION: &str = "/subscriptions/5a1b2c3d-0000-4000-8000-1234567890ab";

/// The id of a restore point that is copied.
pub(crate) fn source() -> RestorePointId {
    id("rg-web", "web", "monday")
}

/// The id of its copy.
pub(crate) fn target() -> RestorePointId {
    id("rg-dr", "web-dr", "monday")
}

/// An id in the group and collection.
pub(crate) fn id(group: &str, collection: &str, name: &str) -> RestorePointId {
    let id = format!(
        "{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.Compute/restorePointCollections/{collection}/restorePoints/{name}"
    );
    RestorePointId::parse(&id).expect("an id")
}

/// A refusal with the body that Azure sends, and the ids of its headers.
pub(crate) fn refusal(method: Method, path: &str, status: u16, body: &Json) -> Error {
    refusal_until(method, path, status, body, None)
}

/// The same where Azure asks to wait this many seconds.
pub(crate) fn refusal_until(
    method: Method,
    path: &str,
    status: u16,
    body: &Json,
    retry_after: Option<u64>,
) -> Error {
    let status = StatusCode::from_u16(status).expect("a status");
    let body = match body {
        Json::String(text) => text.clone(),
        json => json.to_string(),
    };
    let error = ApiError::from_body(method, path, status, body.as_bytes());
    let retry_after = retry_after.map(std::time::Duration::from_secs);
    Error::Api(Box::new(error.with_headers(ids(), retry_after)))
}

/// ARM's form of an error.
pub(crate) fn error_body(code: &str, message: &str) -> Json {
    json!({"error": {"code": code, "message": message}})
}

/// The body of a refusal for want of a permission.
pub(crate) fn forbidden(action: &str, scope: &str) -> Json {
    error_body(
        "AuthorizationFailed",
        &format!(
            "The client '0c1d2e3f-0000-4000-8000-1234567890ab' with object id '1c1d2e3f-0000-4000-8000-1234567890ab' \
             does not have authorization to perform action '{action}' over scope '{scope}' or the scope is invalid. \
             If access was recently granted, please refresh your credentials."
        ),
    )
}

/// An accepted operation that failed with this error.
pub(crate) fn operation_failure(code: &str, message: &str) -> Error {
    let body = json!({"error": {"code": code, "message": message}});
    Error::OperationFailed(Box::new(OperationFailure::from_status(
        "Failed",
        &body,
        ids(),
    )))
}

fn ids() -> RequestIds {
    let id = |last: &str| Some(format!("11111111-2222-4333-8444-55555555555{last}"));
    RequestIds {
        request_id: id("1"),
        correlation_request_id: id("2"),
        client_request_id: id("3"),
    }
}
