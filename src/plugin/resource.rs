//! What a managed resource is to Terraform.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use super::diagnostics::{Diagnostic, Diagnostics};
use super::identity::IdentitySchema;
use super::plan::PlannedChange;
pub use super::private::DeleteReason;
use super::provider::Context;
use super::schema::Schema;
use super::value::Value;

/// A managed resource: one type of object that Terraform creates, reads, updates and deletes.
#[async_trait]
pub trait Resource: Send + Sync {
    /// Its attributes and blocks.
    fn schema(&self) -> Schema;

    /// Checks a configuration on its own. Values may still be unknown.
    fn validate(&self, config: &Value) -> Diagnostics;

    /// Adjusts the plan that the schema gives, where an attribute depends on others.
    ///
    /// Called for creates, updates and destroys. It must give the same answer
    /// whenever it is asked the same, and never fail for a reason that may
    /// change: Terraform asks again in the middle of an apply.
    async fn plan(&self, request: PlanRequest, planned: PlannedChange) -> PlanResponse {
        let _ = request;
        PlanResponse::plain(planned)
    }

    /// Makes the object.
    async fn create(&self, request: CreateRequest) -> Applied;

    /// Looks at the object. `None` as new state means that it is gone.
    async fn read(&self, request: ReadRequest) -> Applied;

    /// Changes the object in place.
    async fn update(&self, request: UpdateRequest) -> Applied;

    /// Removes the object. `None` as new state means that it is gone.
    async fn delete(&self, request: DeleteRequest) -> Applied;

    /// Turns what the user wrote after `terraform import` into the least state
    /// from which [`Resource::read`] finds the object.
    async fn import(&self, request: ImportRequest) -> Applied;

    /// What tells its objects apart; `None` where nothing does.
    fn identity_schema(&self) -> Option<IdentitySchema> {
        None
    }

    /// The identity of the object of a state, or of a plan: unknown is what is not known yet.
    ///
    /// It must be the same for as long as the object lives. Only asked for where there is a
    /// schema of it.
    fn identity(&self, state: &Value) -> Value {
        let _ = state;
        Value::Null
    }

    /// What [`Resource::import`] is given for an identity, which has every required attribute.
    ///
    /// # Errors
    /// A message to the user where the identity names nothing.
    fn import_id(&self, identity: &Value) -> Result<String, Diagnostic> {
        let _ = identity;
        Err(Diagnostic::error(
            "Import by identity is not possible",
            "This resource is imported by its ID.",
        ))
    }

    /// Turns the state of another resource type, perhaps of another provider, into one of ours.
    /// `None` where this type cannot become ours.
    async fn move_state(&self, request: MoveRequest) -> Option<Applied> {
        let _ = request;
        None
    }

    /// Writes the configuration of an object from its state, for `-generate-config-out`.
    ///
    /// The given one holds every argument of the state that differs from its default.
    fn generate_config(&self, state: &Value, config: Value) -> Value {
        let _ = state;
        config
    }
}

/// What [`Resource::plan`] is given.
#[derive(Debug)]
pub struct PlanRequest {
    /// The object as it is; null in a create.
    pub prior_state: Value,
    /// The configuration; null in a destroy.
    pub config: Value,
    /// What [`Applied::memory`] said when the object was read last, imported or moved; null in
    /// a create, and after a change.
    pub memory: serde_json::Value,
    /// Whether Terraform is known to ask in the middle of an apply.
    pub in_apply: bool,
    /// Whether this plan follows another one of the same object: a create that does takes the
    /// place of an object that somebody wants replaced, one that does not may follow a taint.
    pub is_after_another: bool,
    /// What every call is given.
    pub context: Context,
}

/// What [`Resource::plan`] answers.
#[derive(Debug)]
pub struct PlanResponse {
    /// The plan.
    pub planned: PlannedChange,
    /// What a delete should know that makes room for this object; null where there is nothing.
    pub for_delete: serde_json::Value,
    /// Messages to the user.
    pub diagnostics: Diagnostics,
}

impl PlanResponse {
    /// A plan, and nothing to say about it.
    pub fn plain(planned: PlannedChange) -> Self {
        Self {
            planned,
            for_delete: serde_json::Value::Null,
            diagnostics: Diagnostics::default(),
        }
    }
}

