//! Looking at both collections of a mirror.

use std::collections::HashMap;
use std::time::Duration;

use crate::arm::compute::models::{
    DiskRestorePointAttributes, RestorePoint, RestorePointCollection, instant, rfc3339_utc,
};
use crate::arm::compute::replication::{ReplicationState, replication};
use crate::arm::compute::{restore_point_collections, restore_points};
use crate::arm::resource_id::{RestorePointCollectionId, RestorePointId};
use crate::arm::{Client, Error, Patience};
use crate::provider::looks;
use crate::provider::restore_point::replication_id;

use super::rules::{CopyPoint, CopyState, DueCopy, Readiness, Snapshot, Source, SourcePoint};

/// How long the source may keep us waiting: the target is needed most when the source is down.
const SOURCE_LIMIT: Duration = Duration::from_secs(60);

/// How many sources are asked whether their snapshots can be read, at most.
const ASKED_MAX: usize = 20;

/// The two collections.
#[derive(Clone, Debug)]
pub(super) struct Ids {
    pub(super) target: RestorePointCollectionId,
    pub(super) source: RestorePointCollectionId,
}

/// What was seen.
#[derive(Clone, Debug)]
pub(super) struct Look {
    /// The target collection. Its restore points are in `copies`.
    pub(super) collection: RestorePointCollection,
    pub(super) snapshot: Snapshot,
    /// Every restore point of the target, in the order of the snapshot's copies.
    pub(super) copies: Vec<RestorePoint>,
    /// Why the source cannot be looked at.
    pub(super) trouble: Option<Error>,
}

/// The copies that have ended for good, by their names in lower case: as long as their disk
/// restore points are the same, nothing about them changes.
#[derive(Clone, Debug, Default)]
pub(super) struct Known(HashMap<String, (String, CopyState)>);

impl Known {
    /// Remembers a copy, if it has ended.
    pub(super) fn remember(&mut self, name: &str, replication_id: &str, state: CopyState) {
        if matches!(state, CopyState::Usable | CopyState::Failed) {
            let known = (replication_id.to_lowercase(), state);
            self.0.insert(name.to_lowercase(), known);
        }
    }

    /// The state of a copy, if it is the one that is known.
    fn state(&self, name: &str, replication_id: Option<&str>) -> Option<CopyState> {
        let (known, state) = self.0.get(&name.to_lowercase())?;
        let is_same = replication_id.is_some_and(|found| found.to_lowercase() == *known);
        is_same.then_some(*state)
    }
}

impl Look {
    /// What later looks need not ask again.
    pub(super) fn known(&self, target: &RestorePointCollectionId) -> Known {
        let mut known = Known::default();
        for (copy, found) in self.snapshot.copies.iter().zip(&self.copies) {
            if let Some(id) = id_of(target, &copy.name, found) {
                known.remember(&copy.name, &id, copy.state);
            }
        }
        known
    }

    /// The same with a new look at the target alone.
    pub(super) async fn again(
        &self,
        client: &Client,
        patience: &Patience,
        ids: &Ids,
        known: &Known,
    ) -> Result<Self, Error> {
        let (collection, copies, points) = target(client, patience, ids, known).await?;
        Ok(Self {
            collection,
            snapshot: Snapshot {
                source: self.snapshot.source.clone(),
                copies: points,
            },
            copies,
            trouble: self.trouble.clone(),
        })
    }

    /// Adds a copy that Azure has taken, but does not list yet.
    pub(super) fn add(&mut self, ids: &Ids, name: &str, source: &SourcePoint) {
        let has_it = |copy: &CopyPoint| copy.name.eq_ignore_ascii_case(name);
        if self.snapshot.copies.iter().any(has_it) {
            return;
        }
        self.snapshot.copies.push(CopyPoint {
            name: name.to_owned(),
            is_ours: true,
            time: Some(source.time),
            state: CopyState::Replicating,
        });
        let mut found = RestorePoint {
            name: Some(name.to_owned()),
            ..RestorePoint::default()
        };
        found.properties.time_created = Some(source.time_created.clone());
        let id = ids.source.restore_point(&source.name).ok();
        found.properties.source_restore_point =
            Some(crate::arm::compute::models::ApiEntityReference {
                id: id.map(|id| id.to_string()),
            });
        self.copies.push(found);
    }
}

