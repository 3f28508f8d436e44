//! Signing in to Entra ID: where tokens for Azure Resource Manager come from.

mod cache;
mod client_secret;
mod entra;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;
use tokio::time::Instant;

pub(crate) use cache::TokenCache;

use crate::arm::cloud::Cloud;
use crate::arm::error::SignInError;
use crate::arm::transport::HttpClient;

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

/// How to sign in. Another kind of credential is another variant here, with a file of its own
/// beside `client_secret.rs`.
#[derive(Clone)]
pub enum Credential {
    /// A service principal with a client secret.
    ClientSecret {
        /// The tenant that issues the tokens: its id, or a domain name.
        tenant_id: String,
        /// The application id of the service principal.
        client_id: Text,
        /// The secret.
        client_secret: Secret,
    },
    /// Nothing to sign in with. That is no mistake until a request needs a token.
    None {
        /// What is missing, for whoever then needs one.
        help: String,
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
    /// The source of tokens for `cloud` that this credential makes.
    pub(crate) fn source(self, cloud: &Cloud, http: HttpClient) -> Arc<dyn TokenSource> {
        match self {
            Self::ClientSecret {
                tenant_id,
                client_id,
                client_secret,
            } => Arc::new(client_secret::ClientSecretSource {
                tenant_id,
                client_id,
                client_secret,
                authority_host: cloud.active_directory_authority_host.clone(),
                scope: cloud.scope(),
                http,
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
            Self::ClientSecret {
                tenant_id,
                client_id,
                ..
            } => f
                .debug_struct("ClientSecret")
                .field("tenant_id", tenant_id)
                .field("client_id", client_id)
                .finish_non_exhaustive(),
            Self::None { .. } => f.write_str("None"),
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
        let credential = Credential::ClientSecret {
            tenant_id: "tenant".to_owned(),
            client_id: Text::Given("client".to_owned()),
            client_secret: Secret::Given(secret()),
        };
        let printed = format!("{token:?} {credential:?} {:?}", Secret::Given(secret()));
        assert!(!printed.contains("hunter2"), "{printed}");
        assert!(printed.contains("client"), "{printed}");
    }
}
