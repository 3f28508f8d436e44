//! Which cloud the settings mean.

use url::Url;

use super::{Settings, SettingsError, given};
use crate::arm::cloud::{BuiltIn, Cloud};
use crate::arm::metadata::Metadata;

/// One end point: its argument, its variable, what is set.
struct Endpoint<'a> {
    argument: &'static str,
    variable: &'static str,
    value: Option<&'a str>,
}

/// Finds the cloud that is meant. With a host that says where its end points are, that host
/// stands for all that is still to be asked.
pub(super) fn cloud(settings: &Settings) -> Result<(Cloud, Option<Metadata>), SettingsError> {
    let resource_manager = Endpoint {
        argument: "resource_manager_endpoint",
        variable: "ARM_RESOURCE_MANAGER_ENDPOINT",
        value: given(&settings.resource_manager_endpoint),
    };
    let audience = Endpoint {
        argument: "resource_manager_audience",
        variable: "ARM_RESOURCE_MANAGER_AUDIENCE",
        value: given(&settings.resource_manager_audience),
    };
    let authority = Endpoint {
        argument: "active_directory_authority_host",
        variable: "ARM_ACTIVE_DIRECTORY_AUTHORITY_HOST",
        value: given(&settings.active_directory_authority_host),
    };
    let built_in = built_in(given(&settings.environment))?;
    let host = metadata_host(settings)?;
    let host_text = host.as_ref().map(Url::as_str);
    let otherwise = |of: fn(BuiltIn) -> &'static str| host_text.or_else(|| built_in.map(of));
    let cloud = Cloud {
        resource_manager_endpoint: resource_manager
            .url(otherwise(BuiltIn::resource_manager_endpoint))?,
        active_directory_authority_host: authority
            .url(otherwise(BuiltIn::active_directory_authority_host))?,
        resource_manager_audience: audience
            .audience(otherwise(BuiltIn::resource_manager_audience))?,
    };
    let metadata = host.clone().map(|host| Metadata {
        host,
        cloud_name: built_in.map(BuiltIn::name),
        resource_manager_endpoint: resource_manager
            .value
            .map(|_| cloud.resource_manager_endpoint.clone()),
        resource_manager_audience: audience
            .value
            .map(|_| cloud.resource_manager_audience.clone()),
        active_directory_authority_host: authority
            .value
            .map(|_| cloud.active_directory_authority_host.clone()),
    });
    Ok((cloud, metadata))
}

/// The host that says where the end points are; other tools take it with and without a scheme.
fn metadata_host(settings: &Settings) -> Result<Option<Url>, SettingsError> {
    let Some(text) = given(&settings.metadata_host) else {
        return Ok(None);
    };
    let text = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    let host = Endpoint {
        argument: "metadata_host",
        variable: "ARM_METADATA_HOSTNAME",
        value: Some(&text),
    };
    host.url(None).map(Some)
}

/// The built-in cloud of a name; `None` for a custom one. All spellings of Azure's other tools
/// count, in any case.
pub(super) fn built_in(environment: Option<&str>) -> Result<Option<BuiltIn>, SettingsError> {
    let name = environment.unwrap_or("public").trim();
    match name.to_ascii_lowercase().as_str() {
        "public" | "azurepubliccloud" | "azurecloud" => Ok(Some(BuiltIn::Public)),
        "usgovernment" | "azureusgovernmentcloud" | "azureusgovernment" => {
            Ok(Some(BuiltIn::UsGovernment))
        }
        "china" | "azurechinacloud" => Ok(Some(BuiltIn::China)),
        "custom" => Ok(None),
        _ => Err(SettingsError {
            argument: Some("environment"),
            summary: "Unknown Azure environment".to_owned(),
            detail: format!(
                "environment (environment variable ARM_ENVIRONMENT) is \"{name}\"; it must be \
                 public, usgovernment, china or custom."
            ),
        }),
    }
}

