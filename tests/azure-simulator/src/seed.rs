//! Puts things into the simulated Azure that are there before a client comes.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use crate::arm::collection::Collection;
use crate::arm::copies;
use crate::arm::copy_request::CopyRequest;
use crate::arm::restore_point::{Disk, Origin, RestorePoint, disks_mut};
use crate::replication::Replication;
use crate::route::{CollectionId, Resource, RestorePointId};
use crate::state::{State, normalised_location};
use crate::virtual_machine;

/// A collection of restore points of a VM, to be seeded.
#[derive(Clone, Debug)]
pub struct SourceCollection {
    pub(crate) subscription: Option<String>,
    pub(crate) group: String,
    pub(crate) name: String,
    pub(crate) location: String,
    pub(crate) source_location: Option<String>,
    pub(crate) virtual_machine: Option<String>,
    pub(crate) tags: Option<Map<String, Value>>,
}

impl SourceCollection {
    /// A collection in this place, of a VM that is named after it: `web` is of `web-vm`.
    #[must_use]
    pub fn new(group: &str, name: &str, location: &str) -> Self {
        Self {
            subscription: None,
            group: group.to_owned(),
            name: name.to_owned(),
            location: location.to_owned(),
            source_location: None,
            virtual_machine: None,
            tags: None,
        }
    }

    /// Puts it into one of the other subscriptions.
    #[must_use]
    pub fn subscription(mut self, id: &str) -> Self {
        self.subscription = Some(id.to_owned());
        self
    }

    /// Names the VM.
    #[must_use]
    pub fn virtual_machine(mut self, name: &str) -> Self {
        self.virtual_machine = Some(name.to_owned());
        self
    }

    /// Spells the source's location differently, as in the recorded `CentralUSEUAP` of a
    /// collection in `centraluseuap`.
    #[must_use]
    pub fn source_location(mut self, location: &str) -> Self {
        self.source_location = Some(location.to_owned());
        self
    }

    /// Adds a tag.
    #[must_use]
    pub fn tag(mut self, name: &str, value: &str) -> Self {
        self.tags
            .get_or_insert_default()
            .insert(name.to_owned(), json!(value));
        self
    }
}

/// A restore point of a VM, to be seeded.
#[derive(Clone, Debug)]
pub struct SourceRestorePoint {
    pub(crate) name: String,
    pub(crate) time_created: String,
    pub(crate) disks: Option<Vec<String>>,
    pub(crate) source_metadata: Option<Value>,
    pub(crate) consistency_mode: String,
    pub(crate) exclude_disks: Vec<String>,
    pub(crate) provisioning_state: Option<String>,
    pub(crate) snapshot_access_state: Option<String>,
    pub(crate) is_confidential: bool,
    pub(crate) encryption_set: Option<String>,
    pub(crate) disk_access: Option<String>,
}

impl SourceRestorePoint {
    /// A finished restore point of a VM with an OS disk and two data disks. The time is RFC 3339,
    /// and answers repeat it as it is written here.
    #[must_use]
    pub fn new(name: &str, time_created: &str) -> Self {
        Self {
            name: name.to_owned(),
            time_created: time_created.to_owned(),
            disks: None,
            source_metadata: None,
            consistency_mode: "ApplicationConsistent".to_owned(),
            exclude_disks: Vec::new(),
            provisioning_state: None,
            snapshot_access_state: None,
            is_confidential: false,
            encryption_set: None,
            disk_access: None,
        }
    }

    /// Names the disks: the OS disk first, then the data disks.
    #[must_use]
    pub fn disks<'a>(mut self, names: impl IntoIterator<Item = &'a str>) -> Self {
        self.disks = Some(names.into_iter().map(str::to_owned).collect());
        self
    }

    /// Describes the VM in other words than the usual ones. The disks are those of its
    /// `storageProfile`.
    #[must_use]
    pub fn source_metadata(mut self, source_metadata: Value) -> Self {
        self.source_metadata = Some(source_metadata);
        self
    }

    /// `CrashConsistent`, `FileSystemConsistent` or (unless said otherwise) `ApplicationConsistent`.
    #[must_use]
    pub fn consistency_mode(mut self, mode: &str) -> Self {
        mode.clone_into(&mut self.consistency_mode);
        self
    }

    /// Adds the id of a disk that was left out.
    #[must_use]
    pub fn exclude_disk(mut self, id: &str) -> Self {
        self.exclude_disks.push(id.to_owned());
        self
    }

    /// A state other than `Succeeded`, such as `Creating`.
    #[must_use]
    pub fn provisioning_state(mut self, state: &str) -> Self {
        self.provisioning_state = Some(state.to_owned());
        self
    }

    /// The state of instant access, such as `Pending`.
    #[must_use]
    pub fn snapshot_access_state(mut self, state: &str) -> Self {
        self.snapshot_access_state = Some(state.to_owned());
        self
    }

    /// A confidential VM, whose OS disk is encrypted with its guest's state.
    #[must_use]
    pub fn confidential(mut self) -> Self {
        self.is_confidential = true;
        self
    }

    /// Encrypts all disks with the customer's key of this disk encryption set.
    #[must_use]
    pub fn customer_key(mut self, disk_encryption_set_id: &str) -> Self {
        self.encryption_set = Some(disk_encryption_set_id.to_owned());
        self
    }

    /// Opens all disks to this disk access (private link) alone.
    #[must_use]
    pub fn private_access(mut self, disk_access_id: &str) -> Self {
        self.disk_access = Some(disk_access_id.to_owned());
        self
    }
}

