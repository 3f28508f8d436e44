//! `azrestorepoint_collection`: the target restore point collection.

mod list;
mod model;
mod planning;
mod schema;
mod tagging;
mod words;

use std::sync::Arc;

use async_trait::async_trait;

use crate::arm::compute::models::RestorePointCollection;
use crate::arm::compute::restore_point_collections;
use crate::arm::resource_id::RestorePointCollectionId;
use crate::arm::{Client, Patience};
use crate::plugin::diagnostics::{Diagnostic, Diagnostics};
use crate::plugin::identity::IdentitySchema;
use crate::plugin::plan::PlannedChange;
use crate::plugin::resource::{
    Applied, CreateRequest, DeleteReason, DeleteRequest, ImportRequest, MoveRequest, PlanRequest,
    PlanResponse, ReadRequest, Resource, UpdateRequest,
};
use crate::plugin::schema::Schema;
use crate::plugin::value::Value;
use crate::provider::azapi::AzapiResource;
use crate::provider::session::{Session, Subscription};
use crate::provider::walk::Walk;
use crate::provider::{diagnose, equivalence, identity, timeouts, validators};

pub(crate) use list::CollectionList;

use tagging::Tagging;

use super::{already_exists, look_after_lost_answer, look_before_delete};

/// The resource.
#[derive(Debug)]
pub(crate) struct Collection {
    session: Arc<Session>,
}

impl Collection {
    /// The resource, which asks Azure through this session.
    pub(crate) fn new(session: Arc<Session>) -> Self {
        Self { session }
    }

    /// What it takes to ask Azure about the object of a state.
    fn reach(&self, state: &Value) -> Result<(Client, RestorePointCollectionId), Diagnostic> {
        Ok((self.session.client()?, model::id_in_state(state)?))
    }
}

#[async_trait]
impl Resource for Collection {
    fn schema(&self) -> Schema {
        schema::schema()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut diagnostics: Diagnostics = [
            validators::name(config, "name", "restore point collection"),
            validators::resource_group_name(config, "resource_group_name"),
            validators::location(config, "location"),
            validators::collection_id(config, "source_restore_point_collection_id"),
            validators::subscription_id(config, "subscription_id"),
            validators::tags(config, "tags"),
        ]
        .into_iter()
        .flatten()
        .collect();
        diagnostics.append(timeouts::validate(config));
        diagnostics
    }

    /// Makes `id` known, because it is made of arguments alone.
    async fn plan(&self, request: PlanRequest, mut planned: PlannedChange) -> PlanResponse {
        let mut diagnostics = Diagnostics::default();
        let mut for_delete = serde_json::Value::Null;
        let state = &mut planned.planned_state;
        if !request.config.is_null() {
            let policy = self.session.tags();
            diagnostics.extend(planning::tags(&policy, &request, state));
        }
        if request.prior_state.is_null() && !request.config.is_null() {
            if state.get("subscription_id").is_unknown()
                && request.config.get("subscription_id").is_null()
            {
                match self.session.subscription_id() {
                    Subscription::Known(id) => state.insert("subscription_id", id.into()),
                    Subscription::NotKnownYet => {}
                    Subscription::Missing => diagnostics.push(model::missing("subscription_id")),
                }
            }
            if let Ok(id) = model::id(state) {
                state.insert("id", id.to_string().into());
            }
            for_delete = model::successor(state);
        }
        diagnostics.append(planning::told(&self.session, &request, &planned).await);
        if !planned.requires_replace.is_empty()
            && model::keeps_its_id(&request.prior_state, &planned.planned_state)
        {
            diagnostics.push(words::replaced_under_its_own_id(&request.prior_state));
        }
        PlanResponse {
            planned,
            for_delete,
            diagnostics,
        }
    }

    async fn create(&self, request: CreateRequest) -> Applied {
        self.session.walk().apply();
        let client = match self.session.client() {
            Ok(client) => client,
            Err(diagnostic) => return Applied::failed(diagnostic),
        };
        let patience = Patience::new(
            schema::TIMEOUTS.of(&request.planned_state).create,
            request.context.stop.clone(),
        );
        create(&client, &patience, &self.session, request).await
    }

