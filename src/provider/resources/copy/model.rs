//! Between Terraform's values of a copy and Azure's.

use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use crate::arm::compute::models::{
    DiskRestorePointAttributes, ManagedDisk, RestorePoint, SourceDataDisk, SourceOsDisk,
    rfc3339_utc,
};
use crate::arm::compute::replication::{Replication, ReplicationState, replication};
use crate::arm::resource_id::{ParseError, RestorePointCollectionId, RestorePointId};
use crate::plugin::diagnostics::Diagnostic;
use crate::plugin::value::{Path, Value};
use crate::provider::azapi::AzapiResource;
use crate::provider::equivalence::with_slash;

/// How the last wait for a copy ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WaitOutcome {
    /// Every disk has replicated.
    Completed,
    /// The timeout passed.
    TimedOut,
    /// Terraform asked to stop.
    Interrupted,
    /// Azure could not be asked any more.
    LostContact,
    /// Nobody waited.
    NotWaited,
}

impl WaitOutcome {
    /// As it stands in the state.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::TimedOut => "timed_out",
            Self::Interrupted => "interrupted",
            Self::LostContact => "lost_contact",
            Self::NotWaited => "not_waited",
        }
    }
}

/// The target and the source of a copy.
///
/// # Errors
/// On the argument that is missing or wrong.
pub(super) fn ids(planned_state: &Value) -> Result<(RestorePointId, RestorePointId), Diagnostic> {
    let target = target(planned_state)?;
    let argument = "source_restore_point_id";
    let source = RestorePointId::parse_strict(text(planned_state, argument))
        .map_err(|error| invalid(argument, &error))?;
    Ok((target, source))
}

/// The id that the arguments make.
///
/// # Errors
/// On the argument that is missing or wrong.
pub(super) fn target(planned_state: &Value) -> Result<RestorePointId, Diagnostic> {
    let argument = "restore_point_collection_id";
    let collection = RestorePointCollectionId::parse_strict(text(planned_state, argument))
        .map_err(|error| invalid(argument, &error))?;
    collection
        .restore_point(text(planned_state, "name"))
        .map_err(|error| invalid("name", &error))
}

fn text<'a>(state: &'a Value, argument: &str) -> &'a str {
    state.get(argument).as_str().unwrap_or_default()
}

fn invalid(argument: &str, error: &ParseError) -> Diagnostic {
    Diagnostic::error(format!("Invalid {argument}"), error.to_string())
        .at(Path::attribute(argument))
}

/// What a plan says of the copy that it makes, for the delete that makes room for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Successor {
    pub(super) id: RestorePointId,
    pub(super) source: RestorePointId,
}

impl Successor {
    /// The copy that a plan makes; `None` where the plan does not know it yet.
    pub(super) fn planned(planned_state: &Value) -> Option<Self> {
        let (id, source) = ids(planned_state).ok()?;
        Some(Self { id, source })
    }

    /// As the private data of a plan carries it.
    pub(super) fn to_json(&self) -> Json {
        json!({ "id": self.id.to_string(), "source": self.source.to_string() })
    }

    /// Reads it back; `None` for anything else.
    pub(super) fn of(json: &Json) -> Option<Self> {
        let id = |name| RestorePointId::parse(json.get(name)?.as_str()?).ok();
        Some(Self {
            id: id("id")?,
            source: id("source")?,
        })
    }
}

/// The id of the copy in a state.
///
/// # Errors
/// Where the state holds none.
pub(super) fn id_in_state(state: &Value) -> Result<RestorePointId, Diagnostic> {
    RestorePointId::parse(state.get("id").as_str().unwrap_or_default()).map_err(|error| {
        Diagnostic::error(
            "No restore point in the state",
            format!("The state of this resource holds no usable ID: {error}"),
        )
    })
}

/// The state of a copy of which nothing but the arguments is known.
pub(super) fn uncertain(planned_state: &Value, id: &RestorePointId) -> Value {
    let mut state = planned_state.clone();
    state.insert("id", id.to_string().into());
    state.without_unknowns()
}

