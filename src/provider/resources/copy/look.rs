//! Looking at source and target before Azure is asked to copy, and after it has refused to.

use std::sync::Arc;

use time::OffsetDateTime;

use crate::arm::compute::models::{RestorePoint, RestorePointCollection};
use crate::arm::compute::replication::{Poll, ReplicationState, replication, wait_for_replication};
use crate::arm::compute::{restore_point_collections, restore_points};
use crate::arm::resource_id::RestorePointId;
use crate::arm::{Client, Error, Patience};
use crate::plugin::diagnostics::Diagnostic;
use crate::provider::glance::{Glances, points_of};

use super::rules::{self, Rule};
use super::words;

/// How many other collections of the region are searched for a copy of the same source.
const RIVALS_MAX: usize = 20;

/// What is looked for.
#[derive(Clone, Copy)]
pub(super) struct Look<'a> {
    pub(super) client: &'a Client,
    pub(super) glances: &'a Glances,
    /// The copy that is to be made.
    pub(super) id: &'a RestorePointId,
    pub(super) source: &'a RestorePointId,
}

/// What stands in the way of a copy.
pub(super) enum Target {
    /// Nothing that can be seen. This is the collection.
    Free(Box<RestorePointCollection>),
    /// Another copy replicates there.
    Busy(RestorePointId),
}

/// Why a copy cannot be begun.
pub(super) enum Obstacle {
    /// This rule forbids it; beside it what Azure said, if it was that.
    Broken(Rule, Option<Error>),
    /// It cannot be seen.
    Unseen(Error),
}

impl From<Rule> for Obstacle {
    fn from(rule: Rule) -> Self {
        Self::Broken(rule, None)
    }
}

impl Obstacle {
    /// Told before Azure was asked.
    pub(super) fn not_begun(self, look: &Look<'_>) -> Diagnostic {
        match self {
            Self::Broken(rule, cause) => {
                words::not_begun(&rule, look.id, look.source, cause.as_ref())
            }
            Self::Unseen(error) => words::nothing_was_sent(look.id, &error),
        }
    }
}

impl Look<'_> {
    /// The source, once it can be copied as far as it alone tells.
    pub(super) async fn source(&self, patience: &Patience) -> Result<RestorePoint, Obstacle> {
        match restore_points::wait_until_ready(self.client, self.source, patience).await {
            Ok(found) => match rules::of_source(&found) {
                Some(rule) => Err(rule.into()),
                None => Ok(found),
            },
            Err(error) if error.is_not_found() => {
                Err(Obstacle::Broken(Rule::SourceMissing, Some(error)))
            }
            Err(error) => Err(Obstacle::Unseen(error)),
        }
    }

    /// The target collection, the copies in it, and those elsewhere in its region.
    pub(super) async fn target(
        &self,
        source_time: Option<OffsetDateTime>,
        patience: &Patience,
    ) -> Result<Target, Obstacle> {
        let Self {
            client, id, source, ..
        } = self;
        let found =
            restore_point_collections::get_with_restore_points(client, id.collection(), patience);
        let collection = match found.await {
            Ok(collection) => collection,
            Err(error) if error.is_not_found() => {
                return Err(Obstacle::Broken(Rule::TargetMissing, Some(error)));
            }
            Err(error) => return Err(Obstacle::Unseen(error)),
        };
        let broken = rules::of_collection(&collection, source.collection())
            .or_else(|| rules::of_points(&collection, id, source, source_time));
        if let Some(rule) = broken {
            return Err(rule.into());
        }
        let location = collection.location.as_deref().unwrap_or_default();
        if let Some(copy) = self.elsewhere(location, patience).await {
            return Err(Rule::CopiedElsewhere(copy).into());
        }
        match self.replicating(&collection, patience).await {
            Ok(None) => Ok(Target::Free(Box::new(collection))),
            Ok(Some(running)) => Ok(Target::Busy(running)),
            Err(error) => Err(Obstacle::Unseen(error)),
        }
    }

    /// The copy that replicates in the collection. Azure copies in order, one at a time: only
    /// the newest one can.
    async fn replicating(
        &self,
        collection: &RestorePointCollection,
        patience: &Patience,
    ) -> Result<Option<RestorePointId>, Error> {
        let others = points_of(collection, self.id.collection());
        let newest = others
            .filter(|(other, _)| other != self.id)
            .max_by_key(|(_, point)| point.time_created());
        let Some((newest, _)) = newest else {
            return Ok(None);
        };
        match restore_points::get(self.client, &newest, true, patience).await {
            Ok(point) => Ok(match replication(&point).state {
                ReplicationState::Replicating | ReplicationState::Unknown => Some(newest),
                ReplicationState::Succeeded | ReplicationState::Failed => None,
            }),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A copy of the same source in another collection of the region, where that can be seen.
    ///
    /// Collections that were made since the walk began are not searched, and what may not be
    /// listed is not missed: Azure itself refuses the second copy.
    pub(super) async fn elsewhere(
        &self,
        location: &str,
        patience: &Patience,
    ) -> Option<RestorePointId> {
        let Self {
            client,
            glances,
            id,
            source,
        } = self;
        let subscription = id.collection().subscription_id();
        let all = glances
            .subscription(client, subscription, patience)
            .await
            .inspect_err(|error| {
                tracing::debug!("Other collections of the region cannot be seen: {error}");
            })
            .ok()?;
        for rival in rules::rivals(&all, id, source, location)
            .into_iter()
            .take(RIVALS_MAX)
        {
            let found =
                restore_point_collections::get_with_restore_points(client, &rival, patience);
            match found.await {
                Ok(found) => {
                    if let Some(copy) = rules::copy_in(&found, &rival, source) {
                        return Some(copy);
                    }
                }
                Err(error) => {
                    tracing::debug!(collection_id = %rival, "It cannot be searched: {error}");
                }
            }
        }
        None
    }

    /// The sources that nobody can copy any more once this one is; none where they cannot be seen.
    pub(super) async fn left_behind(
        &self,
        target: &RestorePointCollection,
        source_time: Option<OffsetDateTime>,
        patience: &Patience,
    ) -> Vec<String> {
        let sources = self.sources(patience).await;
        match (sources, source_time) {
            (Ok(sources), Some(time)) => {
                rules::left_behind(&sources, target, self.id, self.source, time)
            }
            _ => Vec::new(),
        }
    }

    async fn sources(&self, patience: &Patience) -> Result<Arc<RestorePointCollection>, Error> {
        self.glances
            .collection(self.client, self.source.collection(), patience)
            .await
    }
}

/// Waits until a copy that somebody else has begun is out of the way, however it ends.
pub(super) async fn wait_out(client: &Client, patience: &Patience, running: &RestorePointId) {
    tracing::info!(restore_point_id = %running, "Another copy replicates into this collection: waiting for it first");
    // A deadline or a stop ends this, too, and the next look tells.
    wait_for_replication(client, running, patience, Poll::of(client)).await;
}
