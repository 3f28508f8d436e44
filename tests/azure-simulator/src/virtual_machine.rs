//! The VM behind a seeded restore point, as a restore point remembers it.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::arm::collection::Collection;
use crate::arm::restore_point::disks_mut;
use crate::seed::SourceRestorePoint;

/// What the VM was handed at its first boot, in base64. Azure keeps it in every restore point
/// and every copy; nothing that a client shows, logs or stores may contain it.
pub const CUSTOM_DATA: &str = "IyEvYmluL3NoCmV4cG9ydCBEQVRBQkFTRV9QQVNTV09SRD1odW50ZXIyCg==";

/// The metadata of a VM with these disks, the OS disk first; by default one and two data disks.
pub(crate) fn metadata(collection: &Collection, disks: Option<&[String]>) -> Value {
    let name = collection.source_id.rsplit('/').next().unwrap_or_default();
    let usual = ["os", "data-0", "data-1"].map(|disk| format!("{name}-{disk}"));
    let disks = disks.unwrap_or(&usual);
    let provider = collection
        .source_id
        .split("/virtualMachines/")
        .next()
        .unwrap_or_default();
    let disk_id = |disk: &str| format!("{provider}/disks/{disk}");
    let os_disk = disks.first().map(|disk| {
        json!({
            "osType": "Linux",
            "name": disk,
            "diskSizeGB": 64,
            "caching": "ReadWrite",
            "managedDisk": { "storageAccountType": "Premium_LRS", "id": disk_id(disk) },
            "writeAcceleratorEnabled": false,
        })
    });
    let data_disks: Vec<Value> = disks
        .iter()
        .skip(1)
        .enumerate()
        .map(|(lun, disk)| {
            json!({
                "lun": lun,
                "name": disk,
                "diskSizeGB": 256,
                "caching": "ReadOnly",
                "managedDisk": { "storageAccountType": "Premium_LRS", "id": disk_id(disk) },
                "writeAcceleratorEnabled": false,
            })
        })
        .collect();
    json!({
        "vmId": virtual_machine_id(collection),
        "location": collection.source_location,
        "hardwareProfile": { "vmSize": "Standard_D4ds_v5" },
        "storageProfile": {
            "osDisk": os_disk,
            "dataDisks": data_disks,
            "diskControllerType": "SCSI",
        },
        "osProfile": {
            "computerName": name,
            "adminUsername": "operator",
            "customData": CUSTOM_DATA,
            "linuxConfiguration": {
                "disablePasswordAuthentication": true,
                "ssh": { "publicKeys": [{
                    "path": "/home/operator/.ssh/authorized_keys",
                    "keyData": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFlAbW0zUTNxbkZ5cGp2d2ZtU2ltdWxhdG9yS2V5 operator",
                }]},
                "provisionVMAgent": true,
                "patchSettings": { "patchMode": "ImageDefault", "assessmentMode": "ImageDefault" },
                "enableVMAgentPlatformUpdates": false,
            },
            "secrets": [],
            "allowExtensionOperations": true,
            "requireGuestProvisionSignal": true,
        },
        "diagnosticsProfile": { "bootDiagnostics": { "enabled": true } },
        "licenseType": "RHEL_BYOS",
        "securityProfile": {
            "securityType": "TrustedLaunch",
            "uefiSettings": { "secureBootEnabled": true, "vTpmEnabled": true },
        },
        "hyperVGeneration": "V2",
    })
}

/// Describes what protects the VM and its disks, in the fields that VMs have for it.
pub(crate) fn protect(source_metadata: &mut Value, seed: &SourceRestorePoint) {
    if seed.is_confidential {
        source_metadata["securityProfile"]["securityType"] = json!("ConfidentialVM");
        source_metadata["storageProfile"]["osDisk"]["managedDisk"]["securityProfile"] =
            json!({ "securityEncryptionType": "DiskWithVMGuestState" });
    }
    if let Some(id) = &seed.encryption_set {
        for disk in disks_mut(source_metadata) {
            disk["managedDisk"]["diskEncryptionSet"] = json!({ "id": id });
        }
    }
}

/// The points of one collection are of one VM.
fn virtual_machine_id(collection: &Collection) -> Value {
    collection.restore_points.first().map_or_else(
        || json!(Uuid::new_v4().to_string()),
        |point| point.source_metadata["vmId"].clone(),
    )
}
