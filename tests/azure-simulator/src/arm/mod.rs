//! Azure Resource Manager: the checks that every request passes, and the way to its resource.

pub(crate) mod authorization;
pub(crate) mod collection;
pub(crate) mod collections;
pub(crate) mod copies;
pub(crate) mod copy_request;
pub(crate) mod copy_rules;
pub(crate) mod disk_access;
pub(crate) mod disk_restore_points;
pub(crate) mod fields;
pub(crate) mod governance;
pub(crate) mod limits;
pub(crate) mod operations;
pub(crate) mod paging;
pub(crate) mod resource_groups;
pub(crate) mod restore_point;
pub(crate) mod restore_points;

use self::limits::Bill;
use crate::entra::BearerError;
use crate::exchange::{Answer, Incoming, Sender};
use crate::route::{Resource, Route};
use crate::state::State;

/// The versions of the restore point API that know copies, as Azure's specification lists them.
const COMPUTE_VERSIONS: &[&str] = &[
    "2022-03-01",
    "2022-08-01",
    "2022-11-01",
    "2023-03-01",
    "2023-07-01",
    "2023-09-01",
    "2024-03-01",
    "2024-07-01",
    "2024-11-01",
    "2025-04-01",
    "2025-11-01",
    "2026-03-01",
    "2026-04-01",
];

/// Disk restore points have versions of their own.
const DISK_VERSIONS: &[&str] = &[
    "2022-03-02",
    "2022-07-02",
    "2023-01-02",
    "2023-04-02",
    "2023-10-02",
    "2024-03-02",
    "2025-01-02",
    "2026-03-02",
];

/// Assumed: a selection of the versions that resource groups have had.
const RESOURCE_GROUP_VERSIONS: &[&str] = &[
    "2020-06-01",
    "2020-10-01",
    "2021-01-01",
    "2021-04-01",
    "2022-09-01",
    "2023-07-01",
    "2024-03-01",
    "2024-07-01",
    "2024-11-01",
    "2025-03-01",
    "2025-04-01",
];

/// The budgets that recorded answers were charged to. Their names change with the years; these
/// are the newest recorded ones, and the remaining number is that of a fresh budget.
pub(crate) mod budget {
    use crate::exchange::Sender;

    pub(crate) const PUT_COLLECTION: Sender = Sender::Compute(
        "Microsoft.Compute/PutRestorePointCollectionResource;14,Microsoft.Compute/PutRestorePointCollectionSubscriptionMaximum;149",
    );
    pub(crate) const PUT_RESTORE_POINT: Sender = Sender::Compute(
        "Microsoft.Compute/PutRestorePointResource;5,Microsoft.Compute/PutRestorePointSubscriptionMaximum;149",
    );
    pub(crate) const GET_RESTORE_POINT: Sender =
        Sender::Compute("Microsoft.Compute/LowCostGetRestorePointSubscriptionMaximum;599");
    pub(crate) const GET_OPERATION: Sender = Sender::Compute(
        "Microsoft.Compute/GetOperationResource;59,Microsoft.Compute/GetOperationSubscriptionMaximum;14999",
    );
    /// Assumed: nothing is known of a limit on access to disks.
    pub(crate) const ACCESS: Sender = Sender::Compute("");
    pub(crate) const DELETE: Sender = Sender::Compute(
        "Microsoft.Compute/DeleteRestorePoints3Min;349,Microsoft.Compute/DeleteRestorePoints30Min;999",
    );
}

/// Answers a request to Azure Resource Manager.
pub(crate) fn answer(state: &mut State, request: &Incoming) -> Answer {
    state.settle();
    let mut bill = Bill::default();
    let mut answer = route(state, request, &mut bill).unwrap_or_else(|refusal| refusal);
    bill.show_on(&mut answer);
    answer
}

/// Refusals are answers like any other, and come back as `Err` so that `?` can end a handler.
pub(crate) type Answered = Result<Answer, Answer>;

