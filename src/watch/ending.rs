//! How a watch may end, and with which exit code. Pure.

use std::time::Duration;

use super::watched::{Copy, Now, Watched};
use crate::arm::Error;
use crate::arm::compute::models::RestorePoint;
use crate::arm::compute::replication::{ReplicationEnd, ReplicationState, replication};

/// Why something is not looked at any more.
#[derive(Clone, Debug)]
pub(super) enum End {
    /// Every disk of the copy has replicated.
    Usable,
    /// A disk failed. Azure cannot resume it.
    Failed,
    /// It was deleted while it was watched.
    Gone,
    /// Azure knows nothing like it, in its own words.
    Unknown(Error),
    /// The restore point is no copy, or the collection has none.
    NoCopies,
    /// The collection is one that Azure copies nothing into.
    NotForCopies,
    /// Everything that was there has ended.
    Complete,
    /// Signing in was refused, or the identity may not look at it.
    NotAllowed(Error),
    /// Time was up, for this reason if it was not for the copying alone.
    NotYet(Option<Error>),
    /// Somebody has ended the watch.
    Stopped,
}

/// What a watch comes to, the worst last: a failure is certain whatever else could not be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Outcome {
    /// Everything is usable.
    Usable,
    /// Something is not usable yet.
    NotYet,
    /// Something cannot be looked at, or not by us.
    Refused,
    /// Something failed, is too old or does not exist.
    Failed,
    /// Somebody ended the watch before it was over.
    Interrupted,
}

impl Outcome {
    /// The exit code of the process.
    pub(super) fn exit_code(self) -> u8 {
        match self {
            Self::Usable => 0,
            Self::Failed => 1,
            Self::Refused => 2,
            Self::NotYet => 3,
            Self::Interrupted => 130,
        }
    }

    /// The word for it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Usable => "usable",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::NotYet => "not_yet",
            Self::Interrupted => "interrupted",
        }
    }
}

impl End {
    /// What is clear from a look at a copy; `None` while it may still become usable.
    pub(super) fn settled(point: &RestorePoint) -> Option<Self> {
        if point.source_restore_point_id().is_none() {
            return Some(Self::NoCopies);
        }
        match replication(point).state {
            ReplicationState::Succeeded => Some(Self::Usable),
            ReplicationState::Failed => Some(Self::Failed),
            ReplicationState::Replicating | ReplicationState::Unknown => None,
        }
    }

    /// The end that an error means for what was never seen.
    pub(super) fn of_error(error: Error) -> Self {
        match error {
            Error::Stopped => Self::Stopped,
            error if is_denied(&error) => Self::NotAllowed(error),
            error if matches!(error.status(), Some(400 | 404)) => Self::Unknown(error),
            Error::DeadlinePassed { last_cause: None } => Self::NotYet(None),
            Error::DeadlinePassed {
                last_cause: Some(cause),
            } if is_denied(&cause) => Self::NotAllowed(*cause),
            Error::DeadlinePassed {
                last_cause: Some(cause),
            } => Self::NotYet(Some(*cause)),
            error => Self::NotYet(Some(error)),
        }
    }

    /// The end of a copy whose wait has ended, and how it was seen last.
    pub(super) fn of_wait(end: ReplicationEnd) -> (Self, Option<Box<RestorePoint>>) {
        match end {
            ReplicationEnd::Replicated(found) => (Self::Usable, Some(found)),
            ReplicationEnd::Failed(found) => (Self::Failed, Some(found)),
            ReplicationEnd::Gone => (Self::Gone, None),
            ReplicationEnd::DeadlinePassed { last, cause } => (Self::NotYet(cause), last),
            ReplicationEnd::Stopped { last } => (Self::Stopped, last),
            ReplicationEnd::LostContact { last, error } if is_denied(&error) => {
                (Self::NotAllowed(error), last)
            }
            ReplicationEnd::LostContact { last, error } => (Self::NotYet(Some(error)), last),
        }
    }

    /// The word for it.
    pub(super) fn as_str(&self) -> &'static str {
        match self {
            Self::Usable => "usable",
            Self::Failed => "failed",
            Self::Gone => "gone",
            Self::Unknown(_) => "unknown",
            Self::NoCopies => "no_copy",
            Self::NotForCopies => "not_for_copies",
            Self::Complete => "complete",
            Self::NotAllowed(_) => "not_allowed",
            Self::NotYet(_) => "not_yet",
            Self::Stopped => "interrupted",
        }
    }

    fn outcome(&self) -> Outcome {
        match self {
            Self::Usable | Self::Complete => Outcome::Usable,
            Self::Failed | Self::Gone | Self::Unknown(_) | Self::NoCopies => Outcome::Failed,
            Self::NotForCopies | Self::NotAllowed(_) => Outcome::Refused,
            Self::NotYet(_) => Outcome::NotYet,
            Self::Stopped => Outcome::Interrupted,
        }
    }
}

fn is_denied(error: &Error) -> bool {
    error.is_permanent_sign_in() || matches!(error.status(), Some(401 | 403))
}

/// What has come of everything. What has no end was cut off.
pub(super) fn outcome(watched: &Watched, max_age: Option<Duration>, now: Now) -> Outcome {
    let copies = watched.copies.iter().filter(|copy| !copy.is_deleted());
    let copies = copies.map(|copy| {
        let end = copy.end.as_ref();
        let is_old = copy.is_named && is_too_old(copy, max_age, now);
        let end = end.map_or(Outcome::Interrupted, End::outcome);
        if is_old {
            end.max(Outcome::Failed)
        } else {
            end
        }
    });
    let collections = watched.collections.iter().map(|collection| {
        let end = collection.end.as_ref();
        let end = end.map_or(Outcome::Interrupted, End::outcome);
        let newest = watched.newest_usable(&collection.id);
        let is_old = match newest {
            Some(copy) => is_too_old(copy, max_age, now),
            // Nothing was seen of it that could be judged.
            None => max_age.is_some() && collection.source.is_some(),
        };
        if is_old {
            end.max(Outcome::Failed)
        } else {
            end
        }
    });
    copies.chain(collections).max().unwrap_or(Outcome::Usable)
}

/// Whether a usable copy is older than it may be.
pub(super) fn is_too_old(copy: &Copy, max_age: Option<Duration>, now: Now) -> bool {
    let too_old = |age: Duration| max_age.is_some_and(|max_age| age > max_age);
    copy.is_usable() && copy.age(now).is_some_and(too_old)
}
