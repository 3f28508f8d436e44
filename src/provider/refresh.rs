//! One look at a collection for all the finished copies in it.
//!
//! Terraform refreshes object by object. Copies that are usable stay usable, so what is left to
//! find out is whether they are still there, and one answer tells that of a whole collection.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::arm::compute::models::RestorePoint;
use crate::arm::compute::restore_point_collections;
use crate::arm::resource_id::RestorePointCollectionId;
use crate::arm::{Client, Patience};

/// How long a look counts: a refresh takes no longer, unless it is a large one.
const AGE_MAX: Duration = Duration::from_secs(60);

/// How long the look may take. Then everyone asks on their own.
const LIMIT: Duration = Duration::from_secs(30);

/// The looks of one walk.
#[derive(Debug, Default)]
pub(crate) struct Refresh(Mutex<HashMap<RestorePointCollectionId, Arc<Shared>>>);

/// Held while somebody looks, so that everybody else gets what comes of it.
type Shared = tokio::sync::Mutex<Option<Look>>;

#[derive(Debug)]
struct Look {
    at: Instant,
    /// None where Azure gave no answer of use.
    points: Option<Points>,
}

/// The restore points in a collection, without instance view.
pub(crate) type Points = Arc<Vec<RestorePoint>>;

impl Refresh {
    /// The restore points in a collection as they were a moment ago; `None` where that cannot
    /// be told.
    pub(crate) async fn points(
        &self,
        client: &Client,
        collection: &RestorePointCollectionId,
        patience: &Patience,
    ) -> Option<Points> {
        let shared = self.of(collection);
        let mut look = patience.run(shared.lock()).await.ok()?;
        if let Some(look) = look.as_ref().filter(|look| look.at.elapsed() < AGE_MAX) {
            return look.points.clone();
        }
        let at = Instant::now();
        let limited = patience.with_limit(LIMIT);
        let answer =
            restore_point_collections::get_with_restore_points(client, collection, &limited).await;
        let points = match answer {
            Ok(found) => Some(Arc::new(
                found.properties.restore_points.unwrap_or_default(),
            )),
            // That somebody has given up says nothing to those who have not.
            Err(_) if patience.check().is_err() => return None,
            Err(error) => {
                tracing::debug!(restore_point_collection_id = %collection, "Copies are refreshed one by one: {error}");
                None
            }
        };
        *look = Some(Look {
            at,
            points: points.clone(),
        });
        points
    }

    /// Forgets every look, also one that is still under way.
    pub(crate) fn forget(&self) {
        let mut collections = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        collections.clear();
    }

    fn of(&self, collection: &RestorePointCollectionId) -> Arc<Shared> {
        let mut collections = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        collections.entry(collection.clone()).or_default().clone()
    }
}
