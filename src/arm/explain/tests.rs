use serde_json::json;

use super::*;
use crate::arm::error::{
    ConnectionError, ConnectionKind, OperationFailure, RequestIds, SignInError,
};
use crate::arm::resource_id::RestorePointId;
use reqwest::{Method, StatusCode};

const TARGET: &str = "/subscriptions/s/resourceGroups/rg-dr/providers/Microsoft.Compute/restorePointCollections/web-dr/restorePoints/p";
const SOURCE: &str = "/subscriptions/s/resourceGroups/rg-web/providers/Microsoft.Compute/restorePointCollections/web/restorePoints/p";

fn api_error(status: u16, code: &str, message: &str) -> Error {
    let status = StatusCode::from_u16(status).unwrap();
    let mut error = ApiError::from_body(Method::GET, "/x", status, b"");
    error.code = code.to_owned();
    error.message = message.to_owned();
    Error::Api(Box::new(error))
}

#[track_caller]
fn check(error: &Error, words: &str) {
    let found = next_step(error, None);
    assert!(found.contains(words), "{error}: {found}");
}

#[test]
fn common_refusals_have_a_next_step() {
    check(
        &api_error(404, "ResourceGroupNotFound", ""),
        "Create the resource group",
    );
    check(
        &api_error(404, "ParentResourceNotFound", ""),
        "Create it first",
    );
    check(
        &api_error(404, "SubscriptionNotFound", ""),
        "subscription id",
    );
    check(&api_error(404, "", "<html>"), "proxy");
    check(
        &api_error(401, "InvalidAuthenticationTokenTenant", ""),
        "subscription's tenant",
    );
    check(&api_error(401, "", ""), "tenant_id");
    check(&api_error(403, "Forbidden", ""), "role");
    check(&api_error(429, "OperationNotAllowed", ""), "throttling");
    check(&api_error(503, "", ""), "azure.status.microsoft");
    check(&api_error(307, "", ""), "redirect");
    assert_eq!(next_step(&api_error(409, "Conflict", "Because."), None), "");
}

#[test]
fn a_missing_permission_names_action_and_scope() {
    let message = "The client 'c' with object id 'o' does not have authorization to perform \
                   action 'Microsoft.Compute/restorePointCollections/read' over scope \
                   '/subscriptions/s' or the scope is invalid.";
    check(
        &api_error(403, "AuthorizationFailed", message),
        "a role with the action Microsoft.Compute/restorePointCollections/read at /subscriptions/s.",
    );
    check(
        &api_error(403, "AuthorizationFailed", "does not have authorization"),
        "the missing action",
    );
    let linked = "The client has permission to perform action 'a/write' on scope 't'; however, \
                  it does not have permission to perform action(s) 'b/read' on the linked \
                  scope(s) '/subscriptions/l' (respectively)";
    check(
        &api_error(403, "LinkedAuthorizationFailed", linked),
        "b/read at /subscriptions/l.",
    );
}

#[test]
fn entra_ids_codes_are_told_apart() {
    let sign_in =
        |message: &str| Error::SignIn(Box::new(SignInError::permanent(message.to_owned())));
    check(
        &sign_in("AADSTS7000215: Invalid client secret"),
        "not its id",
    );
    check(&sign_in("AADSTS90002: Tenant not found"), "no such tenant");
    check(&sign_in("AADSTS900023: bad"), "neither a GUID");
    check(&sign_in("nothing (unauthorized_client)"), "client_id");
    assert_eq!(next_step(&sign_in("AADSTS1: new"), None), "");
}

#[test]
fn network_trouble_names_what_to_check() {
    let connection = |kind| {
        Error::Connection(Box::new(ConnectionError {
            host: "arm.example".to_owned(),
            kind,
            cause: String::new(),
        }))
    };
    check(
        &connection(ConnectionKind::UnknownHost),
        "arm.example cannot be resolved",
    );
    check(
        &connection(ConnectionKind::UntrustedCertificate),
        "SSL_CERT_FILE",
    );
    check(&connection(ConnectionKind::Interrupted), "HTTPS_PROXY");
    check(&connection(ConnectionKind::NoClient), "root certificates");
}

