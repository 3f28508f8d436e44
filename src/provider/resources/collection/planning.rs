//! What a plan of a collection tells of what Azure would refuse, or delete with it.

use tokio_util::sync::CancellationToken;

use crate::arm::compute::models::RestorePointCollection;
use crate::arm::location;
use crate::arm::resource_id::RestorePointCollectionId;
use crate::plugin::diagnostics::{Diagnostic, Diagnostics};
use crate::plugin::plan::PlannedChange;
use crate::plugin::resource::PlanRequest;
use crate::plugin::value::Value;
use crate::provider::equivalence;
use crate::provider::glance::points_of;
use crate::provider::preflight::Preflight;
use crate::provider::session::Session;
use crate::provider::tags::TagPolicy;
use crate::provider::validators::TAGS_MAX;

use super::{model, words};

/// Plans all tags of a collection that stays or is made: known wherever its own and the
/// provider's are.
pub(super) fn tags(
    policy: &TagPolicy,
    request: &PlanRequest,
    planned_state: &mut Value,
) -> Option<Diagnostic> {
    let prior = |name| request.prior_state.get(name);
    let own = planned_state.get("tags");
    // A tag that is not known yet is none that can be the same.
    let is_known = own.is_wholly_known() && !own.is_null();
    if is_known && !prior("tags").is_null() && policy.is_same(own, prior("tags")) {
        planned_state.insert("tags", prior("tags").clone());
    }
    let own = planned_state.get("tags");
    let all = policy.all(own);
    let count = policy.given(own).len();
    let is_kept = !prior("tags_all").is_null() && equivalence::tags(&all, prior("tags_all"));
    let all = if is_kept {
        prior("tags_all").clone()
    } else {
        all
    };
    planned_state.insert("tags_all", all);
    // Azure says it, too; in the middle of an apply an error would lose the object.
    (count > TAGS_MAX && !request.in_apply).then(|| words::too_many_tags(count))
}

/// Remembers which collections are made in this walk, and looks at what that meets.
pub(super) async fn told(
    session: &Session,
    request: &PlanRequest,
    planned: &PlannedChange,
) -> Diagnostics {
    let stop = &request.context.stop;
    let is_destroyed = request.config.is_null();
    let is_made = request.prior_state.is_null() || !planned.requires_replace.is_empty();
    if is_made && let Ok(id) = model::id(&planned.planned_state) {
        session.walk().plan_collection(&id);
    }
    if is_destroyed {
        return contents(session, request, stop).await;
    }
    if is_made && session.has_preflight() {
        return preflight(session, &planned.planned_state, request.in_apply, stop).await;
    }
    Diagnostics::default()
}

/// A destroy that is forced takes everything along: it says what.
async fn contents(
    session: &Session,
    request: &PlanRequest,
    stop: &CancellationToken,
) -> Diagnostics {
    let forced = request.prior_state.get("force_destroy").as_bool() == Some(true);
    let (true, Some(asks)) = (forced, Preflight::new(session, request.in_apply, stop)) else {
        return Diagnostics::default();
    };
    let Ok(id) = model::id_in_state(&request.prior_state) else {
        return Diagnostics::default();
    };
    let found = asks
        .walk
        .glances
        .collection(&asks.client, &id, &asks.patience)
        .await;
    let inside: Vec<String> = found
        .iter()
        .flat_map(|found| points_of(found, &id))
        .map(|(point, _)| point.name().to_owned())
        .collect();
    let told = (!inside.is_empty()).then(|| words::destroyed_with_contents(&id, &inside));
    told.into_iter().collect()
}

/// What Azure would refuse of the collection, or of every copy into it.
async fn preflight(
    session: &Session,
    planned_state: &Value,
    in_apply: bool,
    stop: &CancellationToken,
) -> Diagnostics {
    let mut diagnostics = Diagnostics::default();
    let text = |name: &str| planned_state.get(name).as_str();
    let source = text("source_restore_point_collection_id")
        .and_then(|id| RestorePointCollectionId::parse(id).ok());
    let (Some(source), Some(asks)) = (source, Preflight::new(session, in_apply, stop)) else {
        return diagnostics;
    };
    if asks.walk.is_collection_planned(&source) {
        // Whatever collection is made here takes copies.
        diagnostics.push(words::source_is_of_copies(&source));
        return diagnostics;
    }
    let found = asks
        .walk
        .glances
        .collection(&asks.client, &source, &asks.patience);
    match found.await {
        Ok(found) if is_of_copies(&found) => diagnostics.push(words::source_is_of_copies(&source)),
        Ok(found) => {
            let same = |(one, other)| location::same(one, other);
            if found
                .location
                .as_deref()
                .zip(text("location"))
                .is_some_and(same)
            {
                diagnostics.push(words::same_region(
                    &source,
                    found.location.as_deref().unwrap_or_default(),
                ));
            }
        }
        Err(error) if error.is_not_found() => {
            diagnostics.push(words::source_missing(&source, &error));
        }
        Err(error) => {
            diagnostics.extend(asks.unseen(&format!("the source collection {source}"), &error));
        }
    }
    diagnostics
}

/// Whether the collection holds copies, which cannot be copied again.
fn is_of_copies(collection: &RestorePointCollection) -> bool {
    let source = collection.properties.source.id.as_deref();
    source.is_some_and(|id| RestorePointCollectionId::parse(id).is_ok())
}
