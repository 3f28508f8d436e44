//! What the user is told when a copy cannot be begun: which rule of Azure stands in the way.

use std::time::Duration;

use crate::arm::Error;
use crate::arm::resource_id::RestorePointId;
use crate::plugin::diagnostics::Diagnostic;
use crate::plugin::value::Path;
use crate::provider::encryption::Encryption;
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
                "Correct source_restore_point_id. If the source has been deleted, copy another one.",
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
                "Create it first, as an azrestorepoint_collection, or correct restore_point_collection_id.",
            ),
            Self::NotATarget(found) => (
                format!(
                    "The collection {collection} takes no copies: its source is {found}, not a restore point \
                     collection."
                ),
                "Copy into an azrestorepoint_collection that names the source's collection.",
            ),
            Self::AnotherSource(expected) => (
                format!(
                    "It would be a copy of {source}, but the collection {collection} takes copies of {expected} only."
                ),
                "Copy a restore point of that one, or copy into a collection that names the source's.",
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
        before: &str,
        id: &RestorePointId,
        source: &RestorePointId,
        cause: Option<&Error>,
    ) -> String {
        let (what, next) = self.sentences(id, source);
        let before = format!("{before} {what}");
        match cause {
            Some(cause) => diagnose::around(&before, cause, next),
            None => format!("{before}\n\n{next}"),
        }
    }
}

/// A rule is broken, and Azure was not asked.
pub(super) fn not_begun(
    rule: &Rule,
    id: &RestorePointId,
    source: &RestorePointId,
    cause: Option<&Error>,
) -> Diagnostic {
    let detail = rule.paragraphs(&not_asked(id), id, source, cause);
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
        let before = format!(
            "As things are now, an apply will not begin the copy {:?}.",
            id.name()
        );
        let detail = rule.paragraphs(&before, id, source, cause);
        Diagnostic::warning(rule.summary(), detail)
    } else {
        let before = format!("Azure would refuse the copy {:?}.", id.name());
        let detail = rule.paragraphs(&before, id, source, cause);
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
    let before = format!(
        "Azure refused the copy {:?}, and nothing is in the state.",
        id.name()
    );
    let detail = rule.paragraphs(&before, id, source, Some(error));
    Diagnostic::error(rule.summary(), detail).at(Path::attribute(rule.argument()))
}

/// Another copy is on its way, and nobody waits for it.
pub(super) fn busy(
    id: &RestorePointId,
    running: Option<&RestorePointId>,
    refusal: Option<&Error>,
) -> Diagnostic {
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
    let before = match refusal {
        Some(_) => format!(
            "Azure refused the copy {:?}, and nothing is in the state.",
            id.name()
        ),
        None => not_asked(id),
    };
    let before = format!("{before} {running} Azure copies into a collection one at a time.");
    let after = "Apply again once that one is usable. Or set wait_for_replication = true: then this copy waits for its \
                 turn.";
    let detail = match refusal {
        Some(refusal) => diagnose::around(&before, refusal, after),
        None => format!("{before}\n\n{after}"),
    };
    Diagnostic::error(summary, detail).at(Path::attribute(TARGET))
}

/// How every text begins about a copy that Azure was not asked for.
fn not_asked(id: &RestorePointId) -> String {
    format!(
        "The copy {:?} was not begun: Azure was not asked to make it.",
        id.name()
    )
}

/// There is a restore point of this name, and its source cannot be seen.
pub(super) fn cannot_compare(id: &RestorePointId, error: &Error) -> Diagnostic {
    let before = format!(
        "The restore point {id} exists already, and may be the copy that was asked for. Only its source tells."
    );
    Diagnostic::error(
        "Cannot look at the source of an existing copy",
        diagnose::around(&before, error, diagnose::apply_again(error)),
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
    let before = not_asked(id);
    let after = match error {
        Error::DeadlinePassed { .. } => {
            "Run terraform apply again. Azure copies into a collection one at a time, so others may take long before \
             it is this one's turn: to wait longer, raise timeouts { create = \"...\" }."
        }
        Error::RetryAfterTooLong { .. } => LATER,
        _ => diagnose::apply_again(error),
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
pub(super) fn refused(
    id: &RestorePointId,
    source: &RestorePointId,
    asked: &Encryption,
    error: &Error,
) -> Diagnostic {
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
        Error::RetryAfterTooLong { .. } => LATER,
        Error::DeadlinePassed { .. } => {
            "Run terraform apply again; to wait longer, raise timeouts { create = \"...\" }."
        }
        Error::Api(_) if !diagnose::is_explained(error) => {
            "Azure copies a restore point once per region, in chronological order, and one at a time into a \
             collection. What breaks this may lie in another collection of the region. Run terraform apply again once \
             this is solved."
        }
        _ => diagnose::apply_again(error),
    };
    let sides = diagnose::Sides { source, target: id };
    let detail = diagnose::around_copy(&before, error, sides, after);
    asked.at_fault(error, Diagnostic::error(summary, detail))
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
    let before = format!(
        "The copy {:?} was not begun, and nothing is in the state. It waited {} for its turn: Azure copies into a \
         collection one at a time, and {running}.",
        id.name(),
        duration::format(waited)
    );
    let after =
        "Run terraform apply again. To let it wait longer, raise timeouts { create = \"...\" }.";
    let detail = match refusal {
        Some(refusal) => {
            let before = format!("{before} Azure refused it meanwhile.");
            diagnose::around(&before, refusal, after)
        }
        None => format!("{before}\n\n{after}"),
    };
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

/// The first of these names, and how many more there are.
pub(super) fn names(all: &[String]) -> String {
    let shown = all.iter().take(NAMES_MAX).map(String::as_str);
    let shown = shown.collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(NAMES_MAX) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
#[path = "refusals_tests.rs"]
mod tests;
