//! What a plan of a copy decides beyond its schema, and what it tells.

use serde_json::Value as Json;

use crate::arm::compute::restore_point_collections;
use crate::arm::compute::restore_points;
use crate::arm::resource_id::RestorePointId;
use crate::arm::{Client, Patience};
use crate::plugin::diagnostics::{Diagnostic, Diagnostics};
use crate::plugin::plan::PlannedChange;
use crate::plugin::resource::{PlanRequest, PlanResponse};
use crate::plugin::value::{Path, Value};
use crate::provider::encryption::{self, Encryption};
use crate::provider::preflight::Preflight;
use crate::provider::session::Session;
use crate::provider::walk::Plan;

use super::guard::Going;
use super::memory::Memory;
use super::model::{self, Successor};
use super::preflight::preflight;
use super::{guard, rules, wait, words};

/// Plans an update that resumes the wait wherever a copy is not finished that should be, a
/// replacement of a failed copy where Azure would take its source again, and refuses a plan that
/// both destroys and keeps the same copy, or destroys every usable one.
///
/// Values and action follow from the request alone: what Azure says makes messages.
pub(super) async fn plan(
    session: &Session,
    request: PlanRequest,
    mut planned: PlannedChange,
) -> PlanResponse {
    let walk = session.walk();
    let stop = &request.context.stop;
    // In the middle of an apply an error would lose the object, and a warning is not heard.
    let tells = !request.in_apply && !walk.is_applying();
    let memory = Memory::of_json(&request.memory);
    let mut diagnostics = Diagnostics::default();
    let mut for_delete = Json::Null;
    let prior = model::id_in_state(&request.prior_state).ok();
    if tells && let Some(id) = &prior {
        diagnostics.extend(ask_anew(id, &request.prior_state, memory, &mut planned));
    }
    let conflict = |id: &RestorePointId, plan| {
        let agrees = walk.plan(id, plan);
        (!agrees).then(|| words::destroyed_and_kept(id))
    };
    if request.config.is_null() {
        diagnostics.extend(prior.iter().find_map(|id| conflict(id, Plan::Go)));
        if tells && let Some(going) = Going::of(&request.prior_state) {
            diagnostics.extend(guard::let_go(session, going, stop).await);
        }
    } else if request.prior_state.is_null() {
        if let Some(successor) = Successor::planned(&planned.planned_state) {
            // A replacement that only -replace asks for: its first plan has kept the copy.
            let is_made_anew = request.is_after_another && walk.is_planned(&successor.id, Plan::Be);
            diagnostics.extend(conflict(&successor.id, Plan::Be));
            if !request.is_after_another {
                walk.plan_create(&successor.id);
                diagnostics.append(foresee(session, &request, &successor, None).await);
            } else if tells && is_made_anew {
                let going = Going::replaced(&planned.planned_state, &successor);
                diagnostics.extend(guard::let_go(session, going, stop).await);
            }
            if tells && walk.plan_copy(&successor.id) == 2 {
                diagnostics.push(words::order_is_not_kept(&successor.id));
            }
            for_delete = successor.to_json();
        }
    } else if !planned.requires_replace.is_empty() {
        // Under its own id a copy may be made anew; under another one the old copy goes.
        let successor = Successor::planned(&planned.planned_state);
        if let (Some(old), Some(new)) = (&prior, &successor)
            && *old != new.id
        {
            diagnostics.extend(conflict(old, Plan::Go));
        }
        // What the plan of the create says besides errors is not heard.
        if let Some(successor) = successor {
            diagnostics.append(foresee(session, &request, &successor, prior.as_ref()).await);
        }
        if tells && let Some(going) = Going::of(&request.prior_state) {
            diagnostics.extend(guard::let_go(session, going, stop).await);
        }
    } else if has_failed(&request.prior_state) {
        diagnostics.push(words::failed_already(
            &request.prior_state,
            memory.recopyable,
        ));
        if memory.recopyable {
            let state = "replication_state";
            planned.planned_state.insert(state, Value::Unknown);
            planned.requires_replace.push(Path::attribute(state));
        } else {
            diagnostics.extend(prior.iter().find_map(|id| conflict(id, Plan::Be)));
        }
    } else {
        diagnostics.extend(prior.iter().find_map(|id| conflict(id, Plan::Be)));
        if wait::is_due(&request.prior_state, &planned.planned_state) {
            planned.planned_state = wait::planned(planned.planned_state);
        }
    }
    PlanResponse {
        planned,
        for_delete,
        diagnostics,
    }
}

