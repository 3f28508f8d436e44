//! `azrestorepoint_copy`: one restore point, copied to the region of a collection.

mod adopt;
mod create;
mod delete;
mod deleting;
mod ending;
mod look;
pub(in crate::provider::resources) mod model;
mod refusals;
pub(in crate::provider::resources) mod schema;
mod wait;
mod words;

use std::sync::Arc;

use async_trait::async_trait;

use crate::arm::compute::restore_points;
use crate::arm::resource_id::RestorePointId;
use crate::arm::{Client, Patience};
use crate::plugin::diagnostics::{Diagnostic, Diagnostics};
use crate::plugin::plan::PlannedChange;
use crate::plugin::resource::{
    Applied, CreateRequest, DeleteRequest, ImportRequest, PlanRequest, PlanResponse, ReadRequest,
    Resource, UpdateRequest,
};
use crate::plugin::schema::Schema;
use crate::plugin::value::Value;
use crate::provider::session::Session;
use crate::provider::walk::Plan;
use crate::provider::{diagnose, timeouts, validators};

use ending::Phase;
use model::Successor;
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
        diagnostics.append(timeouts::validate(config));
        diagnostics
    }

    /// Plans an update that resumes the wait wherever a copy is not finished that should be, and
    /// refuses a plan that both destroys and keeps the same copy.
    async fn plan(&self, request: PlanRequest, mut planned: PlannedChange) -> PlanResponse {
        let walk = self.session.walk();
        let mut diagnostics = Diagnostics::default();
        let mut for_delete = serde_json::Value::Null;
        let mut remember = |id: &RestorePointId, plan: Plan| {
            if !walk.plan(id, plan) {
                diagnostics.push(words::destroyed_and_kept(id));
            }
        };
        let prior = model::id_in_state(&request.prior_state).ok();
        if request.config.is_null() {
            prior.iter().for_each(|id| remember(id, Plan::Go));
        } else if request.prior_state.is_null() {
            if let Some(successor) = Successor::planned(&planned.planned_state) {
                remember(&successor.id, Plan::Be);
                if !request.is_after_another {
                    walk.plan_create(&successor.id);
                }
                for_delete = successor.to_json();
            }
        } else if planned.requires_replace.is_empty() {
            prior.iter().for_each(|id| remember(id, Plan::Be));
            if request.prior_state.get("replication_state").as_str() == Some("Failed") {
                diagnostics.push(words::failed_already(&request.prior_state));
            } else if wait::is_due(&request.prior_state, &planned.planned_state) {
                planned.planned_state = wait::planned(planned.planned_state);
            }
        }
        PlanResponse {
            planned,
            for_delete,
            diagnostics,
        }
    }

    async fn create(&self, request: CreateRequest) -> Applied {
        let client = match self.session.client() {
            Ok(client) => client,
            Err(diagnostic) => return Applied::failed(diagnostic),
        };
        let timeout = schema::TIMEOUTS.of(&request.planned_state).create;
        let patience = Patience::new(timeout, request.context.stop.clone());
        let adopts = self.session.adopts_existing_copies();
        create::create(&client, &patience, self.session.walk(), adopts, request).await
    }

    async fn read(&self, request: ReadRequest) -> Applied {
        let parts = self.reach(&request.current_state);
        let (client, id) = match parts {
            Ok(parts) => parts,
            Err(diagnostic) => return Applied::failed(diagnostic),
        };
        let timeout = schema::TIMEOUTS.of(&request.current_state).read;
        let patience = Patience::new(timeout, request.context.stop);
        match restore_points::get(&client, &id, true, &patience).await {
            Ok(found) if found.source_restore_point_id().is_none() => {
                Applied::failed(words::not_a_copy(&id))
            }
            Ok(found) => Applied::saved(model::refreshed(&request.current_state, &id, &found)),
            Err(error) if error.is_not_found() => Applied::gone(),
            Err(error) => {
                let before = format!("The restore point is {id}.");
                Applied::failed(diagnose::error_after(
                    "Cannot read the restore point",
                    &before,
                    &error,
                ))
            }
        }
    }

    async fn update(&self, request: UpdateRequest) -> Applied {
        if !request.planned_state.get("wait_outcome").is_unknown() {
            // What else can change is the provider's own business: Azure need not be asked.
            return Applied::saved(request.planned_state);
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
        };
        copying.wait(None).await
    }

    async fn delete(&self, request: DeleteRequest) -> Applied {
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
            Ok(id) => Applied::saved(model::imported(&id)),
            Err(error) => Applied::failed(Diagnostic::error(
                "Cannot import the restore point",
                format!(
                    "{error}\n\nThe import ID has the form /subscriptions/SUBSCRIPTION/resourceGroups/GROUP/\
                     providers/Microsoft.Compute/restorePointCollections/COLLECTION/restorePoints/NAME."
                ),
            )),
        }
    }
}
