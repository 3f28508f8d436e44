//! What the user is told about a mirror: what happened, the evidence, and what to do next.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::arm::Error;
use crate::arm::resource_id::{RestorePointCollectionId, RestorePointId};
use crate::plugin::diagnostics::{Diagnostic, Severity};
use crate::plugin::value::Path;
use crate::provider::{begin, diagnose, duration};

use super::look::Ids;

const TARGET: &str = "restore_point_collection_id";
const SOURCE: &str = "source_restore_point_collection_id";

/// The source cannot be looked at. The target can, so this is no error.
pub(super) fn source_unreachable(ids: &Ids, error: &Error) -> Diagnostic {
    let before = format!(
        "The source collection {} cannot be looked at, so nothing new is copied into {}, and nothing is deleted \
         there. What is known of the copies stays right.",
        ids.source, ids.target
    );
    diagnose::warning_after("Source of a mirror cannot be looked at", &before, error)
}

/// The newest copy has failed.
pub(super) fn failed(ids: &Ids, names: &[&str], retries: bool) -> Diagnostic {
    let next = if retries {
        "The next apply deletes what has failed and copies again: a newer restore point if there is one, else the \
         same once more."
    } else {
        "Nothing can be copied instead before the source has a newer restore point; until then the failed copy \
         stays."
    };
    Diagnostic::warning(
        "Copy of a mirror has failed",
        format!(
            "In {} Azure has given up {}, and gives no reason. It cannot resume a copy, and a failed one counts for \
             nothing. {next}",
            ids.target,
            quoted(names)
        ),
    )
}

/// The target cannot be looked at.
pub(super) fn cannot_look(target: &RestorePointCollectionId, error: &Error) -> Diagnostic {
    let before = format!("The target collection is {target}. Nothing was changed in it.");
    diagnose::error_after("Cannot look at the copies of a mirror", &before, error)
}

/// The target cannot be looked at any more, after something was done there.
pub(super) fn cannot_look_again(target: &RestorePointCollectionId, error: &Error) -> Diagnostic {
    let before = format!(
        "What was begun in {target} goes on there. The attributes show what was seen before; the next plan looks \
         again."
    );
    diagnose::warning_after(
        "Cannot look at the copies of a mirror any more",
        &before,
        error,
    )
}

/// The target does not exist.
pub(super) fn target_missing(target: &RestorePointCollectionId, error: &Error) -> Diagnostic {
    let before = format!("There is no collection {target} to copy into. Nothing was sent.");
    diagnose::error_after("Target collection does not exist", &before, error)
        .at(Path::attribute(TARGET))
}

/// The target takes no copies.
pub(super) fn not_a_target(target: &RestorePointCollectionId, found: &str) -> Diagnostic {
    Diagnostic::error(
        "Not a target of copies",
        format!(
            "The collection {target} takes no copies: its source is {found}, not a restore point collection. Nothing \
             was sent."
        ),
    )
    .at(Path::attribute(TARGET))
}

/// The target takes copies of another collection.
pub(super) fn another_source(ids: &Ids, found: &str) -> Diagnostic {
    Diagnostic::error(
        "Target takes copies of another collection",
        format!(
            "The mirror is to follow {}, but the collection {} takes copies of {found} only. Nothing was sent.",
            ids.source, ids.target
        ),
    )
    .at(Path::attribute(SOURCE))
}

/// Source and target lie in one region.
pub(super) fn same_region(ids: &Ids, location: &str) -> Diagnostic {
    Diagnostic::error(
        "Copy within one region",
        format!(
            "The collection {} lies in {location}, as its source does. Azure copies between regions only. Nothing \
             was sent.",
            ids.target
        ),
    )
    .at(Path::attribute(TARGET))
}

/// Azure refused to copy, for a reason that no look explains.
pub(super) fn refused(id: &RestorePointId, source: &RestorePointId, error: &Error) -> Diagnostic {
    let before = format!(
        "The restore point {id} was not created as a copy of {source}. Azure copies a restore point once per region: \
         there may be a copy in another collection."
    );
    diagnose::error_after("Azure refused to copy a restore point", &before, error)
}

/// Nobody knows whether Azure has begun to copy.
pub(super) fn lost_answer(id: &RestorePointId, error: &Error) -> Diagnostic {
    let before = format!(
        "Azure may or may not have begun to make {id}. The next plan looks, and goes on from what is there."
    );
    diagnose::warning_after("No answer to the start of a copy", &before, error)
}

/// The copy was not begun: stopped, out of time, or not signed in.
pub(super) fn not_begun(id: &RestorePointId, error: &Error) -> Diagnostic {
    let before = format!("Azure has not begun to make {id}. The next apply tries again.");
    diagnose::warning_after("Copy of a mirror was not begun", &before, error)
}

