//! The life of the process as a plugin, from the handshake to its end.

use std::io::{self, Write};
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{UnixListener, UnixStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_stream::Stream;
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;
use tonic::transport::server::Connected;

use super::handshake::{self, Refusal};
use super::proto::go_plugin::grpc_broker_server::GrpcBrokerServer;
use super::proto::go_plugin::grpc_controller_server::GrpcControllerServer;
use super::proto::go_plugin::grpc_stdio_server::GrpcStdioServer;
use super::proto::health::health_server::HealthServer;
use super::proto::tfplugin6::provider_server::ProviderServer;
use super::provider::Provider;
use super::service::{self, Service};
use super::socket::Socket;
use super::stdio::{Broker, Controller, Healthy, Stdio};
use super::stop::Stop;
use super::{logging, tls};

/// The largest message in either direction, as in Terraform's own plugin library.
const MESSAGE_BYTES_MAX: usize = 256 << 20;

/// How long a client may take to prove who it is.
const TLS_HANDSHAKE_SECONDS_MAX: u64 = 10;

/// How long answers may take to leave once Terraform has asked for the end.
const DRAIN_MILLISECONDS_MAX: u64 = 100;

/// How many connections may be waiting for the server; Terraform opens one.
const CONNECTIONS_PENDING_MAX: usize = 16;

/// Serves a provider to the Terraform that started this process, until it asks for the end.
///
/// `name` is the provider's short name, as in `terraform-provider-NAME`;
/// `explanation` is what somebody reads who started the process by hand.
pub async fn serve(name: &'static str, explanation: &str, provider: impl Provider) -> ExitCode {
    let variable = |name: &str| std::env::var(name).ok();
    let invitation = match handshake::invitation(variable) {
        Ok(invitation) => invitation,
        Err(refusal @ Refusal::NoClientCertificate) => return complain(&refusal.to_string()),
        Err(Refusal::NotAPlugin) => return complain(explanation),
    };
    logging::start(name, variable);
    service::install_panic_hook();
    match run(&invitation.client_certificate_pem, Arc::new(provider)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&format!(
            "The provider cannot serve Terraform: {}",
            chain(error.as_ref())
        )),
    }
}

async fn run(
    client_certificate_pem: &str,
    provider: Arc<dyn Provider>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let channel = tls::channel(client_certificate_pem)?;
    let socket = Socket::listen()?;
    let address = socket.path();
    let address = address
        .to_str()
        .ok_or("the folder for temporary files has a name that is not UTF-8")?;

    let shutdown = CancellationToken::new();
    heed_signals(&shutdown)?;
    handshake::announce("unix", address, &channel.certificate)?;

    let (sender, receiver) = mpsc::channel(CONNECTIONS_PENDING_MAX);
    let acceptor = TlsAcceptor::from(channel.config);
    let stop = Arc::new(Stop::default());
    let ends = Ends {
        stop: stop.clone(),
        shutdown: shutdown.clone(),
    };
    let accepting = accept(&socket.listener, acceptor, sender, ends);
    let serving = router(Service::new(provider, stop), &shutdown)
        .serve_with_incoming_shutdown(Incoming(receiver), shutdown.clone().cancelled_owned());
    tokio::pin!(serving);
    tokio::select! {
        served = &mut serving => served?,
        () = accepting => {}
        () = shutdown.cancelled() => {
            // Answers leave within a millisecond; calls that hang on may not hold the process up.
            let limit = Duration::from_millis(DRAIN_MILLISECONDS_MAX);
            tokio::time::timeout(limit, serving).await.unwrap_or(Ok(()))?;
        }
    }
    Ok(())
}

fn router(service: Service, shutdown: &CancellationToken) -> tonic::transport::server::Router {
    let service = ProviderServer::new(service)
        .max_decoding_message_size(MESSAGE_BYTES_MAX)
        .max_encoding_message_size(MESSAGE_BYTES_MAX);
    Server::builder()
        .add_service(service)
        .add_service(GrpcControllerServer::new(Controller {
            shutdown: shutdown.clone(),
        }))
        .add_service(GrpcStdioServer::new(Stdio {
            shutdown: shutdown.clone(),
        }))
        .add_service(GrpcBrokerServer::new(Broker {
            shutdown: shutdown.clone(),
        }))
        .add_service(HealthServer::new(Healthy))
}

/// Ctrl-C reaches the whole process group: Terraform decides what it means for
/// us, and says so with a request. A SIGTERM is for us alone.
fn heed_signals(shutdown: &CancellationToken) -> io::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move { while interrupt.recv().await.is_some() {} });
    let mut terminate = signal(SignalKind::terminate())?;
    let shutdown = shutdown.clone();
    tokio::spawn(async move {
        terminate.recv().await;
        shutdown.cancel();
    });
    Ok(())
}

/// Hands over every connection whose other side is Terraform. When the last one
/// is gone, so is Terraform, and the process ends.
async fn accept(
    listener: &UnixListener,
    acceptor: TlsAcceptor,
    sender: mpsc::Sender<io::Result<Connection>>,
    ends: Ends,
) {
    let mut client = Weak::new();
    loop {
        let stream = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::error!("Cannot accept connections any more: {error}");
                    return;
                }
            },
            // The server drains what it has; new connections are of no use.
            () = ends.shutdown.cancelled() => return std::future::pending().await,
        };
        let (acceptor, sender) = (acceptor.clone(), sender.clone());
        let alive = client.upgrade().unwrap_or_else(|| {
            Arc::new(Client {
                ends: ends.clone(),
                proved: AtomicBool::new(false),
            })
        });
        client = Arc::downgrade(&alive);
        tokio::spawn(async move {
            let limit = Duration::from_secs(TLS_HANDSHAKE_SECONDS_MAX);
            match tokio::time::timeout(limit, acceptor.accept(stream)).await {
                // The server is gone only when the process ends.
                Ok(Ok(stream)) => {
                    alive.proved.store(true, Ordering::Relaxed);
                    drop(
                        sender
                            .send(Ok(Connection {
                                stream,
                                _client: alive,
                            }))
                            .await,
                    );
                }
                Ok(Err(error)) => {
                    tracing::error!("Refused a connection that is not Terraform's: {error}")
                }
                Err(_) => tracing::error!("Refused a connection that did not say who it is"),
            }
        });
    }
}

/// The accepted connections, as the server takes them.
struct Incoming(mpsc::Receiver<io::Result<Connection>>);

impl Stream for Incoming {
    type Item = io::Result<Connection>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}

/// What the end of the client ends.
#[derive(Clone)]
struct Ends {
    stop: Arc<Stop>,
    shutdown: CancellationToken,
}

/// The other side, as long as it holds a connection. When the last one closes,
/// Terraform is gone without a word: every wait ends, and so does the process.
struct Client {
    ends: Ends,
    proved: AtomicBool,
}

impl Drop for Client {
    fn drop(&mut self) {
        if self.proved.load(Ordering::Relaxed) {
            self.ends.stop.stop();
            self.ends.shutdown.cancel();
        }
    }
}

/// A connection whose other side has proved to be Terraform.
struct Connection {
    stream: TlsStream<UnixStream>,
    _client: Arc<Client>,
}

impl Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) -> Self::ConnectInfo {}
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
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
