//! Access to the data of a disk restore point: given, taken back, and what stands in its way.
//!
//! Assumed: all of it but the request and the names in the result, which Azure's specification
//! has. The operations are those of snapshots, whose access Azure's SDKs show.

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::fields::{Fields, refusal};
use super::operations::{self, Kind};
use super::{Answered, budget, entity_not_found, expands, restore_points};
use crate::exchange::{Answer, Incoming};
use crate::replication::Phase;
use crate::route::{DiskRestorePointId, is_within};
use crate::settings::{AccessAgain, AccessResult};
use crate::state::State;

/// The longest access, 60 days, as Azure has announced it for disks and snapshots.
const SECONDS_MAX: i64 = 5_184_000;

/// Access to one disk.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    /// The path of the disk restore point.
    disk: String,
    sas: String,
    /// When its operation ends.
    given: OffsetDateTime,
    ends: OffsetDateTime,
}

impl Access {
    /// Whether the URL opens the disk at this time.
    pub(crate) fn opens(&self, sas: &str, now: OffsetDateTime) -> bool {
        self.sas == sas && self.given <= now && now < self.ends
    }

    /// What must not be printed: the URL may be spelt in many ways, its signature in one.
    pub(crate) fn signature(&self) -> String {
        let (_, after) = self.sas.split_once("sig=").unwrap_or_default();
        after.split('&').next().unwrap_or_default().to_owned()
    }

    fn is_open(&self, now: OffsetDateTime) -> bool {
        now < self.ends
    }
}

/// `beginGetAccess`.
pub(crate) fn begin(state: &mut State, request: &Incoming, id: &DiskRestorePointId) -> Answered {
    expands(request, None)?;
    let fields = Fields::of_body(request, &["access", "durationInSeconds"])?;
    if fields.string("access")? != Some("Read") {
        return Err(refusal(
            "A disk restore point can be read, and nothing else.",
        ));
    }
    let body = request.json().unwrap_or_default();
    let seconds = body["durationInSeconds"].as_i64();
    let seconds = seconds.filter(|seconds| (1..=SECONDS_MAX).contains(seconds));
    let seconds = seconds.ok_or_else(|| {
        refusal(&format!(
            "'durationInSeconds' is not a number from 1 to {SECONDS_MAX}."
        ))
    })?;
    let (path, location) = find(state, id)?;
    let now = state.clock.now();
    let before = newest(state, &path).filter(|access| access.is_open(now));
    let before = before.cloned();
    let behaviour = state.settings.disk_access.clone();
    if let Some(before) = &before
        && (behaviour.again == AccessAgain::Refused || now < before.given)
    {
        return Err(Answer::error(
            409,
            "OperationNotAllowed",
            "There is an active shared access signature outstanding for disk restore point. Call EndGetAccess before getting access again.",
            budget::ACCESS,
        ));
    }
    let mut operation = operations::begin(state, request, &location, Kind::Revoke);
    operation.failure = state.settings.failing_operations.pop_front();
    let at_once = behaviour.result == AccessResult::AtOnce;
    let given = if at_once { now } else { operation.ends };
    let ends = given + Duration::seconds(seconds);
    let kept = before.filter(|_| behaviour.again == AccessAgain::Extended);
    let sas = match &kept {
        Some(before) => before.sas.clone(),
        None => url(behaviour.signs_end.then_some(ends)),
    };
    let access = Access {
        disk: path.clone(),
        sas: sas.clone(),
        given: if kept.is_some() { now } else { given },
        ends,
    };
    if operation.failure.is_none() {
        for access in state
            .accesses
            .iter_mut()
            .filter(|access| access.disk == path)
        {
            access.ends = access.ends.min(now);
        }
        state.accesses.push(access);
    }
    if at_once {
        return Ok(Answer::json(200, uri(&sas), budget::ACCESS));
    }
    operation.kind = Kind::Access(sas);
    Ok(accepted(state, request, operation))
}

