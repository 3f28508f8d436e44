//! Disk restore points: the snapshots of the disks behind a restore point.

use serde::Deserialize;

use super::models::null_as_default;
use crate::arm::error::Error;
use crate::arm::page::Pages;
use crate::arm::patience::Patience;
use crate::arm::resource_id::{DiskRestorePointId, RestorePointId};
use crate::arm::transport::Client;

/// The version of the API of disks, which goes its own way beside that of machines.
pub(super) const API_VERSION: &str = "2024-03-02";

/// A disk restore point.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DiskRestorePoint {
    /// Name.
    pub name: Option<String>,
    /// Everything else.
    #[serde(deserialize_with = "null_as_default")]
    pub properties: DiskRestorePointProperties,
}

/// The properties of a disk restore point.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DiskRestorePointProperties {
    /// AllowAll, AllowPrivate or DenyAll.
    pub network_access_policy: Option<String>,
    /// The disk access resource of a private link.
    pub disk_access_id: Option<String>,
    /// How a copied disk has replicated; Azure gives `Succeeded` and, it seems, others.
    pub replication_state: Option<String>,
    /// How far a copied disk is, from 0 to 100.
    pub completion_percent: Option<f64>,
}

impl DiskRestorePoint {
    /// Whether the snapshot can be read through a private link only, which rules a copy out.
    pub fn is_private(&self) -> bool {
        let properties = &self.properties;
        let policy = properties.network_access_policy.as_deref();
        properties.disk_access_id.is_some()
            || policy.is_some_and(|policy| policy.eq_ignore_ascii_case("AllowPrivate"))
    }
}

impl DiskRestorePointProperties {
    /// How far a copied disk is, while it is not wholly there.
    pub fn unfinished(&self) -> Option<String> {
        let state = self.replication_state.as_deref()?;
        if state.eq_ignore_ascii_case("Succeeded") {
            return None;
        }
        Some(match self.completion_percent {
            Some(percent) => format!("{state}, {percent:.0} %"),
            None => state.to_owned(),
        })
    }
}

/// The disk restore points of a restore point.
///
/// # Errors
/// Any [`Error`]; reading them takes a permission of its own.
pub async fn list(
    client: &Client,
    id: &RestorePointId,
    patience: &Patience,
) -> Result<Vec<DiskRestorePoint>, Error> {
    let path = format!("{}/diskRestorePoints", id.path());
    Pages::new(client.url(&path, API_VERSION, None))
        .all(client, patience)
        .await
}

/// One disk restore point.
///
/// # Errors
/// Any [`Error`]; reading it takes a permission of its own.
pub async fn get(
    client: &Client,
    id: &DiskRestorePointId,
    patience: &Patience,
) -> Result<DiskRestorePoint, Error> {
    let url = client.url(&id.path(), API_VERSION, None);
    Ok(client.get(url, patience).await?.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_private_link_shows_in_either_field() {
        #[track_caller]
        fn check(properties: serde_json::Value, expected: bool) {
            let point: DiskRestorePoint =
                serde_json::from_value(json!({"name": "os", "properties": properties})).unwrap();
            assert_eq!(point.is_private(), expected);
        }
        check(json!({"networkAccessPolicy": "allowprivate"}), true);
        check(json!({"diskAccessId": "/access"}), true);
        check(json!({"networkAccessPolicy": "AllowAll"}), false);
        check(json!({"networkAccessPolicy": "DenyAll"}), false);
        check(json!(null), false);
    }
}