    async fn read(&self, request: ReadRequest) -> Applied {
        let (client, id) = match self.reach(&request.current_state) {
            Ok(parts) => parts,
            Err(diagnostic) => return Applied::failed(diagnostic),
        };
        let timeout = schema::TIMEOUTS.of(&request.current_state).read;
        let patience = Patience::new(timeout, request.context.stop);
        match restore_point_collections::get(&client, &id, &patience).await {
            Ok(found) => {
                let source = found.properties.source.id.as_deref().unwrap_or_default();
                if let Some(refusal) =
                    model::refuse_foreign_source(&id, source, model::TAKE_ANOTHER)
                {
                    return Applied::failed(refusal);
                }
                let policy = self.session.tags();
                let state = model::refreshed(&request.current_state, &id, &found, &policy);
                Applied::saved(state)
            }
            Err(error) if error.is_not_found() => Applied::gone(),
            Err(error) => Applied::failed(words::cannot_read(&id, &error)),
        }
    }

    async fn update(&self, request: UpdateRequest) -> Applied {
        self.session.walk().apply();
        let UpdateRequest {
            prior_state,
            mut planned_state,
            context,
            ..
        } = request;
        let policy = self.session.tags();
        model::complete_tags(&mut planned_state, &policy);
        if equivalence::tags(prior_state.get("tags_all"), planned_state.get("tags_all"))
            && !prior_state.get("tags_all").is_null()
        {
            // What else can change is the provider's own business: Azure need not be asked.
            return Applied::saved(planned_state);
        }
        let (client, id) = match self.reach(&prior_state) {
            Ok(parts) => parts,
            Err(diagnostic) => {
                return Applied::unchanged(prior_state, diagnostic);
            }
        };
        let patience = Patience::new(schema::TIMEOUTS.of(&planned_state).update, context.stop);
        let tagging = Tagging {
            client: &client,
            patience: &patience,
            policy: &policy,
            id: &id,
        };
        match tagging.update(&prior_state, &planned_state).await {
            Ok(()) => Applied::saved(planned_state),
            Err(error) => Applied::unchanged(prior_state, words::cannot_tag(&id, &error)),
        }
    }

    async fn delete(&self, request: DeleteRequest) -> Applied {
        self.session.walk().apply();
        let (client, id) = match self.reach(&request.prior_state) {
            Ok(parts) => parts,
            Err(diagnostic) => {
                return Applied::unchanged(request.prior_state, diagnostic);
            }
        };
        let timeout = schema::TIMEOUTS.of(&request.prior_state).delete;
        let patience = Patience::new(timeout, request.context.stop.clone());
        match delete(&client, &patience, self.session.walk(), &id, &request).await {
            Ok(Deleted::Gone) => Applied::gone(),
            Ok(Deleted::Kept) => Applied::gone().with(words::kept(&id)),
            Err(diagnostic) => Applied::unchanged(request.prior_state, diagnostic),
        }
    }

    async fn import(&self, request: ImportRequest) -> Applied {
        match RestorePointCollectionId::parse_strict(&request.id) {
            Ok(id) => Applied::saved(model::imported(&id.canonical())),
            Err(error) => Applied::failed(words::cannot_import(&error)),
        }
    }

    async fn move_state(&self, request: MoveRequest) -> Option<Applied> {
        let moved = model::moved(&AzapiResource::of(&request)?);
        Some(moved.map_or_else(Applied::failed, Applied::saved))
    }

    /// The provider's own subscription goes without saying.
    fn generate_config(&self, state: &Value, mut config: Value) -> Value {
        if let Subscription::Known(own) = self.session.subscription_id()
            && equivalence::ignore_case(state.get("subscription_id"), &own.into())
        {
            config.insert("subscription_id", Value::Null);
        }
        config
    }

    fn identity_schema(&self) -> Option<IdentitySchema> {
        Some(identity::collection_schema())
    }

    fn identity(&self, state: &Value) -> Value {
        let id = model::id_in_state(state).or_else(|_| model::id(state));
        identity::of_collection(id.ok())
    }

    fn import_id(&self, identity: &Value) -> Result<String, Diagnostic> {
        let id = identity::collection_id(&self.session, identity)?;
        Ok(id.to_string())
    }
}

