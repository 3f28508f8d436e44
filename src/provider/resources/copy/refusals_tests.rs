//! Every reason why a copy is not begun, as the user sees it.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value as Json, json};

use super::super::foreseen::*;
use super::super::guard::Again;
use super::*;
use crate::plugin::value::Value;
use crate::provider::golden::{
    Golden, error_body, forbidden, id, refusal, refusal_until, source, target,
};

fn not_found() -> Error {
    let body = error_body(
        "NotFound",
        "The entity was not found in this Azure location.",
    );
    refusal(Method::GET, &source().path(), 404, &body)
}

fn unreachable() -> Error {
    Error::Connection(Box::new(crate::arm::error::ConnectionError {
        host: "management.azure.com".to_owned(),
        kind: crate::arm::error::ConnectionKind::NotConnected,
        cause: "tcp connect error: Connection refused (os error 111)".to_owned(),
    }))
}

fn not_allowed() -> Error {
    let body = error_body("OperationNotAllowed", "Operation 'Copy' is not allowed.");
    refusal(Method::PUT, &target().path(), 409, &body)
}

/// Every rule that a copy can break, with what Azure says of it, if it was that.
fn every_rule() -> Vec<(&'static str, Rule, Option<Error>)> {
    let collection = target().collection().clone();
    let gone = error_body(
        "ResourceNotFound",
        "The Resource 'Microsoft.Compute/restorePointCollections/web-dr' under resource group 'rg-dr' was not found. \
         For more details please go to https://aka.ms/ARMResourceNotFoundFix",
    );
    let gone = refusal(Method::GET, &collection.path(), 404, &gone);
    let machine = collection
        .path()
        .replace("restorePointCollections/web-dr", "virtualMachines/web-1");
    let origin = id("rg-web", "original", "monday").to_string();
    let other = id("rg-db", "db", "x").collection().to_string();
    let rival = id("rg-dr", "web-dr-2", "monday");
    vec![
        ("source_missing", Rule::SourceMissing, Some(not_found())),
        ("source_is_a_copy", Rule::SourceIsACopy(origin), None),
        ("source_failed", Rule::SourceFailed, None),
        ("target_missing", Rule::TargetMissing, Some(gone)),
        ("not_a_target", Rule::NotATarget(machine), None),
        ("another_source", Rule::AnotherSource(other), None),
        ("same_region", Rule::SameRegion("westus2".to_owned()), None),
        (
            "copied_already",
            Rule::CopiedAlready("nightly-1".to_owned()),
            None,
        ),
        ("copied_elsewhere", Rule::CopiedElsewhere(rival), None),
        (
            "newer_copied",
            Rule::NewerCopied("tuesday".to_owned()),
            None,
        ),
    ]
}

#[test]
fn everything_that_a_plan_foresees() {
    let mut golden = Golden::folder("copy_foreseen");
    let (target, source) = (target(), source());
    for (name, rule, cause) in every_rule() {
        let told = foreseen(&rule, &target, &source, cause.as_ref());
        golden.message(name, &told);
    }
    golden.message("order", &order_is_not_kept(&target));
    golden.message("is_there_already", &is_there_already(&target, true));
    golden.message(
        "is_there_and_not_taken_over",
        &is_there_already(&target, false),
    );
    for (name, told) in [
        ("not_ready", source_not_ready(&target, &source, "Pending")),
        ("confidential_vm", confidential_vm(&target, &source)),
        ("private_link", private_link(&target, &source)),
    ] {
        golden.message(name, &told);
    }
    let others: Vec<String> = (1..=7).map(|day| format!("nightly-{day}")).collect();
    golden.message(
        "none_remains",
        &no_usable_copy_remains(&target, &others[..3]),
    );
    golden.message("last_one", &no_usable_copy_remains(&target, &others[..1]));
    for (name, remaining, again) in [
        ("goes_of_many", &others[..], Again::Accepted),
        ("goes_of_two", &others[..1], Again::SourceGone),
        (
            "goes_of_three",
            &others[..2],
            Again::NewerCopied("tuesday".to_owned()),
        ),
        ("goes_as_the_last", &others[..0], Again::Unknown),
    ] {
        golden.message(name, &usable_copy_goes(&target, remaining, &again));
    }
    golden.message("cannot_count", &cannot_count(&target, &unreachable()));
}

