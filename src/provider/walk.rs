//! What this process has planned and done with each copy since Terraform configured it.
//!
//! Terraform hands a provider one call after the other and never the whole plan. Some calls
//! are harmless alone and fatal together: a delete of a copy that a create has just taken over,
//! or a destroy and a create of the same copy in one plan.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::arm::resource_id::{RestorePointCollectionId, RestorePointId};
use crate::provider::glance::Glances;
use crate::provider::turn::Turns;

/// The memory of one walk. A new configuration begins a new walk.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    copies: Mutex<HashMap<RestorePointId, Seen>>,
    collections: Mutex<HashMap<RestorePointCollectionId, Arc<tokio::sync::Mutex<()>>>>,
    /// The collections that are to be made or made anew.
    planned_collections: Mutex<HashSet<RestorePointCollectionId>>,
    /// Something is being changed already: this is an apply.
    applying: AtomicBool,
    /// Azure could not be reached.
    dark: AtomicBool,
    /// What has been told: about what, and what.
    told: Mutex<HashSet<(String, &'static str)>>,
    /// The collections that a delete half has kept for the create half.
    kept_collections: Mutex<HashSet<RestorePointCollectionId>>,
    /// What has been planned for the mirror into a collection.
    mirrors: Mutex<HashMap<RestorePointCollectionId, Seen>>,
    /// Who may copy into a collection.
    pub(crate) turns: Turns,
    /// What was asked once for many.
    pub(crate) glances: Glances,
}

/// What has been planned for a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plan {
    /// It is to be there afterwards, made or kept.
    Be,
    /// It is to be gone afterwards.
    Go,
}

#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    planned: Option<Plan>,
    /// A create was planned.
    to_be_made: bool,
    /// A plan lets it go although it is usable; whether its state says that this is meant.
    let_go: Option<bool>,
    /// A create was planned that follows no other plan, as after a taint.
    create_planned: bool,
    /// This process made it, took it over or waited for it.
    made: bool,
    /// A delete half has kept it for the create half.
    kept: bool,
}

impl Seen {
    /// Remembers a plan, and gives whether it agrees with the first one, or is exempt.
    fn plan(&mut self, plan: Plan) -> bool {
        *self.planned.get_or_insert(plan) == plan || self.made
    }
}

impl Walk {
    /// Begins a new walk.
    pub(crate) fn forget(&self) {
        self.seen().clear();
        self.glances.forget();
        lock(&self.planned_collections).clear();
        lock(&self.told).clear();
        lock(&self.kept_collections).clear();
        self.mirrors().clear();
        self.applying.store(false, Ordering::Relaxed);
        self.dark.store(false, Ordering::Relaxed);
    }

    /// From now on this is known to be an apply.
    pub(crate) fn apply(&self) {
        self.applying.store(true, Ordering::Relaxed);
    }

    /// Whether something has been changed in this walk, or was to be.
    pub(crate) fn is_applying(&self) -> bool {
        self.applying.load(Ordering::Relaxed)
    }

    /// Azure could not be reached: who asks for messages alone need not try.
    pub(crate) fn go_dark(&self) {
        self.dark.store(true, Ordering::Relaxed);
    }

    /// Whether Azure could not be reached.
    pub(crate) fn is_dark(&self) -> bool {
        self.dark.load(Ordering::Relaxed)
    }

    /// Whether this has not been told about that before, in any case.
    pub(crate) fn tell_once(&self, about: &str, what: &'static str) -> bool {
        lock(&self.told).insert((about.to_ascii_lowercase(), what))
    }

    /// Remembers that a collection is to be made, or made anew.
    pub(crate) fn plan_collection(&self, id: &RestorePointCollectionId) {
        lock(&self.planned_collections).insert(id.clone());
    }

    /// Whether a collection is to be made, or made anew: what Azure has under its id is not what
    /// will be there.
    pub(crate) fn is_collection_planned(&self, id: &RestorePointCollectionId) -> bool {
        lock(&self.planned_collections).contains(id)
    }

