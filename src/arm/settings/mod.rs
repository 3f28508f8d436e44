//! What a caller can set, what the environment adds, and what a client is made from.

mod credential;
mod endpoints;
mod identity;
mod variables;

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::arm::environment::NotABool;
use crate::arm::transport::ClientOptions;

/// The shortest interval between two looks at a replication: Azure refreshes its progress every
/// ten minutes, and each look counts against the subscription's limits.
const REPLICATION_POLL_INTERVAL_MIN: Duration = Duration::from_secs(1);

/// The longest text that goes into one of our headers.
const HEADER_CHARACTERS_MAX: usize = 1024;

/// Everything that can be set. Fields are named as the arguments and variables of Azure's other
/// tools; what is `None` can still come from the environment.
#[derive(Clone, Default)]
pub struct Settings {
    /// The subscription of resources that name none.
    pub subscription_id: Option<String>,
    /// The tenant that issues the tokens: its id, or a domain name.
    pub tenant_id: Option<String>,
    /// The application id of the service principal.
    pub client_id: Option<String>,
    /// A file with the application id.
    pub client_id_file_path: Option<PathBuf>,
    /// The secret of the service principal.
    pub client_secret: Option<SecretString>,
    /// A file with the secret.
    pub client_secret_file_path: Option<PathBuf>,
    /// A certificate of the service principal with its key: PFX in base64.
    pub client_certificate: Option<SecretString>,
    /// A file with that: PFX or PEM.
    pub client_certificate_path: Option<PathBuf>,
    /// What a PFX is encrypted with.
    pub client_certificate_password: Option<SecretString>,
    /// Whether OIDC tokens are used; false if not set.
    pub use_oidc: Option<bool>,
    /// An OIDC token.
    pub oidc_token: Option<SecretString>,
    /// A file with an OIDC token.
    pub oidc_token_file_path: Option<PathBuf>,
    /// Where a pipeline gives OIDC tokens.
    pub oidc_request_url: Option<String>,
    /// What lets us ask there.
    pub oidc_request_token: Option<SecretString>,
    /// The service connection of a pipeline in Azure DevOps.
    pub ado_pipeline_service_connection_id: Option<String>,
    /// Whether the identity of a Kubernetes workload is used; false if not set.
    pub use_aks_workload_identity: Option<bool>,
    /// Where to ask for the managed identity, instead of where the machine offers it.
    pub msi_endpoint: Option<String>,
    /// Where an App Service offers its identity, and what lets us ask there.
    pub identity_endpoint: Option<(String, SecretString)>,
    /// Other tenants whose tokens go with every request; at most three.
    pub auxiliary_tenant_ids: Vec<String>,
    /// Whether the sign-in of the Azure CLI may be used; true if not set.
    pub use_cli: Option<bool>,
    /// Whether the managed identity of this machine may be used; false if not set.
    pub use_msi: Option<bool>,
    /// The cloud: public, usgovernment, china or custom.
    pub environment: Option<String>,
    /// The host that says where the cloud's end points are.
    pub metadata_host: Option<String>,
    /// Accepted and without meaning: nobody asks Entra ID about its instances here.
    pub disable_instance_discovery: Option<bool>,
    /// Whom Microsoft shall attribute the usage to: a GUID.
    pub partner_id: Option<String>,
    /// Entra ID of a custom cloud; in a built-in cloud it overrides the built-in one.
    pub active_directory_authority_host: Option<String>,
    /// Azure Resource Manager of a custom cloud; in a built-in cloud it overrides the built-in one.
    pub resource_manager_endpoint: Option<String>,
    /// What tokens are asked for in a custom cloud; in a built-in cloud it overrides the built-in
    /// one.
    pub resource_manager_audience: Option<String>,
    /// The correlation id of everything that is sent.
    pub custom_correlation_request_id: Option<String>,
    /// How often to look at a replication; there is no environment variable for it.
    pub replication_poll_interval: Option<Duration>,
    /// Whom usage is attributed to where `partner_id` is not set.
    pub default_partner_id: Option<&'static str>,
    /// What the caller puts before our own name in the User-Agent header.
    pub user_agent_prefix: Option<String>,
}

