//! Between Terraform's values of a mirror and what the rules know.

use std::collections::BTreeSet;

use crate::arm::compute::models::{RestorePoint, rfc3339_utc};
use crate::arm::resource_id::{RestorePointCollectionId, RestorePointId};
use crate::plugin::diagnostics::Diagnostic;
use crate::plugin::value::{Path, Value};
use crate::provider::encryption::Encryption;
use crate::provider::equivalence::with_slash;
use crate::provider::filter::{self, Filter};
use crate::provider::restore_point;

use super::look::{Ids, Known, Look};
use super::rules::{CatchUp, CopyPoint, CopyState, MayDelete, Settings, decide};

/// The arguments by which the rules decide.
const SETTINGS: [&str; 11] = [
    "catch_up",
    "consistency_mode",
    "created_after",
    "created_before",
    "disk_encryption_set_id",
    "encryption_type",
    "keep_newest",
    "keep_oldest",
    "name_regex",
    "pinned",
    "wait_for_replication",
];

/// The two collections of a mirror.
///
/// # Errors
/// On the argument that is missing or wrong.
pub(super) fn ids(state: &Value) -> Result<Ids, Diagnostic> {
    Ok(Ids {
        target: target(state)?,
        source: id(state, "source_restore_point_collection_id")?,
    })
}

/// The target collection of a mirror.
///
/// # Errors
/// On the argument, where it is missing or wrong.
pub(super) fn target(state: &Value) -> Result<RestorePointCollectionId, Diagnostic> {
    id(state, "restore_point_collection_id")
}

fn id(state: &Value, argument: &str) -> Result<RestorePointCollectionId, Diagnostic> {
    let text = state.get(argument).as_str().unwrap_or_default();
    RestorePointCollectionId::parse(text).map_err(|error| {
        Diagnostic::error(format!("Invalid {argument}"), error.to_string())
            .at(Path::attribute(argument))
    })
}

/// The first argument of which the rules would have to know more.
pub(super) fn unknown_setting(state: &Value) -> Option<&'static str> {
    SETTINGS
        .into_iter()
        .find(|argument| !state.get(argument).is_wholly_known())
}

/// What the arguments say. They were validated before; what is not known counts as not given.
pub(super) fn settings(state: &Value) -> Settings {
    let text = |argument| state.get(argument).as_str();
    let pinned = state.get("pinned").elements().iter();
    let keep_newest = match state.get("keep_newest") {
        Value::Number(number) => number.as_i64().and_then(|keep| usize::try_from(keep).ok()),
        _ => None,
    };
    Settings {
        keep_newest,
        keep_oldest: state.get("keep_oldest").as_bool() != Some(false),
        pinned: pinned
            .filter_map(Value::as_str)
            .map(str::to_lowercase)
            .collect(),
        catch_up: match text("catch_up") {
            Some("all") => CatchUp::All,
            _ => CatchUp::Newest,
        },
        filter: Filter::of(state),
        waits: state.get("wait_for_replication").as_bool() == Some(true),
        encryption: Encryption::of(state),
    }
}

/// The copies of which the state knows that they have ended.
pub(super) fn known(state: &Value) -> Known {
    let mut known = Known::default();
    for copy in state.get("copies").elements() {
        let text = |name| copy.get(name).as_str().unwrap_or_default();
        let state = match text("replication_state") {
            "Succeeded" => CopyState::Usable,
            "Failed" => CopyState::Failed,
            _ => continue,
        };
        known.remember(text("name"), text("replication_id"), state);
    }
    known
}