#[test]
fn a_deadline_explains_what_came_before_it() {
    let cause = Box::new(api_error(503, "", ""));
    let last_cause = Some(cause.clone());
    check(
        &Error::DeadlinePassed { last_cause },
        "azure.status.microsoft",
    );
    let too_long = Error::RetryAfterTooLong {
        retry_after: std::time::Duration::from_secs(600),
        remaining: std::time::Duration::from_secs(60),
        cause,
    };
    check(&too_long, "azure.status.microsoft");
    assert_eq!(next_step(&Error::Stopped, None), "");
}

#[test]
fn one_code_means_many_things() {
    #[track_caller]
    fn check(status: u16, code: &str, message: &str, words: &str) {
        let found = next_step(&api_error(status, code, message), None);
        assert!(found.contains(words), "{message}: {found}");
        // An operation that Azure accepted can fail for the same reasons.
        if status == 409 {
            let body = json!({"error": {"code": code, "message": message}});
            let failure = OperationFailure::from_status("Failed", &body, RequestIds::default());
            let found = next_step(&Error::OperationFailed(Box::new(failure)), None);
            assert!(found.contains(words), "{message}: {found}");
        }
    }
    let code = "OperationNotAllowed";
    check(
        409,
        code,
        "Changes were made to the Virtual Machine while the operation 'Create Restore Point' was in progress.",
        "left alone",
    );
    check(
        409,
        code,
        "Operation is not allowed as disk(s) have not been allocated successfully.",
        "Leave these disks out",
    );
    check(
        409,
        code,
        "The number of restore points across restore point collections and resource groups for a VM cannot exceed 500.",
        "500 restore points",
    );
    check(
        409,
        code,
        "Update of an existing Restore Point is not supported.",
        "another name",
    );
    check(429, code, "The server rejected the request.", "throttling");
    let code = "VMRestorePointClientError";
    check(
        409,
        code,
        "RestorePoint creation failed since a concurrent 'Create RestorePoint' operation was triggered on the VM.",
        "Another restore point",
    );
    check(
        409,
        code,
        "The maximum allowed snapshot limit of one or more disk blobs has been reached.",
        "only so many snapshots",
    );
    let code = "DiskRestorePointClientError";
    check(
        409,
        code,
        "Keyvault associated with DiskEncryptionSet not found.",
        "Recover it",
    );
    check(
        409,
        code,
        "The disk encryption set is in another region.",
        "region of the target",
    );
    check(
        403,
        "KeyVaultAccessForbidden",
        "Unable to access key vault",
        "wrapKey",
    );
    check(409, "DiskRestorePointUsedByCustomer", "", "endGetAccess");
    check(409, "InternalExecutionError", "", "Azure's own");
    check(
        400,
        "BadRequest",
        "This request can be made with api-version '2022-03-01' or newer.",
        "API version",
    );
}

#[test]
fn a_missing_permission_tells_its_side() {
    let source = RestorePointId::parse(SOURCE).unwrap();
    let target = RestorePointId::parse(TARGET).unwrap();
    let sides = Some(Sides {
        source: &source,
        target: &target,
    });
    let linked = |scope: &str| {
        let message = format!(
            "The client has permission to perform action 'a/write' on scope '{TARGET}'; however, it does not have \
             permission to perform action(s) 'b/read' on the linked scope(s) '{scope}' (respectively)"
        );
        next_step(
            &api_error(403, "LinkedAuthorizationFailed", &message),
            sides,
        )
    };
    assert!(linked(SOURCE).contains("the source of the copy"));
    assert!(linked(TARGET).contains("the target of the copy"));
    assert!(!linked("/subscriptions/s").contains("of the copy"));
    let denied = api_error(
        403,
        "DenyAssignmentAuthorizationFailed",
        "the access is denied because of the deny assignment with name 'managed' and Id 'i' at scope '/s'.",
    );
    check(&denied, "\"managed\" forbids");
    let foreign = api_error(
        403,
        "LinkedAuthorizationFailed",
        "however the current tenant 't' is not authorized to access linked subscription 'other'.",
    );
    check(&foreign, "The subscription other belongs to another tenant");
}

