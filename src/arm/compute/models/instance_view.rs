//! The instance view of a restore point: how far each disk has replicated.

use serde::Deserialize;

use super::lenient::{null_as_default, percent};

/// The state of the disks of a restore point.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RestorePointInstanceView {
    /// One entry per disk, as far as Azure knows them yet.
    #[serde(deserialize_with = "null_as_default")]
    pub disk_restore_points: Vec<DiskRestorePointInstanceView>,
    /// A summary, and other states beside it. It says less than the disks do.
    #[serde(deserialize_with = "null_as_default")]
    pub statuses: Vec<InstanceViewStatus>,
}

/// The state of one disk.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DiskRestorePointInstanceView {
    /// Resource id of the disk restore point.
    pub id: Option<String>,
    /// Whether the snapshot behind it can be read and copied: Unknown, Pending, Available,
    /// InstantAccess, AvailableWithInstantAccess.
    pub snapshot_access_state: Option<String>,
    /// How far it has replicated; absent where nothing is replicated.
    pub replication_status: Option<DiskRestorePointReplicationStatus>,
}

/// How far one disk has replicated.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DiskRestorePointReplicationStatus {
    /// The state, for example `ReplicationState/replicating`.
    pub status: Option<InstanceViewStatus>,
    /// How much has been copied. Azure refreshes it every ten minutes, and with little to copy it
    /// may only ever show 0 and 100.
    #[serde(deserialize_with = "percent")]
    pub completion_percent: Option<u8>,
}

/// One status of an instance view.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct InstanceViewStatus {
    /// Kind and state, for example `ReplicationState/succeeded`. Its case varies.
    pub code: Option<String>,
    /// Info, Warning or Error.
    pub level: Option<String>,
    /// A text for people, which differs between answers of the same meaning.
    pub display_status: Option<String>,
    /// More text, rarely given.
    pub message: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_recorded_form_is_read() {
        let view: RestorePointInstanceView = serde_json::from_value(json!({
            "diskRestorePoints": [{
                "id": "/d",
                "snapshotAccessState": "Available",
                "replicationStatus": {
                    "status": {
                        "code": "ReplicationState/replicating",
                        "level": "Info",
                        "displayStatus": "Replicating"
                    },
                    "completionPercent": 7
                }
            }],
            "statuses": [{"code": "ReplicationState/replicating"}]
        }))
        .unwrap();
        let disk = &view.disk_restore_points[0];
        let replication = disk.replication_status.as_ref().unwrap();
        assert_eq!(replication.completion_percent, Some(7));
        let status = replication.status.as_ref().unwrap();
        assert_eq!(status.code.as_deref(), Some("ReplicationState/replicating"));
        assert_eq!(view.statuses.len(), 1);
    }

    #[test]
    fn nulls_are_read_as_nothing() {
        let view: RestorePointInstanceView =
            serde_json::from_value(json!({"diskRestorePoints": null, "statuses": null})).unwrap();
        assert_eq!(view, RestorePointInstanceView::default());
        let disk: DiskRestorePointInstanceView = serde_json::from_value(
            json!({"replicationStatus": {"completionPercent": null, "status": null}}),
        )
        .unwrap();
        let status = DiskRestorePointReplicationStatus::default();
        assert_eq!(disk.replication_status, Some(status));
    }
}
