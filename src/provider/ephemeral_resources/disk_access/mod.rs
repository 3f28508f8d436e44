//! `azrestorepoint_disk_access`: a URL with which the data of a disk restore point can be read.
//!
//! Azure has one access to a disk: whoever ends it ends it for everybody. So the blocks of this
//! process share it, and only the last one to close revokes it.

mod open;
mod schema;
mod words;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio::sync::MutexGuard;
use uuid::Uuid;

use crate::arm::compute::{disk_access, disk_restore_points};
use crate::arm::error::Error;
use crate::arm::patience::Interrupted;
use crate::arm::resource_id::DiskRestorePointId;
use crate::arm::{Client, Patience};
use crate::plugin::diagnostics::{Diagnostic, Diagnostics};
use crate::plugin::ephemeral::{
    CloseRequest, EphemeralResource, OpenRequest, Opened, RenewRequest, Renewed,
};
use crate::plugin::schema::Schema;
use crate::plugin::value::Value;
use crate::provider::session::Session;
use crate::provider::validators;

use open::{Access, Disks};
use words::Unrevoked;

/// How long it may take to get access. It takes Azure seconds.
const OPEN_LIMIT: Duration = Duration::from_secs(10 * 60);

/// How long a renewal may take. A close waits for it.
const RENEW_LIMIT: Duration = Duration::from_secs(60);

/// How long it may take to revoke access, after a stop too.
const CLOSE_LIMIT: Duration = Duration::from_secs(2 * 60);

/// The same where access was not given, so far as anybody knows: whoever has stopped waits.
const TAKE_BACK_LIMIT: Duration = Duration::from_secs(30);

/// How long a look may take that only makes a message better.
const LOOK_LIMIT: Duration = Duration::from_secs(10);

/// How long before its end access is renewed, and for short ones this part of the time. It is
/// late on purpose: should Azure give another URL, the one in use may end with that.
const RENEWAL_MARGIN: Duration = Duration::from_secs(5 * 60);
const RENEWAL_PART: u32 = 4;

/// The ephemeral resource.
#[derive(Debug)]
pub(crate) struct DiskAccess {
    session: Arc<Session>,
    disks: Disks,
}

/// What an open notes for its renewals and its close. There is no secret in it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Note {
    disk_restore_point_id: String,
    /// Tells the blocks apart that share the access to a disk.
    holder: String,
    duration_seconds: u64,
    /// In seconds since 1970.
    ends: i64,
}

impl DiskAccess {
    /// The ephemeral resource, which asks Azure through this session.
    pub(crate) fn new(session: Arc<Session>) -> Self {
        Self {
            session,
            disks: Disks::default(),
        }
    }

    async fn try_open(&self, request: OpenRequest) -> Result<Opened, Diagnostic> {
        let config = request.config;
        let id = config.get("disk_restore_point_id");
        let id = DiskRestorePointId::parse_strict(id.as_str().unwrap_or_default())
            .map_err(|error| words::invalid("disk_restore_point_id", &error.to_string()))?;
        let duration = schema::duration(&config)?;
        let client = self.session.client()?;
        let patience = Patience::new(OPEN_LIMIT, request.context.stop.clone());
        let disk = self.disks.of(&id);
        let mut access = patience
            .run(disk.lock())
            .await
            .map_err(|interrupted| words::not_opened(&id, &in_time(interrupted), None, None))?;
        let now = OffsetDateTime::now_utc();
        let mut diagnostics = Diagnostics::default();
        match access.as_ref().filter(|access| access.ends > now) {
            Some(shared) if shared.duration < duration => {
                diagnostics.push(words::shared(&id, shared));
            }
            Some(_) => {}
            None => *access = Some(grant(&client, &id, duration, &patience).await?),
        }
        let access = access.as_mut().expect("it is open");
        let holder = Uuid::new_v4().to_string();
        access.holders.insert(holder.clone());
        let note = Note {
            disk_restore_point_id: id.to_string(),
            holder,
            duration_seconds: access.duration.as_secs(),
            ends: access.ends.unix_timestamp(),
        };
        let mut result = config;
        result.insert("access_sas", access.sas.expose_secret().into());
        result.insert("expires_at", open::timestamp(access.ends).into());
        Ok(Opened {
            result: Some(result),
            renew_at: Some(access.renew_at),
            private: note.into(),
            diagnostics,
        })
    }

