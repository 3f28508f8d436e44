//! Which disks are open in this process, and for whom.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use secrecy::SecretString;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::arm::resource_id::DiskRestorePointId;

/// A lock for each disk, so that one call at a time opens, renews or closes it.
#[derive(Default)]
pub(super) struct Disks(Mutex<HashMap<DiskRestorePointId, Disk>>);

/// The access to one disk; `None` while there is none.
pub(super) type Disk = Arc<tokio::sync::Mutex<Option<Access>>>;

/// Access that is open.
pub(super) struct Access {
    pub(super) sas: SecretString,
    /// When it ends, by Azure's clock where Azure says so.
    pub(super) ends: OffsetDateTime,
    /// When to renew it, by the clock of this machine.
    pub(super) renew_at: SystemTime,
    /// How long it was asked for.
    pub(super) duration: Duration,
    /// Who has not closed it yet.
    pub(super) holders: HashSet<String>,
}

impl Disks {
    /// The disk of this id.
    pub(super) fn of(&self, id: &DiskRestorePointId) -> Disk {
        let mut disks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        disks.entry(id.clone()).or_default().clone()
    }
}

impl fmt::Debug for Disks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Disks").finish_non_exhaustive()
    }
}

/// A moment in whole seconds, as in `2026-11-16T01:00:00Z`.
pub(super) fn timestamp(time: OffsetDateTime) -> String {
    let whole = time.replace_nanosecond(0).unwrap_or(time);
    whole.format(&Rfc3339).unwrap_or_default()
}
