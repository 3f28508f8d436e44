//! Copies that failed: the one thing that a taint makes anew.

use azure_simulator::Replication;
use serde_json::json;

use super::{ADDRESS, COPY, asked, timed_out, wait_for_more_looks};
use crate::support::terraform::finish;
use crate::support::world::World;

/// The copy was made twice, and is usable.
async fn expect_made_anew(world: &World, case: &str) {
    assert_eq!(asked(world), (2, 1), "{case}");
    assert!(!world.terraform.is_tainted(COPY, "monday"), "{case}");
    assert_eq!(
        world.terraform.attributes(COPY, "monday")["usable"],
        json!(true),
        "{case}"
    );
    world.terraform.plan().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_fails_in_its_create_is_made_anew() {
    for commands in [
        &[&["apply", "-auto-approve"][..]][..],
        &[&["apply", "-auto-approve", "-refresh=false"]],
        &[&["plan", "-out=saved"], &["apply", "saved"]],
    ] {
        let world = World::new(Replication::Failed(40)).await;
        world.write("", "");
        world
            .terraform
            .apply()
            .await
            .expect_code(1)
            .expect_text("Failed: os 40 %");
        assert!(world.terraform.is_tainted(COPY, "monday"));
        world.azure.set_replication(Replication::Succeeded);
        for command in commands {
            world.terraform.run(command).await.expect_code(0);
        }
        expect_made_anew(&world, &format!("{commands:?}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tainted_copy_that_fails_later_is_made_anew() {
    // With a look at it before, and without.
    for options in [&[][..], &["-refresh=false"]] {
        let world = timed_out().await;
        let failed = Replication::Failed(50);
        world.azure.set_disk(&world.copy_id(), "data-1", failed);
        world.azure.set_replication(Replication::Succeeded);
        let apply = [&["apply", "-auto-approve"], options].concat();
        world.terraform.run(&apply).await.expect_code(0);
        expect_made_anew(&world, &format!("{options:?}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_fails_after_a_taint_has_kept_it_is_made_anew() {
    let world = timed_out().await;
    world.write("", "");
    let apply = world.terraform.start(&["apply", "-auto-approve"]);
    wait_for_more_looks(&world).await;
    let failed = Replication::Failed(50);
    world.azure.set_disk(&world.copy_id(), "data-1", failed);
    finish(apply)
        .await
        .expect_code(1)
        .expect_text("Failed: data-1 50 %");
    assert_eq!(asked(&world), (1, 0));
    assert!(world.terraform.is_tainted(COPY, "monday"));
    world.azure.set_replication(Replication::Succeeded);
    world.terraform.apply().await.expect_code(0);
    expect_made_anew(&world, "kept").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_fails_in_a_resumed_wait_is_not_tainted_and_goes_when_it_is_replaced() {
    let world = timed_out().await;
    world
        .terraform
        .run(&["untaint", ADDRESS])
        .await
        .expect_code(0);
    let apply = world.terraform.start(&["apply", "-auto-approve"]);
    wait_for_more_looks(&world).await;
    let failed = Replication::Failed(50);
    world.azure.set_disk(&world.copy_id(), "data-1", failed);
    finish(apply)
        .await
        .expect_code(1)
        .expect_text("Failed: data-1 50 %");
    assert_eq!(asked(&world), (1, 0));
    assert!(!world.terraform.is_tainted(COPY, "monday"));
    assert_eq!(
        world.terraform.attributes(COPY, "monday")["replication_state"],
        json!("Failed")
    );
    world.azure.set_replication(Replication::Succeeded);
    world
        .terraform
        .run(&[
            "apply",
            "-auto-approve",
            "-replace=azrestorepoint_copy.monday",
        ])
        .await
        .expect_code(0);
    expect_made_anew(&world, "-replace").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_copy_that_nothing_can_replace_stays_and_is_spoken_of() {
    let world = World::new(Replication::Replicating(40)).await;
    let monday = world.configuration("", "wait_for_replication = false");
    world.terraform.write(&monday);
    world.terraform.apply().await.expect_code(0);
    let failed = Replication::Failed(50);
    world.azure.set_disks(&world.copy_id(), failed);
    // A newer one is copied, so Azure takes monday never again.
    world.azure.set_replication(Replication::Succeeded);
    let source = &world.source;
    world.terraform.write(&format!(
        "{monday}resource \"azrestorepoint_copy\" \"tuesday\" {{\n  name = \"tuesday\"\n  restore_point_collection_id = azrestorepoint_collection.dr.id\n  source_restore_point_id = \"{source}/restorePoints/tuesday\"\n  force_destroy = true\n}}\n"
    ));
    world
        .terraform
        .run(&[
            "apply",
            "-auto-approve",
            "-target=azrestorepoint_copy.tuesday",
        ])
        .await
        .expect_code(0);
    world.terraform.apply().await.expect_code(0);
    for options in [&[][..], &["-refresh=false"]] {
        let plan = [&["plan", "-detailed-exitcode"], options].concat();
        let told = world.terraform.run(&plan).await.expect_code(0);
        told.expect_text("Warning: ").expect_text("has failed");
    }
    assert_eq!(asked(&world), (2, 0));
    // Whoever wants it gone can have that.
    world.terraform.destroy().await.expect_code(0);
    assert_eq!(asked(&world), (2, 2));
}
