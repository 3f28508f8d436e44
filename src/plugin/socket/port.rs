//! A port on the loopback address, for systems without unix sockets. Whoever runs programs on this
//! machine can connect to it, and is let in only with Terraform's key.

use std::io;
use std::net::{Ipv4Addr, TcpListener as Bound};

use tokio::net::TcpListener;

/// The ports that are tried where the host names none.
const PORTS: (u16, u16) = (10_000, 25_000);

/// A listening port.
pub(in crate::plugin) struct Port {
    listener: Option<TcpListener>,
    address: String,
}

impl Port {
    /// Listens on the first free port of those that the host allows.
    ///
    /// # Errors
    /// None of them is free.
    pub(super) fn listen(variable: impl Fn(&str) -> Option<String>) -> io::Result<Self> {
        let given = |name, default| {
            let port = variable(name).and_then(|port| port.parse().ok());
            port.unwrap_or(default)
        };
        let ports = given("PLUGIN_MIN_PORT", PORTS.0)..=given("PLUGIN_MAX_PORT", PORTS.1);
        let bound = ports
            .clone()
            .find_map(|port| Bound::bind((Ipv4Addr::LOCALHOST, port)).ok());
        let bound = bound.ok_or_else(|| {
            let (first, last) = ports.into_inner();
            io::Error::other(format!(
                "no port from {first} to {last} is free on 127.0.0.1"
            ))
        })?;
        bound.set_nonblocking(true)?;
        Ok(Self {
            address: bound.local_addr()?.to_string(),
            listener: Some(TcpListener::from_std(bound)?),
        })
    }

    pub(super) fn listener(&mut self) -> Option<TcpListener> {
        self.listener.take()
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_free_port_of_the_host_s_choice_is_taken() {
        let taken = Bound::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let first = taken.local_addr().expect("an address").port();
        let listen = |last: u16| {
            Port::listen(|name| match name {
                "PLUGIN_MIN_PORT" => Some(first.to_string()),
                _ => Some(last.to_string()),
            })
        };
        let port = listen(first.saturating_add(50)).expect("one is free");
        assert_ne!(port.address(), format!("127.0.0.1:{first}"));
        assert!(port.address().starts_with("127.0.0.1:"));
        let error = listen(first).err().expect("none is free").to_string();
        assert!(
            error.contains(&format!("from {first} to {first}")),
            "{error}"
        );
    }
}
