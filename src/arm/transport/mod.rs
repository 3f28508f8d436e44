//! Sends requests to Azure Resource Manager: one client, one identity, one place for retries.

mod answered;
pub(crate) mod body;
mod http;
mod pass;
mod request;
mod secret;
mod send;
#[cfg(test)]
mod send_tests;
#[cfg(test)]
pub(crate) mod test_server;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use tokio::sync::OnceCell;
use url::Url;
use uuid::Uuid;

use answered::Answered;
pub(crate) use http::{HttpClient, LocalHttpClient};
pub(crate) use request::{Answer, Expected, Request};
pub(crate) use secret::without_signatures;
pub use send::PutError;

use crate::arm::auth::{Credential, TokenCache};
use crate::arm::budget::Budget;
use crate::arm::cloud::Cloud;
use crate::arm::error::{Error, SignInError};
use crate::arm::metadata::Metadata;
use crate::arm::patience::Patience;

/// How we introduce ourselves to Azure.
const USER_AGENT: &str = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));

/// What a client needs to know; [`crate::arm::settings::Settings::resolve`] makes one.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// Which cloud to talk to.
    pub cloud: Cloud,
    /// Where to ask for the cloud, if `cloud` is not all that is known of it.
    pub metadata: Option<Metadata>,
    /// How to sign in.
    pub credential: Credential,
    /// Other tenants whose tokens go with every request.
    pub auxiliary_tenant_ids: Vec<String>,
    /// The subscription of resources that name none.
    pub subscription_id: Option<String>,
    /// The correlation id of everything this client sends; a new one if `None`.
    pub correlation_request_id: Option<String>,
    /// What goes before our own name in the User-Agent header.
    pub user_agent_prefix: Option<String>,
    /// Whom usage is attributed to, in the User-Agent header.
    pub partner_id: Option<String>,
    /// How often to look at a replication; a growing interval if `None`.
    pub replication_poll_interval: Option<Duration>,
}

/// A connection to Azure Resource Manager. Cloning it is cheap and shares everything.
///
/// Making one reads nothing and asks nobody: connections and tokens come with the first request.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    cloud: Cloud,
    subscription_id: Option<String>,
    replication_poll_interval: Option<Duration>,
    correlation_request_id: String,
    user_agent: String,
    /// Where to ask for the rest of the cloud, and as whom.
    metadata: Option<Metadata>,
    credential: Credential,
    auxiliary_tenant_ids: Vec<String>,
    place: OnceCell<Place>,
    answered: Answered,
    http: HttpClient,
    budget: Budget,
}

/// A cloud of which everything is known, and the tokens for it.
struct Place {
    cloud: Cloud,
    tokens: TokenCache,
    /// Those of other tenants, in their order.
    auxiliary: Vec<TokenCache>,
}

/// A resource, and how long Azure asks to wait before the next look at it.
#[derive(Clone, Debug)]
pub(crate) struct Fetched<T> {
    pub(crate) value: T,
    pub(crate) retry_after: Option<Duration>,
}

impl Client {
    /// Makes a client; neither reads files nor opens connections.
    pub fn new(options: ClientOptions) -> Self {
        Self::over(options, HttpClient::default())
    }

    fn over(options: ClientOptions, http: HttpClient) -> Self {
        let mut user_agent = match &options.user_agent_prefix {
            Some(prefix) => format!("{prefix} {USER_AGENT}"),
            None => USER_AGENT.to_owned(),
        };
        if let Some(partner_id) = &options.partner_id {
            user_agent = format!("{user_agent} pid-{partner_id}");
        }
        Self {
            inner: Arc::new(Inner {
                cloud: options.cloud,
                metadata: options.metadata,
                credential: options.credential,
                auxiliary_tenant_ids: options.auxiliary_tenant_ids,
                place: OnceCell::new(),
                answered: Answered::default(),
                subscription_id: options.subscription_id,
                replication_poll_interval: options.replication_poll_interval,
                correlation_request_id: options
                    .correlation_request_id
                    .unwrap_or_else(|| Uuid::new_v4().to_string()),
                user_agent,
                http,
                budget: Budget::new(),
            }),
        }
    }

    /// The cloud and its tokens; asks for what is not known of it, once.
    async fn place(&self) -> Result<&Place, SignInError> {
        let inner = &*self.inner;
        inner
            .place
            .get_or_try_init(|| async {
                let cloud = match &inner.metadata {
                    Some(metadata) => metadata.cloud(&inner.http).await?,
                    None => inner.cloud.clone(),
                };
                let tokens = |credential: Credential| {
                    TokenCache::new(credential.source(&cloud, inner.http.clone()))
                };
                let auxiliary = inner
                    .auxiliary_tenant_ids
                    .iter()
                    .filter_map(|tenant_id| inner.credential.in_tenant(tenant_id))
                    .map(tokens)
                    .collect();
                Ok(Place {
                    tokens: tokens(inner.credential.clone()),
                    auxiliary,
                    cloud,
                })
            })
            .await
    }

