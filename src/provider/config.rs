//! The provider block: its arguments, and what they come to.

mod sign_in;

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::arm::auth::{self, Credential};
use crate::arm::environment;
use crate::arm::settings::{self, Settings, SettingsError};
use crate::plugin::diagnostics::{Diagnostic, Diagnostics};
use crate::plugin::provider::ConfigureRequest;
use crate::plugin::schema::{Attribute, Block, NestedBlock, Nesting};
use crate::plugin::value::{Path, Type, Value};
use crate::provider::session::{Known, Options};
use crate::provider::{duration, tags, validators};

/// Whom Microsoft attributes usage of Terraform to where no partner is named; Azure's other providers name the same.
const TERRAFORM_PARTNER_ID: &str = "222c6c49-1b0a-5959-a213-6608f9eb8820";

/// The arguments of the provider block.
pub(crate) fn schema() -> Block {
    let mut attributes = own_arguments();
    attributes.extend(sign_in::arguments());
    attributes.extend(tags::arguments());
    attributes.sort_by_key(|attribute| attribute.name);
    Block {
        attributes,
        blocks: vec![NestedBlock::new("features", Nesting::List, features())],
        description: "Copies Azure VM restore points to another region.".to_owned(),
    }
}

/// Those that do not say who signs in.
fn own_arguments() -> Vec<Attribute> {
    let text =
        |name, description: &str| Attribute::optional(name, Type::String).description(description);
    let flag =
        |name, description: &str| Attribute::optional(name, Type::Bool).description(description);
    vec![
        flag(
            "adopt_existing_copies",
            "Whether creating a copy takes over an identical one that exists already: there can be only one copy \
             of a restore point in a region. Otherwise it has to be imported. Defaults to `true`.",
        ),
        text(
            "custom_correlation_request_id",
            "The value of the `x-ms-correlation-request-id` header. This can also be sourced from the \
             `ARM_CORRELATION_REQUEST_ID` environment variable. Defaults to a new ID for each process.",
        ),
        flag(
            "disable_terraform_partner_id",
            "Whether usage is attributed to nobody instead of to Terraform where `partner_id` is not set. This can \
             also be sourced from the `ARM_DISABLE_TERRAFORM_PARTNER_ID` environment variable. Defaults to `false`.",
        ),
        text(
            "partner_id",
            "A GUID that Microsoft attributes usage to. This can also be sourced from the `ARM_PARTNER_ID` \
             environment variable.",
        ),
        flag(
            "preflight",
            "Whether a plan asks Azure what it would refuse, and says so. What is planned does not depend on it. \
             Defaults to `true`.",
        ),
        text(
            "replication_poll_interval",
            "How often to ask for the progress of a replication, such as `60s`; at least `1s`. By default the \
             interval grows from 10 to 60 seconds. Where so many copies are waited for that Azure would refuse to \
             answer, all of them are looked at less often.",
        ),
        text(
            "subscription_id",
            "The ID of the subscription of collections that name none. This can also be sourced from the \
             `ARM_SUBSCRIPTION_ID` environment variable. Defaults to the one that is chosen in the Azure CLI, if \
             that signs in.",
        ),
    ]
}

fn features() -> Block {
    let description = "Has no meaning here; it is accepted so that a provider block can be copied from another \
                       Azure provider.";
    Block {
        description: description.to_owned(),
        ..Block::default()
    }
}

/// Checks the arguments on their own. What the environment adds is checked when it is used.
pub(crate) fn validate(config: &Value) -> Diagnostics {
    let mut diagnostics = Diagnostics::default();
    if config.get("endpoint").elements().len() > 1 {
        diagnostics.push(
            Diagnostic::error(
                "Invalid endpoint",
                "There can be only one set of endpoints.",
            )
            .at(Path::attribute("endpoint")),
        );
    }
    diagnostics.extend(validators::subscription_id(config, "subscription_id"));
    diagnostics.extend(validators::tags(config, "default_tags"));
    diagnostics.extend(validators::ignored_tags(config, "ignore_tags"));
    diagnostics.extend(poll_interval(config).err());
    diagnostics.extend(auxiliary_tenants(config).err());
    diagnostics.extend(environment_name(config).err());
    diagnostics
}

fn poll_interval(config: &Value) -> Result<Option<Duration>, Diagnostic> {
    let argument = "replication_poll_interval";
    let Some(text) = config.get(argument).as_str() else {
        return Ok(None);
    };
    let interval = duration::parse(text).map_err(|problem| {
        Diagnostic::error(
            "Invalid replication_poll_interval",
            format!("{text:?}: {problem}."),
        )
        .at(Path::attribute(argument))
    })?;
    settings::check_replication_poll_interval(interval).map_err(diagnostic)?;
    Ok(Some(interval))
}

fn auxiliary_tenants(config: &Value) -> Result<(), Diagnostic> {
    let tenants = config.get("auxiliary_tenant_ids");
    let known: Vec<String> = tenants
        .elements()
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    settings::check_auxiliary_tenants(&known).map_err(diagnostic)
}

fn environment_name(config: &Value) -> Result<(), Diagnostic> {
    config.get("environment").as_str().map_or(Ok(()), |name| {
        settings::check_environment(name).map_err(diagnostic)
    })
}