impl Endpoint<'_> {
    /// The URL that is set, or else the built-in one.
    fn url(&self, built_in: Option<&str>) -> Result<Url, SettingsError> {
        let text = self.value.or(built_in).ok_or_else(|| self.missing())?;
        let url = Url::parse(text).map_err(|error| self.unusable(text, &format!("{error}")))?;
        self.https_only(text, &url)?;
        if url.host_str().is_none_or(str::is_empty) {
            return Err(self.unusable(text, "it names no host"));
        }
        let only_a_host = url.path().trim_matches('/').is_empty()
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if !only_a_host {
            return Err(self.unusable(text, "it must be https://, a host and perhaps a port"));
        }
        Ok(url)
    }

    /// The audience that is set, or else the built-in one; it need not be a URL.
    fn audience(&self, built_in: Option<&str>) -> Result<String, SettingsError> {
        let text = self.value.or(built_in).ok_or_else(|| self.missing())?;
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(self.unusable(text, "it contains white space"));
        }
        if let Ok(url) = Url::parse(text) {
            self.https_only(text, &url)?;
        }
        Ok(text.trim_end_matches('/').to_owned())
    }

    fn https_only(&self, text: &str, url: &Url) -> Result<(), SettingsError> {
        if url.scheme() == "http" {
            return Err(self.unusable(
                text,
                "it begins with http://, but tokens travel over https:// only",
            ));
        }
        // An audience may be api://..., a host may not; a bare host parses as a scheme.
        if url.scheme() != "https" && self.argument != "resource_manager_audience" {
            return Err(self.unusable(text, "it does not begin with https://"));
        }
        Ok(())
    }

    fn missing(&self) -> SettingsError {
        SettingsError {
            argument: Some(self.argument),
            summary: format!("Custom environment needs {}", self.argument),
            detail: format!(
                "With environment = \"custom\" these three must be set: \
                 active_directory_authority_host, resource_manager_endpoint and \
                 resource_manager_audience. {} (environment variable {}) is missing.",
                self.argument, self.variable
            ),
        }
    }

    fn unusable(&self, text: &str, reason: &str) -> SettingsError {
        SettingsError {
            argument: Some(self.argument),
            summary: format!("Cannot use {}", self.argument),
            detail: format!(
                "{} (environment variable {}) is \"{text}\": {reason}.",
                self.argument, self.variable
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cloud(settings: &Settings) -> Result<Cloud, SettingsError> {
        super::cloud(settings).map(|(cloud, _)| cloud)
    }

    fn settings(environment: &str, endpoints: [&str; 3]) -> Settings {
        let [authority, resource_manager, audience] = endpoints;
        Settings {
            environment: Some(environment.to_owned()),
            active_directory_authority_host: Some(authority.to_owned()),
            resource_manager_endpoint: Some(resource_manager.to_owned()),
            resource_manager_audience: Some(audience.to_owned()),
            ..Settings::default()
        }
    }

    #[test]
    fn all_spellings_of_the_clouds_are_known() {
        #[track_caller]
        fn check(environments: &[&str], host: &str, login: &str, scope: &str) {
            for environment in environments {
                let cloud = cloud(&settings(environment, [""; 3])).unwrap();
                assert_eq!(cloud.resource_manager_host(), host);
                let authority = cloud.active_directory_authority_host.host_str();
                assert_eq!(authority, Some(login));
                assert_eq!(cloud.scope(), scope);
            }
        }
        check(
            &["", "public", "Public", "AzurePublicCloud", "AzureCloud"],
            "management.azure.com",
            "login.microsoftonline.com",
            "https://management.azure.com/.default",
        );
        check(
            &[
                "usgovernment",
                "AzureUSGovernmentCloud",
                "AzureUSGovernment",
            ],
            "management.usgovcloudapi.net",
            "login.microsoftonline.us",
            "https://management.core.usgovcloudapi.net/.default",
        );
        check(
            &["china", "AzureChinaCloud"],
            "management.chinacloudapi.cn",
            "login.chinacloudapi.cn",
            "https://management.chinacloudapi.cn/.default",
        );
    }

    #[test]
    fn a_custom_cloud_has_ports_and_trailing_slashes() {
        let endpoints = [
            "https://login.local:8444/",
            "https://arm.local:8443/",
            "https://a.local/",
        ];
        let cloud = cloud(&settings("custom", endpoints)).unwrap();
        assert_eq!(cloud.resource_manager_endpoint.port(), Some(8443));
        assert_eq!(cloud.active_directory_authority_host.port(), Some(8444));
        assert_eq!(cloud.scope(), "https://a.local/.default");
    }

    #[test]
    fn a_given_end_point_overrides_the_built_in_one() {
        let cloud = cloud(&settings("china", ["", "https://arm.local", ""])).unwrap();
        assert_eq!(cloud.resource_manager_host(), "arm.local");
        let login = cloud.active_directory_authority_host.host_str();
        assert_eq!(login, Some("login.chinacloudapi.cn"));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        #[track_caller]
        fn check(environment: &str, endpoints: [&str; 3], argument: &str, words: &str) {
            let error = cloud(&settings(environment, endpoints)).unwrap_err();
            assert_eq!(error.argument, Some(argument), "{error}");
            assert!(error.detail.contains(words), "{error}");
        }
        const L: &str = "https://login.local";
        const R: &str = "https://arm.local";
        check(
            "moon",
            [""; 3],
            "environment",
            "ARM_ENVIRONMENT) is \"moon\"",
        );
        check(
            "custom",
            ["", R, R],
            "active_directory_authority_host",
            "ARM_ACTIVE_DIRECTORY_AUTHORITY_HOST) is missing",
        );
        check(
            "custom",
            [L, "", R],
            "resource_manager_endpoint",
            "ARM_RESOURCE_MANAGER_ENDPOINT) is missing",
        );
        check(
            "custom",
            [L, R, ""],
            "resource_manager_audience",
            "ARM_RESOURCE_MANAGER_AUDIENCE) is missing",
        );
        check(
            "custom",
            [L, "http://arm.local", R],
            "resource_manager_endpoint",
            "https:// only",
        );
        check(
            "custom",
            ["http://l", R, R],
            "active_directory_authority_host",
            "https:// only",
        );
        check(
            "custom",
            [L, R, "http://a"],
            "resource_manager_audience",
            "https:// only",
        );
        check(
            "custom",
            [L, "arm.local", R],
            "resource_manager_endpoint",
            "is \"arm.local\"",
        );
        check(
            "custom",
            [L, "arm.local:8443", R],
            "resource_manager_endpoint",
            "https://",
        );
        check(
            "custom",
            [L, "https://arm.local/path", R],
            "resource_manager_endpoint",
            "a host and",
        );
        check(
            "public",
            ["https://u:p@login.local", "", ""],
            "active_directory_authority_host",
            "a host and",
        );
    }
}
