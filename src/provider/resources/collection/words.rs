//! What the user is told about a collection: what happened, the evidence, and what to do next.

use crate::arm::Error;
use crate::arm::resource_id::{ParseError, RestorePointCollectionId};
use crate::plugin::diagnostics::Diagnostic;
use crate::plugin::resource::DeleteReason;
use crate::plugin::value::{Path, Value};
use crate::provider::diagnose;
use crate::provider::validators::TAGS_MAX;

/// A create that could not see whether the name is taken.
pub(super) fn cannot_look(id: &RestorePointCollectionId, error: &Error) -> Diagnostic {
    let before = format!("The collection {id} was not created, and Azure was not asked to.");
    Diagnostic::error(
        "Cannot look for an existing restore point collection",
        diagnose::around(&before, error, diagnose::apply_again(error)),
    )
}

/// Azure did not take the collection.
pub(super) fn refused(id: &RestorePointCollectionId, error: &Error) -> Diagnostic {
    let (summary, after) = match error {
        Error::Stopped => (
            "Stopped before the collection was created",
            "Run terraform apply again.",
        ),
        Error::RetryAfterTooLong { .. } => (
            "Azure takes the collection only after the timeout",
            "Run terraform apply again then; to let it wait that long, raise timeouts { create = \"...\" }.",
        ),
        _ if error.is_deadline() => (
            "Timeout before Azure took the collection",
            "Run terraform apply again; to wait longer, raise timeouts { create = \"...\" }.",
        ),
        Error::Api(_) => (
            "Azure refused the restore point collection",
            diagnose::ONCE_SOLVED,
        ),
        _ => (
            "Azure could not be asked for the collection",
            diagnose::ONCE_SOLVED,
        ),
    };
    let before = format!("The collection {id} was not created, and nothing is in the state.");
    Diagnostic::error(summary, diagnose::around(&before, error, after))
}

/// A read that got no answer.
pub(super) fn cannot_read(id: &RestorePointCollectionId, error: &Error) -> Diagnostic {
    let before = format!("The collection is {id}. Its state is kept as it was.");
    diagnose::error_after("Cannot read the restore point collection", &before, error)
}

/// An update of the tags that did not come to its end.
pub(super) fn cannot_tag(id: &RestorePointCollectionId, error: &Error) -> Diagnostic {
    let before = format!(
        "The collection is {id}. Its tags may or may not have changed: the next plan asks Azure."
    );
    Diagnostic::error(
        "Cannot change the tags of the restore point collection",
        diagnose::around(&before, error, diagnose::ONCE_SOLVED),
    )
    .at(Path::attribute("tags"))
}

/// The tags of a collection and of the provider block together are more than Azure takes.
pub(super) fn too_many_tags(count: usize) -> Diagnostic {
    Diagnostic::error(
        "Too many tags",
        format!(
            "With the provider's default_tags the collection has {count} tags, and Azure takes at most {TAGS_MAX}.\n\n\
             Leave out some, here or in the provider block."
        ),
    )
    .at(Path::attribute("tags"))
}

/// An import of something that no collection can have as its ID.
pub(super) fn cannot_import(error: &ParseError) -> Diagnostic {
    Diagnostic::error(
        "Cannot import the restore point collection",
        diagnose::sentence(&error.to_string()),
    )
}

/// A delete that would take restore points along.
pub(super) fn not_empty(
    id: &RestorePointCollectionId,
    inside: &[String],
    reason: DeleteReason,
) -> Diagnostic {
    let points = match inside.len() {
        1 => "a restore point".to_owned(),
        several => format!("{several} restore points"),
    };
    let next = match reason {
        DeleteReason::Destroy => {
            "Destroy the copies first. To delete the collection together with everything inside, set force_destroy = \
             true, apply, and destroy again."
        }
        DeleteReason::Replacement => {
            "A replacement never takes them along, whatever force_destroy says. Undo the change that replaces the \
             collection, or give the new collection another name beside this one. To give the copies up, destroy \
             this collection first, and apply again."
        }
        DeleteReason::TaintReplacement => {
            "A replacement never takes them along, whatever force_destroy says. To keep the collection, run terraform \
             untaint ADDRESS. To give the copies up, untaint it, destroy it, and apply again."
        }
    };
    Diagnostic::error(
        "Restore point collection is not empty",
        format!(
            "The collection {id} still holds {points}: {}. Azure deletes a collection with everything inside, so nothing was \
             deleted.\n\n{next}",
            inside.join(", ")
        ),
    )
}

/// A tainted collection that stays.
pub(super) fn kept(id: &RestorePointCollectionId) -> Diagnostic {
    Diagnostic::warning(
        "Collection was kept instead of being made anew",
        format!(
            "The restore point collection {id} was tainted, but is as it should be. It stays in Azure, with whatever \
             is inside, and is taken over again.\n\nTo make it anew all the same: run terraform untaint ADDRESS, then \
             terraform apply -replace=ADDRESS."
        ),
    )
}

/// A plan that replaces a collection by one with the same id.
pub(super) fn replaced_under_its_own_id(prior_state: &Value) -> Diagnostic {
    Diagnostic::warning(
        "Replacement of a restore point collection by itself",
        format!(
            "This plan deletes the collection {} and makes it again under the same name. As long as there are restore \
             points inside, the apply refuses to do that: Azure would delete them, and may never copy them again.\n\n\
             To keep them, undo the change, or give the new collection another name beside this one. To give them up, \
             destroy the collection first, and apply again.",
            prior_state.get("id").as_str().unwrap_or_default()
        ),
    )
}

/// A plan destroys a collection with what is in it.
pub(super) fn destroyed_with_contents(
    id: &RestorePointCollectionId,
    inside: &[String],
) -> Diagnostic {
    let points = match inside.len() {
        1 => "the restore point".to_owned(),
        several => format!("{several} restore points"),
    };
    Diagnostic::warning(
        "Restore point collection is destroyed with its contents",
        format!(
            "force_destroy = true is set, so the collection {id} is deleted with {points} that it holds now: {}. Azure \
             may never copy their sources again.",
            inside.join(", ")
        ),
    )
}

const SOURCE: &str = "source_restore_point_collection_id";

/// The source collection lies in the region of the new one.
pub(super) fn same_region(source: &RestorePointCollectionId, location: &str) -> Diagnostic {
    Diagnostic::error(
        "Collection lies in the region of its source",
        format!(
            "The source collection {source} lies in {location}, too. Azure copies between regions only.\n\nChoose \
             another region."
        ),
    )
    .at(Path::attribute("location"))
}

/// The source collection holds copies.
pub(super) fn source_is_of_copies(source: &RestorePointCollectionId) -> Diagnostic {
    Diagnostic::error(
        "Source collection holds copies",
        format!(
            "The restore points in {source} are copies themselves, and Azure does not copy copies.\n\nName the \
             collection that they were copied from."
        ),
    )
    .at(Path::attribute(SOURCE))
}

/// The source collection does not exist, or is not shown.
pub(super) fn source_missing(source: &RestorePointCollectionId, error: &Error) -> Diagnostic {
    let before = format!(
        "Azure does not find the source collection {source}, or does not show it to the signed-in identity. As things \
         are now, an apply will be refused."
    );
    diagnose::warning_after("Source collection does not exist", &before, error)
        .at(Path::attribute(SOURCE))
}
#[cfg(test)]
#[path = "words_tests.rs"]
mod tests;
