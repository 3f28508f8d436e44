//! Says what to do about an error, in Azure's terms.

use crate::arm::error::{ApiError, ConnectionKind, Error, SignInError};

/// What to do next about an error, in one or two sentences; empty if Azure's own words are all
/// that is known.
pub fn next_step(error: &Error) -> String {
    match error {
        Error::Api(error) => api(error),
        Error::OperationFailed(failure) => by_code(&failure.code).to_owned(),
        Error::SignIn(error) => sign_in(error),
        Error::Connection(error) => connection(error.kind, &error.host),
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
        Error::RetryAfterTooLong { cause, .. } => {
            let next = "Allow more time, or ask again later.";
            joined(&next_step(cause), next)
        }
        Error::DeadlinePassed {
            last_cause: Some(cause),
        } => next_step(cause),
        Error::DeadlinePassed { last_cause: None } | Error::Stopped => String::new(),
    }
}

fn api(error: &ApiError) -> String {
    let status = error.status.as_u16();
    // Codes first: a status such as 404 or 409 has many meanings.
    match error.code.to_ascii_lowercase().as_str() {
        "authorizationfailed" | "linkedauthorizationfailed" => return authorization(error),
        "resourcegroupnotfound" => return by_code(&error.code).to_owned(),
        _ => {}
    }
    let by_code = by_code(&error.code);
    if !by_code.is_empty() {
        return by_code.to_owned();
    }
    match status {
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
        408 | 500 | 502 | 503 | 504 => {
            "Azure had trouble of its own, and asking again did not help in time. See \
             https://azure.status.microsoft, and allow more time."
        }
        429 => {
            "Azure is throttling requests: it takes at most 3 copies an hour into one restore \
             point collection, and limits the requests of a subscription and region. Start fewer \
             at a time, or allow more time."
        }
        _ => "",
    }
    .to_owned()
}

/// Azure names action and scope in its message; they are worth repeating as a task.
fn authorization(error: &ApiError) -> String {
    let quoted = |word: &str| {
        let after = error.message.split_once(word)?.1.trim_start();
        let text = after.strip_prefix('\'')?.split_once('\'')?.0;
        (!text.is_empty()).then(|| text.to_owned())
    };
    // The refusal about a linked resource first names an action that is allowed.
    let action = quoted("perform action(s)").or_else(|| quoted("perform action"));
    let scope = quoted("on the linked scope(s)").or_else(|| quoted("over scope"));
    let task = match (action, scope) {
        (Some(action), Some(scope)) => {
            format!("Give the signed-in identity a role with the action {action} at {scope}.")
        }
        (Some(action), None) => {
            format!("Give the signed-in identity a role with the action {action}.")
        }
        _ => "Give the signed-in identity a role with the missing action.".to_owned(),
    };
    format!("{task} A new role assignment takes some minutes to arrive everywhere.")
}

/// What is known about an error code of ARM or of Microsoft.Compute.
fn by_code(code: &str) -> &'static str {
    match code.to_ascii_lowercase().as_str() {
        "resourcegroupnotfound" => "Create the resource group first, or correct its name.",
        "parentresourcenotfound" => {
            "The restore point collection does not exist. Create it first, or correct its name."
        }
        "subscriptionnotfound" | "invalidsubscriptionid" => {
            "Check the subscription id, and that the subscription belongs to the tenant and the \
             cloud that are signed in to."
        }
        "invalidauthenticationtokentenant" => {
            "The token is from another tenant than the subscription. Set tenant_id to the \
             subscription's tenant, which the message names."
        }
        "invalidauthenticationtokenaudience" | "invalidauthenticationtoken" => {
            "The token is not meant for this Azure Resource Manager. Check environment and \
             resource_manager_audience."
        }
        "expiredauthenticationtoken" => "Check that the clock of this machine is right.",
        "missingsubscriptionregistration" => {
            "Register the resource provider Microsoft.Compute in the subscription."
        }
        "requestdisallowedbypolicy" => {
            "An Azure Policy forbids this. Its name is in the message; ask whoever manages it."
        }
        "scopelocked" => "A lock forbids this. Remove the lock, or leave the resource alone.",
        "diskrestorepointusedbycustomer" => {
            "A shared access signature on one of the disk restore points is in use. Revoke it, or \
             wait until it has expired."
        }
        "invalidapiversionparameter" | "noregisteredproviderfound" => {
            "This cloud or region does not know the API version that is used here."
        }
        _ => "",
    }
}

