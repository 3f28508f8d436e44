//! The connections to Terraform: who is let in, and what it means when they end.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_stream::Stream;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::Connected;

use super::socket::Listener;

/// How long a client may take to prove who it is.
const TLS_HANDSHAKE_SECONDS_MAX: u64 = 10;

/// How many connections may be waiting for the server; Terraform opens one.
const PENDING_MAX: usize = 16;

/// Who may connect.
pub(super) enum Door {
    /// Whoever proves to be the Terraform that started the process. When it is gone, this is cancelled.
    Terraform(TlsAcceptor, CancellationToken),
    /// Whoever may enter the socket's folder, or is on this machine where there are none: somebody who debugs the provider, as often as they like.
    Everybody,
}

/// Accepts connections until `shutdown`, and hands over those that may come in.
pub(super) fn accept(listener: Listener, door: Door, shutdown: CancellationToken) -> Incoming {
    let (sender, receiver) = mpsc::channel(PENDING_MAX);
    tokio::spawn(async move {
        // No connection means no Terraform, whatever the reason: the server ends with this task.
        tokio::select! {
            () = accept_all(&listener, &door, &sender) => {}
            () = shutdown.cancelled() => {}
        }
    });
    Incoming(receiver)
}

async fn accept_all(
    listener: &Listener,
    door: &Door,
    sender: &mpsc::Sender<io::Result<Connection>>,
) {
    let mut client = Weak::new();
    loop {
        let stream = match listener.accept().await {
            Ok(stream) => stream,
            Err(error) => {
                tracing::error!("Cannot accept connections any more: {error}");
                return;
            }
        };
        match door {
            Door::Everybody => {
                let connection = Connection {
                    stream,
                    _client: None,
                };
                // The server is gone only when the process ends.
                drop(sender.send(Ok(connection)).await);
            }
            Door::Terraform(acceptor, gone) => {
                let alive = client
                    .upgrade()
                    .unwrap_or_else(|| Client::new(gone.clone()));
                client = Arc::downgrade(&alive);
                tokio::spawn(admit(acceptor.clone(), stream, alive, sender.clone()));
            }
        }
    }
}

/// Lets a connection in once its other side has proved to be Terraform.
async fn admit(
    acceptor: TlsAcceptor,
    stream: Box<dyn Duplex>,
    client: Arc<Client>,
    sender: mpsc::Sender<io::Result<Connection>>,
) {
    let limit = Duration::from_secs(TLS_HANDSHAKE_SECONDS_MAX);
    match tokio::time::timeout(limit, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => {
            client.proved.store(true, Ordering::Relaxed);
            let connection = Connection {
                stream: Box::new(stream),
                _client: Some(client),
            };
            drop(sender.send(Ok(connection)).await);
        }
        Ok(Err(error)) => tracing::error!("Refused a connection that is not Terraform's: {error}"),
        Err(_) => tracing::error!("Refused a connection that did not say who it is"),
    }
}

/// Terraform, as long as it holds a connection. When the last one closes, it is
/// gone without a word: it was killed, or has crashed.
struct Client {
    gone: CancellationToken,
    proved: AtomicBool,
}

impl Client {
    fn new(gone: CancellationToken) -> Arc<Self> {
        Arc::new(Self {
            gone,
            proved: AtomicBool::new(false),
        })
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if self.proved.load(Ordering::Relaxed) {
            self.gone.cancel();
        }
    }
}

/// The accepted connections, as the server takes them.
pub(super) struct Incoming(mpsc::Receiver<io::Result<Connection>>);

impl Stream for Incoming {
    type Item = io::Result<Connection>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}

/// A connection that may make calls.
pub(super) struct Connection {
    stream: Box<dyn Duplex>,
    _client: Option<Arc<Client>>,
}

/// A way for bytes in both directions.
pub(super) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

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
