//! An application that signs in as itself, whatever it proves that with.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use azure_core::cloud::CustomConfiguration;
use azure_core::credentials::TokenCredential;
use azure_core::http::{ClientMethodOptions, ClientOptions, RetryOptions, Transport};
use azure_core::time::OffsetDateTime;
use azure_identity::{
    ClientAssertion, ClientAssertionCredential, ClientAssertionCredentialOptions,
    ClientSecretCredential, ClientSecretCredentialOptions,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;
use url::Url;

use super::entra::EntraTransport;
use super::{
    Certificate, CertificateSource, Proof, Secret, Text, Token, TokenSource, certificate,
    oidc_request,
};
use crate::arm::error::{SignInError, chain};
use crate::arm::patience::scaled;
use crate::arm::transport::HttpClient;

/// What Entra ID says of a proof that is over, or that it does not know (any more): whoever renews
/// the file that it stands in may be late, or early.
const PROOF_REFUSALS: [&str; 4] = [
    "AADSTS700024",
    "AADSTS7000222",
    "AADSTS7000215",
    "AADSTS700027",
];

/// How long a file may hold a proof that is refused; as long as a missing role is waited for.
const RENEWAL_LIMIT: Duration = Duration::from_secs(10 * 60);

/// What the sign-ins so far have shown.
#[derive(Debug, Default)]
pub(super) struct Past {
    /// Whether one has worked: then a file that is wrong now is being renewed.
    has_signed_in: bool,
    /// Since when the proof in the file is refused.
    refused_since: Option<Instant>,
}

/// Asks Entra ID for tokens with a client id and a proof.
#[derive(Debug)]
pub(super) struct ApplicationSource {
    pub(super) tenant_id: String,
    pub(super) client_id: Text,
    pub(super) proof: Proof,
    pub(super) authority_host: Url,
    pub(super) scope: String,
    pub(super) http: HttpClient,
    pub(super) past: Mutex<Past>,
}

#[async_trait]
impl TokenSource for ApplicationSource {
    async fn token(&self) -> Result<Token, SignInError> {
        let client_id = self
            .client_id
            .read("client_id_file_path")
            .map_err(|error| self.passing(error))?;
        let http = self
            .http
            .get()
            .map_err(|error| SignInError::unreachable(&error))?;
        let shown = match self.proof(&client_id, &http).await {
            Ok(shown) => shown,
            Err(error) => return Err(self.passing(error)),
        };
        let transport = Arc::new(EntraTransport::new(http));
        let token = self
            .signed_in(&client_id, &shown, transport.clone())
            .await
            .map_err(|error| {
                let tenant_id = &self.tenant_id;
                let who = format!("the application {client_id} in the tenant {tenant_id}");
                let error = transport.explain(&who, &chain(&error), shown.expose_secret());
                self.renewing(error)
            })?;
        *self.past() = Past {
            has_signed_in: true,
            refused_since: None,
        };
        let life = token.expires_on - OffsetDateTime::now_utc();
        Ok(Token {
            secret: SecretString::from(token.token.secret().to_owned()),
            expires: Instant::now() + Duration::try_from(life).unwrap_or(Duration::ZERO),
        })
    }
}

impl ApplicationSource {
    /// The trouble with a file passes, if the file was right before. What a pipeline refuses, it
    /// refuses for good.
    fn passing(&self, error: SignInError) -> SignInError {
        let is_file = !matches!(self.proof, Proof::OidcRequest(_));
        if is_file && self.past().has_signed_in {
            SignInError::temporary(error.message, None)
        } else {
            error
        }
    }

    /// Nor does it last that a file still has the proof that is over, or already one that Entra
    /// ID does not know yet; for a while.
    fn renewing(&self, error: SignInError) -> SignInError {
        let is_file = matches!(
            &self.proof,
            Proof::ClientSecret(Secret::File(_))
                | Proof::OidcToken(Secret::File(_))
                | Proof::ClientCertificate(Certificate {
                    source: CertificateSource::Path(_),
                    ..
                })
        );
        let mut past = self.past();
        if !is_file
            || !past.has_signed_in
            || !PROOF_REFUSALS.iter().any(|code| error.has_code(code))
        {
            return error;
        }
        let now = Instant::now();
        let since = *past.refused_since.get_or_insert(now);
        if now.duration_since(since) < scaled(RENEWAL_LIMIT) {
            SignInError::temporary(error.message, None)
        } else {
            error
        }
    }

    fn past(&self) -> std::sync::MutexGuard<'_, Past> {
        self.past.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is shown to Entra ID: the secret itself, or an assertion that somebody has signed.
    /// Files are read anew each time: whoever renews them does not tell us.
    async fn proof(
        &self,
        client_id: &str,
        http: &reqwest::Client,
    ) -> Result<SecretString, SignInError> {
        match &self.proof {
            Proof::ClientSecret(secret) => secret.read("client_secret_file_path"),
            Proof::OidcToken(token) => token.read("oidc_token_file_path"),
            Proof::OidcRequest(request) => oidc_request::ask(request, http).await,
            Proof::ClientCertificate(certificate) => {
                let path = format!("/{}/oauth2/v2.0/token", self.tenant_id);
                let audience = self.authority_host.join(&path).map_err(|error| {
                    SignInError::permanent(format!("tenant_id cannot stand in a URL: {error}"))
                })?;
                certificate::assertion(certificate, client_id, audience.as_str())
            }
        }
    }

    /// A new credential for each token: these keep tokens inside, and would hand out again the
    /// very token that Azure Resource Manager has just refused.
    async fn signed_in(
        &self,
        client_id: &str,
        shown: &SecretString,
        transport: Arc<EntraTransport>,
    ) -> azure_core::Result<azure_core::credentials::AccessToken> {
        let scopes = [self.scope.as_str()];
        let client_options = self.options(transport);
        if let Proof::ClientSecret(_) = self.proof {
            let options = ClientSecretCredentialOptions { client_options };
            let secret = shown.expose_secret().to_owned().into();
            ClientSecretCredential::new(
                &self.tenant_id,
                client_id.to_owned(),
                secret,
                Some(options),
            )?
            .get_token(&scopes, None)
            .await
        } else {
            let options = ClientAssertionCredentialOptions { client_options };
            let (tenant_id, client_id) = (self.tenant_id.clone(), client_id.to_owned());
            ClientAssertionCredential::new(
                tenant_id,
                client_id,
                Assertion(shown.clone()),
                Some(options),
            )?
            .get_token(&scopes, None)
            .await
        }
    }

    fn options(&self, transport: Arc<EntraTransport>) -> ClientOptions {
        // Always a cloud of our own: without one the credential reads the environment.
        let mut cloud = CustomConfiguration::default();
        cloud.authority_host = self.authority_host.to_string();
        ClientOptions {
            // It would retry an untrusted certificate for 14 s; whoever needs the token
            // retries, with a deadline and an ear for Stop.
            retry: RetryOptions::none(),
            transport: Some(Transport::new(transport)),
            cloud: Some(Arc::new(cloud.into())),
            ..ClientOptions::default()
        }
    }
}

/// An assertion that is there already.
#[derive(Debug)]
struct Assertion(SecretString);

#[async_trait]
impl ClientAssertion for Assertion {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        Ok(self.0.expose_secret().to_owned())
    }
}
