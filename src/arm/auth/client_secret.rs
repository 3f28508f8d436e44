//! A service principal with a client secret.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::cloud::CustomConfiguration;
use azure_core::credentials::TokenCredential;
use azure_core::http::{ClientOptions, RetryOptions, Transport};
use azure_core::time::OffsetDateTime;
use azure_identity::{ClientSecretCredential, ClientSecretCredentialOptions};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use url::Url;

use super::entra::EntraTransport;
use super::{Secret, Text, Token, TokenSource};
use crate::arm::error::{SignInError, chain};
use crate::arm::transport::HttpClient;

/// A file with an id or a secret is one line; anything larger is another file.
const FILE_BYTES_MAX: u64 = 64 * 1024;

/// Asks Entra ID for tokens with a client id and a client secret.
#[derive(Debug)]
pub(super) struct ClientSecretSource {
    pub(super) tenant_id: String,
    pub(super) client_id: Text,
    pub(super) client_secret: Secret,
    pub(super) authority_host: Url,
    pub(super) scope: String,
    pub(super) http: HttpClient,
}

#[async_trait]
impl TokenSource for ClientSecretSource {
    async fn token(&self) -> Result<Token, SignInError> {
        let client_id = self.client_id.read()?;
        let secret = self.client_secret.read()?;
        let http = self
            .http
            .get()
            .map_err(|error| SignInError::unreachable(&error))?;
        let transport = Arc::new(EntraTransport::new(http));
        // A new credential for each token: this one keeps tokens inside, and would hand out again
        // the very token that Azure Resource Manager has just refused.
        let credential = ClientSecretCredential::new(
            &self.tenant_id,
            client_id.clone(),
            secret.expose_secret().to_owned().into(),
            Some(self.options(transport.clone())),
        );
        let answer = match credential {
            Ok(credential) => credential.get_token(&[self.scope.as_str()], None).await,
            Err(error) => Err(error),
        };
        let token = answer.map_err(|error| {
            let who = format!(
                "the application {client_id} in the tenant {}",
                self.tenant_id
            );
            transport.explain(&who, &chain(&error), secret.expose_secret())
        })?;
        let life = token.expires_on - OffsetDateTime::now_utc();
        Ok(Token {
            secret: SecretString::from(token.token.secret().to_owned()),
            expires: Instant::now() + Duration::try_from(life).unwrap_or(Duration::ZERO),
        })
    }
}

impl ClientSecretSource {
    fn options(&self, transport: Arc<EntraTransport>) -> ClientSecretCredentialOptions {
        // Always a cloud of our own: without one the credential reads the environment.
        let mut cloud = CustomConfiguration::default();
        cloud.authority_host = self.authority_host.to_string();
        ClientSecretCredentialOptions {
            client_options: ClientOptions {
                // It would retry an untrusted certificate for 14 s; whoever needs the token
                // retries, with a deadline and an ear for Stop.
                retry: RetryOptions::none(),
                transport: Some(Transport::new(transport)),
                cloud: Some(Arc::new(cloud.into())),
                ..ClientOptions::default()
            },
        }
    }
}

impl Text {
    fn read(&self) -> Result<String, SignInError> {
        match self {
            Self::Given(text) => Ok(text.clone()),
            Self::File(path) => read_trimmed(path, "client id"),
        }
    }
}

impl Secret {
    fn read(&self) -> Result<SecretString, SignInError> {
        match self {
            Self::Given(secret) => Ok(secret.clone()),
            Self::File(path) => read_trimmed(path, "client secret").map(SecretString::from),
        }
    }
}

/// Reads a small file, without the line end that editors leave: Entra ID would take it as a part.
fn read_trimmed(path: &Path, what: &str) -> Result<String, SignInError> {
    let refuse = |reason: String| {
        let path = path.display();
        SignInError::permanent(format!(
            "cannot read the {what} from the file {path}: {reason}"
        ))
    };
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text))
        .map_err(|error| refuse(error.to_string()))?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(refuse(format!("it is larger than {FILE_BYTES_MAX} bytes")));
    }
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(refuse("it is empty".to_owned()));
    }
    Ok(trimmed.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_anew_and_trimmed() {
        let path = std::env::temp_dir().join(format!("secret-{}", uuid::Uuid::new_v4()));
        let secret = Secret::File(path.clone());
        let missing = secret.read().unwrap_err();
        assert!(missing.permanent);
        assert!(
            missing.to_string().contains(path.to_str().unwrap()),
            "{missing}"
        );

        let read = |content: &str| {
            std::fs::write(&path, content).unwrap();
            let found = secret.read().map_err(|error| error.to_string())?;
            Ok::<_, String>(found.expose_secret().to_owned())
        };
        assert_eq!(read("one\r\n").as_deref(), Ok("one"));
        assert_eq!(read("two").as_deref(), Ok("two"));
        assert!(read(" \n").unwrap_err().contains("empty"));
        assert!(
            read(&"x".repeat(64 * 1024 + 1))
                .unwrap_err()
                .contains("larger")
        );
        std::fs::remove_file(&path).unwrap();
    }
}
