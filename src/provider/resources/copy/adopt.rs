//! Taking over a copy that is there already.
//!
//! There can be only one copy of a restore point in a region, so an identical one is the one
//! that was asked for: from a run whose state was lost, or kept from a taint.

use crate::arm::Error;
use crate::arm::compute::models::RestorePoint;
use crate::arm::compute::replication::{ReplicationState, replication};
use crate::arm::compute::restore_points;
use crate::arm::resource_id::RestorePointId;
use crate::plugin::resource::Applied;
use crate::provider::begin::is_copy_of;
use crate::provider::encryption::Encryption;
use crate::provider::resources::already_exists;
use crate::provider::walk::Walk;
use crate::provider::{diagnose, encryption};

use super::create::started;
use super::ending::Phase;
use super::wait::Copying;
use super::{delete, model, words};

/// A restore point that has the name of the copy that is to be made.
pub(super) struct Existing<'a> {
    pub(super) found: RestorePoint,
    /// What is to be copied.
    pub(super) source: &'a RestorePointId,
    /// Whether the user lets us take over what is there.
    pub(super) adopts: bool,
}

/// What became of it.
pub(super) enum Adopted {
    /// It was taken over or refused; this is the end of the create.
    Finished(Box<Applied>),
    /// It had failed and is deleted; the copy can be made.
    CopyAgain,
}

/// Takes over the restore point if it is the copy that was asked for.
pub(super) async fn adopt(copying: &Copying<'_>, walk: &Walk, existing: Existing<'_>) -> Adopted {
    let Copying {
        client,
        patience,
        id,
        ..
    } = copying;
    let finished = |applied| Adopted::Finished(Box::new(applied));
    // A delete half of this walk has looked already, and kept it for us.
    let kept = walk.is_kept(id);
    if !kept && !existing.adopts {
        return finished(Applied::failed(already_exists(
            "azrestorepoint_copy",
            &id.to_string(),
        )));
    }
    if !kept {
        match is_identical(copying, &existing).await {
            Ok(true) => {}
            Ok(false) => {
                return finished(Applied::failed(already_exists(
                    "azrestorepoint_copy",
                    &id.to_string(),
                )));
            }
            Err(error) => {
                return finished(Applied::failed(words::cannot_compare(id, &error)));
            }
        }
    }
    if replication(&existing.found).state == ReplicationState::Failed {
        return match delete::remove(client, patience, id).await {
            Ok(()) => Adopted::CopyAgain,
            Err(error) => {
                let diagnostic = diagnose::not_deleted("restore point", &id.to_string(), &error);
                finished(Applied::failed(diagnostic))
            }
        };
    }
    let asked = Encryption::of(copying.planned_state);
    let differences = asked.differences(&model::computed(id, &existing.found));
    if !kept && !differences.is_empty() {
        let taken = already_exists("azrestorepoint_copy", &id.to_string());
        return finished(Applied::failed(encryption::exists_otherwise(
            taken,
            &differences,
        )));
    }
    walk.make(id);
    tracing::info!(restore_point_id = %id, "Taking over the copy that is there already");
    let waits = copying.waits();
    // What this walk has kept is known to the state already.
    let phase = if kept { Phase::Create } else { Phase::TakeOver };
    let copying = Copying { phase, ..*copying };
    finished(if waits {
        copying.wait(Some(existing.found)).await
    } else {
        started(&copying, Some(existing.found)).await
    })
}

/// Whether the restore point is a copy of the source as it is now; if the source is gone, its name is enough.
async fn is_identical(copying: &Copying<'_>, existing: &Existing<'_>) -> Result<bool, Error> {
    if !is_copy_of(&existing.found, existing.source) {
        return Ok(false);
    }
    let source =
        match restore_points::get(copying.client, existing.source, false, copying.patience).await {
            Ok(source) => source,
            Err(error) if error.is_not_found() => return Ok(true),
            Err(error) => return Err(error),
        };
    Ok(
        match (source.time_created(), existing.found.time_created()) {
            (Some(source), Some(copy)) => source == copy,
            _ => true,
        },
    )
}
