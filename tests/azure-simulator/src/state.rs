//! Everything that exists in the simulated Azure, behind one lock.

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;
use uuid::Uuid;

use crate::arm::collection::Collection;
use crate::arm::disk_access::Access;
use crate::arm::operations::Operation;
use crate::arm::restore_point::RestorePoint;
use crate::clock::Clock;
use crate::entra::Tokens;
use crate::fault::Faults;
use crate::governance::{Lock, Policy};
use crate::issuer::Issuer;
use crate::log::Log;
use crate::route::{CollectionId, Resource, RestorePointId, Route};
use crate::settings::Settings;
use crate::throttling::Buckets;

/// A resource group, of which only the name and the place matter.
#[derive(Debug)]
pub(crate) struct ResourceGroup {
    pub(crate) subscription: String,
    pub(crate) name: String,
    pub(crate) location: String,
}

impl ResourceGroup {
    pub(crate) fn is(&self, subscription: &str, name: &str) -> bool {
        self.subscription.eq_ignore_ascii_case(subscription) && self.name.eq_ignore_ascii_case(name)
    }
}

/// The simulated Azure.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    pub(crate) tokens: Tokens,
    /// The tokens that pipelines and clusters were given to sign in with.
    pub(crate) oidc_tokens: Issuer,
    /// The ids of the assertions that were shown: each can be used once.
    pub(crate) shown_assertions: BTreeSet<String>,
    pub(crate) resource_groups: Vec<ResourceGroup>,
    pub(crate) collections: Vec<Collection>,
    pub(crate) operations: Vec<Operation>,
    /// The ids of disk encryption sets, and where they lie.
    pub(crate) encryption_sets: Vec<(String, String)>,
    /// Every access to a disk that was ever given.
    pub(crate) accesses: Vec<Access>,
    /// Scopes and the locks on them.
    pub(crate) locks: Vec<(String, Lock)>,
    pub(crate) policies: Vec<Policy>,
    pub(crate) faults: Faults,
    pub(crate) log: Log,
    /// When things were last settled.
    pub(crate) settled: OffsetDateTime,
    /// `None` as long as nothing is throttled.
    pub(crate) buckets: Option<Buckets>,
    /// The `p` of operation URLs: every recording from one region has the same one.
    region_ids: BTreeMap<String, Uuid>,
}

impl State {
    pub(crate) fn new(settings: Settings, clock: Clock) -> Self {
        Self {
            settings,
            settled: clock.now(),
            clock,
            tokens: Tokens::default(),
            oidc_tokens: Issuer::default(),
            shown_assertions: BTreeSet::new(),
            resource_groups: Vec::new(),
            collections: Vec::new(),
            operations: Vec::new(),
            encryption_sets: Vec::new(),
            accesses: Vec::new(),
            locks: Vec::new(),
            policies: Vec::new(),
            faults: Faults::default(),
            log: Log::default(),
            buckets: None,
            region_ids: BTreeMap::new(),
        }
    }

    /// Lets disks begin and deletions take effect whose time has come. Comes before every look.
    pub(crate) fn settle(&mut self) -> OffsetDateTime {
        let now = self.clock.now();
        self.begin_disks(now);
        self.lose_sources(&self.deleted_points(now));
        let gone = |deleted: Option<OffsetDateTime>| deleted.is_some_and(|time| time <= now);
        self.collections
            .retain(|collection| !gone(collection.deleted));
        for collection in &mut self.collections {
            collection
                .restore_points
                .retain(|point| !gone(point.deleted));
        }
        self.settled = now;
        now
    }

    /// The ids of the restore points that are gone by now, and since when.
    fn deleted_points(&self, now: OffsetDateTime) -> Vec<(String, OffsetDateTime)> {
        let mut gone = Vec::new();
        for collection in &self.collections {
            for point in &collection.restore_points {
                let deleted = [collection.deleted, point.deleted]
                    .into_iter()
                    .flatten()
                    .min();
                if let Some(time) = deleted.filter(|time| *time <= now) {
                    gone.push((point.path(&collection.id), time));
                }
            }
        }
        gone
    }

    /// The ids of the restore points in a collection.
    pub(crate) fn points_of(&self, id: &CollectionId) -> Vec<String> {
        let collection = self.collection(id).into_iter();
        collection
            .flat_map(|collection| {
                let points = collection.restore_points.iter();
                points.map(|point| point.path(&collection.id))
            })
            .collect()
    }

    pub(crate) fn group_exists(&self, subscription: &str, name: &str) -> bool {
        let mut groups = self.resource_groups.iter();
        groups.any(|group| group.is(subscription, name))
    }

    pub(crate) fn has_group_of(&self, id: &CollectionId) -> bool {
        self.group_exists(&id.subscription, &id.group)
    }

    pub(crate) fn has_subscription(&self, id: &str) -> bool {
        let others = self.settings.other_subscriptions.iter();
        others
            .chain([&self.settings.subscription_id])
            .any(|known| known.eq_ignore_ascii_case(id))
    }

    pub(crate) fn collection(&self, id: &CollectionId) -> Option<&Collection> {
        self.collections
            .iter()
            .find(|collection| collection.id.is(id))
    }

    pub(crate) fn collection_mut(&mut self, id: &CollectionId) -> Option<&mut Collection> {
        self.collections
            .iter_mut()
            .find(|collection| collection.id.is(id))
    }

    pub(crate) fn restore_point(&self, id: &RestorePointId) -> Option<&RestorePoint> {
        self.collection(&id.collection)?.restore_point(&id.name)
    }

    pub(crate) fn restore_point_mut(&mut self, id: &RestorePointId) -> Option<&mut RestorePoint> {
        self.collection_mut(&id.collection)?
            .restore_points
            .iter_mut()
            .find(|point| point.name.eq_ignore_ascii_case(&id.name))
    }

    /// What a resource id names, if its subscription exists.
    pub(crate) fn resource(&self, id: &str) -> Option<Resource> {
        let route = Route::parse(id)?;
        self.has_subscription(&route.subscription)
            .then_some(route.resource)
    }

    pub(crate) fn region_id(&mut self, location: &str) -> Uuid {
        *self
            .region_ids
            .entry(location.to_ascii_lowercase())
            .or_insert_with(Uuid::new_v4)
    }
}

/// Spells a location as ARM answers it: `West US 2` is `westus2`.
pub(crate) fn normalised_location(location: &str) -> String {
    location.replace(' ', "").to_ascii_lowercase()
}
