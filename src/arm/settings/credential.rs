//! Which credential the settings mean, and what is missing of a half-given one.

use std::path::PathBuf;

use secrecy::SecretString;
use url::Url;

use super::identity::check_tenant;
use super::{Settings, SettingsError, given, is_filled};
use crate::arm::auth::{
    Certificate, CertificateSource, Credential, IdentityEndpoint, OidcRequest, Proof, Secret, Text,
};

/// An argument and the variable of the same meaning.
type Name = (&'static str, &'static str);

const TENANT_ID: Name = ("tenant_id", "ARM_TENANT_ID");
const CLIENT_ID: Name = ("client_id", "ARM_CLIENT_ID");
const CLIENT_SECRET: Name = ("client_secret", "ARM_CLIENT_SECRET");
const CERTIFICATE: Name = ("client_certificate_path", "ARM_CLIENT_CERTIFICATE_PATH");
const OIDC_TOKEN: Name = ("oidc_token", "ARM_OIDC_TOKEN");
const OIDC_REQUEST_URL: Name = ("oidc_request_url", "ARM_OIDC_REQUEST_URL");
const SERVICE_CONNECTION: Name = (
    "ado_pipeline_service_connection_id",
    "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID",
);
const OIDC_REQUEST_TOKEN: Name = ("oidc_request_token", "ARM_OIDC_REQUEST_TOKEN");

/// A way for an application to sign in of which something is given.
struct Way {
    /// What it is called in texts.
    name: &'static str,
    /// What the application proves itself with, or what is missing for that.
    proof: Result<Proof, Vec<Name>>,
}

/// Finds the credential: the first way to sign in of which everything is given wins.
///
/// The order is that of Azure's other tools. Something that is given in part only counts before
/// the managed identity and the Azure CLI, which need nothing: whoever sets a secret does not
/// mean them.
pub(super) fn credential(settings: &Settings) -> Result<Credential, SettingsError> {
    let tenant_id = given(&settings.tenant_id);
    if let Some(tenant_id) = tenant_id {
        check_tenant("tenant_id", tenant_id)?;
    }
    let client_id = client_id(settings)?;
    let mut incomplete = None;
    for way in ways(settings)? {
        let missing: Vec<Name> = match (way.proof, tenant_id, &client_id) {
            (Ok(proof), Some(tenant_id), Some(client_id)) => {
                return Ok(Credential::Application {
                    tenant_id: tenant_id.to_owned(),
                    client_id: client_id.clone(),
                    proof,
                });
            }
            (proof, tenant_id, client_id) => {
                let who = missing_identity(tenant_id.is_some(), client_id.is_some());
                who.into_iter()
                    .chain(proof.err().unwrap_or_default())
                    .collect()
            }
        };
        incomplete = incomplete.or(Some((way.name, missing)));
    }
    if let Some((name, missing)) = incomplete {
        return Err(incomplete_way(name, &missing));
    }
    if settings.use_msi == Some(true) {
        return Ok(Credential::ManagedIdentity {
            client_id,
            endpoint: identity_endpoint(settings)?,
        });
    }
    if settings.use_cli.unwrap_or(true) {
        return Ok(Credential::AzureCli {
            tenant_id: tenant_id.map(str::to_owned),
            subscription_id: given(&settings.subscription_id).map(str::to_owned),
        });
    }
    nothing(settings, tenant_id.is_some(), client_id.is_some())
}

/// Every way of which something is given, in their order.
fn ways(settings: &Settings) -> Result<Vec<Way>, SettingsError> {
    let mut ways = Vec::new();
    // Pipelines set tokens for whoever wants them; whether we do is said apart from that.
    if settings.use_oidc == Some(true) || settings.use_aks_workload_identity == Some(true) {
        let value = filled(&settings.oidc_token);
        if value.is_some() && settings.oidc_token_file_path.is_some() {
            return Err(twice("oidc_token", "oidc_token_file_path"));
        }
        if let Some(token) = one_of(value, &settings.oidc_token_file_path) {
            ways.push(Way {
                name: "OIDC token",
                proof: Ok(Proof::OidcToken(token)),
            });
        }
        ways.extend(oidc_request(settings)?);
    }
    let secret = filled(&settings.client_secret);
    if secret.is_some() && settings.client_secret_file_path.is_some() {
        return Err(twice("client_secret", "client_secret_file_path"));
    }
    if let Some(secret) = one_of(secret, &settings.client_secret_file_path) {
        ways.push(Way {
            name: "Client secret",
            proof: Ok(Proof::ClientSecret(secret)),
        });
    }
    ways.extend(client_certificate(settings)?);
    Ok(ways)
}

fn oidc_request(settings: &Settings) -> Result<Option<Way>, SettingsError> {
    let url = given(&settings.oidc_request_url);
    let token = filled(&settings.oidc_request_token);
    let service_connection_id = given(&settings.ado_pipeline_service_connection_id);
    let proof = match (url, token) {
        (None, None) if service_connection_id.is_none() => return Ok(None),
        (Some(url), Some(_)) if service_connection_id.is_none() && is_azure_devops(url) => {
            Err(vec![SERVICE_CONNECTION])
        }
        (Some(url), Some(token)) => Ok(Proof::OidcRequest(OidcRequest {
            url: address("oidc_request_url", "ARM_OIDC_REQUEST_URL", url, &["https"])?,
            token,
            service_connection_id: service_connection_id.map(str::to_owned),
        })),
        (url, token) => Err([
            (url.is_some(), OIDC_REQUEST_URL),
            (token.is_some(), OIDC_REQUEST_TOKEN),
        ]
        .into_iter()
        .filter(|(given, _)| !given)
        .map(|(_, name)| name)
        .collect()),
    };
    Ok(Some(Way {
        name: "OIDC request",
        proof,
    }))
}

