//! The sign-in of the Azure CLI, `az`.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::credentials::TokenCredential;
use azure_core::time::OffsetDateTime;
use azure_identity::{AzureCliCredential, AzureCliCredentialOptions};
use secrecy::SecretString;
use serde::Deserialize;
use tokio::time::Instant;

use super::{Token, TokenSource};
use crate::arm::error::{SignInError, chain};
use crate::arm::patience::Patience;

/// How long `az` may take. It starts slowly, and may ask Entra ID.
const TOKEN_LIMIT: Duration = Duration::from_secs(60);

/// How long it may take to say which subscription is chosen, which it knows by itself.
const SUBSCRIPTION_LIMIT: Duration = Duration::from_secs(20);

/// What `az` says when the network is at fault, and not the sign-in.
const PASSING: [&str; 7] = [
    "connection aborted",
    "connection error",
    "connectionerror",
    "max retries exceeded",
    "temporary failure",
    "timed out",
    "temporarily unavailable",
];

/// Asks `az` for tokens. It is started for each one, so the client keeps what it gives.
#[derive(Debug)]
pub(super) struct AzureCliSource {
    pub(super) tenant_id: Option<String>,
    pub(super) subscription_id: Option<String>,
    pub(super) scope: String,
}

#[async_trait]
impl TokenSource for AzureCliSource {
    async fn token(&self) -> Result<Token, SignInError> {
        if !is_installed() {
            return Err(missing());
        }
        let options = AzureCliCredentialOptions {
            tenant_id: self.tenant_id.clone(),
            // Azure's CLI takes one of the two, and refuses both.
            subscription: self
                .subscription_id
                .clone()
                .filter(|_| self.tenant_id.is_none()),
            ..AzureCliCredentialOptions::default()
        };
        let scopes = [self.scope.as_str()];
        let asked = async {
            AzureCliCredential::new(Some(options))?
                .get_token(&scopes, None)
                .await
        };
        let token = match Patience::detached(TOKEN_LIMIT).run(asked).await {
            Ok(Ok(token)) => token,
            Ok(Err(error)) => return Err(refusal(&chain(&error))),
            Err(_) => {
                let seconds = TOKEN_LIMIT.as_secs();
                let message = format!("the Azure CLI (use_cli) gave no token within {seconds} s");
                return Err(SignInError::temporary(message, None));
            }
        };
        let life = token.expires_on - OffsetDateTime::now_utc();
        Ok(Token {
            secret: SecretString::from(token.token.secret().to_owned()),
            expires: Instant::now() + Duration::try_from(life).unwrap_or(Duration::ZERO),
        })
    }
}

/// Whether there is an `az` on the PATH.
pub(super) fn is_installed() -> bool {
    let names: &[&str] = if cfg!(windows) {
        &["az.cmd", "az.exe", "az.bat"]
    } else {
        &["az"]
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .any(|folder: PathBuf| names.iter().any(|name| folder.join(name).is_file()))
}

#[derive(Deserialize)]
struct Account {
    id: String,
    #[serde(rename = "tenantId")]
    tenant_id: Option<String>,
}

/// The subscription that is chosen in `az`, of this tenant if one is given. It asks nobody but
/// the files of `az`; without an answer there is none.
pub async fn subscription(tenant_id: Option<&str>) -> Option<String> {
    if !is_installed() {
        return None;
    }
    let mut command = if cfg!(windows) {
        let mut command = tokio::process::Command::new("cmd");
        command.arg("/C").arg("az");
        command
    } else {
        tokio::process::Command::new("az")
    };
    let asked = command
        .args(["account", "show", "--output", "json"])
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = match Patience::detached(SUBSCRIPTION_LIMIT).run(asked).await {
        Ok(Ok(output)) if output.status.success() => output,
        _ => return None,
    };
    let account: Account = serde_json::from_slice(&output.stdout).ok()?;
    let is_of_tenant = match (tenant_id, account.tenant_id.as_deref()) {
        // A domain name cannot be compared with an id.
        (Some(wanted), Some(found)) if !wanted.contains('.') => wanted.eq_ignore_ascii_case(found),
        _ => true,
    };
    is_of_tenant.then_some(account.id)
}

fn missing() -> SignInError {
    SignInError::permanent(
        "no credential is configured, and the Azure CLI, which is used then (use_cli), is not \
         installed: there is no az on the PATH. Set tenant_id (environment variable \
         ARM_TENANT_ID), client_id (ARM_CLIENT_ID) and one of client_secret (ARM_CLIENT_SECRET), \
         client_certificate_path (ARM_CLIENT_CERTIFICATE_PATH) or, with use_oidc, an OIDC token; \
         or install the Azure CLI and sign in with az login"
            .to_owned(),
    )
}

/// Azure's CLI says itself what to do, such as `az login`.
fn refusal(said: &str) -> SignInError {
    // Where azure_identity sends its own users.
    let said = said.split("\nTo troubleshoot").next().unwrap_or(said);
    let said = said
        .trim_start_matches("AzureCliCredential authentication failed.")
        .trim();
    let message = format!("the Azure CLI (use_cli) gave no token: {said}");
    let lower = said.to_lowercase();
    if PASSING.iter().any(|words| lower.contains(words)) {
        SignInError::temporary(message, None)
    } else {
        SignInError::permanent(message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_network_passes() {
        #[track_caller]
        fn check(said: &str, permanent: bool, words: &str) {
            let error = refusal(said);
            assert_eq!(error.permanent, permanent, "{error}");
            assert_eq!(
                error.message,
                format!("the Azure CLI (use_cli) gave no token: {words}")
            );
        }
        check(
            "AzureCliCredential authentication failed. ERROR: Please run 'az login' to setup account.\n\nTo troubleshoot, visit x",
            true,
            "ERROR: Please run 'az login' to setup account.",
        );
        check(
            "ERROR: HTTPSConnectionPool(host='login.microsoftonline.com'): Max retries exceeded",
            false,
            "ERROR: HTTPSConnectionPool(host='login.microsoftonline.com'): Max retries exceeded",
        );
    }
}
