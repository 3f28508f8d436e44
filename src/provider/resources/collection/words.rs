//! What the user is told about a collection: what happened, the evidence, and what to do next.

use crate::arm::resource_id::RestorePointCollectionId;
use crate::plugin::diagnostics::Diagnostic;
use crate::plugin::resource::DeleteReason;
use crate::plugin::value::Value;

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
            "The collection {id} still holds {points}: {}. Azure would delete them with it. Nothing was deleted.\n\n\
             {next}",
            inside.join(", ")
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
