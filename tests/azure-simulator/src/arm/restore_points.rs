//! Requests for restore points that exist: looking at them, and deleting them.

use super::restore_point::RestorePoint;
use super::{
    Answered, budget, disk_access, entity_not_found, expands, group_not_found, operations,
    parent_not_found,
};
use crate::exchange::{Answer, Incoming};
use crate::route::RestorePointId;
use crate::state::State;

pub(crate) fn get(state: &State, request: &Incoming, id: &RestorePointId) -> Answered {
    let with_view = expands(request, Some("instanceView"))?;
    check_parent(state, "read", id)?;
    let collection = state
        .collection(&id.collection)
        .ok_or_else(|| entity_not_found(budget::GET_RESTORE_POINT))?;
    let point = collection
        .restore_point(&id.name)
        .ok_or_else(|| entity_not_found(budget::GET_RESTORE_POINT))?;
    let now = state.clock.now();
    let mut body = point.body(&collection.id, now);
    if with_view && let Some(view) = point.instance_view(&collection.id, now) {
        body["properties"]["instanceView"] = view;
    }
    Ok(Answer::json(200, body, budget::GET_RESTORE_POINT))
}

/// Accepted even while the point is being copied from or replicated to, as recorded.
pub(crate) fn delete(state: &mut State, request: &Incoming, id: &RestorePointId) -> Answered {
    expands(request, None)?;
    check_parent(state, "delete", id)?;
    match state.restore_point(id) {
        None => return Ok(Answer::empty(204, budget::DELETE)),
        Some(point) => check_unshared([point])?,
    }
    disk_access::check_closed(state, &request.path)?;
    let location = state
        .collection(&id.collection)
        .map(|collection| collection.location.clone())
        .unwrap_or_default();
    let mut operation = operations::begin(state, request, &location, operations::Kind::Delete);
    let deleted = operations::end_deletion(state, &mut operation);
    let answer = operations::accepted(request, &operation);
    state.operations.push(operation);
    if let Some(point) = state.restore_point_mut(id) {
        point.deleted = deleted;
    }
    Ok(answer)
}

/// The text is documented. Assumed: the status, and that a collection is refused for its points.
pub(crate) fn check_unshared<'a>(
    points: impl IntoIterator<Item = &'a RestorePoint>,
) -> Result<(), Answer> {
    if points.into_iter().all(|point| !point.is_shared) {
        return Ok(());
    }
    Err(in_use())
}

/// The refusal of a deletion while a disk can be read.
pub(crate) fn in_use() -> Answer {
    Answer::error(
        409,
        "DiskRestorePointUsedByCustomer",
        "There is an active shared access signature outstanding for disk restore point. Call EndGetAccess before deleting the restore point.",
        budget::DELETE,
    )
}

/// The group and the collection that the point must lie in.
pub(crate) fn check_parent(state: &State, action: &str, id: &RestorePointId) -> Result<(), Answer> {
    if !state.has_group_of(&id.collection) {
        return Err(group_not_found(&id.collection.group));
    }
    if state.collection(&id.collection).is_none() {
        let parent = id.collection.path();
        return Err(parent_not_found(action, &parent));
    }
    Ok(())
}

/// The resource as an unexpanded GET answers it.
pub(crate) fn plain(state: &State, id: &RestorePointId) -> Answered {
    let not_found = || entity_not_found(budget::GET_RESTORE_POINT);
    let collection = state.collection(&id.collection).ok_or_else(not_found)?;
    let point = collection.restore_point(&id.name).ok_or_else(not_found)?;
    let body = point.body(&collection.id, state.clock.now());
    Ok(Answer::json(200, body, budget::GET_RESTORE_POINT))
}