    /// The subscription of resources that name none.
    pub fn subscription_id(&self) -> Option<&str> {
        self.inner.subscription_id.as_deref()
    }

    /// The id that everything sent by this client has in common; Azure's support asks for it.
    pub fn correlation_request_id(&self) -> &str {
        &self.inner.correlation_request_id
    }

    /// The cloud this client talks to, as far as it is known.
    pub fn cloud(&self) -> &Cloud {
        let known = self.inner.place.get();
        known.map_or(&self.inner.cloud, |place| &place.cloud)
    }

    /// How often to look at a replication, if the caller has fixed it.
    pub fn replication_poll_interval(&self) -> Option<Duration> {
        self.inner.replication_poll_interval
    }

    /// How often this client may ask.
    pub(crate) fn budget(&self) -> &Budget {
        &self.inner.budget
    }

    /// The URL of a resource.
    pub(crate) fn url(&self, path: &str, api_version: &str, expand: Option<&str>) -> Url {
        let mut url = self.cloud().resource_manager_endpoint.clone();
        url.set_path(path);
        let query = match expand {
            Some(expand) => format!("api-version={api_version}&$expand={expand}"),
            None => format!("api-version={api_version}"),
        };
        url.set_query(Some(&query));
        url
    }

    /// Gets a resource.
    ///
    /// # Errors
    /// Any [`Error`], after the retries that [`crate::arm::retry`] decides on.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        url: Url,
        patience: &Patience,
    ) -> Result<Fetched<T>, Error> {
        self.fetch(&Request::get(url), patience).await
    }

    /// Sends a request whose answer is a resource.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub(crate) async fn fetch<T: DeserializeOwned>(
        &self,
        request: &Request,
        patience: &Patience,
    ) -> Result<Fetched<T>, Error> {
        let answer = self.send(request, patience).await?;
        Ok(Fetched {
            value: answer.json()?,
            retry_after: answer.retry_after,
        })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("cloud", self.cloud())
            .field("correlation_request_id", &self.inner.correlation_request_id)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn client(endpoint: &str) -> Client {
        Client::new(ClientOptions {
            cloud: Cloud {
                resource_manager_endpoint: Url::parse(endpoint).unwrap(),
                resource_manager_audience: endpoint.to_owned(),
                active_directory_authority_host: Url::parse("https://login.invalid").unwrap(),
            },
            credential: Credential::None {
                help: "no credential".to_owned(),
            },
            metadata: None,
            auxiliary_tenant_ids: Vec::new(),
            subscription_id: None,
            correlation_request_id: None,
            user_agent_prefix: Some("caller/1".to_owned()),
            partner_id: None,
            replication_poll_interval: None,
        })
    }

    #[test]
    fn urls_keep_the_port_and_escape_the_path() {
        let client = client("https://arm.example:8443/");
        assert_eq!(
            client.url("/a/ü?", "2025-04-01", None).as_str(),
            "https://arm.example:8443/a/%C3%BC%3F?api-version=2025-04-01"
        );
        assert_eq!(
            client.url("/a", "1", Some("instanceView")).query(),
            Some("api-version=1&$expand=instanceView")
        );
    }

    #[test]
    fn every_client_has_a_correlation_id_of_its_own() {
        let (one, two) = (client("https://a.example"), client("https://a.example"));
        assert_ne!(one.correlation_request_id(), two.correlation_request_id());
        assert_eq!(
            one.clone().correlation_request_id(),
            one.correlation_request_id()
        );
        assert!(one.inner.user_agent.starts_with("caller/1 "));
    }

    #[tokio::test]
    async fn without_a_credential_the_first_request_says_what_is_missing() {
        let client = client("https://arm.invalid");
        let url = client.url("/x", "1", None);
        let patience = Patience::detached(Duration::from_secs(60));
        let error = client
            .get::<serde_json::Value>(url, &patience)
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), "no credential");
        assert!(error.is_permanent_sign_in());
    }

    #[tokio::test]
    async fn a_foreign_url_is_refused_before_anything_is_sent() {
        let client = client("https://arm.invalid");
        let patience = Patience::detached(Duration::from_secs(60));
        let url = Url::parse("https://evil.invalid/x").unwrap();
        let error = client
            .send(&Request::get(url), &patience)
            .await
            .unwrap_err();
        assert!(matches!(error.error, Error::ForeignUrl { .. }), "{error:?}");
        assert!(!error.may_have_been_accepted);
    }
}