/// A setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{summary}: {detail}")]
pub struct SettingsError {
    /// The argument at fault, if it is a single one.
    pub argument: Option<&'static str>,
    /// What is wrong, in a few words.
    pub summary: String,
    /// What was found, what is expected, and the environment variable of the same meaning.
    pub detail: String,
}

impl Settings {
    /// Checks the settings and makes of them what a client needs. Reads no file and asks nobody.
    ///
    /// Having no credential at all is no error here: it is one for the first request that needs a
    /// token.
    ///
    /// # Errors
    /// [`SettingsError`] names the argument at fault and its environment variable.
    pub fn resolve(self) -> Result<ClientOptions, SettingsError> {
        let (cloud, metadata) = endpoints::cloud(&self)?;
        let credential = credential::credential(&self)?;
        check_auxiliary_tenants(&self.auxiliary_tenant_ids)?;
        let partner_id = identity::partner_id(&self)?;
        header_text(
            "custom_correlation_request_id",
            "ARM_CORRELATION_REQUEST_ID",
            self.custom_correlation_request_id.as_deref(),
        )?;
        if let Some(interval) = self.replication_poll_interval {
            check_replication_poll_interval(interval)?;
        }
        Ok(ClientOptions {
            cloud,
            metadata,
            credential,
            auxiliary_tenant_ids: self.auxiliary_tenant_ids,
            subscription_id: self.subscription_id.filter(|id| !id.is_empty()),
            correlation_request_id: self
                .custom_correlation_request_id
                .filter(|id| !id.is_empty()),
            user_agent_prefix: self.user_agent_prefix.map(|prefix| {
                let printable = |c: &char| *c == ' ' || c.is_ascii_graphic();
                prefix
                    .chars()
                    .filter(printable)
                    .take(HEADER_CHARACTERS_MAX)
                    .collect()
            }),
            partner_id,
            replication_poll_interval: self.replication_poll_interval,
        })
    }
}

/// Checks the name of a cloud.
///
/// # Errors
/// [`SettingsError`] names the clouds there are.
pub fn check_environment(name: &str) -> Result<(), SettingsError> {
    endpoints::built_in(Some(name)).map(|_| ())
}

/// Checks the other tenants whose tokens go with every request.
///
/// # Errors
/// [`SettingsError`] says how many there may be, or which one is none.
pub fn check_auxiliary_tenants(tenant_ids: &[String]) -> Result<(), SettingsError> {
    identity::check_auxiliary_tenants(tenant_ids)
}

/// Checks how often a replication may be looked at.
///
/// # Errors
/// [`SettingsError`] says the shortest interval.
pub fn check_replication_poll_interval(interval: Duration) -> Result<(), SettingsError> {
    if interval >= REPLICATION_POLL_INTERVAL_MIN {
        return Ok(());
    }
    Err(SettingsError {
        argument: Some("replication_poll_interval"),
        summary: "Poll interval is too short".to_owned(),
        detail:
            "replication_poll_interval must be at least 1s: every look at a replication counts \
                 against the subscription's request limits."
                .to_owned(),
    })
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("subscription_id", &self.subscription_id)
            .field("tenant_id", &self.tenant_id)
            .field("client_id", &self.client_id)
            .field("environment", &self.environment)
            .finish_non_exhaustive()
    }
}

impl From<NotABool> for SettingsError {
    fn from(error: NotABool) -> Self {
        Self {
            argument: None,
            summary: format!("{} is neither true nor false", error.variable),
            detail: format!("{error}. Set it to true or false, or unset it."),
        }
    }
}

/// Empty texts count as not set, like empty variables.
fn is_unset(field: &Option<String>) -> bool {
    field.as_ref().is_none_or(String::is_empty)
}

fn given(field: &Option<String>) -> Option<&str> {
    field.as_deref().filter(|text| !text.is_empty())
}

