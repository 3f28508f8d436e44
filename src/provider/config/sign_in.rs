//! The arguments of the provider block that say who signs in, and where.

use crate::plugin::schema::{Attribute, Nesting};
use crate::plugin::value::Type;

/// All of them; their names and variables are those of Azure's other providers.
pub(super) fn arguments() -> Vec<Attribute> {
    let mut arguments = application();
    arguments.extend(open_id_connect());
    arguments.extend(without_application());
    arguments.extend(cloud());
    arguments
}

fn text(name: &'static str, description: &str, variables: &[&str]) -> Attribute {
    Attribute::optional(name, Type::String).description(sourced(description, variables, None))
}

fn flag(name: &'static str, description: &str, variable: &str, default: bool) -> Attribute {
    let description = sourced(description, &[variable], Some(default));
    Attribute::optional(name, Type::Bool).description(description)
}

fn sourced(description: &str, variables: &[&str], default: Option<bool>) -> String {
    let names: Vec<String> = variables.iter().map(|name| format!("`{name}`")).collect();
    let which = match names.as_slice() {
        [name] => format!("{name} environment variable"),
        names => format!("{} environment variables", names.join(", ")),
    };
    let default = default.map_or_else(String::new, |default| format!(" Defaults to `{default}`."));
    format!("{description} This can also be sourced from the {which}.{default}")
}

fn application() -> Vec<Attribute> {
    vec![
        text("tenant_id", "The ID of the tenant.", &["ARM_TENANT_ID"]),
        Attribute::optional("auxiliary_tenant_ids", Type::List(Box::new(Type::String))).description(
            sourced(
                "The IDs of other tenants, at most three, that requests reach into.",
                &["ARM_AUXILIARY_TENANT_IDS"],
                None,
            ) + " In the variable, `;` stands between them.",
        ),
        text(
            "client_id",
            "The client ID of the service principal, or of a managed identity.",
            &["ARM_CLIENT_ID"],
        ),
        text(
            "client_id_file_path",
            "The path to a file with the client ID.",
            &["ARM_CLIENT_ID_FILE_PATH"],
        ),
        text(
            "client_secret",
            "The client secret of the service principal.",
            &["ARM_CLIENT_SECRET"],
        )
        .sensitive(),
        text(
            "client_secret_file_path",
            "The path to a file with the client secret, which is read anew for each token.",
            &["ARM_CLIENT_SECRET_FILE_PATH"],
        ),
        text(
            "client_certificate",
            "A certificate of the service principal with its private key: a PFX (PKCS#12) bundle in base64.",
            &["ARM_CLIENT_CERTIFICATE"],
        )
        .sensitive(),
        text(
            "client_certificate_path",
            "The path to a file with the certificate and its private key, as PFX (PKCS#12) or as PEM. It is read \
             anew for each token.",
            &["ARM_CLIENT_CERTIFICATE_PATH"],
        ),
        text(
            "client_certificate_password",
            "The password of a PFX bundle.",
            &["ARM_CLIENT_CERTIFICATE_PASSWORD"],
        )
        .sensitive(),
    ]
}

fn open_id_connect() -> Vec<Attribute> {
    const CONNECTION: &[&str] = &[
        "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID",
        "ARM_OIDC_AZURE_SERVICE_CONNECTION_ID",
        "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
    ];
    vec![
        flag(
            "use_oidc",
            "Whether OIDC tokens are used to sign in.",
            "ARM_USE_OIDC",
            false,
        ),
        text(
            "oidc_token",
            "An OIDC token. For waits that outlive it, use one of the other ways to give tokens.",
            &["ARM_OIDC_TOKEN"],
        )
        .sensitive(),
        text(
            "oidc_token_file_path",
            "The path to a file with an OIDC token, which is read anew for each token of Azure.",
            &["ARM_OIDC_TOKEN_FILE_PATH", "AZURE_FEDERATED_TOKEN_FILE"],
        ),
        text(
            "oidc_request_url",
            "Where a pipeline gives OIDC tokens.",
            &[
                "ARM_OIDC_REQUEST_URL",
                "ACTIONS_ID_TOKEN_REQUEST_URL",
                "SYSTEM_OIDCREQUESTURI",
            ],
        ),
        text(
            "oidc_request_token",
            "What lets us ask there.",
            &[
                "ARM_OIDC_REQUEST_TOKEN",
                "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
                "SYSTEM_ACCESSTOKEN",
            ],
        )
        .sensitive(),
        text(
            "ado_pipeline_service_connection_id",
            "The ID of the service connection of a pipeline in Azure DevOps.",
            CONNECTION,
        ),
        text(
            "oidc_azure_service_connection_id",
            "Another name of `ado_pipeline_service_connection_id`.",
            CONNECTION,
        ),
        flag(
            "use_aks_workload_identity",
            "Whether the workload identity of Azure Kubernetes Service is used to sign in. Tenant, client ID and \
             the path to the token then also come from the cluster's `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and \
             `AZURE_FEDERATED_TOKEN_FILE`.",
            "ARM_USE_AKS_WORKLOAD_IDENTITY",
            false,
        ),
    ]
}

fn without_application() -> Vec<Attribute> {
    vec![
        flag(
            "use_msi",
            "Whether the managed identity of this machine is used to sign in.",
            "ARM_USE_MSI",
            false,
        ),
        text(
            "msi_endpoint",
            "Where to ask for the managed identity, if not where the machine offers it.",
            &["ARM_MSI_ENDPOINT"],
        ),
        flag(
            "use_cli",
            "Whether the Azure CLI may be used to sign in.",
            "ARM_USE_CLI",
            true,
        ),
    ]
}

fn cloud() -> Vec<Attribute> {
    vec![
        Attribute::optional("environment", Type::String)
        .description(
            "The cloud: `public`, `usgovernment`, `china` or `custom`. This can also be sourced from the \
             `ARM_ENVIRONMENT` environment variable. Defaults to `public`.",
        ),
        text(
            "metadata_host",
            "The host of an Azure Resource Manager that says where the end points of its cloud are.",
            &["ARM_METADATA_HOSTNAME"],
        ),
        flag(
            "disable_instance_discovery",
            "Accepted so that a provider block can be copied from another Azure provider. It has no meaning here: \
             the addresses of Entra ID are taken as they are given, and nobody is asked whether they are known.",
            "ARM_DISABLE_INSTANCE_DISCOVERY",
            false,
        ),
        Attribute::optional_nested("endpoint", Nesting::List, endpoint()).description(
            "The endpoints of a custom cloud. Any of them can also override one of the other clouds.",
        ),
    ]
}

/// The arguments of `endpoint`.
pub(super) fn endpoint() -> Vec<Attribute> {
    vec![
        text(
            "active_directory_authority_host",
            "The host of Entra ID.",
            &["ARM_ACTIVE_DIRECTORY_AUTHORITY_HOST"],
        ),
        text(
            "resource_manager_audience",
            "What a token for Azure Resource Manager is asked for.",
            &["ARM_RESOURCE_MANAGER_AUDIENCE"],
        ),
        text(
            "resource_manager_endpoint",
            "The address of Azure Resource Manager.",
            &["ARM_RESOURCE_MANAGER_ENDPOINT"],
        ),
    ]
}
