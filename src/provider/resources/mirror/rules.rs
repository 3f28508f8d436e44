//! The rules of a mirror: what is due, by what is in both collections.
//!
//! Azure copies a restore point once per region, one at a time, and never back in time. So what
//! is skipped is lost, and what is deleted never comes back. Nothing here asks anybody.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use time::OffsetDateTime;

use crate::provider::encryption::Encryption;
use crate::provider::filter::Filter;

use super::names;

/// What a user wants of a mirror.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    /// How many of the newest usable copies to keep; without it no usable copy is ever deleted.
    pub(super) keep_newest: Option<usize>,
    /// Whether the oldest usable copy is kept as well.
    pub(super) keep_oldest: bool,
    /// The names of copies that are never deleted, in lower case.
    pub(super) pinned: BTreeSet<String>,
    pub(super) catch_up: CatchUp,
    pub(super) filter: Filter,
    /// Whether an apply waits until what it has started is usable.
    pub(super) waits: bool,
    /// How the copies are to be encrypted.
    pub(super) encryption: Encryption,
}

/// Which source to copy when several have not been.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum CatchUp {
    /// The newest one. Azure will not copy the skipped ones any more.
    #[default]
    Newest,
    /// The oldest one that Azure still copies, so that none is skipped.
    All,
}

/// What is in both collections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Snapshot {
    pub(super) source: Source,
    /// Every restore point of the target collection.
    pub(super) copies: Vec<CopyPoint>,
}

/// The source collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// It cannot be looked at.
    Unreachable,
    /// Its restore points.
    Points(Vec<SourcePoint>),
}

/// A restore point that may be copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SourcePoint {
    pub(super) name: String,
    pub(super) time: OffsetDateTime,
    /// The same time as Azure wrote it, in UTC.
    pub(super) time_created: String,
    pub(super) consistency_mode: Option<String>,
    pub(super) readiness: Readiness,
    /// Whether a disk is encrypted with a key of the customer's.
    pub(super) has_customer_key: bool,
}

/// Whether Azure would copy a restore point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readiness {
    Ready,
    /// Nobody has looked whether its snapshots can be read.
    NotAsked,
    /// Not yet: it is being made, or its snapshots cannot be read yet.
    NotYet,
    /// Never: it has failed, or is a copy itself.
    Never,
}

/// A restore point of the target collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CopyPoint {
    pub(super) name: String,
    /// Whether it is a copy of the source collection's. Others take names and nothing else.
    pub(super) is_ours: bool,
    /// The moment of its source, which it has inherited.
    pub(super) time: Option<OffsetDateTime>,
    pub(super) state: CopyState,
}

/// How a copy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CopyState {
    Usable,
    Replicating,
    Failed,
    /// Azure does not say.
    Unknown,
    /// Somebody is deleting it.
    Leaving,
}

/// Which deletions may be part of the decision.
#[derive(Clone, Copy, Debug)]
pub(super) enum MayDelete<'a> {
    /// All that the rules allow: for a plan.
    Anything,
    /// Those of these that the rules allow: for its apply.
    Only(&'a [String]),
    /// None: for a create, whose plan names nothing.
    Nothing,
}

/// What is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) status: Status,
    pub(super) copy: Option<DueCopy>,
    /// The names of the copies to delete, oldest first.
    pub(super) deletions: Vec<String>,
    /// Whether there is a copy under way to wait for.
    pub(super) waits: bool,
}

/// A copy to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DueCopy {
    /// Its name.
    pub(super) name: String,
    /// The name of its source.
    pub(super) source: String,
}

/// How a mirror is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    UpToDate,
    Copying,
    Behind,
    Failed,
    SourceEmpty,
    SourceUnreachable,
}

impl Decision {
    /// Whether there is anything to do.
    pub(super) fn is_due(&self) -> bool {
        self.copy.is_some() || !self.deletions.is_empty() || self.waits
    }
}

impl Status {
    /// As it stands in the state.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::UpToDate => "up_to_date",
            Self::Copying => "copying",
            Self::Behind => "behind",
            Self::Failed => "failed",
            Self::SourceEmpty => "source_empty",
            Self::SourceUnreachable => "source_unreachable",
        }
    }
}

