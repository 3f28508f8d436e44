//! The resource ids of restore point collections, restore points and what belongs to them.

mod parse;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

pub use parse::{
    ParseError, disk_encryption_set, name, resource_group_name, resource_type, subscription_id,
    virtual_machine,
};

use parse::{COLLECTION, DISK_POINT, Input, POINT, resource};

/// Identifies a restore point collection.
///
/// ARM compares resource ids without regard to case, so two ids that differ only in case are
/// equal. `Display` keeps the spelling that was parsed.
#[derive(Clone)]
pub struct RestorePointCollectionId {
    text: String,
    subscription_id: String,
    resource_group_name: String,
    name: String,
}

/// Identifies one restore point inside a restore point collection.
///
/// ARM compares resource ids without regard to case, so two ids that differ only in case are
/// equal. `Display` keeps the spelling that was parsed.
#[derive(Clone)]
pub struct RestorePointId {
    text: String,
    collection: RestorePointCollectionId,
    name: String,
}

/// Identifies one disk restore point: the snapshot of a disk inside a restore point.
///
/// ARM compares resource ids without regard to case, so two ids that differ only in case are
/// equal. `Display` keeps the spelling that was parsed.
#[derive(Clone)]
pub struct DiskRestorePointId {
    text: String,
    restore_point: RestorePointId,
    name: String,
}

impl RestorePointCollectionId {
    /// Parses an id as Azure gives it: the leading slash may be missing, as in one of Microsoft's
    /// own examples.
    ///
    /// # Errors
    /// [`ParseError`] says what was found instead, and the expected form.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        Self::from_input(text, Input::FromAzure)
    }

    /// Parses an id that a person wrote: it begins with a slash and ends without one.
    ///
    /// # Errors
    /// [`ParseError`] says what was found instead, and the expected form.
    pub fn parse_strict(text: &str) -> Result<Self, ParseError> {
        Self::from_input(text, Input::Written)
    }

    /// Builds an id from its parts.
    ///
    /// # Errors
    /// [`ParseError`] names the part that no Azure resource can have.
    pub fn new(
        subscription_id: &str,
        resource_group_name: &str,
        name: &str,
    ) -> Result<Self, ParseError> {
        parse::subscription_id(subscription_id)?;
        parse::resource_group_name(resource_group_name)?;
        parse::name("restore point collection", name)?;
        Ok(Self {
            text: format!(
                "/subscriptions/{subscription_id}/resourceGroups/{resource_group_name}\
                 /providers/Microsoft.Compute/restorePointCollections/{name}"
            ),
            subscription_id: subscription_id.to_owned(),
            resource_group_name: resource_group_name.to_owned(),
            name: name.to_owned(),
        })
    }

    /// The id of a restore point of this collection.
    ///
    /// # Errors
    /// [`ParseError`] if no restore point can have this name.
    pub fn restore_point(&self, name: &str) -> Result<RestorePointId, ParseError> {
        parse::name("restore point", name)?;
        let text = self.text.trim_end_matches('/');
        Ok(RestorePointId {
            text: format!("{text}/restorePoints/{name}"),
            collection: self.clone(),
            name: name.to_owned(),
        })
    }

    /// The subscription the collection lies in.
    pub fn subscription_id(&self) -> &str {
        &self.subscription_id
    }

    /// The resource group the collection lies in.
    pub fn resource_group_name(&self) -> &str {
        &self.resource_group_name
    }

    /// The collection's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The path of the collection in a request, in ARM's own spelling of the fixed parts.
    pub fn path(&self) -> String {
        format!(
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Compute/restorePointCollections/{}",
            self.subscription_id, self.resource_group_name, self.name
        )
    }

    /// The same id in ARM's own spelling of the fixed parts; names stay as they are.
    #[must_use]
    pub fn canonical(&self) -> Self {
        Self {
            text: self.path(),
            ..self.clone()
        }
    }

    fn from_input(text: &str, input: Input) -> Result<Self, ParseError> {
        let [name] = resource(text, input, &COLLECTION)?.names();
        let (subscription_id, resource_group_name) = parse::scope(text);
        Ok(Self {
            text: text.to_owned(),
            subscription_id,
            resource_group_name,
            name,
        })
    }

    fn key(&self) -> String {
        self.path().to_lowercase()
    }
}

