//! Random histories: thirty nights of several mirrors, with scripts and trouble in between.
//!
//! `MIRROR_HISTORIES=50:7` runs fifty mirrors from seed 7; the suite runs a few from a fixed one.

mod world;

use std::collections::BTreeSet;
use std::time::Duration;

use azrestorepoint::plugin::value::Value;
use azure_simulator::{Replication, Simulator};

use self::world::{History, Random, course, fault};
use crate::support::core::{Action, Core, Plan, Told};
use crate::support::plugin;

const MIRROR: &str = "azrestorepoint_mirror";
const NIGHTS: u32 = 30;
const HOUR: u64 = 3600;

/// Enough quiet nights for everything that went wrong to be mended.
const QUIET_NIGHTS: u32 = 5;

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
