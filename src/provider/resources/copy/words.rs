//! What the user is told about a copy: what happened, the evidence, and what to do next.

use std::time::Duration;

use crate::arm::Error;
use crate::arm::compute::models::RestorePoint;
use crate::arm::compute::replication::{DiskReplication, ReplicationState, replication};
use crate::arm::resource_id::RestorePointId;
use crate::plugin::diagnostics::{Diagnostic, Severity};
use crate::plugin::value::Value;
use crate::provider::{diagnose, duration};

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
                "Terraform has marked the copy tainted, and the next apply would delete it and copy again. To go \
                 on waiting instead, run terraform untaint ADDRESS first; then terraform apply resumes in place."
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
    diagnose::error_after("Azure refused to copy the restore point", &before, error)
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

/// The operation may not be asked about, so the copy was asked instead.
pub(super) fn operation_denied(permission: &str, cause: &Error) -> Diagnostic {
    Diagnostic::warning(
        "Cannot follow Azure's operation",
        format!(
            "The restore point itself was asked instead, which tells less when something fails. The identity probably \
             lacks the permission {permission} on the subscription.\n\n{}",
            diagnose::detail(cause)
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
