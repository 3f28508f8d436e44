//! The restore points of a collection: which are listed, and which are taken.

use std::cmp::Reverse;

use crate::arm::compute::models::RestorePoint;
use crate::arm::compute::{restore_point_collections, restore_points};
use crate::arm::resource_id::{RestorePointCollectionId, RestorePointId};
use crate::arm::{Client, Error, Patience};
use crate::provider::filter::Filter;
use crate::provider::looks;

/// A restore point with its id.
pub(super) type Point = (RestorePointId, RestorePoint);

/// The restore points of a collection that pass a filter.
#[derive(Debug)]
pub(super) struct Listed {
    /// How many there are, whether they pass or not.
    pub(super) all: usize,
    /// Those that pass, newest first, without instance view.
    pub(super) passing: Vec<Point>,
}

/// Lists a collection.
pub(super) async fn list(
    client: &Client,
    patience: &Patience,
    collection: &RestorePointCollectionId,
    filter: &Filter,
) -> Result<Listed, Error> {
    let found =
        restore_point_collections::get_with_restore_points(client, collection, patience).await?;
    Ok(listed(
        collection,
        found.properties.restore_points.unwrap_or_default(),
        filter,
    ))
}

fn listed(
    collection: &RestorePointCollectionId,
    points: Vec<RestorePoint>,
    filter: &Filter,
) -> Listed {
    let all = points.len();
    let points = points.into_iter();
    let points = points.filter_map(|point| {
        let name = point.name.as_deref()?;
        let mode = point.properties.consistency_mode.as_deref();
        let passes = filter.matches(name, point.time_created(), mode);
        let id = collection.restore_point(name).ok()?;
        passes.then_some((id, point))
    });
    let mut passing: Vec<Point> = points.collect();
    // By the instant: as texts, times with other offsets or fewer digits come in another order.
    passing.sort_by_cached_key(|(id, point)| {
        Reverse((point.time_created(), id.name().to_lowercase()))
    });
    Listed { all, passing }
}

/// Asks for all that pass, each with its instance view. Unless unfinished ones are wanted, too, only
/// the usable ones come back, and those are not asked for that cannot be.
pub(super) async fn take_all(
    client: &Client,
    patience: &Patience,
    listed: Listed,
    include_unfinished: bool,
) -> Result<Vec<Point>, Error> {
    let points = listed.passing.into_iter();
    let points = points.filter(|(_, point)| include_unfinished || may_be_usable(point));
    let mut found = looks::ask(client, points.map(|(id, _)| id), patience).await?;
    found.retain(|(_, point)| include_unfinished || restore_points::is_usable(point));
    Ok(found)
}

/// Asks for one after the other, the newest first, until one can be taken. Else the ones that
/// cannot come back, as they were seen.
pub(super) async fn take_newest(
    client: &Client,
    patience: &Patience,
    listed: Listed,
    include_unfinished: bool,
) -> Result<Result<Point, Vec<Point>>, Error> {
    let mut passed_over = Vec::new();
    for (id, point) in listed.passing {
        if !include_unfinished && !may_be_usable(&point) {
            passed_over.push((id, point));
            continue;
        }
        match restore_points::get(client, &id, true, patience).await {
            Ok(found) if include_unfinished || restore_points::is_usable(&found) => {
                return Ok(Ok((id, found)));
            }
            Ok(found) => {
                tracing::info!(restore_point_id = %id, "Restore point \"{}\" is passed over: it is not usable", id.name());
                passed_over.push((id, found));
            }
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Err(passed_over))
}

/// Whether a restore point can be usable, as far as a list tells.
fn may_be_usable(point: &RestorePoint) -> bool {
    point.properties.provisioning_state.is_none() || point.is_provisioning_state("Succeeded")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::provider::golden::target;

    #[test]
    fn the_newest_is_so_by_its_instant() {
        let point = |(name, time): (&str, Option<&str>)| {
            let point = json!({"name": name, "properties": {"timeCreated": time}});
            serde_json::from_value(point).expect("a restore point")
        };
        // As texts they would come in another order.
        let points = [
            ("second", Some("2026-11-16T01:00:00Z")),
            ("no-time", None),
            ("first", Some("2026-11-15T23:00:01.5-03:00")),
            ("a-twin", Some("2026-11-16T02:00:00+01:00")),
            ("last", Some("2026-11-16T09:00:00.0000000+09:00")),
            ("a/b", Some("2026-11-16T01:00:00Z")),
        ];
        let points = points.into_iter().map(point).collect();
        let found = listed(target().collection(), points, &Filter::default());
        let names: Vec<&str> = found.passing.iter().map(|(id, _)| id.name()).collect();
        assert_eq!(names, ["first", "second", "a-twin", "last", "no-time"]);
        assert_eq!(found.all, 6);
    }
}
