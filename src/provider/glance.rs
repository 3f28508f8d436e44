//! What is asked once for many: collections with their points, for refreshes, for messages to the
//! user and for rules that others decide in the end.
//!
//! Terraform refreshes and plans object by object. Copies that are usable stay usable, so what is
//! left to find out is whether they are still there, and one answer tells that of a whole
//! collection. Nothing that changes Azure may rest on it alone: it may be old.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OnceCell;
use tokio::time::Instant;

use crate::arm::compute::models::{RestorePoint, RestorePointCollection};
use crate::arm::compute::replication::replication;
use crate::arm::compute::{disk_restore_points, restore_point_collections, restore_points};
use crate::arm::resource_id::{RestorePointCollectionId, RestorePointId};
use crate::arm::{Client, Error, Patience};

/// How long a look at a collection counts: a refresh takes no longer, unless it is a large one.
const AGE_MAX: Duration = Duration::from_secs(60);

/// How long a look at a collection may take. Then everyone asks on their own.
const LIMIT: Duration = Duration::from_secs(30);

/// The answers of one walk, good and bad ones alike.
#[derive(Debug, Default)]
pub(crate) struct Glances {
    collections: Mutex<HashMap<RestorePointCollectionId, Arc<Shared>>>,
    subscriptions: Answers<String, Arc<Vec<RestorePointCollection>>>,
    usable: Answers<RestorePointId, bool>,
    private: Answers<RestorePointCollectionId, bool>,
}

type Answers<K, V> = Mutex<HashMap<K, Arc<OnceCell<Result<V, Error>>>>>;

/// Held while somebody looks, so that everybody else gets what comes of it.
type Shared = tokio::sync::Mutex<Option<Look>>;

#[derive(Debug)]
struct Look {
    at: Instant,
    answer: Result<Arc<RestorePointCollection>, Error>,
}

impl Glances {
    /// Forgets everything, also what is still under way.
    pub(crate) fn forget(&self) {
        lock(&self.collections).clear();
        lock(&self.subscriptions).clear();
        lock(&self.usable).clear();
        lock(&self.private).clear();
    }

    /// A collection with its points, which come without instance view, as it was a moment ago.
    pub(crate) async fn collection(
        &self,
        client: &Client,
        id: &RestorePointCollectionId,
        patience: &Patience,
    ) -> Result<Arc<RestorePointCollection>, Error> {
        let shared = lock(&self.collections)
            .entry(id.clone())
            .or_default()
            .clone();
        let mut look = patience.run(shared.lock()).await?;
        if let Some(look) = look.as_ref().filter(|look| look.at.elapsed() < AGE_MAX) {
            return look.answer.clone();
        }
        let at = Instant::now();
        let limited = patience.with_limit(LIMIT);
        let answer = restore_point_collections::get_with_restore_points(client, id, &limited)
            .await
            .map(Arc::new);
        // That somebody has given up says nothing to those who have not.
        if answer.is_ok() || patience.check().is_ok() {
            let answer = answer.clone();
            *look = Some(Look { at, answer });
        }
        answer
    }

    /// Every collection of a subscription, without the points.
    pub(crate) async fn subscription(
        &self,
        client: &Client,
        id: &str,
        patience: &Patience,
    ) -> Result<Arc<Vec<RestorePointCollection>>, Error> {
        once(&self.subscriptions, id.to_ascii_lowercase(), async {
            let pages = restore_point_collections::list_in_subscription(client, id);
            Ok(Arc::new(pages.all(client, patience).await?))
        })
        .await
    }

    /// Whether a copy can restore a VM; false also for one that is not there.
    pub(crate) async fn is_usable(
        &self,
        client: &Client,
        id: &RestorePointId,
        patience: &Patience,
    ) -> Result<bool, Error> {
        once(&self.usable, id.clone(), async {
            match restore_points::get(client, id, true, patience).await {
                Ok(found) => Ok(replication(&found).is_usable()),
                Err(error) if error.is_not_found() => Ok(false),
                Err(error) => Err(error),
            }
        })
        .await
    }

    /// Remembers what a read has seen of a copy.
    pub(crate) fn saw(&self, id: &RestorePointId, usable: bool) {
        let cell = Arc::new(OnceCell::new_with(Some(Ok(usable))));
        lock(&self.usable).insert(id.clone(), cell);
    }

    /// Whether the disks of a collection's VM can be reached through a private link only. One
    /// point answers for the others: it is the same VM.
    pub(crate) async fn is_private(
        &self,
        client: &Client,
        point: &RestorePointId,
        patience: &Patience,
    ) -> Result<bool, Error> {
        once(&self.private, point.collection().clone(), async {
            let disks = disk_restore_points::list(client, point, patience).await?;
            Ok(disks.iter().any(|disk| disk.is_private()))
        })
        .await
    }
}

/// The points of a collection that was looked at, each with its id.
pub(crate) fn points_of<'a>(
    collection: &'a RestorePointCollection,
    id: &RestorePointCollectionId,
) -> impl Iterator<Item = (RestorePointId, &'a RestorePoint)> {
    let points = collection.properties.restore_points.iter().flatten();
    points.filter_map(|point| Some((id.restore_point(point.name.as_deref()?).ok()?, point)))
}

/// The answer to a question that is asked once, however many want to know.
async fn once<K: Hash + Eq, V: Clone>(
    answers: &Answers<K, V>,
    key: K,
    ask: impl Future<Output = Result<V, Error>>,
) -> Result<V, Error> {
    let cell = lock(answers).entry(key).or_default().clone();
    cell.get_or_init(|| ask).await.clone()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn many_who_ask_at_once_share_one_answer_good_or_bad() {
        let answers: Answers<&str, usize> = Answers::default();
        let asked = AtomicUsize::new(0);
        let ask = async |key, answer: Result<usize, Error>| {
            once(&answers, key, async {
                asked.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                answer
            })
            .await
        };
        let (one, two) = tokio::join!(ask("a", Ok(1)), ask("a", Ok(2)));
        assert_eq!((one.unwrap(), two.unwrap()), (1, 1));
        assert!(ask("b", Err(Error::Stopped)).await.is_err());
        assert!(ask("b", Ok(3)).await.is_err());
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }
}
