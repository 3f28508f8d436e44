//! Requests for disk restore points, which the disk resource provider answers.
//!
//! Assumed: all of it. The shapes are those of Azure's published examples; nothing here was
//! recorded.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::restore_point::{Disk, RestorePoint};
use super::{Answered, budget, entity_not_found, expands, restore_points};
use crate::exchange::{Answer, Incoming};
use crate::route::RestorePointId;
use crate::state::State;

pub(crate) fn list(state: &State, request: &Incoming, id: &RestorePointId) -> Answered {
    expands(request, None)?;
    let bodies = bodies(state, id)?;
    Ok(Answer::json(
        200,
        json!({ "value": bodies }),
        budget::GET_RESTORE_POINT,
    ))
}

pub(crate) fn get(state: &State, request: &Incoming, id: &RestorePointId, name: &str) -> Answered {
    expands(request, None)?;
    let named = |body: &Value| {
        body["name"]
            .as_str()
            .is_some_and(|candidate| candidate.eq_ignore_ascii_case(name))
    };
    let body = bodies(state, id)?
        .into_iter()
        .find(named)
        .ok_or_else(|| entity_not_found(budget::GET_RESTORE_POINT))?;
    Ok(Answer::json(200, body, budget::GET_RESTORE_POINT))
}

fn bodies(state: &State, id: &RestorePointId) -> Result<Vec<Value>, Answer> {
    restore_points::check_parent(state, "read", id)?;
    let not_found = || entity_not_found(budget::GET_RESTORE_POINT);
    let collection = state.collection(&id.collection).ok_or_else(not_found)?;
    let point = collection.restore_point(&id.name).ok_or_else(not_found)?;
    let path = point.path(&collection.id);
    let now = state.clock.now();
    if !point.has_disk_restore_points(now) {
        return Ok(Vec::new());
    }
    Ok(point
        .disks
        .iter()
        .map(|disk| body(point, disk, &path, &collection.source_location, now))
        .collect())
}

fn body(
    point: &RestorePoint,
    disk: &Disk,
    path: &str,
    source_location: &str,
    now: OffsetDateTime,
) -> Value {
    let storage_profile = &point.source_metadata["storageProfile"];
    let os_disk = &storage_profile["osDisk"];
    let is_os_disk = os_disk["name"] == disk.name;
    let managed_disk = if is_os_disk {
        &os_disk["managedDisk"]["id"]
    } else {
        storage_profile["dataDisks"]
            .as_array()
            .and_then(|disks| {
                disks
                    .iter()
                    .find(|candidate| candidate["name"] == disk.name)
            })
            .map_or(&Value::Null, |found| &found["managedDisk"]["id"])
    };
    let mut properties = json!({
        "timeCreated": point.time_created,
        "sourceResourceId": managed_disk,
        "encryption": encryption(disk),
        "networkAccessPolicy": "AllowAll",
        "publicNetworkAccess": "Enabled",
    });
    if let Some(disk_access) = &disk.disk_access {
        properties["networkAccessPolicy"] = json!("AllowPrivate");
        properties["publicNetworkAccess"] = json!("Disabled");
        properties["diskAccessId"] = json!(disk_access);
    }
    if is_os_disk {
        properties["osType"] = os_disk["osType"].clone();
        properties["hyperVGeneration"] = point.source_metadata["hyperVGeneration"].clone();
        if point.is_confidential() {
            properties["securityProfile"] =
                json!({ "securityType": "ConfidentialVM_DiskEncryptedWithPlatformKey" });
        }
    }
    // Only a copy tells how far it has got.
    if point.copied_from().is_some() {
        let percent = disk.completion_percent(now);
        properties["replicationState"] = json!(disk.phase(now).state());
        // A float here, where the instance view has an integer.
        properties["completionPercent"] = percent
            .and_then(|percent| percent.as_f64())
            .map_or(Value::Null, |percent| json!(percent));
        properties["sourceResourceLocation"] = json!(source_location);
    }
    json!({
        "id": disk.path(path),
        "name": disk.restore_point_name,
        "properties": properties,
    })
}

/// The encryption in the spelling of disks: the set's id in a field, where Compute has an object.
fn encryption(disk: &Disk) -> Value {
    let mut encryption = json!({ "type": disk.encryption["type"] });
    if let Some(id) = disk.encryption["diskEncryptionSet"].get("id") {
        encryption["diskEncryptionSetId"] = id.clone();
    }
    encryption
}
