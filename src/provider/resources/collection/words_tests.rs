//! Every message about a collection, as the user sees it.

use reqwest::Method;
use serde_json::{Value as Json, json};

use super::super::model;
use super::*;
use crate::provider::golden::{Golden, error_body, refusal, refusal_until, source, target};
use crate::provider::resources::{already_exists, lost_answer};

fn busy(method: Method, id: &RestorePointCollectionId) -> Error {
    let body = error_body("ServerBusy", "The server is busy. Please try again later.");
    refusal(method, &id.path(), 503, &body)
}

#[test]
fn everything_about_a_collection() {
    let mut golden = Golden::folder("collection");
    let id = target().collection().clone();
    let inside = ["monday".to_owned(), "tuesday".to_owned()];
    for (name, reason) in [
        ("destroy", DeleteReason::Destroy),
        ("replacement", DeleteReason::Replacement),
        ("taint", DeleteReason::TaintReplacement),
    ] {
        golden.message(
            &format!("not_empty_in_a_{name}"),
            &not_empty(&id, &inside, reason),
        );
    }
    golden.message(
        "not_empty_with_one_point",
        &not_empty(&id, &inside[..1], DeleteReason::Destroy),
    );
    let state = Value::object([("id", id.to_string().into())]);
    golden.message(
        "replaced_under_its_own_id",
        &replaced_under_its_own_id(&state),
    );
    golden.message(
        "destroyed_with_contents",
        &destroyed_with_contents(&id, &inside),
    );
    let source = source();
    let source = source.collection();
    golden.message("same_region", &same_region(source, "eastus"));
    golden.message("source_is_of_copies", &source_is_of_copies(source));
    let missing = error_body("ResourceNotFound", "It was not found.");
    let missing = refusal(Method::GET, &source.path(), 404, &missing);
    golden.message("source_missing", &source_missing(source, &missing));
    golden.message("too_many_tags", &too_many_tags(53));
    golden.message("kept", &kept(&id));
    golden.message("cannot_look", &cannot_look(&id, &busy(Method::GET, &id)));
    golden.message("cannot_read", &cannot_read(&id, &busy(Method::GET, &id)));
    golden.message("cannot_tag", &cannot_tag(&id, &busy(Method::PATCH, &id)));
    let wrong = RestorePointCollectionId::parse_strict("/subscriptions/s/resourceGroups/rg-dr");
    golden.message(
        "cannot_import",
        &cannot_import(&wrong.expect_err("a wrong id")),
    );
    golden.message(
        "already_exists",
        &already_exists("azrestorepoint_collection", &id.to_string()),
    );
    let what = "restore point collection";
    golden.message("lost_answer", &lost_answer(what, &busy(Method::PUT, &id)));
    golden.message(
        "lost_answer_after_stop",
        &lost_answer(what, &Error::Stopped),
    );
    golden.message("missing_subscription", &model::missing("subscription_id"));
    let machine =
        format!("{id}").replace("restorePointCollections/web-dr", "virtualMachines/web-1");
    for (name, source) in [
        ("source_is_a_machine", machine.as_str()),
        ("source_is_unknown", ""),
    ] {
        let refusal = model::refuse_foreign_source(&id, source, model::TAKE_ANOTHER);
        golden.message(name, &refusal.expect("a refusal"));
    }
    let deadline = Error::DeadlinePassed { last_cause: None };
    golden.message(
        "not_deleted_in_time",
        &diagnose::not_deleted(what, &id.to_string(), &deadline),
    );
}

