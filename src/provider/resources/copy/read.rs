//! Refreshing a copy: together with the others of its collection, or alone.

use crate::arm::compute::models::RestorePoint;
use crate::arm::compute::restore_points;
use crate::arm::resource_id::RestorePointId;
use crate::arm::{Client, Patience};
use crate::plugin::resource::Applied;
use crate::plugin::value::Value;
use crate::provider::begin::is_copy_of;
use crate::provider::diagnose;
use crate::provider::glance::points_of;
use crate::provider::walk::Walk;

use super::memory::Memory;
use super::{model, planning, words};

/// The state of a copy as Azure has it now.
pub(super) async fn read(
    client: &Client,
    patience: &Patience,
    walk: &Walk,
    id: &RestorePointId,
    current_state: Value,
    memory: Memory,
) -> Applied {
    if is_finished(&current_state) {
        let glances = &walk.glances;
        match glances.collection(client, id.collection(), patience).await {
            Ok(collection) => {
                let mut points = points_of(&collection, id.collection());
                if let Some((_, found)) = points.find(|(other, _)| other == id)
                    && is_unchanged(&current_state, id, found)
                {
                    glances.saw(id, true);
                    return Applied {
                        memory: memory.to_json(),
                        ..Applied::saved(current_state)
                    };
                }
            }
            Err(error) => {
                tracing::debug!(restore_point_id = %id, "The copy is refreshed alone: {error}");
            }
        }
    }
    match restore_points::get(client, id, true, patience).await {
        Ok(found) if found.source_restore_point_id().is_none() => {
            Applied::failed(words::not_a_copy(id))
        }
        Ok(found) => {
            let state = model::refreshed(&current_state, id, &found);
            walk.glances.saw(id, model::is_usable(&found));
            let recopyable = planning::is_recopyable(client, id, &state, patience).await;
            let memory = Memory {
                recopyable,
                ..memory
            };
            Applied {
                memory: memory.to_json(),
                ..Applied::saved(state)
            }
        }
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

/// Whether the copy has nothing left to do: what is usable stays so.
fn is_finished(state: &Value) -> bool {
    state.get("usable").as_bool() == Some(true)
        && state.get("replication_state").as_str() == Some("Succeeded")
        && matches!(
            state.get("wait_outcome").as_str(),
            Some("completed" | "not_waited")
        )
}

/// Whether this is still the copy of that state, and not another of the same name. How its disks
/// have replicated is not shown here, but disks that were made anew have other ids.
fn is_unchanged(state: &Value, id: &RestorePointId, found: &RestorePoint) -> bool {
    let replication_id = model::computed(id, found).get("replication_id").clone();
    let source = state.get("source_restore_point_id").as_str();
    let source = source.and_then(|source| RestorePointId::parse(source).ok());
    found.is_provisioning_state("Succeeded")
        && !replication_id.is_null()
        && replication_id == *state.get("replication_id")
        && source.is_some_and(|source| is_copy_of(found, &source))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const POINTS: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/restorePointCollections/c/restorePoints";

    fn id() -> RestorePointId {
        RestorePointId::parse(&format!("{POINTS}/copy")).expect("an id")
    }

    fn point(state: &str, source: &str, disk: serde_json::Value) -> RestorePoint {
        serde_json::from_value(json!({
            "name": "Copy",
            "properties": {
                "provisioningState": state,
                "sourceRestorePoint": {"id": format!("{POINTS}/{source}")},
                "sourceMetadata": {"storageProfile": {"osDisk": {"diskRestorePoint": {"id": disk}}}}
            }
        }))
        .expect("a restore point")
    }

    fn state(usable: bool, replication_state: &str, outcome: Value) -> Value {
        let found = point("Succeeded", "source", json!("/drp/1"));
        let replication_id = model::computed(&id(), &found).get("replication_id").clone();
        Value::object([
            ("replication_id", replication_id),
            ("replication_state", replication_state.into()),
            ("source_restore_point_id", format!("{POINTS}/SOURCE").into()),
            ("usable", usable.into()),
            ("wait_outcome", outcome),
        ])
    }

    #[test]
    fn only_what_is_usable_is_finished() {
        #[track_caller]
        fn check(state: &Value, expected: bool) {
            assert_eq!(is_finished(state), expected, "{state:?}");
        }
        check(&state(true, "Succeeded", "completed".into()), true);
        check(&state(true, "Succeeded", "not_waited".into()), true);
        check(&state(false, "Succeeded", "completed".into()), false);
        check(&state(true, "Unknown", "completed".into()), false);
        // A read has still to say that it has finished, or to fill the state of an import.
        check(&state(true, "Succeeded", "timed_out".into()), false);
        check(&state(true, "Succeeded", Value::Null), false);
        check(&Value::object([("id", Value::from("/copy"))]), false);
    }

    #[test]
    fn every_cell_of_the_table() {
        #[track_caller]
        fn check(found: &RestorePoint, expected: bool) {
            let state = state(true, "Succeeded", "completed".into());
            assert_eq!(is_unchanged(&state, &id(), found), expected, "{found:?}");
        }
        check(&point("Succeeded", "source", json!("/DRP/1")), true);
        check(&point("Succeeded", "source", json!("/drp/2")), false);
        check(&point("Succeeded", "source", json!(null)), false);
        check(&point("Succeeded", "another", json!("/drp/1")), false);
        check(&point("Deleting", "source", json!("/drp/1")), false);
        check(&point("Failed", "source", json!("/drp/1")), false);
    }
}