#[test]
fn a_lock_is_named_by_its_scope_and_kind() {
    let locked = |operation: &str| {
        api_error(
            409,
            "ScopeLocked",
            &format!(
                "The scope '{TARGET}' cannot perform {operation} operation because following scope(s) are locked: \
                 '/subscriptions/s/resourceGroups/rg-dr'. Please remove the lock and try again."
            ),
        )
    };
    check(
        &locked("write"),
        "A read-only lock on /subscriptions/s/resourceGroups/rg-dr forbids",
    );
    check(
        &locked("delete"),
        "A lock on /subscriptions/s/resourceGroups/rg-dr forbids deletion",
    );
    check(
        &locked("write"),
        "az lock list --resource-group rg-dr --subscription s",
    );
}

#[test]
fn a_policy_is_named_wherever_its_names_stand() {
    let parse = |body: serde_json::Value| {
        let error = ApiError::from_body(
            Method::PUT,
            "/x",
            StatusCode::FORBIDDEN,
            body.to_string().as_bytes(),
        );
        Error::Api(Box::new(error))
    };
    let info = |path: &str| {
        let evaluated = json!([
            {"result": "True", "path": "type", "expressionValue": "t", "targetValue": "t", "operator": "Equals"},
            {"result": "True", "path": path, "expressionValue": "westus2", "targetValue": ["eastus"], "operator": "NotIn"},
            {"result": "False", "path": "other", "expressionValue": 1, "targetValue": 2, "operator": "Equals"},
        ]);
        json!([{"type": "PolicyViolation", "info": {
            "evaluationDetails": {"evaluatedExpressions": evaluated},
            "policyDefinitionDisplayName": "Allowed locations",
            "policySetDefinitionDisplayName": "Baseline",
            "policyAssignmentDisplayName": "Europe only",
            "policyAssignmentScope": "/subscriptions/s",
        }}])
    };
    let nested = json!({"code": "RequestDisallowedByPolicy", "details": [{"code": "x", "additionalInfo": info("location")}]});
    for error in [
        json!({"code": "RequestDisallowedByPolicy", "additionalInfo": info("location")}),
        nested,
    ] {
        let error = parse(json!({ "error": error }));
        check(
            &error,
            "The policy \"Allowed locations\" of the initiative \"Baseline\", assigned as \"Europe only\" at /subscriptions/s, forbids",
        );
        check(
            &error,
            "It found: location = \"westus2\" (NotIn [\"eastus\"]).",
        );
        check(&error, "Choose a location");
    }
    let tags = json!({"error": {"code": "RequestDisallowedByPolicy", "additionalInfo": info("tags[owner]")}});
    check(&parse(tags), "Set the tags");

    let message = r#"Resource 'r' was disallowed by policy. Policy identifiers: '[{"policyAssignment":{"name":"A"},"policyDefinition":{"name":"D"}}]'."#;
    let older = json!({"error": {"code": "RequestDisallowedByPolicy", "message": message}});
    check(
        &parse(older),
        "The policy \"D\", assigned as \"A\", forbids this.",
    );
    check(
        &api_error(403, "RequestDisallowedByPolicy", "No."),
        "Azure's answer names it",
    );
}

#[test]
fn throttling_says_when_to_come_back() {
    let throttled = |method: Method, path: &str, wait: Option<u64>| {
        let error = ApiError::from_body(method, path, StatusCode::TOO_MANY_REQUESTS, b"");
        let wait = wait.map(std::time::Duration::from_secs);
        Error::Api(Box::new(error.with_headers(RequestIds::default(), wait)))
    };
    let copy = throttled(Method::PUT, TARGET, Some(1200));
    let told = next_try(&copy).unwrap();
    assert!(
        told.contains("3 copies an hour") && told.contains("Next try at "),
        "{told}"
    );
    assert!(told.ends_with(" UTC"), "{told}");
    let look = next_try(&throttled(Method::GET, TARGET, Some(1200))).unwrap();
    assert!(!look.contains("an hour"), "{look}");
    assert_eq!(next_try(&throttled(Method::PUT, TARGET, None)), None);
    assert_eq!(next_try(&api_error(503, "", "")), None);

    let too_long = Error::RetryAfterTooLong {
        retry_after: std::time::Duration::from_secs(1200),
        remaining: std::time::Duration::from_secs(60),
        cause: Box::new(copy),
    };
    check(&too_long, "The next try can be made at ");
    assert!(
        too_long.to_string().contains("asks to wait 20 min, until "),
        "{too_long}"
    );
}
