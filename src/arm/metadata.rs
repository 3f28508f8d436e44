//! Asks a host where the end points of its cloud are.

use std::time::SystemTime;

use serde_json::Value;
use url::Url;

use crate::arm::cloud::Cloud;
use crate::arm::error::{ConnectionError, SignInError, quoted, without_byte_order_mark};
use crate::arm::retry;
use crate::arm::retry_after;
use crate::arm::transport::{HttpClient, body};

/// The newest version that describes one cloud; older ones describe all they know.
const API_VERSION: &str = "2022-09-01";

/// A description has some kilobytes for each cloud.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// A host that describes a cloud, and what is known without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// Whom to ask; scheme, host and port only.
    pub host: Url,
    /// Which cloud is meant, where several are described.
    pub cloud_name: Option<&'static str>,
    /// Overrides what is described.
    pub resource_manager_endpoint: Option<Url>,
    /// Overrides what is described.
    pub resource_manager_audience: Option<String>,
    /// Overrides what is described.
    pub active_directory_authority_host: Option<Url>,
}

impl Metadata {
    /// The cloud that the host describes.
    ///
    /// # Errors
    /// [`SignInError`] names the host, and says whether asking again can help.
    pub(crate) async fn cloud(&self, http: &HttpClient) -> Result<Cloud, SignInError> {
        let host = self.host.authority();
        let unreachable = |error: &ConnectionError| {
            let mut failure = SignInError::unreachable(error);
            failure.message = format!("cannot ask metadata_host for its cloud: {error}");
            failure
        };
        let http = http.get().map_err(|error| unreachable(&error))?;
        let mut url = self.host.clone();
        url.set_path("/metadata/endpoints");
        url.set_query(Some(&format!("api-version={API_VERSION}")));
        let response = http
            .get(url)
            .send()
            .await
            .map_err(|error| unreachable(&ConnectionError::from_reqwest(host, error)))?;
        let status = response.status().as_u16();
        let retry_after = retry_after::from_headers(response.headers(), SystemTime::now());
        let content = body::read(response, ANSWER_BYTES_MAX)
            .await
            .map_err(|problem| unreachable(&problem.into_connection_error(host)))?;
        if retry::is_transient(status) {
            let message = format!(
                "metadata_host {host} does not describe its cloud now, status {status}: {}",
                quoted(&content)
            );
            return Err(SignInError::temporary(message, retry_after));
        }
        let described = match status {
            200 => self.read(&content),
            _ => Err(format!("the answer has status {status}")),
        };
        described.map_err(|problem| {
            SignInError::permanent(format!(
                "metadata_host {host} does not describe a cloud: {problem}, in {}",
                quoted(&content)
            ))
        })
    }

