//! Looking at source and target before Azure is asked to copy.
//!
//! Azure refuses a copy that breaks one of its rules, in words that it has not published. So
//! the rules that can be seen are checked here, and told in ours.

use time::OffsetDateTime;

use crate::arm::compute::models::{RestorePoint, RestorePointCollection, instant};
use crate::arm::compute::replication::{Poll, ReplicationState, replication, wait_for_replication};
use crate::arm::compute::{restore_point_collections, restore_points};
use crate::arm::resource_id::{RestorePointCollectionId, RestorePointId};
use crate::arm::{Client, Error, Patience, location};
use crate::plugin::diagnostics::Diagnostic;

use super::words;

/// The source as it is now, if it can be copied as far as it alone tells.
pub(super) async fn source(
    client: &Client,
    patience: &Patience,
    id: &RestorePointId,
    source: &RestorePointId,
) -> Result<RestorePoint, Diagnostic> {
    let found = match restore_points::get(client, source, false, patience).await {
        Ok(found) => found,
        Err(error) if error.is_not_found() => return Err(words::source_missing(source, &error)),
        Err(error) => return Err(words::nothing_was_sent(id, &error)),
    };
    if let Some(origin) = found.source_restore_point_id() {
        return Err(words::source_is_a_copy(source, origin));
    }
    if found.is_provisioning_state("Failed") {
        return Err(words::source_failed(source));
    }
    if found.is_provisioning_state("Creating") {
        let settled = restore_points::wait_until_provisioned(client, source, patience).await;
        return settled.map_err(|error| words::nothing_was_sent(id, &error));
    }
    Ok(found)
}

/// What stands in the way of a copy.
pub(super) enum Target {
    /// Nothing that can be seen.
    Free,
    /// Another copy replicates there.
    Busy(RestorePointId),
}

/// Looks at the target collection and the copies in it.
pub(super) async fn target(
    client: &Client,
    patience: &Patience,
    id: &RestorePointId,
    source: &RestorePointId,
    source_time: Option<OffsetDateTime>,
) -> Result<Target, Diagnostic> {
    let fail = |error: Error| words::nothing_was_sent(id, &error);
    let found =
        restore_point_collections::get_with_restore_points(client, id.collection(), patience);
    let collection = match found.await {
        Ok(collection) => collection,
        Err(error) if error.is_not_found() => return Err(words::target_missing(id, &error)),
        Err(error) => return Err(fail(error)),
    };
    check_collection(&collection, id, source)?;
    let mut points = collection.properties.restore_points.unwrap_or_default();
    points.retain(|point| point.name.as_deref() != Some(id.name()));
    if let Some(diagnostic) = points
        .iter()
        .find_map(|point| in_the_way(point, id, source, source_time))
    {
        return Err(diagnostic);
    }
    // Azure copies in order, one at a time: only the newest one can still replicate.
    let newest = points.iter().max_by_key(|point| time_of(point));
    let Some(newest) =
        newest.and_then(|point| id.collection().restore_point(point.name.as_deref()?).ok())
    else {
        return Ok(Target::Free);
    };
    match restore_points::get(client, &newest, true, patience).await {
        Ok(point) => Ok(match replication(&point).state {
            ReplicationState::Replicating | ReplicationState::Unknown => Target::Busy(newest),
            ReplicationState::Succeeded | ReplicationState::Failed => Target::Free,
        }),
        Err(error) if error.is_not_found() => Ok(Target::Free),
        Err(error) => Err(fail(error)),
    }
}

/// Waits until a copy that somebody else has begun is out of the way, however it ends.
pub(super) async fn wait_out(client: &Client, patience: &Patience, running: &RestorePointId) {
    tracing::info!(restore_point_id = %running, "Another copy replicates into this collection: waiting for it first");
    // A deadline or a stop ends this, too, and the next look tells.
    wait_for_replication(client, running, patience, Poll::of(client)).await;
}