/// `endGetAccess`. That there is nothing to end is no reason to refuse it.
pub(crate) fn end(state: &mut State, request: &Incoming, id: &DiskRestorePointId) -> Answered {
    expands(request, None)?;
    if !request.body.is_empty() {
        return Err(refusal("'endGetAccess' has no body."));
    }
    let (path, location) = find(state, id)?;
    let now = state.clock.now();
    if newest(state, &path).is_some_and(|access| now < access.given) {
        return Err(Answer::error(
            409,
            "AnotherOperationInProgress",
            "Another operation on this disk restore point is in progress.",
            budget::ACCESS,
        ));
    }
    let mut operation = operations::begin(state, request, &location, Kind::Revoke);
    operation.failure = state.settings.failing_revocations.pop_front();
    if operation.failure.is_none() {
        for access in state
            .accesses
            .iter_mut()
            .filter(|access| access.disk == path)
        {
            access.ends = access.ends.min(operation.ends);
        }
    }
    Ok(accepted(state, request, operation))
}

/// Refuses a deletion below which a disk is being read.
pub(crate) fn check_closed(state: &State, scope: &str) -> Result<(), Answer> {
    let now = state.clock.now();
    let is_read = state
        .accesses
        .iter()
        .any(|access| access.is_open(now) && is_within(&access.disk, scope));
    if is_read {
        return Err(restore_points::in_use());
    }
    Ok(())
}

/// The result of `beginGetAccess`.
pub(crate) fn uri(sas: &str) -> Value {
    json!({ "accessSAS": sas })
}

/// The path and the region of a disk restore point that can be read.
fn find(state: &State, id: &DiskRestorePointId) -> Result<(String, String), Answer> {
    let point_id = &id.restore_point;
    restore_points::check_parent(state, "read", point_id)?;
    let not_found = || entity_not_found(budget::ACCESS);
    let collection = state
        .collection(&point_id.collection)
        .ok_or_else(not_found)?;
    let point = collection
        .restore_point(&point_id.name)
        .ok_or_else(not_found)?;
    let now = state.clock.now();
    let disk = point
        .disks
        .iter()
        .filter(|_| point.has_disk_restore_points(now))
        .find(|disk| disk.restore_point_name.eq_ignore_ascii_case(&id.name))
        .ok_or_else(not_found)?;
    if point.copied_from().is_some() && disk.phase(now) != Phase::Succeeded {
        return Err(Answer::error(
            409,
            "OperationNotAllowed",
            "Access to a disk restore point is not allowed before its replication has succeeded.",
            budget::ACCESS,
        ));
    }
    let point_path = point.path(&collection.id);
    let path = disk.path(&point_path).to_ascii_lowercase();
    Ok((path, collection.location.clone()))
}

fn newest<'a>(state: &'a State, path: &str) -> Option<&'a Access> {
    state.accesses.iter().rfind(|access| access.disk == path)
}

/// 202, both headers, no body: as a deletion is answered.
fn accepted(state: &mut State, request: &Incoming, mut operation: operations::Operation) -> Answer {
    operation.segment = state.settings.disk_access.operations;
    let answer = operations::accepted(request, &operation);
    state.operations.push(operation);
    answer
}

/// In whole seconds and UTC, as such URLs have it.
fn signed(ends: OffsetDateTime) -> String {
    let ends = ends.to_offset(time::UtcOffset::UTC);
    let (hour, minute, second) = ends.to_hms();
    format!("{}T{hour:02}%3A{minute:02}%3A{second:02}Z", ends.date())
}

/// A URL with its end in it, or with a policy that has the end.
fn url(ends: Option<OffsetDateTime>) -> String {
    let (account, blob, signature) = (Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4().simple());
    let limit = match ends {
        Some(ends) => format!("se={}", signed(ends)),
        None => format!("si={}", Uuid::new_v4()),
    };
    format!(
        "https://md-{}.z1.blob.storage.azure.net/{}/abcd?sv=2018-03-28&sr=b&{limit}&sig={signature}%3D&sp=r",
        &account.simple().to_string()[..12],
        &blob.simple().to_string()[..12],
    )
}