    /// Reads a description: one cloud, or a list of them.
    fn read(&self, content: &[u8]) -> Result<Cloud, String> {
        let document: Value = serde_json::from_slice(without_byte_order_mark(content))
            .map_err(|error| format!("it is no JSON: {error}"))?;
        let described = match &document {
            Value::Array(clouds) => self.meant(clouds)?,
            cloud => cloud,
        };
        let text = |pointer: &str| {
            let value = described.pointer(pointer).and_then(Value::as_str);
            value.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let url = |pointer: &str| {
            let text = text(pointer).ok_or_else(|| format!("it has no {pointer}"))?;
            Url::parse(&text)
                .ok()
                .filter(|url| url.scheme() == "https" && url.has_host())
                .ok_or_else(|| format!("{pointer} is not an https:// address"))
        };
        let login = || {
            let url = url("/authentication/loginEndpoint")?;
            match url.path().trim_matches('/') {
                "" => Ok(url),
                _ => Err("its sign-in is not Entra ID".to_owned()),
            }
        };
        let audience = || {
            let audience = text("/authentication/audiences/0");
            audience.ok_or_else(|| "it has no /authentication/audiences".to_owned())
        };
        let given = |url: &Option<Url>| url.clone().map(Ok);
        let endpoint =
            given(&self.resource_manager_endpoint).unwrap_or_else(|| url("/resourceManager"))?;
        let audience = self
            .resource_manager_audience
            .clone()
            .map_or_else(audience, Ok)?;
        Ok(Cloud {
            resource_manager_endpoint: endpoint,
            resource_manager_audience: audience.trim_end_matches('/').to_owned(),
            active_directory_authority_host: given(&self.active_directory_authority_host)
                .unwrap_or_else(login)?,
        })
    }

    /// The one of several clouds that is meant: by its name, else the one of this very host.
    fn meant<'a>(&self, clouds: &'a [Value]) -> Result<&'a Value, String> {
        let is_host = |cloud: &&Value| {
            let address = cloud["resourceManager"].as_str();
            let url = address.and_then(|address| Url::parse(address).ok());
            url.is_some_and(|url| url.origin() == self.host.origin())
        };
        let is_name = |cloud: &&Value| {
            let name = cloud["name"].as_str().unwrap_or_default();
            self.cloud_name
                .is_some_and(|meant| name.eq_ignore_ascii_case(meant))
        };
        match clouds {
            [only] => Some(only),
            clouds => clouds
                .iter()
                .find(is_host)
                .or_else(|| clouds.iter().find(is_name)),
        }
        .ok_or_else(|| "none of its clouds is the one that environment names".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn metadata() -> Metadata {
        Metadata {
            host: Url::parse("https://meta.example:8443").unwrap(),
            cloud_name: Some("AzureCloud"),
            resource_manager_endpoint: None,
            resource_manager_audience: None,
            active_directory_authority_host: None,
        }
    }

    fn described(name: &str, host: &str) -> Value {
        json!({
            "name": name,
            "resourceManager": format!("https://{host}/"),
            "authentication": {
                "loginEndpoint": "https://login.example/",
                "audiences": ["https://audience.example/", "https://other.example/"],
            },
        })
    }

    fn endpoint(document: &Value) -> String {
        let read = metadata().read(document.to_string().as_bytes());
        read.map_or_else(
            |problem| problem,
            |cloud| {
                assert_eq!(cloud.scope(), "https://audience.example/.default");
                let login = cloud.active_directory_authority_host.as_str();
                assert_eq!(login, "https://login.example/");
                cloud.resource_manager_host().to_owned()
            },
        )
    }

    #[test]
    fn both_shapes_of_a_description_are_read() {
        #[track_caller]
        fn check(document: &Value, expected: &str) {
            assert_eq!(endpoint(document), expected);
        }
        let (one, two) = (described("One", "one"), described("azurecloud", "two"));
        let own = described("Three", "meta.example:8443");
        check(&one, "one");
        check(&json!([one]), "one");
        check(&json!([one, two]), "two");
        check(&json!([one, two, own]), "meta.example");
        check(
            &json!([one, one]),
            "none of its clouds is the one that environment names",
        );
        check(&json!({}), "it has no /resourceManager");
        let mut plain = one.clone();
        plain["resourceManager"] = json!("http://one");
        check(&plain, "/resourceManager is not an https:// address");
        let mut federation = one.clone();
        federation["authentication"]["loginEndpoint"] = json!("https://adfs.example/adfs");
        check(&federation, "its sign-in is not Entra ID");
    }

    #[test]
    fn a_byte_order_mark_is_no_fault_and_what_is_given_goes_first() {
        let given = Metadata {
            resource_manager_endpoint: Some(Url::parse("https://arm.given").unwrap()),
            resource_manager_audience: Some("https://audience.given".to_owned()),
            ..metadata()
        };
        let document = format!("\u{feff}{}", described("One", "one"));
        let cloud = given.read(document.as_bytes()).unwrap();
        assert_eq!(cloud.resource_manager_host(), "arm.given");
        assert_eq!(cloud.scope(), "https://audience.given/.default");
        let login = cloud.active_directory_authority_host;
        assert_eq!(login.host_str(), Some("login.example"));
    }
}