#[test]
fn everything_for_which_a_look_explains_a_refusal() {
    let mut golden = Golden::folder("copy_refused_by_rule");
    let (target, source) = (target(), source());
    for (name, rule, _) in every_rule() {
        golden.message(
            name,
            &refused_by_rule(&rule, &target, &source, &not_allowed()),
        );
    }
}

#[test]
fn everything_that_is_found_before_azure_is_asked() {
    let mut golden = Golden::folder("copy_not_begun");
    let (target, source) = (target(), source());
    for (name, rule, cause) in every_rule() {
        let told = not_begun(&rule, &target, &source, cause.as_ref());
        golden.message(name, &told);
    }
    let collection = target.collection();
    let running = id("rg-dr", "web-dr", "sunday");
    let refused = not_allowed();
    golden.message("busy_with_a_copy", &busy(&target, Some(&running), None));
    golden.message("busy_with_this_apply", &busy(&target, None, None));
    golden.message(
        "busy_after_a_refusal",
        &busy(&target, Some(&running), Some(&refused)),
    );
    let waited = Duration::from_secs(7200);
    let deadline = Error::DeadlinePassed { last_cause: None };
    golden.message(
        "turn_did_not_come",
        &turn_did_not_come(&target, waited, Some(&running), None, &deadline),
    );
    golden.message(
        "turn_did_not_come_after_a_refusal",
        &turn_did_not_come(&target, waited, Some(&running), Some(&refused), &deadline),
    );
    golden.message(
        "turn_stopped_in_the_queue",
        &turn_did_not_come(&target, waited, None, None, &Error::Stopped),
    );
    let left = ["saturday", "sunday"].map(str::to_owned);
    golden.message("leaves_behind", &leaves_behind(&target, &left));
    golden.message("leaves_one_behind", &leaves_behind(&target, &left[..1]));
    golden.message("stopped", &nothing_was_sent(&target, &Error::Stopped));
    golden.message("cannot_compare", &cannot_compare(&target, &unreachable()));
    golden.message("unreachable", &nothing_was_sent(&target, &unreachable()));
    golden.message(
        "deadline",
        &nothing_was_sent(&target, &Error::DeadlinePassed { last_cause: None }),
    );
    for (name, path) in [
        ("looking_for_the_copy", target.path()),
        ("looking_at_the_target", collection.path()),
        ("looking_at_the_source", source.path()),
    ] {
        let action = "Microsoft.Compute/restorePointCollections/read";
        let error = refusal(Method::GET, &path, 403, &forbidden(action, &path));
        golden.message(name, &nothing_was_sent(&target, &error));
    }
}

