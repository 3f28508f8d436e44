//! What there is in the simulated Azure: put there, changed or removed behind the clients' backs.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::Simulator;
use crate::governance::{Lock, Policy};
use crate::replication::Replication;
use crate::route::Resource;
use crate::seed::{Seeded, SourceCollection, SourceRestorePoint};
use crate::state::{State, normalised_location};

/// What there is in Azure.
impl Simulator {
    /// Creates a resource group in `eastus`, unless it exists.
    pub fn seed_resource_group(&self, name: &str) {
        self.shared.state().add_group(name, "eastus");
    }

    /// Creates a resource group in `eastus` in one of the other subscriptions, unless it exists.
    pub fn seed_resource_group_in(&self, subscription_id: &str, name: &str) {
        let mut state = self.shared.state();
        state.add_group_in(subscription_id, name, "eastus");
    }

    /// Creates a collection of restore points of a VM, with its group; gives its id.
    ///
    /// # Panics
    /// It exists already.
    #[track_caller]
    pub fn seed_source_collection(&self, seed: &SourceCollection) -> String {
        self.must(|state| state.seed_source_collection(seed))
    }

    /// Creates a restore point in a collection; gives its id.
    ///
    /// # Panics
    /// There is no such collection, the point exists already, or its time is no time.
    #[track_caller]
    pub fn seed_restore_point(&self, collection_id: &str, seed: &SourceRestorePoint) -> String {
        self.must(|state| state.seed_restore_point(collection_id, seed))
    }

    /// Creates a disk encryption set, of which nothing but the place matters; gives its id. Sets
    /// that nobody has created count as existing, and as lying where they are needed.
    pub fn seed_disk_encryption_set(&self, group: &str, name: &str, location: &str) -> String {
        let mut state = self.shared.state();
        let id = format!(
            "/subscriptions/{}/resourceGroups/{group}/providers/Microsoft.Compute/diskEncryptionSets/{name}",
            state.settings.subscription_id
        );
        let location = normalised_location(location);
        state.encryption_sets.push((id.clone(), location));
        id
    }

    /// Creates a collection for copies of another one's points, as if someone else had made it.
    /// No rule is asked, so that it may be in the same region, for instance; gives its id.
    ///
    /// # Panics
    /// There is no such source collection, or the new one exists already.
    #[track_caller]
    pub fn seed_target_collection(
        &self,
        group: &str,
        name: &str,
        location: &str,
        source_collection_id: &str,
    ) -> String {
        self.must(|state| state.seed_target_collection(group, name, location, source_collection_id))
    }

    /// Creates a copy that begins now, as if someone else had asked for it. No rule is asked;
    /// gives its id.
    ///
    /// # Panics
    /// There is no such collection or source.
    #[track_caller]
    pub fn seed_copy(
        &self,
        collection_id: &str,
        name: &str,
        source_restore_point_id: &str,
        replication: impl Into<Replication>,
    ) -> String {
        self.seed_copy_begun(
            self.now(),
            collection_id,
            name,
            source_restore_point_id,
            replication,
        )
    }

    /// The same with a copy that began at another time, of which its course counts. Its first
    /// operation has ended, and its disks have had their turn.
    ///
    /// # Panics
    /// There is no such collection or source.
    #[track_caller]
    pub fn seed_copy_begun(
        &self,
        begun: OffsetDateTime,
        collection_id: &str,
        name: &str,
        source_restore_point_id: &str,
        replication: impl Into<Replication>,
    ) -> String {
        let replication = replication.into();
        self.must(|state| {
            state.seed_copy(
                begun,
                collection_id,
                name,
                source_restore_point_id,
                &replication,
            )
        })
    }

    /// Gives one disk of a copy another course, from its beginning on.
    ///
    /// # Panics
    /// There is no such copy or disk.
    #[track_caller]
    pub fn set_disk(&self, restore_point_id: &str, disk: &str, course: impl Into<Replication>) {
        let course = course.into();
        self.must(|state| state.set_disk(restore_point_id, Some(disk), &course));
    }