    /// Remembers that a copy is to be made. Gives how many are to be made in its collection.
    pub(crate) fn plan_copy(&self, id: &RestorePointId) -> usize {
        let mut seen = self.seen();
        seen.entry(id.clone()).or_default().to_be_made = true;
        let together = seen
            .iter()
            .filter(|(other, seen)| seen.to_be_made && other.collection() == id.collection());
        together.count()
    }

    /// Remembers that a plan lets a usable copy go, and whether its state says that this is meant
    /// even for the last one.
    pub(crate) fn let_go(&self, id: &RestorePointId, forced: bool) {
        self.seen().entry(id.clone()).or_default().let_go = Some(forced);
    }

    /// The usable copies of a collection that plans let go, and whether that is meant even for
    /// the last one.
    pub(crate) fn gone_from(
        &self,
        collection: &RestorePointCollectionId,
    ) -> HashMap<RestorePointId, bool> {
        let seen = self.seen();
        let gone = seen
            .iter()
            .filter(|(id, _)| id.collection() == collection)
            .filter_map(|(id, seen)| Some((id.clone(), seen.let_go?)));
        gone.collect()
    }

    /// Remembers a plan. False where another plan of this walk wants the opposite of the same
    /// copy: one of both would undo what the other does, in an order that nobody knows.
    ///
    /// A copy that was made in this walk is exempt: Terraform plans the destroy of a replaced
    /// twin in the middle of an apply, and an error there would leave it behind.
    pub(crate) fn plan(&self, id: &RestorePointId, plan: Plan) -> bool {
        self.seen().entry(id.clone()).or_default().plan(plan)
    }

    /// Whether this was planned before.
    pub(crate) fn is_planned(&self, id: &RestorePointId, plan: Plan) -> bool {
        self.of(id).planned == Some(plan)
    }

    /// Remembers that a create was planned which follows no other plan.
    pub(crate) fn plan_create(&self, id: &RestorePointId) {
        self.seen().entry(id.clone()).or_default().create_planned = true;
    }

    /// Whether a create was planned that follows no other plan.
    pub(crate) fn is_create_planned(&self, id: &RestorePointId) -> bool {
        self.of(id).create_planned
    }

    /// From now on no delete of this walk touches the copy.
    pub(crate) fn make(&self, id: &RestorePointId) {
        self.seen().entry(id.clone()).or_default().made = true;
    }

    /// Azure has refused to make it, so there is nothing to protect.
    pub(crate) fn unmake(&self, id: &RestorePointId) {
        self.seen().entry(id.clone()).or_default().made = false;
    }

    /// Whether this process made the copy, took it over or waited for it.
    pub(crate) fn is_made(&self, id: &RestorePointId) -> bool {
        self.of(id).made
    }

    /// Remembers that a delete half has kept the copy for the create half.
    pub(crate) fn keep(&self, id: &RestorePointId) {
        self.seen().entry(id.clone()).or_default().kept = true;
    }

    /// Whether a delete half has kept the copy.
    pub(crate) fn is_kept(&self, id: &RestorePointId) -> bool {
        self.of(id).kept
    }

    /// Remembers that a delete half has kept the collection for the create half.
    pub(crate) fn keep_collection(&self, id: &RestorePointCollectionId) {
        lock(&self.kept_collections).insert(id.clone());
    }

    /// Whether a delete half has kept the collection.
    pub(crate) fn is_collection_kept(&self, id: &RestorePointCollectionId) -> bool {
        lock(&self.kept_collections).contains(id)
    }

    /// As [`Walk::plan`], for the mirror into a collection whose copies a destroy deletes.
    pub(crate) fn plan_mirror(&self, target: &RestorePointCollectionId, plan: Plan) -> bool {
        let mut mirrors = self.mirrors();
        mirrors.entry(target.clone()).or_default().plan(plan)
    }

