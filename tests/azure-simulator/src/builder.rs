//! Choosing what the simulated Azure is like before it starts.

use std::io::{self, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use time::OffsetDateTime;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::certificate;
use crate::clock::Clock;
use crate::refusals::Refusals;
use crate::replication::Replication;
use crate::role::Role;
use crate::server::{self, Shared};
use crate::settings::{DiskAccess, OperationHeaders, Rules, Settings};
use crate::simulator::Simulator;
use crate::state::State;
use crate::throttling::{Buckets, Throttling};

/// Builds a [`Simulator`]. Without a word from a test it is quick: operations take 50 ms and
/// replication takes 2 s.
#[derive(Clone, Debug)]
pub struct Builder {
    settings: Settings,
    listen: SocketAddr,
    time_scale: f64,
    start_time: Option<OffsetDateTime>,
    default_world: bool,
    throttling: Option<Throttling>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            time_scale: 1.0,
            start_time: None,
            default_world: false,
            throttling: None,
        }
    }
}

impl Builder {
    /// The course that the disks of new copies take: a duration, or any [`Replication`].
    #[must_use]
    pub fn replication(mut self, replication: impl Into<Replication>) -> Self {
        self.settings.replication = replication.into();
        self
    }

    /// The course of the disks with this name, where it differs from that of the others.
    #[must_use]
    pub fn disk_replication(mut self, disk: &str, replication: impl Into<Replication>) -> Self {
        self.settings
            .disk_replications
            .push((disk.to_owned(), replication.into()));
        self
    }

    /// How long operations take: the ones that begin a copy, and deletions.
    #[must_use]
    pub fn operation(mut self, time: Duration) -> Self {
        self.settings.operation = time;
        self
    }

    /// Which headers point to the operation of a copy.
    #[must_use]
    pub fn operation_headers(mut self, headers: OperationHeaders) -> Self {
        self.settings.operation_headers = headers;
        self
    }

    /// Pads the query of operation URLs to this many bytes, as Azure's can be several kB long.
    #[must_use]
    pub fn operation_url_query_bytes(mut self, bytes: usize) -> Self {
        self.settings.operation_url_query_bytes = bytes;
        self
    }

    /// Forgets operations this long after their end: their URL answers 404 then.
    #[must_use]
    pub fn operation_expiry(mut self, after: Duration) -> Self {
        self.settings.operation_expiry = Some(after);
        self
    }

    /// The status of an identical PUT of a copy that exists: 201 unless said otherwise, or 200.
    #[must_use]
    pub fn identical_put_status(mut self, status: u16) -> Self {
        self.settings.identical_put_status = status;
        self
    }

    /// Gives lists of collections in pages of so many, each with a link to the next one. Without
    /// it there is one page.
    #[must_use]
    pub fn page_size(mut self, collections: usize) -> Self {
        self.settings.page_size = Some(collections);
        self
    }

    /// How access to disks is given.
    #[must_use]
    pub fn disk_access(mut self, disk_access: DiskAccess) -> Self {
        self.settings.disk_access = disk_access;
        self
    }

    /// Which of Azure's rules hold.
    #[must_use]
    pub fn rules(mut self, rules: Rules) -> Self {
        self.settings.rules = rules;
        self
    }

    /// What refusals for the sake of those rules look like.
    #[must_use]
    pub fn refusals(mut self, refusals: Refusals) -> Self {
        self.settings.refusals = refusals;
        self
    }

    /// What the application may do, instead of everything.
    #[must_use]
    pub fn roles(mut self, roles: impl IntoIterator<Item = Role>) -> Self {
        self.settings.roles = roles.into_iter().collect();
        self
    }

    /// Limits the rate of requests, which nothing does unless a test asks for it.
    #[must_use]
    pub fn throttling(mut self, throttling: Throttling) -> Self {
        self.throttling = Some(throttling);
        self
    }

    /// The subscription that exists, instead of [`crate::SUBSCRIPTION_ID`].
    #[must_use]
    pub fn subscription_id(mut self, id: &str) -> Self {
        id.clone_into(&mut self.settings.subscription_id);
        self
    }

    /// A subscription of the same tenant beside that one.
    #[must_use]
    pub fn other_subscription(mut self, id: &str) -> Self {
        self.settings.other_subscriptions.push(id.to_owned());
        self
    }

