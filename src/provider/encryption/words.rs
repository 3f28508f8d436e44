//! What the user is told about the encryption of copies.

use crate::arm::resource_id::RestorePointId;
use crate::plugin::diagnostics::{Diagnostic, Severity};
use crate::plugin::value::Path;

use super::{DISKS, Difference, Encryption, Unaskable, Wish};

/// How many disks a text lists.
const DISKS_MAX: usize = 5;

const ACCEPT_OR_COPY_AGAIN: &str = "To accept it, ask for what Azure reports. To have the copy made anew, run terraform \
                                    apply -replace=ADDRESS: that deletes it first, and Azure may not copy its source \
                                    again.";

/// Azure encrypts a copy otherwise than was asked for.
pub(crate) fn differs(
    id: &RestorePointId,
    asked: &Encryption,
    differences: &[Difference],
) -> Diagnostic {
    made_otherwise(
        id,
        asked,
        differences,
        &format!("The copy stays as it is. {ACCEPT_OR_COPY_AGAIN}"),
    )
}

/// A copy of a mirror, of which the next one is asked for in the same way.
pub(crate) fn differs_in_mirror(
    id: &RestorePointId,
    asked: &Encryption,
    differences: &[Difference],
) -> Diagnostic {
    made_otherwise(
        id,
        asked,
        differences,
        "The copy stays as it is: a mirror makes no copy anew for that. To accept it, ask for what Azure reports.",
    )
}

fn made_otherwise(
    id: &RestorePointId,
    asked: &Encryption,
    differences: &[Difference],
    next: &str,
) -> Diagnostic {
    let detail = format!(
        "Azure has made the copy {:?}, but reports another encryption than was asked for:\n\n{}\n\n{next}",
        id.name(),
        list(differences)
    );
    at_argument(
        Diagnostic::warning("Copy is encrypted otherwise than asked for", detail),
        asked,
    )
}

/// The arguments of an imported copy ask for something else than Azure reports.
pub(crate) fn imported_otherwise(
    id: &RestorePointId,
    asked: &Encryption,
    differences: &[Difference],
) -> Diagnostic {
    let detail = format!(
        "Of the copy {:?}, which was imported or moved here, Azure reports another encryption than is asked for:\n\n{}\n\nIt is not replaced for \
         that: the arguments come into the state, and nothing changes in Azure. {ACCEPT_OR_COPY_AGAIN}",
        id.name(),
        list(differences)
    );
    at_argument(
        Diagnostic::warning("Copy was imported, and is encrypted otherwise", detail),
        asked,
    )
}

/// The copy is there, and a plan is to make it with another encryption.
pub(crate) fn is_there_otherwise(
    id: &RestorePointId,
    asked: &Encryption,
    differences: &[Difference],
) -> Diagnostic {
    let detail = format!(
        "Azure has the restore point {id} already, as a copy of the same source, and reports another encryption than is \
         asked for:\n\n{}\n\nAn apply does not take it over. After a taint it keeps this copy if it was made with these \
         very arguments. If they have changed since, it deletes the copy and copies again, which Azure may refuse: to \
         keep it, run terraform untaint ADDRESS. A copy that is not in the state makes the apply fail: import it, or \
         ask for what Azure reports.",
        list(differences)
    );
    at_argument(
        Diagnostic::warning("The copy exists already, encrypted otherwise", detail),
        asked,
    )
}

/// The same when it is to be made, after the words about a name that is taken.
pub(crate) fn exists_otherwise(
    already_exists: Diagnostic,
    differences: &[Difference],
) -> Diagnostic {
    let detail = format!(
        "{}\n\nIt is a copy of the same source, but is not taken over: Azure reports another encryption than is asked \
         for.\n\n{}\n\nOnce it is imported, it is not replaced for that.",
        already_exists.detail,
        list(differences)
    );
    Diagnostic {
        detail,
        ..already_exists
    }
}

/// What is asked for cannot be put into a request: an error in an apply, a warning in a plan.
pub(crate) fn unaskable(
    unaskable: &Unaskable,
    severity: Severity,
    id: &RestorePointId,
    source: &RestorePointId,
    asked: &Encryption,
) -> Diagnostic {
    let (summary, why, next, argument) = match unaskable {
        Unaskable::UnknownDisk(disk) => (
            "Source has no such disk",
            format!("the source {source} has no disk restore point {disk}."),
            "Take the id from the source's os_disk or data_disks: it belongs to one restore point only.",
            Some(DISKS),
        ),
        Unaskable::UnnamedDisks => (
            "Source does not show its disks",
            format!(
                "Azure does not show the disk restore points of the source {source}, and their encryption is asked for by \
                 their ids."
            ),
            "Look at the source with az restore-point show. Without arguments about encryption it can be copied.",
            asked.argument(),
        ),
    };
    let diagnostic = Diagnostic {
        severity,
        ..Diagnostic::error(
            summary,
            format!(
                "Azure cannot be asked for the copy {:?} like this: {why}\n\n{next}",
                id.name()
            ),
        )
    };
    match argument {
        Some(argument) => diagnostic.at(Path::attribute(argument)),
        None => diagnostic,
    }
}

/// Disks of the source have a key of the customer's, and nothing is asked of their copies.
pub(crate) fn customer_keys_left(source: &RestorePointId, into: &str) -> Diagnostic {
    Diagnostic::warning(
        "Source is encrypted with customer-managed keys",
        format!(
            "Disks of the source {source} are encrypted with customer-managed keys, and nothing is asked of their copies \
             in {into}. Azure's documents differ on what becomes of them: the copies may be encrypted with \
             platform-managed keys.\n\nTo choose, set disk_encryption_set_id to a set in the region of the target; or, to \
             say that platform-managed keys are meant, encryption_type = \"EncryptionAtRestWithPlatformKey\"."
        ),
    )
}

fn at_argument(diagnostic: Diagnostic, asked: &Encryption) -> Diagnostic {
    match asked.argument() {
        Some(argument) => diagnostic.at(Path::attribute(argument)),
        None => diagnostic,
    }
}

/// A line for each disk, as far as there is room.
fn list(differences: &[Difference]) -> String {
    let lines = differences.iter().take(DISKS_MAX).map(|difference| {
        format!(
            "  {}: asked for {}, reported {}",
            difference.disk,
            in_words(&difference.asked),
            in_words(&difference.found)
        )
    });
    let mut lines: Vec<String> = lines.collect();
    match differences.len().saturating_sub(DISKS_MAX) {
        0 => {}
        1 => lines.push("  and 1 disk more".to_owned()),
        more => lines.push(format!("  and {more} disks more")),
    }
    lines.join("\n")
}

fn in_words(wish: &Wish) -> String {
    match (&wish.encryption_type, &wish.set) {
        (Some(kind), Some(set)) => format!("{kind} with {set}"),
        (Some(kind), None) => kind.clone(),
        (None, Some(set)) => format!("the key of {set}"),
        (None, None) => "nothing".to_owned(),
    }
}
