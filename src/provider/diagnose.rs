//! The one place where an error of Azure Resource Manager becomes words for the user.

pub(crate) use crate::arm::explain::Sides;
use crate::arm::{Error, explain};
use crate::plugin::diagnostics::Diagnostic;

/// An error: what failed, what that means, the cause in Azure's own words, what to do next, and
/// the request's ids.
pub(crate) fn error_after(summary: &str, before: &str, error: &Error) -> Diagnostic {
    Diagnostic::error(summary, format!("{before}\n\n{}", detail(error)))
}

/// The same about a copy, where it matters which of its two sides is at fault.
pub(crate) fn copy_error_after(
    summary: &str,
    before: &str,
    error: &Error,
    sides: Sides<'_>,
) -> Diagnostic {
    let detail = paragraphs(error, Some(sides));
    Diagnostic::error(summary, format!("{before}\n\n{detail}"))
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
    paragraphs(error, None)
}

fn paragraphs(error: &Error, sides: Option<Sides<'_>>) -> String {
    let parts = [
        sentence(&error.answer()),
        explain::next_step(error, sides),
        for_support(error),
    ];
    let said: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    said.join("\n\n")
}

/// What Azure's support needs to find the request: what was asked, and the ids, one a line.
fn for_support(error: &Error) -> String {
    let Some(ids) = error.request_ids() else {
        return String::new();
    };
    let line = |name: &str, id: &Option<String>| id.as_ref().map(|id| format!("{name}: {id}"));
    [
        error.request(),
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
