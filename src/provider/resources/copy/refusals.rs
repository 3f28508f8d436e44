//! What the user is told when a copy cannot be begun: which rule of Azure stands in the way.

use std::time::Duration;

use crate::arm::Error;
use crate::arm::resource_id::RestorePointId;
use crate::plugin::diagnostics::Diagnostic;
use crate::plugin::value::Path;
use crate::provider::{diagnose, duration};

use super::rules::Rule;

pub(super) const SOURCE: &str = "source_restore_point_id";
const TARGET: &str = "restore_point_collection_id";

/// How many names a text lists.
const NAMES_MAX: usize = 5;

impl Rule {
    /// What is wrong, as a title.
    fn summary(&self) -> &'static str {
        match self {
            Self::SourceMissing => "Source restore point does not exist",
            Self::SourceIsACopy(_) => "Source is a copy itself",
            Self::SourceFailed => "Source restore point has failed",
            Self::TargetMissing => "Target collection does not exist",
            Self::NotATarget(_) => "Not a target of copies",
            Self::AnotherSource(_) => "Source lies in another collection",
            Self::SameRegion(_) => "Copy within one region",
            Self::CopiedAlready(_) => "Restore point is copied already",
            Self::CopiedElsewhere(_) => "Restore point is copied to this region already",
            Self::NewerCopied(_) => "A newer restore point is copied already",
        }
    }

    /// The argument at fault.
    fn argument(&self) -> &'static str {
        match self {
            Self::TargetMissing | Self::NotATarget(_) | Self::SameRegion(_) => TARGET,
            _ => SOURCE,
        }
    }

    /// What is wrong in whole sentences, and what to do.
    fn sentences(&self, id: &RestorePointId, source: &RestorePointId) -> (String, &'static str) {
        let collection = id.collection();
        match self {
            Self::SourceMissing => (
                format!(
                    "Azure does not find the source restore point {source}, or does not show it to the signed-in \
                     identity."
                ),
                "",
            ),
            Self::SourceIsACopy(origin) => (
                format!(
                    "The source {source} is a copy of {origin}, and Azure does not copy copies."
                ),
                "Copy the original to each region instead.",
            ),
            Self::SourceFailed => (
                format!("Azure could not create the source {source}, so there is nothing to copy."),
                "Copy another restore point instead.",
            ),
            Self::TargetMissing => (
                format!("There is no collection {collection} to copy into."),
                "",
            ),
            Self::NotATarget(found) => (
                format!(
                    "The collection {collection} takes no copies: its source is {found}, not a restore point \
                     collection."
                ),
                "Copy into a collection of azrestorepoint_collection.",
            ),
            Self::AnotherSource(expected) => (
                format!(
                    "It would be a copy of {source}, but the collection {collection} takes copies of {expected} only."
                ),
                "Use a restore point of that collection, or another target collection.",
            ),
            Self::SameRegion(location) => (
                format!(
                    "The collection {collection} lies in {location}, as its source does. Azure copies between \
                     regions only."
                ),
                "Copy into a collection in another region.",
            ),
            Self::CopiedAlready(name) => (
                format!(
                    "The collection has a copy of {source} already: {name:?}. Azure copies a restore point once per \
                     region."
                ),
                "Use that name, and the copy is taken over; or import it.",
            ),
            Self::CopiedElsewhere(copy) => (
                format!(
                    "There is a copy of {source} in this region already: {copy}. Azure copies a restore point once \
                     per region."
                ),
                "Use that copy, or copy to another region.",
            ),
            Self::NewerCopied(name) => (
                format!(
                    "The collection has a copy of a newer restore point already: {name:?}. Azure copies in \
                     chronological order, so {source} cannot be copied to this region any more."
                ),
                "Copy a newer restore point instead.",
            ),
        }
    }

    fn paragraphs(
        &self,
        before: String,
        id: &RestorePointId,
        source: &RestorePointId,
        cause: Option<&Error>,
    ) -> String {
        let (what, next) = self.sentences(id, source);
        let mut text = format!("{before} {what}");
        if !next.is_empty() {
            text.push_str("\n\n");
            text.push_str(next);
        }
        if let Some(cause) = cause {
            text.push_str("\n\n");
            text.push_str(&diagnose::detail(cause));
        }
        text
    }
}

/// A rule is broken, and Azure was not asked.
pub(super) fn not_begun(
    rule: &Rule,
    id: &RestorePointId,
    source: &RestorePointId,
    cause: Option<&Error>,
) -> Diagnostic {
    let before =
        format!("The restore point {id} was not created, and Azure was not asked to create it.");
    let detail = rule.paragraphs(before, id, source, cause);
    Diagnostic::error(rule.summary(), detail).at(Path::attribute(rule.argument()))
}

