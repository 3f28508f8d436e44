//! What a test can choose about the simulated Azure.

use std::collections::VecDeque;
use std::time::Duration;

use crate::refusals::Refusals;
use crate::replication::Replication;
use crate::role::Role;

/// The subscription that exists.
pub const SUBSCRIPTION_ID: &str = "00000000-0000-0000-0000-000000000001";
/// The tenant that the subscription trusts.
pub const TENANT_ID: &str = "00000000-0000-0000-0000-00000000000a";
/// The application that may sign in.
pub const CLIENT_ID: &str = "00000000-0000-0000-0000-00000000000c";
/// The object that the application is in the tenant, as refusals of authorization name it.
pub const OBJECT_ID: &str = "00000000-0000-0000-0000-00000000000b";
/// The application's secret, which opens nothing but a simulator on loopback.
pub const CLIENT_SECRET: &str = "simulator-client-secret";
/// What lets a pipeline ask for its OIDC tokens.
pub const OIDC_REQUEST_TOKEN: &str = "simulator-oidc-request-token";
/// The service connection of pipelines in Azure DevOps.
pub const SERVICE_CONNECTION_ID: &str = "00000000-0000-0000-0000-00000000000d";
/// Whose OIDC tokens the application trusts.
pub const FEDERATED_SUBJECT: &str = "repo:contoso/infrastructure:ref:refs/heads/main";
/// What lets an App Service ask for its identity.
pub const IDENTITY_HEADER: &str = "simulator-identity-header";
/// The audience whose tokens Azure Resource Manager takes.
pub const AUDIENCE: &str = "https://management.azure.com";

/// The rules that Azure imposes on copies. Its texts and codes for breaking them are published
/// nowhere, and the rules themselves only in prose, so each one can be switched off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// A source older than one that is copied already in the same collection is refused.
    pub order: bool,
    /// A copy is refused while another one replicates in the same collection.
    pub one_at_a_time: bool,
    /// A source that has a copy anywhere in the target's region is refused.
    pub once_per_region: bool,
    /// A collection in the region of its source collection is refused when it is created; else
    /// only the copy into it is.
    pub other_region_for_collection: bool,
    /// A source of a confidential VM is refused, and one with a disk that has private access
    /// only. Both are documented as not supported.
    pub unsupported_sources: bool,
    /// So many copies may start in one collection within an hour; above it 429. Documented on
    /// one page only, as 3, and off unless a test asks for it.
    pub copies_per_hour: Option<usize>,
    /// So many disks replicate to one region at the same time; the others stay at 0 percent
    /// until their turn comes. Documented as 100 for copies of snapshots, and of restore points
    /// nowhere; off unless a test asks for it.
    pub disks_in_parallel: Option<usize>,
    /// A copy goes on when its source is deleted meanwhile, alone or with its collection; else
    /// its unfinished disks fail. Azure accepts such a deletion; what becomes of the copy is
    /// published nowhere.
    pub copies_outlive_source: bool,
    /// How the disks of a copy are encrypted.
    pub copy_keys: CopyKeys,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            order: true,
            one_at_a_time: true,
            once_per_region: true,
            other_region_for_collection: true,
            unsupported_sources: true,
            copies_per_hour: None,
            disks_in_parallel: None,
            copies_outlive_source: true,
            copy_keys: CopyKeys::AsAsked,
        }
    }
}

/// How Azure encrypts the copy of a disk. Its documents contradict each other, and nobody has
/// recorded a copy of a disk with a key of the customer's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyKeys {
    /// As the request asks, and with platform keys where it does not: so say the newer pages.
    AsAsked,
    /// As the request asks, and with the source's keys where it does not: so says an older one.
    OfSource,
    /// With platform keys, whatever the request asks.
    Platform,
}

/// Which headers point to the operation that a copy's PUT has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationHeaders {
    /// `Azure-AsyncOperation` alone, as in every recording.
    AsyncOperation,
    /// `Location` alone, as Azure's specification has it.
    Location,
    /// Both, as Azure's documentation has it.
    Both,
}

/// How Azure gives access to disks, of which nothing was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskAccess {
    /// Where the URL is found.
    pub result: AccessResult,
    /// What comes of asking while access is open.
    pub again: AccessAgain,
    /// Whether the URL has its end in it; else it names a policy, as those of disks do.
    pub signs_end: bool,
    /// What the URLs of these operations have before their name: `DiskOperations`, as for disks
    /// and snapshots, or `operations`.
    pub operations: &'static str,
}

/// Where the URL of an access is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessResult {
    /// In the answer, with 200.
    AtOnce,
    /// In the last status of the operation, and behind its `Location`.
    InStatus,
    /// Behind the operation's `Location` alone.
    BehindLocation,
}

/// What comes of asking for access while it is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessAgain {
    /// The same URL, which opens the disk for longer.
    Extended,
    /// Another URL; the one before opens nothing any more.
    Replaced,
    /// A refusal.
    Refused,
}