/// What [`Resource::create`] is given.
#[derive(Debug)]
pub struct CreateRequest {
    /// The configuration: the only place where write-only arguments have their values.
    pub config: Value,
    /// The object as planned; what is unknown is for the provider to give.
    pub planned_state: Value,
    /// Takes the state as soon as there is something to lose.
    pub checkpoint: Checkpoint,
    /// What every call is given.
    pub context: Context,
}

/// What [`Resource::read`] is given.
#[derive(Debug)]
pub struct ReadRequest {
    /// The object as it was seen last.
    pub current_state: Value,
    /// What [`Applied::memory`] said when the object was read last, imported or moved; null after
    /// a change. What this read does not remember is forgotten.
    pub memory: serde_json::Value,
    /// What every call is given.
    pub context: Context,
}

/// What [`Resource::update`] is given.
#[derive(Debug)]
pub struct UpdateRequest {
    /// The configuration: the only place where write-only arguments have their values.
    pub config: Value,
    /// The object as it is.
    pub prior_state: Value,
    /// The object as planned; what is unknown is for the provider to give.
    pub planned_state: Value,
    /// Takes the state as soon as there is something to lose.
    pub checkpoint: Checkpoint,
    /// What every call is given.
    pub context: Context,
}

/// What [`Resource::delete`] is given.
#[derive(Debug)]
pub struct DeleteRequest {
    /// The object as it is.
    pub prior_state: Value,
    /// Why it is to go.
    pub reason: DeleteReason,
    /// What the plan of the object that takes its place says about that one; else null.
    pub successor: serde_json::Value,
    /// What every call is given.
    pub context: Context,
}

/// What [`Resource::move_state`] is given.
#[derive(Debug)]
pub struct MoveRequest {
    /// The provider that wrote the state, such as `registry.terraform.io/azure/azapi`.
    pub source_provider_address: String,
    /// The resource type that the state is of.
    pub source_type_name: String,
    /// The version of that type's schema.
    pub source_schema_version: i64,
    /// The state as it was stored.
    pub source_state: serde_json::Value,
    /// What every call is given.
    pub context: Context,
}

/// What [`Resource::import`] is given.
#[derive(Debug)]
pub struct ImportRequest {
    /// What the user wrote.
    pub id: String,
    /// What every call is given.
    pub context: Context,
}

/// What became of an object.
///
/// State and messages stand side by side, because an object that exists must be
/// in the state even when something failed.
#[derive(Debug, Default)]
pub struct Applied {
    /// The state to save. `None` where there is no object.
    pub new_state: Option<Value>,
    /// What the next plans of the object are told: for what a read finds out and no attribute
    /// holds. Terraform keeps it in the state, unseen but in clear, until the next read or change.
    pub memory: serde_json::Value,
    /// Messages to the user.
    pub diagnostics: Diagnostics,
}

impl Applied {
    /// An object, and nothing to say about it.
    pub fn saved(new_state: Value) -> Self {
        Self {
            new_state: Some(new_state),
            ..Self::default()
        }
    }

    /// No object, and nothing to say about it.
    pub fn gone() -> Self {
        Self::default()
    }

    /// No object, for this reason.
    pub fn failed(diagnostic: Diagnostic) -> Self {
        Self {
            diagnostics: diagnostic.into(),
            ..Self::default()
        }
    }

    /// The object stays as it is, for this reason.
    pub fn unchanged(prior_state: Value, diagnostic: Diagnostic) -> Self {
        Self::saved(prior_state).with(diagnostic)
    }

    /// The same, with one message more.
    #[must_use]
    pub fn with(mut self, diagnostic: Diagnostic) -> Self {
        self.diagnostics.push(diagnostic);
        self
    }
}

/// Holds the state of an object from the moment there may be one.
///
/// Should the call panic later on, this state is saved in its stead.
#[derive(Clone, Debug, Default)]
pub struct Checkpoint(Arc<Mutex<Option<Value>>>);

impl Checkpoint {
    /// Remembers the state; unknown attributes in it are saved as null.
    pub fn save(&self, state: Value) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(state);
    }

    /// The state that was remembered last.
    pub fn saved(&self) -> Option<Value> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