impl Settings {
    fn is_pinned(&self, copy: &CopyPoint) -> bool {
        self.pinned.contains(&copy.name.to_lowercase())
    }
}

impl MayDelete<'_> {
    fn allows(self, name: &str) -> bool {
        match self {
            Self::Anything => true,
            Self::Only(names) => names.iter().any(|named| named.eq_ignore_ascii_case(name)),
            Self::Nothing => false,
        }
    }
}

impl Snapshot {
    /// Our copies, newest first.
    pub(super) fn newest_first(&self) -> Vec<&CopyPoint> {
        let mut copies: Vec<_> = self.copies.iter().filter(|copy| copy.is_ours).collect();
        copies.sort_by_key(|copy| Reverse((copy.time, copy.name.clone())));
        copies
    }

    /// The copies that are under way. Where Azure does not say, only the newest one can be:
    /// it copies in order, one at a time.
    pub(super) fn copying(&self) -> Vec<&CopyPoint> {
        let newest = self.copies.iter().map(|copy| copy.time).max().flatten();
        let is_under_way = |copy: &&CopyPoint| match copy.state {
            CopyState::Replicating => true,
            CopyState::Unknown => copy.time == newest || copy.time.is_none(),
            CopyState::Usable | CopyState::Failed | CopyState::Leaving => false,
        };
        self.copies.iter().filter(is_under_way).collect()
    }

    /// The restore points of the source that count, newest first: those that Azure may copy, one
    /// day, and that the filters let pass. None where the source is unreachable.
    fn matching(&self, filter: &Filter) -> Option<Vec<&SourcePoint>> {
        let Source::Points(points) = &self.source else {
            return None;
        };
        let mut matching: Vec<_> = points
            .iter()
            .filter(|point| {
                let mode = point.consistency_mode.as_deref();
                point.readiness != Readiness::Never
                    && filter.matches(&point.name, Some(point.time), mode)
            })
            .collect();
        matching.sort_by_key(|point| Reverse((point.time, point.name.clone())));
        Some(matching)
    }

    /// The newest restore point of the source that counts.
    pub(super) fn source_newest(&self, filter: &Filter) -> Option<&SourcePoint> {
        self.matching(filter)?.into_iter().next()
    }

    /// The sources that Azure still copies, newest first, those included that are not ready yet:
    /// they are newer than every copy. One whose copy has failed may be tried once more, if the
    /// failed copy may go; nothing older, for nobody knows whether Azure forgets that it tried.
    fn eligible(&self, settings: &Settings, may_delete: MayDelete<'_>) -> Vec<&SourcePoint> {
        let allows = |copy: &CopyPoint, point: &SourcePoint| match copy.time {
            Some(time) if may_go_as_failed(copy, settings, may_delete) => point.time >= time,
            Some(time) => point.time > time,
            None => true,
        };
        let mut eligible = self.matching(&settings.filter).unwrap_or_default();
        eligible.retain(|point| {
            let mut copies = self.copies.iter();
            copies.all(|copy| allows(copy, point))
        });
        eligible
    }
}

/// Decides what is due.
pub(super) fn decide(
    snapshot: &Snapshot,
    settings: &Settings,
    may_delete: MayDelete<'_>,
) -> Decision {
    let status = status(snapshot, settings, may_delete);
    let copying = snapshot.copying();
    let copy = if copying.is_empty() {
        let eligible = snapshot.eligible(settings, may_delete);
        candidate(&eligible, settings.catch_up).and_then(|source| due_copy(snapshot, source))
    } else {
        None
    };
    let deletions = match status {
        // What cannot be copied again soon is not deleted.
        Status::SourceUnreachable | Status::SourceEmpty => Vec::new(),
        _ => deletions(snapshot, settings, may_delete, copy.is_some()),
    };
    Decision {
        status,
        copy,
        deletions,
        waits: settings.waits && !copying.is_empty(),
    }
}