/// Azure DevOps gives no token without a service connection; its addresses end like this.
fn is_azure_devops(url: &str) -> bool {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    path.trim_end_matches('/').ends_with("oidctoken")
}

fn client_certificate(settings: &Settings) -> Result<Option<Way>, SettingsError> {
    let value = filled(&settings.client_certificate);
    let password = filled(&settings.client_certificate_password);
    let source = match (value, &settings.client_certificate_path) {
        (Some(_), Some(_)) => return Err(twice("client_certificate", "client_certificate_path")),
        (Some(value), None) => Some(CertificateSource::Given(value)),
        (None, Some(path)) => Some(CertificateSource::Path(path.clone())),
        (None, None) if password.is_none() => return Ok(None),
        (None, None) => None,
    };
    Ok(Some(Way {
        name: "Client certificate",
        proof: source
            .map(|source| Proof::ClientCertificate(Certificate { source, password }))
            .ok_or_else(|| vec![CERTIFICATE]),
    }))
}

fn identity_endpoint(settings: &Settings) -> Result<IdentityEndpoint, SettingsError> {
    match (given(&settings.msi_endpoint), &settings.identity_endpoint) {
        (Some(url), _) => address("msi_endpoint", "ARM_MSI_ENDPOINT", url, &["http", "https"])
            .map(IdentityEndpoint::Given),
        (None, Some((url, header))) => Ok(IdentityEndpoint::AppService {
            url: url.clone(),
            header: header.clone(),
        }),
        (None, None) => Ok(IdentityEndpoint::Imds),
    }
}

/// Neither a managed identity nor the Azure CLI may be used, and nothing proves who we are.
fn nothing(
    settings: &Settings,
    has_tenant: bool,
    has_client: bool,
) -> Result<Credential, SettingsError> {
    let identity = missing_identity(has_tenant, has_client);
    if settings.use_oidc == Some(true) || settings.use_aks_workload_identity == Some(true) {
        let missing: Vec<Name> = identity.into_iter().chain([OIDC_TOKEN]).collect();
        return Err(incomplete_way("OIDC token", &missing));
    }
    let missing: Vec<Name> = identity.into_iter().chain([CLIENT_SECRET]).collect();
    if has_tenant || has_client {
        return Err(incomplete_way("Client secret", &missing));
    }
    Ok(Credential::None {
        help: format!(
            "No way to sign in to Entra ID is configured. To sign in as a service principal with a \
             client secret, set {}.",
            listed(&missing)
        ),
    })
}

fn incomplete_way(name: &str, missing: &[Name]) -> SettingsError {
    let needs = match name {
        "OIDC token" => {
            "a token from oidc_token, oidc_token_file_path, or oidc_request_url with oidc_request_token"
        }
        "OIDC request" if missing.contains(&SERVICE_CONNECTION) => {
            "ado_pipeline_service_connection_id in a pipeline of Azure DevOps"
        }
        "OIDC request" => "oidc_request_url and oidc_request_token",
        "Client certificate" => "client_certificate or client_certificate_path",
        _ => "client_secret",
    };
    let with = match name {
        "OIDC token" | "OIDC request" => "an OIDC token".to_owned(),
        name => format!("a {}", name.to_lowercase()),
    };
    SettingsError {
        argument: missing.first().map(|(argument, _)| *argument),
        summary: format!("{name} credential is incomplete"),
        detail: format!(
            "Signing in with {with} needs tenant_id, client_id and {needs}. Missing: {}.",
            listed(missing)
        ),
    }
}

fn missing_identity(has_tenant: bool, has_client: bool) -> Vec<Name> {
    [(has_tenant, TENANT_ID), (has_client, CLIENT_ID)]
        .into_iter()
        .filter(|(given, _)| !given)
        .map(|(_, name)| name)
        .collect()
}

fn client_id(settings: &Settings) -> Result<Option<Text>, SettingsError> {
    match (given(&settings.client_id), &settings.client_id_file_path) {
        (Some(_), Some(_)) => Err(twice("client_id", "client_id_file_path")),
        (Some(text), None) => Ok(Some(Text::Given(text.to_owned()))),
        (None, Some(path)) => Ok(Some(Text::File(path.clone()))),
        (None, None) => Ok(None),
    }
}

fn one_of(value: Option<SecretString>, file: &Option<PathBuf>) -> Option<Secret> {
    value
        .map(Secret::Given)
        .or_else(|| file.clone().map(Secret::File))
}

/// The address of somebody who gives tokens.
fn address(
    argument: &'static str,
    variable: &str,
    text: &str,
    schemes: &[&str],
) -> Result<Url, SettingsError> {
    let url = Url::parse(text).ok();
    url.filter(|url| schemes.contains(&url.scheme()) && url.has_host())
        .ok_or_else(|| SettingsError {
            argument: Some(argument),
            summary: format!("Cannot use {argument}"),
            detail: format!(
                "{argument} (environment variable {variable}) must be a URL that begins with \
                 {}://.",
                schemes.join(":// or ")
            ),
        })
}

fn twice(value: &'static str, file: &'static str) -> SettingsError {
    SettingsError {
        argument: Some(file),
        summary: format!("Both {value} and {file} are set"),
        detail: format!("{value} and {file} are two ways to give the same thing; set one of them."),
    }
}

fn listed(missing: &[Name]) -> String {
    let texts: Vec<String> = missing
        .iter()
        .map(|(argument, variable)| format!("{argument} (environment variable {variable})"))
        .collect();
    match texts.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

fn filled(field: &Option<SecretString>) -> Option<SecretString> {
    field.clone().filter(is_filled)
}

#[cfg(test)]
#[path = "credential_tests.rs"]
mod tests;
