//! What the user is told about something that was looked up.

use crate::arm::Error;
use crate::arm::compute::models::RestorePoint;
use crate::arm::compute::replication::replication;
use crate::arm::compute::restore_points;
use crate::arm::resource_id::{ParseError, RestorePointCollectionId, RestorePointId};
use crate::plugin::diagnostics::Diagnostic;
use crate::plugin::value::Path;
use crate::provider::diagnose;
use crate::provider::restore_point::words::progress;

use super::points::Point;

/// How many restore points are named in a message.
const NAMED_MAX: usize = 5;

/// How to get nulls instead of an error.
const ALLOW_MISSING: &str = "To get nulls instead of this error, set allow_missing = true.";

/// An argument that cannot stand beside another one.
pub(super) fn surplus(argument: &str, beside: &str, why: &str) -> Diagnostic {
    Diagnostic::error(
        format!("{argument} conflicts with {beside}"),
        format!(
            "The argument {beside} {why}: leave {argument} out, or give it instead of {beside}."
        ),
    )
    .at(Path::attribute(argument))
}

/// Nothing says which collection is meant.
pub(super) fn missing_collection(argument: &str) -> Diagnostic {
    Diagnostic::error(
        format!("Missing {argument}"),
        "Name the restore point collection with id, or with name and resource_group_name.",
    )
    .at(Path::attribute(argument))
}

/// Nothing says which restore point is meant.
pub(super) fn missing_point(argument: &str) -> Diagnostic {
    Diagnostic::error(
        format!("Missing {argument}"),
        "Name the restore point with id, or with restore_point_collection_id and name. For the newest one of a \
         collection, give restore_point_collection_id and most_recent = true.",
    )
    .at(Path::attribute(argument))
}

/// A filter where there is nothing to choose from.
pub(super) fn filter_of_nothing(argument: &str) -> Diagnostic {
    Diagnostic::error(
        format!("{argument} without most_recent"),
        format!(
            "The argument {argument} chooses among the restore points of a collection: it needs most_recent = true. \
             To get all that pass, use the data source azrestorepoint_restore_points."
        ),
    )
    .at(Path::attribute(argument))
}

/// Two filters that nothing can pass.
pub(super) fn contradiction(argument: &str, other: &str) -> Diagnostic {
    Diagnostic::error(
        format!("{argument} contradicts {other}"),
        "A collection has one source: a virtual machine, or the restore point collection that it has copies of. No \
         collection can pass both filters.",
    )
    .at(Path::attribute(argument))
}

/// An id or a name that nothing can have.
pub(super) fn invalid(argument: &str, error: &ParseError) -> Diagnostic {
    Diagnostic::error(
        format!("Invalid {argument}"),
        diagnose::sentence(&error.to_string()),
    )
    .at(Path::attribute(argument))
}

/// No subscription to look in.
pub(super) fn missing_subscription() -> Diagnostic {
    Diagnostic::error(
        "Missing subscription_id",
        "Neither this data source nor the provider block names a subscription. Set ARM_SUBSCRIPTION_ID or the \
         argument subscription_id.",
    )
    .at(Path::attribute("subscription_id"))
}

/// A collection that cannot be read, or does not exist.
pub(super) fn cannot_read_collection(
    id: &RestorePointCollectionId,
    error: &Error,
    argument: &str,
) -> Diagnostic {
    let (summary, before) = if error.is_not_found() {
        (
            "Restore point collection does not exist",
            format!(
                "Azure does not find the restore point collection {id}, or does not show it to the signed-in identity."
            ),
        )
    } else {
        (
            "Cannot read the restore point collection",
            format!("The collection is {id}."),
        )
    };
    told(summary, &before, error, longer(error)).at(Path::attribute(argument))
}

