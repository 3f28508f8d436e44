//! The body of a copy's PUT, read strictly.

use serde_json::{Value, json};

use super::budget;
use super::fields::Fields;
use crate::exchange::{Answer, Incoming};
use crate::settings::CopyKeys;

const PLATFORM_KEY: &str = "EncryptionAtRestWithPlatformKey";
const CUSTOMER_KEYS: [&str; 2] = [
    "EncryptionAtRestWithCustomerKey",
    "EncryptionAtRestWithPlatformAndCustomerKeys",
];

/// What a copy is asked for with: its source, and how its disks are to be encrypted.
#[derive(Clone, Debug)]
pub(crate) struct CopyRequest {
    pub(crate) source_id: String,
    /// Source disk restore points, and the encryption wanted for their copies.
    pub(crate) encryptions: Vec<(String, Value)>,
    /// The whole `properties` as sent.
    pub(crate) properties: Value,
}

impl CopyRequest {
    /// A copy of this source that says nothing of encryption.
    pub(crate) fn of(source_id: &str) -> Self {
        Self {
            source_id: source_id.to_owned(),
            encryptions: Vec::new(),
            properties: json!({ "sourceRestorePoint": { "id": source_id } }),
        }
    }

    pub(crate) fn read(request: &Incoming) -> Result<Self, Answer> {
        let fields = Fields::of_body(request, &["properties"])?;
        let properties = fields.object("properties", &["sourceRestorePoint", "sourceMetadata"])?;
        let source = properties.object("sourceRestorePoint", &["id"])?;
        let storage_profile = properties
            .object("sourceMetadata", &["storageProfile"])?
            .object("storageProfile", &["osDisk", "dataDisks"])?;
        let mut disks = storage_profile.objects("dataDisks", &["diskRestorePoint"])?;
        if storage_profile.contains("osDisk") {
            disks.push(storage_profile.object("osDisk", &["diskRestorePoint"])?);
        }
        let encryptions = disks
            .iter()
            .map(encryption)
            .collect::<Result<Vec<_>, Answer>>()?;
        // Azure makes restore points of VMs by the same PUT. Here they are seeded.
        let source_id = source.string("id")?.ok_or_else(|| {
            Answer::unexpected(
                400,
                "InvalidParameter",
                "Required parameter 'properties.sourceRestorePoint.id' is missing (null). The simulator makes copies only.",
            )
        })?;
        Ok(Self {
            source_id: source_id.to_owned(),
            encryptions,
            properties: properties.into_value(),
        })
    }

    /// How the copy of this disk restore point will be encrypted, where the source is encrypted
    /// like that.
    ///
    /// Assumed, whichever it is: see [`CopyKeys`].
    pub(crate) fn encryption_of(
        &self,
        source_disk_restore_point: &str,
        of_source: &Value,
        copy_keys: CopyKeys,
    ) -> Value {
        let asked = self
            .encryptions
            .iter()
            .find(|(id, _)| id.eq_ignore_ascii_case(source_disk_restore_point));
        match (copy_keys, asked) {
            (CopyKeys::AsAsked | CopyKeys::OfSource, Some((_, encryption))) => encryption.clone(),
            (CopyKeys::OfSource, None) => of_source.clone(),
            (CopyKeys::AsAsked, None) | (CopyKeys::Platform, _) => json!({ "type": PLATFORM_KEY }),
        }
    }

    /// The disk encryption sets that are asked for.
    pub(crate) fn encryption_sets(&self) -> impl Iterator<Item = &str> {
        let sets = self.encryptions.iter();
        sets.filter_map(|(_, encryption)| encryption["diskEncryptionSet"]["id"].as_str())
    }
}

/// The disk that is meant, and its encryption, in the fields that Azure's own command line sends.
///
/// Assumed: the refusals of keys that do not fit the type, and of what is no disk encryption set.
fn encryption(disk: &Fields) -> Result<(String, Value), Answer> {
    let point = disk.object(
        "diskRestorePoint",
        &["sourceDiskRestorePoint", "encryption"],
    )?;
    let source = point.object("sourceDiskRestorePoint", &["id"])?;
    let id = source.string("id")?.ok_or_else(|| {
        invalid(
            "Required parameter 'diskRestorePoint.sourceDiskRestorePoint.id' is missing (null).",
        )
    })?;
    let encryption = point.object("encryption", &["type", "diskEncryptionSet"])?;
    let encryption_set = encryption.object("diskEncryptionSet", &["id"])?;
    let set = encryption_set.string("id")?;
    if let Some(set) = set
        && !set
            .to_ascii_lowercase()
            .contains("/providers/microsoft.compute/diskencryptionsets/")
    {
        return Err(invalid(&format!(
            "'{set}' is not the id of a disk encryption set."
        )));
    }
    let has_set = set.is_some();
    match encryption.string("type")? {
        None | Some(PLATFORM_KEY) if has_set => {
            return Err(invalid(
                "A disk encryption set needs an encryption type with customer keys.",
            ));
        }
        None | Some(PLATFORM_KEY) => {}
        Some(kind) if CUSTOMER_KEYS.contains(&kind) && has_set => {}
        Some(kind) if CUSTOMER_KEYS.contains(&kind) => {
            return Err(invalid(&format!(
                "The encryption type '{kind}' needs a disk encryption set."
            )));
        }
        Some(kind) => return Err(invalid(&format!("'{kind}' is not an encryption type."))),
    }
    let mut value = encryption.into_value();
    if value["type"].is_null() {
        value["type"] = json!(PLATFORM_KEY);
    }
    Ok((id.to_owned(), value))
}

fn invalid(message: &str) -> Answer {
    Answer::error(400, "InvalidParameter", message, budget::PUT_RESTORE_POINT)
}
