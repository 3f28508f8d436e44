//! What the user is told by a plan: what a new copy will meet, and what goes with an old one.

use crate::arm::Error;
use crate::arm::resource_id::RestorePointId;
use crate::plugin::diagnostics::Diagnostic;
use crate::plugin::value::Path;
use crate::provider::diagnose;

use super::guard::Again;
use super::refusals::{SOURCE, names};

fn of_source(summary: &str, detail: String) -> Diagnostic {
    Diagnostic::warning(summary, detail).at(Path::attribute(SOURCE))
}

/// The very copy is there already.
pub(super) fn is_there_already(id: &RestorePointId, adopts: bool) -> Diagnostic {
    let then = if adopts {
        "Unless it has failed, an apply takes it over as it is: nothing is copied, and after a taint nothing is \
         deleted.\n\nOnly one address may manage it. Should this plan destroy it under another one, perhaps of another \
         provider configuration, write a moved block instead."
    } else {
        "adopt_existing_copies = false is set, so an apply takes over only what it has kept after a taint, and refuses \
         anything else.\n\nImport it, or run terraform untaint ADDRESS if it is in the state."
    };
    Diagnostic::warning(
        "The copy exists already",
        format!("Azure has the restore point {id} already, as a copy of the same source. {then}"),
    )
}

/// The source cannot be copied yet.
pub(super) fn source_not_ready(
    id: &RestorePointId,
    source: &RestorePointId,
    state: &str,
) -> Diagnostic {
    of_source(
        "Source restore point cannot be copied yet",
        format!(
            "The source {source} is {state}. An apply waits until it can be copied, and then creates the restore \
             point {id}; the create timeout counts that time, too."
        ),
    )
}

/// The source is of a confidential VM.
pub(super) fn confidential_vm(id: &RestorePointId, source: &RestorePointId) -> Diagnostic {
    of_source(
        "Source is of a confidential VM",
        format!(
            "The source {source} was taken from a confidential VM. Azure does not copy those to another region, and \
             will probably refuse to create the restore point {id}."
        ),
    )
}

/// The source's disks can be reached through a private link only.
pub(super) fn private_link(id: &RestorePointId, source: &RestorePointId) -> Diagnostic {
    of_source(
        "Source is behind a private link",
        format!(
            "Disks of the source {source} can be reached through a private link only. Azure does not copy those to \
             another region, and will probably refuse to create the restore point {id}."
        ),
    )
}

/// Every usable copy of a collection would be gone.
pub(super) fn no_usable_copy_remains(id: &RestorePointId, unforced: &[String]) -> Diagnostic {
    let these = match unforced.len() {
        1 => "This copy does not say that it is meant",
        _ => "These copies do not say that it is meant",
    };
    Diagnostic::error(
        "Last usable copies would be destroyed",
        format!(
            "After this plan the collection {} holds no copy that can restore a VM, and Azure may never copy these \
             sources again. {these}: {}.\n\nKeep one of them. Or set force_destroy = true on each of them, apply, and \
             destroy again.",
            id.collection(),
            unforced.join(", ")
        ),
    )
}

/// A plan lets a usable copy go.
pub(super) fn usable_copy_goes(
    id: &RestorePointId,
    remaining: &[String],
    again: &Again,
) -> Diagnostic {
    let remaining = match remaining.len() {
        0 => "No other usable copy remains in its collection".to_owned(),
        1 => format!(
            "One other usable copy remains in its collection: {}",
            names(remaining)
        ),
        several => format!(
            "{several} other usable copies remain in its collection: {}",
            names(remaining)
        ),
    };
    let again = match again {
        Again::Accepted => {
            "Azure would probably copy its source again, from the beginning.".to_owned()
        }
        Again::SourceGone => "Its source is gone, so that it can never be copied again.".to_owned(),
        Again::NewerCopied(name) => {
            format!("Azure would not copy its source again: the copy {name:?} is of a newer one.")
        }
        Again::Unknown => "Whether Azure would copy its source again cannot be seen.".to_owned(),
    };
    Diagnostic::warning(
        "Usable copy is destroyed",
        format!(
            "This plan destroys the copy {:?}, which can restore a VM. {remaining}. {again}",
            id.name()
        ),
    )
}

/// What remains of a collection cannot be seen.
pub(super) fn cannot_count(id: &RestorePointId, error: &Error) -> Diagnostic {
    let before = format!(
        "This plan destroys the copy {:?}, which can restore a VM. How many usable copies remain in its collection \
         cannot be seen now. The apply looks again, and keeps the last one.",
        id.name()
    );
    diagnose::warning_after("Usable copy is destroyed", &before, error)
}
