//! A restore point in Terraform's values: what a copy has, and how far each disk is.

use crate::arm::compute::models::{DiskRestorePointInstanceView, RestorePoint};
use crate::arm::compute::replication::{Replication, ReplicationState, replication};
use crate::arm::compute::restore_points;
use crate::arm::resource_id::RestorePointId;
use crate::plugin::schema::Attribute;
use crate::plugin::value::{Type, Value};
use crate::provider::equivalence::with_slash;
use crate::provider::restore_point;

/// How far a snapshot can be used, the least first. Others are as good as `Unknown`.
const ACCESS_STATES: [&str; 5] = [
    "Pending",
    "InstantAccess",
    "Unknown",
    "Available",
    "AvailableWithInstantAccess",
];

/// The attributes of a restore point.
pub(super) fn attributes() -> Vec<Attribute> {
    let mut disk = restore_point::schema::disk();
    disk.extend(progress("", ""));
    let mut attributes = restore_point::schema::with_disks(disk);
    // Not every restore point is a copy.
    attributes.retain(|attribute| {
        !["id", "provisioning_state", "time_created", "usable"].contains(&attribute.name)
    });
    attributes.extend(progress(
        "; the slowest disk counts",
        "; the least usable disk counts",
    ));
    let text =
        |name, description: &str| Attribute::computed(name, Type::String).description(description);
    attributes.extend([
        text("id", "The ID of the restore point."),
        text("name", "The name of the restore point."),
        text(
            "provisioning_state",
            "Azure's provisioning state. For a copy, `Succeeded` only means that the copy has begun.",
        ),
        text(
            "restore_point_collection_id",
            "The ID of the collection that it lies in.",
        ),
        text(
            "source_restore_point_id",
            "The ID of the restore point that it is a copy of. Null for one that is no copy.",
        ),
        text(
            "time_created",
            "When the VM was captured, in RFC 3339 and UTC. A copy has the time of its source.",
        ),
        Attribute::computed("usable", Type::Bool).description(
            "Whether a VM can be restored from it. From a copy one can once every disk has replicated.",
        ),
    ]);
    attributes
}

/// How far a disk is, or with what else counts a restore point.
fn progress(percent: &str, access: &str) -> [Attribute; 2] {
    [
        Attribute::computed("completion_percent", Type::Number).description(format!(
            "How much has been copied, in percent{percent}. Null where nothing is copied."
        )),
        Attribute::computed("snapshot_access_state", Type::String).description(format!(
            "What the snapshot can be used for{access}. `Pending`: nothing yet. `InstantAccess`: a VM can be restored \
             from it, but it cannot be copied yet. `Available`, `AvailableWithInstantAccess`: everything. Null where \
             Azure does not say."
        )),
    ]
}

/// The values of [`attributes`]. The restore point has to come with its instance view.
pub(super) fn value(id: &RestorePointId, found: &RestorePoint) -> Value {
    let replication = replication(found);
    let is_copy = found.source_restore_point_id().is_some();
    let mut value = restore_point::computed(id, found);
    for name in ["os_disk", "data_disks"] {
        let disks = match value.get(name) {
            Value::List(disks) => {
                let disks = disks.iter().cloned();
                Value::List(
                    disks
                        .map(|disk| with_progress(disk, &replication, found))
                        .collect(),
                )
            }
            Value::Null => Value::Null,
            disk => with_progress(disk.clone(), &replication, found),
        };
        value.insert(name, disks);
    }
    let access_states = restore_points::snapshot_access_states(found);
    let access_state = access_states.min_by_key(|state| rank(state));
    let source = found.source_restore_point_id().map(with_slash);
    for (name, own) in [
        (
            "completion_percent",
            percent(replication.completion_percent),
        ),
        ("name", id.name().into()),
        ("replication_state", state(replication.state, is_copy)),
        (
            "restore_point_collection_id",
            id.collection().to_string().into(),
        ),
        ("snapshot_access_state", Value::string(access_state)),
        ("source_restore_point_id", Value::string(source)),
        ("usable", restore_points::is_usable(found).into()),
    ] {
        value.insert(name, own);
    }
    if !is_copy {
        value.insert("replication_id", Value::Null);
    }
    value
}

fn with_progress(mut disk: Value, replication: &Replication, found: &RestorePoint) -> Value {
    let id = disk
        .get("disk_restore_point_id")
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let is_it = |other: &str| !id.is_empty() && other.eq_ignore_ascii_case(&id);
    let view = found.properties.instance_view.iter();
    let shown: Option<&DiskRestorePointInstanceView> = view
        .flat_map(|view| &view.disk_restore_points)
        .find(|shown| shown.id.as_deref().is_some_and(is_it));
    let access_state = shown.and_then(|shown| shown.snapshot_access_state.as_deref());
    let mut disks = replication.disks.iter();
    let replicated = disks.find(|disk| is_it(&disk.disk_restore_point_id));
    let replication_state = replicated.map_or(ReplicationState::Unknown, |disk| disk.state);
    let is_copy = found.source_restore_point_id().is_some();
    for (name, own) in [
        (
            "completion_percent",
            percent(replicated.and_then(|disk| disk.completion_percent)),
        ),
        ("replication_state", state(replication_state, is_copy)),
        ("snapshot_access_state", Value::string(access_state)),
    ] {
        disk.insert(name, own);
    }
    disk
}

