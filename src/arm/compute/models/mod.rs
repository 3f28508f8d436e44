//! What Azure answers, as far as we read it. Unknown fields are ignored, and nearly everything may
//! be absent: the same resource has more fields after its operation than during it.

mod instance_view;
mod lenient;
mod source_metadata;
mod time_created;

use std::collections::BTreeMap;

use serde::Deserialize;
use time::OffsetDateTime;

use crate::arm::resource_id::RestorePointId;

pub use instance_view::{
    DiskRestorePointInstanceView, DiskRestorePointReplicationStatus, InstanceViewStatus,
    RestorePointInstanceView,
};
pub use source_metadata::{
    DiskRestorePointAttributes, DiskRestorePointEncryption, HardwareProfile, ManagedDisk,
    OsProfile, SecurityProfile, SourceDataDisk, SourceMetadata, SourceOsDisk, StorageProfile,
    UefiSettings,
};
pub use time_created::{instant, rfc3339_utc};

pub(in crate::arm::compute) use lenient::null_as_default;

/// A restore point collection.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RestorePointCollection {
    /// Resource id, in Azure's spelling of the moment.
    pub id: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Location; compare it with [`crate::arm::location::same`].
    pub location: Option<String>,
    /// Tags.
    #[serde(deserialize_with = "null_as_default")]
    pub tags: BTreeMap<String, String>,
    /// Everything else.
    #[serde(deserialize_with = "null_as_default")]
    pub properties: RestorePointCollectionProperties,
}

/// The properties of a restore point collection.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RestorePointCollectionProperties {
    /// The virtual machine or the restore point collection that the restore points come from.
    #[serde(deserialize_with = "null_as_default")]
    pub source: RestorePointCollectionSource,
    /// Succeeded, Deleting and the like.
    pub provisioning_state: Option<String>,
    /// Azure's own id of the collection, which a new collection of the same name does not share.
    pub restore_point_collection_id: Option<String>,
    /// The restore points inside, without instance view; only if asked for.
    pub restore_points: Option<Vec<RestorePoint>>,
}

/// Where the restore points of a collection come from.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RestorePointCollectionSource {
    /// Resource id of the virtual machine or restore point collection.
    pub id: Option<String>,
    /// Its location, filled in by Azure.
    pub location: Option<String>,
}

/// A restore point.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RestorePoint {
    /// Resource id, in Azure's spelling of the moment.
    pub id: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// Everything else.
    #[serde(deserialize_with = "null_as_default")]
    pub properties: RestorePointProperties,
}

/// The properties of a restore point.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RestorePointProperties {
    /// The virtual machine as it was.
    #[serde(deserialize_with = "null_as_default")]
    pub source_metadata: SourceMetadata,
    /// Creating, Succeeded, Failed, Deleting. For a copy Succeeded means that copying has begun.
    pub provisioning_state: Option<String>,
    /// CrashConsistent, FileSystemConsistent or ApplicationConsistent.
    pub consistency_mode: Option<String>,
    /// When the virtual machine was captured; a copy has its source's. See [`instant`].
    pub time_created: Option<String>,
    /// The restore point this one is a copy of; absent if it is none.
    pub source_restore_point: Option<ApiEntityReference>,
    /// The state of each disk; only if asked for, and not for every restore point.
    pub instance_view: Option<RestorePointInstanceView>,
}

/// A reference to another resource.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ApiEntityReference {
    /// Its resource id.
    pub id: Option<String>,
}

impl RestorePoint {
    /// The resource id of the restore point that this one is a copy of.
    pub fn source_restore_point_id(&self) -> Option<&str> {
        let source = self.properties.source_restore_point.as_ref()?;
        source.id.as_deref()
    }

    /// The same, parsed; `None` also where it is no id of a restore point.
    pub fn copied_from(&self) -> Option<RestorePointId> {
        RestorePointId::parse(self.source_restore_point_id()?).ok()
    }

    /// The moment that the restore point holds, which a copy shares with its source.
    pub fn time_created(&self) -> Option<OffsetDateTime> {
        instant(self.properties.time_created.as_deref()?)
    }

    /// Whether the provisioning state is `state`, in any case.
    pub fn is_provisioning_state(&self, state: &str) -> bool {
        let found = self.properties.provisioning_state.as_deref();
        found.is_some_and(|found| found.eq_ignore_ascii_case(state))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_collection_with_its_points_is_read() {
        let collection: RestorePointCollection = serde_json::from_value(json!({
            "id": "/subscriptions/s/resourceGroups/RG/providers/Microsoft.Compute/restorePointCollections/dr",
            "name": "dr",
            "type": "Microsoft.Compute/restorePointCollections",
            "location": "westus2",
            "tags": {"department": "finance"},
            "systemData": {"createdBy": "somebody"},
            "properties": {
                "source": {"id": "/source", "location": "EastUS"},
                "provisioningState": "Succeeded",
                "restorePointCollectionId": "5a",
                "instantAccess": true,
                "restorePoints": [{"name": "one", "properties": null}]
            }
        }))
        .unwrap();
        assert_eq!(collection.tags["department"], "finance");
        assert_eq!(
            collection.properties.source.location.as_deref(),
            Some("EastUS")
        );
        let points = collection.properties.restore_points.unwrap();
        assert_eq!(points[0].name.as_deref(), Some("one"));
        assert_eq!(points[0].properties, RestorePointProperties::default());
    }

    #[test]
    fn almost_nothing_is_still_an_answer() {
        let empty: RestorePointCollection =
            serde_json::from_value(json!({"tags": null, "properties": {"source": null}})).unwrap();
        assert_eq!(empty, RestorePointCollection::default());
        let empty: RestorePoint = serde_json::from_value(json!({})).unwrap();
        assert_eq!(empty, RestorePoint::default());
    }

    #[test]
    fn a_copy_knows_its_source() {
        let copy: RestorePoint = serde_json::from_value(json!({
            "name": "copy",
            "properties": {
                "provisioningState": "succeeded",
                "sourceRestorePoint": {"id": "/source"},
                "internalData": {"isIncremental": true}
            }
        }))
        .unwrap();
        assert_eq!(copy.source_restore_point_id(), Some("/source"));
        assert!(copy.is_provisioning_state("Succeeded"));
        assert!(!copy.is_provisioning_state("Failed"));
        assert_eq!(RestorePoint::default().source_restore_point_id(), None);
    }
}
