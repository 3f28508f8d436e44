//! Waiting for many copies, side by side in one call.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::arm::compute::models::RestorePoint;
use crate::arm::compute::replication::{
    Log, Look, Observer, Poll, Rate, Replication, ReplicationEnd, observe_replication,
};
use crate::arm::compute::restore_points;
use crate::arm::resource_id::RestorePointId;
use crate::arm::{Client, Error, Patience};

use super::ending::{End, settled};
use super::entries::Named;

/// How many copies are looked at for the first time at once: most of a fleet is often finished.
const FIRST_LOOKS_AT_ONCE: usize = 16;

/// How long the first look may take, before the wait goes on without it.
const FIRST_LOOK_LIMIT: Duration = Duration::from_secs(2 * 60);

/// A copy whose wait has ended.
#[derive(Debug)]
pub(crate) struct Waited<K = String> {
    pub(crate) named: Named,
    /// The keys that name it, in order.
    pub(crate) keys: Vec<K>,
    pub(crate) end: End,
    /// The copy as it was seen last.
    pub(crate) last: Option<RestorePoint>,
    /// What went wrong last, if anything did.
    pub(crate) cause: Option<Error>,
}

/// What the waits tell on their way.
#[derive(Debug)]
pub(crate) enum News<'a> {
    /// How far a copy is.
    Progress {
        /// Which one.
        id: &'a RestorePointId,
        /// All its disks.
        replication: &'a Replication,
        /// How long the rest takes, as far as that can be known by now.
        remaining: Option<Duration>,
    },
    /// Something else, in words that can be read alone.
    Line(&'a str),
}

/// Whoever wants to know more than what is logged.
pub(crate) type Audience = Arc<dyn Fn(News<'_>) + Send + Sync>;

/// Tells both the log and the audience of one copy.
struct Teller<'a> {
    id: &'a RestorePointId,
    log: Log<'a>,
    /// Of the slowest disk, which decides.
    rate: Rate,
    audience: &'a Audience,
}

impl Teller<'_> {
    fn line(&self, text: &str) {
        let name = self.id.name();
        (self.audience)(News::Line(&format!("Copy \"{name}\": {text}")));
    }
}

impl Observer for Teller<'_> {
    fn looked(&mut self, look: &Look<'_>) {
        self.log.looked(look);
        let now = Instant::now();
        self.rate.saw(look.replication.completion_percent, now);
        if look.is_news {
            let estimate = self.rate.estimate(now);
            (self.audience)(News::Progress {
                id: self.id,
                replication: look.replication,
                remaining: estimate.map(|estimate| estimate.remaining),
            });
        }
        for warning in &look.warnings {
            self.line(warning);
        }
    }

    fn in_trouble(&mut self, error: &Error, is_news: bool) {
        self.log.in_trouble(error, is_news);
        if is_news {
            self.line(&format!(
                "cannot look at it now, copying goes on in Azure: {error}"
            ));
        }
    }
}

/// Waits until the wait for each of these copies has ended, whatever became of the others. A copy
/// that several keys name is waited for once.
pub(crate) async fn wait_for_all<K: Ord + Send + 'static>(
    client: &Client,
    patience: &Patience,
    copies: BTreeMap<K, Named>,
    audience: &Audience,
) -> Vec<Waited<K>> {
    let mut keys_of: HashMap<Named, Vec<K>> = HashMap::new();
    for (key, named) in copies {
        keys_of.entry(named).or_default().push(key);
    }
    let first_looks = Arc::new(Semaphore::new(FIRST_LOOKS_AT_ONCE));
    // Dropped with this call, it ends every wait.
    let mut waits = JoinSet::new();
    for (named, keys) in keys_of {
        let (client, patience) = (client.clone(), patience.clone());
        let (first_looks, audience) = (first_looks.clone(), audience.clone());
        waits.spawn(async move {
            let (end, last, cause) =
                wait(&client, &patience, &named, &first_looks, &audience).await;
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
        let line = format!("{usable} of {all} copies usable, {waiting} still waited for");
        tracing::info!(usable, waiting, "{line}");
        audience(News::Line(&line));
    }
    ended.sort_by(|one, other| one.keys.cmp(&other.keys));
    ended
}

async fn wait(
    client: &Client,
    patience: &Patience,
    named: &Named,
    first_looks: &Semaphore,
    audience: &Audience,
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
    let mut teller = Teller {
        id: &named.id,
        log: Log::new(&named.id),
        rate: Rate::default(),
        audience,
    };
    let ended =
        observe_replication(client, &named.id, patience, Poll::of(client), &mut teller).await;
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
