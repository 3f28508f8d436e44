//! `azrestorepoint_wait_for_replication`, as a Terraform that knows actions invokes it.

use std::collections::BTreeSet;

use azrestorepoint::plugin::value::Value;
use azure_simulator::{Replication, SourceRestorePoint};

use crate::disk_access;
use crate::support::core::Core;
use crate::support::world::World;

const WAIT: &str = "azrestorepoint_wait_for_replication";

/// Copies that replicate like this, and the provider.
async fn copies(count: usize, replication: Replication) -> (World, Core, Vec<String>) {
    let world = World::ready().await;
    let azure = &world.azure;
    let target = azure.seed_target_collection("rg-dr", "web-dr", "westus2", &world.source);
    let copy = |number| {
        let name = format!("nightly-{number}");
        let point = SourceRestorePoint::new(&name, &format!("2026-11-18T0{number}:00:00Z"));
        let source = azure.seed_restore_point(&world.source, &point.disks(["os", "data"]));
        azure.seed_copy(&target, &name, &source, replication.clone())
    };
    let ids = (1..=count).map(copy).collect();
    let core = disk_access::core(&world).await;
    (world, core, ids)
}

fn config(core: &Core, ids: &[String], timeout: Option<&str>) -> Value {
    let ids = ids.iter().map(|id| Value::from(id.as_str())).collect();
    core.config(
        WAIT,
        &[
            ("restore_point_ids", Value::List(ids)),
            ("timeout", Value::string(timeout)),
        ],
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn progress_is_told_until_every_copy_is_usable() {
    let (world, mut core, mut ids) = copies(2, Replication::Replicating(40)).await;
    // A copy that is named twice is waited for once.
    ids.push(
        ids[1]
            .to_uppercase()
            .replace("/SUBSCRIPTIONS/", "/subscriptions/"),
    );
    let mut invocation = core
        .invoke(WAIT, &config(&core, &ids, None))
        .await
        .expect("begun");
    let mut lines = BTreeSet::new();
    while lines.len() < 2 {
        lines.insert(invocation.next().await.expect("a line"));
    }
    let first = "web-dr/nightly-1: 40 % replicated (os 40 %, data 40 %)";
    assert!(lines.contains(first), "{lines:?}");
    let set = |id: &str, disk: &str, percent| {
        let course = match percent {
            100 => Replication::Succeeded,
            percent => Replication::Replicating(percent),
        };
        world.azure.set_disk(id, disk, course);
    };
    set(&ids[0], "os", 100);
    // It takes two changes to know how fast a disk is.
    let mut line = String::new();
    set(&ids[0], "data", 50);
    while !line.starts_with("web-dr/nightly-1: 50 %") {
        line = invocation.next().await.expect("a line");
    }
    assert!(!line.contains("estimated end"), "{line}");
    set(&ids[0], "data", 60);
    while !line.contains("estimated end") {
        line = invocation.next().await.expect("a line");
    }
    let begin = "web-dr/nightly-1: 60 % replicated (os 100 %, data 60 %), estimated end 20";
    assert!(
        line.starts_with(begin) && line.contains(" UTC (in "),
        "{line}"
    );
    for id in &ids[..2] {
        world.azure.set_disks(id, Replication::Succeeded);
    }
    let (lines, told) = invocation.finish().await;
    assert_eq!(told.text(), "");
    let has = |line: &str| assert!(lines.iter().any(|told| told == line), "{line}: {lines:?}");
    has("web-dr/nightly-1: usable (os 100 %, data 100 %)");
    has("web-dr/nightly-2: usable (os 100 %, data 100 %)");
    has("2 of 2 copies usable, 0 still waited for");

    // What is usable is looked at once, and nothing is nothing to wait for.
    let looks = world.azure.count("GET", "nightly-");
    let invocation = core
        .invoke(WAIT, &config(&core, &ids[..2], None))
        .await
        .expect("begun");
    assert_eq!(invocation.finish().await.1.text(), "");
    assert_eq!(world.azure.count("GET", "nightly-"), looks + 2);
    let invocation = core
        .invoke(WAIT, &config(&core, &[], None))
        .await
        .expect("begun");
    let (lines, told) = invocation.finish().await;
    assert_eq!((lines.len(), told.text().as_str()), (0, ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_copy_is_told_after_all_others_have_ended() {
    let (world, mut core, ids) = copies(2, Replication::Replicating(40)).await;
    world
        .azure
        .set_disk(&ids[0], "data", Replication::Failed(30));
    let missing = ids[0].replace("nightly-1", "gone");
    let all = [ids[0].clone(), ids[1].clone(), missing];
    let mut invocation = core
        .invoke(WAIT, &config(&core, &all, None))
        .await
        .expect("begun");
    // The failure ends nothing: the others are still waited for.
    loop {
        let line = invocation.next().await.expect("a line");
        if line.contains("0 of 3 copies usable, 1 still waited for") {
            break;
        }
    }
    world.azure.set_disks(&ids[1], Replication::Succeeded);
    let (lines, told) = invocation.finish().await;
    assert!(
        lines.contains(&"1 of 3 copies usable, 0 still waited for".to_owned()),
        "{lines:?}"
    );
    let summaries: Vec<_> = told.errors.iter().map(|error| &*error.summary).collect();
    assert_eq!(
        summaries,
        [
            "Restore point copies have failed",
            "Restore point copies are gone"
        ]
    );
    let text = told.text();
    assert!(
        text.contains(&format!(
            "restore_point_ids[0]: {}, disks data 30 %",
            ids[0]
        )),
        "{text}"
    );
    assert!(text.contains("restore_point_ids[2]: "), "{text}");
    assert!(told.errors.iter().all(|error| error.attribute.is_some()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wait_ends_with_its_timeout_with_a_stop_and_with_its_audience() {
    let (world, mut core, ids) = copies(1, Replication::Replicating(40)).await;
    let brief = config(&core, &ids, Some("1s"));
    let (_, told) = core
        .invoke(WAIT, &brief)
        .await
        .expect("begun")
        .finish()
        .await;
    let text = told.text();
    assert!(text.contains("have not replicated within 1s"), "{text}");
    assert!(
        text.contains("run the action again") && text.contains("raise timeout"),
        "{text}"
    );

    let long = config(&core, &ids, None);
    let mut invocation = core.invoke(WAIT, &long).await.expect("begun");
    invocation.next().await.expect("a line");
    core.stop().await;
    let (_, told) = invocation.finish().await;
    assert_eq!(
        told.errors[0].summary,
        "Interrupted while waiting for copies"
    );

    // Nobody listens any more: the process, which would wait for it, has nothing in flight.
    let mut invocation = core.invoke(WAIT, &long).await.expect("begun");
    invocation.next().await.expect("a line");
    drop(invocation);
    let looks = world.azure.count("GET", "nightly-1");
    let began = std::time::Instant::now();
    let mut before = core.abandon().await;
    crate::support::plugin::limited(before.process.wait())
        .await
        .expect("it has left");
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
    assert!(world.azure.count("GET", "nightly-1") < looks + 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn arguments_are_checked_where_they_stand() {
    let (world, mut core, ids) = copies(1, Replication::Succeeded).await;
    let point = format!("{}/restorePoints/monday", world.source);
    let bad = ["monday".to_owned(), ids[0].clone(), format!("{}#", ids[0])];
    let config_of = config(&core, &bad, Some("1d"));
    let told = core.invoke(WAIT, &config_of).await.err().expect("refused");
    let summaries: Vec<_> = told.errors.iter().map(|error| &*error.summary).collect();
    assert_eq!(
        summaries,
        [
            "Invalid restore_point_ids[0]",
            "Invalid restore_point_ids[2]",
            "Invalid timeout"
        ]
    );
    let config_of = config(&core, &[point], None);
    let (_, told) = core
        .invoke(WAIT, &config_of)
        .await
        .expect("begun")
        .finish()
        .await;
    assert_eq!(told.errors[0].summary, "Restore points that are no copies");
}

/// The tested Terraform knows no actions: it can say that the example is well formatted, and the
/// schema that its arguments are ours.
#[tokio::test(flavor = "multi_thread")]
async fn the_example_names_our_arguments() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/examples/actions/azrestorepoint_wait_for_replication/action.tf"
    );
    let (world, mut core, ids) = copies(1, Replication::Succeeded).await;
    std::fs::copy(file, world.terraform.path().join("main.tf")).expect("an example");
    world.terraform.run(&["fmt", "-check"]).await.expect_code(0);
    let example = std::fs::read_to_string(file).expect("an example");
    let (rest, block) = example.split_once("  config {\n").expect("a config block");
    assert!(rest.contains(&format!("action \"{WAIT}\" \"nightly\"")));
    let (block, _) = block.split_once("\n  }").expect("its end");
    let given: Vec<&str> = block
        .lines()
        .filter_map(|line| Some(line.split_once(" = ")?.0.trim()))
        .collect();
    let known = core.config(WAIT, &[]);
    let known: Vec<&str> = known
        .entries()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(given, known);
    let timeout = block.split('"').nth(1).expect("a timeout");
    let config_of = config(&core, &ids, Some(timeout));
    let (_, told) = core
        .invoke(WAIT, &config_of)
        .await
        .expect("begun")
        .finish()
        .await;
    assert_eq!(told.text(), "");
    // Its resource is one of ours: without the action the rest is a whole configuration.
    let rest = rest.split("\naction ").next().expect("the rest");
    let rest = rest.replace("required_version = \">= 1.14\"", "");
    std::fs::write(world.terraform.path().join("main.tf"), rest).expect("a file");
    world.terraform.run(&["validate"]).await.expect_code(0);
}
