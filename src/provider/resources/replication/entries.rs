//! What stands in `copies` and in `restore_points`, and what a plan makes of both.

use std::collections::BTreeMap;

use crate::arm::compute::models::RestorePoint;
use crate::arm::compute::replication::{ReplicationState, replication};
use crate::arm::resource_id::RestorePointId;
use crate::plugin::value::Value;
use crate::provider::restore_point;

/// The copy that a value of `copies` names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Named {
    pub(crate) id: RestorePointId,
    /// Set where one very copy is meant, and not whatever copy has this id.
    digest: Option<String>,
}

impl Named {
    /// Reads a `replication_id`, or the id of a restore point.
    ///
    /// # Errors
    /// What is wrong with it, for the user.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (id, digest) = match text.split_once('#') {
            Some((_, "")) => {
                return Err(format!(
                    "{text:?} ends after the #, where the digest of a replication_id stands."
                ));
            }
            Some((id, digest)) => (id, Some(digest.to_ascii_lowercase())),
            None => (text, None),
        };
        let id = RestorePointId::parse_strict(id).map_err(|error| error.to_string())?;
        Ok(Self { id, digest })
    }

    /// Whether a copy with these disks can be the one that is meant.
    pub(super) fn may_have(&self, points: Option<Vec<String>>) -> bool {
        match (&self.digest, points) {
            (Some(digest), Some(points)) => *digest == restore_point::digest(points),
            // Any copy is meant, or Azure does not tell yet.
            _ => true,
        }
    }
}

/// Whether both are the same copies under the same keys, however they are spelt.
pub(super) fn same_copies(one: &Value, other: &Value) -> bool {
    let named = |value: &Value| Named::parse(value.as_str()?).ok();
    let (Some(one), Some(other)) = (one.entries(), other.entries()) else {
        return false;
    };
    one.len() == other.len()
        && one.iter().all(|(key, value)| {
            let named_here = named(value);
            named_here.is_some() && named_here == other.get(key).and_then(named)
        })
}

/// What `copies` names, by key. What it does not name yet is left out.
pub(super) fn named(copies: &Value) -> BTreeMap<String, Named> {
    let copies = copies.entries().into_iter().flatten();
    let named = copies.filter_map(|(key, value)| {
        let named = Named::parse(value.as_str()?).ok()?;
        Some((key.clone(), named))
    });
    named.collect()
}

/// The entry of a copy as it was seen, or of one that nobody could see.
pub(super) fn entry(named: &Named, found: Option<&RestorePoint>) -> Value {
    let state = found.map_or(ReplicationState::Unknown, |found| replication(found).state);
    let disks = match found {
        Some(found) if state == ReplicationState::Succeeded => {
            restore_point::computed(&named.id, found)
        }
        _ => Value::Null,
    };
    Value::object([
        ("data_disks", disks.get("data_disks").clone()),
        ("os_disk", disks.get("os_disk").clone()),
        ("replication_state", state.as_str().into()),
        ("restore_point_id", named.id.to_string().into()),
    ])
}

/// Whether the copy of this entry has been seen usable.
pub(super) fn has_disks(entry: &Value) -> bool {
    let is_there = |disks: &Value| !disks.is_null() && !disks.is_unknown();
    is_there(entry.get("os_disk")) || is_there(entry.get("data_disks"))
}

/// The disk restore points of an entry or of a copy, in lower case and in order. `None` where a
/// disk has none.
pub(super) fn points(entry: &Value) -> Option<Vec<String>> {
    let os_disk = entry.get("os_disk");
    let os_disk = (!os_disk.is_null()).then_some(os_disk);
    let disks = os_disk
        .into_iter()
        .chain(entry.get("data_disks").elements());
    let points = disks.map(|disk| {
        let id = disk.get("disk_restore_point_id").as_str()?;
        Some(id.to_ascii_lowercase())
    });
    let mut points: Vec<String> = points.collect::<Option<_>>()?;
    points.sort();
    (!points.is_empty()).then_some(points)
}

/// The disk restore points of a copy as it was seen.
pub(super) fn points_of(id: &RestorePointId, found: &RestorePoint) -> Option<Vec<String>> {
    points(&restore_point::computed(id, found))
}

/// Marks the entry of a copy that is not there any more.
///
/// Its disks stay: were they to go, whatever was made of them would be planned anew, and
/// destroyed for a copy that will not come back.
pub(super) fn lose(mut entry: Value) -> Value {
    entry.insert(
        "replication_state",
        ReplicationState::Unknown.as_str().into(),
    );
    entry
}

