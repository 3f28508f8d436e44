//! Making a copy: from the request that begins it to the last disk.

use std::time::Duration;

use crate::arm::compute::models::RestorePoint;
use crate::arm::compute::restore_points;
use crate::arm::{Client, Error, Patience};
use crate::plugin::diagnostics::Diagnostics;
use crate::plugin::resource::{Applied, CreateRequest};
use crate::plugin::value::Value;
use crate::provider::begin::{Accepted, operate};
use crate::provider::encryption::Encryption;
use crate::provider::resources::look_after_lost_answer;
use crate::provider::walk::Walk;

use super::adopt::{self, Adopted, Existing};
use super::ending::{End, Phase};
use super::model::{self, WaitOutcome};
use super::start::{self, NotStarted};
use super::wait::{Copying, Ended};
use super::words;

/// How often a copy is taken over that was not there when its turn was asked for. Azure's list and
/// its own word for one that is being deleted may differ for a while.
const ROUNDS_MAX: usize = 3;

/// Makes the copy, or takes over the one that is there. Once Azure may have taken the request,
/// every way out of here has a state.
pub(super) async fn create(
    client: &Client,
    patience: &Patience,
    walk: &Walk,
    adopts: bool,
    request: CreateRequest,
) -> Applied {
    let CreateRequest {
        planned_state,
        checkpoint,
        ..
    } = request;
    let (id, source) = match model::ids(&planned_state) {
        Ok(ids) => ids,
        Err(diagnostic) => return Applied::failed(diagnostic),
    };
    let uncertain = model::uncertain(&planned_state, &id);
    let mut copying = Copying {
        client,
        patience,
        id: &id,
        phase: Phase::Create,
        planned_state: &planned_state,
        known: &uncertain,
        queued: Duration::ZERO,
    };
    let mut follows_failed = false;
    let mut rounds = 0..ROUNDS_MAX;
    let start::Started {
        accepted,
        turn: _turn,
        queued,
        warnings,
    } = loop {
        let arrive = || walk.turns.arrive(id.collection());
        let mut arriving = copying.waits().then(arrive);
        match restore_points::get(client, &id, true, patience).await {
            Ok(found) => {
                // Nobody has to wait for what is there already.
                drop(arriving.take());
                let existing = Existing {
                    found,
                    source: &source,
                    adopts,
                };
                match adopt::adopt(&copying, walk, existing).await {
                    Adopted::Finished(applied) => return *applied,
                    Adopted::CopyAgain => {
                        // Where a delete half went first, no old object is left in the state.
                        if !walk.is_kept(&id) {
                            follows_failed = true;
                            copying.phase = Phase::TakeOver;
                        }
                        arriving = copying.waits().then(arrive);
                    }
                }
            }
            Err(error) if error.is_not_found() => {}
            // A delete half has kept it for us, and taken it out of the state.
            Err(error) if walk.is_kept(&id) => {
                return copying.conclude(Ended::by(error, None)).await;
            }
            Err(error) => return Applied::failed(words::nothing_was_sent(&id, &error)),
        }
        let looks_for_itself = rounds.next().is_some();
        match start::start(
            &copying,
            walk,
            &source,
            &checkpoint,
            arriving,
            looks_for_itself,
        )
        .await
        {
            Ok(started) => break started,
            Err(NotStarted::ThereNow) => {}
            Err(NotStarted::Ended(applied)) => {
                return unless_a_twin_stays(&copying, applied, follows_failed);
            }
        }
    };
    // What the disks' own attributes will be is not known before the operation has ended.
    let known = accepted.seen().map(|found| model::computed(&id, found));
    let known = known.unwrap_or_else(|| uncertain.clone());
    checkpoint.save(model::fill(&planned_state, &known));
    copying.known = &known;
    copying.queued = queued;
    let mut applied = follow(&copying, accepted).await;
    applied.diagnostics.append(warnings);
    unless_a_twin_stays(&copying, applied, follows_failed && copying.waits())
}

/// Where this copy took the place of a failed one, the state may still hold that one, under the
/// same id: `create_before_destroy` has it deleted only afterwards. It stays there until this
/// one is usable, as one plan cannot both keep and destroy an id.
fn unless_a_twin_stays(
    copying: &Copying<'_>,
    mut applied: Applied,
    follows_failed: bool,
) -> Applied {
    let is_unfinished = |state: &Value| state.get("usable").as_bool() != Some(true);
    if follows_failed && applied.new_state.as_ref().is_some_and(is_unfinished) {
        applied.new_state = None;
        applied
            .diagnostics
            .push(words::made_anew_unfinished(copying.id));
    }
    applied
}

/// Follows the operation, which ends within seconds, and then the replication, which does not.
async fn follow(copying: &Copying<'_>, begun: Accepted) -> Applied {
    let mut warnings = Diagnostics::default();
    let mut interrupted = None;
    let mut seen = match begun {
        Accepted::Found(found) => Some(found),
        Accepted::Answered(begun) => match operate(
            copying.client,
            copying.id,
            copying.patience,
            &begun,
            &mut warnings,
        )
        .await
        {
            Ok(settled) => settled.or(begun.restore_point),
            Err(error @ Error::OperationFailed(_)) => return failed(copying, &error).await,
            Err(error) => {
                interrupted = Some(error);
                begun.restore_point
            }
        },
    };
    if let Some(found) = seen.take_if(|found| found.is_provisioning_state("Failed")) {
        let ended = Ended {
            end: End::Failed,
            last: Some(found),
            cause: None,
        };
        return copying.conclude(ended).await;
    }
    let waits = copying.waits();
    let mut applied = match interrupted {
        None if !waits => started(copying, seen).await,
        Some(error) if !waits => copying.conclude(Ended::by(error, seen)).await,
        // What ended the operation's wait ends this one, too, and is told there.
        _ => copying.wait(seen).await,
    };
    applied.diagnostics.append(warnings);
    applied
}

/// Azure took the request, and its operation failed: the copy is in Azure, as a failed one. It
/// is tainted, and deleted by the next apply.
async fn failed(copying: &Copying<'_>, error: &Error) -> Applied {
    let Copying { client, id, .. } = copying;
    let look = look_after_lost_answer(error, |patience| async move {
        restore_points::get(client, id, true, &patience).await
    });
    let fresh = look.await;
    let fresh = fresh.map_or_else(
        |_| copying.known.clone(),
        |found| model::computed(id, &found),
    );
    Applied::saved(model::fill(copying.planned_state, &fresh)).with(words::operation_failed(
        id,
        &Encryption::of(copying.planned_state),
        error,
    ))
}

/// The state of a copy for which nobody waits: as far as Azure has it now.
pub(super) async fn started(copying: &Copying<'_>, seen: Option<RestorePoint>) -> Applied {
    let Copying {
        client,
        patience,
        id,
        ..
    } = copying;
    let found = match restore_points::get_made(client, id, true, patience).await {
        Ok(found) => Some(found),
        Err(error) => {
            // The copy has begun, which is all that was asked for; a read fills the rest.
            tracing::warn!("The copy has begun, but cannot be read yet: {error}");
            seen
        }
    };
    let mut fresh = found.map_or_else(
        || copying.known.clone(),
        |found| model::computed(id, &found),
    );
    fresh.insert("wait_outcome", WaitOutcome::NotWaited.as_str().into());
    Applied::saved(model::fill(copying.planned_state, &fresh))
}
