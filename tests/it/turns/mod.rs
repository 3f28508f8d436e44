//! The order in which copies go into one collection, and what is seen before Azure is asked.

mod crowds;
mod processes;

use std::time::Duration;

use azure_simulator::{Replication, SourceRestorePoint};

use crate::support::terraform::finish;
use crate::support::world::{REQUEST_LIMIT, World};

/// Copies of these sources into one collection, all in one apply.
fn together(world: &World, names: &[&str]) -> String {
    format!(
        r#"{}
resource "azrestorepoint_copy" "all" {{
  for_each                    = toset({names:?})
  name                        = each.key
  restore_point_collection_id = azrestorepoint_collection.dr.id
  source_restore_point_id     = "{}/restorePoints/${{each.key}}"
}}
"#,
        world.collection(""),
        world.source
    )
}

/// Sources of these names, the first one the oldest.
fn seed(world: &World, names: &[&str]) {
    for (minute, name) in names.iter().enumerate() {
        let time = format!("2026-11-18T01:{minute:02}:00Z");
        world
            .azure
            .seed_restore_point(&world.source, &SourceRestorePoint::new(name, &time));
    }
}

/// The names of the copies in the order in which they were asked for.
fn order(world: &World) -> Vec<String> {
    let requests = world.azure.requests().into_iter();
    let puts = requests.filter(|request| request.matches("PUT", "/restorePoints/"));
    puts.map(|request| request.path.rsplit('/').next().expect("a name").to_owned())
        .collect()
}

/// No copy was asked for before the one before had replicated, which takes this long.
#[track_caller]
fn expect_one_at_a_time(world: &World, replication: Duration) {
    let requests = world.azure.requests().into_iter();
    let puts: Vec<_> = requests
        .filter(|request| request.matches("PUT", "/restorePoints/"))
        .map(|request| request.time)
        .collect();
    for pair in puts.windows(2) {
        assert!(pair[1] - pair[0] >= replication, "{puts:?}");
    }
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

#[tokio::test(flavor = "multi_thread")]
async fn two_addresses_that_want_the_same_copy_make_it_once() {
    let world = World::new(Replication::Replicating(40)).await;
    let again = world
        .configuration("", "")
        .rsplit_once("resource \"azrestorepoint_copy\"")
        .map(|(_, copy)| format!("resource \"azrestorepoint_copy\"{copy}"))
        .expect("a copy")
        .replace("\"monday\" {", "\"again\" {");
    world
        .terraform
        .write(&format!("{}{again}", world.configuration("", "")));
    let apply = world.terraform.start(&["apply", "-auto-approve"]);
    world
        .azure
        .wait_for_count(REQUEST_LIMIT, "GET", "web-dr/restorePoints/monday", 4)
        .await
        .expect("it waits");
    world.replicate();
    finish(apply).await.expect_code(0);
    assert_eq!(world.copies_begun(), 1);
    world.terraform.plan().await.expect_code(0);
}