/// When the moment was that a restore point holds.
pub(super) fn time_of(point: &RestorePoint) -> Option<OffsetDateTime> {
    point.properties.time_created.as_deref().and_then(instant)
}

/// What never changes: where the collection lies, and what it takes.
fn check_collection(
    collection: &RestorePointCollection,
    id: &RestorePointId,
    source: &RestorePointId,
) -> Result<(), Diagnostic> {
    let taken_from = &collection.properties.source;
    let expected = taken_from
        .id
        .as_deref()
        .and_then(|id| RestorePointCollectionId::parse(id).ok());
    match expected {
        Some(expected) if expected != *source.collection() => {
            return Err(words::another_source(id, source, &expected.to_string()));
        }
        Some(_) => {}
        None => {
            return Err(words::not_a_target(
                id,
                taken_from.id.as_deref().unwrap_or("nothing"),
            ));
        }
    }
    match (
        collection.location.as_deref(),
        taken_from.location.as_deref(),
    ) {
        (Some(target), Some(source)) if location::same(target, source) => {
            Err(words::same_region(id, target))
        }
        _ => Ok(()),
    }
}

/// Whether a copy that is there rules this one out: the same source, or a newer one.
fn in_the_way(
    point: &RestorePoint,
    id: &RestorePointId,
    source: &RestorePointId,
    source_time: Option<OffsetDateTime>,
) -> Option<Diagnostic> {
    let name = point.name.as_deref()?;
    let copied = RestorePointId::parse(point.source_restore_point_id()?).ok()?;
    if copied == *source {
        return Some(words::copied_already(id, source, name));
    }
    let is_newer =
        matches!((time_of(point), source_time), (Some(copied), Some(source)) if copied > source);
    is_newer.then(|| words::newer_copied(id, source, name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const COLLECTION: &str =
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/restorePointCollections";

    fn id(collection: &str, name: &str) -> RestorePointId {
        RestorePointId::parse(&format!("{COLLECTION}/{collection}/restorePoints/{name}"))
            .expect("an id")
    }

    #[test]
    fn a_collection_that_cannot_take_the_copy_is_refused_with_the_reason() {
        #[track_caller]
        fn check(source: &str, location: &str, expected: Option<&str>) {
            let collection = serde_json::from_value(json!({
                "location": location,
                "properties": {"source": {"id": source, "location": "eastus"}}
            }));
            let found = check_collection(
                &collection.expect("a collection"),
                &id("dr", "a"),
                &id("web", "a"),
            );
            assert_eq!(found.err().map(|found| found.summary).as_deref(), expected);
        }
        let web = format!("{COLLECTION}/web");
        check(&web, "westus2", None);
        check(
            &web.to_uppercase()
                .replace("/SUBSCRIPTIONS", "/subscriptions"),
            "West US 2",
            None,
        );
        check(&web, "East US", Some("Copy within one region"));
        check(
            &format!("{COLLECTION}/db"),
            "westus2",
            Some("Source lies in another collection"),
        );
        check(
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v",
            "westus2",
            Some("Not a target of copies"),
        );
    }

    #[test]
    fn only_the_same_source_or_a_newer_one_is_in_the_way() {
        #[track_caller]
        fn check(source: &str, time: &str, expected: Option<&str>) {
            let point = serde_json::from_value(json!({
                "name": "there",
                "properties": {"sourceRestorePoint": {"id": id("web", source).to_string()}, "timeCreated": time}
            }));
            let found = in_the_way(
                &point.expect("a point"),
                &id("dr", "tuesday"),
                &id("web", "tuesday"),
                instant("2026-11-17T01:00:00Z"),
            );
            assert_eq!(found.map(|found| found.summary).as_deref(), expected);
        }
        check("monday", "2026-11-16T01:00:00Z", None);
        check(
            "tuesday",
            "2026-11-17T01:00:00Z",
            Some("Restore point is copied already"),
        );
        check(
            "wednesday",
            "2026-11-18T01:00:00Z",
            Some("A newer restore point is copied already"),
        );
    }
}