fn sign_in(error: &SignInError) -> String {
    if let Some(kind) = error.connection {
        return connection(kind, "Entra ID");
    }
    // What Entra ID's most frequent codes mean for whoever has set this up.
    let known = [
        (
            "AADSTS7000215",
            "The client secret is wrong. Use the secret's value, not its id, and check that it \
             belongs to this application.",
        ),
        (
            "AADSTS7000222",
            "The client secret has expired. Create a new one.",
        ),
        (
            "AADSTS700016",
            "The tenant does not know the application. Check client_id and tenant_id.",
        ),
        (
            "AADSTS90002",
            "There is no such tenant in this cloud. Check tenant_id and environment.",
        ),
        (
            "AADSTS900023",
            "The tenant id is neither a GUID nor a domain name. Check tenant_id.",
        ),
        (
            "AADSTS500011",
            "The tenant does not know the audience. Check environment and \
             resource_manager_audience.",
        ),
        (
            "AADSTS7000112",
            "The application is disabled in its tenant. Enable it.",
        ),
        (
            "AADSTS53003",
            "A Conditional Access policy forbids this sign-in.",
        ),
        (
            "unauthorized_client",
            "The application may not sign in like this. Check client_id.",
        ),
    ];
    known
        .iter()
        .find(|(code, _)| contains_code(&error.message, code))
        .map_or("", |(_, step)| step)
        .to_owned()
}

/// Codes are numbers of different lengths: AADSTS90002 is not AADSTS900023.
fn contains_code(message: &str, code: &str) -> bool {
    message.match_indices(code).any(|(at, _)| {
        let next = message[at + code.len()..].chars().next();
        next.is_none_or(|next| !next.is_ascii_digit())
    })
}

fn connection(kind: ConnectionKind, host: &str) -> String {
    match kind {
        ConnectionKind::UnknownHost => format!(
            "The name of {host} cannot be resolved. Check the network, the DNS servers and \
             environment; behind a proxy, set HTTPS_PROXY."
        ),
        ConnectionKind::UntrustedCertificate => format!(
            "The certificate of {host} is not signed by an authority that this machine trusts, \
             often that of a proxy that looks into TLS. Set SSL_CERT_FILE to a file with the \
             authority's certificate (it replaces the system's), or SSL_CERT_DIR to a directory."
        ),
        ConnectionKind::NotConnected | ConnectionKind::TimedOut | ConnectionKind::Interrupted => {
            format!(
                "Check that {host} can be reached from here: network, firewall, HTTPS_PROXY and \
             NO_PROXY."
            )
        }
        ConnectionKind::NoClient => {
            "Check SSL_CERT_FILE, SSL_CERT_DIR and HTTPS_PROXY, and that root certificates are \
             installed."
                .to_owned()
        }
    }
}

fn joined(one: &str, other: &str) -> String {
    if one.is_empty() {
        other.to_owned()
    } else {
        format!("{one} {other}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arm::error::ConnectionError;
    use reqwest::{Method, StatusCode};

    fn api_error(status: u16, code: &str, message: &str) -> Error {
        let status = StatusCode::from_u16(status).unwrap();
        let mut error = ApiError::from_body(Method::GET, "/x", status, b"");
        error.code = code.to_owned();
        error.message = message.to_owned();
        Error::Api(Box::new(error))
    }

    #[track_caller]
    fn check(error: &Error, words: &str) {
        let found = next_step(error);
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
        check(
            &api_error(429, "OperationNotAllowed", ""),
            "3 copies an hour",
        );
        check(&api_error(503, "", ""), "azure.status.microsoft");
        check(&api_error(307, "", ""), "redirect");
        assert_eq!(next_step(&api_error(409, "Conflict", "Because.")), "");
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
        assert_eq!(next_step(&sign_in("AADSTS1: new")), "");
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
        check(&too_long, "Allow more time, or");
        assert_eq!(next_step(&Error::Stopped), "");
    }
}
