//! Which credential the settings mean, and what is missing of a half-given one.

use super::{Settings, SettingsError, is_filled};
use crate::arm::auth::{Credential, Secret, Text};

/// Finds the credential. Other kinds will be asked for here, each with its own rule; the first
/// complete one wins.
pub(super) fn credential(settings: &Settings) -> Result<Credential, SettingsError> {
    tenant(settings)?;
    let client_id = client_id(settings)?;
    let secret = client_secret(settings)?;
    let tenant_id = given(&settings.tenant_id);
    match (tenant_id, client_id, secret) {
        (Some(tenant_id), Some(client_id), Some(client_secret)) => Ok(Credential::ClientSecret {
            tenant_id: tenant_id.to_owned(),
            client_id,
            client_secret,
        }),
        (tenant_id, client_id, secret) => {
            let parts = Parts {
                tenant_id: tenant_id.is_some(),
                client_id: client_id.is_some(),
                client_secret: secret.is_some(),
            };
            // Tenant and client id alone also choose the identity of other ways to sign in.
            let other_ways = settings.use_cli.unwrap_or(true) || settings.use_msi == Some(true);
            let given = parts.tenant_id || parts.client_id || parts.client_secret;
            if given && (parts.client_secret || !other_ways) {
                Err(parts.incomplete())
            } else {
                Ok(Credential::None { help: parts.help() })
            }
        }
    }
}

/// Which parts of a client secret credential are given.
struct Parts {
    tenant_id: bool,
    client_id: bool,
    client_secret: bool,
}

impl Parts {
    fn incomplete(&self) -> SettingsError {
        let missing = self.missing();
        let argument = missing.first().map(|(argument, _)| *argument);
        SettingsError {
            argument,
            summary: "Client secret credential is incomplete".to_owned(),
            detail: format!(
                "Signing in with a client secret needs tenant_id, client_id and client_secret. \
                 Missing: {}.",
                listed(&missing)
            ),
        }
    }

    fn help(&self) -> String {
        format!(
            "No way to sign in to Entra ID is configured. To sign in as a service principal with a \
             client secret, set {}.",
            listed(&self.missing())
        )
    }

    fn missing(&self) -> Vec<(&'static str, &'static str)> {
        [
            (self.tenant_id, ("tenant_id", "ARM_TENANT_ID")),
            (self.client_id, ("client_id", "ARM_CLIENT_ID")),
            (self.client_secret, ("client_secret", "ARM_CLIENT_SECRET")),
        ]
        .into_iter()
        .filter(|(given, _)| !given)
        .map(|(_, names)| names)
        .collect()
    }
}

fn tenant(settings: &Settings) -> Result<(), SettingsError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    match given(&settings.tenant_id) {
        Some(tenant_id) if !tenant_id.chars().all(allowed) => Err(SettingsError {
            argument: Some("tenant_id"),
            summary: "Tenant id cannot be used".to_owned(),
            detail: format!(
                "tenant_id (environment variable ARM_TENANT_ID) is \"{tenant_id}\"; it must be \
                 the tenant's GUID or one of its domain names."
            ),
        }),
        _ => Ok(()),
    }
}

fn client_id(settings: &Settings) -> Result<Option<Text>, SettingsError> {
    match (given(&settings.client_id), &settings.client_id_file_path) {
        (Some(_), Some(_)) => Err(twice("client_id", "client_id_file_path")),
        (Some(text), None) => Ok(Some(Text::Given(text.to_owned()))),
        (None, Some(path)) => Ok(Some(Text::File(path.clone()))),
        (None, None) => Ok(None),
    }
}

fn client_secret(settings: &Settings) -> Result<Option<Secret>, SettingsError> {
    let secret = settings
        .client_secret
        .as_ref()
        .filter(|secret| is_filled(secret));
    match (secret, &settings.client_secret_file_path) {
        (Some(_), Some(_)) => Err(twice("client_secret", "client_secret_file_path")),
        (Some(secret), None) => Ok(Some(Secret::Given(secret.clone()))),
        (None, Some(path)) => Ok(Some(Secret::File(path.clone()))),
        (None, None) => Ok(None),
    }
}

fn twice(value: &'static str, file: &'static str) -> SettingsError {
    SettingsError {
        argument: Some(file),
        summary: format!("Both {value} and {file} are set"),
        detail: format!("{value} and {file} are two ways to give the same thing; set one of them."),
    }
}

fn listed(missing: &[(&str, &str)]) -> String {
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

fn given(field: &Option<String>) -> Option<&str> {
    field.as_deref().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::SecretString;

    fn settings(tenant: &str, client: &str, secret: &str) -> Settings {
        Settings {
            tenant_id: Some(tenant.to_owned()),
            client_id: Some(client.to_owned()),
            client_secret: Some(SecretString::from(secret)).filter(|_| !secret.is_empty()),
            ..Settings::default()
        }
    }

    #[test]
    fn a_half_given_secret_says_what_is_missing() {
        #[track_caller]
        fn check(settings: Settings, argument: &str, detail: &str) {
            let error = credential(&settings).unwrap_err();
            assert_eq!(error.argument, Some(argument), "{error}");
            assert!(error.detail.contains(detail), "{error}");
        }
        check(
            settings("t", "", "s"),
            "client_id",
            "Missing: client_id (environment variable ARM_CLIENT_ID).",
        );
        check(
            settings("", "", "s"),
            "tenant_id",
            "tenant_id (environment variable ARM_TENANT_ID) and client_id",
        );
        let without_cli = Settings {
            use_cli: Some(false),
            ..settings("t", "c", "")
        };
        check(without_cli, "client_secret", "ARM_CLIENT_SECRET");
        check(settings("a/b", "c", "s"), "tenant_id", "\"a/b\"");
        let twice = Settings {
            client_secret_file_path: Some("/secret".into()),
            ..settings("t", "c", "s")
        };
        check(twice, "client_secret_file_path", "set one of them");
    }

    #[test]
    fn nothing_to_sign_in_with_is_a_question_for_later() {
        #[track_caller]
        fn check(settings: Settings, help_contains: &str) {
            match credential(&settings).unwrap() {
                Credential::None { help } => assert!(help.contains(help_contains), "{help}"),
                other => panic!("{other:?}"),
            }
        }
        check(
            Settings::default(),
            "set tenant_id (environment variable ARM_TENANT_ID), client_id",
        );
        check(settings("t", "", ""), "set client_id");
        check(
            settings("t", "c", ""),
            "set client_secret (environment variable ARM_CLIENT_SECRET).",
        );
        let msi = Settings {
            use_cli: Some(false),
            use_msi: Some(true),
            ..settings("", "c", "")
        };
        check(msi, "set tenant_id");
        let nothing = Settings {
            use_cli: Some(false),
            ..Settings::default()
        };
        check(nothing, "No way to sign in");
    }

    #[test]
    fn a_whole_credential_is_taken() {
        let found = credential(&settings("contoso.com", "c", "s")).unwrap();
        assert!(
            matches!(found, Credential::ClientSecret { .. }),
            "{found:?}"
        );
    }
}
