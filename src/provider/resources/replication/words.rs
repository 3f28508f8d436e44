//! What the user is told about a gate: what happened, the evidence, and what to do next.

use crate::arm::Patience;
use crate::arm::compute::replication::{Replication, ReplicationState};
use crate::arm::resource_id::RestorePointId;
use crate::plugin::diagnostics::{Diagnostic, Diagnostics, Severity};
use crate::plugin::value::Path;
use crate::provider::restore_point::words::{disks, progress};
use crate::provider::{diagnose, duration, restore_point};

use super::ending::{End, Gate};
use super::wait::Waited;

/// What waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// A new gate.
    Create,
    /// A gate that is in the state.
    Update,
}

/// The waits of a gate that have ended.
pub(super) struct Report<'a> {
    pub(super) phase: Phase,
    pub(super) gate: Gate,
    pub(super) patience: &'a Patience,
    pub(super) waited: &'a [Waited],
}

impl Report<'_> {
    /// One message for each kind of end, but for a good one.
    pub(super) fn diagnostics(&self) -> Diagnostics {
        BAD_ENDS
            .into_iter()
            .filter_map(|end| self.ended(end))
            .collect()
    }

    /// The message about those that ended like this; `None` where there are none.
    fn ended(&self, end: End) -> Option<Diagnostic> {
        let concerned: Vec<&Waited> = self
            .waited
            .iter()
            .filter(|waited| waited.end == end)
            .collect();
        if concerned.is_empty() {
            return None;
        }
        let (summary, before) = what_has_happened(end, self.patience)?;
        let lines: Vec<String> = concerned
            .iter()
            .map(|waited| line(waited, |key| named(key)))
            .collect();
        let before = format!("{before}:\n\n{}", lines.join("\n"));
        let after = format!("{} {}", self.state(), self.next(end));
        let cause = concerned.iter().find_map(|waited| waited.cause.as_ref());
        let detail = match cause {
            Some(cause) => diagnose::around(&before, cause, &after),
            None => format!("{before}\n\n{after}"),
        };
        let severity = match self.gate {
            Gate::Shut => Severity::Error,
            Gate::Ajar | Gate::Open => Severity::Warning,
        };
        let diagnostic = Diagnostic {
            severity,
            ..Diagnostic::error(summary, detail)
        };
        // One key has a line of its own in the configuration.
        let path = Path::attribute("copies");
        Some(diagnostic.at(match concerned[..] {
            [one] if one.keys.len() == 1 => path.join_key(&one.keys[0]),
            _ => path,
        }))
    }

    /// What became of the gate.
    fn state(&self) -> &'static str {
        match (self.gate, self.phase) {
            (Gate::Shut, Phase::Create) => {
                "The gate stays shut: it is not in the state, and nothing was made of their disks."
            }
            (Gate::Shut, Phase::Update) => {
                "The gate stays shut for them: it is in the state as it was before, and nothing was made of their disks."
            }
            (Gate::Ajar | Gate::Open, _) => {
                "The gate is in the state with the disks of the copies that are usable, and without those of the \
                 others."
            }
        }
    }

    fn next(&self, end: End) -> String {
        let resume = "run terraform apply again: it waits for them, and what has finished is not waited for again.";
        match end {
            End::Usable => String::new(),
            End::Failed => "A copy that azrestorepoint_copy manages is made anew by the next apply, if Azure would take \
                            its source again: it is still there, and no newer one is copied. To open the gate without \
                            the others, take them out of copies."
                .to_owned(),
            End::Gone => "A copy that azrestorepoint_copy manages is made anew by the next apply. To open the gate \
                          without the others, take them out of copies."
                .to_owned(),
            End::MadeAnew => "Run terraform apply again: a copy that azrestorepoint_copy manages then has its new \
                              replication_id, and the gate waits for that. Where it is written down or comes from \
                              another state, give the new one."
                .to_owned(),
            End::NotACopy => "Name their copies instead, or take them out of copies.".to_owned(),
            End::Deadline => {
                let argument = match self.phase {
                    Phase::Create => "create",
                    Phase::Update => "update",
                };
                format!(
                    "Replication goes on in Azure.\n\nTo go on waiting, {resume} To wait longer next time: raise \
                     timeouts {{ {argument} = \"...\" }}. Azure takes up to two weeks for a copy."
                )
            }
            End::LostContact => {
                format!("Replication goes on in Azure.\n\nOnce Azure can be asked again, {resume}")
            }
            End::Stopped => {
                format!("Replication goes on in Azure.\n\nTo go on waiting, {resume}")
            }
        }
    }
}

