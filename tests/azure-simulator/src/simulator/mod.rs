//! The handle of a running simulator: what a test sees of it, and does to it.

mod world;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempPath;
use time::OffsetDateTime;
use tokio::task::JoinHandle;

use crate::arm::disk_access::Access;
use crate::builder::Builder;
use crate::entra;
use crate::fault::{Fault, FaultId};
use crate::log::Request;
use crate::refusals::Refusals;
use crate::replication::Replication;
use crate::role::Role;
use crate::server::Shared;
use crate::settings::{DiskAccess, Rules};
use crate::throttling::{Buckets, Throttling};

/// A running simulator. Dropping it stops the server, cuts its connections and removes the
/// authority's file.
///
/// The methods that name something by its id panic if there is no such thing: in a test that
/// is a mistake of the test.
#[derive(Debug)]
pub struct Simulator {
    shared: Arc<Shared>,
    address: SocketAddr,
    authority_pem: String,
    authority_file: TempPath,
    server: JoinHandle<()>,
}

/// What was waited for did not come; shows what came instead.
#[derive(Debug, thiserror::Error)]
#[error(
    "the awaited requests did not come within {limit:?}; there were:\n{}",
    list(requests)
)]
pub struct NotSeen {
    /// How long it was waited for.
    pub limit: Duration,
    /// The log at the end of that.
    pub requests: Vec<Request>,
}

fn list(requests: &[Request]) -> String {
    requests
        .iter()
        .map(|request| {
            let status = request
                .status
                .map_or_else(|| "unanswered".to_owned(), |status| status.to_string());
            let Request {
                sequence,
                method,
                path,
                query,
                ..
            } = request;
            format!("{sequence:>4} {method} {path}?{query} -> {status}\n")
        })
        .collect()
}

/// Where it is, and how to get in.
impl Simulator {
    /// Begins to describe a simulator.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of Azure Resource Manager and of the sign-in service, without a trailing slash.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The certificate authority to trust, as PEM.
    #[must_use]
    pub fn certificate_authority_pem(&self) -> &str {
        &self.authority_pem
    }

    /// The certificate authority to trust, as a file that is removed with the simulator.
    #[must_use]
    pub fn certificate_authority_file(&self) -> &Path {
        &self.authority_file
    }

    /// The environment variables that point a provider here.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let file = self.authority_file.display().to_string();
        let state = self.shared.state();
        state.settings.environment(&self.endpoint(), &file)
    }

    /// The subscription that exists.
    #[must_use]
    pub fn subscription_id(&self) -> String {
        self.shared.state().settings.subscription_id.clone()
    }
}

/// How it behaves from now on.
impl Simulator {
    /// The course that the disks of copies take which begin from now on.
    pub fn set_replication(&self, replication: impl Into<Replication>) {
        self.shared.state().settings.replication = replication.into();
    }

    /// How long operations take that begin from now on.
    pub fn set_operation(&self, time: Duration) {
        self.shared.state().settings.operation = time;
    }

    /// Which of Azure's rules hold from now on.
    pub fn set_rules(&self, rules: Rules) {
        let mut state = self.shared.state();
        // What has begun under the old ones stays begun.
        state.settle();
        state.settings.rules = rules;
    }

    /// What refusals for the sake of those rules look like from now on.
    pub fn set_refusals(&self, refusals: Refusals) {
        self.shared.state().settings.refusals = refusals;
    }

    /// What the application may do from now on.
    pub fn set_roles(&self, roles: impl IntoIterator<Item = Role>) {
        self.shared.state().settings.roles = roles.into_iter().collect();
    }

    /// Limits the rate of requests from now on, with full buckets, or no longer.
    pub fn set_throttling(&self, throttling: Option<Throttling>) {
        self.shared.state().buckets = throttling.map(Buckets::new);
    }

    /// How access to disks is given from now on.
    pub fn set_disk_access(&self, disk_access: DiskAccess) {
        self.shared.state().settings.disk_access = disk_access;
    }

    /// Lets the operation of the next copy end as `Failed`, and the copy with it; or that of the next
    /// access to a disk, which then is not given.
    pub fn fail_next_operation(&self, code: &str, message: &str) {
        self.shared
            .state()
            .settings
            .failing_operations
            .push_back((code.to_owned(), message.to_owned()));
    }

    /// Lets the operation of the next revocation of access end as `Failed`, and access stay.
    pub fn fail_next_revocation(&self, code: &str, message: &str) {
        self.shared
            .state()
            .settings
            .failing_revocations
            .push_back((code.to_owned(), message.to_owned()));
    }

    /// Whether this URL opens a disk now.
    #[must_use]
    pub fn opens_a_disk(&self, sas: &str) -> bool {
        let state = self.shared.state();
        let now = state.clock.now();
        state.accesses.iter().any(|access| access.opens(sas, now))
    }

    /// Lets the operation of the next deletion end as `Failed`, and what was to go stay.
    pub fn fail_next_deletion(&self, code: &str, message: &str) {
        self.shared
            .state()
            .settings
            .failing_deletions
            .push_back((code.to_owned(), message.to_owned()));
    }

    /// A token for Azure Resource Manager, as somebody signed in elsewhere would hold it.
    #[must_use]
    pub fn token(&self, tenant_id: &str, lifetime: Duration) -> String {
        self.shared.state().tokens.issue(tenant_id, lifetime)
    }

    /// An OIDC token for Entra ID, as a pipeline or a cluster gives it to its guests; the
    /// application trusts [`crate::FEDERATED_SUBJECT`] only.
    #[must_use]
    pub fn oidc_token(&self, subject: &str) -> String {
        let mut state = self.shared.state();
        let lifetime = state.settings.oidc_token_lifetime;
        let audience = "api://AzureADTokenExchange";
        state.oidc_tokens.give(subject, audience, lifetime)
    }

