//! The PUT of a restore point: the copy of one to another region.

use std::time::Duration;

use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::copy_request::CopyRequest;
use super::restore_point::{Disk, Origin, RestorePoint};
use super::{Answered, budget, collections, copy_rules, expands, operations, restore_points};
use crate::exchange::{Answer, Incoming};
use crate::route::{CollectionId, RestorePointId};
use crate::settings::Settings;
use crate::state::State;

/// Begins a copy. Ends with 201 when Azure has agreed to begin; the data follows long after.
///
/// Assumed: the order of the checks.
pub(crate) fn put(state: &mut State, request: &Incoming, id: &RestorePointId) -> Answered {
    expands(request, None)?;
    let order = CopyRequest::read(request)?;
    restore_points::check_parent(state, "write", id)?;
    if let Some(existing) = state.restore_point(id) {
        return repeated(state, request, id, existing, &order);
    }
    let (source_collection, source) = copy_rules::check(state, id, &order)?;
    let now = state.clock.now();
    check_hourly_limit(state, id, now)?;

    let location = state
        .collection(&id.collection)
        .map(|target| target.location.clone())
        .unwrap_or_default();
    let kind = operations::Kind::Copy(id.clone());
    let mut operation = operations::begin(state, request, &location, kind);
    operation.failure = state.settings.failing_operations.pop_front();
    let copy = RestorePoint {
        ready: operation.ends,
        fails: operation.failure.is_some(),
        ..copy_of(
            &source,
            &source_collection,
            &id.name,
            &order,
            &state.settings,
            now,
        )
    };
    let answer = announced(state, request, id, &copy, &operation, 201);
    state.operations.push(operation);
    if let Some(target) = state.collection_mut(&id.collection) {
        target.copies_begun.push(now);
        target.restore_points.push(copy);
    }
    Ok(answer)
}

/// The copy of a source as it begins: the VM as it was then, and its own disks.
pub(crate) fn copy_of(
    source: &RestorePoint,
    source_collection: &CollectionId,
    name: &str,
    order: &CopyRequest,
    settings: &Settings,
    now: OffsetDateTime,
) -> RestorePoint {
    let source_path = source.path(source_collection);
    let disks = source
        .disks
        .iter()
        .map(|disk| {
            let source_id = disk.path(&source_path);
            Disk {
                name: disk.name.clone(),
                restore_point_name: format!("{}_{}", disk.name, Uuid::new_v4()),
                encryption: order.encryption_of(
                    &source_id,
                    &disk.encryption,
                    settings.rules.copy_keys,
                ),
                source_id: Some(source_id),
                disk_access: None,
                replication: settings.replication_of(&disk.name),
                started: None,
            }
        })
        .collect();
    RestorePoint {
        name: name.to_owned(),
        source_metadata: source.source_metadata.clone(),
        consistency_mode: source.consistency_mode.clone(),
        exclude_disks: None,
        time_created: source.time_created.clone(),
        created: source.created,
        origin: Origin::Copy {
            source_id: order.source_id.clone(),
            begun: now,
            requested: order.properties.clone(),
        },
        disks,
        ready: now,
        fails: false,
        provisioning_state: None,
        is_shared: false,
        deleted: None,
    }
}

/// The PUT of a name that is taken.
///
/// That an identical one is accepted and a different one is `OperationNotAllowed` is what a
/// service engineer quoted from the server's code in azure-rest-api-specs pull request 13219.
/// Assumed: their status, their texts, and that the first operation is announced again.
fn repeated(
    state: &State,
    request: &Incoming,
    id: &RestorePointId,
    existing: &RestorePoint,
    order: &CopyRequest,
) -> Answered {
    if existing.deleted.is_some() {
        return Err(collections::being_deleted(&existing.name));
    }
    let identical = match &existing.origin {
        Origin::Local { .. } => false,
        Origin::Copy { requested, .. } => same(requested, &order.properties),
    };
    if !identical {
        return Err(state.settings.refusals.taken.says(&format!(
            "Operation 'Update Restore Point' is not supported on restore point '{}'.",
            existing.name
        )));
    }
    let now = state.clock.now();
    let status = state.settings.identical_put_status;
    let running = state
        .operations
        .iter()
        .rev()
        .find(|operation| operation.copies(id) && now < operation.ends);
    match running {
        Some(operation) => Ok(announced(state, request, id, existing, operation, status)),
        None => {
            let body = body_in(state, id, existing);
            Ok(Answer::json(status, body, budget::PUT_RESTORE_POINT))
        }
    }
}

/// Ids are the same in any case, and nothing else in such a body could differ in case alone.
fn same(requested: &Value, repeated: &Value) -> bool {
    requested
        .to_string()
        .eq_ignore_ascii_case(&repeated.to_string())
}

fn announced(
    state: &State,
    request: &Incoming,
    id: &RestorePointId,
    copy: &RestorePoint,
    operation: &operations::Operation,
    status: u16,
) -> Answer {
    let body = body_in(state, id, copy);
    let answer = Answer::json(status, body, budget::PUT_RESTORE_POINT)
        .with("azure-asyncnotification", "Enabled".to_owned());
    operation.announce(&state.settings, request, answer)
}

/// The body of a point, with the collection spelled as it was created.
fn body_in(state: &State, id: &RestorePointId, point: &RestorePoint) -> Value {
    let collection = state
        .collection(&id.collection)
        .map_or(&id.collection, |collection| &collection.id);
    point.body(collection, state.clock.now())
}

/// The documented limit on copies an hour, in the layout of Compute's documented 429.
fn check_hourly_limit(
    state: &State,
    id: &RestorePointId,
    now: OffsetDateTime,
) -> Result<(), Answer> {
    const HOUR: Duration = Duration::from_secs(60 * 60);
    let Some(limit) = state.settings.rules.copies_per_hour else {
        return Ok(());
    };
    let Some(target) = state.collection(&id.collection) else {
        return Ok(());
    };
    let mut recent = target
        .copies_begun
        .iter()
        .filter(|begun| now < **begun + HOUR)
        .rev();
    // The copy that has to leave the window before another one fits in.
    let Some(oldest) = limit.checked_sub(1).and_then(|index| recent.nth(index)) else {
        return Ok(());
    };
    let seconds = state.clock.real_seconds_until(*oldest + HOUR);
    let body = json!({ "error": {
        "code": "OperationNotAllowed",
        "message": "The server rejected the request because too many requests have been received for this subscription.",
        // Assumed: the target's name.
        "details": [{
            "code": "TooManyRequests",
            "target": "PutRestorePoint",
            "message": format!("{{\"operationGroup\":\"PutRestorePoint\",\"allowedRequestCount\":{limit}}}"),
        }],
    }});
    Err(Answer::json(429, body, budget::PUT_RESTORE_POINT).with("Retry-After", seconds.to_string()))
}
