//! The rules that decide whether a restore point may be copied.
//!
//! Assumed: every status, code and text here. Azure documents the rules in prose and publishes
//! none of its refusals; a client that reads them is on its own. See [`crate::Refusals`].

use time::OffsetDateTime;

use super::collection::Collection;
use super::copy_request::CopyRequest;
use super::restore_point::{Origin, RestorePoint};
use super::{budget, entity_not_found};
use crate::exchange::Answer;
use crate::replication::Phase;
use crate::route::{CollectionId, Resource, RestorePointId};
use crate::settings::Settings;
use crate::state::State;

/// The source that may be copied, with its collection; or the refusal.
pub(crate) fn check(
    state: &State,
    id: &RestorePointId,
    order: &CopyRequest,
) -> Result<(CollectionId, RestorePoint), Answer> {
    let not_found = || entity_not_found(budget::PUT_RESTORE_POINT);
    let now = state.clock.now();
    let target = state.collection(&id.collection).ok_or_else(not_found)?;
    if target.deleted.is_some() {
        return Err(super::collections::being_deleted(&target.id.name));
    }
    let Some(Resource::RestorePoint(source_id)) = state.resource(&order.source_id) else {
        return Err(invalid(&format!(
            "The source '{}' is not the id of a restore point.",
            order.source_id
        )));
    };
    let source_collection = state
        .collection(&source_id.collection)
        .ok_or_else(not_found)?;
    let source = source_collection
        .restore_point(&source_id.name)
        .ok_or_else(not_found)?;
    check_place(state, target, source_collection, source)?;
    check_kind(state, source)?;
    check_readiness(state, source, now)?;
    check_turn(state, target, order, source, now)?;
    check_encryptions(order, source_collection, source)?;
    check_encryption_sets(state, target, order)?;
    Ok((source_collection.id.clone(), source.clone()))
}

/// What can never become right by waiting.
fn check_place(
    state: &State,
    target: &Collection,
    source_collection: &Collection,
    source: &RestorePoint,
) -> Result<(), Answer> {
    let refusals = &state.settings.refusals;
    if source.copied_from().is_some() {
        return Err(refusals.copy_of_copy.says(&format!(
            "Restore point '{}' is a copy itself. Copying a copied restore point is not supported.",
            source.name
        )));
    }
    let source_path = source_collection.id.path();
    if !target.source_id.eq_ignore_ascii_case(&source_path) {
        return Err(invalid(&format!(
            "Restore point '{}' is not in the source collection of restore point collection '{}'.",
            source.name, target.id.name
        )));
    }
    if target.location == source_collection.location {
        return Err(refusals.same_region.says(&format!(
            "Restore point '{}' is in '{}', too. Copying within a region is not supported.",
            source.name, target.location
        )));
    }
    Ok(())
}

/// What Azure does not copy, wherever to.
fn check_kind(state: &State, source: &RestorePoint) -> Result<(), Answer> {
    let Settings {
        rules, refusals, ..
    } = &state.settings;
    if !rules.unsupported_sources {
        return Ok(());
    }
    if source.is_confidential() {
        return Err(refusals.confidential.says(&format!(
            "Restore point '{}' is of a confidential VM. Copying it to another region is not supported.",
            source.name
        )));
    }
    match source.disks.iter().find(|disk| disk.disk_access.is_some()) {
        None => Ok(()),
        Some(disk) => Err(refusals.private_access.says(&format!(
            "Disk '{}' of restore point '{}' has private access only. Copying it to another region is not supported.",
            disk.name, source.name
        ))),
    }
}

fn check_readiness(
    state: &State,
    source: &RestorePoint,
    now: OffsetDateTime,
) -> Result<(), Answer> {
    let not_ready = &state.settings.refusals.not_ready;
    let provisioning_state = source.provisioning_state(now);
    if provisioning_state != "Succeeded" {
        return Err(not_ready.says(&format!(
            "Restore point '{}' cannot be copied in provisioning state '{provisioning_state}'.",
            source.name
        )));
    }
    match &source.origin {
        Origin::Local {
            snapshot_access_state: Some(state),
        } if ["Pending", "InstantAccess"].contains(&state.as_str()) => {
            Err(not_ready.says(&format!(
                "Restore point '{}' cannot be copied in snapshot access state '{state}'.",
                source.name
            )))
        }
        _ => Ok(()),
    }
}

/// Once per region, one at a time, and never back in time.
///
/// Assumed: that every copy counts that exists, failed ones and ones being deleted included, and
/// none that is gone.
fn check_turn(
    state: &State,
    target: &Collection,
    order: &CopyRequest,
    source: &RestorePoint,
    now: OffsetDateTime,
) -> Result<(), Answer> {
    let Settings {
        rules, refusals, ..
    } = &state.settings;
    let is_same_source = |point: &RestorePoint| {
        point
            .copied_from()
            .is_some_and(|id| id.eq_ignore_ascii_case(&order.source_id))
    };
    let copied_already = state
        .collections
        .iter()
        .filter(|collection| collection.location == target.location)
        .any(|collection| collection.restore_points.iter().any(is_same_source));
    if rules.once_per_region && copied_already {
        return Err(refusals.once_per_region.says(&format!(
            "Restore point '{}' has been copied to '{}' already.",
            source.name, target.location
        )));
    }
    let newer = target
        .restore_points
        .iter()
        .find(|copy| copy.created > source.created);
    if rules.order
        && let Some(newer) = newer
    {
        return Err(refusals.order.says(&format!(
            "Restore point '{}' is older than '{}', which has been copied already.",
            source.name, newer.name
        )));
    }
    let running = target
        .restore_points
        .iter()
        .find(|copy| copy.phase(now) == Phase::Replicating);
    if rules.one_at_a_time
        && let Some(running) = running
    {
        return Err(refusals.one_at_a_time.says(&format!(
            "Restore point '{}' cannot be copied before the copy '{}' is complete.",
            source.name, running.name
        )));
    }
    Ok(())
}

fn check_encryptions(
    order: &CopyRequest,
    source_collection: &Collection,
    source: &RestorePoint,
) -> Result<(), Answer> {
    let path = source.path(&source_collection.id);
    for (id, _) in &order.encryptions {
        let known = source
            .disks
            .iter()
            .any(|disk| disk.path(&path).eq_ignore_ascii_case(id));
        if !known {
            return Err(invalid(&format!(
                "'{id}' is not a disk restore point of '{}'.",
                source.name
            )));
        }
    }
    Ok(())
}

/// A key serves its own region only.
fn check_encryption_sets(
    state: &State,
    target: &Collection,
    order: &CopyRequest,
) -> Result<(), Answer> {
    for id in order.encryption_sets() {
        let mut sets = state.encryption_sets.iter();
        let found = sets.find(|(known, _)| known.eq_ignore_ascii_case(id));
        if let Some((_, location)) = found
            && *location != target.location
        {
            return Err(state.settings.refusals.encryption_set.says(&format!(
                "The disk encryption set '{id}' is in location '{location}', and not in '{}' as the restore point \
                 collection '{}'.",
                target.location, target.id.name
            )));
        }
    }
    Ok(())
}

fn invalid(message: &str) -> Answer {
    Answer::error(400, "InvalidParameter", message, budget::PUT_RESTORE_POINT)
}