fn is_filled(secret: &SecretString) -> bool {
    !secret.expose_secret().is_empty()
}

fn header_text(
    argument: &'static str,
    variable: &str,
    value: Option<&str>,
) -> Result<(), SettingsError> {
    let Some(value) = value else {
        return Ok(());
    };
    if value.len() <= HEADER_CHARACTERS_MAX && value.chars().all(|c| c.is_ascii_graphic()) {
        return Ok(());
    }
    Err(SettingsError {
        argument: Some(argument),
        summary: "Correlation id cannot be sent".to_owned(),
        detail: format!(
            "{argument} (environment variable {variable}) goes into a header of every request. \
             It may have up to {HEADER_CHARACTERS_MAX} printable ASCII characters and no spaces; \
             a GUID is usual."
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arm::auth::{Credential, Proof, Secret, Text};

    fn environment(variable: &str) -> Option<String> {
        let value = match variable {
            "ARM_SUBSCRIPTION_ID" => "subscription-e",
            "ARM_TENANT_ID" => "tenant-e",
            "ARM_CLIENT_ID" => "client-e",
            "ARM_CLIENT_ID_FILE_PATH" => "/client-e",
            "ARM_CLIENT_SECRET" => "secret-e",
            "ARM_ENVIRONMENT" => "",
            "ARM_USE_CLI" => "FALSE",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn the_environment_fills_what_is_not_set() {
        let settings = Settings {
            tenant_id: Some("tenant-a".to_owned()),
            client_id: Some(String::new()),
            client_secret_file_path: Some("/secret-a".into()),
            ..Settings::default()
        };
        let settings = settings.or_environment(&environment).unwrap();
        assert_eq!(settings.use_cli, Some(false));
        let options = settings.resolve().unwrap();
        assert_eq!(options.subscription_id.as_deref(), Some("subscription-e"));
        assert_eq!(
            options.cloud.resource_manager_host(),
            "management.azure.com"
        );
        let Credential::Application {
            tenant_id,
            client_id,
            proof: Proof::ClientSecret(client_secret),
        } = options.credential
        else {
            panic!("a service principal was given");
        };
        assert_eq!(tenant_id, "tenant-a");
        assert_eq!(client_id, Text::Given("client-e".to_owned()));
        assert!(matches!(client_secret, Secret::File(path) if path.ends_with("secret-a")));
    }

    #[test]
    fn a_flag_that_is_none_is_an_error() {
        let lookup = |variable: &str| (variable == "ARM_USE_CLI").then(|| "perhaps".to_owned());
        let error = Settings::default().or_environment(&lookup).unwrap_err();
        assert_eq!(error.summary, "ARM_USE_CLI is neither true nor false");
        assert!(error.detail.contains("perhaps"), "{error}");
    }

    #[test]
    fn values_that_cannot_be_used_are_named() {
        #[track_caller]
        fn check(settings: Settings, argument: &str) {
            let error = settings.resolve().unwrap_err();
            assert_eq!(error.argument, Some(argument), "{error}");
        }
        check(
            Settings {
                replication_poll_interval: Some(Duration::from_millis(999)),
                ..Settings::default()
            },
            "replication_poll_interval",
        );
        check(
            Settings {
                custom_correlation_request_id: Some("two words".to_owned()),
                ..Settings::default()
            },
            "custom_correlation_request_id",
        );
    }

    #[test]
    fn the_user_agent_prefix_cannot_break_a_header() {
        let settings = Settings {
            user_agent_prefix: Some("caller/1 (a\r\nb: ü)".to_owned()),
            ..Settings::default()
        };
        let prefix = settings.resolve().unwrap().user_agent_prefix;
        assert_eq!(prefix.as_deref(), Some("caller/1 (ab: )"));
    }

    #[test]
    fn nothing_secret_is_printed() {
        let settings = Settings::default().or_environment(&environment).unwrap();
        let printed = format!("{settings:?} {:?}", settings.clone().resolve().unwrap());
        assert!(!printed.contains("secret-e"), "{printed}");
    }
}