/// What went wrong with a wish of a test or of the control interface, in words.
pub(crate) type Seeded<T = String> = Result<T, String>;

impl State {
    /// Adds a collection of a VM, and its group if that is missing; gives its id.
    pub(crate) fn seed_source_collection(&mut self, seed: &SourceCollection) -> Seeded {
        let id = CollectionId {
            subscription: match &seed.subscription {
                Some(id) => id.clone(),
                None => self.settings.subscription_id.clone(),
            },
            group: seed.group.clone(),
            name: seed.name.clone(),
        };
        let virtual_machine = seed
            .virtual_machine
            .clone()
            .unwrap_or_else(|| format!("{}-vm", seed.name));
        let source_id = format!(
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Compute/virtualMachines/{virtual_machine}",
            id.subscription, id.group
        );
        let location = normalised_location(&seed.location);
        let source_location = seed.source_location.clone();
        self.seed_collection(
            id,
            source_id,
            source_location.unwrap_or_else(|| location.clone()),
            location,
            seed.tags.clone(),
        )
    }

    /// Adds a collection for copies without asking any rule; gives its id.
    pub(crate) fn seed_target_collection(
        &mut self,
        group: &str,
        name: &str,
        location: &str,
        source_id: &str,
    ) -> Seeded {
        let source = self.collection_id(source_id)?;
        let source_location = self
            .collection(&source)
            .ok_or_else(|| format!("there is no collection {source_id}"))?
            .location
            .clone();
        let id = CollectionId {
            subscription: self.settings.subscription_id.clone(),
            group: group.to_owned(),
            name: name.to_owned(),
        };
        self.seed_collection(
            id,
            source_id.to_owned(),
            source_location,
            normalised_location(location),
            None,
        )
    }

    fn seed_collection(
        &mut self,
        id: CollectionId,
        source_id: String,
        source_location: String,
        location: String,
        tags: Option<Map<String, Value>>,
    ) -> Seeded {
        let path = id.path();
        if self.collection(&id).is_some() {
            return Err(format!("{path} exists already"));
        }
        self.add_group_in(&id.subscription, &id.group, &location);
        self.collections.push(Collection {
            id,
            location,
            tags,
            source_id,
            source_location,
            unique_id: Uuid::new_v4(),
            instant_access: None,
            restore_points: Vec::new(),
            deleted: None,
            copies_begun: Vec::new(),
        });
        Ok(path)
    }

    /// Adds a restore point of a VM; gives its id.
    pub(crate) fn seed_restore_point(
        &mut self,
        collection: &str,
        seed: &SourceRestorePoint,
    ) -> Seeded {
        let created = OffsetDateTime::parse(&seed.time_created, &Rfc3339)
            .map_err(|error| format!("'{}' is not RFC 3339: {error}", seed.time_created))?;
        let id = self.collection_id(collection)?;
        let collection = self
            .collection_mut(&id)
            .ok_or_else(|| format!("there is no collection {collection}"))?;
        if collection.restore_point(&seed.name).is_some() {
            return Err(format!("{} exists already", seed.name));
        }
        let mut source_metadata = match &seed.source_metadata {
            Some(source_metadata) => source_metadata.clone(),
            None => virtual_machine::metadata(collection, seed.disks.as_deref()),
        };
        virtual_machine::protect(&mut source_metadata, seed);
        let disks = disks_mut(&mut source_metadata)
            .into_iter()
            .filter_map(|disk| disk["name"].as_str())
            .map(|name| local_disk(name, seed))
            .collect();
        let exclude_disks = seed.exclude_disks.iter().map(|id| json!({ "id": id }));
        let point = RestorePoint {
            name: seed.name.clone(),
            source_metadata,
            consistency_mode: seed.consistency_mode.clone(),
            exclude_disks: (!seed.exclude_disks.is_empty()).then(|| exclude_disks.collect()),
            time_created: seed.time_created.clone(),
            created,
            origin: Origin::Local {
                snapshot_access_state: seed.snapshot_access_state.clone(),
            },
            disks,
            // Finished for ever, even if its time is ahead of the clock.
            ready: OffsetDateTime::UNIX_EPOCH,
            fails: false,
            provisioning_state: seed.provisioning_state.clone(),
            is_shared: false,
            deleted: None,
        };
        let path = point.path(&collection.id);
        collection.restore_points.push(point);
        Ok(path)
    }

