//! `azrestorepoint_mirror`: a collection kept copied to another region.

mod destroy;
mod look;
mod memory;
mod model;
mod names;
mod prune;
mod reach;
mod rules;
mod run;
mod schema;
mod validate;
mod words;

use std::sync::Arc;

use async_trait::async_trait;

use crate::arm::resource_id::RestorePointCollectionId;
use crate::arm::{Client, Patience};
use crate::plugin::diagnostics::{Diagnostic, Diagnostics};
use crate::plugin::identity::IdentitySchema;
use crate::plugin::plan::PlannedChange;
use crate::plugin::resource::{
    Applied, CreateRequest, DeleteRequest, ImportRequest, PlanRequest, PlanResponse, ReadRequest,
    Resource, UpdateRequest,
};
use crate::plugin::schema::Schema;
use crate::plugin::value::Value;
use crate::provider::identity;
use crate::provider::session::Session;
use crate::provider::walk::Plan;

use look::{Ids, ask_source, look};
use rules::{MayDelete, decide};
use run::{Mirror as Change, failure};

/// The resource.
#[derive(Debug)]
pub(crate) struct Mirror {
    session: Arc<Session>,
}

impl Mirror {
    /// The resource, which asks Azure through this session.
    pub(crate) fn new(session: Arc<Session>) -> Self {
        Self { session }
    }

    /// What changes the mirror as it is planned. From now on no destroy touches its copies.
    fn change<'a>(
        &'a self,
        client: &'a Client,
        patience: &'a Patience,
        ids: Ids,
        planned_state: &Value,
    ) -> Change<'a> {
        let walk = self.session.walk();
        walk.keep_mirror(&ids.target);
        Change {
            client,
            patience,
            walk,
            settings: model::settings(planned_state),
            ids,
        }
    }
}

#[async_trait]
impl Resource for Mirror {
    fn schema(&self) -> Schema {
        schema::schema()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        validate::validate(config)
    }

    /// Plans what the last read has found due, by the arguments as they are now. Nothing is
    /// asked: the plan of the apply must come to the same.
    async fn plan(&self, request: PlanRequest, mut planned: PlannedChange) -> PlanResponse {
        let mut diagnostics = Diagnostics::default();
        let target = |state: &Value| model::ids(state).ok().map(|ids| ids.target);
        if request.config.is_null() {
            if request
                .prior_state
                .get("delete_copies_on_destroy")
                .as_bool()
                == Some(true)
                && let Some(target) = target(&request.prior_state)
            {
                if !self.session.walk().plan_mirror(&target, Plan::Go) && !request.in_apply {
                    diagnostics.push(words::destroyed_and_kept(&target));
                }
                let names = model::copy_names(&request.prior_state);
                if !names.is_empty() {
                    diagnostics.push(words::deletes_copies(&target, &names));
                }
            }
        } else {
            if let Some(target) = target(&planned.planned_state)
                && !self.session.walk().plan_mirror(&target, Plan::Be)
                && !request.in_apply
            {
                diagnostics.push(words::destroyed_and_kept(&target));
            }
            if !request.prior_state.is_null() && planned.requires_replace.is_empty() {
                diagnostics.extend(plan_update(&request, &mut planned.planned_state));
            }
        }
        PlanResponse {
            diagnostics,
            ..PlanResponse::plain(planned)
        }
    }

    async fn create(&self, request: CreateRequest) -> Applied {
        let (client, ids) = match self.reach(&request.planned_state) {
            Ok(parts) => parts,
            Err(diagnostic) => return Applied::failed(diagnostic),
        };
        let timeout = schema::TIMEOUTS.of(&request.planned_state).create;
        let patience = Patience::new(timeout, request.context.stop.clone());
        let change = self.change(&client, &patience, ids, &request.planned_state);
        change.create(request).await
    }

    async fn read(&self, request: ReadRequest) -> Applied {
        let state = &request.current_state;
        let client = match self.session.client() {
            Ok(client) => client,
            Err(diagnostic) => return Applied::failed(diagnostic),
        };
        let timeout = schema::TIMEOUTS.of(state).read;
        let patience = Patience::new(timeout, request.context.stop);
        let ids = match self.ids(&client, &patience, state).await {
            Ok(Some(ids)) => ids,
            Ok(None) => return Applied::gone(),
            Err(diagnostic) => return Applied::failed(diagnostic),
        };
        let mut seen = match look(&client, &patience, &ids, &model::known(state)).await {
            Ok(seen) => seen,
            Err(error) if error.is_not_found() => return Applied::gone(),
            Err(error) => return Applied::failed(words::cannot_look(&ids.target, &error)),
        };
        let settings = model::settings(state);
        let choose = |snapshot: &_| decide(snapshot, &settings, MayDelete::Anything).copy;
        if let Err(error) = ask_source(&client, &patience, &ids, &mut seen, choose).await {
            return Applied::failed(words::cannot_look(&ids.target, &error));
        }
        let mut diagnostics = Diagnostics::default();
        if let Some(error) = &seen.trouble {
            diagnostics.push(words::source_unreachable(&ids, error));
        }
        diagnostics.extend(failure(&ids, &settings, &seen.snapshot));
        Applied {
            new_state: Some(model::refreshed(state, &ids, &seen)),
            memory: memory::to_json(&seen.snapshot, &settings.filter),
            diagnostics,
        }
    }

