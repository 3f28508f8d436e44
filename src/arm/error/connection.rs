//! Why no answer came: the network, TLS or a proxy.

use std::error::Error as StdError;

/// A request without an answer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{} {host}: {cause}", .kind.what_failed())]
pub struct ConnectionError {
    /// The host that was asked.
    pub host: String,
    /// What kind of trouble it is.
    pub kind: ConnectionKind,
    /// The whole chain of causes, in the words of those who found them.
    pub cause: String,
}

/// What kind of trouble kept an answer away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionKind {
    /// The host name cannot be resolved.
    UnknownHost,
    /// The server's certificate is not signed by a trusted authority, has expired or is for
    /// another host.
    UntrustedCertificate,
    /// Nobody is there: the connection is refused, there is no way to the host, or it is silent.
    Unreachable,
    /// No connection came about although somebody is there: TLS handshake broken, proxy.
    NotConnected,
    /// The proxy does not let us through without its name and password.
    ProxyAuthentication,
    /// The attempt took too long. The request may have been received.
    TimedOut,
    /// The connection broke after it was made. The request may have been received.
    Interrupted,
    /// The HTTP client itself cannot be built, for example for unreadable root certificates.
    NoClient,
}

impl ConnectionError {
    /// Finds out what kind of trouble the HTTP client met.
    pub(crate) fn from_reqwest(host: &str, error: reqwest::Error) -> Self {
        // The URL is in our own text, and its query is nobody's business.
        let error = error.without_url();
        let kind = kind_of(&error);
        Self {
            host: host.to_owned(),
            kind,
            cause: super::chain(&error),
        }
    }
}

impl ConnectionKind {
    /// Whether the request may have reached the server although no answer came back.
    pub fn may_have_been_received(self) -> bool {
        matches!(self, Self::TimedOut | Self::Interrupted)
    }

    fn what_failed(self) -> &'static str {
        match self {
            Self::UnknownHost => "cannot find the host",
            Self::UntrustedCertificate => "cannot trust the TLS certificate of",
            Self::Unreachable | Self::NotConnected => "cannot connect to",
            Self::ProxyAuthentication => "the proxy asks who we are on the way to",
            Self::TimedOut => "no answer in time from",
            Self::Interrupted => "lost the connection to",
            Self::NoClient => "cannot prepare connections to",
        }
    }
}

fn kind_of(error: &reqwest::Error) -> ConnectionKind {
    if error.is_builder() {
        return ConnectionKind::NoClient;
    }
    if causes(error).any(is_certificate_problem) {
        return ConnectionKind::UntrustedCertificate;
    }
    if !error.is_connect() {
        return if error.is_timeout() {
            ConnectionKind::TimedOut
        } else {
            ConnectionKind::Interrupted
        };
    }
    // The HTTP client tells a failed name resolution by its text only.
    let has_cause = |text: &str| causes(error).any(|cause| cause.to_string().contains(text));
    if has_cause("dns error") {
        ConnectionKind::UnknownHost
    } else if has_cause("proxy authorization required") {
        ConnectionKind::ProxyAuthentication
    } else if error.is_timeout() || causes(error).any(is_nobody_there) {
        ConnectionKind::Unreachable
    } else {
        ConnectionKind::NotConnected
    }
}

fn is_nobody_there(cause: &(dyn StdError + 'static)) -> bool {
    use std::io::ErrorKind::{ConnectionRefused, HostUnreachable, NetworkUnreachable, TimedOut};
    let error = cause.downcast_ref::<std::io::Error>();
    error.is_some_and(|error| {
        [
            ConnectionRefused,
            HostUnreachable,
            NetworkUnreachable,
            TimedOut,
        ]
        .contains(&error.kind())
    })
}

/// An I/O error does not name the error inside as its source, and here they are nested.
fn is_certificate_problem(cause: &(dyn StdError + 'static)) -> bool {
    if let Some(error) = cause.downcast_ref::<std::io::Error>() {
        let inside = error.get_ref();
        return inside.is_some_and(|inside| is_certificate_problem(inside));
    }
    let error = cause.downcast_ref::<rustls::Error>();
    matches!(error, Some(rustls::Error::InvalidCertificate(_)))
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_names_trouble_host_and_cause() {
        let error = ConnectionError {
            host: "arm.example".to_owned(),
            kind: ConnectionKind::UnknownHost,
            cause: "dns error: no such name".to_owned(),
        };
        assert_eq!(
            error.to_string(),
            "cannot find the host arm.example: dns error: no such name"
        );
    }

    #[test]
    fn only_a_made_connection_can_have_carried_a_request() {
        #[track_caller]
        fn check(kind: ConnectionKind, expected: bool) {
            assert_eq!(kind.may_have_been_received(), expected, "{kind:?}");
        }
        check(ConnectionKind::UnknownHost, false);
        check(ConnectionKind::UntrustedCertificate, false);
        check(ConnectionKind::Unreachable, false);
        check(ConnectionKind::NotConnected, false);
        check(ConnectionKind::ProxyAuthentication, false);
        check(ConnectionKind::NoClient, false);
        check(ConnectionKind::TimedOut, true);
        check(ConnectionKind::Interrupted, true);
    }
}
