//! Many copies in one apply.

use std::collections::BTreeSet;
use std::time::Duration;

use azure_simulator::{Replication, Rules, SourceCollection, SourceRestorePoint};

use super::{expect_one_at_a_time, order, seed, together};
use crate::support::terraform::finish;
use crate::support::world::{REQUEST_LIMIT, World};

/// How long a copy replicates here.
const REPLICATION: Duration = Duration::from_millis(200);

/// The keys of the copies in the state.
fn copied(world: &World) -> BTreeSet<String> {
    let state = world.terraform.state();
    let resources = state["resources"].as_array().into_iter().flatten();
    resources
        .filter(|resource| resource["type"] == "azrestorepoint_copy")
        .flat_map(|resource| resource["instances"].as_array().into_iter().flatten())
        .map(|instance| {
            assert!(instance["status"].is_null(), "{instance}");
            assert_eq!(instance["attributes"]["usable"], true, "{instance}");
            let key = instance["index_key"].as_str();
            key.expect("a key of for_each").to_owned()
        })
        .collect()
}

/// What was copied was copied in this order, and whatever was not is older than something that was.
#[track_caller]
fn expect_nothing_lost_that_could_be_copied(world: &World, oldest_first: &[&str]) {
    let place = |name: &str| oldest_first.iter().position(|other| *other == name);
    let order = order(world);
    let places: Vec<_> = order.iter().map(|name| place(name)).collect();
    assert!(places.is_sorted(), "{order:?}");
    assert_eq!(
        order.last().map(String::as_str),
        oldest_first.last().copied()
    );
    let copied = copied(world);
    assert_eq!(order.into_iter().collect::<BTreeSet<_>>(), copied);
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_copies_at_once_go_in_one_by_one_oldest_first() {
    // Azure itself refuses any other order, and any two at once; but we do not rely on that.
    let without = Rules {
        order: false,
        one_at_a_time: false,
        once_per_region: false,
        ..Rules::default()
    };
    for rules in [Rules::default(), without] {
        let mut world = World::build(REPLICATION, |azure| azure.rules(rules)).await;
        // Under load, too, all have come within the time that they have.
        world.terraform.set("AZRESTOREPOINT_TEST_TIME_SCALE", "10");
        // Names whose order is not that of their times.
        let names = ["h", "c", "a", "g", "b", "f", "d", "e"];
        seed(&world, &names);
        world.terraform.write(&together(&world, &names));
        world
            .terraform
            .apply()
            .await
            .expect_code(0)
            .expect_text("9 added");
        assert_eq!(order(&world), names);
        expect_one_at_a_time(&world, REPLICATION);
        world.terraform.plan().await.expect_code(0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_copies_are_more_than_terraform_hands_over_and_the_user_is_told() {
    let world = World::new(Duration::from_millis(50)).await;
    let names: Vec<String> = (0..30).map(|n| format!("p{:02}", n * 7 % 30)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    seed(&world, &names);
    world.terraform.write(&together(&world, &names));
    let plan = world.terraform.plan().await.expect_code(2);
    let plan = plan
        .expect_text("Warning: Several copies go into one collection")
        .expect_text("-parallelism")
        .expect_text("depends_on")
        .expect_text("catch_up = \"all\"");
    assert_eq!(plan.text.matches("Several copies go into").count(), 1);

    let refusal = "Error: A newer restore point is copied already";
    let apply = world.terraform.apply().await.expect_code(1);
    expect_nothing_lost_that_could_be_copied(&world, &names);
    expect_one_at_a_time(&world, Duration::from_millis(50));
    let before = copied(&world);
    assert_eq!(apply.text.matches("Error: ").count(), 30 - before.len());
    // Whatever was not copied is named, with the reason and what can be done.
    let expect_told = |text: &str| {
        assert_eq!(text.matches(refusal).count(), 30 - before.len(), "{text}");
        for name in names.iter().filter(|name| !before.contains(**name)) {
            let source = format!("{}/restorePoints/{name} cannot be copied", world.source);
            assert!(text.contains(&source), "{name} is missing in:\n{text}");
        }
    };
    expect_told(&apply.text);

    // Applying again changes nothing: what is lost stays lost, and what is there stays there.
    let again = world.terraform.apply().await.expect_code(1);
    expect_told(&again.text);
    assert_eq!(copied(&world), before);
    assert_eq!(
        (world.copies_begun(), world.azure.count("DELETE", "/")),
        (before.len(), 0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn enough_parallelism_loses_none_of_thirty() {
    let mut world = World::ready().await;
    world.terraform.set("AZRESTOREPOINT_TEST_TIME_SCALE", "10");
    let names: Vec<String> = (0..30).map(|n| format!("p{:02}", n * 7 % 30)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    seed(&world, &names);
    world.terraform.write(&together(&world, &names));
    let plan = ["plan", "-out=saved"];
    world.terraform.run(&plan).await.expect_code(0);
    let apply = ["apply", "-parallelism=40", "saved"];
    let apply = world.terraform.start(&apply);
    world
        .azure
        .wait_for_count(REQUEST_LIMIT * 2, "PUT", "/restorePoints/", 30)
        .await
        .expect("all are copied");
    finish(apply).await.expect_code(0);
    assert_eq!(order(&world), names);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_collections_are_copied_to_at_once() {
    let world = World::new(Replication::Replicating(40)).await;
    let keys: Vec<String> = (0..50).map(|n| format!("web-{n:02}")).collect();
    for key in &keys {
        let source = SourceCollection::new("rg-source", key, "eastus");
        let source = world.azure.seed_source_collection(&source);
        let monday = SourceRestorePoint::new("monday", "2026-11-16T01:00:00Z");
        world.azure.seed_restore_point(&source, &monday);
    }
    let sources = world.source.replace("/web", "/${each.key}");
    world.terraform.write(&format!(
        r#"
resource "azrestorepoint_collection" "each" {{
  for_each                           = toset({keys:?})
  name                               = "${{each.key}}-dr"
  resource_group_name                = "rg-dr"
  location                           = "westus2"
  source_restore_point_collection_id = "{sources}"
}}

resource "azrestorepoint_copy" "each" {{
  for_each                    = azrestorepoint_collection.each
  name                        = "monday"
  restore_point_collection_id = each.value.id
  source_restore_point_id     = "{sources}/restorePoints/monday"
}}
"#
    ));
    // Nothing is to be said of many copies that go into as many collections.
    let plan = world.terraform.run(&["plan", "-out=saved"]).await;
    let plan = plan.expect_code(0);
    assert!(!plan.text.contains("Several copies"), "{}", plan.text);
    let apply = world
        .terraform
        .start(&["apply", "-parallelism=50", "saved"]);
    // None of them ends before all have begun.
    world
        .azure
        .wait_for_count(REQUEST_LIMIT * 2, "PUT", "/restorePoints/", 50)
        .await
        .expect("all are begun");
    for key in &keys {
        let copy = world.copy_id().replace("/web-dr/", &format!("/{key}-dr/"));
        world.azure.set_disks(&copy, Replication::Succeeded);
    }
    finish(apply).await.expect_code(0).expect_text("100 added");
    assert_eq!(
        (world.copies_begun(), world.azure.count("DELETE", "/")),
        (50, 0)
    );
    world.terraform.plan().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_those_that_do_not_wait_one_begins_and_the_others_are_told() {
    let world = World::new(Replication::Replicating(40)).await;
    let names = ["b", "a", "d", "c"];
    seed(&world, &names);
    let configuration = together(&world, &names)
        .replace("each.key\n", "each.key\n  wait_for_replication = false\n");
    world.terraform.write(&configuration);
    let mut begun = 0;
    // Every round begins the next one, as long as there is one that Azure would take.
    while order(&world).last().map(String::as_str) != names.last().copied() {
        let apply = world.terraform.apply().await.expect_code(1);
        begun += 1;
        assert_eq!(world.copies_begun(), begun, "{}", apply.text);
        let told = [
            "Error: Another copy is replicating into this collection",
            "Error: Another copy is being started in this collection",
            "Error: A newer restore point is copied already",
        ];
        let told: usize = told
            .map(|error| apply.text.matches(error).count())
            .iter()
            .sum();
        assert_eq!(told + begun, names.len(), "{}", apply.text);
        let copy = world.copy_id().replace("monday", &order(&world)[begun - 1]);
        world.azure.set_disks(&copy, Replication::Succeeded);
    }
    let last = world.terraform.apply().await;
    assert_eq!(last.code(), i32::from(begun < names.len()), "{}", last.text);
    expect_nothing_lost_that_could_be_copied(&world, &names);
    assert_eq!(world.azure.count("DELETE", "/"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_wait_is_told_that_it_is_busy() {
    let world = World::new(Replication::Replicating(40)).await;
    let configuration = together(&world, &["monday"])
        .replace("each.key\n", "each.key\n  wait_for_replication = false\n");
    world.terraform.write(&configuration);
    world.terraform.apply().await.expect_code(0);
    world
        .terraform
        .write(&configuration.replace("[\"monday\"]", "[\"monday\", \"tuesday\"]"));
    let refused = world.terraform.apply().await.expect_code(1);
    refused
        .expect_text("Another copy is replicating into this collection")
        .expect_text("\"monday\"");
    assert_eq!(world.copies_begun(), 1);
}
