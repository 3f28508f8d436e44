//! Fills settings from the environment variables that Azure's other tools read.

use std::path::PathBuf;

use secrecy::SecretString;

use super::{Settings, SettingsError, is_filled, is_unset};
use crate::arm::environment::{self, Lookup};

/// What separates the tenants in their variable.
const TENANT_SEPARATOR: char = ';';

impl Settings {
    /// Fills what is not set from the `ARM_*` environment variables, and from those that
    /// pipelines and clusters set for their guests.
    ///
    /// Where a value and a file are two ways to give the same thing, an argument for either one
    /// keeps both variables out.
    ///
    /// # Errors
    /// [`SettingsError`] names a variable that should hold true or false and does not.
    pub fn or_environment(mut self, lookup: Lookup<'_>) -> Result<Self, SettingsError> {
        self.fill_flags(lookup)?;
        self.fill_texts(lookup);
        self.fill_identity(lookup);
        self.fill_proofs(lookup);
        Ok(self)
    }

    fn fill_flags(&mut self, lookup: Lookup<'_>) -> Result<(), SettingsError> {
        for (field, variable) in [
            (&mut self.use_cli, "ARM_USE_CLI"),
            (&mut self.use_msi, "ARM_USE_MSI"),
            (&mut self.use_oidc, "ARM_USE_OIDC"),
            (
                &mut self.use_aks_workload_identity,
                "ARM_USE_AKS_WORKLOAD_IDENTITY",
            ),
            (
                &mut self.disable_instance_discovery,
                "ARM_DISABLE_INSTANCE_DISCOVERY",
            ),
        ] {
            if field.is_none() {
                *field = environment::flag(lookup, variable)?;
            }
        }
        Ok(())
    }

    fn fill_texts(&mut self, lookup: Lookup<'_>) {
        for (field, variables) in [
            (&mut self.subscription_id, &["ARM_SUBSCRIPTION_ID"][..]),
            (&mut self.environment, &["ARM_ENVIRONMENT"]),
            (&mut self.metadata_host, &["ARM_METADATA_HOSTNAME"]),
            (
                &mut self.active_directory_authority_host,
                &["ARM_ACTIVE_DIRECTORY_AUTHORITY_HOST"],
            ),
            (
                &mut self.resource_manager_endpoint,
                &["ARM_RESOURCE_MANAGER_ENDPOINT"],
            ),
            (
                &mut self.resource_manager_audience,
                &["ARM_RESOURCE_MANAGER_AUDIENCE"],
            ),
            (
                &mut self.custom_correlation_request_id,
                &["ARM_CORRELATION_REQUEST_ID"],
            ),
            (&mut self.partner_id, &["ARM_PARTNER_ID"]),
            (&mut self.msi_endpoint, &["ARM_MSI_ENDPOINT"]),
            (
                &mut self.oidc_request_url,
                &[
                    "ARM_OIDC_REQUEST_URL",
                    "ACTIONS_ID_TOKEN_REQUEST_URL",
                    "SYSTEM_OIDCREQUESTURI",
                ],
            ),
            (
                &mut self.ado_pipeline_service_connection_id,
                &[
                    "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID",
                    "ARM_OIDC_AZURE_SERVICE_CONNECTION_ID",
                    "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
                ],
            ),
        ] {
            if is_unset(field) {
                *field = environment::text(lookup, variables);
            }
        }
        if self.auxiliary_tenant_ids.is_empty() {
            let tenants = environment::text(lookup, &["ARM_AUXILIARY_TENANT_IDS"]);
            self.auxiliary_tenant_ids = tenants
                .unwrap_or_default()
                .split(TENANT_SEPARATOR)
                .map(|tenant| tenant.trim().to_owned())
                .filter(|tenant| !tenant.is_empty())
                .collect();
        }
    }

    /// Which application, in which tenant. A cluster names both to its guests in variables of
    /// its own.
    fn fill_identity(&mut self, lookup: Lookup<'_>) {
        let in_cluster = self.use_aks_workload_identity == Some(true);
        let text = |own: &'static str, of_cluster: &'static str| {
            environment::text(lookup, &[own])
                .or_else(|| environment::text(lookup, &[of_cluster]).filter(|_| in_cluster))
        };
        if is_unset(&self.tenant_id) {
            self.tenant_id = text("ARM_TENANT_ID", "AZURE_TENANT_ID");
        }
        if is_unset(&self.client_id) && self.client_id_file_path.is_none() {
            self.client_id = environment::text(lookup, &["ARM_CLIENT_ID"]);
            if self.client_id.is_none() {
                self.client_id_file_path = path(lookup, &["ARM_CLIENT_ID_FILE_PATH"]);
            }
            if self.client_id.is_none() && self.client_id_file_path.is_none() {
                self.client_id = text("ARM_CLIENT_ID", "AZURE_CLIENT_ID");
            }
        }
        // Where an App Service says how to ask for its identity.
        self.identity_endpoint = environment::text(lookup, &["IDENTITY_ENDPOINT"])
            .zip(secret(lookup, &["IDENTITY_HEADER"]));
    }

    fn fill_proofs(&mut self, lookup: Lookup<'_>) {
        let pairs = [
            (
                &mut self.client_secret,
                &mut self.client_secret_file_path,
                "ARM_CLIENT_SECRET",
                &["ARM_CLIENT_SECRET_FILE_PATH"][..],
            ),
            (
                &mut self.client_certificate,
                &mut self.client_certificate_path,
                "ARM_CLIENT_CERTIFICATE",
                &["ARM_CLIENT_CERTIFICATE_PATH"],
            ),
            (
                &mut self.oidc_token,
                &mut self.oidc_token_file_path,
                "ARM_OIDC_TOKEN",
                &["ARM_OIDC_TOKEN_FILE_PATH", "AZURE_FEDERATED_TOKEN_FILE"],
            ),
        ];
        for (value, file, variable, file_variables) in pairs {
            *value = value.take().filter(is_filled);
            if value.is_none() && file.is_none() {
                *value = secret(lookup, &[variable]);
                if value.is_none() {
                    *file = path(lookup, file_variables);
                }
            }
        }
        for (field, variables) in [
            (
                &mut self.client_certificate_password,
                &["ARM_CLIENT_CERTIFICATE_PASSWORD"][..],
            ),
            (
                &mut self.oidc_request_token,
                &[
                    "ARM_OIDC_REQUEST_TOKEN",
                    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
                    "SYSTEM_ACCESSTOKEN",
                ],
            ),
        ] {
            *field = field.take().filter(is_filled);
            if field.is_none() {
                *field = secret(lookup, variables);
            }
        }
    }
}

fn path(lookup: Lookup<'_>, variables: &[&str]) -> Option<PathBuf> {
    environment::text(lookup, variables).map(PathBuf::from)
}

fn secret(lookup: Lookup<'_>, variables: &[&str]) -> Option<SecretString> {
    environment::text(lookup, variables).map(SecretString::from)
}