/// Marks the entry of a copy that was usable once, and is there: it still is.
pub(super) fn find(mut entry: Value) -> Value {
    entry.insert(
        "replication_state",
        ReplicationState::Succeeded.as_str().into(),
    );
    entry
}

/// The planned `restore_points`: what is usable and meant stays as it is, all else is unknown.
///
/// Were an entry unknown without need, everything built on its disks would be planned anew.
pub(super) fn planned(copies: &Value, prior_entries: &Value) -> Value {
    let Some(copies) = copies.entries() else {
        return Value::Unknown;
    };
    let entries = copies.iter().map(|(key, value)| {
        let named = value.as_str().and_then(|text| Named::parse(text).ok());
        let entry = planned_entry(named.as_ref(), prior_entries.get(key));
        (key.clone(), entry)
    });
    Value::Map(entries.collect())
}

fn planned_entry(named: Option<&Named>, prior: &Value) -> Value {
    match named {
        Some(named) if has_disks(prior) && is_of(named, prior) => {
            let mut entry = prior.clone();
            if !is_usable(prior) {
                // It was usable, and is gone. An update says so; see [`lose`].
                entry.insert("replication_state", Value::Unknown);
            }
            entry
        }
        named => unknown_entry(named),
    }
}

/// The entry of a copy that has to be waited for. Terraform shows an object that is unknown as a
/// whole as if there were none.
fn unknown_entry(named: Option<&Named>) -> Value {
    let id = named.map_or(Value::Unknown, |named| named.id.to_string().into());
    Value::object([
        ("data_disks", Value::Unknown),
        ("os_disk", Value::Unknown),
        ("replication_state", Value::Unknown),
        ("restore_point_id", id),
    ])
}

/// Whether the entry is one of the copy that is named.
fn is_of(named: &Named, entry: &Value) -> bool {
    let id = entry.get("restore_point_id").as_str().unwrap_or_default();
    RestorePointId::parse(id).is_ok_and(|id| id == named.id) && named.may_have(points(entry))
}

/// Whether the copy of this entry can restore a VM.
pub(super) fn is_usable(entry: &Value) -> bool {
    let succeeded = ReplicationState::Succeeded.as_str();
    entry.get("replication_state").as_str() == Some(succeeded)
}