async fn create(
    client: &Client,
    patience: &Patience,
    session: &Session,
    request: CreateRequest,
) -> Applied {
    let (walk, policy) = (session.walk(), session.tags());
    let mut planned_state = request.planned_state;
    model::complete_tags(&mut planned_state, &policy);
    if planned_state.get("subscription_id").is_unknown() {
        planned_state.insert("subscription_id", Value::string(client.subscription_id()));
    }
    let id = match model::id(&planned_state) {
        Ok(id) => id,
        Err(diagnostic) => return Applied::failed(diagnostic),
    };
    match restore_point_collections::get(client, &id, patience).await {
        Ok(found) if walk.is_collection_kept(&id) => {
            let tagging = Tagging {
                client,
                patience,
                policy: &policy,
                id: &id,
            };
            return take_over(&tagging, &planned_state, &found).await;
        }
        Ok(_) => {
            return Applied::failed(already_exists("azrestorepoint_collection", &id.to_string()));
        }
        Err(error) if error.is_not_found() => {}
        // The delete half has taken it out of the state.
        Err(error) if walk.is_collection_kept(&id) => {
            let state = model::uncertain(&planned_state, &id);
            return Applied::saved(state).with(words::cannot_read(&id, &error));
        }
        Err(error) => return Applied::failed(words::cannot_look(&id, &error)),
    }

    // From here on Azure may have the collection, whatever becomes of the answer.
    let uncertain = model::uncertain(&planned_state, &id);
    request.checkpoint.save(uncertain.clone());
    let body = match model::body(&planned_state, &policy) {
        Ok(body) => body,
        Err(diagnostic) => return Applied::failed(diagnostic),
    };
    match restore_point_collections::create_or_update(client, &id, &body, patience).await {
        Ok(created) => Applied::saved(model::created(&planned_state, &id, &created)),
        Err(failure) if !failure.may_have_been_accepted => {
            Applied::failed(words::refused(&id, &failure.error))
        }
        Err(failure) => {
            let look = look_after_lost_answer(&failure.error, |patience| async move {
                restore_point_collections::get(client, &id, &patience)
                    .await
                    .map(|found| (id, found))
            });
            match look.await {
                Ok((id, found)) if model::is_as_planned(&planned_state, &found) => {
                    Applied::saved(model::created(&planned_state, &id, &found))
                }
                _ => Applied::saved(uncertain).with(super::lost_answer(
                    "restore point collection",
                    &failure.error,
                )),
            }
        }
    }
}

/// Takes over what a delete half of this walk has kept. Only the tags can differ.
async fn take_over(
    tagging: &Tagging<'_>,
    planned_state: &Value,
    found: &RestorePointCollection,
) -> Applied {
    let Tagging { id, policy, .. } = tagging;
    let state = model::refreshed(planned_state, id, found, policy);
    match tagging.replace(found, &state, planned_state).await {
        Ok(()) => Applied::saved(model::created(planned_state, id, found)),
        Err(error) => Applied::unchanged(state, words::cannot_tag(id, &error)),
    }
}

/// What a delete that went well came to.
enum Deleted {
    Gone,
    /// It stays: what makes room after a taint is no wish to destroy.
    Kept,
}

async fn delete(
    client: &Client,
    patience: &Patience,
    walk: &Walk,
    id: &RestorePointCollectionId,
    request: &DeleteRequest,
) -> Result<Deleted, Diagnostic> {
    let reason = request.reason;
    let not_deleted =
        |error| diagnose::not_deleted("restore point collection", &id.to_string(), &error);
    let look = || restore_point_collections::get_with_restore_points(client, id, patience);
    let found = match look_before_delete(patience, look).await {
        Ok(found) => found,
        Err(error) if error.is_not_found() => return Ok(Deleted::Gone),
        Err(error) => return Err(not_deleted(error)),
    };
    if reason == DeleteReason::TaintReplacement
        && model::is_successor(&request.successor, id, &found)
    {
        // Once stopped, Terraform would not go on to the create half, and forget the collection.
        patience
            .check()
            .map_err(|interrupted| not_deleted(interrupted.into()))?;
        walk.keep_collection(id);
        return Ok(Deleted::Kept);
    }
    let points = found.properties.restore_points.unwrap_or_default();
    let inside: Vec<String> = points.into_iter().filter_map(|point| point.name).collect();
    // Whoever changes an argument has not asked for copies to be destroyed.
    let force_destroy = request.prior_state.get("force_destroy").as_bool() == Some(true);
    let forced = reason == DeleteReason::Destroy && force_destroy;
    if !inside.is_empty() && !forced {
        return Err(words::not_empty(id, &inside, reason));
    }
    let deleted = async {
        let operation = restore_point_collections::begin_delete(client, id, patience).await?;
        restore_point_collections::finish_delete(client, id, operation, patience).await
    };
    deleted.await.map(|_| Deleted::Gone).map_err(not_deleted)
}
