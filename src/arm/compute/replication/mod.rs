//! The replication of a copied restore point: the rule that says when it is usable, and the wait.
//!
//! Azure's operation ends, and the provisioning state says Succeeded, when copying has *begun*.
//! The data follows for minutes to days; only the instance view of each disk tells.

mod ask;
mod contact;
mod observer;
mod progress;
mod rate;
mod wait;

pub use ask::ask;
pub use observer::{Log, Look, Observer};
pub use rate::{Estimate, Rate};
pub use wait::{Poll, ReplicationEnd, observe_replication, wait_for_replication};

use crate::arm::compute::models::{DiskRestorePointInstanceView, InstanceViewStatus, RestorePoint};

/// The kind of status that tells about replication; others stand beside it.
const REPLICATION_STATE_PREFIX: &str = "replicationstate/";

/// How a restore point, or one of its disks, has replicated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplicationState {
    /// Data is on its way.
    Replicating,
    /// Everything has arrived.
    Succeeded,
    /// Azure has given up; it cannot resume.
    Failed,
    /// Azure does not say, or says something unheard of. It may still succeed.
    Unknown,
}

/// The replication of a restore point, summed up over its disks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replication {
    /// Succeeded when every disk is, Failed when one is.
    pub state: ReplicationState,
    /// How far the slowest disk is; `None` if no disk says.
    pub completion_percent: Option<u8>,
    /// Every disk of the instance view, then those that it does not show yet.
    pub disks: Vec<DiskReplication>,
}

/// The replication of one disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiskReplication {
    /// Resource id of the disk restore point; empty if Azure gave none.
    pub disk_restore_point_id: String,
    /// Name of the disk it was taken of, or else of the disk restore point.
    pub name: String,
    /// How it has replicated.
    pub state: ReplicationState,
    /// How far it is, if Azure says.
    pub completion_percent: Option<u8>,
    /// Azure's status code, for example `ReplicationState/replicating`.
    pub code: Option<String>,
    /// Azure's message, which is rarely given.
    pub message: Option<String>,
}

/// Sums up the replication of every disk: the slowest one decides, one failure fails all.
///
/// Done means that every disk of the instance view says `ReplicationState/succeeded`, that these
/// are all disks of the restore point, and that Azure has finished to create it. A restore point
/// without disks in its view is not done. The summary beside the disks is never believed.
pub fn replication(restore_point: &RestorePoint) -> Replication {
    let view = restore_point.properties.instance_view.as_ref();
    let shown = view.map_or(&[][..], |view| &view.disk_restore_points);
    let mut disks: Vec<DiskReplication> = shown
        .iter()
        .map(|disk| disk_replication(disk, restore_point))
        .collect();
    let missing = missing_disks(restore_point, &disks);
    let complete = missing.is_empty() && disks.len() >= least_disks(restore_point);
    disks.extend(missing);
    Replication {
        state: sum(restore_point, &disks, complete),
        completion_percent: slowest_percent(&disks),
        disks,
    }
}

impl ReplicationState {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Replicating => "Replicating",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Unknown => "Unknown",
        }
    }
}

impl Replication {
    /// Whether a virtual machine can be restored from it.
    pub fn is_usable(&self) -> bool {
        self.state == ReplicationState::Succeeded
    }

    /// The disk that is furthest from its end.
    pub fn slowest_disk(&self) -> Option<&DiskReplication> {
        let unfinished = self.disks.iter();
        unfinished
            .filter(|disk| disk.state != ReplicationState::Succeeded)
            .min_by_key(|disk| disk.completion_percent.unwrap_or(0))
    }

    /// How far it is, in a few words, such as `42 % replicated (slowest disk data-1)`.
    pub fn summary(&self) -> String {
        progress::summary(self)
    }

    /// The disks that Azure has given up.
    pub fn failed_disks(&self) -> impl Iterator<Item = &DiskReplication> {
        let disks = self.disks.iter();
        disks.filter(|disk| disk.state == ReplicationState::Failed)
    }
}

