//! Azure Resource Manager's restore points on loopback: for tests of the provider, and for
//! anyone who wants to try it without a subscription.
//!
//! It speaks ARM and the Entra ID token endpoint over https, with a certificate authority that
//! it makes at start. It knows resource groups, restore point collections, restore points,
//! copies of them and their operations, and nothing else: an unknown path, method, parameter,
//! api-version or field is refused loudly and marked `unexpected` in the log.
//!
//! It must not share a type with any client. Its bodies are [`serde_json::Value`] in ARM's
//! literal spelling, so that a misspelt field cannot agree with itself. Answers have the shapes
//! that were recorded from Azure; what nobody recorded carries a comment that begins with
//! `Assumed:`, and can be switched where that costs little.
//!
//! ```
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! use std::time::Duration;
//! use azure_simulator::{Fault, Simulator};
//!
//! let azure = Simulator::builder()
//!     .default_world()
//!     .replication(Duration::from_secs(3600))
//!     .start()
//!     .await?;
//! for (name, value) in azure.environment() {
//!     println!("export {name}={value}");
//! }
//! azure.fault(Fault::close(false).on("PUT", "/restorePoints/").times(1));
//! azure.advance(Duration::from_secs(1800)); // Every copy is half an hour further.
//! assert_eq!(azure.count("PUT", "/restorePoints/"), 0);
//! # std::io::Result::Ok(()) }).unwrap();
//! ```
//!
//! From outside of the process the [`control`] interface does the same over https.

mod arm;
mod assertion;
mod builder;
mod certificate;
mod clock;
pub mod control;
mod entra;
mod exchange;
mod fault;
mod governance;
mod issuer;
mod log;
mod machine;
mod metadata;
mod refusals;
mod replication;
mod role;
mod route;
mod schedule;
mod seed;
mod server;
mod settings;
mod simulator;
mod state;
mod throttling;
mod virtual_machine;

pub use builder::Builder;
pub use fault::{Fault, FaultId};
pub use governance::{Lock, Policy};
pub use log::Request;
pub use refusals::{Refusal, Refusals};
pub use replication::Replication;
pub use role::Role;
pub use seed::{SourceCollection, SourceRestorePoint};
pub use settings::{
    AUDIENCE, AccessAgain, AccessResult, CLIENT_ID, CLIENT_SECRET, CopyKeys, DiskAccess,
    FEDERATED_SUBJECT, IDENTITY_HEADER, OBJECT_ID, OIDC_REQUEST_TOKEN, OperationHeaders, Rules,
    SERVICE_CONNECTION_ID, SUBSCRIPTION_ID, TENANT_ID,
};
pub use simulator::{NotSeen, Simulator};
pub use throttling::Throttling;
pub use virtual_machine::CUSTOM_DATA;