    /// The tenant that exists, instead of [`crate::TENANT_ID`].
    #[must_use]
    pub fn tenant_id(mut self, id: &str) -> Self {
        id.clone_into(&mut self.settings.tenant_id);
        self
    }

    /// The application that may sign in, instead of [`crate::CLIENT_ID`] with its secret.
    #[must_use]
    pub fn client(mut self, id: &str, secret: &str) -> Self {
        id.clone_into(&mut self.settings.client_id);
        secret.clone_into(&mut self.settings.client_secret);
        self
    }

    /// A certificate that the application may sign with, as PEM; what else stands there is not
    /// looked at.
    ///
    /// # Panics
    /// There is no certificate in it.
    #[must_use]
    pub fn certificate(mut self, pem: &str) -> Self {
        let certificate = CertificateDer::from_pem_slice(pem.as_bytes());
        let certificate = certificate.expect("a certificate in PEM");
        self.settings.certificates.push(certificate.to_vec());
        self
    }

    /// A tenant that issues tokens beside the one of the subscription.
    #[must_use]
    pub fn other_tenant(mut self, id: &str) -> Self {
        self.settings.other_tenants.push(id.to_owned());
        self
    }

    /// How long an OIDC token of a pipeline or a cluster can be used, in real time.
    #[must_use]
    pub fn oidc_token_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.oidc_token_lifetime = lifetime;
        self
    }

    /// Describes clouds as a list, as older versions of Azure Resource Manager do.
    #[must_use]
    pub fn lists_clouds(mut self) -> Self {
        self.settings.lists_clouds = true;
        self
    }

    /// The audience of tokens, instead of [`crate::AUDIENCE`].
    #[must_use]
    pub fn audience(mut self, audience: &str) -> Self {
        audience.clone_into(&mut self.settings.audience);
        self
    }

    /// How long tokens are valid, in real time.
    #[must_use]
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.token_lifetime = lifetime;
        self
    }

    /// How much faster than the real clock the simulator's runs; zero freezes it.
    #[must_use]
    pub fn time_scale(mut self, scale: f64) -> Self {
        self.time_scale = scale;
        self
    }

    /// The time of the simulator's clock at the start, instead of the real one.
    #[must_use]
    pub fn start_time(mut self, time: OffsetDateTime) -> Self {
        self.start_time = Some(time);
        self
    }

    /// Where to listen, instead of an ephemeral port of 127.0.0.1.
    #[must_use]
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Starts with the world of the binary: the group `rg-source` in `eastus` with the source
    /// collection `web` and its restore points, and the empty group `rg-dr`.
    #[must_use]
    pub fn default_world(mut self) -> Self {
        self.default_world = true;
        self
    }

    /// Starts serving in the background of the current runtime.
    ///
    /// The runtime has to keep turning: a test that blocks its thread, on a child process for
    /// instance, needs `#[tokio::test(flavor = "multi_thread")]`.
    ///
    /// # Errors
    /// The address is not loopback or not free, or the authority's file cannot be written.
    pub async fn start(self) -> io::Result<Simulator> {
        // Anyone who reaches the listener can script it and read its log.
        if !self.listen.ip().is_loopback() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("{} is not a loopback address", self.listen),
            ));
        }
        let start_time = self.start_time.unwrap_or_else(OffsetDateTime::now_utc);
        let clock = Clock::starting_at(start_time, self.time_scale);
        let mut state = State::new(self.settings, clock);
        state.buckets = self.throttling.map(Buckets::new);
        if self.default_world {
            state.seed_default_world().map_err(io::Error::other)?;
        }
        let identity = certificate::identity()?;
        let mut authority_file = tempfile::Builder::new()
            .prefix("azure-simulator-")
            .suffix(".pem")
            .tempfile()?;
        authority_file.write_all(identity.authority_pem.as_bytes())?;
        let listener = TcpListener::bind(self.listen).await?;
        let address = listener.local_addr()?;
        let shared = Shared::new(state);
        let tls = TlsAcceptor::from(identity.server);
        let server = tokio::spawn(server::serve(listener, tls, shared.clone()));
        Ok(Simulator::new(
            shared,
            address,
            identity.authority_pem,
            authority_file.into_temp_path(),
            server,
        ))
    }
}
