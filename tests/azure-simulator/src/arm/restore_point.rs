//! A restore point, local or copied, and how it looks in an answer.

use std::time::Duration;

use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::replication::{Phase, Replication};
use crate::route::CollectionId;

/// A restore point of a VM, or a copy of one.
#[derive(Clone, Debug)]
pub(crate) struct RestorePoint {
    pub(crate) name: String,
    /// The VM as it was, without any `diskRestorePoint`: those come with the end of the
    /// operation.
    pub(crate) source_metadata: Value,
    pub(crate) consistency_mode: String,
    /// Repeated for local points only: a copy has all disks of its source.
    pub(crate) exclude_disks: Option<Value>,
    /// As spelled in answers. A copy has its source's.
    pub(crate) time_created: String,
    pub(crate) created: OffsetDateTime,
    pub(crate) origin: Origin,
    pub(crate) disks: Vec<Disk>,
    /// When its operation ends, and with it `Creating`.
    pub(crate) ready: OffsetDateTime,
    /// Whether that operation ends as `Failed`.
    pub(crate) fails: bool,
    /// Stands in for the state that follows from all that, if a test sets it.
    pub(crate) provisioning_state: Option<String>,
    /// Whether a shared access signature for one of its disks is outstanding.
    pub(crate) is_shared: bool,
    /// When its deletion takes effect, once it has been asked for.
    pub(crate) deleted: Option<OffsetDateTime>,
}

/// Where a restore point comes from.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    /// It was made of a VM.
    Local {
        /// Instant access: `Pending` and `InstantAccess` cannot be copied yet.
        snapshot_access_state: Option<String>,
    },
    /// It is a copy of another restore point.
    Copy {
        source_id: String,
        begun: OffsetDateTime,
        /// The `properties` that it was asked for with, to tell an identical PUT.
        requested: Value,
    },
}

/// A disk of a restore point.
#[derive(Clone, Debug)]
pub(crate) struct Disk {
    pub(crate) name: String,
    /// The name of the disk restore point: the disk's, and a GUID.
    pub(crate) restore_point_name: String,
    /// The disk restore point that this one was copied from.
    pub(crate) source_id: Option<String>,
    /// As Compute spells it; the disk resource provider flattens it.
    pub(crate) encryption: Value,
    /// The disk access that alone may read it, if it has private access only.
    pub(crate) disk_access: Option<String>,
    pub(crate) replication: Replication,
    /// When its data began to be copied; `None` while it waits for its turn.
    pub(crate) started: Option<OffsetDateTime>,
}

impl RestorePoint {
    /// The source's id, if this is a copy.
    pub(crate) fn copied_from(&self) -> Option<&str> {
        match &self.origin {
            Origin::Local { .. } => None,
            Origin::Copy { source_id, .. } => Some(source_id),
        }
    }

    pub(crate) fn provisioning_state(&self, now: OffsetDateTime) -> &str {
        if let Some(state) = &self.provisioning_state {
            state
        } else if self.deleted.is_some() {
            // Assumed: the documentation lists the value, no recording looks at that moment.
            "Deleting"
        } else if now < self.ready {
            "Creating"
        } else if self.fails {
            "Failed"
        } else {
            // For a copy this says only that copying has begun.
            "Succeeded"
        }
    }

    pub(crate) fn is_confidential(&self) -> bool {
        self.source_metadata["securityProfile"]["securityType"] == "ConfidentialVM"
    }

    /// How far the copy as a whole has got; a local point is where it belongs.
    pub(crate) fn phase(&self, now: OffsetDateTime) -> Phase {
        if self.copied_from().is_none() {
            return Phase::Succeeded;
        }
        if now < self.ready {
            return Phase::Replicating;
        }
        if self.fails {
            return Phase::Failed;
        }
        Phase::of_all(self.disks.iter().map(|disk| disk.phase(now)))
    }

    pub(crate) fn path(&self, collection: &CollectionId) -> String {
        format!("{}/restorePoints/{}", collection.path(), self.name)
    }

    /// The resource as answers show it: no `type`, and no instance view.
    pub(crate) fn body(&self, collection: &CollectionId, now: OffsetDateTime) -> Value {
        let path = self.path(collection);
        let mut properties = json!({
            "sourceMetadata": self.source_metadata(&path, now),
            "provisioningState": self.provisioning_state(now),
            "consistencyMode": self.consistency_mode,
            "timeCreated": self.time_created,
        });
        if let Some(exclude_disks) = &self.exclude_disks {
            properties["excludeDisks"] = exclude_disks.clone();
        }
        if let Some(source_id) = self.copied_from() {
            properties["sourceRestorePoint"] = json!({ "id": source_id });
        }
        json!({ "name": self.name, "id": path, "properties": properties })
    }

