//! `azrestorepoint_copy`: one restore point, copied to the region of a collection.

mod adopt;
mod create;
mod delete;
mod deleting;
mod ending;
mod foreseen;
mod guard;
mod list;
mod look;
mod memory;
pub(super) mod model;
mod planning;
mod preflight;
mod read;
mod refusals;
pub(super) mod rules;
pub(super) mod schema;
mod start;
mod wait;
pub(super) mod words;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::arm::resource_id::RestorePointId;
use crate::arm::{Client, Patience};
use crate::plugin::diagnostics::{Diagnostic, Diagnostics};
use crate::plugin::identity::IdentitySchema;
use crate::plugin::plan::PlannedChange;
use crate::plugin::resource::{
    Applied, CreateRequest, DeleteRequest, ImportRequest, MoveRequest, PlanRequest, PlanResponse,
    ReadRequest, Resource, UpdateRequest,
};
use crate::plugin::schema::Schema;
use crate::plugin::value::Value;
use crate::provider::azapi::AzapiResource;
use crate::provider::encryption::Encryption;
use crate::provider::session::Session;
use crate::provider::{encryption, identity, timeouts, validators};

pub(crate) use list::CopyList;

use ending::Phase;
use memory::Memory;
use wait::Copying;

/// The resource.
#[derive(Debug)]
pub(crate) struct Copy {
    session: Arc<Session>,
}

impl Copy {
    /// The resource, which asks Azure through this session.
    pub(crate) fn new(session: Arc<Session>) -> Self {
        Self { session }
    }

    /// What it takes to ask Azure about the object of a state.
    fn reach(&self, state: &Value) -> Result<(Client, RestorePointId), Diagnostic> {
        Ok((self.session.client()?, model::id_in_state(state)?))
    }
}

#[async_trait]
impl Resource for Copy {
    fn schema(&self) -> Schema {
        schema::schema()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut diagnostics: Diagnostics = [
            validators::name(config, "name", "restore point"),
            validators::collection_id(config, "restore_point_collection_id"),
            validators::restore_point_id(config, "source_restore_point_id"),
            validators::one_of(config, "on_timeout", &schema::ON_TIMEOUT),
        ]
        .into_iter()
        .flatten()
        .collect();
        diagnostics.append(encryption::validate(config));
        diagnostics.append(encryption::validate_blocks(config));
        diagnostics.append(timeouts::validate(config));
        diagnostics
    }

    async fn plan(&self, request: PlanRequest, planned: PlannedChange) -> PlanResponse {
        planning::plan(&self.session, request, planned).await
    }

    async fn create(&self, request: CreateRequest) -> Applied {
        self.session.walk().apply();
        let client = match self.session.client() {
            Ok(client) => client,
            Err(diagnostic) => return Applied::failed(diagnostic),
        };
        let timeout = schema::TIMEOUTS.of(&request.planned_state).create;
        let patience = Patience::new(timeout, request.context.stop.clone());
        let adopts = self.session.adopts_existing_copies();
        let walk = self.session.walk();
        let applied = create::create(&client, &patience, walk, adopts, request).await;
        with_encryption_told(applied)
    }

    async fn read(&self, request: ReadRequest) -> Applied {
        let parts = self.reach(&request.current_state);
        let (client, id) = match parts {
            Ok(parts) => parts,
            Err(diagnostic) => return Applied::failed(diagnostic),
        };
        let timeout = schema::TIMEOUTS.of(&request.current_state).read;
        let patience = Patience::new(timeout, request.context.stop);
        let walk = self.session.walk();
        let memory = Memory::of_json(&request.memory);
        read::read(&client, &patience, walk, &id, request.current_state, memory).await
    }

    async fn update(&self, request: UpdateRequest) -> Applied {
        self.session.walk().apply();
        if !request.planned_state.get("wait_outcome").is_unknown() {
            // What else can change is the provider's own business: Azure need not be asked.
            let asked = Encryption::of(&request.planned_state);
            let is_asked_anew = asked != Encryption::of(&request.prior_state);
            let applied = Applied::saved(request.planned_state);
            return if is_asked_anew {
                with_encryption_told(applied)
            } else {
                applied
            };
        }
        let parts = self.reach(&request.prior_state);
        let (client, id) = match parts {
            Ok(parts) => parts,
            Err(diagnostic) => {
                return Applied::unchanged(request.prior_state, diagnostic);
            }
        };
        self.session.walk().make(&id);
        let timeout = schema::TIMEOUTS.of(&request.planned_state).update;
        let patience = Patience::new(timeout, request.context.stop);
        let copying = Copying {
            client: &client,
            patience: &patience,
            id: &id,
            phase: Phase::Resume,
            planned_state: &request.planned_state,
            known: &request.prior_state,
            queued: Duration::ZERO,
        };
        with_encryption_told(copying.wait(None).await)
    }

    async fn delete(&self, request: DeleteRequest) -> Applied {
        self.session.walk().apply();
        let parts = self.reach(&request.prior_state);
        let (client, id) = match parts {
            Ok(parts) => parts,
            Err(diagnostic) => {
                return Applied::unchanged(request.prior_state, diagnostic);
            }
        };
        let timeout = schema::TIMEOUTS.of(&request.prior_state).delete;
        let patience = Patience::new(timeout, request.context.stop.clone());
        delete::delete(&client, &patience, self.session.walk(), &id, request).await
    }

    async fn import(&self, request: ImportRequest) -> Applied {
        match RestorePointId::parse_strict(&request.id) {
            Ok(id) => Applied {
                memory: Memory::of_import().to_json(),
                ..Applied::saved(model::imported(&id.canonical()))
            },
            Err(error) => Applied::failed(words::cannot_import(&error)),
        }
    }

    async fn move_state(&self, request: MoveRequest) -> Option<Applied> {
        let moved = model::moved(&AzapiResource::of(&request)?);
        Some(moved.map_or_else(Applied::failed, |state| Applied {
            memory: Memory::of_import().to_json(),
            ..Applied::saved(state)
        }))
    }

    fn identity_schema(&self) -> Option<IdentitySchema> {
        Some(identity::restore_point_schema())
    }

    fn identity(&self, state: &Value) -> Value {
        let id = model::id_in_state(state).or_else(|_| model::target(state));
        identity::of_restore_point(id.ok())
    }

    fn import_id(&self, identity: &Value) -> Result<String, Diagnostic> {
        let id = identity::restore_point_id(&self.session, identity)?;
        Ok(id.to_string())
    }
}

/// With a warning where Azure reports another encryption of the copy than its state asks for.
fn with_encryption_told(mut applied: Applied) -> Applied {
    if let Some(state) = &applied.new_state
        && let Ok(id) = model::id_in_state(state)
    {
        let asked = Encryption::of(state);
        let differences = asked.differences(state);
        if !differences.is_empty() {
            let told = encryption::differs(&id, &asked, &differences);
            applied.diagnostics.push(told);
        }
    }
    applied
}
