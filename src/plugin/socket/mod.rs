//! Where Terraform connects to: a unix socket, or a port of this machine where there are none.

mod port;
#[cfg(unix)]
mod unix;

use std::io;

use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;

use super::connection::Duplex;

/// What Terraform connects to. Dropping it removes what was made for it.
pub(super) enum Socket {
    /// A socket in a folder that nobody else may enter.
    #[cfg(unix)]
    Unix(unix::Socket),
    /// A port on the loopback address.
    Port(port::Port),
}

impl Socket {
    /// Listens where the host asks for it; Terraform itself asks for ports only, and for no
    /// particular folder.
    ///
    /// # Errors
    /// A folder that cannot be made, listened in or given to the group; no free port.
    pub(super) fn listen(variable: impl Fn(&str) -> Option<String>) -> io::Result<Self> {
        #[cfg(unix)]
        if !asks_for_port(&variable) {
            let place = unix::Place::of_environment(&variable)?;
            return Ok(Self::Unix(unix::Socket::listen(&place)?));
        }
        Ok(Self::Port(port::Port::listen(variable)?))
    }

    /// The network and where in it to connect.
    ///
    /// # Errors
    /// A folder whose name is not UTF-8.
    pub(super) fn address(&self) -> io::Result<(&'static str, &str)> {
        match self {
            #[cfg(unix)]
            Self::Unix(socket) => Ok(("unix", socket.address()?)),
            Self::Port(port) => Ok(("tcp", port.address())),
        }
    }

    /// The listener, which can be taken once.
    ///
    /// # Errors
    /// Where it was taken before.
    pub(super) fn listener(&mut self) -> io::Result<Listener> {
        let listener = match self {
            #[cfg(unix)]
            Self::Unix(socket) => socket.listener().map(Listener::Unix),
            Self::Port(port) => port.listener().map(Listener::Port),
        };
        listener.ok_or_else(|| io::Error::other("the listener was taken before"))
    }
}

/// Removes what processes have left that were killed before they could do so.
pub(super) fn sweep() {
    #[cfg(unix)]
    unix::sweep();
}

/// Lets a test of debug builds see the way of systems without unix sockets.
#[cfg(unix)]
fn asks_for_port(variable: &impl Fn(&str) -> Option<String>) -> bool {
    cfg!(debug_assertions) && variable("PLUGIN_TEST_TCP").is_some()
}

/// Takes connections of either kind.
pub(super) enum Listener {
    /// On a unix socket.
    #[cfg(unix)]
    Unix(UnixListener),
    /// On a port.
    Port(TcpListener),
}

impl Listener {
    /// The next connection.
    ///
    /// # Errors
    /// There will be none any more.
    pub(super) async fn accept(&self) -> io::Result<Box<dyn Duplex>> {
        match self {
            #[cfg(unix)]
            Self::Unix(listener) => Ok(Box::new(listener.accept().await?.0)),
            Self::Port(listener) => {
                let (stream, _) = listener.accept().await?;
                // Calls are small and wait for each other.
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
        }
    }
}
