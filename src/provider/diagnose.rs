//! The one place where an error of Azure Resource Manager becomes words for the user.

use crate::arm::error::RequestIds;
use crate::arm::{Error, explain};
use crate::plugin::diagnostics::Diagnostic;

/// An error: what failed, what that means, the cause in Azure's own words, what to do next, and
/// the request's ids.
pub(crate) fn error_after(summary: &str, before: &str, error: &Error) -> Diagnostic {
    Diagnostic::error(summary, format!("{before}\n\n{}", detail(error)))
}

/// The same as a warning.
pub(crate) fn warning_after(summary: &str, before: &str, error: &Error) -> Diagnostic {
    Diagnostic::warning(summary, format!("{before}\n\n{}", detail(error)))
}

/// A deletion that did not come to its end: what is known, and how to go on.
pub(crate) fn not_deleted(what: &str, id: &str, error: &Error) -> Diagnostic {
    let next = match error {
        Error::Stopped => {
            "If Azure had taken the deletion already, it goes on there. Run the same command again: what is gone by \
             then is dropped from the state."
        }
        _ if error.is_deadline() => {
            "If Azure had taken the deletion already, it goes on there. Run the same command again; to wait longer, \
             raise timeouts { delete = \"...\" }."
        }
        _ => "Run the same command again once this is solved.",
    };
    let summary = format!("Cannot delete the {what}");
    let before = format!("The {what} {id} is kept in the state. {next}");
    error_after(&summary, &before, error)
}

/// Cause, next step and request ids.
pub(crate) fn detail(error: &Error) -> String {
    let mut paragraphs = vec![sentence(&error.to_string())];
    let next_step = explain::next_step(error);
    if !next_step.is_empty() {
        paragraphs.push(next_step);
    }
    paragraphs.extend(
        error
            .request_ids()
            .map(request_ids)
            .filter(|ids| !ids.is_empty()),
    );
    paragraphs.join("\n\n")
}

/// What Azure's support needs to find the request, one id a line.
fn request_ids(ids: &RequestIds) -> String {
    let line = |name: &str, id: &Option<String>| id.as_ref().map(|id| format!("{name}: {id}"));
    [
        line("x-ms-request-id", &ids.request_id),
        line("x-ms-correlation-request-id", &ids.correlation_request_id),
        line("x-ms-client-request-id", &ids.client_request_id),
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>()
    .join("\n")
}

/// The text with a capital and a full stop.
pub(crate) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let mut sentence: String = chars
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(chars)
        .collect();
    if !sentence.ends_with(['.', '!', '?', '"']) {
        sentence.push('.');
    }
    sentence
}