    /// From now on no delete of this walk touches the copies of the mirror into a collection.
    pub(crate) fn keep_mirror(&self, target: &RestorePointCollectionId) {
        self.mirrors().entry(target.clone()).or_default().made = true;
    }

    /// Whether this walk makes, keeps or has made a mirror into the collection.
    pub(crate) fn is_mirror_kept(&self, target: &RestorePointCollectionId) -> bool {
        let seen = self.mirrors().get(target).copied().unwrap_or_default();
        seen.made || seen.planned == Some(Plan::Be)
    }

    /// What deletes in one collection hold, one at a time: each must see what the others did.
    pub(crate) fn deletes_in(
        &self,
        collection: &RestorePointCollectionId,
    ) -> Arc<tokio::sync::Mutex<()>> {
        let mut collections = lock(&self.collections);
        collections.entry(collection.clone()).or_default().clone()
    }

    fn mirrors(&self) -> MutexGuard<'_, HashMap<RestorePointCollectionId, Seen>> {
        lock(&self.mirrors)
    }

    fn of(&self, id: &RestorePointId) -> Seen {
        self.seen().get(id).copied().unwrap_or_default()
    }

    fn seen(&self) -> MutexGuard<'_, HashMap<RestorePointId, Seen>> {
        lock(&self.copies)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> RestorePointId {
        let text = format!(
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/restorePointCollections/c/restorePoints/{name}"
        );
        RestorePointId::parse(&text).expect("an id")
    }

    #[test]
    fn one_plan_does_not_destroy_and_keep_the_same_copy() {
        for (first, second) in [(Plan::Be, Plan::Go), (Plan::Go, Plan::Be)] {
            let walk = Walk::default();
            assert!(walk.plan(&id("a"), first));
            assert!(walk.plan(&id("b"), second));
            assert!(
                !walk.plan(&id("A"), second),
                "whichever comes second is refused, in any case"
            );
            assert!(walk.plan(&id("a"), first));
            walk.forget();
            assert!(walk.plan(&id("a"), second));
        }
    }

    #[test]
    fn what_is_to_be_made_and_let_go_is_counted_by_collection() {
        let walk = Walk::default();
        assert_eq!(walk.plan_copy(&id("a")), 1);
        assert_eq!(walk.plan_copy(&id("A")), 1);
        assert_eq!(walk.plan_copy(&id("b")), 2);
        walk.let_go(&id("c"), false);
        walk.let_go(&id("d"), true);
        let gone = walk.gone_from(id("a").collection());
        assert_eq!(
            (gone.len(), gone[&id("C")], gone[&id("D")]),
            (2, false, true)
        );
        assert!(walk.tell_once("A", "that"));
        assert!(!walk.tell_once("a", "that"));
        walk.forget();
        assert!(walk.tell_once("a", "that"));
        assert_eq!(walk.plan_copy(&id("b")), 1);
    }

    #[test]
    fn a_mirror_that_is_made_or_kept_keeps_its_copies() {
        let target = RestorePointCollectionId::new("s", "g", "dr").expect("an id");
        let walk = Walk::default();
        assert!(walk.plan_mirror(&target, Plan::Go));
        assert!(!walk.is_mirror_kept(&target));
        assert!(!walk.plan_mirror(&target, Plan::Be));
        walk.forget();
        assert!(walk.plan_mirror(&target, Plan::Be));
        assert!(walk.is_mirror_kept(&target));
        assert!(!walk.plan_mirror(&target, Plan::Go));
        walk.keep_mirror(&target);
        assert!(walk.plan_mirror(&target, Plan::Go));
    }

    #[test]
    fn what_was_made_in_this_walk_is_exempt() {
        let walk = Walk::default();
        assert!(walk.plan(&id("a"), Plan::Be));
        walk.make(&id("a"));
        assert!(walk.plan(&id("a"), Plan::Go));
        assert!(walk.is_made(&id("A")));
        walk.unmake(&id("a"));
        assert!(!walk.is_made(&id("a")));
    }
}
