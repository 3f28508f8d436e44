//! `create_before_destroy`: the copy that is made first is the one that is destroyed then.

use azure_simulator::Replication;

use super::{
    ADDRESS, COPY, SOON, asked, expect_nothing_deposed, expect_resumed, wait_for_more_looks,
};
use crate::support::terraform::{finish, signal};
use crate::support::world::World;

const LIFECYCLE: &str = "lifecycle {\n    create_before_destroy = true\n  }";

/// The copy, with the rule written to it or inherited from what depends on it.
fn configuration(world: &World, inherited: bool, more: &str) -> String {
    if inherited {
        let dependent = format!(
            "resource \"terraform_data\" \"disk\" {{\n  input = azrestorepoint_copy.monday.id\n  {LIFECYCLE}\n}}\n"
        );
        format!("{}{dependent}", world.configuration("", more))
    } else {
        world.configuration("", &format!("{more}\n  {LIFECYCLE}"))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn create_before_destroy_deletes_nothing_that_it_took_over() {
    for inherited in [false, true] {
        let world = World::new(Replication::Replicating(40)).await;
        world
            .terraform
            .write(&configuration(&world, inherited, SOON));
        // Deadline after deadline, and then the end.
        for _ in 0..3 {
            world.terraform.apply().await.expect_code(1);
            assert!(world.terraform.is_tainted(COPY, "monday"));
            expect_nothing_deposed(&world, &format!("inherited: {inherited}"));
        }
        world.replicate();
        world.terraform.apply().await.expect_code(0);
        expect_resumed(&world, &format!("inherited: {inherited}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn create_before_destroy_makes_a_failed_copy_anew() {
    for inherited in [false, true] {
        let world = World::new(Replication::Failed(40)).await;
        let case = format!("inherited: {inherited}");
        world.terraform.write(&configuration(&world, inherited, ""));
        world.terraform.apply().await.expect_code(1);
        assert!(world.terraform.is_tainted(COPY, "monday"));
        world.azure.set_replication(Replication::Succeeded);
        world.terraform.apply().await.expect_code(0);
        assert_eq!(asked(&world), (2, 1), "{case}");
        assert!(!world.terraform.is_tainted(COPY, "monday"), "{case}");
        expect_nothing_deposed(&world, &case);
        world.terraform.plan().await.expect_code(0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn create_before_destroy_of_copies_that_fail_again_leaves_nothing_deposed() {
    for (second, asked_at_last) in [
        // Fails again, and is made a third time.
        (Replication::Failed(60), (3, 2)),
        // Times out, and is resumed.
        (Replication::Replicating(60), (2, 1)),
    ] {
        for inherited in [false, true] {
            let world = World::new(Replication::Failed(40)).await;
            let case = format!("{second:?}, inherited: {inherited}");
            world
                .terraform
                .write(&configuration(&world, inherited, SOON));
            world.terraform.apply().await.expect_code(1);
            world.azure.set_replication(second.clone());
            world.terraform.apply().await.expect_code(1);
            assert_eq!(asked(&world), (2, 1), "{case}");
            expect_nothing_deposed(&world, &case);
            if matches!(second, Replication::Replicating(_)) {
                world.replicate();
            }
            world.azure.set_replication(Replication::Succeeded);
            world.terraform.apply().await.expect_code(0);
            assert_eq!(asked(&world), asked_at_last, "{case}");
            assert!(!world.terraform.is_tainted(COPY, "monday"), "{case}");
            expect_nothing_deposed(&world, &case);
            world.terraform.plan().await.expect_code(0);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_while_a_failed_copy_is_made_anew_leaves_nothing_deposed() {
    for inherited in [false, true] {
        let world = World::new(Replication::Failed(40)).await;
        let case = format!("inherited: {inherited}");
        world.terraform.write(&configuration(&world, inherited, ""));
        world.terraform.apply().await.expect_code(1);
        world.azure.set_replication(Replication::Replicating(60));
        let apply = world.terraform.start(&["apply", "-auto-approve"]);
        wait_for_more_looks(&world).await;
        signal(&apply, "INT", true);
        let output = finish(apply).await;
        output.expect_text("Interrupted while a restore point is being copied");
        expect_nothing_deposed(&world, &case);
        world.replicate();
        world.terraform.apply().await.expect_code(0);
        assert_eq!(asked(&world), (2, 1), "{case}");
        expect_nothing_deposed(&world, &case);
        world.terraform.plan().await.expect_code(0);
    }
}

/// A twin of the copy is deposed: nothing is done before the user has forgotten it, and nothing is lost.
async fn expect_a_way_out(world: &World, case: &str) {
    let state = world.terraform.state().to_string();
    assert!(state.contains("deposed"), "{case}: there is no twin");
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("One copy is destroyed and kept in the same plan")
        .expect_text("terraform state rm ADDRESS");
    let forget = ["state", "rm", ADDRESS];
    world.terraform.run(&forget).await.expect_code(0);
    world.terraform.apply().await.expect_code(0);
    expect_resumed(world, case).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provisioner_that_fails_twice_leaves_a_twin_and_a_way_out() {
    for inherited in [false, true] {
        let world = World::ready().await;
        let provisioner = "provisioner \"local-exec\" {\n    command = \"exit 1\"\n  }";
        world
            .terraform
            .write(&configuration(&world, inherited, provisioner));
        world.terraform.apply().await.expect_code(1);
        expect_nothing_deposed(&world, "failed once");
        // The copy is taken over, and as usable as before; what fails comes after us.
        world.terraform.apply().await.expect_code(1);
        world.terraform.write(&configuration(&world, inherited, ""));
        expect_a_way_out(&world, &format!("inherited: {inherited}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dependent_that_fails_in_between_leaves_a_twin_and_a_way_out() {
    let world = World::new(Replication::Replicating(40)).await;
    let dependent = |command: &str| {
        format!(
            "{}resource \"terraform_data\" \"disk\" {{\n  triggers_replace = azrestorepoint_copy.monday.id\n  provisioner \"local-exec\" {{\n    command = \"{command}\"\n  }}\n  {LIFECYCLE}\n}}\n",
            world.configuration("", SOON)
        )
    };
    world.terraform.write(&dependent("false"));
    world.terraform.apply().await.expect_code(1);
    world.replicate();
    // The copy is taken over, its dependent fails, and the destroy of the old object is skipped.
    world.terraform.apply().await.expect_code(1);
    assert_eq!(asked(&world), (1, 0));
    world.terraform.write(&dependent("true"));
    expect_a_way_out(&world, "dependent").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_that_leaves_a_twin_leaves_a_way_out() {
    let world = World::new(Replication::Replicating(40)).await;
    world.terraform.write(&configuration(&world, false, SOON));
    world.terraform.apply().await.expect_code(1);
    // Whatever ends while the copy is waited for makes Terraform write the state down.
    let other = "resource \"terraform_data\" \"other\" {\n  provisioner \"local-exec\" {\n    command = \"while ! test -e go-on; do sleep 0.1; done\"\n  }\n}\n";
    let copy = configuration(&world, false, "");
    world.terraform.write(&format!("{copy}{other}"));
    let apply = world.terraform.start(&["apply", "-auto-approve"]);
    wait_for_more_looks(&world).await;
    std::fs::write(world.terraform.path().join("go-on"), "").expect("a file");
    while !world.terraform.state().to_string().contains("deposed") {
        wait_for_more_looks(&world).await;
    }
    signal(&apply, "KILL", false);
    assert_eq!(finish(apply).await.code(), -1);
    world.replicate();
    expect_a_way_out(&world, "kill").await;
}