    async fn try_renew(
        &self,
        note: &mut Note,
        request: &RenewRequest,
    ) -> Result<SystemTime, Diagnostics> {
        let id = DiskRestorePointId::parse(&note.disk_restore_point_id)
            .map_err(|error| words::invalid("disk_restore_point_id", &error.to_string()))?;
        let client = self.session.client()?;
        let patience = Patience::new(RENEW_LIMIT, request.context.stop.clone());
        let disk = self.disks.of(&id);
        let Ok(mut access) = patience.run(disk.lock()).await else {
            return Err(Diagnostics::default());
        };
        let Some(access) = access.as_mut() else {
            return Err(words::not_extended(&id, note.ends(), None).into());
        };
        // Another block may have done it for all of them.
        if access.ends.unix_timestamp() <= note.ends {
            let extended = extend(&client, &id, access, &patience).await;
            // The close repeats it to those who were not shown what a renewal says.
            note.ends = access.ends.unix_timestamp();
            extended?;
        }
        note.ends = access.ends.unix_timestamp();
        Ok(access.renew_at)
    }

    async fn try_close(&self, note: &Note) -> Result<(), Diagnostic> {
        let id = DiskRestorePointId::parse(&note.disk_restore_point_id)
            .map_err(|error| words::invalid("disk_restore_point_id", &error.to_string()))?;
        let client = self.session.client()?;
        // Nothing cuts it short: a stop is why it is closed, perhaps.
        let patience = Patience::detached(CLOSE_LIMIT);
        let disk = self.disks.of(&id);
        let locked = patience.run(disk.lock()).await;
        let mut ends = note.ends();
        if let Ok(mut access) = locked {
            if let Some(access) = access.as_mut() {
                if !access.holders.remove(&note.holder) {
                    // Ours has ended, and somebody has opened the disk anew.
                    return ended(&id, ends);
                }
                ends = access.ends;
                if !access.holders.is_empty() {
                    return ended(&id, ends);
                }
            }
            // Until this is over nobody else can open the disk, only to have it closed.
            return revoke(&client, &id, &patience, access, ends).await;
        }
        Err(words::not_revoked(
            &id,
            ends,
            &in_time(Interrupted::DeadlinePassed),
        ))
    }
}

async fn revoke(
    client: &Client,
    id: &DiskRestorePointId,
    patience: &Patience,
    mut access: MutexGuard<'_, Option<Access>>,
    ends: OffsetDateTime,
) -> Result<(), Diagnostic> {
    *access = None;
    let revoked = disk_access::revoke(client, id, patience).await;
    ended(id, ends)?;
    revoked.map_err(|error| words::not_revoked(id, ends, &error))
}

/// Says so if access has ended before it was closed: whatever has used it since has failed. That
/// it cannot be revoked any more is no news then.
fn ended(id: &DiskRestorePointId, ends: OffsetDateTime) -> Result<(), Diagnostic> {
    if ends < OffsetDateTime::now_utc() {
        return Err(words::ended(id, ends));
    }
    Ok(())
}

/// Asks for access. Where it was given and cannot be used, it is taken back.
async fn grant(
    client: &Client,
    id: &DiskRestorePointId,
    duration: Duration,
    patience: &Patience,
) -> Result<Access, Diagnostic> {
    let (began, began_here) = (OffsetDateTime::now_utc(), SystemTime::now());
    let granted = disk_access::grant(client, id, duration, patience).await;
    let failure = match granted {
        Ok(granted) => {
            return Ok(Access {
                ends: granted.expires_at().unwrap_or(began + duration),
                renew_at: renew_at(began_here, duration),
                sas: granted.sas,
                duration,
                holders: Default::default(),
            });
        }
        Err(failure) => failure,
    };
    let mut taken_back = None;
    if failure.may_be_granted {
        let patience = Patience::detached(TAKE_BACK_LIMIT);
        let revoked = disk_access::revoke(client, id, &patience).await;
        taken_back = Some(revoked.map_err(|error| Unrevoked {
            error,
            ends: began + duration,
        }));
    }
    let unfinished = match failure.error.status() {
        Some(400 | 409) => {
            let patience = patience.with_limit(LOOK_LIMIT);
            let found = disk_restore_points::get(client, id, &patience).await;
            found.ok().and_then(|found| found.properties.unfinished())
        }
        _ => None,
    };
    Err(words::not_opened(
        id,
        &failure.error,
        unfinished.as_deref(),
        taken_back,
    ))
}

