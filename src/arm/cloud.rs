//! Where a cloud's Azure Resource Manager and its Entra ID are.

use url::Url;

/// The end points of one Azure cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cloud {
    /// Azure Resource Manager; scheme, host and port only.
    pub resource_manager_endpoint: Url,
    /// What a token is asked for, without a trailing slash.
    pub resource_manager_audience: String,
    /// Entra ID (Azure Active Directory); scheme, host and port only.
    pub active_directory_authority_host: Url,
}

/// The built-in clouds; the end points are those of the Azure CLI and the Azure SDKs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuiltIn {
    /// Azure, for everybody.
    Public,
    /// Azure Government of the United States.
    UsGovernment,
    /// Azure in China, operated by 21Vianet.
    China,
}

impl BuiltIn {
    /// What this cloud is called where clouds describe themselves.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "AzureCloud",
            Self::UsGovernment => "AzureUSGovernment",
            Self::China => "AzureChinaCloud",
        }
    }

    /// Azure Resource Manager of this cloud.
    pub const fn resource_manager_endpoint(self) -> &'static str {
        match self {
            Self::Public => "https://management.azure.com",
            Self::UsGovernment => "https://management.usgovcloudapi.net",
            Self::China => "https://management.chinacloudapi.cn",
        }
    }

    /// What a token for Azure Resource Manager is asked for in this cloud.
    pub const fn resource_manager_audience(self) -> &'static str {
        match self {
            Self::Public => "https://management.azure.com",
            Self::UsGovernment => "https://management.core.usgovcloudapi.net",
            Self::China => "https://management.chinacloudapi.cn",
        }
    }

    /// Entra ID of this cloud.
    pub const fn active_directory_authority_host(self) -> &'static str {
        match self {
            Self::Public => "https://login.microsoftonline.com",
            Self::UsGovernment => "https://login.microsoftonline.us",
            Self::China => "https://login.chinacloudapi.cn",
        }
    }
}

impl Cloud {
    /// The scope to ask Entra ID for.
    pub fn scope(&self) -> String {
        let audience = self.resource_manager_audience.trim_end_matches('/');
        format!("{audience}/.default")
    }

    /// Whether a URL leads to this cloud's Azure Resource Manager: same scheme, host and port.
    ///
    /// Only such a URL may see a token.
    pub fn is_resource_manager(&self, url: &Url) -> bool {
        url.scheme() == "https" && url.origin() == self.resource_manager_endpoint.origin()
    }

    /// The host of Azure Resource Manager, for texts.
    pub fn resource_manager_host(&self) -> &str {
        self.resource_manager_endpoint.host_str().unwrap_or("")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cloud(endpoint: &str, audience: &str) -> Cloud {
        Cloud {
            resource_manager_endpoint: Url::parse(endpoint).unwrap(),
            resource_manager_audience: audience.to_owned(),
            active_directory_authority_host: Url::parse("https://login.example").unwrap(),
        }
    }

    #[test]
    fn scope_has_one_slash() {
        let scope = |audience| cloud("https://arm.example", audience).scope();
        assert_eq!(scope("https://a.example"), "https://a.example/.default");
        assert_eq!(scope("https://a.example/"), "https://a.example/.default");
    }

    #[test]
    fn only_the_very_host_is_resource_manager() {
        #[track_caller]
        fn check(endpoint: &str, url: &str, expected: bool) {
            let url = Url::parse(url).unwrap();
            let found = cloud(endpoint, "https://a.example").is_resource_manager(&url);
            assert_eq!(found, expected, "{url} at {endpoint}");
        }
        check("https://arm.example", "https://arm.example/x?y=1", true);
        check("https://arm.example", "https://ARM.example:443/x", true);
        check(
            "https://arm.example:8443",
            "https://arm.example:8443/",
            true,
        );
        check("https://arm.example:8443", "https://arm.example/", false);
        check("https://arm.example", "http://arm.example/", false);
        check("https://arm.example", "https://arm.example.evil/", false);
        check("https://arm.example", "https://user@evil.example/", false);
    }
}
