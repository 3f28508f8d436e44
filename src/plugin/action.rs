//! What an action is to Terraform.

use async_trait::async_trait;
use tokio::sync::mpsc::Sender;

use super::diagnostics::Diagnostics;
use super::provider::Context;
use super::schema::Schema;
use super::value::Value;

/// An action: something that is done when a configuration or a user asks for it, and leaves
/// nothing in the state. Terraform knows actions since 1.14.
#[async_trait]
pub trait Action: Send + Sync {
    /// Its arguments.
    fn schema(&self) -> Schema;

    /// Checks a configuration on its own. Values may still be unknown.
    fn validate(&self, config: &Value) -> Diagnostics;

    /// Says before an apply what would hinder the action. Values may still be unknown.
    async fn plan(&self, request: PlanActionRequest) -> Diagnostics {
        let _ = request;
        Diagnostics::default()
    }

    /// Does it. What went wrong stands in the messages; there is nothing else to give back.
    async fn invoke(&self, request: InvokeRequest) -> Diagnostics;
}

/// What [`Action::plan`] is given.
#[derive(Debug)]
pub struct PlanActionRequest {
    /// The configuration; values that an apply has still to make are unknown.
    pub config: Value,
    /// What every call is given.
    pub context: Context,
}

/// What [`Action::invoke`] is given.
#[derive(Debug)]
pub struct InvokeRequest {
    /// The configuration, wholly known.
    pub config: Value,
    /// Takes what the user is told meanwhile.
    pub progress: Progress,
    /// What every call is given. Stop comes also when Terraform does not listen any more.
    pub context: Context,
}

/// Tells the user how far an action has got.
#[derive(Clone, Debug)]
pub struct Progress(pub(super) Sender<Event>);

/// What an invocation tells.
#[derive(Debug)]
pub(super) enum Event {
    /// How far it has got.
    Progress(String),
    /// It has ended.
    Completed(Diagnostics),
}

impl Progress {
    /// Tells one line. It is lost if so many have not been read yet that there is no more room:
    /// an action never waits for its audience.
    pub fn tell(&self, message: String) {
        let _ = self.0.try_send(Event::Progress(message));
    }
}