/// Asks for the same access again. Azure may keep the end of a URL apart from it, and then the
/// one in use lives longer. If it gives another one, that is of no use: nobody has it.
async fn extend(
    client: &Client,
    id: &DiskRestorePointId,
    access: &mut Access,
    patience: &Patience,
) -> Result<(), Diagnostics> {
    let (began, began_here) = (OffsetDateTime::now_utc(), SystemTime::now());
    let granted = disk_access::grant(client, id, access.duration, patience).await;
    match granted {
        Ok(granted) if granted.sas.expose_secret() == access.sas.expose_secret() => {
            let ends = granted.expires_at().unwrap_or(began + access.duration);
            if ends <= access.ends {
                return Err(words::not_extended(id, access.ends, None).into());
            }
            access.ends = ends;
            access.renew_at = renew_at(began_here, access.duration);
            Ok(())
        }
        Ok(_) => {
            // Whether the one in use still works is Azure's secret.
            access.ends = access.ends.min(began);
            Err(words::replaced(id).into())
        }
        Err(failure) => match failure.error {
            Error::Stopped => Err(Diagnostics::default()),
            error => Err(words::not_extended(id, access.ends, Some(&error)).into()),
        },
    }
}

fn renew_at(began: SystemTime, duration: Duration) -> SystemTime {
    began + duration.saturating_sub(RENEWAL_MARGIN.min(duration / RENEWAL_PART))
}

fn in_time(interrupted: Interrupted) -> Error {
    interrupted.into()
}

impl Note {
    fn ends(&self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(self.ends).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

impl From<Note> for serde_json::Value {
    fn from(note: Note) -> Self {
        serde_json::to_value(note).expect("plain fields have a JSON form")
    }
}

#[async_trait]
impl EphemeralResource for DiskAccess {
    fn schema(&self) -> Schema {
        schema::schema()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let id = validators::disk_restore_point_id(config, "disk_restore_point_id");
        id.into_iter()
            .chain(schema::duration(config).err())
            .collect()
    }

    async fn open(&self, request: OpenRequest) -> Opened {
        self.try_open(request).await.unwrap_or_else(Opened::failed)
    }

    async fn renew(&self, request: RenewRequest) -> Renewed {
        let Ok(mut note) = serde_json::from_value::<Note>(request.private.clone()) else {
            return Renewed::default();
        };
        let renewed = self.try_renew(&mut note, &request).await;
        let (renew_at, diagnostics) = match renewed {
            Ok(renew_at) => (Some(renew_at), Diagnostics::default()),
            Err(diagnostics) => (None, diagnostics),
        };
        Renewed {
            renew_at,
            private: note.into(),
            diagnostics,
        }
    }

    async fn close(&self, request: CloseRequest) -> Diagnostics {
        match serde_json::from_value::<Note>(request.private) {
            Ok(note) => self.try_close(&note).await.err().into_iter().collect(),
            // Nothing was opened.
            Err(_) => Diagnostics::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_is_renewed_shortly_before_its_end() {
        #[track_caller]
        fn check(seconds: u64, expected: u64) {
            let began = SystemTime::UNIX_EPOCH;
            let expected = began + Duration::from_secs(expected);
            assert_eq!(renew_at(began, Duration::from_secs(seconds)), expected);
        }
        check(3600, 3300);
        check(1200, 900);
        check(60, 45);
    }
}
