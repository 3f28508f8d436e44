//! Looks at everything that is watched, side by side, until each has come to its end.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use super::arguments::Target;
use super::ending::End;
use super::view::{News, View};
use super::watched::{NewestSource, Now, Watched};
use crate::arm::compute::models::{RestorePoint, RestorePointCollection};
use crate::arm::compute::replication::{
    Look, Observer, Poll, Replication, ReplicationState, ask, observe_replication,
};
use crate::arm::compute::{restore_point_collections, restore_points};
use crate::arm::resource_id::{RestorePointCollectionId, RestorePointId};
use crate::arm::{Client, Error, Patience};

/// How many copies are looked at for the first time at once.
const FIRST_LOOKS_AT_ONCE: usize = 16;

/// How long one look may take where there is only one.
const ONLY_LOOK_LIMIT: Duration = Duration::from_secs(60);

/// How long the look at a source may take. It tells only what could be copied: where its region is
/// lost, the copies are all the more of interest.
const SOURCE_LIMIT: Duration = Duration::from_secs(30);

/// How often a screen is drawn anew where nothing happens.
const TICK: Duration = Duration::from_secs(1);

/// Whom to ask, and how long.
#[derive(Clone)]
pub(super) struct Asking {
    pub(super) client: Client,
    pub(super) patience: Patience,
    pub(super) once: bool,
}

/// Watches until everything has come to its end, and tells the view on the way.
pub(super) async fn follow(asking: Asking, targets: Vec<Target>, view: &mut View) -> Watched {
    let (sender, mut seen) = mpsc::unbounded_channel();
    let mut following = Following {
        asking,
        first_looks: Arc::new(Semaphore::new(FIRST_LOOKS_AT_ONCE)),
        sender,
        tasks: JoinSet::new(),
        watched: Watched::default(),
    };
    for target in targets {
        following.begin(target);
    }
    view.draw(&following.watched, Now::get());
    while !following.tasks.is_empty() {
        let step = async {
            tokio::select! {
                Some(seen) = seen.recv() => Step::Seen(seen),
                Some(done) = following.tasks.join_next() => Step::Done(done),
            }
        };
        // A stop is heard by the tasks; their ends are still awaited here.
        let step = Patience::detached(TICK).run(step).await;
        let now = Now::get();
        let news = match step {
            Ok(Step::Seen(seen)) => following.saw(seen, now),
            Ok(Step::Done(Ok(done))) => following.has_done(done, now),
            Ok(Step::Done(Err(error))) => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Vec::new(),
        };
        for news in &news {
            view.tell(&following.watched, news, now);
        }
        view.draw(&following.watched, now);
        if view.is_closed() {
            following.asking.patience.stop.cancel();
        }
    }
    following.watched
}

enum Step {
    Seen(Seen),
    Done(Result<Done, tokio::task::JoinError>),
}

/// What a task tells on its way. Copies and collections are named by their places.
enum Seen {
    Found(usize, Box<RestorePoint>),
    Looked {
        copy: usize,
        replication: Box<Replication>,
        is_news: bool,
        warnings: Vec<String>,
    },
    CopyTrouble(usize, Error, bool),
    CollectionTrouble(usize, Error, bool),
}

/// What a task comes to.
enum Done {
    Copy(usize, End, Option<Box<RestorePoint>>),
    Collection(usize, Result<Box<RestorePointCollection>, Error>),
    Source(usize, NewestSource),
}

struct Following {
    asking: Asking,
    first_looks: Arc<Semaphore>,
    sender: mpsc::UnboundedSender<Seen>,
    tasks: JoinSet<Done>,
    watched: Watched,
}

impl Following {
    fn begin(&mut self, target: Target) {
        match target {
            Target::Copy(id) => self.begin_copy(&id, true),
            Target::Collection(id) => {
                let place = self.watched.add_collection(id);
                self.begin_collection(place);
            }
        }
    }

    fn begin_copy(&mut self, id: &RestorePointId, is_named: bool) {
        if let Some(copy) = self.watched.add_copy(id, is_named) {
            let (asking, id) = (self.asking.clone(), id.clone());
            let (first_looks, sender) = (self.first_looks.clone(), self.sender.clone());
            self.tasks.spawn(async move {
                let teller = Teller { copy, sender };
                let (end, last) = asking.watch_copy(&id, &first_looks, teller).await;
                Done::Copy(copy, end, last)
            });
        }
    }