/// Azure's own bodies, as published or recorded, in the place where they hit a copy.
#[test]
fn everything_for_which_azure_refuses_a_copy() {
    let mut golden = Golden::folder("copy_refused");
    let (target, source) = (target(), source());
    let asked = Encryption::of(&Value::object([(
        "disk_encryption_set_id",
        Value::from("/web"),
    )]));
    let path = target.path();
    let mut told = |name: &str, status: u16, body: Json| {
        let error = refusal(Method::PUT, &path, status, &body);
        golden.message(name, &refused(&target, &source, &asked, &error));
    };
    let group = &path[..path.find("/providers").expect("a provider")];
    let subscription = &path[..path.find("/resourceGroups").expect("a group")];
    told(
        "lock",
        409,
        error_body(
            "ScopeLocked",
            &format!(
                "The scope '{path}' cannot perform write operation because following scope(s) are locked: '{group}'. \
                 Please remove the lock and try again."
            ),
        ),
    );
    told(
        "policy",
        403,
        json!({"error": {
            "code": "RequestDisallowedByPolicy",
            "target": "monday",
            "message": "Resource 'monday' was disallowed by policy. Reasons: 'Copies stay in Europe.'. See error details for policy resource IDs.",
            "additionalInfo": [{"type": "PolicyViolation", "info": {
                "evaluationDetails": {"evaluatedExpressions": [
                    {"result": "True", "expressionKind": "Field", "expression": "type", "path": "type",
                     "expressionValue": "Microsoft.Compute/restorePointCollections/restorePoints",
                     "targetValue": "Microsoft.Compute/restorePointCollections/restorePoints", "operator": "Equals"}
                ]},
                "policyDefinitionId": format!("{subscription}/providers/Microsoft.Authorization/policyDefinitions/no-copies"),
                "policyDefinitionName": "no-copies",
                "policyDefinitionDisplayName": "No copies of restore points",
                "policyDefinitionEffect": "deny",
                "policySetDefinitionDisplayName": "Data residency",
                "policyAssignmentId": format!("{subscription}/providers/Microsoft.Authorization/policyAssignments/residency"),
                "policyAssignmentName": "residency",
                "policyAssignmentDisplayName": "Data residency (production)",
                "policyAssignmentScope": subscription
            }}]
        }}),
    );
    told(
        "permission_on_target",
        403,
        forbidden(
            "Microsoft.Compute/restorePointCollections/restorePoints/write",
            &path,
        ),
    );
    told(
        "permission_on_source",
        403,
        error_body(
            "LinkedAuthorizationFailed",
            &format!(
                "The client '0c1d2e3f-0000-4000-8000-1234567890ab' with object id \
                 '1c1d2e3f-0000-4000-8000-1234567890ab' has permission to perform action \
                 'Microsoft.Compute/restorePointCollections/restorePoints/write' on scope '{path}'; however, it does \
                 not have permission to perform action(s) \
                 'Microsoft.Compute/restorePointCollections/restorePoints/read' on the linked scope(s) '{source}' \
                 (respectively) or the linked scope(s) are invalid."
            ),
        ),
    );
    told(
        "source_in_another_tenant",
        403,
        error_body(
            "LinkedAuthorizationFailed",
            &format!(
                "The client has permission to perform action \
                 'Microsoft.Compute/restorePointCollections/restorePoints/write' on scope '{path}', however the \
                 current tenant '2c1d2e3f-0000-4000-8000-1234567890ab' is not authorized to access linked \
                 subscription '3c1d2e3f-0000-4000-8000-1234567890ab'."
            ),
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
        "subscription_disabled",
        409,
        error_body(
            "ReadOnlyDisabledSubscription",
            "The subscription '5a1b2c3d-0000-4000-8000-1234567890ab' is disabled and therefore marked as read only. \
             You cannot perform any write actions on this subscription until it is re-enabled.",
        ),
    );
    told(
        "source_not_found",
        404,
        error_body(
            "NotFound",
            "The entity was not found in this Azure location.",
        ),
    );
    told(
        "private_link",
        409,
        error_body(
            "OperationNotAllowed",
            "Copying a restore point of disks that use a disk access (private link) is not supported.",
        ),
    );
    told(
        "confidential_vm",
        409,
        error_body(
            "OperationNotAllowed",
            "Restore point copy is not supported for Confidential VMs.",
        ),
    );
    told(
        "key_vault_gone",
        409,
        error_body(
            "DiskRestorePointClientError",
            "Keyvault associated with DiskEncryptionSet not found. The resource may have been deleted due to which \
             Restore Point creation failed. Please retry the operation after re-creating the missing resource with \
             the same name.",
        ),
    );
    told(
        "key_vault_forbidden",
        403,
        error_body(
            "KeyVaultAccessForbidden",
            "Unable to access key vault resource 'https://vault.example/keys/disk/1' to enable encryption at rest. \
             Please grant get, wrap and unwrap key permissions to disk encryption set 'dr'.",
        ),
    );
    told(
        "encryption_set_elsewhere",
        409,
        error_body(
            "BadRequest",
            "The disk encryption set 'web' is not in the location 'westus2' of the restore point collection.",
        ),
    );
    told(
        "restore_points_of_a_vm",
        409,
        error_body(
            "OperationNotAllowed",
            "The number of restore points across restore point collections and resource groups for a VM cannot \
             exceed 500. To create a new restore point, please delete existing restore points.",
        ),
    );
    told(
        "snapshots_of_a_disk",
        409,
        error_body(
            "VMRestorePointClientError",
            "RestorePoint creation failed since the maximum allowed snapshot limit of one or more disk blobs has been \
             reached. Please delete some existing restore points of this VM and then retry.",
        ),
    );
    told(
        "concurrent_create",
        409,
        error_body(
            "VMRestorePointClientError",
            "RestorePoint creation failed since a concurrent 'Create RestorePoint' operation was triggered on the VM.",
        ),
    );
    told(
        "name_taken",
        409,
        error_body(
            "OperationNotAllowed",
            "Update of an existing Restore Point is not supported.",
        ),
    );
    told(
        "unknown_reason",
        409,
        error_body("OperationNotAllowed", "Operation 'Copy' is not allowed."),
    );
    told(
        "api_version",
        400,
        error_body(
            "BadRequest",
            "This request can be made with api-version '2022-03-01' or newer.",
        ),
    );
    told(
        "api_version_of_arm",
        400,
        error_body(
            "InvalidApiVersionParameter",
            "The api-version '2025-04-01' is invalid. The supported versions are '2021-04-01,2020-01-01'.",
        ),
    );
    told(
        "token_of_another_tenant",
        401,
        error_body(
            "InvalidAuthenticationTokenTenant",
            "The access token is from the wrong issuer \
             'https://sts.windows.net/2c1d2e3f-0000-4000-8000-1234567890ab/'. It must match the tenant \
             'https://sts.windows.net/4c1d2e3f-0000-4000-8000-1234567890ab/' associated with this subscription.",
        ),
    );
    told(
        "token_refused",
        401,
        error_body("InvalidAuthenticationToken", "The access token is invalid."),
    );
    told(
        "token_expired",
        401,
        error_body(
            "ExpiredAuthenticationToken",
            "The access token expiry UTC time '11/25/2026 2:20:11 PM' is earlier than current UTC time \
             '11/25/2026 2:21:00 PM'.",
        ),
    );
    let throttled = json!({
        "code": "OperationNotAllowed",
        "message": "The server rejected the request because too many requests have been received for this subscription.",
        "details": [{"code": "TooManyRequests", "target": "PutRestorePointResource",
            "message": "{\"operationGroup\":\"PutRestorePointResource\",\"allowedRequestCount\":3}"}]
    });
    let throttled = refusal_until(Method::PUT, &path, 429, &throttled, Some(2400));
    let patience_ended = Error::DeadlinePassed {
        last_cause: Some(Box::new(throttled.clone())),
    };
    golden.message(
        "hourly_limit_until_the_timeout",
        &refused(&target, &source, &asked, &patience_ended),
    );
    golden.message(
        "stopped",
        &refused(&target, &source, &asked, &Error::Stopped),
    );
    let unreachable = Error::DeadlinePassed {
        last_cause: Some(Box::new(unreachable())),
    };
    golden.message(
        "unreachable",
        &refused(&target, &source, &asked, &unreachable),
    );
    let sign_in = "Entra ID refused to sign in the application 0c1d2e3f-0000-4000-8000-1234567890ab: AADSTS7000222: \
                   The provided client secret keys are expired. (invalid_client)";
    let sign_in = Error::SignIn(Box::new(crate::arm::error::SignInError::permanent(
        sign_in.to_owned(),
    )));
    golden.message("sign_in_lost", &refused(&target, &source, &asked, &sign_in));
    let beyond = Error::RetryAfterTooLong {
        retry_after: Duration::from_secs(2400),
        remaining: Duration::from_secs(1500),
        cause: Box::new(throttled),
    };
    golden.message("hourly_limit", &refused(&target, &source, &asked, &beyond));
}
