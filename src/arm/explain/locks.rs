//! Locks on resources, groups and subscriptions.

use reqwest::Method;

use super::{quoted_after, segment};
use crate::arm::error::ApiError;

/// What to do about a lock. Azure names its scope, and not the lock itself.
pub(super) fn locked(error: &ApiError) -> String {
    let scope = quoted_after(&error.message, "scope(s) are locked:");
    let place = scope.map_or_else(String::new, |scope| format!(" on {scope}"));
    let list = list_command(scope.unwrap_or(&error.path));
    if error.method == Method::DELETE || error.message.contains("perform delete") {
        format!(
            "A lock{place} forbids deletion. Remove it for the time of the deletion, or keep what it protects. To see \
             it:\n\n  {list}"
        )
    } else {
        format!(
            "A read-only lock{place} forbids changes. Remove it, or use a resource group that has none. A lock of the \
             kind CanNotDelete does not stop a copy. To see it:\n\n  {list}"
        )
    }
}

fn list_command(scope: &str) -> String {
    let mut command = "az lock list".to_owned();
    if let Some(group) = segment(scope, "resourceGroups") {
        command.extend([" --resource-group ", group]);
    }
    if let Some(subscription) = segment(scope, "subscriptions") {
        command.extend([" --subscription ", subscription]);
    }
    command
}
