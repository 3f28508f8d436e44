//! Reading the data behind a disk restore point: a shared access signature (SAS) for one disk.
//!
//! Azure gives it with `beginGetAccess` and takes every one of the disk back with `endGetAccess`.
//! Both are long-running, and neither was recorded for restore points: the result may stand in
//! the first answer, in the last status of the operation, or behind its `Location`.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use url::Url;

use super::disk_restore_points::API_VERSION;
use crate::arm::error::Error;
use crate::arm::operation::{CannotFollow, Operation, OperationEnd};
use crate::arm::patience::{self, Patience};
use crate::arm::resource_id::DiskRestorePointId;
use crate::arm::transport::{Answer, Client, Expected, Request};

/// The longest time for which Azure gives access to disks and snapshots: 60 days
/// (<https://learn.microsoft.com/azure/virtual-machines/windows/download-vhd>).
pub const DURATION_MAX: Duration = Duration::from_secs(60 * 24 * 60 * 60);

/// The pause before a revocation is tried again that Azure refused because the disk was busy.
const BUSY_INTERVAL: Duration = Duration::from_secs(5);

/// Access to the data of a disk.
#[derive(Clone, Debug)]
pub struct DiskAccess {
    /// The URL with its signature: whoever has it can read the disk.
    pub sas: SecretString,
}

/// Why there is no access.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct GrantError {
    /// What went wrong.
    pub error: Error,
    /// Whether Azure may have given access all the same, so that it has to be revoked.
    pub may_be_granted: bool,
}

/// Where Azure gives a SAS.
#[derive(Default, Deserialize)]
#[serde(default)]
struct AccessUri {
    #[serde(rename = "accessSAS", alias = "accessSas")]
    access_sas: Option<SecretString>,
}

/// The last status of an operation with a result.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Status {
    properties: Output,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Output {
    output: AccessUri,
}

impl DiskAccess {
    /// When it ends, if the URL says so. Some name a policy in its place, which Azure keeps.
    pub fn expires_at(&self) -> Option<OffsetDateTime> {
        let url = Url::parse(self.sas.expose_secret()).ok()?;
        let (_, end) = url.query_pairs().find(|(name, _)| name == "se")?;
        OffsetDateTime::parse(&end, &Rfc3339).ok()
    }
}

/// Asks for a SAS with which the disk can be read for so long, in whole seconds.
///
/// # Errors
/// [`GrantError`] also says whether access may have been given although no answer says so.
pub async fn grant(
    client: &Client,
    id: &DiskRestorePointId,
    duration: Duration,
    patience: &Patience,
) -> Result<DiskAccess, GrantError> {
    let body = json!({"access": "Read", "durationInSeconds": duration.as_secs()});
    let url = client.url(&format!("{}/beginGetAccess", id.path()), API_VERSION, None);
    let request = Request::post(url, Some(body), Expected::Secret);
    let answer = client
        .send(&request, patience)
        .await
        .map_err(|failure| GrantError {
            error: failure.error,
            may_be_granted: failure.may_have_been_accepted,
        })?;
    if let Some(access) = read(&answer) {
        return Ok(access);
    }
    let operation = Operation::from_answer(&answer, client.cloud());
    let why = match operation.wait_for_secret(client, patience, read).await {
        Ok(Ok(access)) => return Ok(access),
        Ok(Err(why)) => why,
        Err(error) => {
            // An operation that has failed has given nothing.
            let may_be_granted = !matches!(error, Error::OperationFailed(_));
            return Err(GrantError {
                error,
                may_be_granted,
            });
        }
    };
    let error = match why {
        CannotFollow::Denied { error, .. } => error,
        CannotFollow::NoStatusMonitor | CannotFollow::Unknown => {
            answer.unreadable("it holds no accessSAS, and leads to none".to_owned(), false)
        }
    };
    Err(GrantError {
        error,
        may_be_granted: true,
    })
}

/// The path of the request that takes access back, for whoever has to send it by hand.
pub fn revocation_path(id: &DiskRestorePointId) -> String {
    format!("{}/endGetAccess?api-version={API_VERSION}", id.path())
}

/// Takes back every SAS of the disk, whoever has asked for it.
///
/// Done when Azure says so; that there is nothing to take back, or no such disk any more, is as
/// good. A disk that is busy, for example because access is just being given, is waited for.
///
/// # Errors
/// Any [`Error`]; then access may still be open.
pub async fn revoke(
    client: &Client,
    id: &DiskRestorePointId,
    patience: &Patience,
) -> Result<(), Error> {
    loop {
        let url = client.url(&format!("{}/endGetAccess", id.path()), API_VERSION, None);
        let request = Request::post(url, None, Expected::HeadersOnly);
        let error = match client.send(&request, patience).await {
            Ok(answer) => match finished(client, &answer, patience).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            },
            Err(failure) if failure.error.is_not_found() => return Ok(()),
            Err(failure) => failure.error,
        };
        let is_locked = error.code() == Some("ScopeLocked");
        if error.status() != Some(409) || is_locked {
            return Err(error);
        }
        let pause = patience::scaled(BUSY_INTERVAL);
        if patience
            .pause_between_looks(pause, error.retry_after())
            .await
            .is_err()
        {
            // Why it was refused says more than that time is up.
            return Err(error);
        }
    }
}

/// Follows a revocation. One that cannot be followed was accepted all the same, and there is
/// nothing else to look at.
async fn finished(client: &Client, answer: &Answer, patience: &Patience) -> Result<(), Error> {
    if answer.status.as_u16() != 202 {
        return Ok(());
    }
    let operation = Operation::from_answer(answer, client.cloud());
    match operation.wait(client, patience).await? {
        OperationEnd::Succeeded | OperationEnd::AskResource(_) => Ok(()),
    }
}

/// The SAS in an answer: at its root, or in the output of an operation.
fn read(answer: &Answer) -> Option<DiskAccess> {
    let at_root = answer.json().unwrap_or_else(|_| AccessUri::default());
    let found = at_root.access_sas.or_else(|| {
        let status: Status = answer.json().ok()?;
        status.properties.output.access_sas
    });
    let sas = found.filter(|sas| !sas.expose_secret().is_empty())?;
    Some(DiskAccess { sas })
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn the_end_is_read_where_the_url_has_one() {
        #[track_caller]
        fn check(sas: &str, expected: Option<OffsetDateTime>) {
            let access = DiskAccess {
                sas: SecretString::from(sas),
            };
            assert_eq!(access.expires_at(), expected, "{sas}");
        }
        check(
            "https://md.example/x?sv=1&se=2026-11-16T02%3A00%3A00Z&sig=s",
            Some(datetime!(2026-11-16 02:00 UTC)),
        );
        check("https://md.example/x?sv=1&si=policy&sig=s", None);
        check("https://md.example/x?se=tomorrow", None);
        check("no URL", None);
    }

    #[test]
    fn access_is_not_shown() {
        let access = DiskAccess {
            sas: SecretString::from("https://md.example/x?sig=s3cret"),
        };
        assert!(!format!("{access:?}").contains("s3cret"));
    }
}
