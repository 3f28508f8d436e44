//! Waiting for many copies, side by side in one call.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::arm::compute::models::RestorePoint;
use crate::arm::compute::replication::{Poll, ReplicationEnd, wait_for_replication};
use crate::arm::compute::restore_points;
use crate::arm::{Client, Error, Patience};

use super::ending::{End, settled};
use super::entries::Named;

/// How many copies are looked at for the first time at once: most of a fleet is often finished.
const FIRST_LOOKS_AT_ONCE: usize = 16;

/// How long the first look may take, before the wait goes on without it.
const FIRST_LOOK_LIMIT: Duration = Duration::from_secs(2 * 60);

/// A copy whose wait has ended.
#[derive(Debug)]
pub(super) struct Waited {
    pub(super) named: Named,
    /// The keys that name it, in order.
    pub(super) keys: Vec<String>,
    pub(super) end: End,
    /// The copy as it was seen last.
    pub(super) last: Option<RestorePoint>,
    /// What went wrong last, if anything did.
    pub(super) cause: Option<Error>,
}

/// Waits until the wait for each of these copies has ended, whatever became of the others. A copy
/// that several keys name is waited for once.
pub(super) async fn wait_for_all(
    client: &Client,
    patience: &Patience,
    copies: BTreeMap<String, Named>,
) -> Vec<Waited> {
    let mut keys_of: HashMap<Named, Vec<String>> = HashMap::new();
    for (key, named) in copies {
        keys_of.entry(named).or_default().push(key);
    }
    let first_looks = Arc::new(Semaphore::new(FIRST_LOOKS_AT_ONCE));
    // Dropped with this call, it ends every wait.
    let mut waits = JoinSet::new();
    for (named, keys) in keys_of {
        let (client, patience) = (client.clone(), patience.clone());
        let first_looks = first_looks.clone();
        waits.spawn(async move {
            let (end, last, cause) = wait(&client, &patience, &named, &first_looks).await;
            Waited {
                named,
                keys,
                end,
                last,
                cause,
            }
        });
    }
    let all = waits.len();
    let mut ended = Vec::with_capacity(all);
    while let Some(joined) = waits.join_next().await {
        match joined {
            Ok(waited) => ended.push(waited),
            // A wait that has not come to its end must open no gate.
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
        let usable = ended
            .iter()
            .filter(|waited| waited.end == End::Usable)
            .count();
        let waiting = waits.len();
        tracing::info!(
            usable,
            waiting,
            "{usable} of {all} copies usable, {waiting} still waited for"
        );
    }
    ended.sort_by(|one, other| one.keys.cmp(&other.keys));
    ended
}

async fn wait(
    client: &Client,
    patience: &Patience,
    named: &Named,
    first_looks: &Semaphore,
) -> (End, Option<RestorePoint>, Option<Error>) {
    // One look is enough for a copy that has finished, and tells one that was never meant.
    let first = {
        let _permit = patience.run(first_looks.acquire()).await;
        let patience = patience.with_limit(FIRST_LOOK_LIMIT);
        restore_points::get(client, &named.id, true, &patience).await
    };
    let first = first.ok();
    if let Some(end) = first.as_ref().and_then(|found| settled(named, found)) {
        return (end, first, None);
    }
    let ended = wait_for_replication(client, &named.id, patience, Poll::of(client)).await;
    let (end, last, cause) = match ended {
        ReplicationEnd::Replicated(found) => (End::Usable, Some(found), None),
        ReplicationEnd::Failed(found) => (End::Failed, Some(found), None),
        ReplicationEnd::Gone => return (End::Gone, None, None),
        ReplicationEnd::DeadlinePassed { last, cause } => (End::Deadline, last, cause),
        ReplicationEnd::Stopped { last } => (End::Stopped, last, None),
        ReplicationEnd::LostContact { last, error } => (End::LostContact, last, Some(error)),
    };
    let last = last.map(|found| *found).or(first);
    // Whatever cut the wait short: what was seen to have ended has.
    let end = last
        .as_ref()
        .and_then(|found| settled(named, found))
        .unwrap_or(end);
    (end, last, cause)
}