/// The copy that a plan has named, if it may still be made.
pub(super) fn still_due(
    snapshot: &Snapshot,
    settings: &Settings,
    may_delete: MayDelete<'_>,
    planned: &str,
) -> Option<DueCopy> {
    if !snapshot.copying().is_empty() {
        return None;
    }
    let mut eligible = snapshot.eligible(settings, may_delete);
    if settings.catch_up == CatchUp::All {
        // Whatever is older would be lost.
        eligible = eligible.split_off(eligible.len().saturating_sub(1));
    }
    let ready = eligible.into_iter().filter(|source| is_ready(source));
    ready
        .filter_map(|source| due_copy(snapshot, source))
        .find(|copy| copy.name.eq_ignore_ascii_case(planned))
}

/// The source to copy next, of those that Azure copies, newest first.
fn candidate<'a>(eligible: &[&'a SourcePoint], catch_up: CatchUp) -> Option<&'a SourcePoint> {
    match catch_up {
        CatchUp::Newest => eligible.iter().find(|source| is_ready(source)).copied(),
        // One that is not ready yet would be lost if a newer one went first.
        CatchUp::All => eligible.last().filter(|source| is_ready(source)).copied(),
    }
}

fn is_ready(source: &SourcePoint) -> bool {
    matches!(source.readiness, Readiness::Ready | Readiness::NotAsked)
}

fn due_copy(snapshot: &Snapshot, source: &SourcePoint) -> Option<DueCopy> {
    Some(DueCopy {
        name: names::of_copy(source, &snapshot.copies)?,
        source: source.name.clone(),
    })
}

fn status(snapshot: &Snapshot, settings: &Settings, may_delete: MayDelete<'_>) -> Status {
    match snapshot.matching(&settings.filter) {
        None => return Status::SourceUnreachable,
        Some(matching) if matching.is_empty() => return Status::SourceEmpty,
        Some(_) => {}
    }
    let newest = snapshot.newest_first().into_iter().next();
    if !snapshot.copying().is_empty() {
        Status::Copying
    } else if newest.is_some_and(|copy| copy.state == CopyState::Failed) {
        Status::Failed
    } else if snapshot.eligible(settings, may_delete).is_empty() {
        Status::UpToDate
    } else {
        Status::Behind
    }
}

/// A failed copy counts for nothing, unless somebody has pinned it.
fn may_go_as_failed(copy: &CopyPoint, settings: &Settings, may_delete: MayDelete<'_>) -> bool {
    copy.is_ours
        && copy.state == CopyState::Failed
        && !settings.is_pinned(copy)
        && may_delete.allows(&copy.name)
}

fn deletions(
    snapshot: &Snapshot,
    settings: &Settings,
    may_delete: MayDelete<'_>,
    copies_now: bool,
) -> Vec<String> {
    let copies = snapshot.newest_first();
    let usable: Vec<_> = copies
        .iter()
        .filter(|copy| copy.state == CopyState::Usable && copy.time.is_some())
        .collect();
    let oldest = usable.last().map(|copy| &copy.name);
    // With waiting on, what is under way is usable before anything is deleted.
    let to_come = usize::from(settings.waits && (copies_now || !snapshot.copying().is_empty()));
    let newer_usable = |copy: &CopyPoint| {
        let newer = usable.iter().filter(|other| other.time > copy.time);
        newer.count() + to_come
    };
    let is_surplus = |copy: &CopyPoint| {
        settings
            .keep_newest
            .is_some_and(|keep| newer_usable(copy) >= keep.max(1))
            && !(settings.keep_oldest && oldest == Some(&copy.name))
    };
    let is_due = |copy: &CopyPoint| match copy.state {
        CopyState::Usable => copy.time.is_some() && is_surplus(copy),
        // A newer source is taken, or this one once more.
        CopyState::Failed => {
            let is_taken = |other: &&CopyPoint| {
                matches!(other.state, CopyState::Usable | CopyState::Replicating)
            };
            let mut taken = copies.iter().copied().filter(is_taken);
            copies_now || taken.any(|other| other.time > copy.time)
        }
        CopyState::Replicating | CopyState::Unknown | CopyState::Leaving => false,
    };
    copies
        .iter()
        .rev()
        .filter(|copy| is_due(copy) && !settings.is_pinned(copy) && may_delete.allows(&copy.name))
        .map(|copy| copy.name.clone())
        .collect()
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