/// The planned value with each unknown part replaced by the fresh one; null where there is none.
pub(in crate::provider::resources) fn fill(planned: &Value, fresh: &Value) -> Value {
    match planned {
        Value::Unknown => fresh.clone(),
        Value::Object(attributes) => Value::object(
            attributes
                .iter()
                .map(|(name, planned)| (name.clone(), fill(planned, fresh.get(name)))),
        ),
        Value::List(elements) => Value::List(
            elements
                .iter()
                .enumerate()
                .map(|(index, planned)| {
                    fill(planned, fresh.elements().get(index).unwrap_or(&Value::Null))
                })
                .collect(),
        ),
        known => known.clone(),
    }
    .without_unknowns()
}

/// The state of a copy as Azure has it now.
pub(super) fn refreshed(current_state: &Value, id: &RestorePointId, found: &RestorePoint) -> Value {
    let mut state = current_state.clone();
    if let Some(entries) = computed(id, found).entries() {
        for (name, value) in entries {
            state.insert(name, value.clone());
        }
    }
    state.insert("name", id.name().into());
    state.insert(
        "restore_point_collection_id",
        id.collection().to_string().into(),
    );
    state.insert(
        "source_restore_point_id",
        Value::string(found.source_restore_point_id().map(with_slash)),
    );

    let outcome = current_state.get("wait_outcome");
    let usable = is_usable(found);
    if outcome.is_null() {
        let outcome = if usable {
            WaitOutcome::Completed
        } else {
            WaitOutcome::NotWaited
        };
        state.insert("wait_outcome", outcome.as_str().into());
    } else if usable && outcome.as_str() != Some(WaitOutcome::NotWaited.as_str()) {
        state.insert("wait_outcome", WaitOutcome::Completed.as_str().into());
    }
    state
}

/// The least state from which the copy can be read, with the defaults of the arguments.
pub(super) fn imported(id: &RestorePointId) -> Value {
    Value::object([
        ("id", Value::from(id.to_string())),
        ("force_destroy", false.into()),
        ("on_timeout", "error".into()),
        ("wait_for_replication", true.into()),
    ])
}

/// What the state of another provider says of the copy, as far as it does: a read adds the rest.
///
/// # Errors
/// Where it is no restore point.
pub(super) fn moved(resource: &AzapiResource<'_>) -> Result<Value, Diagnostic> {
    let id = resource.id(RestorePointId::parse)?;
    let source = resource.property("/properties/sourceRestorePoint/id");
    let mut state = imported(&id);
    state.insert("name", id.name().into());
    state.insert(
        "restore_point_collection_id",
        id.collection().to_string().into(),
    );
    state.insert(
        "source_restore_point_id",
        Value::string(source.as_deref().map(with_slash)),
    );
    Ok(state)
}

/// Whether the copy can restore a VM.
pub(super) fn is_usable(found: &RestorePoint) -> bool {
    replication(found).state == ReplicationState::Succeeded
}

/// Every attribute that Azure gives, but for the outcome of our own wait.
pub(in crate::provider::resources) fn computed(id: &RestorePointId, found: &RestorePoint) -> Value {
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
        ("replication_state", state_name(replication.state).into()),
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
    state_name(disk.map_or(ReplicationState::Unknown, |disk| disk.state)).into()
}

fn state_name(state: ReplicationState) -> &'static str {
    match state {
        ReplicationState::Replicating => "Replicating",
        ReplicationState::Succeeded => "Succeeded",
        ReplicationState::Failed => "Failed",
        ReplicationState::Unknown => "Unknown",
    }
}

/// The id of the copy and a digest of its disk restore points' own ids, which
/// Azure makes anew with every copy. Null until Azure has made them.
pub(in crate::provider::resources) fn replication_id(
    id: &RestorePointId,
    found: &RestorePoint,
) -> Value {
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
pub(in crate::provider::resources) fn digest(mut points: Vec<String>) -> String {
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
