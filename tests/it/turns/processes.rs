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

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_into_one_collection_take_turns() {
    let world = World::new(Replication::Replicating(40)).await;
    let target = world
        .azure
        .seed_target_collection("rg-dr", "web-dr", "westus2", &world.source);
    // Each has a state of its own, and nothing in common but Azure.
    let mut second = Terraform::new(world.azure.environment());
    second.set("AZRESTOREPOINT_TEST_TIME_SCALE", "100");
    for (terraform, name) in [(&world.terraform, "monday"), (&second, "tuesday")] {
        let source = &world.source;
        terraform.write(&format!(
            "resource \"azrestorepoint_copy\" \"it\" {{\n  name = \"{name}\"\n  restore_point_collection_id = \"{target}\"\n  source_restore_point_id = \"{source}/restorePoints/{name}\"\n}}\n"
        ));
    }
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
    world
        .azure
        .set_disks(&world.copy_id(), Replication::Succeeded);
    finish(first).await.expect_code(0);
    finish(run).await.expect_code(0);
    assert_eq!(order(&world), ["monday", "tuesday"]);
    for terraform in [&world.terraform, &second] {
        terraform.plan().await.expect_code(0);
    }
}
