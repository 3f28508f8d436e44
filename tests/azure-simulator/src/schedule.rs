//! When the disks of copies begin to replicate, and what ends them besides their course.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use time::OffsetDateTime;
use time::macros::datetime;

use crate::arm::restore_point::{Origin, RestorePoint};
use crate::replication::{Phase, Replication};
use crate::state::State;

/// The end of a disk that replicates until a test says otherwise.
const NEVER: OffsetDateTime = datetime!(9999-12-31 0:00 UTC);

impl State {
    /// Lets the disks begin whose turn has come, at the time when it came.
    ///
    /// Assumed: first come, first served; that a disk keeps its place among the others until it
    /// is over, failed or deleted; and that one that waits looks like one that has got nowhere.
    pub(crate) fn begin_disks(&mut self, now: OffsetDateTime) {
        let Some(limit) = self.settings.rules.disks_in_parallel else {
            for point in self.copies_mut() {
                let begun = point.begun();
                for disk in &mut point.disks {
                    disk.started = disk.started.or(begun);
                }
            }
            return;
        };
        let mut regions: BTreeMap<String, Region> = BTreeMap::new();
        let settled = self.settled;
        for collection in &mut self.collections {
            let gone = collection.deleted;
            for point in &mut collection.restore_points {
                let Some(begun) = point.begun() else {
                    continue;
                };
                let leaves = earliest([gone, point.deleted, point.fails.then_some(point.ready)]);
                let region = regions.entry(collection.location.clone()).or_default();
                for disk in &mut point.disks {
                    match disk.started {
                        Some(started) => {
                            region.occupy(disk.replication.end(started).min(leaves), settled);
                        }
                        None => region.waiting.push(Waiting {
                            begun,
                            leaves,
                            replication: disk.replication.clone(),
                            started: &mut disk.started,
                        }),
                    }
                }
            }
        }
        for region in regions.into_values() {
            region.begin(limit, settled, now);
        }
    }

    /// Lets the unfinished disks fail whose source is gone since then, unless copies outlive it.
    pub(crate) fn lose_sources(&mut self, gone: &[(String, OffsetDateTime)]) {
        if self.settings.rules.copies_outlive_source {
            return;
        }
        for point in self.copies_mut() {
            let lost = gone.iter().find(|(id, _)| {
                let source = point.copied_from();
                source.is_some_and(|source| source.eq_ignore_ascii_case(id))
            });
            let Some((_, time)) = lost else {
                continue;
            };
            for disk in &mut point.disks {
                if disk.phase(*time) == Phase::Replicating {
                    let percent = disk.completion_percent(*time);
                    let percent = percent.and_then(|percent| u8::try_from(percent.as_u64()?).ok());
                    disk.replication = Replication::Failed(percent.unwrap_or_default());
                }
            }
        }
    }

    fn copies_mut(&mut self) -> impl Iterator<Item = &mut RestorePoint> {
        self.collections
            .iter_mut()
            .flat_map(|collection| &mut collection.restore_points)
            .filter(|point| point.begun().is_some())
    }
}

impl RestorePoint {
    /// When copying began; `None` for a local point.
    pub(crate) fn begun(&self) -> Option<OffsetDateTime> {
        match self.origin {
            Origin::Local { .. } => None,
            Origin::Copy { begun, .. } => Some(begun),
        }
    }
}

/// The disks that replicate to one region, or want to.
#[derive(Default)]
struct Region<'a> {
    /// The ends of those that were replicating at the last look, the earliest on top.
    running: BinaryHeap<Reverse<OffsetDateTime>>,
    waiting: Vec<Waiting<'a>>,
}

struct Waiting<'a> {
    begun: OffsetDateTime,
    leaves: OffsetDateTime,
    replication: Replication,
    started: &'a mut Option<OffsetDateTime>,
}

impl Region<'_> {
    fn occupy(&mut self, end: OffsetDateTime, settled: OffsetDateTime) {
        if end > settled {
            self.running.push(Reverse(end));
        }
    }

    fn begin(mut self, limit: usize, settled: OffsetDateTime, now: OffsetDateTime) {
        // Stable: disks of one copy begin in their order.
        self.waiting.sort_by_key(|waiting| waiting.begun);
        for waiting in self.waiting {
            let mut start = waiting.begun.max(settled);
            while self.running.len() >= limit {
                match self.running.pop() {
                    Some(Reverse(end)) => start = start.max(end),
                    None => return,
                }
            }
            if start > now {
                return;
            }
            if start < waiting.leaves {
                *waiting.started = Some(start);
                let end = waiting.replication.end(start).min(waiting.leaves);
                self.running.push(Reverse(end));
            }
        }
    }
}

fn earliest<const N: usize>(times: [Option<OffsetDateTime>; N]) -> OffsetDateTime {
    times.into_iter().flatten().min().unwrap_or(NEVER)
}

impl Replication {
    /// When a disk that began then is over.
    fn end(&self, started: OffsetDateTime) -> OffsetDateTime {
        self.length().map_or(NEVER, |length| started + length)
    }
}
