//! The encryption of copies: what is asked for, and whether Azure reports something else.
//!
//! Azure alone says how a copy is encrypted, so reads leave these arguments alone; and what it does
//! not say contradicts nothing.

mod arguments;
mod words;

use serde::{Deserialize, Serialize};

use crate::arm::Error;
use crate::arm::compute::copy_encryption::{CopyEncryption, DiskCopyEncryption};
use crate::arm::compute::models::{DiskRestorePointAttributes, RestorePoint};
use crate::plugin::diagnostics::Diagnostic;
use crate::plugin::value::{Path, Value};
use crate::provider::diagnose;
use crate::provider::equivalence::with_slash;

pub(crate) use arguments::{attributes, block, validate, validate_blocks};
pub(crate) use words::{
    customer_keys_left, differs, differs_in_mirror, exists_otherwise, imported_otherwise,
    is_there_otherwise, unaskable,
};

/// With a key of the platform's.
const PLATFORM_KEY: &str = "EncryptionAtRestWithPlatformKey";

/// With a key of the customer's: what a disk encryption set is usually for.
const CUSTOMER_KEY: &str = "EncryptionAtRestWithCustomerKey";

/// With a key of the customer's beside one of the platform's.
const BOTH_KEYS: &str = "EncryptionAtRestWithPlatformAndCustomerKeys";

/// The arguments, in the order in which they are told.
pub(crate) const ARGUMENTS: [&str; 3] = [SET, TYPE, DISKS];

const SET: &str = "disk_encryption_set_id";
const TYPE: &str = "encryption_type";
const DISKS: &str = "disk_encryption";
const DISK: &str = "source_disk_restore_point_id";

/// What is asked of a copy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Encryption {
    /// Of every disk that has no wish of its own.
    #[serde(skip_serializing_if = "Wish::is_nothing")]
    all: Wish,
    /// Of single disks, by their disk restore points in the source.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    disks: Vec<(String, Wish)>,
}

/// What is asked of a disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Wish {
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    set: Option<String>,
}

/// A disk that Azure encrypts otherwise than was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    disk: String,
    asked: Wish,
    found: Wish,
}

/// Why the wishes cannot be asked of the copy of this source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unaskable {
    /// The source has no such disk restore point.
    UnknownDisk(String),
    /// Azure does not show the disk restore points of the source.
    UnnamedDisks,
}

impl Wish {
    /// Of an object that has the two arguments or attributes.
    fn of(object: &Value) -> Self {
        let text = |name| object.get(name).as_str().map(str::to_owned);
        Self {
            encryption_type: text(TYPE),
            set: text(SET),
        }
    }

    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// The type to ask for: a set alone means the type that Azure's sets have unless told otherwise.
    fn encryption_type(&self) -> &str {
        self.encryption_type.as_deref().unwrap_or(CUSTOMER_KEY)
    }

    /// Whether Azure reports something else. Where only a set was asked for, its type is Azure's
    /// to say.
    fn is_contradicted_by(&self, found: &Self) -> bool {
        let Some(found_type) = found.encryption_type.as_deref() else {
            return false;
        };
        if self.is_nothing() {
            return false;
        }
        let has_other_type = match &self.encryption_type {
            Some(asked) => !asked.eq_ignore_ascii_case(found_type),
            None => found_type.eq_ignore_ascii_case(PLATFORM_KEY),
        };
        let has_other_set = matches!((&self.set, &found.set), (Some(asked), Some(found))
            if !same_id(asked, found));
        has_other_type || has_other_set
    }
}

impl Encryption {
    /// What a configuration or a state asks for. As long as not all of it is known, nothing is:
    /// what comes to be known may be meant for any disk.
    pub(crate) fn of(object: &Value) -> Self {
        let is_known = |name: &str| object.get(name).is_wholly_known();
        if !ARGUMENTS.into_iter().all(is_known) {
            return Self::default();
        }
        let blocks = object.get(DISKS).elements().iter();
        let mut disks: Vec<(String, Wish)> = blocks
            .filter_map(|block| Some((block.get(DISK).as_str()?.to_owned(), Wish::of(block))))
            .collect();
        disks.sort_by_key(|(id, _)| id.to_ascii_lowercase());
        Self {
            all: Wish::of(object),
            disks,
        }
    }

    /// Whether nothing is asked of any disk.
    pub(crate) fn is_nothing(&self) -> bool {
        self.all.is_nothing() && self.disks.is_empty()
    }

