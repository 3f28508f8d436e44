//! Signing in to Entra ID: where tokens for Azure Resource Manager come from.

mod application;
mod azure_cli;
mod cache;
mod certificate;
mod clock;
mod entra;
mod files;
mod managed_identity;
mod oidc_request;

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use secrecy::SecretString;
use tokio::time::Instant;
use url::Url;

pub use azure_cli::subscription as subscription_of_azure_cli;
pub(crate) use cache::TokenCache;

use crate::arm::cloud::Cloud;
use crate::arm::error::SignInError;
use crate::arm::transport::{HttpClient, LocalHttpClient};

/// A bearer token for Azure Resource Manager.
#[derive(Clone)]
pub struct Token {
    /// What goes into the Authorization header after `Bearer `.
    pub secret: SecretString,
    /// When Azure Resource Manager stops to accept it.
    pub expires: Instant,
}

/// Somewhere tokens come from. It asks anew every time; the client keeps what it gives.
#[async_trait]
pub trait TokenSource: fmt::Debug + Send + Sync {
    /// Signs in.
    ///
    /// # Errors
    /// [`SignInError`], permanent if asking again cannot help. One attempt only: whoever needs
    /// the token knows how long to go on.
    async fn token(&self) -> Result<Token, SignInError>;
}

/// How to sign in.
#[derive(Clone)]
pub enum Credential {
    /// An application of Entra ID that signs in as itself: a service principal.
    Application {
        /// The tenant that issues the tokens: its id, or a domain name.
        tenant_id: String,
        /// The application id of the service principal.
        client_id: Text,
        /// What it proves that with.
        proof: Proof,
    },
    /// The identity that Azure gives to the machine we run on.
    ManagedIdentity {
        /// Which one, where the machine has several.
        client_id: Option<Text>,
        /// Where to ask for it.
        endpoint: IdentityEndpoint,
    },
    /// Whoever is signed in to the Azure CLI.
    AzureCli {
        /// The tenant that issues the tokens; the CLI's own if `None`.
        tenant_id: Option<String>,
        /// The subscription whose account is meant; the CLI's own if `None`.
        subscription_id: Option<String>,
    },
    /// Nothing to sign in with. That is no mistake until a request needs a token.
    None {
        /// What is missing, for whoever then needs one.
        help: String,
    },
}

/// What an application shows to Entra ID.
#[derive(Clone, Debug)]
pub enum Proof {
    /// A secret.
    ClientSecret(Secret),
    /// An assertion that the key of a certificate signs.
    ClientCertificate(Certificate),
    /// A token of somebody whom Entra ID trusts for this application.
    OidcToken(Secret),
    /// The same, asked for at the pipeline that we run in.
    OidcRequest(OidcRequest),
}

/// A certificate with its private key, as PEM or PFX (PKCS#12).
#[derive(Clone)]
pub struct Certificate {
    /// Where it is.
    pub source: CertificateSource,
    /// What a PFX is encrypted with.
    pub password: Option<SecretString>,
}

/// Where a certificate is.
#[derive(Clone)]
pub enum CertificateSource {
    /// In base64, or as PEM.
    Given(SecretString),
    /// In a file that is read again for each new token.
    Path(PathBuf),
}

/// Where a pipeline gives OIDC tokens.
#[derive(Clone)]
pub struct OidcRequest {
    /// The pipeline's address for that.
    pub url: Url,
    /// What lets us ask there.
    pub token: SecretString,
    /// Azure DevOps' service connection; GitHub has none.
    pub service_connection_id: Option<String>,
}

/// Where a managed identity is asked for.
#[derive(Clone)]
pub enum IdentityEndpoint {
    /// The instance metadata service of virtual machines.
    Imds,
    /// Something that speaks like it elsewhere.
    Given(Url),
    /// An App Service or a container app, which says where.
    AppService {
        /// The address.
        url: String,
        /// What lets us ask there.
        header: SecretString,
    },
}

/// A text that is given, or stands in a file that is read again for each new token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    /// The text itself.
    Given(String),
    /// The file it stands in.
    File(PathBuf),
}

/// A secret that is given, or stands in a file that is read again for each new token.
#[derive(Clone)]
pub enum Secret {
    /// The secret itself.
    Given(SecretString),
    /// The file it stands in.
    File(PathBuf),
}

impl Credential {
    /// Whether there is something to sign in with. That it works is another matter.
    pub fn is_available(&self) -> bool {
        match self {
            Self::None { .. } => false,
            Self::AzureCli { .. } => azure_cli::is_installed(),
            Self::Application { .. } | Self::ManagedIdentity { .. } => true,
        }
    }