/// Every end of a wait but a good one, in the order in which they are told.
pub(crate) const BAD_ENDS: [End; 7] = [
    End::Failed,
    End::Gone,
    End::MadeAnew,
    End::NotACopy,
    End::Deadline,
    End::LostContact,
    End::Stopped,
];

/// What has happened to the copies whose waits ended like this: a summary, and the words before
/// their list. `None` for a good end.
pub(crate) fn what_has_happened(end: End, patience: &Patience) -> Option<(&'static str, String)> {
    let timeout = patience.deadline - patience.started;
    let elapsed = duration::format(patience.elapsed().min(timeout));
    Some(match end {
        End::Usable => return None,
        End::Failed => (
            "Restore point copies have failed",
            "These copies have failed, and Azure cannot resume them".to_owned(),
        ),
        End::Gone => (
            "Restore point copies are gone",
            "Azure does not know these copies: they were deleted, or never made".to_owned(),
        ),
        End::MadeAnew => (
            "Restore point copies were made anew",
            "Under these IDs Azure has other copies than the ones that are meant".to_owned(),
        ),
        End::NotACopy => (
            "Restore points that are no copies",
            "These restore points were taken from a VM, and never replicate".to_owned(),
        ),
        End::Deadline => (
            "Copies have not finished replicating",
            format!("These copies have not replicated within {elapsed}"),
        ),
        End::LostContact => (
            "Lost contact with Azure while copies replicate",
            format!("After {elapsed} Azure could not be asked about these copies any more"),
        ),
        End::Stopped => (
            "Interrupted while waiting for copies",
            "These copies have not finished replicating".to_owned(),
        ),
    })
}

/// `  - copies["web"]: ID (slowest disk 40 %: os 100 %, data-1 40 %)`
pub(crate) fn line<K>(waited: &Waited<K>, named: impl Fn(&K) -> String) -> String {
    let keys: Vec<String> = waited.keys.iter().map(named).collect();
    let (keys, id) = (keys.join(", "), &waited.named.id);
    let seen = match (waited.end, &waited.last) {
        (End::Failed, Some(found)) => {
            let failed = disks(found, |disk| disk.state == ReplicationState::Failed);
            if failed.is_empty() {
                String::new()
            } else {
                format!(", disks {failed}")
            }
        }
        (End::Deadline | End::LostContact | End::Stopped, Some(found)) => progress(found),
        _ => String::new(),
    };
    format!("  - {keys}: {id}{seen}")
}

fn named(key: &str) -> String {
    Path::attribute("copies").join_key(key).to_string()
}

/// Every disk with its percentage, by name.
pub(crate) fn disks_of(replication: &Replication) -> String {
    restore_point::words::disks_of(replication, |_| true)
}

/// A copy that was behind an open gate.
pub(super) struct Lost {
    pub(super) key: String,
    pub(super) id: RestorePointId,
    /// There is another copy in its place.
    pub(super) made_anew: bool,
}

