//! What the user is told about a copy: what happened, the evidence, and what to do next.

use std::time::Duration;

use crate::arm::Error;
use crate::arm::compute::models::RestorePoint;
use crate::arm::compute::replication::{DiskReplication, ReplicationState, replication};
use crate::arm::resource_id::RestorePointId;
use crate::plugin::diagnostics::{Diagnostic, Severity};
use crate::plugin::value::Value;
use crate::provider::{diagnose, duration};

pub(super) use super::refusals::*;

use super::ending::{End, Phase};

/// A wait that has ended.
pub(super) struct Wait<'a> {
    pub(super) id: &'a RestorePointId,
    pub(super) phase: Phase,
    /// An error in a create means that Terraform taints the copy.
    pub(super) severity: Severity,
    pub(super) elapsed: Duration,
    /// The copy as Azure showed it last.
    pub(super) last: Option<&'a RestorePoint>,
    /// What went wrong last, if anything did.
    pub(super) cause: Option<&'a Error>,
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
        let failed = match self.last {
            Some(found) => disks(found, |disk| disk.state == ReplicationState::Failed),
            None => String::new(),
        };
        let failed = if failed.is_empty() {
            String::new()
        } else {
            format!(" Failed: {failed}.")
        };
        let next = match self.phase {
            Phase::Create => {
                "Azure cannot resume it, and gives no reason. Terraform has saved the copy to the state and marked \
                 it tainted: the next apply deletes it and copies again."
            }
            Phase::Resume => {
                "Azure cannot resume it, and gives no reason. To delete it and copy again, run terraform apply \
                 -replace=ADDRESS. Azure accepts the same source again only while no newer one has been copied."
            }
        };
        Diagnostic::error(
            "Restore point copy has failed",
            format!(
                "The copy {} has failed after {}.{failed}\n\n{next}",
                self.name(),
                self.elapsed()
            ),
        )
    }

    fn deadline(&self) -> Diagnostic {
        let argument = match self.phase {
            Phase::Create => "create",
            Phase::Resume => "update",
        };
        Diagnostic::error(
            "Restore point copy has not finished replicating",
            format!(
                "The copy {} has not replicated within {}{}. It exists in Azure, replication goes on, and it is in \
                 the state.{}\n\n{}\n\nTo wait longer next time: raise timeouts {{ {argument} = \"...\" }}. Azure \
                 takes up to two weeks for a copy.",
                self.name(),
                self.elapsed(),
                self.progress(),
                self.cause_paragraph(),
                self.how_to_resume(),
            ),
        )
    }

    fn lost_contact(&self) -> Diagnostic {
        Diagnostic::error(
            "Lost contact with Azure while a restore point is being copied",
            format!(
                "After {} Azure could not be asked about the copy {} any more{}. It exists in Azure, replication \
                 goes on without us, and it is in the state.{}\n\nOnce Azure can be asked again: {}",
                self.elapsed(),
                self.name(),
                self.progress(),
                self.cause_paragraph(),
                self.how_to_resume(),
            ),
        )
    }

    fn how_to_resume(&self) -> &'static str {
        match (self.phase, self.severity) {
            (Phase::Create, Severity::Error) => {
                "Terraform has marked the copy tainted. To go on waiting, run terraform apply again: the plan shows a \
                 replacement, but the copy is kept and the wait resumes. For a plan that says so, run terraform untaint \
                 ADDRESS first. To start over, untaint it and run terraform apply -replace=ADDRESS."
            }
            _ => "To go on waiting, run terraform apply again: it resumes in place.",
        }
    }

    /// Terraform asked to stop. A warning: an error would taint a copy that is well.
    fn interrupted(&self) -> Diagnostic {
        Diagnostic::warning(
            "Interrupted while a restore point is being copied",
            format!(
                "The copy {} has not finished replicating{}. It exists in Azure, replication goes on, and it is in \
                 the state.\n\n{}",
                self.name(),
                self.progress(),
                self.how_to_resume(),
            ),
        )
    }

    fn gone(&self) -> Diagnostic {
        Diagnostic::error(
            "Restore point copy is gone",
            format!(
                "After {} Azure does not know the copy {} any more: somebody or something has deleted it while it \
                 was being waited for. Nothing is left to keep in the state.\n\nThe next apply copies again.",
                self.elapsed(),
                self.id,
            ),
        )
    }

    fn name(&self) -> String {
        format!("{:?}", self.id.name())
    }

    fn elapsed(&self) -> String {
        duration::format(self.elapsed)
    }

    fn progress(&self) -> String {
        self.last.map(progress).unwrap_or_default()
    }

    fn cause_paragraph(&self) -> String {
        self.cause
            .map(|cause| format!("\n\n{}", diagnose::detail(cause)))
            .unwrap_or_default()
    }
}