    /// The argument that a message about a refusal belongs to.
    fn argument(&self) -> Option<&'static str> {
        match self {
            asked if asked.is_nothing() => None,
            Self { all, .. } if all.set.is_some() => Some(SET),
            Self { disks, .. } if !disks.is_empty() => Some(DISKS),
            _ => Some(TYPE),
        }
    }

    /// A message about a refusal, on the argument at fault if Azure refuses the encryption.
    pub(crate) fn at_fault(&self, error: &Error, diagnostic: Diagnostic) -> Diagnostic {
        match self.argument() {
            Some(argument) if diagnose::is_of_encryption(error) => {
                diagnostic.at(Path::attribute(argument))
            }
            _ => diagnostic,
        }
    }

    /// What is asked of the copy of this disk restore point. A wish of its own stands alone.
    fn of_disk(&self, source_disk: Option<&str>) -> &Wish {
        let own = source_disk.and_then(|id| self.disks.iter().find(|(own, _)| same_id(own, id)));
        own.map_or(&self.all, |(_, wish)| wish)
    }

    /// What to ask of the copy of this source.
    ///
    /// # Errors
    /// [`Unaskable`] where the source has not got the disks that this takes.
    pub(crate) fn request(&self, source: &RestorePoint) -> Result<CopyEncryption, Unaskable> {
        let storage = &source.properties.source_metadata.storage_profile;
        let ids: Vec<&str> = storage
            .disks()
            .filter_map(|(_, point)| point?.id.as_deref())
            .collect();
        let is_unknown = |own: &str| !ids.iter().any(|id| same_id(own, id));
        if let Some((own, _)) = self.disks.iter().find(|(own, _)| is_unknown(own)) {
            return Err(Unaskable::UnknownDisk(own.clone()));
        }
        let of_disk = |point: &Option<DiskRestorePointAttributes>| {
            let id = point.as_ref().and_then(|point| point.id.as_deref());
            let wish = self.of_disk(id);
            if wish.is_nothing() {
                return Ok(None);
            }
            Ok(Some(DiskCopyEncryption {
                source_disk_restore_point_id: with_slash(id.ok_or(Unaskable::UnnamedDisks)?),
                encryption_type: wish.encryption_type().to_owned(),
                disk_encryption_set_id: wish.set.clone(),
            }))
        };
        let os_disk = storage.os_disk.as_ref();
        let os_disk = os_disk.map(|disk| of_disk(&disk.disk_restore_point));
        let data_disks = storage.data_disks.iter();
        let data_disks = data_disks.map(|disk| of_disk(&disk.disk_restore_point));
        Ok(CopyEncryption {
            os_disk: os_disk.transpose()?.flatten(),
            data_disks: data_disks
                .collect::<Result<Vec<_>, _>>()?
                .into_iter()
                .flatten()
                .collect(),
        })
    }

    /// Whether a disk of the source has a key of the customer's, and nothing is asked of its copy.
    pub(crate) fn leaves_customer_keys(&self, source: &RestorePoint) -> bool {
        let mut disks = source.properties.source_metadata.storage_profile.disks();
        disks.any(|(_, point)| {
            point.is_some_and(|point| {
                point.has_customer_key() && self.of_disk(point.id.as_deref()).is_nothing()
            })
        })
    }

    /// The disks that Azure encrypts otherwise, by the attributes of a copy. None of them where
    /// nothing is known.
    pub(crate) fn differences(&self, copy: &Value) -> Vec<Difference> {
        let os_disk = std::iter::once(copy.get("os_disk"));
        let data_disks = copy.get("data_disks").elements();
        let disks = os_disk.chain(data_disks).filter(|disk| !disk.is_null());
        disks
            .filter_map(|disk| {
                let source = disk.get(DISK).as_str();
                if source.is_none() && !self.disks.is_empty() {
                    // Which wish is meant cannot be told.
                    return None;
                }
                let asked = self.of_disk(source);
                let found = Wish::of(disk);
                asked.is_contradicted_by(&found).then(|| Difference {
                    disk: disk.get("name").as_str().unwrap_or("a disk").to_owned(),
                    asked: asked.clone(),
                    found,
                })
            })
            .collect()
    }

    /// Whether Azure encrypts any disk of the copy otherwise.
    pub(crate) fn is_contradicted_by(&self, copy: &Value) -> bool {
        !self.differences(copy).is_empty()
    }
}

fn same_id(one: &str, other: &str) -> bool {
    with_slash(one).eq_ignore_ascii_case(&with_slash(other))
}

#[cfg(test)]
mod tests;
