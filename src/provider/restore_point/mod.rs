//! Between Azure's restore points and Terraform's values of them, wherever one is shown.

pub(crate) mod schema;
pub(crate) mod words;

use sha2::{Digest, Sha256};

use crate::arm::compute::models::{
    DiskRestorePointAttributes, ManagedDisk, RestorePoint, SourceDataDisk, SourceOsDisk,
    rfc3339_utc,
};
use crate::arm::compute::replication::{Replication, ReplicationState, replication};
use crate::arm::resource_id::RestorePointId;
use crate::plugin::value::Value;

/// Whether the copy can restore a VM.
pub(crate) fn is_usable(found: &RestorePoint) -> bool {
    replication(found).state == ReplicationState::Succeeded
}

/// Every attribute that Azure gives, but for the outcome of our own wait.
pub(crate) fn computed(id: &RestorePointId, found: &RestorePoint) -> Value {
    let properties = &found.properties;
    let machine = &properties.source_metadata;
    let storage = &machine.storage_profile;
    let firmware = &machine.security_profile.uefi_settings;
    let replication = replication(found);
    let state_of =
        |point: &Option<DiskRestorePointAttributes>| disk_state(&replication, point.as_ref());

    let mut data_disks: Vec<&SourceDataDisk> = storage.data_disks.iter().collect();
    data_disks.sort_by_key(|disk| disk.lun);
    let data_disks = data_disks
        .into_iter()
        .map(|disk| data_disk(disk, state_of(&disk.disk_restore_point)));
    let os_disk = storage
        .os_disk
        .as_ref()
        .map(|disk| os_disk(disk, state_of(&disk.disk_restore_point)));

    Value::object([
        ("id", Value::from(id.to_string())),
        (
            "computer_name",
            Value::string(machine.os_profile.computer_name.as_deref()),
        ),
        (
            "consistency_mode",
            Value::string(properties.consistency_mode.as_deref()),
        ),
        ("data_disks", Value::List(data_disks.collect())),
        (
            "disk_controller_type",
            Value::string(storage.disk_controller_type.as_deref()),
        ),
        (
            "hyper_v_generation",
            Value::string(machine.hyper_v_generation.as_deref()),
        ),
        (
            "license_type",
            Value::string(machine.license_type.as_deref()),
        ),
        ("os_disk", os_disk.unwrap_or_default()),
        (
            "provisioning_state",
            Value::string(properties.provisioning_state.as_deref()),
        ),
        ("replication_id", replication_id(id, found)),
        ("replication_state", replication.state.as_str().into()),
        (
            "secure_boot_enabled",
            Value::bool(firmware.secure_boot_enabled),
        ),
        (
            "security_type",
            Value::string(machine.security_profile.security_type.as_deref()),
        ),
        (
            "time_created",
            Value::string(properties.time_created.as_deref().and_then(rfc3339_utc)),
        ),
        (
            "usable",
            Value::Bool(replication.state == ReplicationState::Succeeded),
        ),
        ("vm_id", Value::string(machine.vm_id.as_deref())),
        (
            "vm_size",
            Value::string(machine.hardware_profile.vm_size.as_deref()),
        ),
        ("vtpm_enabled", Value::bool(firmware.v_tpm_enabled)),
    ])
}

fn os_disk(disk: &SourceOsDisk, state: Value) -> Value {
    let mut value = disk_value(disk.managed_disk.as_ref(), disk.disk_restore_point.as_ref());
    value.insert("caching", Value::string(disk.caching.as_deref()));
    value.insert("lun", Value::Null);
    value.insert("name", Value::string(disk.name.as_deref()));
    value.insert("os_type", Value::string(disk.os_type.as_deref()));
    value.insert("replication_state", state);
    value.insert("size_gb", Value::integer(disk.disk_size_gb));
    value.insert(
        "write_accelerator_enabled",
        Value::bool(disk.write_accelerator_enabled),
    );
    value
}

fn data_disk(disk: &SourceDataDisk, state: Value) -> Value {
    let mut value = disk_value(disk.managed_disk.as_ref(), disk.disk_restore_point.as_ref());
    value.insert("caching", Value::string(disk.caching.as_deref()));
    value.insert("lun", Value::integer(disk.lun));
    value.insert("name", Value::string(disk.name.as_deref()));
    value.insert("os_type", Value::Null);
    value.insert("replication_state", state);
    value.insert("size_gb", Value::integer(disk.disk_size_gb));
    value.insert(
        "write_accelerator_enabled",
        Value::bool(disk.write_accelerator_enabled),
    );
    value
}

fn disk_value(disk: Option<&ManagedDisk>, point: Option<&DiskRestorePointAttributes>) -> Value {
    let encryption = point.and_then(|point| point.encryption.as_ref());
    let source = point.and_then(|point| point.source_disk_restore_point.as_ref());
    Value::object([
        ("disk_encryption_set_id", {
            let set = encryption.and_then(|encryption| encryption.disk_encryption_set.as_ref());
            Value::string(set.and_then(|set| set.id.as_deref()))
        }),
        (
            "disk_restore_point_id",
            Value::string(point.and_then(|point| point.id.as_deref())),
        ),
        ("encryption_type", {
            Value::string(encryption.and_then(|encryption| encryption.encryption_type.as_deref()))
        }),
        (
            "managed_disk_id",
            Value::string(disk.and_then(|disk| disk.id.as_deref())),
        ),
        (
            "source_disk_restore_point_id",
            Value::string(source.and_then(|source| source.id.as_deref())),
        ),
        (
            "storage_account_type",
            Value::string(disk.and_then(|disk| disk.storage_account_type.as_deref())),
        ),
    ])
}

fn disk_state(replication: &Replication, point: Option<&DiskRestorePointAttributes>) -> Value {
    let id = point.and_then(|point| point.id.as_deref());
    let disk = id.and_then(|id| {
        replication
            .disks
            .iter()
            .find(|disk| disk.disk_restore_point_id.eq_ignore_ascii_case(id))
    });
    disk.map_or(ReplicationState::Unknown, |disk| disk.state)
        .as_str()
        .into()
}

/// The id of the copy and a digest of its disk restore points' own ids, which
/// Azure makes anew with every copy. Null until Azure has made them.
pub(crate) fn replication_id(id: &RestorePointId, found: &RestorePoint) -> Value {
    let storage = &found.properties.source_metadata.storage_profile;
    let points: Option<Vec<String>> = storage
        .disks()
        .map(|(_, point)| Some(point?.id.as_deref()?.to_ascii_lowercase()))
        .collect();
    match points.filter(|points| !points.is_empty()) {
        Some(points) => format!("{id}#{}", digest(points)).into(),
        None => Value::Null,
    }
}

/// What tells the copy with these disk restore points, in lower case, from every other one.
pub(crate) fn digest(mut points: Vec<String>) -> String {
    points.sort();
    let digest = Sha256::digest(points.join("\n"));
    digest
        .iter()
        .take(DIGEST_BYTES)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Enough to tell two copies apart.
const DIGEST_BYTES: usize = 8;