    /// The instance view, which only an expanded GET shows.
    ///
    /// Assumed: a local point has none, unless its snapshots have an access state. And while the
    /// operation of a copy runs, there is one without disks, which says nothing of the copy.
    pub(crate) fn instance_view(
        &self,
        collection: &CollectionId,
        now: OffsetDateTime,
    ) -> Option<Value> {
        let path = self.path(collection);
        match &self.origin {
            Origin::Local {
                snapshot_access_state,
            } => {
                let state = snapshot_access_state.as_ref()?;
                let disks: Vec<Value> = self
                    .disks
                    .iter()
                    .map(|disk| json!({ "id": disk.path(&path), "snapshotAccessState": state }))
                    .collect();
                Some(json!({ "diskRestorePoints": disks }))
            }
            Origin::Copy { .. } => {
                let visible = if self.has_disk_restore_points(now) {
                    self.disks.as_slice()
                } else {
                    &[]
                };
                let disks: Vec<Value> = visible
                    .iter()
                    .map(|disk| {
                        json!({
                            "id": disk.path(&path),
                            "replicationStatus": disk.replication_status(now),
                        })
                    })
                    .collect();
                Some(json!({
                    "diskRestorePoints": disks,
                    "statuses": [self.phase(now).status()],
                }))
            }
        }
    }

    /// As recorded, they appear when the operation has ended.
    pub(crate) fn has_disk_restore_points(&self, now: OffsetDateTime) -> bool {
        now >= self.ready && !self.fails
    }

    fn source_metadata(&self, path: &str, now: OffsetDateTime) -> Value {
        let mut source_metadata = self.source_metadata.clone();
        if self.has_disk_restore_points(now) {
            for disk in disks_mut(&mut source_metadata) {
                let named = self.disks.iter().find(|named| disk["name"] == named.name);
                if let Some(named) = named {
                    disk["diskRestorePoint"] = named.body(path);
                }
            }
        }
        source_metadata
    }
}

impl Disk {
    pub(crate) fn phase(&self, now: OffsetDateTime) -> Phase {
        self.course().phase(self.elapsed(now))
    }

    pub(crate) fn completion_percent(&self, now: OffsetDateTime) -> Option<Value> {
        self.course().completion_percent(self.elapsed(now))
    }

    fn replication_status(&self, now: OffsetDateTime) -> Value {
        self.course().replication_status(self.elapsed(now))
    }

    /// A disk that waits has got nowhere, unless a test has set where it is.
    fn course(&self) -> &Replication {
        const WAITING: &Replication = &Replication::Replicating(0);
        match (self.started, &self.replication) {
            (None, Replication::After(_) | Replication::FailsAt { .. }) => WAITING,
            (_, course) => course,
        }
    }

    fn elapsed(&self, now: OffsetDateTime) -> Duration {
        self.started.map_or(Duration::ZERO, |started| {
            Duration::try_from(now - started).unwrap_or_default()
        })
    }

    pub(crate) fn path(&self, restore_point: &str) -> String {
        format!(
            "{restore_point}/diskRestorePoints/{}",
            self.restore_point_name
        )
    }

    fn body(&self, restore_point: &str) -> Value {
        let mut body = json!({ "encryption": self.encryption, "id": self.path(restore_point) });
        if let Some(source_id) = &self.source_id {
            body["sourceDiskRestorePoint"] = json!({ "id": source_id });
        }
        body
    }
}

/// The OS disk and the data disks in a VM's metadata.
pub(crate) fn disks_mut(source_metadata: &mut Value) -> Vec<&mut Value> {
    let Some(storage_profile) = source_metadata
        .get_mut("storageProfile")
        .and_then(Value::as_object_mut)
    else {
        return Vec::new();
    };
    let mut disks = Vec::new();
    for (name, value) in storage_profile {
        match (name.as_str(), value) {
            ("osDisk", disk) => disks.insert(0, disk),
            ("dataDisks", Value::Array(data_disks)) => disks.extend(data_disks),
            _ => {}
        }
    }
    disks
}

impl RestorePoint {
    /// Sets or removes the state of instant access, which only a local point has.
    pub(crate) fn set_snapshot_access_state(
        &mut self,
        state: Option<String>,
    ) -> Result<(), String> {
        match &mut self.origin {
            Origin::Local {
                snapshot_access_state,
            } => {
                *snapshot_access_state = state;
                Ok(())
            }
            Origin::Copy { .. } => Err(format!("{} is a copy", self.name)),
        }
    }
}
