//! Whether the signed-in identity may do what it asks for.
//!
//! Assumed: the texts, which are ARM's in general; that this comes before any look at what
//! exists; and that the source of a collection or copy is what ARM calls a linked scope.

use serde_json::Value;

use super::limits;
use crate::exchange::{Answer, Incoming};
use crate::route::Resource;
use crate::settings::OBJECT_ID;
use crate::state::State;

const COLLECTION: &str = "Microsoft.Compute/restorePointCollections";
const POINT: &str = "Microsoft.Compute/restorePointCollections/restorePoints";

pub(crate) fn check(state: &State, request: &Incoming, resource: &Resource) -> Result<(), Answer> {
    let verb = match resource {
        Resource::BeginGetAccess(_) => "beginGetAccess/action",
        Resource::EndGetAccess(_) => "endGetAccess/action",
        _ => limits::verb(&request.method),
    };
    let kind = match resource {
        Resource::Group(_) => "Microsoft.Resources/subscriptions/resourceGroups",
        Resource::AllCollections | Resource::Collections { .. } | Resource::Collection(_) => {
            COLLECTION
        }
        Resource::RestorePoint(_) => POINT,
        Resource::DiskRestorePoints(_)
        | Resource::DiskRestorePoint(..)
        | Resource::BeginGetAccess(_)
        | Resource::EndGetAccess(_) => {
            "Microsoft.Compute/restorePointCollections/restorePoints/diskRestorePoints"
        }
        Resource::Operation(operation) if operation.segment == "DiskOperations" => {
            "Microsoft.Compute/locations/diskOperations"
        }
        Resource::Operation(_) => "Microsoft.Compute/locations/operations",
    };
    let action = format!("{kind}/{verb}");
    if !allowed(state, &action, &request.path) {
        return Err(Answer::gateway_error(
            403,
            "AuthorizationFailed",
            &format!(
                "{} does not have authorization to perform action '{action}' over scope '{}' or the scope is invalid. If access was recently granted, please refresh your credentials.",
                client(state),
                request.path
            ),
        ));
    }
    check_links(state, request, &action, resource)
}

fn check_links(
    state: &State,
    request: &Incoming,
    action: &str,
    resource: &Resource,
) -> Result<(), Answer> {
    // A body that is no JSON is refused elsewhere.
    let body = request.json().unwrap_or_default();
    for (linked_action, scope) in links(request, resource, &body["properties"]) {
        if allowed(state, &linked_action, scope) {
            continue;
        }
        return Err(Answer::gateway_error(
            403,
            "LinkedAuthorizationFailed",
            &format!(
                "{} has permission to perform action '{action}' on scope '{}'; however, it does not have permission to perform action(s) '{linked_action}' on the linked scope(s) '{scope}' (respectively) or the linked scope(s) are invalid.",
                client(state),
                request.path
            ),
        ));
    }
    Ok(())
}

/// What a PUT reads besides its own resource.
fn links<'a>(
    request: &Incoming,
    resource: &Resource,
    properties: &'a Value,
) -> Vec<(String, &'a str)> {
    let read = |kind: &str| format!("{kind}/read");
    match (request.method.as_str(), resource) {
        ("PUT", Resource::Collection(_)) => {
            let source = properties["source"]["id"].as_str();
            source
                .map(|id| (read(COLLECTION), id))
                .into_iter()
                .collect()
        }
        ("PUT", Resource::RestorePoint(_)) => {
            let Some(point) = properties["sourceRestorePoint"]["id"].as_str() else {
                return Vec::new();
            };
            let collection = point.rsplitn(3, '/').nth(2).unwrap_or(point);
            vec![(read(COLLECTION), collection), (read(POINT), point)]
        }
        _ => Vec::new(),
    }
}

fn allowed(state: &State, action: &str, path: &str) -> bool {
    let roles = &state.settings.roles;
    roles.iter().any(|role| role.allows(action, path))
}

fn client(state: &State) -> String {
    format!(
        "The client '{}' with object id '{OBJECT_ID}'",
        state.settings.client_id
    )
}