    /// Gives all disks of a copy another course, from its beginning on.
    ///
    /// # Panics
    /// There is no such copy.
    #[track_caller]
    pub fn set_disks(&self, restore_point_id: &str, course: impl Into<Replication>) {
        let course = course.into();
        self.must(|state| state.set_disk(restore_point_id, None, &course));
    }

    /// Sets the provisioning state of a restore point, or lets it follow from its operation again.
    ///
    /// # Panics
    /// There is no such restore point.
    #[track_caller]
    pub fn set_provisioning_state(&self, restore_point_id: &str, provisioning_state: Option<&str>) {
        let value = provisioning_state.map(str::to_owned);
        self.must(|state| {
            state.restore_point_at(restore_point_id)?.provisioning_state = value;
            Ok(())
        });
    }

    /// Sets or removes the snapshot access state of a restore point that is no copy.
    ///
    /// # Panics
    /// There is no such restore point, or it is a copy.
    #[track_caller]
    pub fn set_snapshot_access_state(&self, restore_point_id: &str, access_state: Option<&str>) {
        let value = access_state.map(str::to_owned);
        self.must(|state| {
            state
                .restore_point_at(restore_point_id)?
                .set_snapshot_access_state(value)
        });
    }

    /// Replaces the tags of a collection behind everyone's back.
    ///
    /// # Panics
    /// There is no such collection.
    #[track_caller]
    pub fn set_tags<'a>(
        &self,
        collection_id: &str,
        tags: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) {
        let tags = tags
            .into_iter()
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .collect();
        self.must(|state| {
            let id = state.collection_id(collection_id)?;
            state.set_tags(&id, tags)
        });
    }

    /// Removes a restore point or a collection at once, behind everyone's back.
    ///
    /// # Panics
    /// There is no such thing.
    #[track_caller]
    pub fn remove(&self, id: &str) {
        self.must(|state| state.remove(id));
    }

    /// Puts a lock on a scope: a subscription, a group, a collection or a restore point.
    pub fn lock(&self, scope: &str, lock: Lock) {
        let mut state = self.shared.state();
        state.locks.push((scope.to_owned(), lock));
    }

    /// Removes every lock on a scope.
    pub fn unlock(&self, scope: &str) {
        let mut state = self.shared.state();
        state
            .locks
            .retain(|(locked, _)| !locked.eq_ignore_ascii_case(scope));
    }

    /// Assigns a policy.
    pub fn assign_policy(&self, policy: Policy) {
        self.shared.state().policies.push(policy);
    }

    /// Removes every assignment of a policy.
    pub fn clear_policies(&self) {
        self.shared.state().policies.clear();
    }

    /// Lets a shared access signature for a disk of this restore point be outstanding, or ends it.
    ///
    /// # Panics
    /// There is no such restore point.
    #[track_caller]
    pub fn set_shared(&self, restore_point_id: &str, is_shared: bool) {
        self.must(|state| {
            state.restore_point_at(restore_point_id)?.is_shared = is_shared;
            Ok(())
        });
    }

    /// A collection or a restore point as a GET shows it, a point with its instance view; `None`
    /// if it does not exist. Leaves no trace in the log.
    #[must_use]
    pub fn resource(&self, id: &str) -> Option<Value> {
        let mut state = self.shared.state();
        let now = state.settle();
        match state.resource(id)? {
            Resource::Collection(id) => Some(state.collection(&id)?.body()),
            Resource::RestorePoint(id) => {
                let collection = state.collection(&id.collection)?;
                let point = collection.restore_point(&id.name)?;
                let mut body = point.body(&collection.id, now);
                if let Some(view) = point.instance_view(&collection.id, now) {
                    body["properties"]["instanceView"] = view;
                }
                Some(body)
            }
            _ => None,
        }
    }

    #[track_caller]
    fn must<T>(&self, act: impl FnOnce(&mut State) -> Seeded<T>) -> T {
        let mut state = self.shared.state();
        state.settle();
        let result = act(&mut state);
        drop(state);
        match result {
            Ok(value) => value,
            Err(reason) => panic!("{reason}"),
        }
    }
}
