//! What is asked once in a walk and shared: collections with their points, for messages to the
//! user and for rules that others decide in the end.
//!
//! Nothing that changes Azure may rest on it alone: it is as old as the walk.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use crate::arm::compute::models::{RestorePoint, RestorePointCollection};
use crate::arm::compute::replication::replication;
use crate::arm::compute::{disk_restore_points, restore_point_collections, restore_points};
use crate::arm::resource_id::{RestorePointCollectionId, RestorePointId};
use crate::arm::{Client, Error, Patience};

/// The answers of one walk, good and bad ones alike.
#[derive(Debug, Default)]
pub(crate) struct Glances {
    collections: Answers<RestorePointCollectionId, Arc<RestorePointCollection>>,
    subscriptions: Answers<String, Arc<Vec<RestorePointCollection>>>,
    usable: Answers<RestorePointId, bool>,
    private: Answers<RestorePointCollectionId, bool>,
}

type Answers<K, V> = Mutex<HashMap<K, Arc<OnceCell<Result<V, Error>>>>>;

impl Glances {
    /// Forgets everything.
    pub(crate) fn forget(&self) {
        lock(&self.collections).clear();
        lock(&self.subscriptions).clear();
        lock(&self.usable).clear();
        lock(&self.private).clear();
    }

    /// A collection with its points, which come without instance view.
    pub(crate) async fn collection(
        &self,
        client: &Client,
        id: &RestorePointCollectionId,
        patience: &Patience,
    ) -> Result<Arc<RestorePointCollection>, Error> {
        once(&self.collections, id.clone(), async {
            let found =
                restore_point_collections::get_with_restore_points(client, id, patience).await?;
            Ok(Arc::new(found))
        })
        .await
    }

    /// Every collection of a subscription, without the points.
    pub(crate) async fn subscription(
        &self,
        client: &Client,
        id: &str,
        patience: &Patience,
    ) -> Result<Arc<Vec<RestorePointCollection>>, Error> {
        once(&self.subscriptions, id.to_ascii_lowercase(), async {
            let found = restore_point_collections::list(client, id, patience).await?;
            Ok(Arc::new(found))
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
