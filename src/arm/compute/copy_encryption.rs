//! How the copies of disks are to be encrypted, in the request that makes a copy.
//!
//! The fields are those that Azure's own command line sends: each disk is named by its disk restore
//! point in the source.

use serde_json::{Map, Value, json};

/// What is asked of the copies of the disks of one restore point. Disks that are not named are
/// Azure's to encrypt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CopyEncryption {
    /// The disk with the operating system.
    pub os_disk: Option<DiskCopyEncryption>,
    /// The other disks.
    pub data_disks: Vec<DiskCopyEncryption>,
}

/// What is asked of the copy of one disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskCopyEncryption {
    /// The id of the disk restore point in the source.
    pub source_disk_restore_point_id: String,
    /// One of Azure's types, such as `EncryptionAtRestWithCustomerKey`.
    pub encryption_type: String,
    /// The id of the disk encryption set, for the types with a key of the customer's.
    pub disk_encryption_set_id: Option<String>,
}

impl CopyEncryption {
    /// The `storageProfile` of the request; `None` where nothing is asked.
    pub(super) fn storage_profile(&self) -> Option<Value> {
        let mut profile = Map::new();
        if let Some(disk) = &self.os_disk {
            profile.insert("osDisk".to_owned(), disk.to_json());
        }
        if !self.data_disks.is_empty() {
            let disks = self.data_disks.iter().map(DiskCopyEncryption::to_json);
            profile.insert("dataDisks".to_owned(), disks.collect());
        }
        (!profile.is_empty()).then(|| profile.into())
    }
}

impl DiskCopyEncryption {
    fn to_json(&self) -> Value {
        let mut encryption = json!({ "type": self.encryption_type });
        if let Some(id) = &self.disk_encryption_set_id {
            encryption["diskEncryptionSet"] = json!({ "id": id });
        }
        json!({ "diskRestorePoint": {
            "sourceDiskRestorePoint": { "id": self.source_disk_restore_point_id },
            "encryption": encryption,
        }})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_asked_is_in_the_request() {
        let disk = |id: &str, kind: &str, set: Option<&str>| DiskCopyEncryption {
            source_disk_restore_point_id: id.to_owned(),
            encryption_type: kind.to_owned(),
            disk_encryption_set_id: set.map(str::to_owned),
        };
        let customer = disk("/drp/os", "EncryptionAtRestWithCustomerKey", Some("/set"));
        let platform = disk("/drp/data", "EncryptionAtRestWithPlatformKey", None);
        let customer_json = json!({"diskRestorePoint": {
            "sourceDiskRestorePoint": {"id": "/drp/os"},
            "encryption": {
                "type": "EncryptionAtRestWithCustomerKey",
                "diskEncryptionSet": {"id": "/set"}
            }
        }});
        let platform_json = json!({"diskRestorePoint": {
            "sourceDiskRestorePoint": {"id": "/drp/data"},
            "encryption": {"type": "EncryptionAtRestWithPlatformKey"}
        }});
        let both = CopyEncryption {
            os_disk: Some(customer.clone()),
            data_disks: vec![platform.clone()],
        };
        assert_eq!(
            both.storage_profile(),
            Some(json!({"osDisk": customer_json, "dataDisks": [platform_json]}))
        );
        let one = CopyEncryption {
            os_disk: None,
            data_disks: vec![platform],
        };
        assert_eq!(
            one.storage_profile(),
            Some(json!({"dataDisks": [platform_json]}))
        );
        assert_eq!(CopyEncryption::default().storage_profile(), None);
    }
}
