//! A restore point collection, and how it looks in an answer.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::restore_point::RestorePoint;
use crate::route::CollectionId;

/// A restore point collection: of a VM, or of another collection whose points are copied to it.
#[derive(Debug)]
pub(crate) struct Collection {
    pub(crate) id: CollectionId,
    pub(crate) location: String,
    /// `None` if none were ever given: the recorded answers then have no `tags` at all.
    pub(crate) tags: Option<Map<String, Value>>,
    pub(crate) source_id: String,
    pub(crate) source_location: String,
    pub(crate) unique_id: Uuid,
    pub(crate) instant_access: Option<bool>,
    pub(crate) restore_points: Vec<RestorePoint>,
    /// When its deletion takes effect, once it has been asked for.
    pub(crate) deleted: Option<OffsetDateTime>,
    /// When each copy into it began, for the limit of copies an hour.
    pub(crate) copies_begun: Vec<OffsetDateTime>,
}

impl Collection {
    pub(crate) fn restore_point(&self, name: &str) -> Option<&RestorePoint> {
        self.restore_points
            .iter()
            .find(|point| point.name.eq_ignore_ascii_case(name))
    }

    /// The resource as answers show it.
    pub(crate) fn body(&self) -> Value {
        let mut properties = json!({
            "source": { "location": self.source_location, "id": self.source_id },
            "restorePointCollectionId": self.unique_id.to_string(),
            // Assumed: `Deleting` until the deletion has ended. Azure's examples show the
            // value, no recording looks at that moment.
            "provisioningState": if self.deleted.is_some() { "Deleting" } else { "Succeeded" },
        });
        if let Some(instant_access) = self.instant_access {
            properties["instantAccess"] = json!(instant_access);
        }
        let mut body = json!({
            "name": self.id.name,
            "id": self.id.path(),
            "type": "Microsoft.Compute/restorePointCollections",
            "location": self.location,
            "properties": properties,
        });
        if let Some(tags) = &self.tags {
            body["tags"] = Value::Object(tags.clone());
        }
        body
    }
}
