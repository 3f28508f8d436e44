//! `azrestorepoint_replication`: a gate that opens when every listed copy can restore a VM.

mod ending;
mod entries;
mod refresh;
mod schema;
mod wait;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

use crate::arm::Patience;
use crate::plugin::diagnostics::{Diagnostic, Diagnostics};
use crate::plugin::plan::PlannedChange;
use crate::plugin::resource::{
    Applied, CreateRequest, DeleteRequest, ImportRequest, PlanRequest, PlanResponse, ReadRequest,
    Resource, UpdateRequest,
};
use crate::plugin::schema::Schema;
use crate::plugin::value::{Path, Value};
use crate::provider::resources::copy::{model as copy, schema as copy_schema};
use crate::provider::session::Session;
use crate::provider::{timeouts, validators};

use ending::{Gate, OnTimeout, gate};
use words::{Phase, Report};

pub(crate) use ending::End;
pub(crate) use entries::Named;
pub(crate) use wait::{Audience, News, Waited, wait_for_all};
pub(crate) use words::{BAD_ENDS, disks_of, line, what_has_happened};

/// The resource.
#[derive(Debug)]
pub(crate) struct Replication {
    session: Arc<Session>,
}

impl Replication {
    /// The resource, which asks Azure through this session.
    pub(crate) fn new(session: Arc<Session>) -> Self {
        Self { session }
    }

    /// Waits for every copy whose entry is not known yet. `None` as new state where the gate
    /// stays shut.
    async fn wait(&self, patience: &Patience, phase: Phase, mut planned_state: Value) -> Applied {
        // Terraform has had them checked. A value that names nothing must open no gate all the same.
        let diagnostics = validate_copies(&planned_state);
        if diagnostics.has_error() {
            return Applied {
                diagnostics,
                ..Applied::default()
            };
        }
        let planned = planned_state.get("restore_points").clone();
        let mut copies = entries::named(planned_state.get("copies"));
        let mut entries: BTreeMap<String, Value> = BTreeMap::new();
        for key in copies.keys() {
            entries.insert(key.clone(), planned_entry(&planned, key));
        }
        copies.retain(|key, _| !entries[key].is_wholly_known());
        let waited = if copies.is_empty() {
            // Nothing that concerns Azure has changed.
            Vec::new()
        } else {
            let client = match self.session.client() {
                Ok(client) => client,
                Err(diagnostic) => return Applied::failed(diagnostic),
            };
            let nobody: Audience = Arc::new(|_| {});
            wait_for_all(&client, patience, copies, &nobody).await
        };
        let waited = fill(&mut entries, waited);
        let on_timeout = match planned_state.get("on_timeout").as_str() {
            Some("continue") => OnTimeout::Continue,
            _ => OnTimeout::Error,
        };
        let gate = gate(waited.iter().map(|waited| waited.end), on_timeout);
        let report = Report {
            phase,
            gate,
            patience,
            waited: &waited,
        };
        let diagnostics = report.diagnostics();
        planned_state.insert("restore_points", Value::Map(entries));
        Applied {
            new_state: (gate != Gate::Shut).then_some(planned_state),
            diagnostics,
            ..Applied::default()
        }
    }
}

/// The planned entry of a key; unknown where the map as a whole is.
fn planned_entry(planned: &Value, key: &str) -> Value {
    let entry = planned.entries().and_then(|entries| entries.get(key));
    entry.cloned().unwrap_or(Value::Unknown)
}

/// Fills the entries with what was seen. A copy that came back with other disks than a plan has
/// promised is not the one that was planned.
fn fill(entries: &mut BTreeMap<String, Value>, mut waited: Vec<Waited>) -> Vec<Waited> {
    for waited in &mut waited {
        let fresh = entries::entry(&waited.named, waited.last.as_ref());
        for key in &waited.keys {
            let Some(entry) = entries.get_mut(key) else {
                continue;
            };
            if waited.end == End::Usable && !entries::is_as_planned(entry, &fresh) {
                waited.end = End::MadeAnew;
            }
            *entry = copy::fill(entry, &fresh);
        }
    }
    waited
}

#[async_trait]
impl Resource for Replication {
    fn schema(&self) -> Schema {
        schema::schema()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut diagnostics = validate_copies(config);
        diagnostics.extend(validators::one_of(
            config,
            "on_timeout",
            &copy_schema::ON_TIMEOUT,
        ));
        diagnostics.append(timeouts::validate(config));
        diagnostics
    }

    /// Plans an update wherever a copy is new, made anew or not usable.
    async fn plan(&self, request: PlanRequest, mut planned: PlannedChange) -> PlanResponse {
        if !request.config.is_null() {
            let entries = entries::planned(
                planned.planned_state.get("copies"),
                request.prior_state.get("restore_points"),
            );
            planned.planned_state.insert("restore_points", entries);
        }
        PlanResponse::plain(planned)
    }

    async fn create(&self, request: CreateRequest) -> Applied {
        let timeout = schema::TIMEOUTS.of(&request.planned_state).create;
        let patience = Patience::new(timeout, request.context.stop);
        let mut planned_state = request.planned_state;
        // Azure knows nothing of it, so it is called anything.
        planned_state.insert("id", uuid::Uuid::new_v4().to_string().into());
        self.wait(&patience, Phase::Create, planned_state).await
    }

    async fn read(&self, request: ReadRequest) -> Applied {
        let state = request.current_state;
        if entries::named(state.get("copies")).is_empty() {
            return Applied::saved(state);
        }
        let client = match self.session.client() {
            Ok(client) => client,
            Err(diagnostic) => return Applied::failed(diagnostic),
        };
        let timeout = schema::TIMEOUTS.of(&state).read;
        let patience = Patience::new(timeout, request.context.stop);
        refresh::refresh(&client, &patience, &self.session.walk().glances, state).await
    }

    async fn update(&self, request: UpdateRequest) -> Applied {
        let timeout = schema::TIMEOUTS.of(&request.planned_state).update;
        let patience = Patience::new(timeout, request.context.stop);
        let mut applied = self
            .wait(&patience, Phase::Update, request.planned_state)
            .await;
        applied.new_state = applied.new_state.or(Some(request.prior_state));
        applied
    }

    /// There is nothing to delete in Azure, so Azure is not asked.
    async fn delete(&self, _request: DeleteRequest) -> Applied {
        Applied::gone()
    }

    async fn import(&self, _request: ImportRequest) -> Applied {
        Applied::failed(words::not_importable())
    }
}

/// Checks each value of `copies`, on its own key.
fn validate_copies(config: &Value) -> Diagnostics {
    let copies = config.get("copies").entries().into_iter().flatten();
    let problems = copies.filter_map(|(key, value)| {
        let problem = match value {
            Value::Null => words::NO_REPLICATION_ID.to_owned(),
            value => Named::parse(value.as_str()?).err()?,
        };
        let path = Path::attribute("copies").join_key(key);
        Some(Diagnostic::error(format!("Invalid {path}"), problem).at(path))
    });
    problems.collect()
}
