//! What the user is told about a copy: what happened, the evidence, and what to do next.

use std::time::Duration;

use crate::arm::Error;
use crate::arm::compute::models::RestorePoint;
use crate::arm::compute::replication::{ReplicationState, replication};
use crate::arm::resource_id::{ParseError, RestorePointId};
use crate::plugin::diagnostics::{Diagnostic, Severity};
use crate::plugin::value::Value;
use crate::provider::encryption::Encryption;
use crate::provider::restore_point::words::{disks, progress};
use crate::provider::{diagnose, duration};

pub(super) use super::foreseen::*;
pub(super) use super::refusals::*;

use super::ending::{End, Phase};

/// From when on it is worth telling how long a copy waited for its turn.
const WORTH_TELLING: Duration = Duration::from_secs(60);

/// A wait that has ended.
pub(super) struct Wait<'a> {
    pub(super) id: &'a RestorePointId,
    pub(super) phase: Phase,
    /// An error in a create means that Terraform taints the copy.
    pub(super) severity: Severity,
    pub(super) elapsed: Duration,
    /// How much of that went by until the copy's turn came.
    pub(super) queued: Duration,
    /// The copy as Azure showed it last.
    pub(super) last: Option<&'a RestorePoint>,
    /// What went wrong last, if anything did.
    pub(super) cause: Option<&'a Error>,
    /// What a look at the source has found, if there was one.
    pub(super) source: Option<(&'a RestorePointId, diagnose::Source)>,
}

