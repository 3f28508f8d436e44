//! What is watched, and what is known of it so far.

use std::collections::HashMap;
use std::time::Duration;

use time::OffsetDateTime;
use tokio::time::Instant;

use super::ending::End;
use crate::arm::compute::models::RestorePoint;
use crate::arm::compute::replication::{
    DiskReplication, Estimate, Rate, Replication, ReplicationState, replication,
};
use crate::arm::resource_id::{RestorePointCollectionId, RestorePointId};

/// Everything that is watched. What is in it stays at its place.
#[derive(Debug, Default)]
pub(super) struct Watched {
    pub(super) collections: Vec<Collection>,
    pub(super) copies: Vec<Copy>,
}

/// A collection whose copies are watched.
#[derive(Debug)]
pub(super) struct Collection {
    pub(super) id: RestorePointCollectionId,
    /// Where its copies come from; `None` until it has been looked at.
    pub(super) source: Option<RestorePointCollectionId>,
    pub(super) newest_source: NewestSource,
    /// What went wrong at the last attempt to look at it.
    pub(super) trouble: Option<String>,
    /// Why it is not looked at any more; its copies have ends of their own.
    pub(super) end: Option<End>,
}

/// The newest restore point of a collection that copies come from.
#[derive(Clone, Debug, Default)]
pub(super) enum NewestSource {
    /// Nobody has looked yet, or Azure did not tell.
    #[default]
    NotKnown,
    /// There is none.
    None,
    /// This one, taken at this time.
    Point(RestorePointId, OffsetDateTime),
}

/// A copy that is watched.
#[derive(Debug)]
pub(super) struct Copy {
    pub(super) id: RestorePointId,
    /// Whether the command line names it itself.
    pub(super) is_named: bool,
    /// The moment that it holds.
    pub(super) time_created: Option<OffsetDateTime>,
    pub(super) source: Option<RestorePointId>,
    pub(super) replication: Option<Replication>,
    /// By the ids of the disk restore points.
    rates: HashMap<String, Rate>,
    pub(super) looked: Option<Instant>,
    /// What was unusual about it, until something changes.
    pub(super) warning: Option<String>,
    /// What went wrong since that look.
    pub(super) trouble: Option<String>,
    /// Why it is not looked at any more.
    pub(super) end: Option<End>,
}

/// One moment, on both clocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    pub(super) instant: Instant,
    pub(super) utc: OffsetDateTime,
}

impl Now {
    pub(super) fn get() -> Self {
        Self {
            instant: Instant::now(),
            utc: OffsetDateTime::now_utc(),
        }
    }
}

impl Watched {
    /// Adds a collection, and gives its place.
    pub(super) fn add_collection(&mut self, id: RestorePointCollectionId) -> usize {
        self.collections.push(Collection {
            id,
            source: None,
            newest_source: NewestSource::NotKnown,
            trouble: None,
            end: None,
        });
        self.collections.len() - 1
    }

    /// Adds a copy unless it is there already, and gives the place of a new one.
    pub(super) fn add_copy(&mut self, id: &RestorePointId, is_named: bool) -> Option<usize> {
        if let Some(copy) = self.copies.iter_mut().find(|copy| copy.id == *id) {
            copy.is_named |= is_named;
            return None;
        }
        self.copies.push(Copy {
            id: id.clone(),
            is_named,
            time_created: None,
            source: None,
            replication: None,
            rates: HashMap::new(),
            looked: None,
            warning: None,
            trouble: None,
            end: None,
        });
        Some(self.copies.len() - 1)
    }

    /// The copies of a collection, the newest first, without those that were deleted meanwhile.
    pub(super) fn copies_of(&self, collection: &RestorePointCollectionId) -> Vec<&Copy> {
        let copies = self.copies.iter();
        let mut copies: Vec<&Copy> = copies
            .filter(|copy| copy.id.collection() == collection && !copy.is_deleted())
            .collect();
        copies.sort_by_key(|copy| std::cmp::Reverse(copy.time_created));
        copies
    }

    /// The copies that belong to no collection that is watched.
    pub(super) fn single_copies(&self) -> impl Iterator<Item = &Copy> {
        let is_in = |copy: &Copy| {
            let mut collections = self.collections.iter();
            collections.any(|collection| collection.id == *copy.id.collection())
        };
        self.copies.iter().filter(move |copy| !is_in(copy))
    }

    /// The newest copy of a collection that a virtual machine can be restored from.
    pub(super) fn newest_usable(&self, collection: &RestorePointCollectionId) -> Option<&Copy> {
        let mut copies = self.copies_of(collection).into_iter();
        copies.find(|copy| copy.is_usable() && copy.time_created.is_some())
    }
}

impl Copy {
    /// Takes note of what does not change about it.
    pub(super) fn found(&mut self, point: &RestorePoint, now: Now) {
        self.time_created = point.time_created();
        self.source = point.copied_from();
        if point.properties.instance_view.is_some() {
            self.looked(&replication(point), now);
        }
    }

    /// Takes note of a look.
    pub(super) fn looked(&mut self, replication: &Replication, now: Now) {
        for disk in &replication.disks {
            let rate = self.rates.entry(disk.disk_restore_point_id.clone());
            rate.or_default().saw(disk.completion_percent, now.instant);
        }
        if self.replication.as_ref() != Some(replication) {
            self.warning = None;
        }
        self.replication = Some(replication.clone());
        self.looked = Some(now.instant);
        self.trouble = None;
    }

    pub(super) fn is_usable(&self) -> bool {
        matches!(self.end, Some(End::Usable))
    }

    pub(super) fn is_deleted(&self) -> bool {
        matches!(self.end, Some(End::Gone | End::Unknown(_))) && !self.is_named
    }

    /// `web-dr/monday`.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.id.collection().name(), self.id.name())
    }

    /// How old what it holds is.
    pub(super) fn age(&self, now: Now) -> Option<Duration> {
        Some(age(self.time_created?, now))
    }

    /// When this disk will be done, while it is under way.
    pub(super) fn disk_estimate(&self, disk: &DiskReplication, now: Now) -> Option<Estimate> {
        if disk.state != ReplicationState::Replicating || self.end.is_some() {
            return None;
        }
        let rate = self.rates.get(&disk.disk_restore_point_id)?;
        rate.estimate(now.instant)
    }

    /// When the last of its disks will be done: as fast as that disk, and as late. `None` where
    /// an unfinished disk cannot be told.
    pub(super) fn estimate(&self, now: Now) -> Option<Estimate> {
        let disks = self.replication.iter().flat_map(|found| &found.disks);
        let mut unfinished = disks.filter(|disk| disk.state != ReplicationState::Succeeded);
        let first = self.disk_estimate(unfinished.next()?, now)?;
        unfinished.try_fold(first, |latest, disk| {
            let estimate = self.disk_estimate(disk, now)?;
            Some(if estimate.remaining > latest.remaining {
                estimate
            } else {
                latest
            })
        })
    }
}

/// How long ago a moment was; nothing for one that is still to come.
pub(super) fn age(time: OffsetDateTime, now: Now) -> Duration {
    (now.utc - time).try_into().unwrap_or_default()
}
