//! Copies that others have begun, in another run or by hand.

use azure_simulator::Replication;

use super::{order, together};
use crate::support::terraform::{Terraform, finish};
use crate::support::world::{REQUEST_LIMIT, World};

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

/// Another run: it has a state of its own, and nothing in common but Azure.
fn run_of_its_own(world: &World) -> Terraform {
    let mut terraform = Terraform::new(world.azure.environment());
    terraform.set("AZRESTOREPOINT_TEST_TIME_SCALE", "100");
    terraform
}

/// A copy of this name into the collection of somebody else.
fn alone(world: &World, name: &str) -> String {
    let (source, target) = (&world.source, world.collection_id());
    format!(
        r#"
resource "azrestorepoint_copy" "it" {{
  name                        = "{name}"
  restore_point_collection_id = "{target}"
  source_restore_point_id     = "{source}/restorePoints/{name}"
}}
"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_into_one_collection_take_turns() {
    let world = World::new(Replication::Replicating(40)).await;
    world
        .azure
        .seed_target_collection("rg-dr", "web-dr", "westus2", &world.source);
    let second = run_of_its_own(&world);
    world.terraform.write(&alone(&world, "monday"));
    second.write(&alone(&world, "tuesday"));
    let first = world.terraform.start(&["apply", "-auto-approve"]);
    world
        .azure
        .wait_for_count(REQUEST_LIMIT, "PUT", "/restorePoints/", 1)
        .await
        .expect("the first one begins");

    let run = second.start(&["apply", "-auto-approve"]);
    let source = "web/restorePoints/tuesday";
    world
        .azure
        .wait_for_count(REQUEST_LIMIT, "GET", source, 1)
        .await
        .expect("the second one looks at its source");
    let looks = world.azure.count("GET", "web-dr/restorePoints/monday");
    world
        .azure
        .wait_for_count(
            REQUEST_LIMIT,
            "GET",
            "web-dr/restorePoints/monday",
            looks + 8,
        )
        .await
        .expect("both wait for the first one");
    assert_eq!(order(&world), ["monday"]);

    world.azure.set_replication(Replication::Succeeded);
    world.replicate();
    finish(first).await.expect_code(0);
    finish(run).await.expect_code(0);
    assert_eq!(order(&world), ["monday", "tuesday"]);
    for terraform in [&world.terraform, &second] {
        terraform.plan().await.expect_code(0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_of_one_copy_ask_for_it_once() {
    let world = World::new(Replication::Replicating(40)).await;
    world
        .azure
        .seed_target_collection("rg-dr", "web-dr", "westus2", &world.source);
    let second = run_of_its_own(&world);
    for terraform in [&world.terraform, &second] {
        terraform.write(&alone(&world, "monday"));
    }
    let first = world.terraform.start(&["apply", "-auto-approve"]);
    world
        .azure
        .wait_for_count(REQUEST_LIMIT, "PUT", "/restorePoints/", 1)
        .await
        .expect("the first one begins");
    let run = second.start(&["apply", "-auto-approve"]);
    let source = "web/restorePoints/monday";
    let looks = world.azure.count("GET", source);
    world
        .azure
        .wait_for_count(REQUEST_LIMIT, "GET", source, looks + 1)
        .await
        .expect("the second one compares it with its source");
    world.replicate();
    finish(first).await.expect_code(0);
    finish(run).await.expect_code(0);
    assert_eq!(order(&world), ["monday"]);
    for terraform in [&world.terraform, &second] {
        terraform.plan().await.expect_code(0);
    }
}
