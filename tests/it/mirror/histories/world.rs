//! The world of one mirror: its source, its copies, and those who meddle with them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use azrestorepoint::plugin::value::Value;
use azure_simulator::{Fault, Replication, Simulator, SourceCollection, SourceRestorePoint};
use serde_json::json;

use super::{HOUR, MIRROR};
use crate::support::core::{Core, Object};

/// Numbers that look random, the same from the same seed (SplitMix64).
pub(super) struct Random(pub(super) u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub(super) fn in_a_hundred(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// One mirror, and what its world knows of it.
pub(super) struct History {
    pub(super) number: usize,
    pub(super) source: String,
    pub(super) target: String,
    /// The source's restore points, by name, with the hour at which each was taken.
    pub(super) sources: BTreeMap<String, u32>,
    pub(super) taken: u32,
    /// Every copy that was ever asked for, by name.
    pub(super) names: BTreeSet<String>,
    pub(super) keep_newest: Option<usize>,
    pub(super) keep_oldest: bool,
    pub(super) pinned: BTreeSet<String>,
    pub(super) all: bool,
    pub(super) object: Option<Object>,
    /// What has happened, to be told if something is wrong.
    pub(super) log: Vec<String>,
}

/// A copy as Azure has it.
#[derive(Clone, Debug)]
pub(super) struct Copy {
    pub(super) name: String,
    pub(super) time: String,
    pub(super) state: String,
}

impl History {
    pub(super) fn new(azure: &Simulator, number: usize, random: &mut Random) -> Self {
        let name = format!("vm-{number}");
        let source =
            azure.seed_source_collection(&SourceCollection::new("rg-source", &name, "eastus"));
        let target =
            azure.seed_target_collection("rg-dr", &format!("{name}-dr"), "westus2", &source);
        let mut history = Self {
            number,
            source,
            target,
            sources: BTreeMap::new(),
            taken: 0,
            names: BTreeSet::new(),
            keep_newest: None,
            keep_oldest: true,
            pinned: BTreeSet::new(),
            all: false,
            object: None,
            log: Vec::new(),
        };
        history.decide(random);
        history
    }

    /// The user changes the arguments.
    pub(super) fn decide(&mut self, random: &mut Random) {
        self.keep_newest = match random.below(6) {
            0 => None,
            keep => usize::try_from(keep).ok(),
        };
        self.keep_oldest = random.in_a_hundred(50);
        self.all = random.in_a_hundred(40);
        self.pinned = self
            .names
            .iter()
            .filter(|_| random.in_a_hundred(5))
            .cloned()
            .collect();
    }

    pub(super) fn config(&self, core: &Core) -> Value {
        let keep = self.keep_newest.and_then(|keep| i64::try_from(keep).ok());
        let pinned = self.pinned.iter().map(|name| name.as_str().into());
        let catch_up = if self.all { "all" } else { "newest" };
        core.config(
            MIRROR,
            &[
                (
                    "source_restore_point_collection_id",
                    self.source.as_str().into(),
                ),
                ("restore_point_collection_id", self.target.as_str().into()),
                ("keep_newest", Value::integer(keep)),
                ("keep_oldest", self.keep_oldest.into()),
                ("pinned", Value::set(pinned.collect())),
                ("catch_up", catch_up.into()),
            ],
        )
    }

    /// The backup takes a restore point, and forgets old ones.
    pub(super) fn back_up(&mut self, azure: &Simulator, night: u32, random: &mut Random) {
        for hour in 0..random.below(3) {
            let hour = night * 24 + u32::try_from(hour).expect("small");
            self.take(azure, hour, random.in_a_hundred(5));
        }
        if random.in_a_hundred(20) {
            let gone: Vec<String> = self
                .sources
                .keys()
                .filter(|_| random.in_a_hundred(30))
                .cloned()
                .collect();
            for name in gone {
                azure.remove(&format!("{}/restorePoints/{name}", self.source));
                self.sources.remove(&name);
            }
        }
    }

    /// A new restore point of the source.
    pub(super) fn take(&mut self, azure: &Simulator, hour: u32, fails: bool) {
        self.taken += 1;
        let name = format!("point-{}", self.taken);
        let first = time::macros::datetime!(2026-11-01 01:00 UTC);
        let time = first + time::Duration::hours(hour.into());
        let text = time.format(&time::format_description::well_known::Rfc3339);
        let text = text.expect("a time");
        let mut point = SourceRestorePoint::new(&name, &text).disks(["os", "data-0"]);
        if fails {
            point = point.provisioning_state("Failed");
        }
        azure.seed_restore_point(&self.source, &point);
        self.sources.insert(name, hour);
    }

    /// Somebody else copies or deletes. Gives what happened, if anything.
    pub(super) fn interfere(&mut self, azure: &Simulator, random: &mut Random) -> Option<String> {
        let copies = self.copies(azure);
        if random.in_a_hundred(50) {
            let is_free = copies.iter().all(|copy| copy.state != "replicating");
            let newest = self
                .sources
                .iter()
                .max_by_key(|(_, hour)| **hour)?
                .0
                .clone();
            let source = format!("{}/restorePoints/{newest}", self.source);
            let found = azure.resource(&source)?;
            let time = found["properties"]["timeCreated"].as_str()?.to_owned();
            let is_ready = found["properties"]["provisioningState"] == "Succeeded";
            let is_newer = copies.iter().all(|copy| copy.time < time);
            if !(is_free && is_newer && is_ready) {
                return None;
            }
            let name = format!("by-script-{newest}");
            azure.seed_copy(&self.target, &name, &source, Duration::from_secs(6 * HOUR));
            self.names.insert(name.clone());
            Some(format!("a script copies {name}"))
        } else {
            let index = usize::try_from(random.below(20)).expect("small");
            let name = copies.get(index)?.name.clone();
            azure.remove(&self.copy_id(&name));
            Some(format!("a script deletes {name}"))
        }
    }

    fn copy_id(&self, name: &str) -> String {
        format!("{}/restorePoints/{name}", self.target)
    }

    /// The copies as Azure has them, newest first.
    pub(super) fn copies(&self, azure: &Simulator) -> Vec<Copy> {
        let copy = |name: &String| {
            let found = azure.resource(&self.copy_id(name))?;
            let properties = &found["properties"];
            let code = properties["instanceView"]["statuses"][0]["code"].as_str()?;
            Some(Copy {
                name: name.clone(),
                time: properties["timeCreated"].as_str()?.to_owned(),
                state: code.rsplit('/').next()?.to_owned(),
            })
        };
        let mut copies: Vec<_> = self.names.iter().filter_map(copy).collect();
        copies.sort_by(|one, other| other.time.cmp(&one.time));
        copies
    }

    pub(super) fn usable(&self, azure: &Simulator) -> Vec<Copy> {
        let mut copies = self.copies(azure);
        copies.retain(|copy| copy.state == "succeeded");
        copies
    }

    pub(super) fn told(&self) -> String {
        format!("mirror {}:\n{}", self.number, self.log.join("\n"))
    }
}

/// How Azure misbehaves in one night of one mirror.
pub(super) fn fault(history: &History, random: &mut Random) -> Option<(&'static str, Fault)> {
    let error = |code: &str| json!({"error": {"code": code, "message": "By chance."}});
    let points = format!("vm-{}-dr/restorePoints/", history.number);
    let (name, fault) = match random.below(26) {
        0 => ("PUT lost", Fault::close(false).on("PUT", &points).times(1)),
        1 => (
            "PUT's answer lost",
            Fault::close(true).on("PUT", &points).times(1),
        ),
        2 => (
            "PUT 503",
            Fault::answer(503, error("Busy"))
                .on("PUT", &points)
                .times(2),
        ),
        3 => (
            "PUT 429",
            Fault::answer(429, error("OperationNotAllowed"))
                .header("Retry-After", "0")
                .on("PUT", &points)
                .times(1),
        ),
        4 => ("PUT cut off", Fault::truncate().on("PUT", &points).times(1)),
        5 => (
            "PUT answered by a proxy",
            Fault::not_json().on("PUT", &points).times(1),
        ),
        6 => (
            "DELETE's answer lost",
            Fault::close(true).on("DELETE", &points).times(1),
        ),
        7 => (
            "DELETE refused",
            Fault::answer(409, error("DiskRestorePointUsedByCustomer")).on("DELETE", &points),
        ),
        8 => (
            "source forbidden",
            Fault::answer(403, error("AuthorizationFailed")).on(
                "GET",
                &format!("restorePointCollections/vm-{}?", history.number),
            ),
        ),
        9 => (
            "target 500",
            Fault::answer(500, error("Internal"))
                .on("GET", &format!("vm-{}-dr?", history.number))
                .times(2),
        ),
        10 => (
            "operation unknown",
            Fault::answer(404, error("NotFound")).on("GET", "/operations/"),
        ),
        11 => (
            "operation forbidden",
            Fault::answer(403, error("AuthorizationFailed")).on("GET", "/operations/"),
        ),
        12 => (
            "reset",
            Fault::close(false)
                .on("GET", &format!("vm-{}", history.number))
                .times(1),
        ),
        _ => return None,
    };
    Some((name, fault))
}

pub(super) fn course(random: &mut Random) -> Replication {
    match random.below(10) {
        0 => Replication::Succeeded,
        1 => Replication::FailsAt {
            percent: 40,
            after: Duration::from_secs(6 * HOUR),
        },
        2 => Replication::After(Duration::from_secs(40 * HOUR)),
        _ => Replication::After(Duration::from_secs(6 * HOUR)),
    }
}