    /// The same identity in another tenant.
    pub(crate) fn in_tenant(&self, tenant_id: &str) -> Option<Self> {
        let tenant_id = tenant_id.to_owned();
        match self.clone() {
            Self::Application {
                client_id, proof, ..
            } => Some(Self::Application {
                tenant_id,
                client_id,
                proof,
            }),
            Self::AzureCli { .. } => Some(Self::AzureCli {
                tenant_id: Some(tenant_id),
                subscription_id: None,
            }),
            // It has no other tenant, and without a credential there is nothing to take there.
            Self::ManagedIdentity { .. } | Self::None { .. } => None,
        }
    }

    /// The source of tokens for `cloud` that this credential makes.
    pub(crate) fn source(self, cloud: &Cloud, http: HttpClient) -> Arc<dyn TokenSource> {
        match self {
            Self::Application {
                tenant_id,
                client_id,
                proof,
            } => Arc::new(application::ApplicationSource {
                tenant_id,
                client_id,
                proof,
                authority_host: cloud.active_directory_authority_host.clone(),
                scope: cloud.scope(),
                http,
                past: Mutex::default(),
            }),
            Self::ManagedIdentity {
                client_id,
                endpoint,
            } => Arc::new(managed_identity::ManagedIdentitySource {
                client_id,
                endpoint,
                audience: cloud.resource_manager_audience.clone(),
                http: LocalHttpClient::default(),
                has_answered: AtomicBool::new(false),
            }),
            Self::AzureCli {
                tenant_id,
                subscription_id,
            } => Arc::new(azure_cli::AzureCliSource {
                tenant_id,
                subscription_id,
                scope: cloud.scope(),
            }),
            Self::None { help } => Arc::new(NoSource { help }),
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Application {
                tenant_id,
                client_id,
                proof,
            } => f
                .debug_struct("Application")
                .field("tenant_id", tenant_id)
                .field("client_id", client_id)
                .field("proof", proof)
                .finish(),
            Self::ManagedIdentity {
                client_id,
                endpoint,
            } => f
                .debug_struct("ManagedIdentity")
                .field("client_id", client_id)
                .field("endpoint", endpoint)
                .finish(),
            Self::AzureCli {
                tenant_id,
                subscription_id,
            } => f
                .debug_struct("AzureCli")
                .field("tenant_id", tenant_id)
                .field("subscription_id", subscription_id)
                .finish(),
            Self::None { .. } => f.write_str("None"),
        }
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            CertificateSource::Given(_) => f.write_str("Given(..)"),
            CertificateSource::Path(path) => f.debug_tuple("Path").field(path).finish(),
        }
    }
}

impl fmt::Debug for OidcRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OidcRequest")
            .field("host", &self.url.host_str())
            .field("service_connection_id", &self.service_connection_id)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for IdentityEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Imds => f.write_str("Imds"),
            Self::Given(url) => f.debug_tuple("Given").field(&url.host_str()).finish(),
            Self::AppService { url, .. } => f
                .debug_struct("AppService")
                .field("url", url)
                .finish_non_exhaustive(),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(_) => f.write_str("Given(..)"),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

/// Stands where no credential is configured.
#[derive(Debug)]
struct NoSource {
    help: String,
}

#[async_trait]
impl TokenSource for NoSource {
    async fn token(&self) -> Result<Token, SignInError> {
        Err(SignInError::permanent(self.help.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_is_printed() {
        let secret = || SecretString::from("hunter2");
        let token = Token {
            secret: secret(),
            expires: Instant::now(),
        };
        let proofs = [
            Proof::ClientSecret(Secret::Given(secret())),
            Proof::OidcToken(Secret::Given(secret())),
            Proof::ClientCertificate(Certificate {
                source: CertificateSource::Given(secret()),
                password: Some(secret()),
            }),
            Proof::OidcRequest(OidcRequest {
                url: Url::parse("https://example/hunter2?hunter2").unwrap(),
                token: secret(),
                service_connection_id: None,
            }),
        ];
        let application = |proof| Credential::Application {
            tenant_id: "tenant".to_owned(),
            client_id: Text::Given("client".to_owned()),
            proof,
        };
        let endpoint = IdentityEndpoint::AppService {
            url: "http://localhost".to_owned(),
            header: secret(),
        };
        let identity = Credential::ManagedIdentity {
            client_id: None,
            endpoint,
        };
        let applications = proofs.map(application);
        let printed = format!(
            "{token:?} {applications:?} {identity:?} {:?}",
            Secret::Given(secret())
        );
        assert!(!printed.contains("hunter2"), "{printed}");
        assert!(printed.contains("client"), "{printed}");
    }
}
