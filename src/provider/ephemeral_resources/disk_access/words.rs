//! What the user is told about access to a disk.

use time::OffsetDateTime;

use crate::arm::compute::disk_access;
use crate::arm::error::Error;
use crate::arm::resource_id::DiskRestorePointId;
use crate::plugin::diagnostics::Diagnostic;
use crate::plugin::value::Path;
use crate::provider::{diagnose, duration};

use super::open::{Access, timestamp};

/// Access that may be open and could not be revoked.
#[derive(Debug)]
pub(super) struct Unrevoked {
    pub(super) error: Error,
    pub(super) ends: OffsetDateTime,
}

/// An argument that Azure would not take.
pub(super) fn invalid(argument: &str, problem: &str) -> Diagnostic {
    Diagnostic::error(format!("Invalid {argument}"), diagnose::sentence(problem))
        .at(Path::attribute(argument))
}

/// There is no access. `taken_back` says what became of the one that Azure may have given
/// nevertheless.
pub(super) fn not_opened(
    id: &DiskRestorePointId,
    error: &Error,
    unfinished: Option<&str>,
    taken_back: Option<Result<(), Unrevoked>>,
) -> Diagnostic {
    let summary = match error {
        Error::Stopped => "Stopped while getting access to a disk",
        _ => "Cannot get access to the disk restore point",
    };
    let mut before = format!("There is no SAS for {id}.");
    if let Some(state) = unfinished {
        before.push_str(&format!(
            " Its data has not arrived yet ({state}): it can be read once the copy is usable. \
             azrestorepoint_replication waits for that."
        ));
    }
    let after = match taken_back {
        None => String::new(),
        Some(Ok(())) => {
            "Azure may have given access before that. It was revoked: nobody can read the disk."
                .to_owned()
        }
        Some(Err(unrevoked)) => format!(
            "Azure may have given access before that, and it could not be revoked: {}\n\n{}",
            diagnose::sentence(&unrevoked.error.answer()),
            by_hand(id, unrevoked.ends)
        ),
    };
    Diagnostic::error(summary, diagnose::around(&before, error, &after))
        .at(Path::attribute("disk_restore_point_id"))
}

/// Access that stays open.
pub(super) fn not_revoked(
    id: &DiskRestorePointId,
    ends: OffsetDateTime,
    error: &Error,
) -> Diagnostic {
    let before = format!(
        "Azure was asked to end the access to {id}, and has not said that it is ended. Whoever has the SAS can still \
         read the disk, and its restore point cannot be deleted."
    );
    Diagnostic::error(
        "Access to a disk was not revoked",
        diagnose::around(&before, error, &by_hand(id, ends)),
    )
}

/// Access that will end while the run may still need it.
pub(super) fn not_extended(
    id: &DiskRestorePointId,
    ends: OffsetDateTime,
    error: Option<&Error>,
) -> Diagnostic {
    const SUMMARY: &str = "Access to a disk cannot be renewed";
    let before = format!("The SAS for {id} ends at {}.", timestamp(ends));
    match error {
        None => Diagnostic::warning(
            SUMMARY,
            format!("{before} Azure has not extended it.\n\n{LONGER}"),
        ),
        Some(error) => Diagnostic::warning(SUMMARY, diagnose::around(&before, error, LONGER)),
    }
}

/// A renewal for which Azure has given another URL.
pub(super) fn replaced(id: &DiskRestorePointId) -> Diagnostic {
    Diagnostic::warning(
        "Access to a disk cannot be renewed",
        format!(
            "For a renewal of the access to {id} Azure has given another SAS. What uses the one of this run may lose \
             its access any time.\n\n{LONGER}"
        ),
    )
}

/// Access that has ended before it was closed.
pub(super) fn ended(id: &DiskRestorePointId, ends: OffsetDateTime) -> Diagnostic {
    Diagnostic::warning(
        "Access to a disk ended before the run",
        format!(
            "The SAS for {id} was good until {}. What has used it after that could not read the disk.\n\n{LONGER}",
            timestamp(ends)
        ),
    )
}

/// Access that another block has opened for a shorter time.
pub(super) fn shared(id: &DiskRestorePointId, access: &Access) -> Diagnostic {
    Diagnostic::warning(
        "Access to a disk ends sooner than asked for",
        format!(
            "Another block has opened {id} for {}, until {}, and Azure has one access to a disk. Give both blocks the \
             same duration.",
            duration::format(access.duration),
            timestamp(access.ends)
        ),
    )
    .at(Path::attribute("duration"))
}

const LONGER: &str = "Give it a duration that is longer than what uses it takes.";

fn by_hand(id: &DiskRestorePointId, ends: OffsetDateTime) -> String {
    format!(
        "It ends by itself at {}. To end it now:\n\n  {}",
        timestamp(ends),
        format_args!(
            "az rest --method post --url \"{}\"",
            disk_access::revocation_path(id)
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::golden::{Golden, error_body, refusal, target};
    use secrecy::SecretString;
    use std::time::{Duration, SystemTime};
    use time::macros::datetime;

    #[test]
    fn everything_about_access_to_a_disk() {
        let mut golden = Golden::folder("disk_access");
        let id = format!("{}/diskRestorePoints/os_11111111", target());
        let id = DiskRestorePointId::parse(&id).expect("an id");
        let path = format!("{}/beginGetAccess", id.path());
        let refused = |code: &str, message: &str| {
            let body = error_body(code, message);
            refusal(reqwest::Method::POST, &path, 409, &body)
        };
        let early = refused("OperationNotAllowed", "The disk is not there yet.");
        let busy = || refused("Conflict", "The disk is busy.");
        let ends = datetime!(2026-11-16 02:00:00.5 UTC);
        let lost = || Unrevoked {
            error: busy(),
            ends,
        };
        let access = Access {
            sas: SecretString::from("s3cret"),
            ends,
            renew_at: SystemTime::UNIX_EPOCH,
            duration: Duration::from_secs(600),
            holders: Default::default(),
        };
        let too_long = invalid("duration", "\"90d\": access lasts at most 60 days");
        let not_opened =
            |error: &Error, state, taken_back| not_opened(&id, error, state, taken_back);
        for (name, diagnostic) in [
            ("duration", too_long),
            ("refused", not_opened(&busy(), None, None)),
            (
                "unfinished",
                not_opened(&early, Some("Replicating, 40 %"), None),
            ),
            ("stopped", not_opened(&Error::Stopped, None, Some(Ok(())))),
            ("taken_back", not_opened(&busy(), None, Some(Ok(())))),
            (
                "left_open",
                not_opened(&Error::Stopped, None, Some(Err(lost()))),
            ),
            ("not_revoked", not_revoked(&id, ends, &busy())),
            ("not_extended", not_extended(&id, ends, None)),
            ("not_renewed", not_extended(&id, ends, Some(&busy()))),
            ("replaced", replaced(&id)),
            ("ended", ended(&id, ends)),
            ("shared", shared(&id, &access)),
        ] {
            assert!(!diagnostic.detail.contains("s3cret"));
            golden.message(name, &diagnostic);
        }
    }
}
