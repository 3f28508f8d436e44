//! How far a restore point is, in words.

use crate::arm::compute::models::RestorePoint;
use crate::arm::compute::replication::{
    DiskReplication, Replication, ReplicationState, replication,
};

/// ` (slowest disk 40 %: os 100 %, data-1 40 %)`, or nothing where nothing is known.
pub(crate) fn progress(found: &RestorePoint) -> String {
    let all = disks(found, |_| true);
    match (replication(found).completion_percent, all.is_empty()) {
        (_, true) => String::new(),
        (Some(slowest), false) => format!(" (slowest disk {slowest} %: {all})"),
        (None, false) => format!(" ({all})"),
    }
}

/// The chosen disks with their percentages, by name.
pub(crate) fn disks(found: &RestorePoint, chosen: impl Fn(&DiskReplication) -> bool) -> String {
    disks_of(&replication(found), chosen)
}

/// The same of a replication.
pub(crate) fn disks_of(
    replication: &Replication,
    chosen: impl Fn(&DiskReplication) -> bool,
) -> String {
    let disks = replication
        .disks
        .iter()
        .filter(|disk| chosen(disk))
        .map(|disk| {
            let name = &disk.name;
            let words = match (&disk.code, &disk.message, disk.state) {
                (Some(code), Some(message), ReplicationState::Failed) => {
                    format!(" ({code}: {message})")
                }
                (Some(code), None, ReplicationState::Failed) => format!(" ({code})"),
                _ => String::new(),
            };
            match disk.completion_percent {
                Some(percent) => format!("{name} {percent} %{words}"),
                None => format!("{name}{words}"),
            }
        });
    disks.collect::<Vec<_>>().join(", ")
}