/// Looks at both collections, and asks for the state of each copy that is not known to have ended.
///
/// # Errors
/// Where the target cannot be looked at, or Stop came. Trouble with the source is no error.
pub(super) async fn look(
    client: &Client,
    patience: &Patience,
    ids: &Ids,
    known: &Known,
) -> Result<Look, Error> {
    let limit = SOURCE_LIMIT.min(patience.remaining() / 2);
    let for_source = patience.with_limit(limit);
    let (target, source) = tokio::join!(
        target(client, patience, ids, known),
        restore_point_collections::get_with_restore_points(client, &ids.source, &for_source)
    );
    let (collection, copies, points) = target?;
    let (source, trouble) = match source {
        Ok(found) => (Source::Points(source_points(found)), None),
        Err(Error::Stopped) => return Err(Error::Stopped),
        Err(error) => (Source::Unreachable, Some(error)),
    };
    Ok(Look {
        collection,
        snapshot: Snapshot {
            source,
            copies: points,
        },
        copies,
        trouble,
    })
}

/// Asks whether the snapshots of the chosen source can be read, until the choice has been asked.
///
/// # Errors
/// Where Stop came. Trouble with the source is no error.
pub(super) async fn ask_source(
    client: &Client,
    patience: &Patience,
    ids: &Ids,
    look: &mut Look,
    choose: impl Fn(&Snapshot) -> Option<DueCopy>,
) -> Result<(), Error> {
    for _ in 0..ASKED_MAX {
        let Some(due) = choose(&look.snapshot) else {
            return Ok(());
        };
        let Source::Points(points) = &mut look.snapshot.source else {
            return Ok(());
        };
        let Some(index) = points.iter().position(|point| point.name == due.source) else {
            return Ok(());
        };
        if points[index].readiness != Readiness::NotAsked {
            return Ok(());
        }
        let Ok(id) = ids.source.restore_point(&due.source) else {
            points[index].readiness = Readiness::Never;
            continue;
        };
        let limit = SOURCE_LIMIT.min(patience.remaining() / 2);
        match restore_points::get(client, &id, true, &patience.with_limit(limit)).await {
            Ok(found) => {
                points[index].readiness = match readiness(&found) {
                    Readiness::NotAsked => Readiness::Ready,
                    asked => asked,
                }
            }
            Err(error) if error.is_not_found() => drop(points.remove(index)),
            Err(Error::Stopped) => return Err(Error::Stopped),
            Err(error) => {
                look.snapshot.source = Source::Unreachable;
                look.trouble = Some(error);
            }
        }
    }
    Ok(())
}

type Seen = (RestorePointCollection, Vec<RestorePoint>, Vec<CopyPoint>);

async fn target(
    client: &Client,
    patience: &Patience,
    ids: &Ids,
    known: &Known,
) -> Result<Seen, Error> {
    let found = restore_point_collections::get_with_restore_points(client, &ids.target, patience);
    let mut collection = found.await?;
    let listed = collection.properties.restore_points.take();
    let listed = listed.unwrap_or_default().into_iter();
    let listed: Vec<_> = listed
        .filter_map(|listed| {
            let name = listed.name.clone()?;
            let replication_id = id_of(&ids.target, &name, &listed);
            let state = if listed.is_provisioning_state("Deleting") {
                Some(CopyState::Leaving)
            } else {
                known.state(&name, replication_id.as_deref())
            };
            Some((ids.target.restore_point(&name).ok()?, name, listed, state))
        })
        .collect();
    let unknown = listed.iter().filter(|(.., state)| state.is_none());
    let unknown: Vec<RestorePointId> = unknown.map(|(id, ..)| id.clone()).collect();
    let asked = looks::ask(client, unknown, patience).await?;
    let mut asked: HashMap<RestorePointId, RestorePoint> = asked.into_iter().collect();

    let (mut copies, mut points) = (Vec::new(), Vec::new());
    for (id, name, listed, known) in listed {
        let (found, state) = match (known, asked.remove(&id)) {
            (Some(state), _) => (listed, state),
            (None, Some(found)) => {
                let state = state(&found);
                (found, state)
            }
            (None, None) => continue,
        };
        points.push(CopyPoint {
            name,
            is_ours: is_ours(&found, &ids.source),
            time: found.time_created(),
            state,
        });
        copies.push(found);
    }
    Ok((collection, copies, points))
}