    /// Lets every OIDC token that was given expire now.
    pub fn expire_oidc_tokens(&self) {
        self.shared.state().oidc_tokens.expire_all();
    }

    /// Every token and every signature that was issued or given so far, to look for where none may
    /// stand.
    #[must_use]
    pub fn issued_secrets(&self) -> Vec<String> {
        let state = self.shared.state();
        let issued = state.tokens.secrets();
        let signatures = state.accesses.iter().map(Access::signature);
        issued
            .chain(state.oidc_tokens.secrets())
            .cloned()
            .chain(signatures)
            .collect()
    }

    /// Lets every token that was issued expire now, whatever its holder was told.
    pub fn expire_tokens(&self) {
        self.shared.state().tokens.expire_all();
    }

    /// Lets the sign-in service refuse the client from now on, with an `AADSTS` code. Tokens that
    /// were issued stay valid; see [`Simulator::expire_tokens`].
    ///
    /// # Panics
    /// The code is not 700016 (no such application), 7000112 (it is disabled), 7000215 (its
    /// secret is wrong) or 7000222 (its secret has expired).
    #[track_caller]
    pub fn revoke_client(&self, code: u32) {
        let known = entra::revocation(code).is_some();
        assert!(known, "the simulator does not know AADSTS{code}");
        self.shared.state().settings.revoked = Some(code);
    }

    /// Lets the client sign in again.
    pub fn restore_client(&self) {
        self.shared.state().settings.revoked = None;
    }

    /// Sets a fault; see [`Fault`].
    pub fn fault(&self, fault: Fault) -> FaultId {
        self.shared.state().faults.add(fault)
    }

    /// Removes a fault. Requests that it holds back stay held back.
    pub fn remove_fault(&self, id: FaultId) {
        self.shared.state().faults.remove(id);
    }

    /// Removes every fault. Requests that they hold back stay held back.
    pub fn clear_faults(&self) {
        self.shared.state().faults.clear();
    }

    /// Answers every request that [`Fault::black_hole`] holds back.
    pub fn release(&self) {
        self.shared.released.send_replace(());
    }
}

/// Its clock, by which operations end, disks replicate and hours pass; tokens go by the real one.
impl Simulator {
    /// The time of the simulator's clock.
    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        self.shared.state().clock.now()
    }

    /// Lets this much time pass at once.
    pub fn advance(&self, by: Duration) {
        self.shared.state().clock.advance(by);
    }

    /// Runs the clock this much faster than the real one from now on.
    ///
    /// # Panics
    /// The factor is negative or not finite.
    pub fn scale(&self, factor: f64) {
        assert!(
            factor.is_finite() && factor >= 0.0,
            "{factor} is not a rate for a clock"
        );
        self.shared.state().clock.set_scale(factor);
    }

    /// Stops the clock; it moves only by [`Simulator::advance`] then.
    pub fn freeze(&self) {
        self.scale(0.0);
    }
}

/// What clients have asked.
impl Simulator {
    /// Every request so far, in the order of arrival.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.shared.state().log.requests().to_vec()
    }

    /// The requests that the simulator did not know; a test of a client asserts that there are none.
    #[must_use]
    pub fn unexpected(&self) -> Vec<Request> {
        let mut requests = self.requests();
        requests.retain(|request| request.unexpected);
        requests
    }

    /// How many requests had this method (any, if empty) and this in their path or query.
    #[must_use]
    pub fn count(&self, method: &str, path_substring: &str) -> usize {
        self.shared.state().log.count(method, path_substring)
    }

    /// How many requests each policy of [`Throttling`] has refused since it was set.
    #[must_use]
    pub fn throttled(&self) -> BTreeMap<&'static str, usize> {
        let state = self.shared.state();
        let buckets = state.buckets.as_ref();
        buckets.map_or_else(BTreeMap::new, |buckets| buckets.refused.clone())
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.shared.state().log.clear();
    }

    /// Waits until the log satisfies the predicate, and gives the log. Requests enter it when
    /// they arrive, and once more when they are answered.
    ///
    /// # Errors
    /// It did not within the limit, in real time.
    pub async fn wait_for(
        &self,
        limit: Duration,
        predicate: impl Fn(&[Request]) -> bool,
    ) -> Result<Vec<Request>, NotSeen> {
        let seen = async {
            loop {
                let mut logged = pin!(self.shared.logged.notified());
                // From here on nothing is missed, so the look may come before the wait.
                logged.as_mut().enable();
                let requests = self.requests();
                if predicate(&requests) {
                    return requests;
                }
                logged.await;
            }
        };
        tokio::time::timeout(limit, seen)
            .await
            .map_err(|_| NotSeen {
                limit,
                requests: self.requests(),
            })
    }

    /// Waits until at least so many requests like these have arrived.
    ///
    /// # Errors
    /// They did not within the limit, in real time.
    pub async fn wait_for_count(
        &self,
        limit: Duration,
        method: &str,
        path_substring: &str,
        count: usize,
    ) -> Result<Vec<Request>, NotSeen> {
        let like_these = |request: &&Request| request.matches(method, path_substring);
        self.wait_for(limit, |requests| {
            requests.iter().filter(like_these).count() >= count
        })
        .await
    }
}

impl Simulator {
    pub(crate) fn new(
        shared: Arc<Shared>,
        address: SocketAddr,
        authority_pem: String,
        authority_file: TempPath,
        server: JoinHandle<()>,
    ) -> Self {
        Self {
            shared,
            address,
            authority_pem,
            authority_file,
            server,
        }
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.server.abort();
    }
}
