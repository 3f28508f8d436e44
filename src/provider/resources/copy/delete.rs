//! Deleting a copy, or keeping it: what looks like a wish to destroy may be a taint.

use serde_json::Value as Json;

use crate::arm::compute::models::{RestorePoint, instant};
use crate::arm::compute::replication::{ReplicationState, replication};
use crate::arm::compute::{restore_point_collections, restore_points};
use crate::arm::resource_id::RestorePointId;
use crate::arm::{Client, Error, Patience};
use crate::plugin::diagnostics::Diagnostic;
use crate::plugin::resource::{Applied, DeleteRequest};
use crate::plugin::value::Value;
use crate::provider::diagnose;
use crate::provider::encryption::Encryption;
use crate::provider::resources::look_before_delete;
use crate::provider::walk::Walk;

use super::deleting::{Condition, Decision, Origin, decide, follows_taint};
use super::model::{self, Successor};
use super::words;

/// How many other copies of a collection are asked, one by one, whether they are usable.
const OTHERS_MAX: usize = 100;

/// Deletes the copy in Azure, or keeps it, by the table of deletes.
pub(super) async fn delete(
    client: &Client,
    patience: &Patience,
    walk: &Walk,
    id: &RestorePointId,
    request: DeleteRequest,
) -> Applied {
    // Two deletes at once would each count on the other's copy.
    let deletes = walk.deletes_in(id.collection());
    let Ok(_turn) = patience.run(deletes.lock()).await else {
        return refused(request, words::not_deleted_yet(id));
    };
    let (origin, condition, cause) = match look(client, patience, walk, id, &request).await {
        Look::Gone => return Applied::gone(),
        Look::Seen(origin, condition) => (origin, condition, None),
        Look::Unseen(error) => (Origin::Wish, Condition::Unknown, Some(error)),
    };
    let force_destroy = request.prior_state.get("force_destroy").as_bool() == Some(true);
    match (decide(origin, condition, force_destroy), origin, cause) {
        (Decision::Keep, Origin::OwnWalk, _) => Applied::gone().with(words::deleted_nothing(id)),
        // Terraform would not go on to the create half, and forget the copy.
        (Decision::Keep, ..) if patience.check().is_err() => {
            refused(request, words::not_deleted_yet(id))
        }
        (Decision::Keep, ..) => {
            walk.keep(id);
            Applied::gone().with(words::kept(id))
        }
        (Decision::Refuse, _, Some(error)) => refused(request, words::cannot_tell(id, &error)),
        (Decision::Refuse, Origin::TaintUnknown, None) => {
            refused(request, words::successor_unknown(id))
        }
        (Decision::Refuse, _, None) => refused(request, words::last_usable(id)),
        (Decision::Delete, ..) => match remove(client, patience, id).await {
            Ok(()) => Applied::gone(),
            Err(error) => refused(
                request,
                diagnose::not_deleted("restore point", &id.to_string(), &error),
            ),
        },
    }
}

/// The object stays as it is, for this reason.
fn refused(request: DeleteRequest, diagnostic: Diagnostic) -> Applied {
    Applied::unchanged(request.prior_state, diagnostic)
}

/// What is to be deleted.
enum Look {
    Gone,
    Seen(Origin, Condition),
    Unseen(Error),
}

async fn look(
    client: &Client,
    patience: &Patience,
    walk: &Walk,
    id: &RestorePointId,
    request: &DeleteRequest,
) -> Look {
    if walk.is_made(id) {
        return Look::Seen(Origin::OwnWalk, Condition::Unknown);
    }
    let look = || restore_points::get(client, id, true, patience);
    let found = match look_before_delete(patience, look).await {
        Ok(found) => found,
        Err(error) if error.is_not_found() => return Look::Gone,
        Err(error) => return Look::Unseen(error),
    };
    let origin = if follows_taint(request.reason, walk.is_create_planned(id)) {
        after_taint(id, &found, &request.prior_state, &request.successor)
    } else {
        Origin::Wish
    };
    let was_complete = request.prior_state.get("wait_outcome").as_str() == Some("completed");
    match condition(client, patience, id, &found, was_complete).await {
        Ok(condition) => Look::Seen(origin, condition),
        Err(error) => Look::Unseen(error),
    }
}

/// Deletes the restore point in Azure and waits until it is gone.
pub(super) async fn remove(
    client: &Client,
    patience: &Patience,
    id: &RestorePointId,
) -> Result<(), Error> {
    let operation = restore_points::begin_delete(client, id, patience).await?;
    restore_points::finish_delete(client, id, operation, patience).await?;
    Ok(())
}

/// Whether the copy that comes instead is this one.
fn after_taint(
    id: &RestorePointId,
    found: &RestorePoint,
    prior_state: &Value,
    successor: &Json,
) -> Origin {
    let Some(successor) = Successor::of(successor) else {
        return Origin::TaintUnknown;
    };
    let Some(source) = found.copied_from() else {
        return Origin::TaintUnknown;
    };
    // What was asked for before and is asked for again, Azure has had its say about: that it
    // encrypts otherwise would go on for ever.
    let asks_anew = successor.encryption != Encryption::of(prior_state);
    if successor.id != *id
        || successor.source != source
        || asks_anew
            && successor
                .encryption
                .is_contradicted_by(&model::computed(id, found))
    {
        return Origin::TaintDifferent;
    }
    let known = prior_state.get("time_created").as_str();
    match (known.and_then(instant), found.time_created()) {
        (Some(known), Some(now)) if known != now => Origin::TaintDifferent,
        _ => Origin::TaintIdentical,
    }
}