/// A refresh does not find copies any more.
pub(super) fn lost(lost: &[Lost]) -> Diagnostic {
    let lines: Vec<String> = lost
        .iter()
        .map(|lost| {
            let what = if lost.made_anew {
                "made anew under the same ID"
            } else {
                "gone"
            };
            format!("  - {}: {} is {what}", named(&lost.key), lost.id)
        })
        .collect();
    Diagnostic::warning(
        "Copies of a gate are gone",
        format!(
            "Azure does not have these copies any more:\n\n{}\n\nWhat was made of their disks stays as it is. While \
             they are in copies, the next apply waits for them, and fails if they do not come back.",
            lines.join("\n")
        ),
    )
    .at(Path::attribute("copies"))
}

/// A copy of which nothing but its own id is known.
pub(super) const NO_REPLICATION_ID: &str = "There is no value. A copy has no replication_id until Azure has made its disk restore points, which takes \
     seconds: plan again.";

/// An import of what is not in Azure.
pub(super) fn not_importable() -> Diagnostic {
    Diagnostic::error(
        "A gate cannot be imported",
        "It is a wait, and nothing in Azure that could be imported. Write the resource and apply: copies that have \
         finished are not waited for.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::golden::{Golden, error_body, refusal};
    use crate::provider::resources::replication::entries::Named;
    use serde_json::json;
    use std::time::Duration;

    const COLLECTION: &str =
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/restorePointCollections/c";

    fn waited(key: &str, end: End, code: &str, percent: u8) -> Waited {
        let disk = |name: &str, code: &str, percent: u8| {
            json!({"id": format!("/disks/{name}"), "replicationStatus": {
                "status": {"code": format!("ReplicationState/{code}")},
                "completionPercent": percent,
            }})
        };
        let disks = [disk("os", "succeeded", 100), disk("data-1", code, percent)];
        let found = json!({"properties": {"instanceView": {"diskRestorePoints": disks}}});
        Waited {
            named: Named::parse(&format!("{COLLECTION}/restorePoints/{key}")).expect("a copy"),
            keys: vec![key.to_owned()],
            end,
            last: Some(serde_json::from_value(found).expect("a restore point")),
            cause: None,
        }
    }

    #[track_caller]
    fn check(phase: Phase, gate: Gate, waited: &[Waited], expected: &[(Severity, &str, &str)]) {
        let patience = Patience::detached(Duration::ZERO);
        let report = Report {
            phase,
            gate,
            patience: &patience,
            waited,
        };
        let found = report.diagnostics();
        let found: Vec<_> = found
            .iter()
            .map(|found| {
                (
                    found.severity,
                    found.summary.as_str(),
                    found.detail.as_str(),
                )
            })
            .collect();
        assert_eq!(found, expected);
        assert!(found.iter().all(|(_, summary, _)| summary.len() <= 60));
    }

    #[test]
    fn every_failed_copy_and_disk_is_named() {
        let waited = [
            waited("db", End::Failed, "failed", 60),
            waited("ok", End::Usable, "succeeded", 100),
            waited("web", End::Failed, "failed", 40),
        ];
        let detail = "These copies have failed, and Azure cannot resume them:

  - copies[\"db\"]: /subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/restorePointCollections/c/restorePoints/db, disks data-1 60 % (ReplicationState/failed)
  - copies[\"web\"]: /subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/restorePointCollections/c/restorePoints/web, disks data-1 40 % (ReplicationState/failed)

The gate stays shut: it is not in the state, and nothing was made of their disks. A copy that azrestorepoint_copy manages is made anew by the next apply, if Azure would take its source again: it is still there, and no newer one is copied. To open the gate without the others, take them out of copies.";
        let expected = [(Severity::Error, "Restore point copies have failed", detail)];
        check(Phase::Create, Gate::Shut, &waited, &expected);
    }

    #[test]
    fn a_gate_that_is_ajar_says_what_it_lacks() {
        let waited = [
            waited("ok", End::Usable, "succeeded", 100),
            waited("web", End::Deadline, "replicating", 40),
        ];
        let detail = "These copies have not replicated within 0s:

  - copies[\"web\"]: /subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/restorePointCollections/c/restorePoints/web (slowest disk 40 %: os 100 %, data-1 40 %)

The gate is in the state with the disks of the copies that are usable, and without those of the others. Replication goes on in Azure.

To go on waiting, run terraform apply again: it waits for them, and what has finished is not waited for again. To wait longer next time: raise timeouts { create = \"...\" }. Azure takes up to two weeks for a copy.";
        let summary = "Copies have not finished replicating";
        let expected = [(Severity::Warning, summary, detail)];
        check(Phase::Create, Gate::Ajar, &waited, &expected);
    }

    #[test]
    fn everything_about_a_gate() {
        let mut golden = Golden::folder("gate");
        let body = error_body("ServerBusy", "The server is busy. Please try again later.");
        let path = format!("{COLLECTION}/restorePoints/web");
        let busy = refusal(reqwest::Method::GET, &path, 503, &body);
        let patience = Patience::detached(Duration::ZERO);
        let ends = [
            ("failed", End::Failed, "failed", None),
            ("gone", End::Gone, "replicating", None),
            ("made_anew", End::MadeAnew, "succeeded", None),
            ("not_a_copy", End::NotACopy, "unknown", None),
            ("deadline", End::Deadline, "replicating", None),
            ("lost_contact", End::LostContact, "replicating", Some(busy)),
            ("stopped", End::Stopped, "replicating", None),
        ];
        for (end_name, end, code, cause) in ends {
            for (name, phase, gate) in [
                ("create", Phase::Create, Gate::Shut),
                ("update", Phase::Update, Gate::Shut),
                ("create_that_goes_on", Phase::Create, Gate::Ajar),
                ("update_that_goes_on", Phase::Update, Gate::Ajar),
            ] {
                // A gate is left ajar by a deadline or a lost contact alone.
                if gate == Gate::Ajar && !matches!(end, End::Deadline | End::LostContact) {
                    continue;
                }
                let waited = [Waited {
                    cause: cause.clone(),
                    ..waited("web", end, code, 40)
                }];
                let report = Report {
                    phase,
                    gate,
                    patience: &patience,
                    waited: &waited,
                };
                for told in report.diagnostics().iter() {
                    golden.message(&format!("{end_name}_in_{name}"), told);
                }
            }
        }
        let id = Named::parse(&path).expect("a copy").id;
        let gone = |key: &str, made_anew| Lost {
            key: key.to_owned(),
            id: id.clone(),
            made_anew,
        };
        golden.message("lost", &lost(&[gone("web", false), gone("db", true)]));
        golden.message("not_importable", &not_importable());
    }

    #[test]
    fn each_kind_of_end_has_a_message_of_its_own() {
        let waited = [
            waited("a", End::Stopped, "replicating", 40),
            waited("b", End::Gone, "replicating", 40),
            waited("c", End::LostContact, "replicating", 40),
            waited("d", End::MadeAnew, "succeeded", 100),
            waited("e", End::NotACopy, "unknown", 0),
        ];
        let patience = Patience::detached(Duration::ZERO);
        let report = Report {
            phase: Phase::Update,
            gate: Gate::Shut,
            patience: &patience,
            waited: &waited,
        };
        let found = report.diagnostics();
        let found: Vec<_> = found
            .iter()
            .map(|found| {
                let path = found.attribute.as_ref().expect("a path").to_string();
                (path, found.summary.as_str())
            })
            .collect();
        let expected = [
            ("b", "Restore point copies are gone"),
            ("d", "Restore point copies were made anew"),
            ("e", "Restore points that are no copies"),
            ("c", "Lost contact with Azure while copies replicate"),
            ("a", "Interrupted while waiting for copies"),
        ];
        let expected = expected.map(|(key, summary)| (format!("copies[{key:?}]"), summary));
        assert_eq!(found, expected);
    }
}