/// Of a restore point that is no copy, Azure need not say that it has replicated.
fn state(state: ReplicationState, is_copy: bool) -> Value {
    match state {
        ReplicationState::Unknown if !is_copy => Value::Null,
        state => state.as_str().into(),
    }
}

fn percent(percent: Option<u8>) -> Value {
    Value::integer(percent.map(i64::from))
}

fn rank(state: &str) -> usize {
    let mut states = ACCESS_STATES.iter();
    let unknown = 2;
    states
        .position(|known| known.eq_ignore_ascii_case(state))
        .unwrap_or(unknown)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::provider::golden::{source, target};

    fn found(properties: Json) -> RestorePoint {
        serde_json::from_value(json!({ "properties": properties })).expect("a restore point")
    }

    fn machine() -> Json {
        json!({"storageProfile": {
            "osDisk": {"name": "os", "diskRestorePoint": {"id": "/drp/os"}},
            "dataDisks": [{"lun": 0, "name": "data", "diskRestorePoint": {"id": "/drp/data"}}]
        }})
    }

    fn of_disk(value: &Value, attribute: &str) -> [Value; 2] {
        let disks = [value.get("os_disk"), &value.get("data_disks").elements()[0]];
        disks.map(|disk| disk.get(attribute).clone())
    }

    #[test]
    fn a_copy_is_as_far_as_its_slowest_disk() {
        let disk = |id: &str, state: &str, percent: u8| {
            json!({"id": id, "replicationStatus": {
                "status": {"code": format!("ReplicationState/{state}")},
                "completionPercent": percent
            }})
        };
        let value = value(
            &target(),
            &found(json!({
                "provisioningState": "Succeeded",
                "sourceRestorePoint": {"id": source().to_string()},
                "sourceMetadata": machine(),
                "instanceView": {"diskRestorePoints": [
                    disk("/DRP/os", "succeeded", 100),
                    disk("/drp/data", "replicating", 40)
                ]}
            })),
        );
        let whole = Value::integer;
        assert_eq!(value.get("completion_percent"), &whole(Some(40)));
        assert_eq!(value.get("usable"), &Value::Bool(false));
        assert_eq!(value.get("replication_state"), &"Replicating".into());
        assert_eq!(
            value.get("source_restore_point_id"),
            &source().to_string().into()
        );
        assert_eq!(
            of_disk(&value, "completion_percent"),
            [whole(Some(100)), whole(Some(40))]
        );
        assert_eq!(
            of_disk(&value, "replication_state"),
            ["Succeeded".into(), "Replicating".into()]
        );
        assert_eq!(value.get("snapshot_access_state"), &Value::Null);
        assert!(value.get("replication_id").as_str().is_some());
        for attribute in attributes() {
            let value = value.entries().expect("an object").get(attribute.name);
            assert!(value.is_some(), "{} has no value", attribute.name);
        }
    }

    #[test]
    fn a_point_that_is_no_copy_has_no_replication_but_snapshots() {
        let with_view = |view: Json| {
            let found = found(json!({
                "provisioningState": "Succeeded",
                "sourceMetadata": machine(),
                "instanceView": view
            }));
            value(&source(), &found)
        };
        let plain = with_view(Json::Null);
        assert_eq!(plain.get("usable"), &Value::Bool(true));
        for nothing in [
            "completion_percent",
            "replication_id",
            "replication_state",
            "snapshot_access_state",
            "source_restore_point_id",
        ] {
            assert_eq!(plain.get(nothing), &Value::Null, "{nothing}");
        }
        assert_eq!(
            of_disk(&plain, "replication_state"),
            [Value::Null, Value::Null]
        );

        for (os, data, expected, usable) in [
            ("Available", "Available", "Available", true),
            ("AvailableWithInstantAccess", "Available", "Available", true),
            ("Available", "InstantAccess", "InstantAccess", true),
            ("Pending", "InstantAccess", "Pending", false),
            ("Available", "Something new", "Something new", true),
        ] {
            let value = with_view(json!({"diskRestorePoints": [
                {"id": "/drp/os", "snapshotAccessState": os},
                {"id": "/drp/data", "snapshotAccessState": data}
            ]}));
            assert_eq!(value.get("snapshot_access_state"), &expected.into());
            assert_eq!(value.get("usable"), &Value::Bool(usable));
            assert_eq!(
                of_disk(&value, "snapshot_access_state"),
                [os.into(), data.into()]
            );
        }
    }
}