async fn condition(
    client: &Client,
    patience: &Patience,
    id: &RestorePointId,
    found: &RestorePoint,
    was_complete: bool,
) -> Result<Condition, Error> {
    match replication(found).state {
        ReplicationState::Failed => return Ok(Condition::Failed),
        // A copy that was seen complete stays one, whatever Azure leaves out today.
        ReplicationState::Replicating | ReplicationState::Unknown if !was_complete => {
            return Ok(Condition::Unfinished);
        }
        _ => {}
    }
    let collection =
        restore_point_collections::get_with_restore_points(client, id.collection(), patience)
            .await?;
    let mut others: Vec<RestorePoint> = collection.properties.restore_points.unwrap_or_default();
    others.retain(|other| {
        other
            .name
            .as_deref()
            .is_some_and(|name| !name.eq_ignore_ascii_case(id.name()))
    });
    // The newest one may still replicate; the oldest is the likeliest to be usable.
    others.sort_by_key(RestorePoint::time_created);
    for name in others
        .iter()
        .filter_map(|other| other.name.as_deref())
        .take(OTHERS_MAX)
    {
        let Ok(other) = id.collection().restore_point(name) else {
            continue;
        };
        match restore_points::get(client, &other, true, patience).await {
            Ok(other) if model::is_usable(&other) => return Ok(Condition::Usable),
            Ok(_) => {}
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Condition::LastUsable)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::provider::golden::{source, target};

    const TIME: &str = "2026-11-16T01:00:00Z";
    const PLATFORM_KEY: &str = "EncryptionAtRestWithPlatformKey";

    fn found(source: Option<&str>, time: &str, encryption_type: Option<&str>) -> RestorePoint {
        let encryption = encryption_type.map(|kind| json!({ "type": kind }));
        let point = json!({"properties": {
            "sourceRestorePoint": source.map(|id| json!({ "id": id })),
            "timeCreated": time,
            "sourceMetadata": {"storageProfile": {"osDisk": {
                "diskRestorePoint": {"id": "/drp/os", "encryption": encryption}
            }}}
        }});
        serde_json::from_value(point).expect("a restore point")
    }

    #[test]
    fn every_cell_of_what_comes_after_a_taint() {
        use Origin::{TaintDifferent, TaintIdentical, TaintUnknown};

        let id = target();
        let prior_state = Value::object([("time_created", Value::from(TIME))]);
        let successor = |name: &str, encryption_type: &str| {
            let collection = id.collection().to_string();
            let mut planned = Value::object([
                ("name", Value::from(name)),
                ("restore_point_collection_id", collection.into()),
                ("source_restore_point_id", source().to_string().into()),
            ]);
            if !encryption_type.is_empty() {
                planned.insert("encryption_type", encryption_type.into());
            }
            Successor::planned(&planned).expect("known ids").to_json()
        };
        let source = source().to_string().to_uppercase();
        let source = source.replacen("/SUBSCRIPTIONS", "/subscriptions", 1);
        let same = |encryption_type| found(Some(&source), TIME, encryption_type);
        let plain = successor("monday", "");
        let platform = successor("monday", PLATFORM_KEY);
        let customer = successor("monday", "EncryptionAtRestWithCustomerKey");
        for (case, found, successor, expected) in [
            ("the same", same(None), &plain, TaintIdentical),
            (
                "its keys are not told",
                same(None),
                &customer,
                TaintIdentical,
            ),
            (
                "nothing is asked",
                same(Some(PLATFORM_KEY)),
                &plain,
                TaintIdentical,
            ),
            (
                "as asked",
                same(Some(PLATFORM_KEY)),
                &platform,
                TaintIdentical,
            ),
            (
                "otherwise",
                same(Some(PLATFORM_KEY)),
                &customer,
                TaintDifferent,
            ),
            (
                "another name",
                same(None),
                &successor("tuesday", ""),
                TaintDifferent,
            ),
            (
                "another source",
                found(Some(&id.to_string()), TIME, None),
                &plain,
                TaintDifferent,
            ),
            (
                "another moment",
                found(Some(&source), "2026-11-17T01:00:00Z", None),
                &plain,
                TaintDifferent,
            ),
            ("no source", found(None, TIME, None), &plain, TaintUnknown),
            ("not planned", same(None), &Json::Null, TaintUnknown),
        ] {
            let origin = after_taint(&id, &found, &prior_state, successor);
            assert_eq!(origin, expected, "{case}");
        }
        let asked_before = Value::object([
            ("time_created", Value::from(TIME)),
            ("encryption_type", "EncryptionAtRestWithCustomerKey".into()),
        ]);
        let origin = after_taint(&id, &same(Some(PLATFORM_KEY)), &asked_before, &customer);
        assert_eq!(origin, TaintIdentical, "otherwise, and asked again");
    }
}