    fn begin_collection(&mut self, place: usize) {
        let (asking, sender) = (self.asking.clone(), self.sender.clone());
        let id = self.watched.collections[place].id.clone();
        self.tasks.spawn(async move {
            let in_trouble = |error: &Error, is_news| {
                // Nobody listens any more only once everything is over.
                let _ = sender.send(Seen::CollectionTrouble(place, error.clone(), is_news));
            };
            let found = asking.look_at_collection(&id, in_trouble).await;
            Done::Collection(place, found.map(Box::new))
        });
    }

    fn begin_source(&mut self, place: usize, source: RestorePointCollectionId) {
        let asking = self.asking.clone();
        self.tasks
            .spawn(async move { Done::Source(place, asking.newest_source(&source).await) });
    }

    fn saw(&mut self, seen: Seen, now: Now) -> Vec<News> {
        match seen {
            Seen::Found(copy, point) => {
                self.watched.copies[copy].found(&point, now);
                Vec::new()
            }
            Seen::Looked {
                copy: place,
                replication,
                is_news,
                warnings,
            } => {
                let copy = &mut self.watched.copies[place];
                if copy.end.is_some() {
                    return Vec::new();
                }
                copy.looked(&replication, now);
                if let Some(warning) = warnings.last() {
                    copy.warning = Some(warning.clone());
                }
                // What it came to is told when its end is.
                let is_over = matches!(
                    replication.state,
                    ReplicationState::Succeeded | ReplicationState::Failed
                );
                let look = (is_news && !is_over).then_some(News::Looked(place));
                let warnings = warnings.into_iter();
                let warnings = warnings.map(|text| News::Warning(place, text));
                look.into_iter().chain(warnings).collect()
            }
            Seen::CopyTrouble(place, error, is_news) => {
                let copy = &mut self.watched.copies[place];
                if copy.end.is_some() {
                    return Vec::new();
                }
                copy.trouble = Some(error.answer());
                is_news
                    .then_some(News::CopyTrouble(place))
                    .into_iter()
                    .collect()
            }
            Seen::CollectionTrouble(place, error, is_news) => {
                let collection = &mut self.watched.collections[place];
                collection.trouble = Some(error.answer());
                let news = is_news.then_some(News::CollectionTrouble(place));
                news.into_iter().collect()
            }
        }
    }

    fn has_done(&mut self, done: Done, now: Now) -> Vec<News> {
        match done {
            Done::Copy(place, end, last) => {
                let copy = &mut self.watched.copies[place];
                if let Some(last) = last {
                    copy.found(&last, now);
                }
                // Trouble that has ended it is told with its end.
                copy.trouble = None;
                copy.end = Some(end);
                let id = copy.id.collection().clone();
                self.look_again_at(&id);
                vec![News::Ended(place)]
            }
            Done::Collection(place, Err(error)) => {
                let collection = &mut self.watched.collections[place];
                // Where it was seen before, its copies have told what there is to tell.
                let is_seen = collection.source.is_some();
                collection.trouble = None;
                collection.end = Some(if is_seen {
                    End::Complete
                } else {
                    End::of_error(error)
                });
                Vec::new()
            }
            Done::Collection(place, Ok(found)) => {
                self.has_found(place, &found, now);
                Vec::new()
            }
            Done::Source(place, newest) => {
                self.watched.collections[place].newest_source = newest;
                Vec::new()
            }
        }
    }

    /// Begins to watch the copies of a collection that are not watched yet. Where there are none,
    /// nothing more is to come.
    fn has_found(&mut self, place: usize, found: &RestorePointCollection, now: Now) {
        let collection = &mut self.watched.collections[place];
        collection.trouble = None;
        let source = found.properties.source.id.as_deref();
        let Some(source) = source.and_then(|id| RestorePointCollectionId::parse(id).ok()) else {
            collection.end = Some(End::NotForCopies);
            return;
        };
        collection.source = Some(source.clone());
        let id = collection.id.clone();
        self.begin_source(place, source);
        let points = found.properties.restore_points.iter().flatten();
        let named = points.filter_map(|point| {
            let id = id.restore_point(point.name.as_deref()?).ok()?;
            Some((id, point))
        });
        let before = self.watched.copies.len();
        for (id, point) in named {
            let next = self.watched.copies.len();
            self.begin_copy(&id, false);
            if let Some(copy) = self.watched.copies.get_mut(next) {
                copy.found(point, now);
            }
        }
        if self.watched.copies_of(&id).is_empty() {
            self.watched.collections[place].end = Some(End::NoCopies);
        } else if self.watched.copies.len() == before && self.is_all_over(&id) {
            self.watched.collections[place].end = Some(End::Complete);
        }
    }

