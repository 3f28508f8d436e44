//! What an ephemeral resource is to Terraform.

use std::time::SystemTime;

use async_trait::async_trait;
use serde_json::Value as Json;

use super::diagnostics::{Diagnostic, Diagnostics};
use super::provider::Context;
use super::schema::Schema;
use super::value::Value;

/// An ephemeral resource: something that is opened for one run and closed at its end, and whose
/// values are never stored. Terraform knows them since 1.10; it opens them in plans, too.
#[async_trait]
pub trait EphemeralResource: Send + Sync {
    /// Its arguments and what it gives.
    fn schema(&self) -> Schema;

    /// Checks a configuration on its own. Values may still be unknown.
    fn validate(&self, config: &Value) -> Diagnostics;

    /// Opens it. Terraform closes nothing that came with an error, so whatever was opened
    /// before the error has to be closed here.
    async fn open(&self, request: OpenRequest) -> Opened;

    /// Keeps it open for longer. The values that Terraform has cannot change any more.
    ///
    /// Not every Terraform shows the messages of a renewal: what the user has to know is to be
    /// said again by [`EphemeralResource::close`].
    async fn renew(&self, request: RenewRequest) -> Renewed;

    /// Closes it. Comes after a stop, too, and is given what [`EphemeralResource::open`] or a
    /// later renewal has noted.
    async fn close(&self, request: CloseRequest) -> Diagnostics;
}

/// What [`EphemeralResource::open`] is given.
#[derive(Debug)]
pub struct OpenRequest {
    /// The configuration, wholly known.
    pub config: Value,
    /// What every call is given.
    pub context: Context,
}

/// What [`EphemeralResource::renew`] is given.
#[derive(Debug)]
pub struct RenewRequest {
    /// What was noted last; null where nothing was.
    pub private: Json,
    /// What every call is given.
    pub context: Context,
}

/// What [`EphemeralResource::close`] is given.
#[derive(Debug)]
pub struct CloseRequest {
    /// What was noted last; null where nothing was.
    pub private: Json,
    /// What every call is given.
    pub context: Context,
}

/// What became of an attempt to open. Has no `Debug`: the values may be secret.
#[derive(Default)]
pub struct Opened {
    /// The configuration with everything that the provider gives; `None` where it is not open.
    pub result: Option<Value>,
    /// When it has to be renewed; `None` if never.
    pub renew_at: Option<SystemTime>,
    /// A note for the renewals and the close of this very one. Terraform keeps it in memory.
    pub private: Json,
    /// Messages to the user.
    pub diagnostics: Diagnostics,
}

impl Opened {
    /// It is not open, for this reason.
    pub fn failed(diagnostic: Diagnostic) -> Self {
        Self {
            diagnostics: diagnostic.into(),
            ..Self::default()
        }
    }
}

/// What became of a renewal.
#[derive(Debug, Default)]
pub struct Renewed {
    /// When the next one is due; `None` if never.
    pub renew_at: Option<SystemTime>,
    /// The note from now on.
    pub private: Json,
    /// Messages to the user.
    pub diagnostics: Diagnostics,
}