fn route(state: &mut State, request: &Incoming, bill: &mut Bill) -> Answered {
    authenticate(state, request)?;
    limits::charge_gateway(state, request, bill)?;
    let Some(route) = Route::parse(&request.path) else {
        return Err(Answer::unexpected(
            404,
            "InvalidResourceType",
            &format!("The simulator does not know the path '{}'.", request.path),
        ));
    };
    let subscription = &route.subscription;
    if !state.has_subscription(subscription) {
        return Err(Answer::gateway_error(
            404,
            "SubscriptionNotFound",
            &format!("The subscription '{subscription}' could not be found."),
        ));
    }
    check_api_version(request, &route.resource)?;
    authorization::check(state, request, &route.resource)?;
    governance::check(state, request, &route.resource)?;
    limits::charge_compute(state, request, &route.resource, bill)?;
    match (request.method.as_str(), route.resource) {
        ("GET", Resource::Group(name)) => resource_groups::get(state, request, subscription, &name),
        ("PUT", Resource::Group(name)) => resource_groups::put(state, request, subscription, &name),
        ("GET", Resource::AllCollections) => collections::list_all(state, request, subscription),
        ("GET", Resource::Collections { group }) => {
            collections::list(state, request, subscription, &group)
        }
        ("GET", Resource::Collection(id)) => collections::get(state, request, &id),
        ("PUT", Resource::Collection(id)) => collections::put(state, request, &id),
        ("PATCH", Resource::Collection(id)) => collections::patch(state, request, &id),
        ("DELETE", Resource::Collection(id)) => collections::delete(state, request, &id),
        ("GET", Resource::RestorePoint(id)) => restore_points::get(state, request, &id),
        ("PUT", Resource::RestorePoint(id)) => copies::put(state, request, &id),
        ("DELETE", Resource::RestorePoint(id)) => restore_points::delete(state, request, &id),
        ("GET", Resource::DiskRestorePoints(id)) => disk_restore_points::list(state, request, &id),
        ("GET", Resource::DiskRestorePoint(id, disk)) => {
            disk_restore_points::get(state, request, &id, &disk)
        }
        ("POST", Resource::BeginGetAccess(id)) => disk_access::begin(state, request, &id),
        ("POST", Resource::EndGetAccess(id)) => disk_access::end(state, request, &id),
        ("GET", Resource::Operation(operation)) => operations::get(state, request, &operation),
        (method, _) => Err(Answer::unexpected(
            400,
            "HttpMethodNotSupported",
            &format!(
                "The simulator does not know {method} on '{}'.",
                request.path
            ),
        )),
    }
}

/// Assumed: the texts, which are ARM's in general and not recorded with restore points.
fn authenticate(state: &State, request: &Incoming) -> Result<(), Answer> {
    let (code, message) = match state.tokens.check(request, &state.settings.tenant_id) {
        Ok(()) => return Ok(()),
        Err(BearerError::Missing) => (
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing.",
        ),
        Err(BearerError::Unknown) => ("InvalidAuthenticationToken", "The access token is invalid."),
        Err(BearerError::Expired) => (
            "ExpiredAuthenticationToken",
            "The access token has expired.",
        ),
    };
    let challenge = format!(
        "Bearer authorization_uri=\"https://{}/{}\", error=\"invalid_token\", error_description=\"{message}\"",
        request.authority, state.settings.tenant_id
    );
    Err(Answer::gateway_error(401, code, message).with("WWW-Authenticate", challenge))
}

fn check_api_version(request: &Incoming, resource: &Resource) -> Result<(), Answer> {
    let supported = match resource {
        Resource::Group(_) => RESOURCE_GROUP_VERSIONS,
        Resource::DiskRestorePoints(_)
        | Resource::DiskRestorePoint(..)
        | Resource::BeginGetAccess(_)
        | Resource::EndGetAccess(_) => DISK_VERSIONS,
        // The version of the request that began it.
        Resource::Operation(_) => &[COMPUTE_VERSIONS, DISK_VERSIONS].concat(),
        _ => COMPUTE_VERSIONS,
    };
    let parameters = request.parameters();
    let version = parameters.iter().find(|(name, _)| name == "api-version");
    match version {
        None => Err(Answer::unexpected(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )),
        Some((_, version)) if !supported.contains(&version.as_str()) => Err(Answer::unexpected(
            400,
            "InvalidApiVersionParameter",
            &format!(
                "The api-version '{version}' is invalid. The supported versions are '{}'.",
                supported.join(",")
            ),
        )),
        Some(_) => Ok(()),
    }
}

/// The `$expand` of a GET that may have it; any other parameter is refused.
pub(crate) fn expands(request: &Incoming, allowed: Option<&str>) -> Result<bool, Answer> {
    let mut expands = false;
    for (name, value) in request.parameters() {
        match name.as_str() {
            "api-version" => {}
            "$expand" if Some(value.as_str()) == allowed => expands = true,
            _ => {
                return Err(Answer::unexpected(
                    400,
                    "InvalidQueryParameter",
                    &format!(
                        "The simulator does not know the query parameter '{name}={value}' here."
                    ),
                ));
            }
        }
    }
    Ok(expands)
}

/// The gateway's 404 for a tracked resource.
pub(crate) fn resource_not_found(kind: &str, name: &str, group: &str) -> Answer {
    Answer::gateway_error(
        404,
        "ResourceNotFound",
        &format!(
            "The Resource '{kind}/{name}' under resource group '{group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
        ),
    )
}

/// Compute's 404 for what it keeps itself.
pub(crate) fn entity_not_found(sender: Sender) -> Answer {
    Answer::error(
        404,
        "NotFound",
        "The entity was not found in this Azure location.",
        sender,
    )
}

/// ARM's 404 for a missing group.
///
/// Assumed: the text, which is ARM's in general.
pub(crate) fn group_not_found(group: &str) -> Answer {
    Answer::gateway_error(
        404,
        "ResourceGroupNotFound",
        &format!("Resource group '{group}' could not be found."),
    )
}

/// ARM's 404 for something below a collection that is missing.
///
/// Assumed: the text, which is ARM's in general.
pub(crate) fn parent_not_found(action: &str, parent: &str) -> Answer {
    Answer::gateway_error(
        404,
        "ParentResourceNotFound",
        &format!(
            "Failed to perform '{action}' on resource(s) of type 'restorePointCollections/restorePoints', because the parent resource '{parent}' could not be found."
        ),
    )
}