impl Default for DiskAccess {
    fn default() -> Self {
        Self {
            result: AccessResult::InStatus,
            again: AccessAgain::Extended,
            signs_end: false,
            operations: "DiskOperations",
        }
    }
}

/// Everything that the builder sets, and that the handle may change later.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) subscription_id: String,
    /// Subscriptions of the same tenant beside it.
    pub(crate) other_subscriptions: Vec<String>,
    pub(crate) tenant_id: String,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    /// The certificates that the application may sign with, as DER.
    pub(crate) certificates: Vec<Vec<u8>>,
    /// Tenants that issue tokens beside the one of the subscription.
    pub(crate) other_tenants: Vec<String>,
    /// How long the tokens of pipelines and clusters can be shown to the sign-in service.
    pub(crate) oidc_token_lifetime: Duration,
    /// Whether clouds are described as a list, as older versions do.
    pub(crate) lists_clouds: bool,
    pub(crate) audience: String,
    /// The code that the sign-in service refuses the client with.
    pub(crate) revoked: Option<u32>,
    pub(crate) token_lifetime: Duration,
    pub(crate) replication: Replication,
    pub(crate) disk_replications: Vec<(String, Replication)>,
    pub(crate) operation: Duration,
    pub(crate) operation_headers: OperationHeaders,
    pub(crate) operation_url_query_bytes: usize,
    pub(crate) operation_expiry: Option<Duration>,
    pub(crate) identical_put_status: u16,
    pub(crate) page_size: Option<usize>,
    pub(crate) rules: Rules,
    pub(crate) refusals: Refusals,
    pub(crate) roles: Vec<Role>,
    pub(crate) disk_access: DiskAccess,
    /// Code and message of the failures that the next operations end with that begin a copy or give
    /// access.
    pub(crate) failing_operations: VecDeque<(String, String)>,
    /// The same for the next deletions.
    pub(crate) failing_deletions: VecDeque<(String, String)>,
    /// The same for the next revocations of access.
    pub(crate) failing_revocations: VecDeque<(String, String)>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            subscription_id: SUBSCRIPTION_ID.to_owned(),
            other_subscriptions: Vec::new(),
            tenant_id: TENANT_ID.to_owned(),
            client_id: CLIENT_ID.to_owned(),
            client_secret: CLIENT_SECRET.to_owned(),
            certificates: Vec::new(),
            other_tenants: Vec::new(),
            oidc_token_lifetime: Duration::from_secs(600),
            lists_clouds: false,
            audience: AUDIENCE.to_owned(),
            revoked: None,
            token_lifetime: Duration::from_secs(3599),
            replication: Replication::After(Duration::from_secs(2)),
            disk_replications: Vec::new(),
            operation: Duration::from_millis(50),
            operation_headers: OperationHeaders::AsyncOperation,
            operation_url_query_bytes: 0,
            operation_expiry: None,
            // Assumed: the specification lists 201 alone for this PUT.
            identical_put_status: 201,
            page_size: None,
            rules: Rules::default(),
            refusals: Refusals::default(),
            roles: vec![Role::of(["*"])],
            disk_access: DiskAccess::default(),
            failing_operations: VecDeque::new(),
            failing_deletions: VecDeque::new(),
            failing_revocations: VecDeque::new(),
        }
    }
}

impl Settings {
    /// The course of a disk with this name in a copy that begins now.
    pub(crate) fn replication_of(&self, disk: &str) -> Replication {
        self.disk_replications
            .iter()
            .rev()
            .find(|(name, _)| name.eq_ignore_ascii_case(disk))
            .map_or(&self.replication, |(_, replication)| replication)
            .clone()
    }

    /// The only scope that tokens are issued for.
    pub(crate) fn scope(&self) -> String {
        format!("{}/.default", self.audience.trim_end_matches('/'))
    }

    /// The variables that point a provider to this address, in the order people read them.
    pub(crate) fn environment(
        &self,
        endpoint: &str,
        authority_file: &str,
    ) -> Vec<(&'static str, String)> {
        vec![
            ("ARM_ENVIRONMENT", "custom".to_owned()),
            ("ARM_ACTIVE_DIRECTORY_AUTHORITY_HOST", endpoint.to_owned()),
            ("ARM_RESOURCE_MANAGER_ENDPOINT", endpoint.to_owned()),
            ("ARM_RESOURCE_MANAGER_AUDIENCE", self.audience.clone()),
            ("ARM_TENANT_ID", self.tenant_id.clone()),
            ("ARM_SUBSCRIPTION_ID", self.subscription_id.clone()),
            ("ARM_CLIENT_ID", self.client_id.clone()),
            ("ARM_CLIENT_SECRET", self.client_secret.clone()),
            ("ARM_USE_CLI", "false".to_owned()),
            ("SSL_CERT_FILE", authority_file.to_owned()),
        ]
    }
}