/// What Azure would refuse of the copy that is planned, in the place of that one.
async fn foresee(
    session: &Session,
    request: &PlanRequest,
    successor: &Successor,
    replaced: Option<&RestorePointId>,
) -> Diagnostics {
    match Preflight::new(session, request.in_apply, &request.context.stop) {
        Some(asks) if session.has_preflight() => {
            Box::pin(preflight(&asks, successor, replaced)).await
        }
        _ => Diagnostics::default(),
    }
}

/// Puts into the plan what a change of the arguments about encryption means: a new copy where Azure
/// reports another encryption of this one than is asked for now, and else nothing. An imported copy
/// is kept in both cases.
fn ask_anew(
    id: &RestorePointId,
    prior_state: &Value,
    memory: Memory,
    planned: &mut PlannedChange,
) -> Option<Diagnostic> {
    let asked = Encryption::of(&planned.planned_state);
    if asked == Encryption::of(prior_state) || has_failed(prior_state) {
        return None;
    }
    let differences = asked.differences(prior_state);
    if differences.is_empty() {
        return None;
    }
    if memory.imported {
        return Some(encryption::imported_otherwise(id, &asked, &differences));
    }
    let is_changed =
        |argument: &&str| prior_state.get(argument) != planned.planned_state.get(argument);
    let changed = encryption::ARGUMENTS.into_iter().filter(is_changed);
    planned
        .requires_replace
        .extend(changed.map(Path::attribute));
    None
}

fn has_failed(prior_state: &Value) -> bool {
    prior_state.get("replication_state").as_str() == Some("Failed")
}

/// Whether the copy has failed, and Azure would copy its source again once it is gone: that is
/// there, and no newer one is copied. What cannot be seen is not: the failed copy stays then.
pub(super) async fn is_recopyable(
    client: &Client,
    id: &RestorePointId,
    state: &Value,
    patience: &Patience,
) -> bool {
    let source = state.get("source_restore_point_id");
    let source = source
        .as_str()
        .and_then(|id| RestorePointId::parse(id).ok());
    let Some(source) = source.filter(|_| has_failed(state)) else {
        return false;
    };
    let Ok(point) = restore_points::get(client, &source, false, patience).await else {
        return false;
    };
    let collection =
        restore_point_collections::get_with_restore_points(client, id.collection(), patience);
    let Ok(collection) = collection.await else {
        return false;
    };
    rules::of_source(&point).is_none()
        && rules::of_collection(&collection, source.collection()).is_none()
        && rules::of_points(&collection, id, &source, point.time_created()).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::golden::target;

    fn copy(asked: Value, reported: &str, replication_state: &str) -> Value {
        Value::object([
            ("encryption_type", asked),
            ("replication_state", replication_state.into()),
            (
                "os_disk",
                Value::object([("encryption_type", Value::from(reported))]),
            ),
        ])
    }

    #[test]
    fn every_cell_of_what_a_change_of_the_encryption_means() {
        const PLATFORM: &str = "EncryptionAtRestWithPlatformKey";
        const CUSTOMER: &str = "EncryptionAtRestWithCustomerKey";
        let imported = Memory::of_import();
        let made = Memory::default();
        let none = || Value::Null;
        let table = [
            // Asked before and now, what Azure reports, and whether that replaces the copy or
            // is told.
            (none(), none(), PLATFORM, made, (false, false)),
            (none(), CUSTOMER.into(), PLATFORM, made, (true, false)),
            (none(), CUSTOMER.into(), CUSTOMER, made, (false, false)),
            (
                CUSTOMER.into(),
                CUSTOMER.into(),
                PLATFORM,
                made,
                (false, false),
            ),
            (
                CUSTOMER.into(),
                PLATFORM.into(),
                PLATFORM,
                made,
                (false, false),
            ),
            (
                PLATFORM.into(),
                CUSTOMER.into(),
                PLATFORM,
                made,
                (true, false),
            ),
            (CUSTOMER.into(), none(), PLATFORM, made, (false, false)),
            (none(), Value::Unknown, PLATFORM, made, (false, false)),
            (none(), CUSTOMER.into(), PLATFORM, imported, (false, true)),
            (none(), CUSTOMER.into(), CUSTOMER, imported, (false, false)),
        ];
        for (before, now, reported, memory, expected) in table {
            for (state, expected) in [("Succeeded", expected), ("Failed", (false, false))] {
                let prior_state = copy(before.clone(), reported, state);
                let mut planned = PlannedChange {
                    planned_state: copy(now.clone(), reported, state),
                    requires_replace: Vec::new(),
                };
                let told = ask_anew(&target(), &prior_state, memory, &mut planned);
                let replaced = planned.requires_replace == [Path::attribute("encryption_type")];
                assert_eq!(
                    (replaced, told.is_some()),
                    expected,
                    "{before:?} {now:?} {reported} {memory:?} {state}"
                );
                assert_eq!(replaced, !planned.requires_replace.is_empty());
            }
        }
    }
}