impl Wait<'_> {
    /// The words for this end.
    pub(super) fn ended(&self, end: End) -> Diagnostic {
        let diagnostic = match end {
            End::Failed => self.failed(),
            End::Deadline => self.deadline(),
            End::LostContact => self.lost_contact(),
            End::Gone => self.gone(),
            End::Stopped | End::Replicated => self.interrupted(),
        };
        Diagnostic {
            severity: self.severity,
            ..diagnostic
        }
    }

    fn failed(&self) -> Diagnostic {
        let failed = self.last.map_or_else(String::new, |found| {
            disks(found, |disk| disk.state == ReplicationState::Failed)
        });
        let has_reason = self.last.is_some_and(|found| {
            let disks = replication(found).disks;
            disks.iter().any(|disk| disk.message.is_some())
        });
        let failed = match (failed.is_empty(), has_reason) {
            (true, _) => " Azure gives no reason.".to_owned(),
            (false, true) => format!(" Failed: {failed}."),
            (false, false) => format!(" Failed: {failed}. Azure gives no reason."),
        };
        let remove_first = format!(
            "Azure cannot resume it, and it is not in the state. Delete it, and name another restore point in \
             source_restore_point_id:\n\n  az restore-point delete --resource-group {} --collection-name {} --name {} \
             --subscription {}",
            self.id.resource_group_name(),
            self.id.collection().name(),
            self.id.name(),
            self.id.subscription_id(),
        );
        let next = match self.phase {
            Phase::TakeOver if !self.can_be_copied_again() => remove_first.as_str(),
            _ if !self.can_be_copied_again() => {
                "Azure cannot resume it. Name another restore point in source_restore_point_id, or remove this \
                 resource: either way the failed copy is deleted."
            }
            Phase::Create => {
                "Azure cannot resume it. Terraform has saved the copy to the state and marked \
                 it tainted: the next apply deletes it and copies again."
            }
            Phase::TakeOver => {
                "Azure cannot resume it. It is not in the state: the next apply deletes it and copies again."
            }
            Phase::Resume => {
                "Azure cannot resume it. The next plan replaces it, if Azure would take its source again: it is still \
                 there, and no newer one is copied. Otherwise the copy stays, and only a newer restore point can be copied."
            }
        };
        let before = format!(
            "The copy {} has failed after {}.{failed}",
            self.name(),
            self.elapsed()
        );
        Diagnostic::error(
            "Restore point copy has failed",
            paragraphs(&[&before, &self.told_of_source(), next]),
        )
    }

    fn deadline(&self) -> Diagnostic {
        let argument = match self.phase {
            Phase::Create | Phase::TakeOver => "create",
            Phase::Resume => "update",
        };
        let before = format!(
            "The copy {} has not replicated within {}{}. {}",
            self.name(),
            self.elapsed(),
            self.progress(),
            self.whereabouts(),
        );
        let after = format!(
            "To go on waiting, run terraform apply again. {}\n\nTo wait longer next time, raise timeouts {{ {argument} = \
             \"...\" }}. Azure takes up to two weeks for a copy.",
            self.how_it_resumes()
        );
        Diagnostic::error(
            "Restore point copy has not finished replicating",
            self.around(&before, &after),
        )
    }

    fn lost_contact(&self) -> Diagnostic {
        let before = format!(
            "After {} Azure could not be asked about the copy {} any more{}. {}",
            self.elapsed(),
            self.name(),
            self.progress(),
            self.whereabouts(),
        );
        let after = format!(
            "Once Azure can be asked again, run terraform apply to go on waiting. {}",
            self.how_it_resumes()
        );
        Diagnostic::error(
            "Lost contact with Azure while waiting for a copy",
            self.around(&before, &after),
        )
    }

    /// Where the copy is, which every unfinished wait tells.
    fn whereabouts(&self) -> &'static str {
        match self.phase {
            Phase::Create | Phase::Resume => {
                "It exists in Azure, replication goes on, and it is in the state."
            }
            Phase::TakeOver => {
                "It exists in Azure, and replication goes on. It comes into the state once it is usable, and not before."
            }
        }
    }

    fn how_it_resumes(&self) -> &'static str {
        match (self.phase, self.severity) {
            (Phase::Create, Severity::Error) => {
                "The plan shows a replacement, because Terraform has \
                 marked the copy tainted; but the copy is kept, and the wait resumes. After terraform untaint ADDRESS \
                 the plan says so, too. To start over, untaint it and run terraform apply -replace=ADDRESS."
            }
            (Phase::TakeOver, _) => "The copy is taken over again, and nothing is copied twice.",
            _ => "It resumes in place.",
        }
    }

    /// Terraform asked to stop. A warning: an error would taint a copy that is well.
    fn interrupted(&self) -> Diagnostic {
        let before = format!(
            "The copy {} has not finished replicating{}. {}",
            self.name(),
            self.progress(),
            self.whereabouts(),
        );
        let after = format!(
            "To go on waiting, run terraform apply again. {}",
            self.how_it_resumes()
        );
        Diagnostic::warning(
            "Interrupted while a restore point is being copied",
            paragraphs(&[&before, &after]),
        )
    }

    fn gone(&self) -> Diagnostic {
        let next = if self.can_be_copied_again() {
            "The next apply copies again."
        } else {
            "Name another restore point in source_restore_point_id, or remove this resource."
        };
        let before = format!(
            "After {} Azure does not know the copy {} any more: somebody or something has deleted it while it was \
             being waited for. Nothing is left to keep in the state.",
            self.elapsed(),
            self.id,
        );
        Diagnostic::error(
            "Restore point copy is gone",
            paragraphs(&[&before, &self.told_of_source(), next]),
        )
    }

    fn can_be_copied_again(&self) -> bool {
        self.source
            .is_none_or(|(_, found)| found.can_be_copied_again())
    }

    fn told_of_source(&self) -> String {
        self.source
            .map(|(id, found)| diagnose::source(id, found))
            .unwrap_or_default()
    }

    fn name(&self) -> String {
        format!("{:?}", self.id.name())
    }

    fn elapsed(&self) -> String {
        let elapsed = duration::format(self.elapsed);
        if self.queued < WORTH_TELLING {
            return elapsed;
        }
        let queued = duration::format(self.queued);
        format!("{elapsed}, of which {queued} went by before its turn came")
    }

    fn progress(&self) -> String {
        self.last.map(progress).unwrap_or_default()
    }

    fn around(&self, before: &str, after: &str) -> String {
        match self.cause {
            Some(cause) => diagnose::around(before, cause, after),
            None => paragraphs(&[before, after]),
        }
    }
}

fn paragraphs(parts: &[&str]) -> String {
    let said: Vec<&str> = parts
        .iter()
        .copied()
        .filter(|part| !part.is_empty())
        .collect();
    said.join("\n\n")
}

/// Azure took the request, and its operation failed.
pub(super) fn operation_failed(
    id: &RestorePointId,
    asked: &Encryption,
    error: &Error,
) -> Diagnostic {
    let before = format!(
        "Azure accepted the restore point {id}, but could not begin to copy. Terraform has saved it to the state and \
         marked it tainted: the next apply deletes it and copies again."
    );
    let summary = "Azure could not begin to copy the restore point";
    asked.at_fault(error, diagnose::error_after(summary, &before, error))
}

/// A delete after a taint has kept the copy.
pub(super) fn kept(id: &RestorePointId) -> Diagnostic {
    Diagnostic::warning(
        "Copy was kept instead of being made anew",
        format!(
            "The restore point {id} was tainted, but has not failed: making it again could be refused by Azure, and \
             would take as long as before. It stays in Azure and is taken over again.\n\nTo make it anew all the \
             same: run terraform untaint ADDRESS, then terraform apply -replace=ADDRESS."
        ),
    )
}

