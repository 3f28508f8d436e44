//! The provider's process, driven as Terraform drives it: handshake, mutual TLS, gRPC.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hyper_util::rt::TokioIo;
use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, SignatureScheme, SupportedProtocolVersion};
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, BufReader};
use tokio::net::{TcpStream, UnixStream};
use tokio::process::{Child, ChildStdout, Command};
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint};

use super::certificate::Identity;
use super::proto::plugin::grpc_controller_client::GrpcControllerClient;
use super::proto::tfplugin6::provider_client::ProviderClient;

/// What proves that Terraform starts the process.
pub(crate) const MAGIC_COOKIE: (&str, &str) = (
    "TF_PLUGIN_MAGIC_COOKIE",
    "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
);

/// How long anything here may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// The provider as built for the tests.
pub(crate) fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_terraform-provider-azrestorepoint"))
}

/// Another program of the project. A run of chosen tests does not build it, so it is built here.
pub(crate) fn program(name: &str) -> PathBuf {
    let mut cargo = std::process::Command::new(env!("CARGO"));
    cargo
        .args(["build", "--quiet", "--locked", "--example", name])
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    // Cargo has set them for this test; build scripts that look at them would run again.
    let ours = |variable: &str| {
        let begins = ["CARGO_MANIFEST_", "CARGO_PKG_", "OUT_DIR"];
        begins.iter().any(|begin| variable.starts_with(begin))
    };
    for (variable, _) in std::env::vars().filter(|(variable, _)| ours(variable)) {
        cargo.env_remove(variable);
    }
    let built = cargo.status();
    assert!(
        built.expect("cargo runs").success(),
        "{name} does not build"
    );
    let folder = binary().parent().expect("a folder");
    folder.join("examples").join(name)
}

/// A running provider and what its handshake said.
pub(crate) struct Plugin {
    pub(crate) process: Child,
    /// `unix`, or `tcp` where the environment asks for it.
    network: String,
    pub(crate) socket: PathBuf,
    certificate: CertificateDer<'static>,
    identity: Identity,
    _stdout: BufReader<ChildStdout>,
}

impl Plugin {
    /// Starts a process and reads its handshake.
    pub(crate) async fn start(environment: &[(&str, String)]) -> Self {
        Self::start_program(binary(), environment).await
    }

    /// The same with another program in the provider's place.
    pub(crate) async fn start_program(program: &Path, environment: &[(&str, String)]) -> Self {
        let identity = Identity::new();
        let mut process = command(program)
            .env(MAGIC_COOKIE.0, MAGIC_COOKIE.1)
            .env("PLUGIN_PROTOCOL_VERSIONS", "6,5")
            .env("PLUGIN_CLIENT_CERT", identity.pem())
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped())
            // Its log is the subject of one test alone.
            .stderr(Stdio::null())
            .spawn()
            .expect("the provider starts");
        let mut stdout = BufReader::new(process.stdout.take().expect("stdout is piped"));
        let mut line = String::new();
        limited(stdout.read_line(&mut line))
            .await
            .expect("a handshake line");
        let line = line.trim_end().to_owned();
        let fields: Vec<&str> = line.split('|').collect();
        assert_eq!(
            (fields.len(), fields[0], fields[1], fields[4]),
            (6, "1", "6", "grpc"),
            "{line}"
        );
        let certificate = STANDARD_NO_PAD
            .decode(fields[5])
            .expect("base64 without padding")
            .into();
        Self {
            process,
            network: fields[2].to_owned(),
            socket: fields[3].into(),
            certificate,
            identity,
            _stdout: stdout,
        }
    }

    /// Connects as the Terraform that started the process.
    pub(crate) async fn connect(&self) -> Channel {
        self.connect_as(Some(&self.identity), &[&rustls::version::TLS13])
            .await
            .expect("Terraform is let in")
    }

    /// The identity of the Terraform that started the process.
    pub(crate) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Connects with that identity, or none, and calls once: in TLS 1.3 only that shows a refusal.
    pub(crate) async fn connect_as(
        &self,
        identity: Option<&Identity>,
        versions: &[&'static SupportedProtocolVersion],
    ) -> Result<Channel, String> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).expect("a certificate");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .expect("known versions")
            .with_root_certificates(roots);
        let mut config = match identity {
            Some(identity) => builder
                .with_client_cert_resolver(Arc::new(Always(Arc::new(identity.certified_key())))),
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        let connector = TlsConnector::from(Arc::new(config));
        let address = (self.network.clone(), self.socket.clone());
        let connect = tower::service_fn(move |_| {
            let (connector, (network, socket)) = (connector.clone(), address.clone());
            async move {
                let stream: Box<dyn Duplex> = match network.as_str() {
                    "unix" => Box::new(UnixStream::connect(socket).await?),
                    "tcp" => Box::new(TcpStream::connect(socket.to_string_lossy().as_ref()).await?),
                    network => panic!("{network} is no network"),
                };
                let name = ServerName::try_from("localhost").expect("a name");
                connector.connect(name, stream).await.map(TokioIo::new)
            }
        });
        let endpoint = Endpoint::from_static("http://localhost");
        let channel = limited(endpoint.connect_with_connector(connect))
            .await
            .map_err(|error| chain(&error))?;
        let request = super::proto::tfplugin6::get_functions::Request {};
        limited(ProviderClient::new(channel.clone()).get_functions(request))
            .await
            .map_err(|status| chain(&status))?;
        Ok(channel)
    }

    /// Asks for the end, as Terraform does, and waits until the process has left.
    pub(crate) async fn shut_down(mut self, channel: Channel) -> std::process::ExitStatus {
        let request = super::proto::plugin::Empty {};
        limited(GrpcControllerClient::new(channel).shutdown(request))
            .await
            .expect("an answer");
        limited(self.process.wait()).await.expect("it leaves")
    }
}

/// The provider, cut off from this machine's own settings, killed when the test ends.
pub(crate) fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().stdin(Stdio::null()).kill_on_drop(true);
    for name in ["PATH", "HOME", "TMPDIR", "RUST_BACKTRACE"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// Waits, but not forever.
#[track_caller]
pub(crate) fn limited<F: Future>(future: F) -> impl Future<Output = F::Output> {
    let caller = std::panic::Location::caller();
    async move {
        match tokio::time::timeout(PATIENCE, future).await {
            Ok(output) => output,
            Err(_) => panic!("{caller}: nothing came within {PATIENCE:?}"),
        }
    }
}

/// A way for bytes in both directions.
trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesClientCert for Always {
    fn resolve(&self, _hints: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
