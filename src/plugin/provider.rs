//! What a provider is to Terraform.

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::action::Action;
use super::data_source::DataSource;
use super::diagnostics::Diagnostics;
use super::ephemeral::EphemeralResource;
use super::function::Function;
use super::list_resource::ListResource;
use super::resource::Resource;
use super::schema::Block;
use super::value::Value;

/// A provider: its configuration and its resources.
///
/// Terraform starts a process for every phase of a command and may send any
/// request first, so nothing here may rely on an earlier one, but for
/// [`Provider::configure`], which comes before anything remote is touched.
#[async_trait]
pub trait Provider: Send + Sync + 'static {
    /// The arguments of the provider block.
    fn schema(&self) -> Block;

    /// The resources, each by the name that configuration uses.
    fn resources(&self) -> Vec<(&'static str, Box<dyn Resource>)>;

    /// The data sources, each by the name that configuration uses.
    fn data_sources(&self) -> Vec<(&'static str, Box<dyn DataSource>)> {
        Vec::new()
    }

    /// The lists of resources, each by the name of the resource.
    fn list_resources(&self) -> Vec<(&'static str, Box<dyn ListResource>)> {
        Vec::new()
    }

    /// The actions, each by the name that configuration uses.
    fn actions(&self) -> Vec<(&'static str, Box<dyn Action>)> {
        Vec::new()
    }

    /// The ephemeral resources, each by the name that configuration uses.
    fn ephemeral_resources(&self) -> Vec<(&'static str, Box<dyn EphemeralResource>)> {
        Vec::new()
    }

    /// The functions, each by its name behind `provider::NAME::`.
    fn functions(&self) -> Vec<(&'static str, Box<dyn Function>)> {
        Vec::new()
    }

    /// Checks the provider block on its own. Values may still be unknown.
    fn validate(&self, config: &Value) -> Diagnostics;

    /// Takes the provider block. Comes again, with other values, where one process serves several runs.
    async fn configure(&self, request: ConfigureRequest) -> Diagnostics;
}

/// What [`Provider::configure`] is given.
#[derive(Debug)]
pub struct ConfigureRequest {
    /// The version of Terraform, such as `1.11.4`.
    pub terraform_version: String,
    /// The provider block. A value that comes from another object may be unknown in a plan.
    pub config: Value,
}

/// What every call is given beside its own request.
#[derive(Clone, Debug)]
pub struct Context {
    /// Cancelled when Terraform asks all calls in flight to come to an end.
    pub stop: CancellationToken,
    /// Keeps the process alive for a little, should Terraform vanish during the call.
    #[expect(dead_code, reason = "it is held, not read")]
    pub(super) in_flight: TaskTrackerToken,
}