    async fn update(&self, request: UpdateRequest) -> Applied {
        if !request.planned_state.get("status").is_unknown() {
            // What else can change is the provider's own business: Azure need not be asked.
            return Applied::saved(request.planned_state);
        }
        let (client, ids) = match self.reach(&request.planned_state) {
            Ok(parts) => parts,
            Err(diagnostic) => return Applied::unchanged(request.prior_state, diagnostic),
        };
        let timeout = schema::TIMEOUTS.of(&request.planned_state).update;
        let patience = Patience::new(timeout, request.context.stop.clone());
        let change = self.change(&client, &patience, ids, &request.planned_state);
        change.update(request).await
    }

    async fn delete(&self, request: DeleteRequest) -> Applied {
        let state = &request.prior_state;
        if state.get("delete_copies_on_destroy").as_bool() != Some(true) {
            return Applied::gone();
        }
        let (client, ids) = match self.reach(state) {
            Ok(parts) => parts,
            Err(diagnostic) => return Applied::unchanged(request.prior_state, diagnostic),
        };
        let timeout = schema::TIMEOUTS.of(state).delete;
        let patience = Patience::new(timeout, request.context.stop.clone());
        destroy::destroy(&client, &patience, self.session.walk(), &ids, request).await
    }

    async fn import(&self, request: ImportRequest) -> Applied {
        match RestorePointCollectionId::parse_strict(&request.id) {
            Ok(target) => Applied::saved(model::imported(&target.canonical())),
            Err(error) => Applied::failed(Diagnostic::error(
                "Cannot import the mirror",
                format!(
                    "{error}\n\nThe import ID is that of the target collection, of the form \
                     /subscriptions/SUBSCRIPTION/resourceGroups/GROUP/providers/Microsoft.Compute/\
                     restorePointCollections/COLLECTION."
                ),
            )),
        }
    }

    fn identity_schema(&self) -> Option<IdentitySchema> {
        Some(identity::collection_schema())
    }

    fn identity(&self, state: &Value) -> Value {
        identity::of_collection(model::target(state).ok())
    }

    fn import_id(&self, identity: &Value) -> Result<String, Diagnostic> {
        let id = identity::collection_id(&self.session, identity)?;
        Ok(id.to_string())
    }
}

/// Puts into the plan of an update what is due.
///
/// Where nothing is, every attribute keeps its value, and the apply asks nobody.
fn plan_update(request: &PlanRequest, planned_state: &mut Value) -> Option<Diagnostic> {
    const CHANGED_BY_AN_APPLY: [&str; 6] = [
        "copies",
        "copying",
        "failed",
        "source_newest_time_created",
        "status",
        "usable_count",
    ];
    if let Some(argument) = model::unknown_setting(&request.config) {
        unknow(planned_state, &CHANGED_BY_AN_APPLY);
        let decided = ["newest_usable", "planned_copy", "planned_deletions"];
        unknow(planned_state, &decided);
        return Some(words::decided_in_apply(argument));
    }
    if model::filters_differ(&request.prior_state, &request.config) {
        unknow(planned_state, &["source_newest_time_created", "status"]);
        // What another plan has named is none of this one's business.
        planned_state.insert("planned_copy", Value::Null);
        planned_state.insert("planned_deletions", Value::List(Vec::new()));
    }
    let snapshot = memory::of_json(&request.memory)?;
    let settings = model::settings(planned_state);
    let decision = decide(&snapshot, &settings, MayDelete::Anything);
    if !decision.is_due() {
        return None;
    }
    unknow(planned_state, &CHANGED_BY_AN_APPLY);
    if settings.waits {
        // Without waiting it stays as it is: were it unknown, what is made of it would be
        // replaced.
        planned_state.insert("newest_usable", Value::Unknown);
    }
    let keys_left = decision.copy.as_ref().and_then(|due| {
        let ids = model::ids(planned_state).ok()?;
        run::keys_left(&ids, &settings, &snapshot, due)
    });
    let copy = decision.copy.map(|copy| copy.name);
    planned_state.insert("planned_copy", Value::string(copy));
    planned_state.insert("planned_deletions", model::names(&decision.deletions));
    keys_left
}

fn unknow(planned_state: &mut Value, names: &[&str]) {
    for name in names {
        planned_state.insert(name, Value::Unknown);
    }
}
