//! The order in which copies go into one collection, and what is seen before Azure is asked.

use std::time::Duration;

use azure_simulator::{Replication, SourceRestorePoint};

use crate::support::terraform::finish;
use crate::support::world::{REQUEST_LIMIT, World};

/// Copies of these sources into one collection, all in one apply.
fn together(world: &World, names: &[&str]) -> String {
    let source = &world.source;
    let configuration = world.configuration("", "");
    let collection = configuration
        .split("resource \"azrestorepoint_copy\"")
        .next()
        .expect("a collection");
    format!(
        r#"{collection}
resource "azrestorepoint_copy" "all" {{
  for_each                    = toset({names:?})
  name                        = each.key
  restore_point_collection_id = azrestorepoint_collection.dr.id
  source_restore_point_id     = "{source}/restorePoints/${{each.key}}"
}}
"#
    )
}

/// The names of the copies in the order in which they were asked for.
fn order(world: &World) -> Vec<String> {
    let requests = world.azure.requests().into_iter();
    let puts = requests.filter(|request| request.matches("PUT", "/restorePoints/"));
    puts.map(|request| request.path.rsplit('/').next().expect("a name").to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_copies_at_once_go_in_one_by_one_oldest_first() {
    let world = World::new(Duration::from_millis(50)).await;
    // Names whose order is not that of their times.
    let names = ["h", "c", "a", "g", "b", "f", "d", "e"];
    for (hour, name) in names.iter().enumerate() {
        let time = format!("2026-11-18T{hour:02}:00:00Z");
        world
            .azure
            .seed_restore_point(&world.source, &SourceRestorePoint::new(name, &time));
    }
    world.terraform.write(&together(&world, &names));
    // Azure itself refuses any other order, and any two at once.
    world
        .terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("9 added");
    assert_eq!(order(&world), names);
    world.terraform.plan().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_has_begun_is_waited_for() {
    let world = World::ready().await;
    let target = world
        .azure
        .seed_target_collection("rg-dr", "web-dr", "westus2", &world.source);
    let monday = format!("{}/restorePoints/monday", world.source);
    let theirs = world
        .azure
        .seed_copy(&target, "theirs", &monday, Replication::Replicating(40));
    world.terraform.write(&together(&world, &["tuesday"]));
    world
        .terraform
        .run(&["import", "azrestorepoint_collection.dr", &target])
        .await
        .expect_code(0);

    let apply = world.terraform.start(&["apply", "-auto-approve"]);
    let looks = "/restorePoints/theirs";
    world
        .azure
        .wait_for_count(REQUEST_LIMIT, "GET", looks, 3)
        .await
        .expect("it waits");
    assert_eq!(world.copies_begun(), 0);
    world.azure.set_disks(&theirs, Replication::Succeeded);
    finish(apply).await.expect_code(0);
    assert_eq!(order(&world), ["tuesday"]);
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

#[tokio::test(flavor = "multi_thread")]
async fn broken_rules_are_told_before_azure_is_asked() {
    let world = World::ready().await;
    world.terraform.write(&together(&world, &["tuesday"]));
    world.terraform.apply().await.expect_code(0);
    // Back in time.
    world
        .terraform
        .write(&together(&world, &["monday", "tuesday"]));
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("A newer restore point is copied already");
    // The same again, under another name.
    let twice = together(&world, &["tuesday"])
        .replace("name                        = each.key", "name = \"again\"");
    world
        .terraform
        .run(&["state", "rm", "azrestorepoint_copy.all"])
        .await
        .expect_code(0);
    world.terraform.write(&twice);
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("Restore point is copied already");
    // A source that is not there.
    world.terraform.write(&together(&world, &["sunday"]));
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("Source restore point does not exist");
    assert_eq!(world.copies_begun(), 1);
}
