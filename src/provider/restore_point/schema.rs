//! The attributes of a restore point, wherever one is shown.

use crate::plugin::schema::{Attribute, Nesting};
use crate::plugin::value::Type;

/// What Azure gives of a copy.
pub(crate) fn computed() -> Vec<Attribute> {
    with_disks(disk())
}

/// The same, with these attributes of each disk.
pub(crate) fn with_disks(disk: Vec<Attribute>) -> Vec<Attribute> {
    let text = |name, description: &str| {
        Attribute::computed(name, Type::String)
            .use_state_for_unknown()
            .description(description)
    };
    let flag = |name, description: &str| {
        Attribute::computed(name, Type::Bool)
            .use_state_for_unknown()
            .description(description)
    };
    vec![
        text("computer_name", "The computer name of the VM."),
        text(
            "consistency_mode",
            "How consistent the restore point is, such as `ApplicationConsistent`.",
        ),
        Attribute::computed_nested("data_disks", Nesting::List, disk.clone())
            .use_state_for_unknown()
            .description("The data disks, by `lun`."),
        text(
            "disk_controller_type",
            "The disk controller type of the VM, such as `SCSI` or `NVMe`.",
        ),
        text(
            "hyper_v_generation",
            "The Hyper-V generation of the VM, `V1` or `V2`.",
        ),
        text("id", "The ID of the copy."),
        text("license_type", "The license type of the VM."),
        Attribute::computed_nested("os_disk", Nesting::Single, disk)
            .use_state_for_unknown()
            .description("The operating system disk."),
        text(
            "provisioning_state",
            "Azure's provisioning state. `Succeeded` only means that the copy has begun.",
        ),
        text(
            "replication_id",
            "Identifies this very copy: the ID of the restore point and a digest of its disk restore points. It \
             changes whenever the copy is made anew.",
        ),
        text(
            "replication_state",
            "`Replicating`, `Succeeded`, `Failed` or `Unknown`.",
        ),
        flag("secure_boot_enabled", "Whether the VM uses secure boot."),
        text(
            "security_type",
            "The security type of the VM, such as `TrustedLaunch`.",
        ),
        text(
            "time_created",
            "When the source restore point was created, in RFC 3339 and UTC.",
        ),
        flag(
            "usable",
            "Whether every disk has replicated, so that the copy can restore a VM.",
        ),
        text("vm_id", "Azure's unique ID of the VM."),
        text("vm_size", "The size of the VM, such as `Standard_D4s_v5`."),
        flag("vtpm_enabled", "Whether the VM has a virtual TPM."),
    ]
}

/// A disk of a copy, whether the copy or a wait for it shows it.
pub(crate) fn disk() -> Vec<Attribute> {
    let computed =
        |name, ty, description: &str| Attribute::computed(name, ty).description(description);
    vec![
        computed("caching", Type::String, "The caching of the disk."),
        computed(
            "disk_encryption_set_id",
            Type::String,
            "The ID of the disk encryption set of the copied disk.",
        ),
        computed(
            "disk_restore_point_id",
            Type::String,
            "The ID of the disk restore point: the source of a new disk.",
        ),
        computed(
            "encryption_type",
            Type::String,
            "How the copied disk is encrypted.",
        ),
        computed(
            "lun",
            Type::Number,
            "The logical unit number of a data disk.",
        ),
        computed(
            "managed_disk_id",
            Type::String,
            "The ID of the disk that was backed up.",
        ),
        computed("name", Type::String, "The name of the disk."),
        computed(
            "os_type",
            Type::String,
            "The operating system of an operating system disk.",
        ),
        computed(
            "replication_state",
            Type::String,
            "`Replicating`, `Succeeded`, `Failed` or `Unknown`.",
        ),
        computed("size_gb", Type::Number, "The size of the disk in GB."),
        computed(
            "source_disk_restore_point_id",
            Type::String,
            "The ID of the disk restore point that was copied.",
        ),
        computed(
            "storage_account_type",
            Type::String,
            "The storage type of the disk, such as `Premium_LRS`.",
        ),
        computed(
            "write_accelerator_enabled",
            Type::Bool,
            "Whether the write accelerator is on.",
        ),
    ]
}