/// Whether a restore point is a copy of one of the source collection's, whoever made it.
pub(super) fn is_ours(found: &RestorePoint, source: &RestorePointCollectionId) -> bool {
    let of = found.copied_from();
    of.is_some_and(|id| id.collection() == source)
}

fn state(found: &RestorePoint) -> CopyState {
    if found.is_provisioning_state("Deleting") {
        return CopyState::Leaving;
    }
    match replication(found).state {
        ReplicationState::Succeeded => CopyState::Usable,
        ReplicationState::Replicating => CopyState::Replicating,
        ReplicationState::Failed => CopyState::Failed,
        ReplicationState::Unknown => CopyState::Unknown,
    }
}

fn id_of(target: &RestorePointCollectionId, name: &str, found: &RestorePoint) -> Option<String> {
    let id = target.restore_point(name).ok()?;
    replication_id(&id, found).as_str().map(str::to_owned)
}

fn source_points(found: RestorePointCollection) -> Vec<SourcePoint> {
    let points = found.properties.restore_points.unwrap_or_default();
    points.into_iter().filter_map(source_point).collect()
}

fn source_point(found: RestorePoint) -> Option<SourcePoint> {
    let time_created = found.properties.time_created.as_deref()?;
    Some(SourcePoint {
        time: instant(time_created)?,
        time_created: rfc3339_utc(time_created)?,
        consistency_mode: found.properties.consistency_mode.clone(),
        readiness: readiness(&found),
        has_customer_key: has_customer_key(&found),
        name: found.name?,
    })
}

fn has_customer_key(found: &RestorePoint) -> bool {
    let mut disks = found.properties.source_metadata.storage_profile.disks();
    disks.any(|(_, point)| point.is_some_and(DiskRestorePointAttributes::has_customer_key))
}

/// Whether Azure would copy it, as far as this answer tells: a list says nothing of snapshots.
fn readiness(found: &RestorePoint) -> Readiness {
    let is_gone = ["Failed", "Canceled", "Cancelled", "Deleting"]
        .into_iter()
        .any(|state| found.is_provisioning_state(state));
    if is_gone || found.source_restore_point_id().is_some() {
        return Readiness::Never;
    }
    if restore_points::not_ready(found).is_some() {
        Readiness::NotYet
    } else if found.properties.instance_view.is_none() {
        Readiness::NotAsked
    } else {
        Readiness::Ready
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_source_is_ready_when_its_snapshots_can_be_read() {
        #[track_caller]
        fn check(properties: serde_json::Value, expected: Readiness) {
            let point = serde_json::from_value(json!({ "properties": properties }));
            let point: RestorePoint = point.expect("a restore point");
            assert_eq!(readiness(&point), expected, "{properties}");
        }
        let view = |state: &str| {
            let disk = json!({"id": "/d", "snapshotAccessState": state});
            json!({"provisioningState": "Succeeded", "instanceView": {"diskRestorePoints": [disk]}})
        };
        check(json!({}), Readiness::NotAsked);
        check(
            json!({"provisioningState": "succeeded"}),
            Readiness::NotAsked,
        );
        check(json!({"provisioningState": "Creating"}), Readiness::NotYet);
        check(json!({"provisioningState": "Failed"}), Readiness::Never);
        check(json!({"provisioningState": "Deleting"}), Readiness::Never);
        check(
            json!({"sourceRestorePoint": {"id": "/x"}}),
            Readiness::Never,
        );
        check(view("Pending"), Readiness::NotYet);
        check(view("instantAccess"), Readiness::NotYet);
        check(view("Available"), Readiness::Ready);
        check(view("AvailableWithInstantAccess"), Readiness::Ready);
        check(view("SomethingNew"), Readiness::Ready);
    }

    #[test]
    fn what_has_ended_is_known_by_its_disks() {
        let mut known = Known::default();
        known.remember("Monday", "/copy#1", CopyState::Usable);
        known.remember("tuesday", "/copy#2", CopyState::Replicating);
        assert_eq!(
            known.state("MONDAY", Some("/COPY#1")),
            Some(CopyState::Usable)
        );
        assert_eq!(known.state("monday", Some("/copy#9")), None);
        assert_eq!(known.state("monday", None), None);
        assert_eq!(known.state("tuesday", Some("/copy#2")), None);
    }
}
