//! Getting Azure to begin a copy: its turn, the looks before and after, and refusals.

use std::time::Duration;

use crate::arm::compute::models::RestorePoint;
use crate::arm::compute::replication::{ReplicationState, replication};
use crate::arm::compute::restore_points;
use crate::arm::resource_id::RestorePointId;
use crate::arm::{Error, Patience};
use crate::plugin::diagnostics::{Diagnostic, Diagnostics, Severity};
use crate::plugin::resource::{Applied, Checkpoint};
use crate::provider::begin::{self, Accepted, Start, begin};
use crate::provider::encryption::{self, Encryption};
use crate::provider::glance::points_of;
use crate::provider::resources::{already_exists, lost_answer};
use crate::provider::turn::{Arriving, Turn};
use crate::provider::walk::Walk;

use super::look::{self, Look, Obstacle, Target};
use super::wait::Copying;
use super::words;
use super::{model, rules};

/// How long a copy that does not wait for its replication stands in for its turn: as long as it
/// takes another one to begin, or to be refused.
const HELD_BRIEFLY: Duration = Duration::from_secs(10);

/// A copy that Azure has taken.
pub(super) struct Started {
    /// How that is known.
    pub(super) accepted: Accepted,
    /// No other copy goes into the collection while this is held.
    pub(super) turn: Turn,
    /// How long the turn took to come.
    pub(super) queued: Duration,
    /// What else is worth telling.
    pub(super) warnings: Diagnostics,
}

/// Why Azure was not asked, or what came of it.
pub(super) enum NotStarted {
    /// The copy is there meanwhile: somebody else wanted the very same.
    ThereNow,
    /// The end of the create.
    Ended(Applied),
}

impl From<Diagnostic> for NotStarted {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Ended(Applied::failed(diagnostic))
    }
}

/// What stood in the way last.
#[derive(Default)]
struct Seen {
    running: Option<RestorePointId>,
    refusal: Option<Error>,
}

/// Waits for the turn, looks, and asks Azure to copy, again if another copy was in the way.
///
/// # Errors
/// [`NotStarted`]: nothing was taken, or nobody knows, and then the state says so.
pub(super) async fn start(
    copying: &Copying<'_>,
    walk: &Walk,
    source: &RestorePointId,
    checkpoint: &Checkpoint,
    arriving: Option<Arriving>,
    looks_for_itself: bool,
) -> Result<Started, NotStarted> {
    let Copying {
        client,
        patience,
        id,
        known: uncertain,
        ..
    } = copying;
    let look = Look {
        client,
        glances: &walk.glances,
        id,
        source,
    };
    let waits = copying.waits();
    let found = look.source(patience).await;
    let found = found.map_err(|obstacle| obstacle.not_begun(&look))?;
    let asked = Encryption::of(copying.planned_state);
    let encryption = asked
        .request(&found)
        .map_err(|problem| encryption::unaskable(&problem, Severity::Error, id, source, &asked))?;
    let mut source_time = found.time_created();
    let mut seen = Seen::default();
    let queued_since = patience.elapsed();
    let queued = || patience.elapsed().saturating_sub(queued_since);
    let turn = if let Some(arriving) = arriving {
        let turn = walk.turns.take(arriving, source_time, patience);
        turn.await
            .map_err(|interrupted| seen.no_turn(id, queued(), &interrupted.into()))?
    } else {
        // Whoever has it may only be about to hear that it cannot be copied.
        let brief = patience.with_limit(HELD_BRIEFLY);
        let turn = walk.turns.take_soon(id.collection(), &brief).await;
        if turn.is_none() {
            let gone = patience.check();
            gone.map_err(|interrupted| seen.no_turn(id, queued(), &interrupted.into()))?;
        }
        turn.ok_or_else(|| words::busy(id, None, None))?
    };
    loop {
        let collection = match look.target(source_time, patience).await {
            Ok(Target::Free(collection)) => collection,
            Ok(Target::Busy(running)) if waits => {
                look::wait_out(client, patience, &running).await;
                seen.running = Some(running);
                patience
                    .check()
                    .map_err(|interrupted| seen.no_turn(id, queued(), &interrupted.into()))?;
                continue;
            }
            Ok(Target::Busy(running)) => {
                return Err(words::busy(id, Some(&running), seen.refusal.as_ref()).into());
            }
            Err(obstacle) => return Err(seen.told(obstacle, &look).into()),
        };
        let mut points = points_of(&collection, id.collection());
        if looks_for_itself && points.any(|(other, _)| other == **id) {
            return Err(NotStarted::ThereNow);
        }
        let left = look.left_behind(&collection, source_time, patience).await;
        let queued = queued();

        // From here on Azure may have the copy, whatever becomes of the answer.
        walk.make(id);
        checkpoint.save((*uncertain).clone());
        let accepted = match begin(client, id, source, &encryption, patience).await {
            Start::Accepted(accepted) => *accepted,
            Start::Lost(error) => {
                let lost = lost_answer("restore point copy", &error);
                let applied = Applied::saved((*uncertain).clone()).with(lost);
                return Err(NotStarted::Ended(applied));
            }
            Start::Refused(error) => match after_refusal(&look, &asked, error, patience).await {
                AfterRefusal::Ours(found) => Accepted::Found(*found),
                AfterRefusal::LookAgain(error) => {
                    walk.unmake(id);
                    seen.refusal = Some(error);
                    // Should it be the source that is not ready any more, it is waited for.
                    match look.source(patience).await {
                        Ok(found) => source_time = found.time_created(),
                        Err(Obstacle::Unseen(error)) if patience.check().is_err() => {
                            return Err(seen.no_turn(id, queued, &error).into());
                        }
                        Err(obstacle) => return Err(seen.told(obstacle, &look).into()),
                    }
                    continue;
                }
                AfterRefusal::Told(diagnostic) => {
                    walk.unmake(id);
                    return Err((*diagnostic).into());
                }
            },
        };
        let left = (!left.is_empty()).then(|| words::leaves_behind(id, &left));
        return Ok(Started {
            accepted,
            turn,
            queued,
            warnings: left.into_iter().collect(),
        });
    }
}

