//! Locks and policies, which the gateway asks before it passes a request on.
//!
//! Assumed: the texts and the layout, which are ARM's in general.

use serde_json::json;

use super::limits;
use crate::exchange::{Answer, Incoming, Payload};
use crate::governance::{Lock, Policy};
use crate::route::{Resource, is_within};
use crate::state::State;

pub(crate) fn check(state: &State, request: &Incoming, resource: &Resource) -> Result<(), Answer> {
    check_locks(state, request)?;
    check_policies(state, request, resource)
}

fn check_locks(state: &State, request: &Incoming) -> Result<(), Answer> {
    let verb = limits::verb(&request.method);
    let locked: Vec<&str> = state
        .locks
        .iter()
        .filter(|(scope, lock)| {
            is_within(&request.path, scope)
                && match lock {
                    Lock::CanNotDelete => verb == "delete",
                    Lock::ReadOnly => verb != "read",
                }
        })
        .map(|(scope, _)| scope.as_str())
        .collect();
    if locked.is_empty() {
        return Ok(());
    }
    let scopes = locked.join(",");
    Err(Answer::gateway_error(
        409,
        "ScopeLocked",
        &format!(
            "The scope '{}' cannot perform {verb} operation because following scope(s) are locked: '{scopes}'. Please remove the lock and try again.",
            request.path
        ),
    ))
}

fn check_policies(state: &State, request: &Incoming, resource: &Resource) -> Result<(), Answer> {
    if limits::verb(&request.method) != "write" {
        return Ok(());
    }
    let kind = match resource {
        Resource::Collection(_) => "Microsoft.Compute/restorePointCollections",
        Resource::RestorePoint(_) => "Microsoft.Compute/restorePointCollections/restorePoints",
        _ => return Ok(()),
    };
    let violated = state
        .policies
        .iter()
        .find(|policy| is_within(&request.path, &policy.scope) && policy.denies(kind));
    violated.map_or(Ok(()), |policy| Err(disallowed(request, policy)))
}

/// The names stand twice: in the text, as JSON in a string, and in `additionalInfo`.
fn disallowed(request: &Incoming, policy: &Policy) -> Answer {
    let resource = request.path.rsplit('/').next().unwrap_or_default();
    let assignment_id = policy.assignment_id();
    let definition_id = policy.definition_id();
    let identifiers = json!([{
        "policyAssignment": { "name": policy.assignment, "id": assignment_id },
        "policyDefinition": { "name": policy.definition, "id": definition_id },
    }]);
    let body = json!({ "error": {
        "code": "RequestDisallowedByPolicy",
        "target": resource,
        "message": format!(
            "Resource '{resource}' was disallowed by policy. Policy identifiers: '{identifiers}'."
        ),
        "additionalInfo": [{
            "type": "PolicyViolation",
            "info": {
                "policyDefinitionDisplayName": policy.definition,
                "policyDefinitionId": definition_id,
                "policyDefinitionName": last_segment(&definition_id),
                "policyDefinitionEffect": "deny",
                "policyAssignmentDisplayName": policy.assignment,
                "policyAssignmentId": assignment_id,
                "policyAssignmentName": last_segment(&assignment_id),
                "policyAssignmentScope": policy.scope,
                "policyAssignmentParameters": {},
                "policyExemptionIds": [],
            },
        }],
    }});
    let mut answer = Answer::gateway_error(403, "RequestDisallowedByPolicy", "");
    answer.payload = Payload::Json(body);
    answer
}

fn last_segment(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or_default()
}
