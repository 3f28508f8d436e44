//! What has become of the copies since the gate has seen them.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::arm::compute::models::RestorePoint;
use crate::arm::compute::restore_points;
use crate::arm::resource_id::{RestorePointCollectionId, RestorePointId};
use crate::arm::{Client, Error, Patience};
use crate::plugin::resource::Applied;
use crate::plugin::value::Value;
use crate::provider::diagnose;
use crate::provider::glance::{Glances, points_of};

use super::entries::{self, Named};
use super::words::{self, Lost};

/// The state with every entry as Azure has it now. A copy that is gone does not remove the gate.
pub(super) async fn refresh(
    client: &Client,
    patience: &Patience,
    glances: &Glances,
    state: Value,
) -> Applied {
    match look(client, patience, glances, &state).await {
        Ok((entries, lost)) => {
            let mut state = state;
            state.insert("restore_points", Value::Map(entries));
            let applied = Applied::saved(state);
            if lost.is_empty() {
                applied
            } else {
                applied.with(words::lost(&lost))
            }
        }
        Err(error) => Applied::failed(diagnose::error_after(
            "Cannot look at the copies of a gate",
            "The gate stays in the state as it was.",
            &error,
        )),
    }
}

async fn look(
    client: &Client,
    patience: &Patience,
    glances: &Glances,
    state: &Value,
) -> Result<(BTreeMap<String, Value>, Vec<Lost>), Error> {
    let copies = entries::named(state.get("copies"));
    let entry_of = |key: &str| state.get("restore_points").get(key);
    let finished = copies
        .iter()
        .filter(|(key, _)| entries::has_disks(entry_of(key)))
        .map(|(_, named)| &named.id);
    let listed = listed(client, patience, glances, finished).await;
    let mut entries = BTreeMap::new();
    let mut lost = Vec::new();
    for (key, named) in copies {
        let entry = entry_of(&key);
        let was_usable = entries::has_disks(entry);
        let is_listed = listed.contains_key(named.id.collection());
        let points = listed.get(named.id.collection());
        let seen = match points.and_then(|points| points.get(&named.id)) {
            None if was_usable && is_listed => Seen::Gone,
            // Nothing can happen any more to what was usable once.
            Some(found) if is_the_same(&named, entry, found) => {
                Seen::As(entries::find(entry.clone()))
            }
            _ => look_at(client, patience, &named).await?,
        };
        let fresh = match seen {
            Seen::As(fresh) => fresh,
            Seen::Gone | Seen::Another => {
                lost.push(Lost {
                    key: key.clone(),
                    id: named.id.clone(),
                    made_anew: matches!(seen, Seen::Another),
                });
                if entry.is_null() {
                    entries::entry(&named, None)
                } else {
                    entries::lose(entry.clone())
                }
            }
        };
        entries.insert(key, fresh);
    }
    Ok((entries, lost))
}

/// What a look has shown.
enum Seen {
    As(Value),
    Gone,
    /// There is a copy, but not the one that is named.
    Another,
}

async fn look_at(client: &Client, patience: &Patience, named: &Named) -> Result<Seen, Error> {
    match restore_points::get(client, &named.id, true, patience).await {
        Ok(found) if named.may_have(entries::points_of(&named.id, &found)) => {
            Ok(Seen::As(entries::entry(named, Some(&found))))
        }
        Ok(_) => Ok(Seen::Another),
        Err(error) if error.is_not_found() => Ok(Seen::Gone),
        Err(error) => Err(error),
    }
}

/// Whether this is the copy whose disks the entry has.
fn is_the_same(named: &Named, entry: &Value, found: &RestorePoint) -> bool {
    let points = entries::points_of(&named.id, found);
    points.is_some() && points == entries::points(entry) && named.may_have(points)
}

/// The copies in the collections of these, as far as those can be listed: one request for each
/// collection, and none for each copy.
async fn listed(
    client: &Client,
    patience: &Patience,
    glances: &Glances,
    copies: impl Iterator<Item = &RestorePointId>,
) -> HashMap<RestorePointCollectionId, HashMap<RestorePointId, RestorePoint>> {
    let collections: HashSet<_> = copies.map(RestorePointId::collection).collect();
    let mut listed = HashMap::new();
    for collection in collections {
        let points = match glances.collection(client, collection, patience).await {
            Ok(found) => points_of(&found, collection)
                .map(|(id, point)| (id, point.clone()))
                .collect(),
            Err(error) if error.is_not_found() => HashMap::new(),
            Err(error) => {
                tracing::debug!(collection_id = %collection, "Its copies are asked one by one: {error}");
                continue;
            }
        };
        listed.insert(collection.clone(), points);
    }
    listed
}
