//! The virtual machine as it was when the restore point was taken.
//!
//! User data, custom data, passwords and keys of the machine are not read.

use serde::Deserialize;

use super::ApiEntityReference;
use super::lenient::null_as_default;

/// The virtual machine as it was.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SourceMetadata {
    /// Azure's own id of the virtual machine.
    pub vm_id: Option<String>,
    /// Location of the virtual machine, also in a copy.
    pub location: Option<String>,
    /// V1 or V2.
    #[serde(rename = "hyperVGeneration")]
    pub hyper_v_generation: Option<String>,
    /// The licence brought along, for example Windows_Server.
    pub license_type: Option<String>,
    /// Size.
    #[serde(deserialize_with = "null_as_default")]
    pub hardware_profile: HardwareProfile,
    /// Disks.
    #[serde(deserialize_with = "null_as_default")]
    pub storage_profile: StorageProfile,
    /// Operating system.
    #[serde(deserialize_with = "null_as_default")]
    pub os_profile: OsProfile,
    /// Trusted launch and the like.
    #[serde(deserialize_with = "null_as_default")]
    pub security_profile: SecurityProfile,
}

/// The size of the virtual machine.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HardwareProfile {
    /// For example `Standard_DS1_v2`.
    pub vm_size: Option<String>,
}

/// The operating system of the virtual machine.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OsProfile {
    /// Host name.
    pub computer_name: Option<String>,
}

/// The security settings of the virtual machine.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecurityProfile {
    /// TrustedLaunch or ConfidentialVM; absent for a standard machine.
    pub security_type: Option<String>,
    /// Firmware settings.
    #[serde(deserialize_with = "null_as_default")]
    pub uefi_settings: UefiSettings,
}

/// The firmware settings of the virtual machine.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UefiSettings {
    /// Secure boot.
    pub secure_boot_enabled: Option<bool>,
    /// Virtual trusted platform module.
    pub v_tpm_enabled: Option<bool>,
}

/// The disks of the virtual machine.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StorageProfile {
    /// The disk with the operating system.
    pub os_disk: Option<SourceOsDisk>,
    /// The other disks.
    #[serde(deserialize_with = "null_as_default")]
    pub data_disks: Vec<SourceDataDisk>,
    /// SCSI or NVMe.
    pub disk_controller_type: Option<String>,
}

/// The disk with the operating system.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SourceOsDisk {
    /// Linux or Windows.
    pub os_type: Option<String>,
    /// Name of the disk.
    pub name: Option<String>,
    /// None, ReadOnly or ReadWrite.
    pub caching: Option<String>,
    /// Size in GiB.
    #[serde(rename = "diskSizeGB")]
    pub disk_size_gb: Option<i64>,
    /// The disk itself.
    pub managed_disk: Option<ManagedDisk>,
    /// Its restore point; absent until the restore point is made.
    pub disk_restore_point: Option<DiskRestorePointAttributes>,
    /// Write accelerator.
    pub write_accelerator_enabled: Option<bool>,
}

/// A data disk.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SourceDataDisk {
    /// Logical unit number.
    pub lun: Option<i64>,
    /// Name of the disk.
    pub name: Option<String>,
    /// None, ReadOnly or ReadWrite.
    pub caching: Option<String>,
    /// Size in GiB.
    #[serde(rename = "diskSizeGB")]
    pub disk_size_gb: Option<i64>,
    /// The disk itself.
    pub managed_disk: Option<ManagedDisk>,
    /// Its restore point; absent until the restore point is made.
    pub disk_restore_point: Option<DiskRestorePointAttributes>,
    /// Write accelerator.
    pub write_accelerator_enabled: Option<bool>,
}

/// A managed disk.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ManagedDisk {
    /// Resource id.
    pub id: Option<String>,
    /// For example `Premium_LRS`.
    pub storage_account_type: Option<String>,
}