/// Azure took the request, and its operation failed.
pub(super) fn operation_failed(id: &RestorePointId, error: &Error) -> Diagnostic {
    let before = format!(
        "Azure accepted the restore point {id}, but could not begin to copy. The next apply deletes what is left of \
         it, and copies again."
    );
    diagnose::warning_after(
        "Azure could not begin to copy a restore point",
        &before,
        error,
    )
}

/// Azure took the request; whether it has begun is not known yet.
pub(super) fn operation_unknown(id: &RestorePointId, error: &Error) -> Diagnostic {
    let before = format!(
        "Azure has accepted the restore point {id}, and goes on with it. The next plan looks how far it is."
    );
    diagnose::warning_after(
        "Start of a copy was not followed to its end",
        &before,
        error,
    )
}

/// A wait has ended before the copy was usable.
pub(super) fn still_copying(
    id: &RestorePointId,
    elapsed: Duration,
    error: Option<&Error>,
    deadline: bool,
) -> Diagnostic {
    let why = if deadline {
        "The timeout has passed; to wait longer, raise timeouts { create and update = \"...\" }."
    } else {
        "The wait was ended early."
    };
    let before = format!(
        "The copy {:?} has not replicated within {}. It goes on in Azure. {why}",
        id.name(),
        duration::format(elapsed)
    );
    let after = "No usable copy was deleted. The next apply goes on waiting, and then deletes what is surplus.";
    let detail = match error {
        Some(error) => diagnose::around(&before, error, after),
        None => format!("{before} {after}"),
    };
    Diagnostic::warning("Copy of a mirror has not finished replicating", detail)
}

/// A copy was deleted by somebody while it was waited for.
pub(super) fn gone(id: &RestorePointId) -> Diagnostic {
    Diagnostic::warning(
        "Copy of a mirror is gone",
        format!(
            "Somebody or something has deleted {id} while it was being waited for. The next apply copies again."
        ),
    )
}

/// A copy that was to be deleted is still there.
pub(super) fn not_deleted(id: &RestorePointId, error: &Error) -> Diagnostic {
    let before = format!(
        "The plan was to delete the copy {id}. It may still be there; if it is and still surplus, the next plan names \
         it again."
    );
    let diagnostic = diagnose::error_after("Copy of a mirror was not deleted", &before, error);
    if is_refusal(error) {
        diagnostic
    } else {
        as_warning(diagnostic)
    }
}

/// Whether Azure has said no, and would say so again.
pub(super) fn is_refusal(error: &Error) -> bool {
    // Who is not signed in was not heard.
    matches!(error, Error::OperationFailed(_))
        || begin::is_refusal(error) && error.status() != Some(401)
}

/// What is due depends on a value that an apply has still to find out.
pub(super) fn decided_in_apply(argument: &'static str) -> Diagnostic {
    Diagnostic::warning(
        "What a mirror does is not known before the apply",
        format!(
            "{argument} depends on something that is known only in the apply, so this plan cannot name the copy that \
             is made and those that are deleted. The apply does what the value allows, by the rules of every mirror."
        ),
    )
    .at(Path::attribute(argument))
}

/// One plan destroys a mirror with its copies, and keeps or makes another one of the same target.
pub(super) fn destroyed_and_kept(target: &RestorePointCollectionId) -> Diagnostic {
    Diagnostic::error(
        "One mirror is destroyed and kept in the same plan",
        format!(
            "This plan destroys the mirror of {target} under one address, with delete_copies_on_destroy = true, and \
             makes or keeps it under another. The copies would be deleted under its hands.\n\nIf its address has \
             changed, such as a key of for_each, write a moved block. If an old object is in the way, run terraform \
             state rm ADDRESS, and apply again."
        ),
    )
}

/// A destroy deletes every copy.
pub(super) fn deletes_copies(
    target: &RestorePointCollectionId,
    names: &BTreeSet<String>,
) -> Diagnostic {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    Diagnostic::warning(
        "Destroy of a mirror deletes its copies",
        format!(
            "delete_copies_on_destroy = true: this destroy deletes every copy in {target}, the last usable one \
             included: {}. Azure may never copy their sources again.",
            quoted(&names)
        ),
    )
}

/// A delete that is no wish to destroy has touched nothing.
pub(super) fn kept_copies(target: &RestorePointCollectionId) -> Diagnostic {
    Diagnostic::warning(
        "Copies of a mirror were kept",
        format!(
            "The mirror of {target} was replaced, not destroyed, so delete_copies_on_destroy has no effect: its \
             copies stay in Azure."
        ),
    )
}

/// A copy stands in the way of a destroy.
pub(super) fn not_destroyed(id: &RestorePointId, error: &Error) -> Diagnostic {
    diagnose::not_deleted("copy of the mirror", &id.to_string(), error)
}

/// The same message, where nothing has failed that the next run would not mend.
pub(super) fn as_warning(diagnostic: Diagnostic) -> Diagnostic {
    Diagnostic {
        severity: Severity::Warning,
        ..diagnostic
    }
}

/// `"a", "b"`.
fn quoted(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("{name:?}")).collect();
    names.join(", ")
}
