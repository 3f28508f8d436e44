//! A tiny https server on loopback for unit tests: it plays Azure Resource Manager and Entra ID,
//! says exactly what a test tells it to, and remembers what it was asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::http::ATTEMPT_TIMEOUT;
use super::{Client, ClientOptions, HttpClient};
use crate::arm::auth::{Credential, Proof, Secret, Text};
use crate::arm::cloud::Cloud;

/// What the server says to one request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Status, headers (name, value) and body.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// The headers promise more body than comes.
    CutOff(u16),
    /// The connection is closed without a word.
    Close,
    /// No answer until this is cancelled, then the other reply.
    Late(CancellationToken, Box<Reply>),
}

/// A request as it arrived; header names are in lower case.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) head: String,
    pub(crate) body: String,
}

/// The server; it ends with the test's runtime.
pub(crate) struct TestServer {
    origin: Url,
    certificate: Vec<u8>,
    seen: Arc<Mutex<Vec<Seen>>>,
    hang_ups: Arc<Mutex<usize>>,
    accepting: JoinHandle<()>,
}

type Script = dyn Fn(&Seen, usize) -> Reply + Send + Sync;

impl Reply {
    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::Answer(status, Vec::new(), body.to_owned())
    }

    pub(crate) fn with_header(self, name: &'static str, value: impl Into<String>) -> Self {
        match self {
            Self::Answer(status, mut headers, body) => {
                headers.push((name, value.into()));
                Self::Answer(status, headers, body)
            }
            other => other,
        }
    }
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let line = |line: &'_ str| line.split_once(": ").map(|(name, _)| name.to_owned());
        let found = self
            .head
            .lines()
            .find(|text| line(text).as_deref() == Some(name))?;
        found.split_once(": ").map(|(_, value)| value)
    }
}

impl TestServer {
    /// Starts with a script for requests to Azure Resource Manager, which gets the request and how
    /// many came before it. Tokens are handed out as `token-1`, `token-2` and so on.
    pub(crate) async fn start(
        script: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let tokens = Mutex::new(0);
        Self::start_with_entra(script, move |_, _| {
            let mut count = tokens.lock().unwrap();
            *count += 1;
            let token = format!("token-{count}");
            Reply::json(
                200,
                &format!(r#"{{"token_type":"Bearer","expires_in":3600,"access_token":"{token}"}}"#),
            )
        })
        .await
    }

    /// As [`TestServer::start`], with a script for requests to Entra ID as well.
    pub(crate) async fn start_with_entra(
        script: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static,
        entra: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let certificate = made.cert.der().clone();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let acceptor = acceptor(certificate.clone(), key);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = seen.clone();
        let script: Arc<Script> = Arc::new(move |seen, count| {
            if seen.target.contains("/oauth2/v2.0/token") {
                entra(seen, count)
            } else {
                script(seen, count)
            }
        });
        let hang_ups = Arc::new(Mutex::new(0));
        let left = hang_ups.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let mut left = left.lock().unwrap();
                if *left > 0 {
                    *left -= 1;
                    continue;
                }
                drop(left);
                let (acceptor, script, log) = (acceptor.clone(), script.clone(), log.clone());
                tokio::spawn(async move {
                    // A client that hangs up is part of many tests.
                    let _ = serve(stream, acceptor, &*script, &log).await;
                });
            }
        });
        Self {
            origin: Url::parse(&format!("https://localhost:{port}")).unwrap(),
            certificate: certificate.to_vec(),
            seen,
            hang_ups,
            accepting,
        }
    }

    /// A client that trusts this server and signs in with a client secret.
    pub(crate) fn client(&self) -> Client {
        self.client_with(ATTEMPT_TIMEOUT, |_| ())
    }

    /// The same with another limit for one attempt, and other options.
    pub(crate) fn client_with(
        &self,
        attempt_timeout: Duration,
        differs: impl FnOnce(&mut ClientOptions),
    ) -> Client {
        let mut options = self.options();
        differs(&mut options);
        let http = HttpClient::trusting(&self.certificate, attempt_timeout);
        Client::over(options, http)
    }

    /// Closes the next connections before they are secured.
    pub(crate) fn hang_up(&self, times: usize) {
        *self.hang_ups.lock().unwrap() = times;
    }

    /// Is there no more: whoever connects is refused.
    pub(crate) async fn leave(&mut self) {
        self.accepting.abort();
        let _ = (&mut self.accepting).await;
    }

    /// A client that does not trust this server.
    pub(crate) fn distrusting_client(&self) -> Client {
        let other = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let http = HttpClient::trusting(other.cert.der(), ATTEMPT_TIMEOUT);
        Client::over(self.options(), http)
    }

    /// What was asked of Azure Resource Manager, as `METHOD target`.
    pub(crate) fn asked(&self) -> Vec<String> {
        let seen = self.seen().into_iter();
        let arm = seen.filter(|seen| !seen.target.contains("/oauth2/"));
        arm.map(|seen| format!("{} {}", seen.method, seen.target))
            .collect()
    }

    /// Everything that was asked.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    fn options(&self) -> ClientOptions {
        ClientOptions {
            cloud: Cloud {
                resource_manager_endpoint: self.origin.clone(),
                resource_manager_audience: "https://audience.example".to_owned(),
                active_directory_authority_host: self.origin.clone(),
            },
            credential: Credential::Application {
                tenant_id: "tenant".to_owned(),
                client_id: Text::Given("client".to_owned()),
                proof: Proof::ClientSecret(Secret::Given(SecretString::from("hunter2"))),
            },
            subscription_id: None,
            auxiliary_tenant_ids: Vec::new(),
            metadata: None,
            correlation_request_id: Some("correlation".to_owned()),
            user_agent_prefix: None,
            partner_id: None,
            replication_poll_interval: None,
        }
    }
}

fn acceptor(certificate: CertificateDer<'static>, key: PrivateKeyDer<'static>) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

async fn serve(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    script: &Script,
    log: &Mutex<Vec<Seen>>,
) -> std::io::Result<()> {
    let mut stream = acceptor.accept(stream).await?;
    let seen = read(&mut stream).await?;
    let mut reply = {
        let mut log = log.lock().unwrap();
        let entra = seen.target.contains("/oauth2/");
        let earlier = log
            .iter()
            .filter(|seen| seen.target.contains("/oauth2/") == entra);
        let count = earlier.count();
        log.push(seen.clone());
        script(&seen, count)
    };
    if let Reply::Late(until, then) = reply {
        until.cancelled().await;
        reply = *then;
    }
    let text = match reply {
        Reply::Answer(status, headers, body) => {
            let headers: String = headers
                .iter()
                .map(|(name, value)| format!("{name}: {value}\r\n"))
                .collect();
            let length = body.len();
            format!(
                "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n{headers}\r\n{body}"
            )
        }
        Reply::CutOff(status) => {
            format!("HTTP/1.1 {status} X\r\ncontent-length: 99\r\n\r\n{{\"id\":")
        }
        Reply::Close | Reply::Late(..) => return Ok(()),
    };
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await
}

async fn read(stream: &mut TlsStream<TcpStream>) -> std::io::Result<Seen> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "))
                .map_or(0, |length| length.parse().unwrap());
            if body.len() >= length {
                let mut words = head.split_whitespace();
                return Ok(Seen {
                    method: words.next().unwrap_or_default().to_owned(),
                    target: words.next().unwrap_or_default().to_owned(),
                    head: head.to_owned(),
                    body: body.to_owned(),
                });
            }
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            count => bytes.extend_from_slice(&chunk[..count]),
        }
    }
}