/// The names that a plan gives, in order.
pub(super) fn planned_deletions(planned_state: &Value) -> Vec<String> {
    let names = planned_state.get("planned_deletions").elements().iter();
    names.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// A list of names.
pub(super) fn names(names: &[String]) -> Value {
    Value::List(names.iter().map(|name| name.as_str().into()).collect())
}

/// Whether two states choose different sources.
pub(super) fn filters_differ(one: &Value, other: &Value) -> bool {
    let mut filters = filter::ARGUMENTS.into_iter();
    filters.any(|argument| one.get(argument) != other.get(argument))
}

/// The state of a mirror as Azure has it now, with nothing planned.
pub(super) fn refreshed(current_state: &Value, ids: &Ids, look: &Look) -> Value {
    let mut state = current_state.clone();
    let settings = settings(current_state);
    for (name, value) in outputs(ids, &settings, look) {
        state.insert(name, value);
    }
    let source = look.collection.properties.source.id.as_deref();
    let is_collection = |id: &&str| RestorePointCollectionId::parse(id).is_ok();
    if let Some(source) = source.filter(is_collection) {
        state.insert(
            "source_restore_point_collection_id",
            with_slash(source).into(),
        );
    }
    state.insert("id", ids.target.to_string().into());
    state.insert("planned_copy", Value::Null);
    state.insert("planned_deletions", Value::List(Vec::new()));
    state
}

/// Every attribute that Azure gives.
pub(super) fn outputs(ids: &Ids, settings: &Settings, look: &Look) -> Vec<(&'static str, Value)> {
    let snapshot = &look.snapshot;
    let ours = snapshot.newest_first();
    let found = |copy: &CopyPoint| {
        let index = snapshot.copies.iter().position(|other| other == copy);
        index.and_then(|index| look.copies.get(index))
    };
    let list = |chosen: &dyn Fn(&CopyPoint) -> bool, detailed: bool| {
        let chosen = ours.iter().filter(|copy| chosen(copy));
        let values = chosen.filter_map(|copy| Some(point(ids, copy, found(copy)?, detailed)));
        Value::List(values.collect())
    };
    let is_usable = |copy: &CopyPoint| copy.state == CopyState::Usable;
    let usable_count = ours.iter().filter(|copy| is_usable(copy)).count();
    let newest_usable = ours
        .iter()
        .find(|copy| is_usable(copy))
        .and_then(|copy| usable(ids, copy, found(copy)?));
    let copying = snapshot.copying();
    let status = decide(snapshot, settings, MayDelete::Anything).status;
    let source_newest = snapshot.source_newest(&settings.filter);
    vec![
        ("copies", list(&|_| true, true)),
        ("copying", list(&|copy| copying.contains(&copy), false)),
        (
            "failed",
            list(&|copy| copy.state == CopyState::Failed, false),
        ),
        ("newest_usable", newest_usable.unwrap_or_default()),
        (
            "source_newest_time_created",
            Value::string(source_newest.map(|point| point.time_created.as_str())),
        ),
        ("status", status.as_str().into()),
        (
            "usable_count",
            Value::integer(i64::try_from(usable_count).ok()),
        ),
    ]
}

fn point(ids: &Ids, copy: &CopyPoint, found: &RestorePoint, detailed: bool) -> Value {
    let time_created = found.properties.time_created.as_deref();
    let mut value = Value::object([
        ("name", Value::from(copy.name.as_str())),
        ("source_restore_point_id", source_id(found)),
        (
            "time_created",
            Value::string(time_created.and_then(rfc3339_utc)),
        ),
    ]);
    if detailed {
        let id = ids.target.restore_point(&copy.name).ok();
        let replication_id = id.map(|id| restore_point::replication_id(&id, found));
        value.insert("replication_id", replication_id.unwrap_or_default());
        let state = match copy.state {
            CopyState::Usable => "Succeeded",
            CopyState::Replicating => "Replicating",
            CopyState::Failed => "Failed",
            CopyState::Unknown | CopyState::Leaving => "Unknown",
        };
        value.insert("replication_state", state.into());
        value.insert("usable", (copy.state == CopyState::Usable).into());
    }
    value
}

fn source_id(found: &RestorePoint) -> Value {
    Value::string(found.source_restore_point_id().map(with_slash))
}

/// A usable copy with its disks. Where it was known to be usable, nobody has asked for the state
/// of its disks again: all of them have arrived.
fn usable(ids: &Ids, copy: &CopyPoint, found: &RestorePoint) -> Option<Value> {
    const ARRIVED: &str = "Succeeded";
    let id: RestorePointId = ids.target.restore_point(&copy.name).ok()?;
    let mut value = restore_point::computed(&id, found);
    value.insert("name", copy.name.as_str().into());
    value.insert("source_restore_point_id", source_id(found));
    value.insert("replication_state", ARRIVED.into());
    value.insert("usable", true.into());
    let arrived = |mut disk: Value| {
        disk.insert("replication_state", ARRIVED.into());
        disk
    };
    let os_disk = arrived(value.get("os_disk").clone());
    value.insert("os_disk", os_disk);
    let data_disks = value.get("data_disks").elements().to_vec();
    let data_disks = data_disks.into_iter().map(arrived).collect();
    value.insert("data_disks", Value::List(data_disks));
    Some(value)
}

/// The least state from which a mirror can be read, with the defaults of the arguments.
pub(super) fn imported(target: &RestorePointCollectionId) -> Value {
    Value::object([
        ("id", Value::from(target.to_string())),
        ("restore_point_collection_id", target.to_string().into()),
        ("catch_up", "newest".into()),
        ("delete_copies_on_destroy", false.into()),
        ("keep_oldest", true.into()),
        ("wait_for_replication", false.into()),
    ])
}

/// The names of the mirror's copies in a state.
pub(super) fn copy_names(state: &Value) -> BTreeSet<String> {
    let copies = state.get("copies").elements().iter();
    copies
        .filter_map(|copy| copy.get("name").as_str())
        .map(str::to_owned)
        .collect()
}
