//! Terraform's plugin protocol, and nothing of any cloud.
//!
//! [`serve`] does all that a provider's process must do for Terraform; what it
//! serves is a [`Provider`] with its [`Resource`]s. Wire types stay inside.

pub mod action;
mod connection;
pub mod data_source;
pub mod diagnostics;
pub mod ephemeral;
pub mod function;
pub mod generate;
mod handshake;
pub mod identity;
pub mod list_resource;
mod logging;
pub mod plan;
mod private;
mod proto;
pub mod provider;
pub mod resource;
pub mod schema;
mod serve;
mod service;
mod signals;
mod socket;
mod stdio;
mod stop;
mod tls;
pub mod value;

pub use action::Action;
pub use data_source::DataSource;
pub use diagnostics::{Diagnostic, Diagnostics};
pub use ephemeral::EphemeralResource;
pub use function::Function;
pub use list_resource::ListResource;
pub use provider::Provider;
pub use resource::Resource;
pub use serve::{debug, serve};
