//! The life of the process as a plugin, from the handshake to its end.

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;
use tonic::transport::server::Router;

use super::connection::{self, Door, Incoming};
use super::handshake::{self, Refusal};
use super::proto::go_plugin::grpc_broker_server::GrpcBrokerServer;
use super::proto::go_plugin::grpc_controller_server::GrpcControllerServer;
use super::proto::go_plugin::grpc_stdio_server::GrpcStdioServer;
use super::proto::health::health_server::HealthServer;
use super::proto::tfplugin6::provider_server::ProviderServer;
use super::provider::Provider;
use super::service::{self, Leases, Service};
use super::signals::{self, Interrupt};
use super::socket::{self, Socket};
use super::stdio::{Broker, Controller, Healthy, Stdio};
use super::stop::Stop;
use super::{logging, tls};

/// The largest message in either direction, as in Terraform's own plugin library.
const MESSAGE_BYTES_MAX: usize = 256 << 20;

/// How long answers may take to leave once Terraform has asked for the end. A machine that is
/// short of processors needs some of it; after 2 s Terraform kills the process.
const DRAIN_MILLISECONDS_MAX: u64 = 500;

/// How long calls may take to end once their waits were cut short, when Terraform is
/// gone or somebody ends the process. What they have begun remotely is worth a moment.
const LEAVE_SECONDS_MAX: u64 = 8;

/// Why the process cannot serve.
type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Serves a provider to the Terraform that started this process, until it asks for the end.
///
/// `name` is the provider's short name, as in `terraform-provider-NAME`;
/// `explanation` is what somebody reads who started the process by hand.
pub async fn serve(name: &'static str, explanation: &str, provider: impl Provider) -> ExitCode {
    let invitation = match handshake::invitation(variable) {
        Ok(invitation) => invitation,
        Err(refusal @ Refusal::NoClientCertificate) => return complain(&refusal.to_string()),
        Err(Refusal::NotAPlugin) => return complain(explanation),
    };
    logging::start(name, variable);
    service::install_panic_hook();
    if let Some(versions) = &invitation.versions_without_ours {
        tracing::error!(
            "This provider speaks version 6 of Terraform's protocol, but Terraform speaks {versions}"
        );
    }
    finished(serve_terraform(&invitation, Arc::new(provider)).await)
}

/// Serves a provider to whoever attaches to it, until it is interrupted: for debuggers.
///
/// Prints on stdout what has to be in the environment of Terraform. There is no TLS; the
/// socket lies in a folder that only the own user may enter, where there are such sockets. `source` is the provider's
/// full source address, such as `registry.terraform.io/NAMESPACE/NAME`.
pub async fn debug(name: &'static str, source: &str, provider: impl Provider) -> ExitCode {
    logging::start(name, variable);
    service::install_panic_hook();
    finished(serve_debuggers(source, Arc::new(provider)).await)
}

async fn serve_terraform(
    invitation: &handshake::Invitation,
    provider: Arc<dyn Provider>,
) -> Result<(), Failure> {
    let channel = tls::channel(&invitation.client_certificate_pem)?;
    let mut socket = Socket::listen(variable)?;
    let life = Life::default();
    signals::listen(Interrupt::Ignored, &life.leave)?;

    let door = Door::Terraform(TlsAcceptor::from(channel.config), life.leave.clone());
    let incoming = connection::accept(socket.listener()?, door, life.shutdown.clone());
    handshake::announce(socket.address()?, &channel.certificate, variable)?;
    // Others may have been killed before they could remove theirs.
    tokio::task::spawn_blocking(socket::sweep);
    life.run(provider, incoming).await
}

async fn serve_debuggers(source: &str, provider: Arc<dyn Provider>) -> Result<(), Failure> {
    let mut socket = Socket::listen(|_| None)?;
    let life = Life::default();
    signals::listen(Interrupt::Leaves, &life.leave)?;
    let incoming = connection::accept(socket.listener()?, Door::Everybody, life.shutdown.clone());
    handshake::announce_for_debugging(source, socket.address()?)?;
    life.run(provider, incoming).await
}

/// What ends the process, and how.
#[derive(Clone, Default)]
struct Life {
    stop: Arc<Stop>,
    leases: Arc<Leases>,
    /// Terraform is gone, or somebody ends the process: calls get a moment, then it is over.
    leave: CancellationToken,
    /// Terraform has asked for the end: it is over at once.
    shutdown: CancellationToken,
}

impl Life {
    async fn run(self, provider: Arc<dyn Provider>, incoming: Incoming) -> Result<(), Failure> {
        tokio::spawn(self.clone().end_calls());
        let shutdown = self.shutdown.clone();
        let controller = Controller {
            shutdown: shutdown.clone(),
            stop: self.stop.clone(),
            leases: self.leases.clone(),
        };
        let service = Service::new(provider, self.stop, self.leases);
        let serving = router(service, controller, &shutdown)
            .serve_with_incoming_shutdown(incoming, shutdown.clone().cancelled_owned());
        tokio::pin!(serving);
        tokio::select! {
            served = &mut serving => served?,
            () = shutdown.cancelled() => {
                // Answers leave within a millisecond; calls that hang on may not hold the process up.
                let limit = Duration::from_millis(DRAIN_MILLISECONDS_MAX);
                tokio::time::timeout(limit, serving).await.unwrap_or(Ok(()))?;
            }
        }
        Ok(())
    }

    /// Cuts every wait short once it is time to leave, lets the calls finish their step, and closes
    /// what is open.
    async fn end_calls(self) {
        self.leave.cancelled().await;
        self.stop.stop();
        let limit = Duration::from_secs(LEAVE_SECONDS_MAX);
        let ended = async {
            self.stop.idle().await;
            self.leases.close_all(|| self.stop.context()).await;
        };
        if tokio::time::timeout(limit, ended).await.is_err() {
            tracing::warn!("Calls were still running when the process had to end");
        }
        self.shutdown.cancel();
    }
}

fn router(service: Service, controller: Controller, shutdown: &CancellationToken) -> Router {
    let service = ProviderServer::new(service)
        .max_decoding_message_size(MESSAGE_BYTES_MAX)
        .max_encoding_message_size(MESSAGE_BYTES_MAX);
    let shutdown = || shutdown.clone();
    Server::builder()
        .add_service(service)
        .add_service(GrpcControllerServer::new(controller))
        .add_service(GrpcStdioServer::new(Stdio {
            shutdown: shutdown(),
        }))
        .add_service(GrpcBrokerServer::new(Broker {
            shutdown: shutdown(),
        }))
        .add_service(HealthServer::new(Healthy))
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn finished(result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&format!(
            "The provider cannot serve Terraform: {}",
            chain(error.as_ref())
        )),
    }
}

fn complain(text: &str) -> ExitCode {
    // A closed stderr leaves nobody to tell.
    let _ = writeln!(io::stderr().lock(), "{text}");
    ExitCode::FAILURE
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
