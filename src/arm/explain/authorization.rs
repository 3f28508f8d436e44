//! Missing permissions. Azure names action and scope; they are worth repeating as a task.

use super::sides::{Side, Sides};
use super::{joined, quoted_after};
use crate::arm::error::ApiError;

const DELAY: &str = "A new role assignment takes some minutes to arrive everywhere.";

/// What to do about an action that the signed-in identity may not do.
pub(super) fn missing(error: &ApiError, sides: Option<Sides<'_>>) -> String {
    let message = error.message.as_str();
    if let Some(name) = quoted_after(message, "deny assignment with name") {
        return format!(
            "The deny assignment \"{name}\" forbids this, and no role overrules it. Ask whoever manages it."
        );
    }
    if let Some(subscription) = quoted_after(message, "access linked subscription") {
        return format!(
            "The subscription {subscription} belongs to another tenant than the one that is signed in to. Use a \
             source and a target in subscriptions of one tenant."
        );
    }
    // The refusal about a linked resource first names an action that is allowed.
    let action = quoted_after(message, "perform action(s)")
        .or_else(|| quoted_after(message, "perform action"));
    let scope = quoted_after(message, "on the linked scope(s)")
        .or_else(|| quoted_after(message, "over scope"));
    let side = scope.and_then(|scope| sides?.of(scope));
    let which = match side {
        Some(Side::Source) => ", the source of the copy",
        Some(Side::Target) => ", the target of the copy",
        None => "",
    };
    let task = match (action, scope) {
        (Some(action), Some(scope)) => {
            format!(
                "Give the signed-in identity a role with the action {action} at {scope}{which}."
            )
        }
        (Some(action), None) => {
            format!("Give the signed-in identity a role with the action {action}.")
        }
        _ => "Give the signed-in identity a role with the missing action.".to_owned(),
    };
    let all = match side {
        Some(Side::Source) => {
            "A copy needs Microsoft.Compute/restorePointCollections/read and \
             Microsoft.Compute/restorePointCollections/restorePoints/read at its source."
        }
        Some(Side::Target) => {
            "A copy needs Microsoft.Compute/restorePointCollections/read, and restorePoints/read and \
             restorePoints/write below it, at its target."
        }
        None => "",
    };
    joined(&joined(&task, all), DELAY)
}
