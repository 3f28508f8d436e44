//! Between Terraform's values of a collection and Azure's.

use serde_json::Value as Json;

use crate::arm::compute::models::RestorePointCollection;
use crate::arm::compute::restore_point_collections::NewCollection;
use crate::arm::location;
use crate::arm::resource_id::{self, RestorePointCollectionId};
use crate::plugin::diagnostics::Diagnostic;
use crate::plugin::value::{Path, Value};
use crate::provider::azapi::{self, AzapiResource};
use crate::provider::equivalence::with_slash;
use crate::provider::tags::TagPolicy;

/// The id that the arguments make.
///
/// # Errors
/// On the argument from which no id can be made, which may not be known yet.
pub(super) fn id(state: &Value) -> Result<RestorePointCollectionId, Diagnostic> {
    let text = |name| state.get(name).as_str().ok_or_else(|| missing(name));
    RestorePointCollectionId::new(
        text("subscription_id")?,
        text("resource_group_name")?,
        text("name")?,
    )
    .map_err(|error| Diagnostic::error("Invalid restore point collection ID", error.to_string()))
}

/// An argument that nothing gives a value.
pub(super) fn missing(argument: &str) -> Diagnostic {
    Diagnostic::error(
        format!("Missing {argument}"),
        format!(
            "The collection needs a {argument}, and neither its own block nor the provider's gives one. For the \
             subscription, set ARM_SUBSCRIPTION_ID or the argument subscription_id."
        ),
    )
    .at(Path::attribute(argument))
}

/// Whether a change leaves the id as it is, as far as that is known.
pub(super) fn keeps_its_id(prior_state: &Value, planned_state: &Value) -> bool {
    let same =
        |id: &RestorePointCollectionId| id_in_state(prior_state).is_ok_and(|prior| prior == *id);
    id(planned_state).is_ok_and(|id| same(&id))
}

/// The id of the collection in a state.
///
/// # Errors
/// Where the state holds none.
pub(super) fn id_in_state(state: &Value) -> Result<RestorePointCollectionId, Diagnostic> {
    RestorePointCollectionId::parse(state.get("id").as_str().unwrap_or_default()).map_err(|error| {
        Diagnostic::error(
            "No restore point collection in the state",
            format!("The state of this resource holds no usable ID: {error}"),
        )
    })
}

/// What to ask Azure for.
///
/// # Errors
/// On the argument that is missing or wrong.
pub(super) fn body(planned_state: &Value, policy: &TagPolicy) -> Result<NewCollection, Diagnostic> {
    let argument = "source_restore_point_collection_id";
    let source = planned_state.get(argument).as_str().unwrap_or_default();
    let source = RestorePointCollectionId::parse_strict(source).map_err(|error| {
        Diagnostic::error(format!("Invalid {argument}"), error.to_string())
            .at(Path::attribute(argument))
    })?;
    Ok(NewCollection {
        location: planned_state
            .get("location")
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        source,
        tags: policy.given(planned_state.get("tags")),
    })
}

/// Makes all tags of a planned state known, where the plan did not know them.
pub(super) fn complete_tags(planned_state: &mut Value, policy: &TagPolicy) {
    if planned_state.get("tags_all").is_unknown() {
        planned_state.insert("tags_all", policy.all(planned_state.get("tags")));
    }
}

/// The state of a collection of which nothing but the arguments is known.
pub(super) fn uncertain(planned_state: &Value, id: &RestorePointCollectionId) -> Value {
    let mut state = planned_state.clone();
    state.insert("id", id.to_string().into());
    state.without_unknowns()
}

/// The state of a collection that Azure has just made: as planned, with what Azure adds.
pub(super) fn created(
    planned_state: &Value,
    id: &RestorePointCollectionId,
    found: &RestorePointCollection,
) -> Value {
    let mut state = uncertain(planned_state, id);
    insert_computed(&mut state, found);
    state
}

/// The state of a collection as Azure has it now.
pub(super) fn refreshed(
    current_state: &Value,
    id: &RestorePointCollectionId,
    found: &RestorePointCollection,
    policy: &TagPolicy,
) -> Value {
    let mut state = current_state.clone();
    state.insert("name", id.name().into());
    state.insert("resource_group_name", id.resource_group_name().into());
    state.insert("subscription_id", id.subscription_id().into());
    state.insert("location", Value::string(found.location.clone()));
    state.insert(
        "source_restore_point_collection_id",
        Value::string(found.properties.source.id.as_deref().map(with_slash)),
    );
    let (tags, tags_all) = policy.found(current_state, &found.tags);
    state.insert("tags", tags);
    state.insert("tags_all", tags_all);
    insert_computed(&mut state, found);
    state
}

fn insert_computed(state: &mut Value, found: &RestorePointCollection) {
    let properties = &found.properties;
    state.insert(
        "provisioning_state",
        Value::string(properties.provisioning_state.clone()),
    );
    state.insert(
        "source_location",
        Value::string(properties.source.location.clone()),
    );
    state.insert(
        "unique_id",
        Value::string(properties.restore_point_collection_id.clone()),
    );
}

/// The least state from which the collection can be read, with the defaults of the arguments.
pub(super) fn imported(id: &RestorePointCollectionId) -> Value {
    Value::object([
        ("id", id.to_string().into()),
        ("force_destroy", Value::Bool(false)),
    ])
}