/// A plan will break a rule: an error where nothing but another plan can mend that.
pub(super) fn foreseen(
    rule: &Rule,
    id: &RestorePointId,
    source: &RestorePointId,
    cause: Option<&Error>,
) -> Diagnostic {
    let diagnostic = if rule.may_change() {
        let before = format!("As things are now, an apply will not create the restore point {id}.");
        let detail = rule.paragraphs(before, id, source, cause);
        Diagnostic::warning(rule.summary(), detail)
    } else {
        let before = format!("Azure would refuse to create the restore point {id}.");
        let detail = rule.paragraphs(before, id, source, cause);
        Diagnostic::error(rule.summary(), detail)
    };
    diagnostic.at(Path::attribute(rule.argument()))
}

/// Azure refused, and a look shows why.
pub(super) fn refused_by_rule(
    rule: &Rule,
    id: &RestorePointId,
    source: &RestorePointId,
    error: &Error,
) -> Diagnostic {
    let before =
        format!("Azure refused to create the restore point {id}. Nothing is in the state.");
    let detail = rule.paragraphs(before, id, source, Some(error));
    Diagnostic::error(rule.summary(), detail).at(Path::attribute(rule.argument()))
}

/// Azure refused to copy, and no look shows why.
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

/// Another copy is on its way, and nobody waits for it.
pub(super) fn busy(
    id: &RestorePointId,
    running: Option<&RestorePointId>,
    refusal: Option<&Error>,
) -> Diagnostic {
    let running = match running {
        Some(running) => format!("The copy {:?} is still replicating there.", running.name()),
        None => "Another copy is being started there by this very apply.".to_owned(),
    };
    let asked = match refusal {
        Some(_) => "and Azure refused to create it",
        None => "and Azure was not asked to create it",
    };
    let mut detail = format!(
        "The restore point {id} was not created, {asked}. {running} Azure copies into a collection one at a \
         time.\n\nApply again once it is usable, or set wait_for_replication = true, and this copy waits for its turn."
    );
    if let Some(refusal) = refusal {
        detail.push_str("\n\n");
        detail.push_str(&diagnose::detail(refusal));
    }
    Diagnostic::error("Another copy is replicating into this collection", detail)
        .at(Path::attribute(TARGET))
}

/// Something ended the create before Azure was asked to copy.
pub(super) fn nothing_was_sent(id: &RestorePointId, error: &Error) -> Diagnostic {
    let summary = match error {
        Error::Stopped => "Stopped before the copy was begun",
        _ if error.is_deadline() => "Timeout before the copy was begun",
        _ => "Cannot look before the copy is begun",
    };
    let before =
        format!("Nothing was sent: Azure has not been asked to create the restore point {id}.");
    diagnose::error_after(summary, &before, error)
}

/// The turn did not come before the wait for it ended.
pub(super) fn turn_did_not_come(
    id: &RestorePointId,
    waited: Duration,
    running: Option<&RestorePointId>,
    refusal: Option<&Error>,
    error: &Error,
) -> Diagnostic {
    let summary = match error {
        Error::Stopped => "Stopped before the copy was begun",
        _ => "Timeout before the copy was begun",
    };
    let running = match running {
        Some(running) => format!("the copy {:?} replicated there", running.name()),
        None => "other copies of this apply went first".to_owned(),
    };
    let mut detail = format!(
        "The restore point {id} was not created. It waited {} for its turn: Azure copies into a collection one at a \
         time, and {running}. Nothing is in the state.\n\nApply again; to wait longer for its turn, raise timeouts \
         {{ create = \"...\" }}.",
        duration::format(waited)
    );
    if let Some(refusal) = refusal {
        detail.push_str("\n\nAzure refused it meanwhile: ");
        detail.push_str(&diagnose::detail(refusal));
    }
    Diagnostic::error(summary, detail)
}

/// Older sources become uncopyable by this copy.
pub(super) fn leaves_behind(id: &RestorePointId, left: &[String]) -> Diagnostic {
    let several = match left.len() {
        1 => "An older restore point of the source collection has".to_owned(),
        several => format!("{several} older restore points of the source collection have"),
    };
    Diagnostic::warning(
        "Older restore points cannot be copied any more",
        format!(
            "{several} not been copied: {}. Azure copies in chronological order, so now that the restore point {id} \
             is being copied, they never can be copied to this region.\n\nTo copy every restore point, oldest first, \
             use azrestorepoint_mirror with catch_up = \"all\".",
            names(left)
        ),
    )
    .at(Path::attribute(SOURCE))
}

/// More than one copy is to be made in one collection.
pub(super) fn order_is_not_kept(id: &RestorePointId) -> Diagnostic {
    Diagnostic::warning(
        "Order of several copies into one collection",
        format!(
            "This plan makes more than one copy in the collection {}. Azure takes them one at a time and in \
             chronological order. The provider orders what Terraform hands over together, but Terraform hands over at \
             most as many as -parallelism says (10), in random order: where there are more, a newer copy may go first, \
             and the older ones can never be copied.\n\nUse azrestorepoint_mirror with catch_up = \"all\", let each \
             copy depend on the one before it (depends_on), or raise -parallelism to the number of copies.",
            id.collection()
        ),
    )
}

/// The first of these names, and how many more there are.
pub(super) fn names(all: &[String]) -> String {
    let shown = all.iter().take(NAMES_MAX).map(String::as_str);
    let shown = shown.collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(NAMES_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