    /// Adds a copy, begun then, without asking any rule; gives its id.
    pub(crate) fn seed_copy(
        &mut self,
        begun: OffsetDateTime,
        collection: &str,
        name: &str,
        source: &str,
        replication: &Replication,
    ) -> Seeded {
        let source_id = self.restore_point_id(source)?;
        let found = self
            .collection(&source_id.collection)
            .and_then(|owner| Some((owner.id.clone(), owner.restore_point(&source_id.name)?)));
        let (owner, point) = found.ok_or_else(|| format!("there is no restore point {source}"))?;
        let order = CopyRequest::of(source);
        let mut copy = copies::copy_of(point, &owner, name, &order, &self.settings, begun);
        for disk in &mut copy.disks {
            disk.started = Some(begun);
            disk.replication = replication.clone();
        }
        let id = self.collection_id(collection)?;
        let collection = self
            .collection_mut(&id)
            .ok_or_else(|| format!("there is no collection {collection}"))?;
        let path = copy.path(&collection.id);
        collection.restore_points.push(copy);
        Ok(path)
    }

    pub(crate) fn collection_id(&self, id: &str) -> Seeded<CollectionId> {
        match self.resource(id) {
            Some(Resource::Collection(id)) => Ok(id),
            _ => Err(format!(
                "'{id}' is not the id of a restore point collection"
            )),
        }
    }

    pub(crate) fn restore_point_id(&self, id: &str) -> Seeded<RestorePointId> {
        match self.resource(id) {
            Some(Resource::RestorePoint(id)) => Ok(id),
            _ => Err(format!("'{id}' is not the id of a restore point")),
        }
    }

    /// The restore point with this id, to be changed behind everyone's back.
    pub(crate) fn restore_point_at(&mut self, id: &str) -> Seeded<&mut RestorePoint> {
        let parsed = self.restore_point_id(id)?;
        self.restore_point_mut(&parsed)
            .ok_or_else(|| format!("there is no restore point {id}"))
    }

    /// Gives a disk, or all of them, another course.
    pub(crate) fn set_disk(
        &mut self,
        restore_point: &str,
        disk: Option<&str>,
        replication: &Replication,
    ) -> Seeded<()> {
        let point = self.restore_point_at(restore_point)?;
        let mut found = false;
        for candidate in &mut point.disks {
            if disk.is_none_or(|name| name.eq_ignore_ascii_case(&candidate.name)) {
                candidate.replication = replication.clone();
                found = true;
            }
        }
        if found {
            Ok(())
        } else {
            Err(format!(
                "{restore_point} has no disk '{}'",
                disk.unwrap_or_default()
            ))
        }
    }

    /// Removes a collection or a restore point at once.
    pub(crate) fn remove(&mut self, id: &str) -> Seeded<()> {
        let now = self.clock.now();
        match self.resource(id) {
            Some(Resource::Collection(gone)) if self.collection(&gone).is_some() => {
                let sources = self.points_of(&gone);
                self.lose_sources(&sources.into_iter().map(|id| (id, now)).collect::<Vec<_>>());
                self.collections
                    .retain(|collection| !collection.id.is(&gone));
                Ok(())
            }
            Some(Resource::RestorePoint(gone)) if self.restore_point(&gone).is_some() => {
                self.lose_sources(&[(id.to_owned(), now)]);
                if let Some(collection) = self.collection_mut(&gone.collection) {
                    collection
                        .restore_points
                        .retain(|point| !point.name.eq_ignore_ascii_case(&gone.name));
                }
                Ok(())
            }
            _ => Err(format!("there is no '{id}'")),
        }
    }

    /// The world that the binary starts with, and that examples are written for.
    pub(crate) fn seed_default_world(&mut self) -> Seeded<()> {
        let web = self.seed_source_collection(
            &SourceCollection::new("rg-source", "web", "eastus").tag("department", "finance"),
        )?;
        // The oldest first: a copy of it leaves every nightly one still to be copied.
        for (name, time_created) in [
            ("before-upgrade-4711", "2026-11-19T16:30:12.4410937+00:00"),
            ("nightly-2026-11-20", "2026-11-20T01:00:04.1835526+00:00"),
            ("nightly-2026-11-21", "2026-11-21T01:00:03.9072415+00:00"),
            ("nightly-2026-11-22", "2026-11-22T01:00:05.0268813+00:00"),
        ] {
            self.seed_restore_point(&web, &SourceRestorePoint::new(name, time_created))?;
        }
        self.add_group("rg-dr", "westus2");
        Ok(())
    }
}

fn local_disk(name: &str, seed: &SourceRestorePoint) -> Disk {
    let encryption = match &seed.encryption_set {
        None => json!({ "type": "EncryptionAtRestWithPlatformKey" }),
        Some(id) => json!({
            "type": "EncryptionAtRestWithCustomerKey",
            "diskEncryptionSet": { "id": id },
        }),
    };
    Disk {
        name: name.to_owned(),
        restore_point_name: format!("{name}_{}", Uuid::new_v4()),
        source_id: None,
        encryption,
        disk_access: seed.disk_access.clone(),
        replication: Replication::Succeeded,
        started: None,
    }
}