    /// Looks at a collection once more when all its copies have ended: others may have begun
    /// meanwhile.
    fn look_again_at(&mut self, id: &RestorePointCollectionId) {
        let mut collections = self.watched.collections.iter();
        let place =
            collections.position(|collection| collection.id == *id && collection.end.is_none());
        let Some(place) = place.filter(|_| self.is_all_over(id)) else {
            return;
        };
        let copies = self.watched.copies_of(id).into_iter();
        let cut_off = copies
            .filter_map(|copy| copy.end.as_ref())
            .find(|end| matches!(end, End::NotAllowed(_) | End::NotYet(_) | End::Stopped));
        if self.asking.once || cut_off.is_some() {
            self.watched.collections[place].end = Some(End::Complete);
        } else {
            self.begin_collection(place);
        }
    }

    fn is_all_over(&self, id: &RestorePointCollectionId) -> bool {
        let mut copies = self.watched.copies_of(id).into_iter();
        copies.all(|copy| copy.end.is_some())
    }
}

impl Asking {
    /// Watches one copy to its end, and gives it as it was seen last.
    async fn watch_copy(
        &self,
        id: &RestorePointId,
        first_looks: &Semaphore,
        mut teller: Teller,
    ) -> (End, Option<Box<RestorePoint>>) {
        // One look is enough for a copy that has finished.
        let look = |patience: Patience| async move {
            let _permit = patience.run(first_looks.acquire()).await;
            restore_points::get(&self.client, id, true, &patience).await
        };
        let in_trouble = |error: &Error, is_news| teller.in_trouble(error, is_news);
        let first = self.first(look, in_trouble).await;
        let first = match first {
            Ok(first) => Box::new(first),
            Err(error) => return (End::of_error(error), None),
        };
        if let Some(end) = End::settled(&first) {
            return (end, Some(first));
        }
        if self.once {
            return (End::NotYet(None), Some(first));
        }
        teller.tell(Seen::Found(teller.copy, first));
        let poll = Poll::of(&self.client);
        let end = observe_replication(&self.client, id, &self.patience, poll, &mut teller).await;
        let (end, last) = End::of_wait(end);
        // Whatever cut the wait short: what was seen to have ended has.
        let settled = last.as_deref().and_then(End::settled);
        (settled.unwrap_or(end), last)
    }

    async fn look_at_collection(
        &self,
        id: &RestorePointCollectionId,
        in_trouble: impl FnMut(&Error, bool),
    ) -> Result<RestorePointCollection, Error> {
        let look = |patience| async move {
            restore_point_collections::get_with_restore_points(&self.client, id, &patience).await
        };
        self.first(look, in_trouble).await
    }

    /// Asks until there is an answer, or only once.
    async fn first<T, F>(
        &self,
        question: impl Fn(Patience) -> F,
        in_trouble: impl FnMut(&Error, bool),
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        if self.once {
            question(self.patience.with_limit(ONLY_LOOK_LIMIT)).await
        } else {
            ask(&self.patience, in_trouble, question).await
        }
    }

    async fn newest_source(&self, id: &RestorePointCollectionId) -> NewestSource {
        let patience = self.patience.with_limit(SOURCE_LIMIT);
        let found = restore_point_collections::get_with_restore_points(&self.client, id, &patience);
        let Ok(found) = found.await else {
            return NewestSource::NotKnown;
        };
        let points = found.properties.restore_points.iter().flatten();
        let points = points.filter(|point| point.is_provisioning_state("Succeeded"));
        let points = points.filter_map(|point| {
            let id = id.restore_point(point.name.as_deref()?).ok()?;
            Some((id, point.time_created()?))
        });
        match points.max_by_key(|(_, time)| *time) {
            Some((id, time)) => NewestSource::Point(id, time),
            None => NewestSource::None,
        }
    }
}

/// Tells what a wait sees of one copy.
struct Teller {
    copy: usize,
    sender: mpsc::UnboundedSender<Seen>,
}

impl Teller {
    fn tell(&self, seen: Seen) {
        // Nobody listens any more only once everything is over.
        let _ = self.sender.send(seen);
    }
}

impl Observer for Teller {
    fn looked(&mut self, look: &Look<'_>) {
        self.tell(Seen::Looked {
            copy: self.copy,
            replication: Box::new(look.replication.clone()),
            is_news: look.is_news,
            warnings: look.warnings.clone(),
        });
    }

    fn in_trouble(&mut self, error: &Error, is_news: bool) {
        self.tell(Seen::CopyTrouble(self.copy, error.clone(), is_news));
    }
}
