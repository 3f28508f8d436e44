//! What the user is told when a copy is not begun: which rule of Azure stands in the way.

use crate::arm::Error;
use crate::arm::resource_id::RestorePointId;
use crate::plugin::diagnostics::Diagnostic;
use crate::plugin::value::Path;
use crate::provider::diagnose;

const SOURCE: &str = "source_restore_point_id";
const TARGET: &str = "restore_point_collection_id";

/// A rule that the copy breaks: what it is, on the argument at fault, and the way out.
fn broken(argument: &str, summary: &str, id: &RestorePointId, detail: &str) -> Diagnostic {
    let name = id.name();
    let detail =
        format!("The copy {name:?} was not begun: Azure was not asked to make it. {detail}");
    Diagnostic::error(summary, detail).at(Path::attribute(argument))
}

/// The source does not exist, or is not shown.
pub(super) fn source_missing(source: &RestorePointId, error: &Error) -> Diagnostic {
    let before = format!(
        "Azure does not find the source restore point {source}, or does not show it to the signed-in identity. \
         Nothing was sent."
    );
    let after =
        "Correct source_restore_point_id. If the source has been deleted, copy another one.";
    Diagnostic::error(
        "Source restore point does not exist",
        diagnose::around(&before, error, after),
    )
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
        format!(
            "Azure could not create the restore point {source}, so there is nothing to copy. Nothing was sent.\n\nCopy \
             another restore point instead."
        ),
    )
    .at(Path::attribute(SOURCE))
}

/// The target collection does not exist.
pub(super) fn target_missing(id: &RestorePointId, error: &Error) -> Diagnostic {
    let before = format!(
        "There is no collection {} to copy into. Nothing was sent.",
        id.collection()
    );
    let after =
        "Create it first, as an azrestorepoint_collection, or correct restore_point_collection_id.";
    Diagnostic::error(
        "Target collection does not exist",
        diagnose::around(&before, error, after),
    )
    .at(Path::attribute(TARGET))
}

/// The target collection takes no copies.
pub(super) fn not_a_target(id: &RestorePointId, found: &str) -> Diagnostic {
    let detail = format!(
        "The collection {} takes no copies: its source is {found}, not a restore point collection.\n\nCopy into an \
         azrestorepoint_collection that names the source's collection.",
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
        "It would be a copy of {source}, but the collection {:?} takes copies of {expected} only.\n\nCopy a restore \
         point of that one, or copy into a collection that names {}.",
        id.collection().name(),
        source.collection()
    );
    broken(SOURCE, "Source lies in another collection", id, &detail)
}