impl Seen {
    /// The wait for the turn was ended by this.
    fn no_turn(&self, id: &RestorePointId, queued: Duration, error: &Error) -> Diagnostic {
        let (running, refusal) = (self.running.as_ref(), self.refusal.as_ref());
        words::turn_did_not_come(id, queued, running, refusal, error)
    }

    /// A look shows what is in the way: after a refusal it explains that one.
    fn told(&self, obstacle: Obstacle, look: &Look<'_>) -> Diagnostic {
        match (&self.refusal, obstacle) {
            (Some(refusal), Obstacle::Broken(rule, _)) => {
                words::refused_by_rule(&rule, look.id, look.source, refusal)
            }
            (Some(refusal), Obstacle::Unseen(_)) => {
                words::refused(look.id, look.source, &Encryption::default(), refusal)
            }
            (None, obstacle) => obstacle.not_begun(look),
        }
    }
}

/// What a look after a refusal shows.
enum AfterRefusal {
    /// The copy is there, and is ours: an earlier attempt of ours was taken, or that of a twin.
    Ours(Box<RestorePoint>),
    /// Another copy came first, or the source is not ready: its turn will come.
    LookAgain(Error),
    /// This is why, as far as that can be seen.
    Told(Box<Diagnostic>),
}

/// Looks why Azure has refused. Its own text is published nowhere, so that it is never trusted
/// to tell one refusal from another.
async fn after_refusal(
    look: &Look<'_>,
    asked: &Encryption,
    error: Error,
    patience: &Patience,
) -> AfterRefusal {
    let Look {
        client, id, source, ..
    } = look;
    let told = |diagnostic| AfterRefusal::Told(Box::new(diagnostic));
    let refused = || told(words::refused(id, source, asked, &error));
    if !may_be_a_rule(&error) {
        return refused();
    }
    match restore_points::get(client, id, true, patience).await {
        Ok(found) if !begin::is_copy_of(&found, source) => {
            return told(already_exists("azrestorepoint_copy", &id.to_string()));
        }
        Ok(found) if replication(&found).state != ReplicationState::Failed => {
            let differences = asked.differences(&model::computed(id, &found));
            if differences.is_empty() {
                return AfterRefusal::Ours(Box::new(found));
            }
            let taken = already_exists("azrestorepoint_copy", &id.to_string());
            return told(encryption::exists_otherwise(taken, &differences));
        }
        Ok(_) => return refused(),
        Err(missing) if missing.is_not_found() => {}
        Err(_) => return refused(),
    }
    let broken = |rule| told(words::refused_by_rule(&rule, id, source, &error));
    let source_time = match restore_points::get(client, source, true, patience).await {
        Ok(found) => match rules::of_source(&found) {
            Some(rule) => return broken(rule),
            None if restore_points::not_ready(&found).is_some() => {
                return AfterRefusal::LookAgain(error);
            }
            None => found.time_created(),
        },
        Err(missing) if missing.is_not_found() => return broken(rules::Rule::SourceMissing),
        Err(_) => None,
    };
    match look.target(source_time, patience).await {
        Ok(Target::Busy(_)) => AfterRefusal::LookAgain(error),
        Ok(Target::Free(_)) | Err(Obstacle::Unseen(_)) => refused(),
        Err(Obstacle::Broken(rule, _)) => broken(rule),
    }
}

/// Whether a refusal may come from one of the rules of copies: what nobody may do at all, or
/// what Azure has no time for, does not.
fn may_be_a_rule(error: &Error) -> bool {
    matches!(error.status(), Some(400 | 404 | 409 | 412 | 422))
}

#[cfg(test)]
mod tests {
    use reqwest::{Method, StatusCode};

    use super::*;
    use crate::arm::error::ApiError;

    #[test]
    fn only_refusals_of_this_request_are_explained_by_a_look() {
        for (status, expected) in [
            (400, true),
            (401, false),
            (403, false),
            (404, true),
            (409, true),
            (412, true),
            (422, true),
            (429, false),
            (503, false),
        ] {
            let status = StatusCode::from_u16(status).expect("a status");
            let error = ApiError::from_body(Method::PUT, "/x", status, b"");
            assert_eq!(
                may_be_a_rule(&Error::Api(Box::new(error))),
                expected,
                "{status}"
            );
        }
        assert!(!may_be_a_rule(&Error::Stopped));
    }
}