/// Azure took the request, and its operation failed.
pub(super) fn operation_failed(id: &RestorePointId, error: &Error) -> Diagnostic {
    let before = format!(
        "Azure accepted the restore point {id}, but could not begin to copy. Terraform has saved it to the state and \
         marked it tainted: the next apply deletes it and copies again."
    );
    diagnose::error_after(
        "Azure could not begin to copy the restore point",
        &before,
        error,
    )
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
             Only the old object is gone from the state; the copy stays in Azure."
        ),
    )
}

/// A plan that makes more than one copy in a collection, of which this is the second.
pub(super) fn several(id: &RestorePointId) -> Diagnostic {
    Diagnostic::warning(
        "Several copies go into one collection",
        format!(
            "This plan makes more than one copy in the collection {}. Azure takes them one at a time and in \
             chronological order: once a newer restore point is copied, an older one never can be. Terraform hands over \
             at most 10 resources at once, in random order. Those are sorted, but an older one that comes too late is \
             lost.\n\nTo lose none: let each copy name the one before it in depends_on; or apply with a -parallelism \
             greater than the number of resources; or use azrestorepoint_mirror with catch_up = \"all\".",
            id.collection()
        ),
    )
}

/// One plan wants a copy both gone and there.
pub(super) fn destroyed_and_kept(id: &RestorePointId) -> Diagnostic {
    Diagnostic::error(
        "One copy is destroyed and kept in the same plan",
        format!(
            "This plan destroys the restore point {id} under one address, and makes or keeps it under another. One of \
             both would undo what the other does.\n\nIf its address has changed, such as a key of for_each, write a \
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
            "The restore point {id} is the last one in its collection that can restore a VM. Azure may never copy its \
             source again. It is kept.\n\nTo destroy it all the same: set force_destroy = true, apply, and destroy \
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
        "Azure does not show the restore point {id} as it is now, and a copy is not deleted unseen. It is kept. Apply \
         again once this is solved."
    );
    diagnose::error_after("Cannot look at a copy before deleting it", &before, error)
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

/// A copy that was taken over, and is not usable yet.
pub(super) fn taken_over_unfinished(id: &RestorePointId) -> Diagnostic {
    Diagnostic::error(
        "Copy that was taken over has not finished",
        format!(
            "The restore point {id} existed already as the copy that was asked for, so it was taken over. It is not \
             usable yet, and therefore not in the state.\n\nRun terraform apply again: it is taken over again, and \
             nothing is copied twice."
        ),
    )
}

/// A plan finds a copy that has failed.
pub(super) fn failed_already(prior_state: &Value) -> Diagnostic {
    Diagnostic::warning(
        "Restore point copy has failed",
        format!(
            "The copy {:?} has failed in Azure, which cannot resume it: it will never be usable. To delete it and copy \
             again, run terraform apply -replace=ADDRESS. Azure accepts the same source again only while no newer one \
             has been copied.",
            prior_state.get("name").as_str().unwrap_or_default()
        ),
    )
}

/// What was to be imported or read is a restore point of a VM.
pub(super) fn not_a_copy(id: &RestorePointId) -> Diagnostic {
    Diagnostic::error(
        "Not a copy",
        format!(
            "The restore point {id} names no source restore point: it was taken from a VM. This resource manages \
             cross-region copies only."
        ),
    )
}

/// ` (slowest disk 40 %: os 100 %, data-1 40 %)`, or nothing where nothing is known.
fn progress(found: &RestorePoint) -> String {
    let all = disks(found, |_| true);
    match (replication(found).completion_percent, all.is_empty()) {
        (_, true) => String::new(),
        (Some(slowest), false) => format!(" (slowest disk {slowest} %: {all})"),
        (None, false) => format!(" ({all})"),
    }
}

/// The chosen disks with their percentages, by name.
fn disks(found: &RestorePoint, chosen: impl Fn(&DiskReplication) -> bool) -> String {
    let replication = replication(found);
    let disks = replication
        .disks
        .iter()
        .filter(|disk| chosen(disk))
        .map(|disk| {
            let name = &disk.name;
            let words = match (&disk.code, disk.state) {
                (Some(code), ReplicationState::Failed) => format!(" ({code})"),
                _ => String::new(),
            };
            match disk.completion_percent {
                Some(percent) => format!("{name} {percent} %{words}"),
                None => format!("{name}{words}"),
            }
        });
    disks.collect::<Vec<_>>().join(", ")
}