/// Source and target lie in one region.
pub(super) fn same_region(id: &RestorePointId, location: &str) -> Diagnostic {
    let detail = format!(
        "The collection {} lies in {location}, as its source does, and Azure copies between regions only.\n\nCopy into \
         a collection in another region.",
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
    let (summary, running) = match running {
        Some(running) => (
            "Another copy is replicating into this collection",
            format!("The copy {:?} is still replicating there.", running.name()),
        ),
        None => (
            "Another copy is being started in this collection",
            "Another copy is being started there by this very apply.".to_owned(),
        ),
    };
    let detail = format!(
        "{running} Azure copies into a collection one at a time.\n\nApply again once that one is usable. Or set \
         wait_for_replication = true: then this copy waits for its turn."
    );
    broken(TARGET, summary, id, &detail)
}

/// There is a restore point of this name, and its source cannot be seen.
pub(super) fn cannot_compare(id: &RestorePointId, error: &Error) -> Diagnostic {
    let before = format!(
        "The restore point {id} exists already, and may be the copy that was asked for. Only its source tells."
    );
    let after = match error {
        Error::Stopped => "Run terraform apply again.",
        _ => ONCE_SOLVED,
    };
    Diagnostic::error(
        "Cannot look at the source of an existing copy",
        diagnose::around(&before, error, after),
    )
}

/// Something ended the create before Azure was asked to copy.
pub(super) fn nothing_was_sent(id: &RestorePointId, error: &Error) -> Diagnostic {
    let asked = Asked::of(id, error);
    let summary = match error {
        Error::Stopped => "Stopped before the copy was begun",
        _ if error.is_deadline() => "Timeout before the copy was begun",
        _ => asked.summary(),
    };
    let before = format!(
        "The copy {:?} was not begun: Azure was not asked to make it.",
        id.name()
    );
    let after = match error {
        Error::Stopped => "Run terraform apply again.",
        Error::DeadlinePassed { .. } => {
            "Run terraform apply again. Azure copies into a collection one at a time, so others may take long before \
             it is this one's turn: to wait longer, raise timeouts { create = \"...\" }."
        }
        Error::RetryAfterTooLong { .. } => LATER,
        _ => ONCE_SOLVED,
    };
    let detail = match error {
        // What there was to wait for is not always an answer.
        Error::DeadlinePassed { last_cause: None } => {
            format!("{before} The time was up.\n\n{after}")
        }
        error => diagnose::around(&before, error, after),
    };
    let diagnostic = Diagnostic::error(summary, detail);
    match asked.argument() {
        Some(argument) => diagnostic.at(Path::attribute(argument)),
        None => diagnostic,
    }
}

const ONCE_SOLVED: &str = "Run terraform apply again once this is solved.";

const LATER: &str = "Run terraform apply again then; to let it wait that long, raise timeouts { create = \"...\" }.";

/// What was asked when something went wrong.
#[derive(Clone, Copy)]
enum Asked {
    Copy,
    Target,
    Source,
    Unknown,
}

impl Asked {
    fn of(id: &RestorePointId, error: &Error) -> Self {
        let Some(request) = error.request() else {
            return Self::Unknown;
        };
        let ends_with = |path: &str| {
            let (request, path) = (request.to_ascii_lowercase(), path.to_ascii_lowercase());
            request.ends_with(&path)
        };
        if ends_with(&id.path()) {
            Self::Copy
        } else if ends_with(&id.collection().path()) || request.contains(&id.collection().path()) {
            Self::Target
        } else {
            Self::Source
        }
    }

    fn summary(self) -> &'static str {
        match self {
            Self::Copy => "Cannot look for an existing restore point",
            Self::Target => "Cannot look at the target collection",
            Self::Source => "Cannot look at the source restore point",
            Self::Unknown => "Cannot look at source and target of the copy",
        }
    }

    fn argument(self) -> Option<&'static str> {
        match self {
            Self::Target => Some(TARGET),
            Self::Source => Some(SOURCE),
            Self::Copy | Self::Unknown => None,
        }
    }
}

/// Azure did not take the copy.
pub(super) fn refused(id: &RestorePointId, source: &RestorePointId, error: &Error) -> Diagnostic {
    let summary = match error {
        Error::Stopped => "Stopped before the copy was begun",
        Error::RetryAfterTooLong { .. } => "Azure takes this copy only after the timeout",
        Error::DeadlinePassed { .. } => "Timeout before Azure took the copy",
        Error::Api(_) => "Azure refused to copy the restore point",
        _ => "Azure could not be asked to copy the restore point",
    };
    // Of what else may be missing, Azure says so in other codes.
    let lost_source = if error.code() == Some("NotFound") {
        format!(
            " Azure does not find the source restore point {source}, or does not show it to the signed-in identity: \
             check source_restore_point_id."
        )
    } else {
        String::new()
    };
    let before = format!(
        "The copy {:?} was not begun, and nothing is in the state.{lost_source}",
        id.name()
    );
    let after = match error {
        Error::Stopped => "Run terraform apply again.",
        Error::RetryAfterTooLong { .. } => LATER,
        Error::DeadlinePassed { .. } => {
            "Run terraform apply again; to wait longer, raise timeouts { create = \"...\" }."
        }
        Error::Api(_) if !diagnose::is_explained(error) => {
            "Azure copies a restore point once per region, in chronological order, and one at a time into a \
             collection. What breaks this may lie in another collection of the region. Run terraform apply again once \
             this is solved."
        }
        _ => ONCE_SOLVED,
    };
    let sides = diagnose::Sides { source, target: id };
    Diagnostic::error(summary, diagnose::around_copy(&before, error, sides, after))
}

#[cfg(test)]
#[path = "refusals_tests.rs"]
mod tests;
