//! Between Terraform's values of a copy and Azure's.

use serde_json::{Value as Json, json};

use crate::arm::compute::models::RestorePoint;
use crate::arm::resource_id::{ParseError, RestorePointCollectionId, RestorePointId};
use crate::plugin::diagnostics::Diagnostic;
use crate::plugin::value::{Path, Value};
use crate::provider::azapi::AzapiResource;
use crate::provider::encryption::Encryption;
use crate::provider::equivalence::with_slash;

pub(super) use crate::provider::restore_point::{computed, is_usable};

/// How the last wait for a copy ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WaitOutcome {
    /// Every disk has replicated.
    Completed,
    /// The timeout passed.
    TimedOut,
    /// Terraform asked to stop.
    Interrupted,
    /// Azure could not be asked any more.
    LostContact,
    /// Nobody waited.
    NotWaited,
}

impl WaitOutcome {
    /// As it stands in the state.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::TimedOut => "timed_out",
            Self::Interrupted => "interrupted",
            Self::LostContact => "lost_contact",
            Self::NotWaited => "not_waited",
        }
    }
}

/// The target and the source of a copy.
///
/// # Errors
/// On the argument that is missing or wrong.
pub(super) fn ids(planned_state: &Value) -> Result<(RestorePointId, RestorePointId), Diagnostic> {
    let target = target(planned_state)?;
    let argument = "source_restore_point_id";
    let source = RestorePointId::parse_strict(text(planned_state, argument))
        .map_err(|error| invalid(argument, &error))?;
    Ok((target, source))
}

/// The id that the arguments make.
///
/// # Errors
/// On the argument that is missing or wrong.
pub(super) fn target(planned_state: &Value) -> Result<RestorePointId, Diagnostic> {
    let argument = "restore_point_collection_id";
    let collection = RestorePointCollectionId::parse_strict(text(planned_state, argument))
        .map_err(|error| invalid(argument, &error))?;
    collection
        .restore_point(text(planned_state, "name"))
        .map_err(|error| invalid("name", &error))
}

fn text<'a>(state: &'a Value, argument: &str) -> &'a str {
    state.get(argument).as_str().unwrap_or_default()
}

fn invalid(argument: &str, error: &ParseError) -> Diagnostic {
    Diagnostic::error(format!("Invalid {argument}"), error.to_string())
        .at(Path::attribute(argument))
}

/// What a plan says of the copy that it makes, for the delete that makes room for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Successor {
    pub(super) id: RestorePointId,
    pub(super) source: RestorePointId,
    /// What is asked of its encryption.
    pub(super) encryption: Encryption,
}

impl Successor {
    /// The copy that a plan makes; `None` where the plan does not know it yet.
    pub(super) fn planned(planned_state: &Value) -> Option<Self> {
        let (id, source) = ids(planned_state).ok()?;
        Some(Self {
            id,
            source,
            encryption: Encryption::of(planned_state),
        })
    }

    /// As the private data of a plan carries it.
    pub(super) fn to_json(&self) -> Json {
        json!({
            "id": self.id.to_string(),
            "source": self.source.to_string(),
            "encryption": self.encryption,
        })
    }

    /// Reads it back; `None` for anything else.
    pub(super) fn of(json: &Json) -> Option<Self> {
        let id = |name| RestorePointId::parse(json.get(name)?.as_str()?).ok();
        Some(Self {
            id: id("id")?,
            source: id("source")?,
            encryption: serde_json::from_value(json.get("encryption")?.clone()).ok()?,
        })
    }
}

/// The id of the copy in a state.
///
/// # Errors
/// Where the state holds none.
pub(super) fn id_in_state(state: &Value) -> Result<RestorePointId, Diagnostic> {
    RestorePointId::parse(state.get("id").as_str().unwrap_or_default()).map_err(|error| {
        Diagnostic::error(
            "No restore point in the state",
            format!("The state of this resource holds no usable ID: {error}"),
        )
    })
}

/// The state of a copy of which nothing but the arguments is known.
pub(super) fn uncertain(planned_state: &Value, id: &RestorePointId) -> Value {
    let mut state = planned_state.clone();
    state.insert("id", id.to_string().into());
    state.without_unknowns()
}

/// The planned value with each unknown part replaced by the fresh one; null where there is none.
pub(in crate::provider::resources) fn fill(planned: &Value, fresh: &Value) -> Value {
    match planned {
        Value::Unknown => fresh.clone(),
        Value::Object(attributes) => Value::object(
            attributes
                .iter()
                .map(|(name, planned)| (name.clone(), fill(planned, fresh.get(name)))),
        ),
        Value::List(elements) => Value::List(
            elements
                .iter()
                .enumerate()
                .map(|(index, planned)| {
                    fill(planned, fresh.elements().get(index).unwrap_or(&Value::Null))
                })
                .collect(),
        ),
        known => known.clone(),
    }
    .without_unknowns()
}

/// The state of a copy as Azure has it now.
pub(super) fn refreshed(current_state: &Value, id: &RestorePointId, found: &RestorePoint) -> Value {
    let mut state = current_state.clone();
    if let Some(entries) = computed(id, found).entries() {
        for (name, value) in entries {
            state.insert(name, value.clone());
        }
    }
    state.insert("name", id.name().into());
    state.insert(
        "restore_point_collection_id",
        id.collection().to_string().into(),
    );
    state.insert(
        "source_restore_point_id",
        Value::string(found.source_restore_point_id().map(with_slash)),
    );

    let outcome = current_state.get("wait_outcome");
    let usable = is_usable(found);
    if outcome.is_null() {
        let outcome = if usable {
            WaitOutcome::Completed
        } else {
            WaitOutcome::NotWaited
        };
        state.insert("wait_outcome", outcome.as_str().into());
    } else if usable && outcome.as_str() != Some(WaitOutcome::NotWaited.as_str()) {
        state.insert("wait_outcome", WaitOutcome::Completed.as_str().into());
    }
    state
}

/// The least state from which the copy can be read, with the defaults of the arguments.
pub(super) fn imported(id: &RestorePointId) -> Value {
    Value::object([
        ("id", Value::from(id.to_string())),
        ("force_destroy", false.into()),
        ("on_timeout", "error".into()),
        ("wait_for_replication", true.into()),
    ])
}

/// What the state of another provider says of the copy, as far as it does: a read adds the rest.
///
/// # Errors
/// Where it is no restore point.
pub(super) fn moved(resource: &AzapiResource<'_>) -> Result<Value, Diagnostic> {
    let id = resource.id(RestorePointId::parse)?;
    let source = resource.property("/properties/sourceRestorePoint/id");
    let mut state = imported(&id);
    state.insert("name", id.name().into());
    state.insert(
        "restore_point_collection_id",
        id.collection().to_string().into(),
    );
    state.insert(
        "source_restore_point_id",
        Value::string(source.as_deref().map(with_slash)),
    );
    Ok(state)
}