/// The restore point of one disk.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DiskRestorePointAttributes {
    /// Resource id.
    pub id: Option<String>,
    /// How it is encrypted.
    pub encryption: Option<DiskRestorePointEncryption>,
    /// The disk restore point that this one is a copy of.
    pub source_disk_restore_point: Option<ApiEntityReference>,
}

/// How a disk restore point is encrypted.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DiskRestorePointEncryption {
    /// For example `EncryptionAtRestWithPlatformKey`.
    #[serde(rename = "type")]
    pub encryption_type: Option<String>,
    /// The disk encryption set with the customer's key.
    pub disk_encryption_set: Option<ApiEntityReference>,
}

impl DiskRestorePointAttributes {
    /// Whether it is encrypted with a key of the customer's, alone or beside one of the platform's.
    pub fn has_customer_key(&self) -> bool {
        let encryption = self.encryption.as_ref();
        let kind = encryption.and_then(|encryption| encryption.encryption_type.as_deref());
        kind.is_some_and(|kind| kind.to_ascii_lowercase().contains("customer"))
    }
}

impl StorageProfile {
    /// Name and disk restore point of every disk, the one with the operating system first.
    pub fn disks(
        &self,
    ) -> impl Iterator<Item = (Option<&str>, Option<&DiskRestorePointAttributes>)> {
        let os_disk = self.os_disk.iter();
        let os_disk = os_disk.map(|disk| (disk.name.as_deref(), disk.disk_restore_point.as_ref()));
        let data_disks = self.data_disks.iter();
        os_disk
            .chain(data_disks.map(|disk| (disk.name.as_deref(), disk.disk_restore_point.as_ref())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_part_of_the_machine_is_read() {
        let machine: SourceMetadata = serde_json::from_value(json!({
            "vmId": "7b",
            "location": "westus",
            "hyperVGeneration": "V2",
            "licenseType": "Windows_Server",
            "userData": "c2VjcmV0",
            "hardwareProfile": {"vmSize": "Standard_DS1_v2"},
            "securityProfile": {
                "securityType": "TrustedLaunch",
                "uefiSettings": {"secureBootEnabled": true, "vTpmEnabled": false}
            },
            "osProfile": {"computerName": "web", "adminUsername": "admin", "secrets": []},
            "storageProfile": {
                "diskControllerType": "NVMe",
                "osDisk": {
                    "osType": "Linux",
                    "name": "os",
                    "caching": "ReadWrite",
                    "diskSizeGB": 30,
                    "managedDisk": {"id": "/disks/os", "storageAccountType": "Premium_LRS"},
                    "diskRestorePoint": {
                        "id": "/drp/os",
                        "encryption": {
                            "type": "EncryptionAtRestWithCustomerKey",
                            "diskEncryptionSet": {"id": "/set"}
                        },
                        "sourceDiskRestorePoint": {"id": "/drp/source"}
                    }
                },
                "dataDisks": [{"lun": 3, "name": "data", "writeAcceleratorEnabled": true}]
            }
        }))
        .unwrap();
        assert_eq!(machine.hyper_v_generation.as_deref(), Some("V2"));
        assert_eq!(
            machine.security_profile.uefi_settings.v_tpm_enabled,
            Some(false)
        );
        let storage = &machine.storage_profile;
        assert_eq!(storage.data_disks[0].lun, Some(3));
        assert_eq!(storage.os_disk.as_ref().unwrap().disk_size_gb, Some(30));
        let names: Vec<_> = storage.disks().map(|(name, _)| name).collect();
        assert_eq!(names, [Some("os"), Some("data")]);
        let (_, point) = storage.disks().next().unwrap();
        let encryption = point.unwrap().encryption.as_ref().unwrap();
        let set = encryption.disk_encryption_set.as_ref().unwrap();
        assert_eq!(set.id.as_deref(), Some("/set"));
        assert!(point.unwrap().has_customer_key());
        assert!(!DiskRestorePointAttributes::default().has_customer_key());
        assert!(!format!("{machine:?}").contains("c2VjcmV0"));
    }
}
