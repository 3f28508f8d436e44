//! Random histories: thirty nights of several mirrors, with scripts and trouble in between.
//!
//! `MIRROR_HISTORIES=50:7` runs fifty mirrors from seed 7; the suite runs a few from a fixed one.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use azrestorepoint::plugin::value::Value;
use azure_simulator::{Fault, Replication, Simulator, SourceCollection, SourceRestorePoint};
use serde_json::json;

use crate::support::core::{Action, Core, Object, Plan, Told};
use crate::support::plugin;

const MIRROR: &str = "azrestorepoint_mirror";
const NIGHTS: u32 = 30;
const HOUR: u64 = 3600;

/// Enough quiet nights for everything that went wrong to be mended.
const QUIET_NIGHTS: u32 = 5;

/// Numbers that look random, the same from the same seed (SplitMix64).
struct Random(u64);

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

    fn in_a_hundred(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// One mirror, and what its world knows of it.
struct History {
    number: usize,
    source: String,
    target: String,
    /// The source's restore points, by name, with the hour at which each was taken.
    sources: BTreeMap<String, u32>,
    taken: u32,
    /// Every copy that was ever asked for, by name.
    names: BTreeSet<String>,
    keep_newest: Option<usize>,
    keep_oldest: bool,
    pinned: BTreeSet<String>,
    all: bool,
    object: Option<Object>,
    /// What has happened, to be told if something is wrong.
    log: Vec<String>,
}

/// A copy as Azure has it.
#[derive(Clone, Debug)]
struct Copy {
    name: String,
    time: String,
    state: String,
}

impl History {
    fn new(azure: &Simulator, number: usize, random: &mut Random) -> Self {
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
    fn decide(&mut self, random: &mut Random) {
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

    fn config(&self, core: &Core) -> Value {
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
    fn back_up(&mut self, azure: &Simulator, night: u32, random: &mut Random) {
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
    fn take(&mut self, azure: &Simulator, hour: u32, fails: bool) {
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
    fn interfere(&mut self, azure: &Simulator, random: &mut Random) -> Option<String> {
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
    fn copies(&self, azure: &Simulator) -> Vec<Copy> {
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

    fn usable(&self, azure: &Simulator) -> Vec<Copy> {
        let mut copies = self.copies(azure);
        copies.retain(|copy| copy.state == "succeeded");
        copies
    }

    fn told(&self) -> String {
        format!("mirror {}:\n{}", self.number, self.log.join("\n"))
    }
}

/// How Azure misbehaves in one night of one mirror.
fn fault(history: &History, random: &mut Random) -> Option<(&'static str, Fault)> {
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

fn course(random: &mut Random) -> Replication {
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

#[tokio::test(flavor = "multi_thread")]
async fn thirty_nights_of_anything_lose_no_copy() {
    let asked = std::env::var("MIRROR_HISTORIES").unwrap_or_else(|_| "4:20261101".to_owned());
    let (count, seed) = asked.split_once(':').expect("COUNT:SEED");
    let count: usize = count.parse().expect("a number of mirrors");
    let mut random = Random(seed.parse().expect("a seed"));

    let azure = Simulator::builder()
        .operation(Duration::ZERO)
        .start_time(time::macros::datetime!(2026-11-01 00:00 UTC))
        .time_scale(0.0)
        .start()
        .await
        .expect("a local Azure");
    azure.seed_resource_group("rg-dr");
    let mut environment = azure.environment();
    environment.push(("AZRESTOREPOINT_TEST_TIME_SCALE", "1000".to_owned()));
    let mut core = Core::start(plugin::binary(), &environment).await;
    let mut histories: Vec<_> = (0..count)
        .map(|number| History::new(&azure, number, &mut random))
        .collect();

    for night in 0..NIGHTS {
        for history in &mut histories {
            history.log.push(format!("night {night}"));
            history.back_up(&azure, night, &mut random);
            if random.in_a_hundred(10) {
                // The scheduler has a bad night.
                continue;
            }
            one_night(&mut core, &azure, history, &mut random).await;
        }
        azure.advance(Duration::from_secs(24 * HOUR));
    }

    azure.clear_faults();
    azure.set_replication(Duration::from_secs(6 * HOUR));
    for history in &mut histories {
        history.all = false;
        history.pinned.clear();
    }
    for night in NIGHTS..NIGHTS + QUIET_NIGHTS {
        for history in &mut histories {
            history.take(&azure, night * 24, false);
            let mut told = Told::default();
            let config = history.config(&core);
            apply(&mut core, &azure, history, &config, &mut told).await;
            assert!(
                told.errors.is_empty(),
                "{}\n{}",
                told.text(),
                history.told()
            );
        }
        azure.advance(Duration::from_secs(24 * HOUR));
    }
    for history in &histories {
        let usable = history.usable(&azure).len();
        let least = history.keep_newest.unwrap_or(3).min(3);
        assert!(usable >= least, "{usable} usable; {}", history.told());
    }
    assert!(azure.unexpected().is_empty(), "{:#?}", azure.unexpected());
}

async fn one_night(core: &mut Core, azure: &Simulator, history: &mut History, random: &mut Random) {
    if random.in_a_hundred(8) {
        history.decide(random);
    }
    if random.in_a_hundred(4) {
        history.log.push("the state is lost".to_owned());
        history.object = None;
    }
    if random.in_a_hundred(4)
        && let Some(object) = &mut history.object
    {
        history.log.push("somebody taints it".to_owned());
        object.is_tainted = true;
    }
    let course = course(random);
    azure.set_replication(course.clone());
    let befallen = fault(history, random).map(|(name, fault)| {
        history.log.push(name.to_owned());
        azure.fault(fault);
        name
    });

    let mut told = Told::default();
    let config = history.config(core);
    restore(core, history);
    let plan = core.plan(MIRROR, &config, &mut told).await;
    let plan = plan.unwrap_or_else(|| panic!("{}\n{}", told.text(), history.told()));
    let interfered = if random.in_a_hundred(12) {
        history.interfere(azure, random)
    } else {
        None
    };
    history.log.extend(interfered.clone());
    carry_out(core, azure, history, &plan, &config, &mut told).await;
    azure.clear_faults();

    let is_refused = befallen == Some("DELETE refused");
    assert!(
        told.crashes.is_empty() && (told.errors.is_empty() || is_refused),
        "{}\n{}",
        told.text(),
        history.told()
    );
    // A second plan is clean, or there is a reason why not.
    let is_new = matches!(plan.action, Action::Create | Action::Replace);
    let has_reason = befallen.is_some()
        || interfered.is_some()
        || is_new
        || course == Replication::Succeeded
        || history
            .copies(azure)
            .first()
            .is_some_and(|copy| copy.state == "failed");
    let mut told = Told::default();
    restore(core, history);
    let second = core.plan(MIRROR, &config, &mut told).await.expect("a plan");
    assert!(
        second.action == Action::Nothing || has_reason,
        "{:?} {:?}\n{}",
        second.action,
        second.value,
        history.told()
    );
    let counted = core.state[MIRROR].value.get("usable_count").clone();
    let usable = history.usable(azure).len();
    assert_eq!(
        counted,
        Value::integer(i64::try_from(usable).ok()),
        "{}",
        history.told()
    );
    history.object = core.state.remove(MIRROR);
}

/// Plans and carries out.
async fn apply(
    core: &mut Core,
    azure: &Simulator,
    history: &mut History,
    config: &Value,
    told: &mut Told,
) {
    restore(core, history);
    let plan = core.plan(MIRROR, config, told).await.expect("a plan");
    carry_out(core, azure, history, &plan, config, told).await;
}

/// Puts the mirror's object into core's state.
fn restore(core: &mut Core, history: &mut History) {
    core.state.remove(MIRROR);
    if let Some(object) = history.object.clone() {
        core.state.insert(MIRROR.to_owned(), object);
    }
}

/// Carries out a plan, and judges it by what Azure was asked for and has afterwards.
async fn carry_out(
    core: &mut Core,
    azure: &Simulator,
    history: &mut History,
    plan: &Plan,
    config: &Value,
    told: &mut Told,
) {
    let is_new = matches!(plan.action, Action::Create | Action::Replace);
    let planned_copy = plan.value.get("planned_copy").as_str();
    let deletions = plan.value.get("planned_deletions").elements().iter();
    let planned_deletions: Vec<&str> = deletions.filter_map(Value::as_str).collect();
    history.log.push(format!(
        "  plan: {:?} {planned_copy:?} {planned_deletions:?}",
        plan.action
    ));
    let before = history.copies(azure);
    azure.clear_requests();
    core.carry_out(MIRROR, plan, config, told).await;
    history.object = core.state.get(MIRROR).cloned();

    let requests = azure.requests();
    let named = |method: &str| {
        let asked = requests.iter();
        let asked = asked.filter(|request| request.matches(method, "-dr/restorePoints/"));
        asked
            .map(|request| request.path.rsplit('/').next().expect("a name").to_owned())
            .collect::<BTreeSet<String>>()
    };
    let (copied, deleted) = (named("PUT"), named("DELETE"));
    history
        .log
        .push(format!("  apply: copies {copied:?} deletes {deleted:?}"));
    history.names.extend(copied.iter().cloned());
    let case = || format!("{}\n{}", told.text(), history.told());
    for request in &requests {
        let is_refused = request.matches("PUT", "") && matches!(request.status, Some(400..=428));
        assert!(
            !is_refused || request.fault.is_some(),
            "{request:?}\n{}",
            case()
        );
    }
    assert!(copied.len() <= 1, "{}", case());
    if is_new {
        assert!(deleted.is_empty(), "{}", case());
    } else if plan.action == Action::Update {
        assert!(
            copied.iter().all(|name| planned_copy == Some(name)),
            "{}",
            case()
        );
        let is_planned = |name: &String| planned_deletions.contains(&name.as_str());
        assert!(deleted.iter().all(is_planned), "{}", case());
    } else {
        assert!(copied.is_empty() && deleted.is_empty(), "{}", case());
    }

    let usable_before: Vec<_> = before
        .iter()
        .filter(|copy| copy.state == "succeeded")
        .collect();
    let usable: BTreeSet<_> = history
        .usable(azure)
        .into_iter()
        .map(|copy| copy.name)
        .collect();
    for (newer, copy) in usable_before.iter().enumerate() {
        if deleted.contains(&copy.name) {
            let instant = copied.iter().filter(|name| usable.contains(*name)).count();
            let keep = history.keep_newest.expect("something to keep");
            assert!(newer + instant >= keep, "{}", case());
            assert!(!history.pinned.contains(&copy.name), "{}", case());
            let is_oldest = newer + 1 == usable_before.len();
            assert!(!(history.keep_oldest && is_oldest), "{}", case());
        } else {
            assert!(
                usable.contains(&copy.name),
                "{} was lost\n{}",
                copy.name,
                case()
            );
        }
    }
    for copy in before.iter().filter(|copy| copy.state == "replicating") {
        assert!(!deleted.contains(&copy.name), "{}", case());
        assert!(copied.is_empty(), "{}", case());
    }
    let least = history
        .keep_newest
        .unwrap_or(usize::MAX)
        .min(usable_before.len());
    assert!(usable.len() >= least, "{}", case());
}
