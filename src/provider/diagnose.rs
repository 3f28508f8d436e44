//! The one place where an error of Azure Resource Manager becomes words for the user.
//!
//! A message begins with what failed and what that means. Then come Azure's own words, what to do
//! about them, how to go on, and at the end what Azure's support needs.

use crate::arm::{Error, explain};
use crate::plugin::diagnostics::Diagnostic;

pub(crate) use crate::arm::explain::{Sides, Source, is_of_encryption, sentence, source};

/// How to go on once the cause is out of the way.
pub(crate) const ONCE_SOLVED: &str = "Run terraform apply again once this is solved.";

/// How to go on after an apply that did not come to its end: nothing is wrong after a stop.
pub(crate) fn apply_again(error: &Error) -> &'static str {
    match error {
        Error::Stopped => "Run terraform apply again.",
        _ => ONCE_SOLVED,
    }
}

/// An error without more to say than Azure's words and what they ask for.
pub(crate) fn error_after(summary: &str, before: &str, error: &Error) -> Diagnostic {
    Diagnostic::error(summary, around(before, error, ""))
}

/// The same as a warning.
pub(crate) fn warning_after(summary: &str, before: &str, error: &Error) -> Diagnostic {
    Diagnostic::warning(summary, around(before, error, ""))
}

/// A deletion that did not come to its end: what is known, and how to go on.
pub(crate) fn not_deleted(what: &str, id: &str, error: &Error) -> Diagnostic {
    let summary = match error {
        Error::Stopped => format!("Stopped while deleting the {what}"),
        _ => format!("Cannot delete the {what}"),
    };
    let before = format!("The {what} {id} is kept in the state.");
    let maybe = "If Azure had taken the deletion already, it goes on there. Run the same command again: what is gone by \
                 then is dropped from the state.";
    let after = match error {
        Error::Stopped => maybe.to_owned(),
        _ if error.is_deadline() => {
            format!("{maybe} To wait longer, raise timeouts {{ delete = \"...\" }}.")
        }
        _ => "Run the same command again once this is solved.".to_owned(),
    };
    Diagnostic::error(summary, around(&before, error, &after))
}

/// Whether anything is known about an error beyond Azure's own words.
pub(crate) fn is_explained(error: &Error) -> bool {
    !explain::next_step(error, None).is_empty()
}

/// The text of a message about an error: what stands before and after Azure's words and what
/// they ask for. Both may be empty.
pub(crate) fn around(before: &str, error: &Error, after: &str) -> String {
    text(before, error, None, after)
}

/// The same about a copy, where it matters which of its two sides is at fault.
pub(crate) fn around_copy(before: &str, error: &Error, sides: Sides<'_>, after: &str) -> String {
    text(before, error, Some(sides), after)
}

fn text(before: &str, error: &Error, sides: Option<Sides<'_>>, after: &str) -> String {
    let parts = [
        before.to_owned(),
        words(error),
        explain::next_step(error, sides),
        after.to_owned(),
        for_support(error),
    ];
    let said: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    said.join("\n\n")
}

/// Azure's own words. That there was a stop is said by the summary, and known to whoever asked for it.
fn words(error: &Error) -> String {
    match error {
        Error::Stopped => String::new(),
        error => sentence(&error.answer()),
    }
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