/// A delete of a copy that the same walk has made or taken over.
pub(super) fn deleted_nothing(id: &RestorePointId) -> Diagnostic {
    Diagnostic::warning(
        "Copy was not deleted",
        format!(
            "The restore point {id} was made or taken over in this very apply, as the new object of a replacement. \
             Only the old object is gone from the state; the copy stays in Azure. Nothing needs to be done."
        ),
    )
}

/// One plan wants a copy both gone and there.
pub(super) fn destroyed_and_kept(id: &RestorePointId) -> Diagnostic {
    Diagnostic::error(
        "One copy is destroyed and kept in the same plan",
        format!(
            "This plan destroys the restore point {id} under one address, and makes or keeps it under another. One of \
             them would undo what the other does.\n\nIf its address has changed, such as a key of for_each, write a \
             moved block. Keys of for_each that are names stay the same when a list moves on; an index of count does \
             not. If an old object is in the way, run terraform state rm ADDRESS, and apply again."
        ),
    )
}

/// A delete of the last usable copy of a collection.
pub(super) fn last_usable(id: &RestorePointId) -> Diagnostic {
    Diagnostic::error(
        "Last usable copy is not destroyed",
        format!(
            "The restore point {id} is the last one in its collection that can restore a VM. It is kept: Azure may \
             never copy its source again.\n\nTo destroy it all the same: set force_destroy = true, apply, and destroy \
             again."
        ),
    )
}

/// A delete after a taint whose new object was not known when it was planned.
pub(super) fn successor_unknown(id: &RestorePointId) -> Diagnostic {
    Diagnostic::error(
        "Cannot tell whether a tainted copy may go",
        format!(
            "The restore point {id} is tainted, and when its replacement was planned it was not known whether that \
             is this very copy. It is kept.\n\nRun terraform untaint ADDRESS, then terraform apply. To make it anew: \
             untaint it, then terraform apply -replace=ADDRESS."
        ),
    )
}

/// A delete that could not see what it would delete.
pub(super) fn cannot_tell(id: &RestorePointId, error: &Error) -> Diagnostic {
    let before = format!(
        "Azure does not show the restore point {id} as it is now, and a copy is not deleted unseen. It is kept."
    );
    let after = "Run the same command again once this is solved.";
    Diagnostic::error(
        "Cannot look at a copy before deleting it",
        diagnose::around(&before, error, after),
    )
}

/// A delete that was stopped before it had done anything.
pub(super) fn not_deleted_yet(id: &RestorePointId) -> Diagnostic {
    Diagnostic::error(
        "Stopped before the copy was deleted",
        format!(
            "Nothing was done to the restore point {id}. It is kept; run the same command again."
        ),
    )
}

/// A copy that took the place of a failed one, and is not usable yet.
pub(super) fn made_anew_unfinished(id: &RestorePointId) -> Diagnostic {
    Diagnostic::error(
        "Copy that was made anew has not finished",
        format!(
            "The restore point {id} had failed, so it was deleted and copied again. The new copy is not usable yet, and \
             therefore not in the state.\n\nRun terraform apply again: it is taken over, and the wait goes on."
        ),
    )
}

/// A plan finds a copy that has failed.
pub(super) fn failed_already(prior_state: &Value, recopyable: bool) -> Diagnostic {
    let name = prior_state.get("name").as_str().unwrap_or_default();
    let next = if recopyable {
        "Azure would take its source again, so this plan replaces it: the failed copy is deleted, and the source is \
         copied anew. Should prevent_destroy stand in its way, lift it for this apply: a failed copy is worth nothing."
    } else {
        "It stays, because Azure would not take its source again, or does not show whether it would: the source is \
         gone, or a newer one is copied. Remove its block to delete it, and copy a newer restore point. To try the \
         same source all the same, run terraform apply -replace=ADDRESS."
    };
    Diagnostic::warning(
        "Restore point copy has failed",
        format!(
            "The copy {name:?} has failed in Azure, which cannot resume it: it will never be usable.\n\n{next}"
        ),
    )
}

/// An import of something that no restore point can have as its ID.
pub(super) fn cannot_import(error: &ParseError) -> Diagnostic {
    Diagnostic::error(
        "Cannot import the restore point",
        diagnose::sentence(&error.to_string()),
    )
}

/// What was to be imported or read is a restore point of a VM.
pub(super) fn not_a_copy(id: &RestorePointId) -> Diagnostic {
    Diagnostic::error(
        "Not a copy",
        format!(
            "The restore point {id} names no source restore point: it was taken from a VM. This resource manages \
             cross-region copies only. For the restore points of a VM there is azurerm_virtual_machine_restore_point."
        ),
    )
}

#[cfg(test)]
#[path = "words_tests.rs"]
mod tests;