/// Azure's own bodies, as published or recorded, in the place where they hit a collection.
#[test]
fn everything_for_which_azure_refuses_a_collection() {
    let mut golden = Golden::folder("collection_refused");
    let id = target().collection().clone();
    let path = id.path();
    let group = &path[..path.find("/providers").expect("a provider")];
    let subscription = &path[..path.find("/resourceGroups").expect("a group")];
    let mut told = |name: &str, status: u16, body: Json| {
        golden.message(
            name,
            &refused(&id, &refusal(Method::PUT, &path, status, &body)),
        );
    };
    let location = |listed: &[&str]| {
        json!({"evaluatedExpressions": [
            {"result": "True", "expressionKind": "Field", "expression": "type", "path": "type",
             "expressionValue": "Microsoft.Compute/restorePointCollections", "targetValue": "Microsoft.AzureActiveDirectory/b2cDirectories", "operator": "NotEquals"},
            {"result": "True", "expressionKind": "Field", "expression": "location", "path": "location",
             "expressionValue": "westus2", "targetValue": listed, "operator": "NotIn"}
        ]})
    };
    told(
        "location_by_policy",
        403,
        json!({"error": {
            "code": "RequestDisallowedByPolicy",
            "target": "web-dr",
            "message": "Resource 'web-dr' was disallowed by policy. Policy identifiers: '[{\"policyAssignment\":{\"name\":\"Allowed locations\"}}]'.",
            "additionalInfo": [{"type": "PolicyViolation", "info": {
                "evaluationDetails": location(&["northeurope", "westeurope"]),
                "policyDefinitionName": "e56962a6-4747-49cd-b67b-bf8b01975c4c",
                "policyDefinitionDisplayName": "Allowed locations",
                "policyDefinitionEffect": "deny",
                "policyAssignmentName": "europe",
                "policyAssignmentDisplayName": "Europe only",
                "policyAssignmentScope": "/providers/Microsoft.Management/managementGroups/production"
            }}]
        }}),
    );
    told(
        "tag_by_policy_in_older_words",
        403,
        error_body(
            "RequestDisallowedByPolicy",
            "Resource 'web-dr' was disallowed by policy. Policy identifiers: \
             '[{\"policyAssignment\":{\"name\":\"Tags\",\"id\":\"/x\"},\"policyDefinition\":{\"name\":\"Require a tag on \
             resources\",\"id\":\"/y\"}}]'.",
        ),
    );
    told(
        "location_by_azure",
        400,
        error_body(
            "LocationNotAvailableForResourceType",
            "The provided location 'westus9' is not available for resource type \
             'Microsoft.Compute/restorePointCollections'. List of available regions for the resource type is \
             'eastus,eastus2,westus,westus2'.",
        ),
    );
    told(
        "location_by_subscription",
        403,
        error_body(
            "RequestDisallowedByAzure",
            "Resource 'web-dr' was disallowed by Azure: This policy maintains a set of best available regions where \
             your subscription can deploy resources.",
        ),
    );
    told(
        "name_in_another_location",
        409,
        error_body(
            "InvalidResourceLocation",
            "The resource 'web-dr' already exists in location 'eastus' in resource group 'rg-dr'. A resource with the \
             same name cannot be created in location 'westus2'. Please select a new resource name.",
        ),
    );
    told(
        "resource_group",
        404,
        error_body(
            "ResourceGroupNotFound",
            "Resource group 'rg-dr' could not be found.",
        ),
    );
    told(
        "resource_group_going",
        409,
        error_body(
            "ResourceGroupBeingDeleted",
            "The resource group 'rg-dr' is in deprovisioning state and cannot perform this operation.",
        ),
    );
    told(
        "subscription",
        404,
        error_body(
            "SubscriptionNotFound",
            "The subscription '5a1b2c3d-0000-4000-8000-1234567890ab' could not be found.",
        ),
    );
    told(
        "not_registered",
        409,
        error_body(
            "MissingSubscriptionRegistration",
            "The subscription is not registered to use namespace 'Microsoft.Compute'. See \
             https://aka.ms/rps-not-found for how to register subscriptions.",
        ),
    );
    told(
        "lock",
        409,
        error_body(
            "ScopeLocked",
            &format!(
                "The scope '{path}' cannot perform write operation because following scope(s) are locked: \
                 '{subscription}'. Please remove the lock and try again."
            ),
        ),
    );
    told(
        "permission",
        403,
        error_body(
            "AuthorizationFailed",
            &format!(
                "The client 'c' with object id 'o' does not have authorization to perform action \
                 'Microsoft.Compute/restorePointCollections/write' over scope '{path}' or the scope is invalid. If \
                 access was recently granted, please refresh your credentials."
            ),
        ),
    );
    told(
        "deny_assignment",
        403,
        error_body(
            "DenyAssignmentAuthorizationFailed",
            &format!(
                "The client 'c' with object id 'o' has permission to perform action \
                 'Microsoft.Compute/restorePointCollections/write' on scope '{path}'; however, the access is denied \
                 because of the deny assignment with name 'Managed by landing zone' and Id 'i' at scope '{group}'."
            ),
        ),
    );
    told(
        "quota",
        409,
        error_body(
            "OperationNotAllowed",
            "The number of restore point collections in the subscription and region cannot exceed 10000.",
        ),
    );
    told(
        "api_version",
        400,
        error_body(
            "NoRegisteredProviderFound",
            "No registered resource provider found for location 'westus2' and API version '2025-04-01' for type \
             'restorePointCollections'.",
        ),
    );
    let body = error_body("TooManyRequests", "Slow down.");
    let beyond = Error::RetryAfterTooLong {
        retry_after: std::time::Duration::from_secs(2400),
        remaining: std::time::Duration::from_secs(1500),
        cause: Box::new(refusal_until(Method::PUT, &path, 429, &body, Some(2400))),
    };
    golden.message("throttled_beyond_the_timeout", &refused(&id, &beyond));
    golden.message("stopped", &refused(&id, &Error::Stopped));
}