impl RestorePointId {
    /// Parses an id as Azure gives it: the leading slash may be missing.
    ///
    /// # Errors
    /// [`ParseError`] says what was found instead, and the expected form.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        Self::from_input(text, Input::FromAzure)
    }

    /// Parses an id that a person wrote: it begins with a slash and ends without one.
    ///
    /// # Errors
    /// [`ParseError`] says what was found instead, and the expected form.
    pub fn parse_strict(text: &str) -> Result<Self, ParseError> {
        Self::from_input(text, Input::Written)
    }

    /// The restore point collection that holds the restore point.
    pub fn collection(&self) -> &RestorePointCollectionId {
        &self.collection
    }

    /// The subscription the restore point lies in.
    pub fn subscription_id(&self) -> &str {
        self.collection.subscription_id()
    }

    /// The resource group the restore point lies in.
    pub fn resource_group_name(&self) -> &str {
        self.collection.resource_group_name()
    }

    /// The restore point's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The path of the restore point in a request, in ARM's own spelling of the fixed parts.
    pub fn path(&self) -> String {
        format!("{}/restorePoints/{}", self.collection.path(), self.name)
    }

    /// The same id in ARM's own spelling of the fixed parts; names stay as they are.
    #[must_use]
    pub fn canonical(&self) -> Self {
        Self {
            text: self.path(),
            collection: self.collection.canonical(),
            name: self.name.clone(),
        }
    }

    fn from_input(text: &str, input: Input) -> Result<Self, ParseError> {
        let [collection_name, name] = resource(text, input, &POINT)?.names();
        let (subscription_id, resource_group_name) = parse::scope(text);
        let ends = text.trim_end_matches('/').len() - name.len() - "/restorePoints/".len();
        Ok(Self {
            text: text.to_owned(),
            collection: RestorePointCollectionId {
                text: text[..ends].to_owned(),
                subscription_id,
                resource_group_name,
                name: collection_name,
            },
            name,
        })
    }

    fn key(&self) -> String {
        self.path().to_lowercase()
    }
}

impl DiskRestorePointId {
    /// Parses an id as Azure gives it: the leading slash may be missing.
    ///
    /// # Errors
    /// [`ParseError`] says what was found instead, and the expected form.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        Self::from_input(text, Input::FromAzure)
    }

    /// Parses an id that a person wrote: it begins with a slash and ends without one.
    ///
    /// # Errors
    /// [`ParseError`] says what was found instead, and the expected form.
    pub fn parse_strict(text: &str) -> Result<Self, ParseError> {
        Self::from_input(text, Input::Written)
    }

    /// The restore point that it belongs to.
    pub fn restore_point(&self) -> &RestorePointId {
        &self.restore_point
    }

    /// The disk restore point's name: the disk's, and a GUID.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The path of the disk restore point in a request, in ARM's own spelling of the fixed parts.
    pub fn path(&self) -> String {
        format!(
            "{}/diskRestorePoints/{}",
            self.restore_point.path(),
            self.name
        )
    }

    fn from_input(text: &str, input: Input) -> Result<Self, ParseError> {
        let [_, _, name] = resource(text, input, &DISK_POINT)?.names();
        let ends = text.trim_end_matches('/').len() - name.len() - "/diskRestorePoints/".len();
        Ok(Self {
            text: text.to_owned(),
            restore_point: RestorePointId::from_input(&text[..ends], input)?,
            name,
        })
    }

    fn key(&self) -> String {
        self.path().to_lowercase()
    }
}

/// What all kinds of id have in common.
macro_rules! compared_without_case {
    ($id:ty) => {
        impl PartialEq for $id {
            fn eq(&self, other: &Self) -> bool {
                self.key() == other.key()
            }
        }

        impl Eq for $id {}

        impl Hash for $id {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.key().hash(state);
            }
        }

        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.text)
            }
        }

        impl fmt::Debug for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.text)
            }
        }

        impl FromStr for $id {
            type Err = ParseError;

            fn from_str(text: &str) -> Result<Self, ParseError> {
                Self::parse(text)
            }
        }
    };
}

