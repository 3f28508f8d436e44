//! What the user is told when a copy is not begun: which rule of Azure stands in the way.

use crate::arm::Error;
use crate::arm::resource_id::RestorePointId;
use crate::plugin::diagnostics::Diagnostic;
use crate::plugin::value::Path;
use crate::provider::diagnose;

const SOURCE: &str = "source_restore_point_id";
const TARGET: &str = "restore_point_collection_id";

/// A rule that the copy breaks: what it is, on the argument at fault.
fn broken(argument: &str, summary: &str, id: &RestorePointId, detail: &str) -> Diagnostic {
    let detail =
        format!("The restore point {id} was not created, and Azure was not asked to. {detail}");
    Diagnostic::error(summary, detail).at(Path::attribute(argument))
}

/// The source does not exist, or is not shown.
pub(super) fn source_missing(source: &RestorePointId, error: &Error) -> Diagnostic {
    let before = format!(
        "Azure does not find the source restore point {source}, or does not show it to the signed-in identity. \
         Nothing was sent."
    );
    diagnose::error_after("Source restore point does not exist", &before, error)
        .at(Path::attribute(SOURCE))
}

/// The source is a copy.
pub(super) fn source_is_a_copy(source: &RestorePointId, origin: &str) -> Diagnostic {
    Diagnostic::error(
        "Source is a copy itself",
        format!(
            "The restore point {source} is a copy of {origin}, and Azure does not copy copies. Nothing was sent.\n\n\
             Copy the original to each region instead."
        ),
    )
    .at(Path::attribute(SOURCE))
}

/// The source was not made well.
pub(super) fn source_failed(source: &RestorePointId) -> Diagnostic {
    Diagnostic::error(
        "Source restore point has failed",
        format!("Azure could not create the restore point {source}, so there is nothing to copy. Nothing was sent."),
    )
    .at(Path::attribute(SOURCE))
}

/// The target collection does not exist.
pub(super) fn target_missing(id: &RestorePointId, error: &Error) -> Diagnostic {
    let before = format!(
        "There is no collection {} to copy into. Nothing was sent.",
        id.collection()
    );
    diagnose::error_after("Target collection does not exist", &before, error)
        .at(Path::attribute(TARGET))
}

/// The target collection takes no copies.
pub(super) fn not_a_target(id: &RestorePointId, found: &str) -> Diagnostic {
    let detail = format!(
        "The collection {} takes no copies: its source is {found}, not a restore point collection.",
        id.collection()
    );
    broken(TARGET, "Not a target of copies", id, &detail)
}

/// The target collection takes copies of another collection.
pub(super) fn another_source(
    id: &RestorePointId,
    source: &RestorePointId,
    expected: &str,
) -> Diagnostic {
    let detail = format!(
        "It would be a copy of {source}, but the collection {} takes copies of {expected} only.",
        id.collection()
    );
    broken(SOURCE, "Source lies in another collection", id, &detail)
}

/// Source and target lie in one region.
pub(super) fn same_region(id: &RestorePointId, location: &str) -> Diagnostic {
    let detail = format!(
        "The collection {} lies in {location}, as its source does. Azure copies between regions only.",
        id.collection()
    );
    broken(TARGET, "Copy within one region", id, &detail)
}

/// The same source is there under another name.
pub(super) fn copied_already(
    id: &RestorePointId,
    source: &RestorePointId,
    name: &str,
) -> Diagnostic {
    let detail = format!(
        "The collection has a copy of {source} already: {name:?}. Azure copies a restore point once per region.\n\nUse \
         that name, and the copy is taken over; or import it."
    );
    broken(SOURCE, "Restore point is copied already", id, &detail)
}

/// A newer source is there.
pub(super) fn newer_copied(id: &RestorePointId, source: &RestorePointId, name: &str) -> Diagnostic {
    let detail = format!(
        "The collection has a copy of a newer restore point already: {name:?}. Azure copies in chronological order, so \
         {source} cannot be copied to this region any more.\n\nCopy a newer restore point instead."
    );
    broken(
        SOURCE,
        "A newer restore point is copied already",
        id,
        &detail,
    )
}

/// Another copy is on its way, and nobody waits for it.
pub(super) fn busy(id: &RestorePointId, running: Option<&RestorePointId>) -> Diagnostic {
    let running = match running {
        Some(running) => format!("The copy {:?} is still replicating there.", running.name()),
        None => "Another copy is being started there by this very apply.".to_owned(),
    };
    let detail = format!(
        "{running} Azure copies into a collection one at a time.\n\nApply again once it is usable, or set \
         wait_for_replication = true, and this copy waits for its turn."
    );
    broken(
        TARGET,
        "Another copy is replicating into this collection",
        id,
        &detail,
    )
}

/// Something ended the create before Azure was asked to copy.
pub(super) fn nothing_was_sent(id: &RestorePointId, error: &Error) -> Diagnostic {
    let summary = match error {
        Error::Stopped => "Stopped before the copy was begun",
        Error::DeadlinePassed { .. } => "Timeout before the copy was begun",
        _ => "Cannot look for an existing restore point",
    };
    let before =
        format!("Nothing was sent: Azure has not been asked to make the restore point {id}.");
    diagnose::error_after(summary, &before, error)
}

/// Azure refused to copy.
pub(super) fn refused(id: &RestorePointId, source: &RestorePointId, error: &Error) -> Diagnostic {
    let mut before = format!(
        "The restore point {id} was not created as a copy of {source}. Nothing is in the state."
    );
    if error.is_not_found() {
        before.push_str(
            " Azure does not find the source restore point, or does not show it to the signed-in identity: check \
             source_restore_point_id.",
        );
    }
    let sides = diagnose::Sides { source, target: id };
    let summary = "Azure refused to copy the restore point";
    diagnose::copy_error_after(summary, &before, error, sides)
}