/// What the state of another provider says of the collection, as far as it does: a read adds the
/// rest, and the tags.
///
/// # Errors
/// Where it is no collection that takes copies.
pub(super) fn moved(resource: &AzapiResource<'_>) -> Result<Value, Diagnostic> {
    let id = resource.id(RestorePointCollectionId::parse)?;
    let source = resource.property("/properties/source/id");
    if let Some(source) = &source
        && let Some(refusal) = refuse_foreign_source(&id, source, azapi::LEAVE_IT)
    {
        return Err(refusal);
    }
    let mut state = imported(&id);
    state.insert("name", id.name().into());
    state.insert("resource_group_name", id.resource_group_name().into());
    state.insert("subscription_id", id.subscription_id().into());
    state.insert("location", Value::string(resource.text("location")));
    state.insert(
        "source_restore_point_collection_id",
        Value::string(source.as_deref().map(with_slash)),
    );
    Ok(state)
}

/// Whether what Azure has is what was planned, so that it can only be our own.
pub(super) fn is_as_planned(planned_state: &Value, found: &RestorePointCollection) -> bool {
    let text = |name| planned_state.get(name).as_str().unwrap_or_default();
    let same_location = found
        .location
        .as_deref()
        .is_some_and(|found| location::same(found, text("location")));
    let source = found.properties.source.id.as_deref().unwrap_or_default();
    let planned_source = text("source_restore_point_collection_id");
    same_location && same_collection(source, planned_source)
}

/// What tells a collection from another one.
const TELLING: [&str; 3] = ["id", "location", "source_restore_point_collection_id"];

/// What the plan of a collection says of it, for a delete that makes room for it.
pub(super) fn successor(planned_state: &Value) -> Json {
    let told = TELLING.map(|name| (name.to_owned(), planned_state.get(name).as_str().into()));
    Json::Object(told.into_iter().collect())
}

/// Whether the collection that is to come, as its plan has said, is this one, and all is well with it.
pub(super) fn is_successor(
    successor: &Json,
    id: &RestorePointCollectionId,
    found: &RestorePointCollection,
) -> bool {
    let told = TELLING.map(|name| (name, Value::string(successor[name].as_str())));
    let told = Value::object(told);
    let provisioning_state = found.properties.provisioning_state.as_deref();
    id_in_state(&told).is_ok_and(|told| told == *id)
        && is_as_planned(&told, found)
        && provisioning_state.is_some_and(|state| state.eq_ignore_ascii_case("Succeeded"))
}

fn same_collection(one: &str, other: &str) -> bool {
    match (
        RestorePointCollectionId::parse(one),
        RestorePointCollectionId::parse(other),
    ) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// What to do about a collection that is no target of copies.
pub(super) const TAKE_ANOTHER: &str = "Import such a collection, or let this resource make one that names the \
     collection to copy from.";

/// Refuses a collection that is no target of copies: a VM's own, or one of Azure Backup.
pub(super) fn refuse_foreign_source(
    id: &RestorePointCollectionId,
    source: &str,
    next: &str,
) -> Option<Diagnostic> {
    if RestorePointCollectionId::parse(source).is_ok() {
        return None;
    }
    let kind = match resource_id::resource_type(source) {
        Some(kind) => format!("a resource of type {kind}: {source}"),
        None if source.is_empty() => "unknown".to_owned(),
        None => source.to_owned(),
    };
    Some(Diagnostic::error(
        "Not a target of copies",
        format!(
            "The restore point collection {id} does not take copies: its source is {kind}, not a restore point \
             collection. This resource manages collections that are the target of cross-region copies only.\n\n{next}"
        ),
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SOURCE: &str =
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/restorePointCollections/web";

    fn planned() -> Value {
        Value::object([
            ("name", Value::from("web-dr")),
            ("resource_group_name", "rg-dr".into()),
            ("subscription_id", "s".into()),
            ("location", "West US 2".into()),
            ("source_restore_point_collection_id", SOURCE.into()),
            ("id", Value::Unknown),
            ("unique_id", Value::Unknown),
        ])
    }

    fn found(source: &str) -> RestorePointCollection {
        serde_json::from_value(json!({
            "location": "westus2",
            "tags": {"department": "finance"},
            "properties": {
                "source": {"id": source, "location": "eastus"},
                "restorePointCollectionId": "11112222-3333-4444-5555-666677778888",
                "provisioningState": "Succeeded"
            }
        }))
        .expect("a collection")
    }

    #[test]
    fn a_lost_answer_is_recognised_by_location_and_source() {
        assert!(is_as_planned(&planned(), &found(&SOURCE.to_uppercase())));
        assert!(!is_as_planned(
            &planned(),
            &found(&SOURCE.replace("web", "db"))
        ));
    }

    #[test]
    fn a_state_is_wholly_known_and_keeps_what_was_written() {
        let id = id(&planned()).expect("all parts are there");
        let state = created(&planned(), &id, &found(SOURCE));
        assert!(state.is_wholly_known());
        assert_eq!(state.get("location"), &Value::from("West US 2"));
        assert_eq!(state.get("source_location"), &Value::from("eastus"));
    }

    #[test]
    fn a_machine_s_own_collection_is_refused_with_what_was_found() {
        let id = id(&planned()).expect("all parts are there");
        let machine =
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm";
        let refusal = refuse_foreign_source(&id, machine, TAKE_ANOTHER).expect("refused");
        assert!(
            refusal.detail.contains("virtualMachines"),
            "{}",
            refusal.detail
        );
        assert_eq!(refuse_foreign_source(&id, SOURCE, TAKE_ANOTHER), None);
    }
}
