//! Making a copy: from the request that begins it to the last disk.

use crate::arm::compute::models::RestorePoint;
use crate::arm::compute::restore_points;
use crate::arm::resource_id::RestorePointId;
use crate::arm::{Client, Error, Patience};
use crate::plugin::diagnostics::{Diagnostic, Diagnostics};
use crate::plugin::resource::{Applied, CreateRequest};
use crate::provider::begin::{Accepted, Start, begin, operate};
use crate::provider::resources::{look_after_lost_answer, lost_answer};
use crate::provider::turn::Turn;
use crate::provider::walk::Walk;

use super::adopt::{self, Adopted, Existing};
use super::ending::{End, Phase};
use super::look::{self, Target};
use super::model::{self, WaitOutcome};
use super::wait::{Copying, Ended};
use super::words;

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
    };
    match restore_points::get(client, &id, true, patience).await {
        Ok(found) => {
            let existing = Existing {
                found,
                source: &source,
                adopts,
            };
            match adopt::adopt(&copying, walk, existing).await {
                Adopted::Finished(applied) => return *applied,
                Adopted::CopyAgain => {}
            }
        }
        Err(error) if error.is_not_found() => {}
        Err(error) => return Applied::failed(words::nothing_was_sent(&id, &error)),
    }

    let waits = planned_state.get("wait_for_replication").as_bool() != Some(false);
    let _turn = match turn(&copying, walk, &source, waits).await {
        Ok(turn) => turn,
        Err(diagnostic) => return Applied::failed(diagnostic),
    };

    // From here on Azure may have the copy, whatever becomes of the answer.
    walk.make(&id);
    checkpoint.save(uncertain.clone());
    let begun = match begin(client, &id, &source, patience).await {
        Start::Accepted(begun) => begun,
        Start::Refused(error) => {
            walk.unmake(&id);
            return Applied::failed(words::refused(&id, &source, &error));
        }
        Start::Lost(error) => {
            return Applied::saved(uncertain).with(lost_answer("restore point copy", &error));
        }
    };
    // What the disks' own attributes will be is not known before the operation has ended.
    let known = begun.seen().map(|found| model::computed(&id, found));
    let known = known.unwrap_or_else(|| uncertain.clone());
    checkpoint.save(model::fill(&planned_state, &known));
    copying.known = &known;
    follow(&copying, *begun).await
}

/// Waits until this copy may begin, and looks whether it can.
async fn turn(
    copying: &Copying<'_>,
    walk: &Walk,
    source: &RestorePointId,
    waits: bool,
) -> Result<Turn, Diagnostic> {
    let Copying {
        client,
        patience,
        id,
        ..
    } = copying;
    let source_time = look::time_of(&look::source(client, patience, id, source).await?);
    let turn = if waits {
        let turn = walk
            .turns
            .take(id.collection(), source_time, patience)
            .await;
        turn.map_err(|interrupted| words::nothing_was_sent(id, &interrupted.into()))?
    } else {
        walk.turns
            .try_take(id.collection())
            .ok_or_else(|| words::busy(id, None))?
    };
    loop {
        match look::target(client, patience, id, source, source_time).await? {
            Target::Free => return Ok(turn),
            Target::Busy(running) if waits => look::wait_out(client, patience, &running).await,
            Target::Busy(running) => return Err(words::busy(id, Some(&running))),
        }
        patience
            .check()
            .map_err(|interrupted| words::nothing_was_sent(id, &interrupted.into()))?;
    }
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
        return copying.conclude(ended);
    }
    let waits = copying.planned_state.get("wait_for_replication").as_bool() != Some(false);
    let mut applied = match interrupted {
        None if !waits => started(copying, seen).await,
        Some(error) if !waits => copying.conclude(Ended::by(error, seen)),
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
    Applied::saved(model::fill(copying.planned_state, &fresh))
        .with(words::operation_failed(id, error))
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
