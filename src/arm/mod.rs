//! Azure Resource Manager (ARM): signing in, sending requests, following operations.
//!
//! Everything here speaks Azure's language only. A caller brings [`settings::Settings`] and a
//! [`patience::Patience`], and gets ARM resources or an [`error::Error`] that keeps Azure's own
//! words.

pub mod auth;
mod budget;
pub mod cloud;
pub mod compute;
pub mod environment;
pub mod error;
pub mod explain;
pub mod location;
pub mod metadata;
pub mod operation;
pub mod page;
pub mod patience;
pub mod resource_id;
pub mod retry;
pub mod retry_after;
pub mod settings;
pub mod transport;

pub use error::Error;
pub use patience::Patience;
pub use transport::Client;