/// Whether an entry is as it was planned, apart from what was unknown.
pub(super) fn is_as_planned(planned: &Value, fresh: &Value) -> bool {
    !has_disks(planned) || points(planned) == points(fresh)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLLECTION: &str =
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/restorePointCollections/c";

    fn id(name: &str) -> String {
        format!("{COLLECTION}/restorePoints/{name}")
    }

    fn point(name: &str) -> String {
        format!("{COLLECTION}/restorePoints/{name}/diskRestorePoints/os")
    }

    fn meant(name: &str) -> String {
        let digest = restore_point::digest(vec![point(name).to_lowercase()]);
        format!("{}#{digest}", id(name))
    }

    fn map<const N: usize>(entries: [(&str, Value); N]) -> Value {
        Value::Map(
            entries
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
        )
    }

    fn prior(name: &str, state: &str, disks: bool) -> Value {
        let disk = Value::object([("disk_restore_point_id", Value::from(point(name)))]);
        let (os_disk, data_disks) = if disks {
            (disk, Value::List(Vec::new()))
        } else {
            (Value::Null, Value::Null)
        };
        Value::object([
            ("data_disks", data_disks),
            ("os_disk", os_disk),
            ("replication_state", state.into()),
            ("restore_point_id", id(name).into()),
        ])
    }

    #[test]
    fn a_value_is_a_copy_or_this_very_copy() {
        #[track_caller]
        fn check(text: &str, valid: bool) {
            assert_eq!(Named::parse(text).is_ok(), valid, "{text}");
        }
        check(&id("a"), true);
        check(&meant("a"), true);
        check(&format!("{}#", id("a")), false);
        check(&format!("{COLLECTION}#0123456789abcdef"), false);
        check("", false);
        check("#0123456789abcdef", false);
        check(id("a").trim_start_matches('/'), false);
    }

    #[test]
    fn spelling_makes_no_other_copy() {
        let copies = |value: &str| map([("a", Value::from(value))]);
        let loud = meant("a").to_uppercase();
        assert!(same_copies(&copies(&meant("a")), &copies(&loud)));
        assert!(!same_copies(&copies(&meant("a")), &copies(&id("a"))));
        assert!(!same_copies(&copies(&meant("a")), &copies(&meant("b"))));
        assert!(!same_copies(
            &copies(&meant("a")),
            &map([("a", Value::Unknown)])
        ));
        assert!(!same_copies(&copies(&meant("a")), &map([])));
        assert!(!same_copies(&Value::Unknown, &Value::Unknown));
        assert!(same_copies(&map([]), &map([])));
    }

    #[test]
    fn every_planned_entry() {
        #[track_caller]
        fn check(value: impl Into<Value>, prior: Value, expected: Value) {
            let planned = planned(&map([("k", value.into())]), &map([("k", prior)]));
            assert_eq!(planned, map([("k", expected)]));
        }
        let usable = || prior("a", "Succeeded", true);
        // Usable and unchanged, however it is written.
        check(meant("a"), usable(), usable());
        check(id("a"), usable(), usable());
        check(meant("a").to_uppercase(), usable(), usable());
        // New, another one, made anew, not known yet.
        let unknown = |id: Value| {
            let mut entry = prior("a", "Succeeded", true);
            for name in ["data_disks", "os_disk", "replication_state"] {
                entry.insert(name, Value::Unknown);
            }
            entry.insert("restore_point_id", id);
            entry
        };
        let other = format!("{}#0123456789abcdef", id("a"));
        check(meant("a"), Value::Null, unknown(id("a").into()));
        check(meant("b"), usable(), unknown(id("b").into()));
        check(other, usable(), unknown(id("a").into()));
        check(Value::Unknown, usable(), unknown(Value::Unknown));
        // Not usable.
        for state in ["Replicating", "Failed", "Unknown"] {
            let unusable = prior("a", state, false);
            check(meant("a"), unusable, unknown(id("a").into()));
        }
        // Gone: an update, but its disks stay known.
        let mut gone = usable();
        gone.insert("replication_state", Value::Unknown);
        check(meant("a"), lose(usable()), gone);
        assert_eq!(find(lose(usable())), usable());
    }

    #[test]
    fn the_keys_are_known_as_soon_as_copies_has_them() {
        let copies = map([("a", Value::Unknown), ("b", meant("b").into())]);
        let planned_keys = planned(&copies, &Value::Null);
        let keys = planned_keys.entries().expect("a map").keys();
        assert_eq!(keys.collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(planned(&map([]), &Value::Null), map([]));
        assert_eq!(planned(&Value::Unknown, &map([])), Value::Unknown);
    }

    #[test]
    fn a_key_that_is_gone_takes_its_entry_with_it() {
        let usable = |name| prior(name, "Succeeded", true);
        let before = map([("a", usable("a")), ("b", usable("b"))]);
        let copies = map([("b", meant("b").into())]);
        assert_eq!(planned(&copies, &before), map([("b", usable("b"))]));
    }

    #[test]
    fn disks_that_a_plan_has_promised_come_back_or_it_is_another_copy() {
        let usable = prior("a", "Succeeded", true);
        assert!(is_as_planned(&Value::Unknown, &usable));
        assert!(is_as_planned(&lose(usable.clone()), &usable));
        assert!(!is_as_planned(&usable, &prior("b", "Succeeded", true)));
    }

    #[test]
    fn only_a_usable_copy_has_disks() {
        #[track_caller]
        fn check(code: Option<&str>, state: &str, disks: bool) {
            let found = code.map(|code| {
                let status = serde_json::json!({"status": {"code": format!("ReplicationState/{code}")}});
                let point = serde_json::json!({"properties": {
                    "sourceMetadata": {"storageProfile": {"osDisk": {"diskRestorePoint": {"id": point("a")}}}},
                    "instanceView": {"diskRestorePoints": [{"id": point("a"), "replicationStatus": status}]},
                }});
                serde_json::from_value::<RestorePoint>(point).expect("a restore point")
            });
            let named = Named::parse(&meant("a")).expect("a copy");
            let entry = entry(&named, found.as_ref());
            assert_eq!(entry.get("replication_state").as_str(), Some(state));
            assert_eq!(entry.get("restore_point_id"), &Value::from(id("a")));
            assert_eq!(has_disks(&entry), disks);
            assert_eq!(is_usable(&entry), disks);
            if disks {
                assert_eq!(points(&entry), Some(vec![point("a").to_lowercase()]));
            }
        }
        check(Some("succeeded"), "Succeeded", true);
        check(Some("replicating"), "Replicating", false);
        check(Some("failed"), "Failed", false);
        check(None, "Unknown", false);
    }
}
