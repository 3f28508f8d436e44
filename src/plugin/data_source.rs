//! What a data source is to Terraform.

use async_trait::async_trait;

use super::diagnostics::Diagnostics;
use super::provider::Context;
use super::resource::Applied;
use super::schema::Schema;
use super::value::Value;

/// A data source: something that is looked up and never changed.
#[async_trait]
pub trait DataSource: Send + Sync {
    /// Its attributes and blocks.
    fn schema(&self) -> Schema;

    /// Checks a configuration on its own. Values may still be unknown.
    fn validate(&self, config: &Value) -> Diagnostics;

    /// Looks it up. Terraform keeps nothing that comes with an error.
    async fn read(&self, request: ReadDataRequest) -> Applied;
}

/// What [`DataSource::read`] is given.
#[derive(Debug)]
pub struct ReadDataRequest {
    /// The configuration, wholly known.
    pub config: Value,
    /// What every call is given.
    pub context: Context,
}