fn sum(
    restore_point: &RestorePoint,
    disks: &[DiskReplication],
    complete: bool,
) -> ReplicationState {
    use ReplicationState::{Failed, Replicating, Succeeded, Unknown};
    let provisioning = |state| restore_point.is_provisioning_state(state);
    let any = |state| disks.iter().any(|disk| disk.state == state);
    let ended_badly = ["Failed", "Canceled", "Cancelled"]
        .into_iter()
        .any(provisioning);
    let created =
        provisioning("Succeeded") || restore_point.properties.provisioning_state.is_none();
    if ended_badly || any(Failed) {
        Failed
    } else if any(Replicating) {
        Replicating
    } else if any(Unknown) || disks.is_empty() {
        Unknown
    } else if complete && created {
        Succeeded
    } else {
        // Every disk that is shown has arrived, but not every disk is shown.
        Replicating
    }
}

fn disk_replication(
    disk: &DiskRestorePointInstanceView,
    restore_point: &RestorePoint,
) -> DiskReplication {
    let replication = disk.replication_status.as_ref();
    let status = replication.and_then(|replication| replication.status.as_ref());
    let state = status.map_or(ReplicationState::Unknown, state_of);
    let percent = replication.and_then(|replication| replication.completion_percent);
    let id = disk.id.clone().unwrap_or_default();
    DiskReplication {
        name: disk_name(&id, restore_point),
        disk_restore_point_id: id,
        state,
        completion_percent: match state {
            ReplicationState::Succeeded => Some(100),
            _ => percent,
        },
        code: status.and_then(|status| status.code.clone()),
        message: status.and_then(|status| status.message.clone()),
    }
}

/// What a status says. Only `replicating` was ever recorded and only `succeeded` is documented;
/// nobody has published how a failure is spelled, so everything that sounds like one is one.
fn state_of(status: &InstanceViewStatus) -> ReplicationState {
    let level = status.level.as_deref().unwrap_or_default();
    let code = status
        .code
        .as_deref()
        .unwrap_or_default()
        .to_ascii_lowercase();
    if level.eq_ignore_ascii_case("error") {
        return ReplicationState::Failed;
    }
    match code.strip_prefix(REPLICATION_STATE_PREFIX) {
        Some("succeeded") => ReplicationState::Succeeded,
        Some("replicating") => ReplicationState::Replicating,
        Some(state) if state.ends_with("failed") || state.ends_with("error") => {
            ReplicationState::Failed
        }
        _ => ReplicationState::Unknown,
    }
}

/// The disks whose restore points exist and which the instance view does not show.
fn missing_disks(restore_point: &RestorePoint, shown: &[DiskReplication]) -> Vec<DiskReplication> {
    listed_ids(restore_point)
        .filter(|(_, id)| {
            let is_it = |disk: &DiskReplication| same_id(&disk.disk_restore_point_id, id);
            !shown.iter().any(is_it)
        })
        .map(|(name, id)| DiskReplication {
            disk_restore_point_id: id.to_owned(),
            name: name.map_or_else(|| last_segment(id).to_owned(), str::to_owned),
            state: ReplicationState::Unknown,
            completion_percent: None,
            code: None,
            message: None,
        })
        .collect()
}

/// How many disks the view must show at least: while no disk has a restore point id to look for,
/// as many as the machine had; and never none.
fn least_disks(restore_point: &RestorePoint) -> usize {
    if listed_ids(restore_point).next().is_some() {
        return 1;
    }
    let storage = &restore_point.properties.source_metadata.storage_profile;
    storage.disks().count().max(1)
}

fn listed_ids(restore_point: &RestorePoint) -> impl Iterator<Item = (Option<&str>, &str)> {
    let storage = &restore_point.properties.source_metadata.storage_profile;
    storage
        .disks()
        .filter_map(|(name, point)| Some((name, point?.id.as_deref()?)))
}

fn disk_name(id: &str, restore_point: &RestorePoint) -> String {
    listed_ids(restore_point)
        .find(|(_, listed)| same_id(listed, id))
        .and_then(|(name, _)| name)
        .unwrap_or_else(|| last_segment(id))
        .to_owned()
}

fn same_id(one: &str, other: &str) -> bool {
    one.trim_matches('/')
        .eq_ignore_ascii_case(other.trim_matches('/'))
}

fn last_segment(id: &str) -> &str {
    id.trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default()
}

/// The slowest disk decides. An unfinished disk that does not say counts as 0 where others do.
fn slowest_percent(disks: &[DiskReplication]) -> Option<u8> {
    if disks.iter().all(|disk| disk.completion_percent.is_none()) {
        return None;
    }
    let percents = disks
        .iter()
        .map(|disk| disk.completion_percent.unwrap_or(0));
    percents.min()
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod wait_tests;
