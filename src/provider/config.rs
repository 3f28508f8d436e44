//! The provider block: its arguments, and what they come to.

use std::time::Duration;

use crate::arm::environment;
use crate::arm::settings::{self, Settings, SettingsError};
use crate::plugin::diagnostics::{Diagnostic, Diagnostics};
use crate::plugin::provider::ConfigureRequest;
use crate::plugin::schema::{Attribute, Block, NestedBlock, Nesting};
use crate::plugin::value::{Path, Type, Value};
use crate::provider::session::{Known, Options};
use crate::provider::{duration, validators};

/// The arguments of the provider block.
pub(crate) fn schema() -> Block {
    let text =
        |name, description: &str| Attribute::optional(name, Type::String).description(description);
    Block {
        attributes: vec![
            Attribute::optional("adopt_existing_copies", Type::Bool).description(
                "Whether creating a copy takes over an identical one that exists already: there can be only one copy \
                 of a restore point in a region. Otherwise it has to be imported. Defaults to `true`.",
            ),
            text(
                "client_id",
                "The client ID of the service principal. This can also be sourced from the `ARM_CLIENT_ID` \
                 environment variable.",
            ),
            text(
                "client_id_file_path",
                "The path to a file with the client ID. This can also be sourced from the \
                 `ARM_CLIENT_ID_FILE_PATH` environment variable.",
            ),
            text(
                "client_secret",
                "The client secret of the service principal. This can also be sourced from the \
                 `ARM_CLIENT_SECRET` environment variable.",
            )
            .sensitive(),
            text(
                "client_secret_file_path",
                "The path to a file with the client secret, which is read anew for each token. This can also be \
                 sourced from the `ARM_CLIENT_SECRET_FILE_PATH` environment variable.",
            ),
            text(
                "custom_correlation_request_id",
                "The value of the `x-ms-correlation-request-id` header. This can also be sourced from the \
                 `ARM_CORRELATION_REQUEST_ID` environment variable. Defaults to a new ID for each process.",
            ),
            Attribute::optional_nested("endpoint", Nesting::List, endpoint()).description(
                "The endpoints of a custom cloud. Any of them can also override one of the other clouds.",
            ),
            text(
                "environment",
                "The cloud: `public`, `usgovernment`, `china` or `custom`. This can also be sourced from the \
                 `ARM_ENVIRONMENT` environment variable. Defaults to `public`.",
            ),
            Attribute::optional("preflight", Type::Bool).description(
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
                 `ARM_SUBSCRIPTION_ID` environment variable.",
            ),
            text(
                "tenant_id",
                "The ID of the tenant. This can also be sourced from the `ARM_TENANT_ID` environment variable.",
            ),
            Attribute::optional("use_cli", Type::Bool).description(
                "Whether the Azure CLI may be used to sign in. This can also be sourced from the `ARM_USE_CLI` \
                 environment variable. Defaults to `true`.",
            ),
        ],
        blocks: vec![NestedBlock::new("features", Nesting::List, features())],
        description: "Copies Azure VM restore points to another region.".to_owned(),
    }
}

fn features() -> Block {
    let description = "Has no meaning here; it is accepted so that a provider block can be copied from another \
                       Azure provider.";
    Block {
        description: description.to_owned(),
        ..Block::default()
    }
}

fn endpoint() -> Vec<Attribute> {
    let text =
        |name, description: &str| Attribute::optional(name, Type::String).description(description);
    vec![
        text(
            "active_directory_authority_host",
            "The host of Entra ID. This can also be sourced from the `ARM_ACTIVE_DIRECTORY_AUTHORITY_HOST` \
             environment variable.",
        ),
        text(
            "resource_manager_audience",
            "What a token for Azure Resource Manager is asked for. This can also be sourced from the \
             `ARM_RESOURCE_MANAGER_AUDIENCE` environment variable.",
        ),
        text(
            "resource_manager_endpoint",
            "The address of Azure Resource Manager. This can also be sourced from the \
             `ARM_RESOURCE_MANAGER_ENDPOINT` environment variable.",
        ),
    ]
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
    diagnostics.extend(poll_interval(config).err());
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

fn environment_name(config: &Value) -> Result<(), Diagnostic> {
    config.get("environment").as_str().map_or(Ok(()), |name| {
        settings::check_environment(name).map_err(diagnostic)
    })
}

/// What a client is made from: the arguments, and the environment where they say nothing.
pub(crate) fn options(request: &ConfigureRequest) -> Result<Options, Diagnostics> {
    let config = &request.config;
    if let Some(argument) = unknown_argument(config) {
        return Ok(Options::NotKnownYet(argument));
    }
    let settings = settings(config, &request.terraform_version)?;
    let options = settings
        .or_environment(&environment::of_process)
        .and_then(Settings::resolve)
        .map_err(diagnostic)?;
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
    Ok(Settings {
        subscription_id: text("subscription_id"),
        tenant_id: text("tenant_id"),
        client_id: text("client_id"),
        client_id_file_path: text("client_id_file_path").map(Into::into),
        client_secret: text("client_secret").map(Into::into),
        client_secret_file_path: text("client_secret_file_path").map(Into::into),
        use_cli: config.get("use_cli").as_bool(),
        environment: text("environment"),
        active_directory_authority_host: endpoint("active_directory_authority_host"),
        resource_manager_endpoint: endpoint("resource_manager_endpoint"),
        resource_manager_audience: endpoint("resource_manager_audience"),
        custom_correlation_request_id: text("custom_correlation_request_id"),
        replication_poll_interval: poll_interval(config)?,
        user_agent_prefix: Some(format!(
            "Terraform/{terraform_version} (+https://www.terraform.io)"
        )),
        ..Settings::default()
    })
}

fn diagnostic(error: SettingsError) -> Diagnostic {
    let diagnostic = Diagnostic::error(error.summary, error.detail);
    let Some(argument) = error.argument else {
        return diagnostic;
    };
    let is_endpoint = endpoint()
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
