//! Says what to do about an error, in Azure's terms.

mod authorization;
mod codes;
mod locks;
mod policy;
mod reaching;
mod sides;
mod source;
mod throttling;

use crate::arm::error::{ApiError, Error, time_of_day};

pub use sides::Sides;
pub use source::{Source, source};
pub use throttling::next_try;

/// What to do next about an error, in a few sentences; empty if Azure's own words are all that
/// is known. With both `sides` of a copy it also tells which of them is meant.
pub fn next_step(error: &Error, sides: Option<Sides<'_>>) -> String {
    match error {
        Error::Api(error) => api(error, sides),
        Error::OperationFailed(failure) => {
            codes::compute(&failure.code, &failure.message).to_owned()
        }
        Error::SignIn(error) => reaching::sign_in(error),
        Error::Connection(error) => reaching::connection(error.kind, &error.host),
        Error::UnreadableAnswer(_) => {
            "Something between here and Azure Resource Manager, such as a proxy, may cut or \
             replace its answers. Give Azure support the request id."
                .to_owned()
        }
        Error::ForeignUrl { .. } => {
            "Tokens are sent to Azure Resource Manager only. If it has moved, set \
             resource_manager_endpoint."
                .to_owned()
        }
        Error::RetryAfterTooLong {
            retry_after, cause, ..
        } => {
            let next = match error.next_try() {
                Some(at) => format!(
                    "The next try can be made at {}.",
                    time_of_day(at, *retry_after)
                ),
                None => String::new(),
            };
            let why = match &**cause {
                Error::Api(error) if error.status.as_u16() == 429 => {
                    throttling::reason(error).to_owned()
                }
                cause => next_step(cause, sides),
            };
            joined(&why, &next)
        }
        Error::DeadlinePassed {
            last_cause: Some(cause),
        } => next_step(cause, sides),
        Error::DeadlinePassed { last_cause: None } | Error::Stopped => String::new(),
    }
}

/// Whether Azure has refused because of the encryption that was asked for.
pub fn is_of_encryption(error: &Error) -> bool {
    match error {
        Error::Api(error) => codes::is_of_encryption(&error.code, &error.message),
        Error::OperationFailed(failure) => codes::is_of_encryption(&failure.code, &failure.message),
        _ => false,
    }
}

fn api(error: &ApiError, sides: Option<Sides<'_>>) -> String {
    // Throttling comes under codes that mean other things elsewhere.
    if error.status.as_u16() == 429 {
        return joined(throttling::reason(error), "Start fewer at a time.");
    }
    // Then codes: a status such as 404 or 409 has many meanings.
    match error.code.to_ascii_lowercase().as_str() {
        "authorizationfailed"
        | "linkedauthorizationfailed"
        | "denyassignmentauthorizationfailed" => {
            return authorization::missing(error, sides);
        }
        "requestdisallowedbypolicy" => return policy::violated(error),
        "scopelocked" => return locks::locked(error),
        "missingsubscriptionregistration" | "subscriptionnotregistered" => {
            return codes::not_registered(error);
        }
        _ => {}
    }
    let by_code = codes::resource_manager(&error.code);
    if !by_code.is_empty() {
        return by_code.to_owned();
    }
    let by_text = codes::compute(&error.code, &error.message);
    if !by_text.is_empty() {
        return by_text.to_owned();
    }
    match error.status.as_u16() {
        300..=399 => {
            "The answer is a redirect, and tokens are not sent to other places. Check \
             resource_manager_endpoint."
        }
        401 => {
            "Azure Resource Manager does not accept the token. Check that tenant_id is the tenant \
             of the subscription, and that environment is its cloud."
        }
        403 => {
            "The signed-in identity may not do this. Give it a role with the missing permission; a \
             new role assignment takes some minutes to arrive everywhere."
        }
        404 if error.code.is_empty() => {
            "This 404 does not come from Azure Resource Manager itself. Check \
             resource_manager_endpoint and any proxy."
        }
        408 | 500 | 502 | 503 | 504 if error.code.is_empty() => {
            "Azure, or something between here and Azure such as a proxy, had trouble of its own, and \
             asking again did not help in time. See https://azure.status.microsoft."
        }
        408 | 500 | 502 | 503 | 504 => {
            "Azure had trouble of its own, and asking again did not help in time. See \
             https://azure.status.microsoft."
        }
        _ => "",
    }
    .to_owned()
}

/// The text with a capital and a full stop.
pub fn sentence(text: &str) -> String {
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

/// What stands in quotation marks behind these words of a message.
fn quoted_after<'a>(message: &'a str, words: &str) -> Option<&'a str> {
    let after = message.split_once(words)?.1.trim_start();
    let text = after.strip_prefix('\'')?.split_once('\'')?.0;
    (!text.is_empty()).then_some(text)
}

/// The name behind a segment of a resource id, such as the group behind `resourceGroups`.
fn segment<'a>(id: &'a str, kind: &str) -> Option<&'a str> {
    let mut segments = id.split('/');
    segments.find(|segment| segment.eq_ignore_ascii_case(kind))?;
    segments.next().filter(|name| !name.is_empty())
}

fn joined(one: &str, other: &str) -> String {
    match (one.is_empty(), other.is_empty()) {
        (true, _) => other.to_owned(),
        (_, true) => one.to_owned(),
        _ => format!("{one} {other}"),
    }
}

#[cfg(test)]
mod tests;
