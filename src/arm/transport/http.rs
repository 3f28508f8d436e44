//! The HTTP client: made once, on first use.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::redirect::Policy;

use crate::arm::error::{ConnectionError, ConnectionKind};

/// The longest time one attempt may take, from connecting to the last byte of the answer.
pub(super) const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(60);

/// The longest time to connect; a host that drops packets is asked again sooner.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The same for what is on this machine, which answers at once or not at all.
const LOCAL_CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// How often a connection with a request in flight is probed, so that one that died silently is
/// given up instead of being used again.
const PROBE_INTERVAL: Duration = Duration::from_secs(20);

/// How long a probe may stay unanswered.
const PROBE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long an idle connection is kept: shorter than what firewalls usually forget.
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);

/// A client that is made when the first request needs it: reading the root certificates costs
/// milliseconds that most runs never need.
#[derive(Clone, Default)]
struct Made(Arc<Mutex<Option<reqwest::Client>>>);

impl Made {
    fn get_or_make(
        &self,
        builder: impl FnOnce() -> reqwest::ClientBuilder,
    ) -> Result<reqwest::Client, ConnectionError> {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = &*made {
            return Ok(client.clone());
        }
        let client = builder().build().map_err(no_client)?;
        Ok(made.insert(client).clone())
    }
}

/// One HTTP client for Azure Resource Manager and Entra ID.
#[derive(Clone, Default)]
pub(crate) struct HttpClient {
    made: Made,
}

impl HttpClient {
    /// The client itself.
    ///
    /// # Errors
    /// [`ConnectionKind::NoClient`], for example when no root certificates can be read.
    pub(crate) fn get(&self) -> Result<reqwest::Client, ConnectionError> {
        self.made.get_or_make(|| builder(ATTEMPT_TIMEOUT))
    }
}

/// The HTTP client for what is on this very machine, such as the service that gives tokens for
/// its identity: without TLS, which it does not speak, and never through a proxy.
#[derive(Clone, Default)]
pub(crate) struct LocalHttpClient {
    made: Made,
}

impl LocalHttpClient {
    /// The client itself.
    ///
    /// # Errors
    /// As [`HttpClient::get`].
    pub(crate) fn get(&self) -> Result<reqwest::Client, ConnectionError> {
        self.made.get_or_make(|| {
            builder(ATTEMPT_TIMEOUT)
                .https_only(false)
                .no_proxy()
                .connect_timeout(LOCAL_CONNECT_TIMEOUT)
        })
    }
}

impl std::fmt::Debug for LocalHttpClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LocalHttpClient")
    }
}

impl std::fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HttpClient")
    }
}

#[cfg(test)]
impl HttpClient {
    /// A client that trusts one certificate only, uses no proxy and takes so long for an attempt.
    pub(super) fn trusting(certificate: &[u8], attempt_timeout: Duration) -> Self {
        let certificate = reqwest::Certificate::from_der(certificate).unwrap();
        let builder = builder(attempt_timeout)
            .no_proxy()
            .tls_certs_only([certificate]);
        let made = Mutex::new(Some(builder.build().unwrap()));
        Self {
            made: Made(Arc::new(made)),
        }
    }
}

fn no_client(error: reqwest::Error) -> ConnectionError {
    ConnectionError {
        kind: ConnectionKind::NoClient,
        ..ConnectionError::from_reqwest("Azure", error)
    }
}

fn builder(attempt_timeout: Duration) -> reqwest::ClientBuilder {
    // The HTTP client panics without a TLS implementation. It is no failure if somebody else in
    // this process was first.
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    reqwest::Client::builder()
        // A redirect would carry the token to another place.
        .redirect(Policy::none())
        .https_only(true)
        .timeout(attempt_timeout)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE_TIMEOUT)
        .tcp_keepalive(PROBE_INTERVAL)
        .http2_keep_alive_interval(PROBE_INTERVAL)
        .http2_keep_alive_timeout(PROBE_TIMEOUT)
}