/// A list that cannot be read.
pub(super) fn cannot_list(subscription_id: &str, group: Option<&str>, error: &Error) -> Diagnostic {
    let before = match group {
        Some(group) => format!(
            "The collections are those of the resource group {group} in the subscription {subscription_id}."
        ),
        None => format!("The collections are those of the subscription {subscription_id}."),
    };
    let after = match (group, error.status()) {
        (None, Some(403)) => {
            "With resource_group_name, a permission on that resource group is enough."
        }
        _ => longer(error),
    };
    let argument = group.map_or("subscription_id", |_| "resource_group_name");
    told(
        "Cannot list restore point collections",
        &before,
        error,
        after,
    )
    .at(Path::attribute(argument))
}

/// A restore point that cannot be read.
pub(super) fn cannot_read_point(id: &RestorePointId, error: &Error, argument: &str) -> Diagnostic {
    let before = format!("The restore point is {id}.");
    told(
        "Cannot read the restore point",
        &before,
        error,
        longer(error),
    )
    .at(Path::attribute(argument))
}

/// A restore point that does not exist.
pub(super) fn no_such_point(id: &RestorePointId, error: &Error, argument: &str) -> Diagnostic {
    let before = format!(
        "Azure does not find the restore point {id}, or does not show it to the signed-in identity."
    );
    told(
        "Restore point does not exist",
        &before,
        error,
        ALLOW_MISSING,
    )
    .at(Path::attribute(argument))
}

/// A restore point that was named and is not usable.
pub(super) fn not_usable(id: &RestorePointId, found: &RestorePoint, argument: &str) -> Diagnostic {
    let state = state(found);
    Diagnostic::error(
        "Restore point is not usable",
        format!(
            "The restore point {id} cannot restore a VM: {state}.\n\nTo get it as it is, set include_unfinished = \
             true. {ALLOW_MISSING}"
        ),
    )
    .at(Path::attribute(argument))
}

/// A collection without a restore point to take.
pub(super) fn no_newest(
    collection: &RestorePointCollectionId,
    all: usize,
    passed_over: &[Point],
) -> Diagnostic {
    let found = match (all, passed_over.len()) {
        (0, _) => format!("There is no restore point in the collection {collection}."),
        (1, 0) => format!(
            "The only restore point in the collection {collection} does not pass the filters."
        ),
        (all, 0) => format!(
            "None of the {all} restore points in the collection {collection} passes the filters."
        ),
        (_, _) => {
            let mut lines: Vec<String> = passed_over
                .iter()
                .take(NAMED_MAX)
                .map(|(id, found)| format!("  {}: {}", id.name(), state(found)))
                .collect();
            let more = passed_over.len().saturating_sub(NAMED_MAX);
            if more > 0 {
                lines.push(format!("  and {more} more"));
            }
            format!(
                "No restore point in the collection {collection} that passes the filters can restore a VM. Newest \
                 first:\n\n{}\n\nTo get the newest as it is, set include_unfinished = true.",
                lines.join("\n")
            )
        }
    };
    Diagnostic::error(
        "No usable restore point",
        format!("{found}\n\n{ALLOW_MISSING}"),
    )
    .at(Path::attribute("restore_point_collection_id"))
}

/// Why a restore point is not usable.
fn state(found: &RestorePoint) -> String {
    let provisioning = found.properties.provisioning_state.as_deref();
    if let Some(state) = provisioning.filter(|_| !found.is_provisioning_state("Succeeded")) {
        return format!("its provisioning state is {state}");
    }
    let mut access_states = restore_points::snapshot_access_states(found);
    if access_states.any(|state| state.eq_ignore_ascii_case("Pending")) {
        return "its snapshots are pending".to_owned();
    }
    let state = replication(found).state.as_str();
    format!("its replication state is {state}{}", progress(found))
}

fn longer(error: &Error) -> &'static str {
    if error.is_deadline() {
        "To wait longer, raise timeouts { read = \"...\" }."
    } else {
        ""
    }
}

fn told(summary: &str, before: &str, error: &Error, after: &str) -> Diagnostic {
    Diagnostic::error(summary, diagnose::around(before, error, after))
}

#[cfg(test)]
#[path = "words_tests.rs"]
mod tests;