compared_without_case!(RestorePointCollectionId);
compared_without_case!(RestorePointId);
compared_without_case!(DiskRestorePointId);

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    const COLLECTION_ID: &str = "/subscriptions/S/resourceGroups/rg/providers/Microsoft.Compute/restorePointCollections/Web";

    fn point(text: &str) -> RestorePointId {
        RestorePointId::parse(text).unwrap()
    }

    #[test]
    fn parts_come_back_and_spelling_stays() {
        let text = "/Subscriptions/S/resourcegroups/R.g(1)/providers/microsoft.compute/RESTOREPOINTCOLLECTIONS/c-1/restorepoints/p_2";
        let id = point(text);
        assert_eq!(id.to_string(), text);
        assert_eq!(id.subscription_id(), "S");
        assert_eq!(id.resource_group_name(), "R.g(1)");
        assert_eq!(id.collection().name(), "c-1");
        assert_eq!(id.name(), "p_2");
        assert_eq!(format!("{}/restorepoints/p_2", id.collection()), text);
        assert_eq!(id.canonical().to_string(), id.path());
        let collection = id.canonical().collection().to_string();
        assert_eq!(collection, id.collection().path());
        assert_eq!(
            id.path(),
            "/subscriptions/S/resourceGroups/R.g(1)/providers/Microsoft.Compute/restorePointCollections/c-1/restorePoints/p_2"
        );
    }

    #[test]
    fn a_disk_restore_point_names_its_restore_point() {
        let text = format!("{COLLECTION_ID}/RestorePoints/nightly/diskrestorepoints/os_1-2");
        let id = DiskRestorePointId::parse_strict(&text).unwrap();
        assert_eq!(id.to_string(), text);
        assert_eq!(id.name(), "os_1-2");
        assert_eq!(
            id.restore_point(),
            &point(&format!("{COLLECTION_ID}/restorePoints/nightly"))
        );
        assert_eq!(
            id.path(),
            format!("{COLLECTION_ID}/restorePoints/nightly/diskRestorePoints/os_1-2")
        );
        let of = |name: &str| {
            DiskRestorePointId::parse(&format!(
                "{COLLECTION_ID}/restorePoints/nightly/diskRestorePoints/{name}"
            ))
        };
        let long = "d".repeat(117);
        assert!(of(&long).is_ok());
        for bad in ["..", "", "a%2f", &long.repeat(2)] {
            assert!(of(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn ids_that_differ_in_case_are_equal() {
        let id = point(&format!("{COLLECTION_ID}/restorePoints/nightly"));
        let loud = point(&id.to_string().to_uppercase());
        let bare = point(id.to_string().trim_start_matches('/'));
        assert_eq!(id, loud);
        assert_eq!(id, bare);
        assert_eq!(HashSet::from([id.clone(), loud, bare]).len(), 1);
        assert_ne!(id, point(&format!("{COLLECTION_ID}/restorePoints/other")));
    }

    #[test]
    fn ids_are_built_from_parts() {
        let id = RestorePointCollectionId::new("S", "rg", "Web").unwrap();
        assert_eq!(id.to_string(), COLLECTION_ID);
        let nightly = id.restore_point("nightly").unwrap();
        assert_eq!(
            nightly,
            point(&format!("{COLLECTION_ID}/restorePoints/nightly"))
        );
        assert_eq!(nightly.collection(), &id);
        assert!(id.restore_point("a/b").is_err());
        assert!(RestorePointCollectionId::new("S/x", "rg", "Web").is_err());
        assert!(RestorePointCollectionId::new("S", "", "Web").is_err());
        assert!(RestorePointCollectionId::new("S", "rg", &"n".repeat(81)).is_err());
    }

    #[test]
    fn what_belongs_to_restore_points_has_ids_of_its_own() {
        let point = point(&format!("{COLLECTION_ID}/restorePoints/nightly"));
        let disk = format!(
            "{point}/diskRestorePoints/{}_5a1b2c3d-0000-4000-8000-1234567890ab",
            "o".repeat(80)
        );
        let restore_point = |id: &str| {
            DiskRestorePointId::parse_strict(id).map(|disk| disk.restore_point().clone())
        };
        assert_eq!(restore_point(&disk), Ok(point.clone()));
        assert_eq!(restore_point(&disk.to_lowercase()), Ok(point.clone()));
        assert!(restore_point(&point.to_string()).is_err());
        assert!(restore_point(&format!("{disk}/")).is_err());

        let set =
            "/subscriptions/S/resourceGroups/rg/providers/microsoft.compute/diskEncryptionSets/dr";
        assert_eq!(disk_encryption_set(set), Ok(()));
        assert!(disk_encryption_set(&set[1..]).is_err());
        let vault = set.replace(
            "microsoft.compute/diskEncryptionSets",
            "Microsoft.KeyVault/vaults",
        );
        let found = disk_encryption_set(&vault).unwrap_err().to_string();
        assert!(found.contains("is the id of a key vault"), "{found}");
    }

    #[test]
    fn written_ids_have_their_slashes_right() {
        #[track_caller]
        fn check(text: &str, strict: bool) {
            assert!(RestorePointCollectionId::parse(text).is_ok(), "{text}");
            let found = RestorePointCollectionId::parse_strict(text);
            assert_eq!(found.is_ok(), strict, "{text}");
        }
        check(COLLECTION_ID, true);
        check(&COLLECTION_ID[1..], false);
        check(&format!("{COLLECTION_ID}/"), false);
    }
}