/// What a client is made from: the arguments, and the environment where they say nothing.
pub(crate) async fn options(request: &ConfigureRequest) -> Result<Options, Diagnostics> {
    let config = &request.config;
    if let Some(argument) = unknown_argument(config) {
        return Ok(Options::NotKnownYet(argument));
    }
    let settings = settings(config, &request.terraform_version)?;
    let mut options = settings
        .or_environment(&environment::of_process)
        .and_then(Settings::resolve)
        .map_err(diagnostic)?;
    if options.subscription_id.is_none()
        && let Credential::AzureCli { tenant_id, .. } = &options.credential
    {
        let chosen = auth::subscription_of_azure_cli(tenant_id.as_deref()).await;
        options.subscription_id = chosen;
    }
    // Here and not in the settings: every other place takes what Azure takes.
    let subscription_id = Value::string(options.subscription_id.as_deref());
    let found = Value::object([("subscription_id", subscription_id)]);
    match validators::subscription_id(&found, "subscription_id") {
        Some(diagnostic) => Err(diagnostic.into()),
        None => Ok(Options::Known(Box::new(Known {
            client: options,
            adopt_existing_copies: config.get("adopt_existing_copies").as_bool() != Some(false),
            preflight: config.get("preflight").as_bool() != Some(false),
        }))),
    }
}

/// The first argument that an apply has still to make known, of those that decide whom to ask.
fn unknown_argument(config: &Value) -> Option<&'static str> {
    schema()
        .attributes
        .into_iter()
        .map(|attribute| attribute.name)
        .filter(|name| {
            ![
                "adopt_existing_copies",
                "default_tags",
                "preflight",
                "replication_poll_interval",
            ]
            .contains(name)
        })
        .find(|name| !config.get(name).is_wholly_known())
}

fn settings(config: &Value, terraform_version: &str) -> Result<Settings, Diagnostic> {
    let text = |name: &str| config.get(name).as_str().map(str::to_owned);
    let endpoint = config
        .get("endpoint")
        .elements()
        .first()
        .cloned()
        .unwrap_or_default();
    let endpoint = |name: &str| endpoint.get(name).as_str().map(str::to_owned);
    let secret = |name: &str| text(name).map(SecretString::from);
    let given = |name: &str| text(name).filter(|text| !text.is_empty());
    let path = |name: &str| given(name).map(PathBuf::from);
    let flag = |name: &str| config.get(name).as_bool();
    let service_connection_id = given("ado_pipeline_service_connection_id")
        .or_else(|| text("oidc_azure_service_connection_id"));
    let tenants = config.get("auxiliary_tenant_ids");
    let tenants = tenants.elements().iter().filter_map(Value::as_str);
    Ok(Settings {
        subscription_id: text("subscription_id"),
        tenant_id: text("tenant_id"),
        auxiliary_tenant_ids: tenants.map(str::to_owned).collect(),
        client_id: text("client_id"),
        client_id_file_path: path("client_id_file_path"),
        client_secret: secret("client_secret"),
        client_secret_file_path: path("client_secret_file_path"),
        client_certificate: secret("client_certificate"),
        client_certificate_path: path("client_certificate_path"),
        client_certificate_password: secret("client_certificate_password"),
        use_oidc: flag("use_oidc"),
        oidc_token: secret("oidc_token"),
        oidc_token_file_path: path("oidc_token_file_path"),
        oidc_request_url: text("oidc_request_url"),
        oidc_request_token: secret("oidc_request_token"),
        ado_pipeline_service_connection_id: service_connection_id,
        use_aks_workload_identity: flag("use_aks_workload_identity"),
        use_msi: flag("use_msi"),
        msi_endpoint: text("msi_endpoint"),
        identity_endpoint: None,
        use_cli: flag("use_cli"),
        environment: text("environment"),
        metadata_host: text("metadata_host"),
        disable_instance_discovery: flag("disable_instance_discovery"),
        active_directory_authority_host: endpoint("active_directory_authority_host"),
        resource_manager_endpoint: endpoint("resource_manager_endpoint"),
        resource_manager_audience: endpoint("resource_manager_audience"),
        custom_correlation_request_id: text("custom_correlation_request_id"),
        partner_id: text("partner_id"),
        default_partner_id: default_partner_id(config)?,
        replication_poll_interval: poll_interval(config)?,
        user_agent_prefix: Some(format!(
            "Terraform/{terraform_version} (+https://www.terraform.io)"
        )),
    })
}

/// Terraform itself, unless nobody is wanted.
fn default_partner_id(config: &Value) -> Result<Option<&'static str>, Diagnostic> {
    let disabled = match config.get("disable_terraform_partner_id").as_bool() {
        Some(disabled) => Some(disabled),
        None => {
            let variable = "ARM_DISABLE_TERRAFORM_PARTNER_ID";
            environment::flag(&environment::of_process, variable)
                .map_err(|error| diagnostic(error.into()))?
        }
    };
    Ok((disabled != Some(true)).then_some(TERRAFORM_PARTNER_ID))
}

fn diagnostic(error: SettingsError) -> Diagnostic {
    let diagnostic = Diagnostic::error(error.summary, error.detail);
    let Some(argument) = error.argument else {
        return diagnostic;
    };
    let is_endpoint = sign_in::endpoint()
        .iter()
        .any(|attribute| attribute.name == argument);
    let path = if is_endpoint {
        Path::attribute("endpoint")
            .join_index(0)
            .join_attribute(argument)
    } else {
        Path::attribute(argument)
    };
    diagnostic.at(path)
}
