//! Taints of copies that have not failed: whatever the way of the next apply, it resumes.

use azure_simulator::Replication;
use serde_json::json;

use super::{ADDRESS, COPY, SOON, asked, expect_resumed, timed_out, wait_for_more_looks};
use crate::support::terraform::finish;
use crate::support::world::World;

/// What is made from the copy, and made anew with it.
const DEPENDENT: &str = "resource \"terraform_data\" \"disk\" {\n  input = azrestorepoint_copy.monday.os_disk.disk_restore_point_id\n  triggers_replace = azrestorepoint_copy.monday.id\n}\n";

#[tokio::test(flavor = "multi_thread")]
async fn after_a_timeout_the_next_apply_resumes() {
    let world = timed_out().await;
    // Another time-out changes nothing.
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("Copy was kept");
    assert!(world.terraform.is_tainted(COPY, "monday"));
    world.replicate();
    world
        .terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("Copy was kept instead of being made anew");
    expect_resumed(&world, "apply").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_a_saved_plan_nor_a_missing_refresh_makes_a_difference() {
    let target = "-target=azrestorepoint_copy.monday";
    for options in [&[][..], &["-refresh=false"], &[target]] {
        // A plan that is carried out at once, and one that a new process has only heard of.
        for is_saved in [false, true] {
            let world = timed_out().await;
            world.replicate();
            let begin = match is_saved {
                true => &["plan", "-out=saved"][..],
                false => &["apply", "-auto-approve"],
            };
            let command = [begin, options].concat();
            world.terraform.run(&command).await.expect_code(0);
            if is_saved {
                let saved = world.terraform.run(&["apply", "saved"]).await;
                saved.expect_code(0);
            }
            expect_resumed(&world, &format!("{command:?}")).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_was_saved_before_the_copy_finished_waits_for_it() {
    let world = timed_out().await;
    world.write("", "");
    world
        .terraform
        .run(&["plan", "-out=saved"])
        .await
        .expect_code(0);
    let apply = world.terraform.start(&["apply", "saved"]);
    wait_for_more_looks(&world).await;
    world.replicate();
    finish(apply).await.expect_code(0);
    expect_resumed(&world, "saved plan").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn several_that_were_timed_out_are_resumed_together() {
    let world = World::new(Replication::Replicating(40)).await;
    let source = &world.source;
    world.terraform.write(&format!(
        r#"
resource "azrestorepoint_collection" "each" {{
  for_each                           = toset(["northeurope", "southindia", "westus2"])
  name                               = "web-${{each.key}}"
  resource_group_name                = "rg-dr"
  location                           = each.key
  source_restore_point_collection_id = "{source}"
}}

resource "azrestorepoint_copy" "each" {{
  for_each                    = azrestorepoint_collection.each
  name                        = "monday"
  restore_point_collection_id = each.value.id
  source_restore_point_id     = "{source}/restorePoints/monday"
  {SOON}
}}
"#
    ));
    world.terraform.apply().await.expect_code(1);
    let copies = ["northeurope", "southindia", "westus2"].map(|region| {
        world
            .copy_id()
            .replace("/web-dr/", &format!("/web-{region}/"))
    });
    for copy in &copies[1..] {
        world.azure.set_disks(copy, Replication::Succeeded);
    }
    // All but one have finished.
    world.terraform.apply().await.expect_code(1);
    world.azure.set_disks(&copies[0], Replication::Succeeded);
    world.terraform.apply().await.expect_code(0);
    assert_eq!(asked(&world), (3, 0));
    world.terraform.plan().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_depends_on_a_copy_is_made_when_it_is_usable_and_once() {
    let world = World::new(Replication::Replicating(40)).await;
    let configuration = format!("{}{DEPENDENT}", world.configuration("", SOON));
    world.terraform.write(&configuration);
    for _ in 0..2 {
        world.terraform.apply().await.expect_code(1);
        assert!(world.terraform.instance("terraform_data", "disk").is_none());
    }
    world.replicate();
    world
        .terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("2 added, 0 changed, 1 destroyed");
    let copy = world.terraform.attributes(COPY, "monday");
    let disk = world.terraform.attributes("terraform_data", "disk");
    assert_eq!(
        disk["output"]["value"],
        copy["os_disk"]["disk_restore_point_id"]
    );
    expect_resumed(&world, "dependent").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taint_by_hand_costs_the_copy_nothing() {
    for options in [&[][..], &["-refresh=false"]] {
        let world = World::ready().await;
        let configuration = format!("{}{DEPENDENT}", world.configuration("", ""));
        world.terraform.write(&configuration);
        world.terraform.apply().await.expect_code(0);
        let before = world.terraform.attributes(COPY, "monday");
        world
            .terraform
            .run(&["taint", ADDRESS])
            .await
            .expect_code(0);
        let apply = [&["apply", "-auto-approve"], options].concat();
        world
            .terraform
            .run(&apply)
            .await
            .expect_code(0)
            .expect_text("Copy was kept instead of being made anew");
        assert_eq!(world.terraform.attributes(COPY, "monday"), before);
        expect_resumed(&world, &format!("{options:?}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moved_address_changes_nothing() {
    let world = timed_out().await;
    let moved =
        "moved {\n  from = azrestorepoint_copy.monday\n  to   = azrestorepoint_copy.weekly\n}\n";
    let configuration = world.configuration("", SOON).replace(
        "\"azrestorepoint_copy\" \"monday\"",
        "\"azrestorepoint_copy\" \"weekly\"",
    );
    world.terraform.write(&format!("{configuration}{moved}"));
    // It is as tainted at its new address, and times out there, too.
    world.terraform.apply().await.expect_code(1);
    assert!(world.terraform.is_tainted(COPY, "weekly"));
    world.replicate();
    world.terraform.apply().await.expect_code(0);
    assert_eq!(asked(&world), (1, 0));
    assert!(!world.terraform.is_tainted(COPY, "weekly"));
    world.terraform.plan().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn arguments_that_make_no_new_copy_may_change_meanwhile() {
    for (changed, outcome) in [
        (
            "timeouts {\n    create = \"2h\"\n    delete = \"2h\"\n  }",
            "completed",
        ),
        ("", "completed"),
        ("on_timeout = \"continue\"", "completed"),
        ("wait_for_replication = false", "not_waited"),
    ] {
        let world = timed_out().await;
        world.replicate();
        world.write("", changed);
        world.terraform.apply().await.expect_code(0);
        assert_eq!(asked(&world), (1, 0), "{changed}");
        assert!(!world.terraform.is_tainted(COPY, "monday"), "{changed}");
        assert_eq!(
            world.terraform.attributes(COPY, "monday")["wait_outcome"],
            json!(outcome),
            "{changed}"
        );
        world.terraform.plan().await.expect_code(0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_unties_the_taint_first_sees_an_update() {
    for options in [&[][..], &["-refresh=false"]] {
        let world = timed_out().await;
        world
            .terraform
            .run(&["untaint", ADDRESS])
            .await
            .expect_code(0);
        if options.is_empty() {
            world
                .terraform
                .plan()
                .await
                .expect_code(2)
                .expect_text("0 to add, 1 to change, 0 to destroy");
        }
        let apply = [&["apply", "-auto-approve"], options].concat();
        let apply = world.terraform.start(&apply);
        wait_for_more_looks(&world).await;
        world.replicate();
        finish(apply)
            .await
            .expect_code(0)
            .expect_text("0 added, 1 changed, 0 destroyed");
        expect_resumed(&world, &format!("{options:?}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_provisioner_on_a_perfect_copy_costs_nothing() {
    let world = World::ready().await;
    let provisioner = "provisioner \"local-exec\" {\n    command = \"exit 1\"\n  }";
    world.write("", provisioner);
    // It fails, and fails again on the copy that was kept.
    for _ in 0..2 {
        world.terraform.apply().await.expect_code(1);
        assert!(world.terraform.is_tainted(COPY, "monday"));
        assert_eq!(asked(&world), (1, 0));
    }
    world.write("", "");
    world.terraform.apply().await.expect_code(0);
    expect_resumed(&world, "provisioner").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_between_the_halves_leaves_a_copy_that_is_found_again() {
    let gate = |revision: u8, command: &str| {
        format!(
            "resource \"terraform_data\" \"gate\" {{\n  triggers_replace = {revision}\n  provisioner \"local-exec\" {{\n    command = \"{command}\"\n  }}\n}}\n"
        )
    };
    let depends = "depends_on = [terraform_data.gate]";
    let world = World::new(Replication::Replicating(40)).await;
    let copy = world.configuration("", &format!("{SOON}\n  {depends}"));
    world.terraform.write(&format!("{copy}{}", gate(1, "true")));
    world.terraform.apply().await.expect_code(1);
    assert!(world.terraform.is_tainted(COPY, "monday"));

    // The copy makes way first, then comes what it depends on, and that fails.
    world
        .terraform
        .write(&format!("{copy}{}", gate(2, "false")));
    world.terraform.apply().await.expect_code(1);
    assert!(world.terraform.instance(COPY, "monday").is_none());
    world.replicate();
    world.terraform.write(&format!("{copy}{}", gate(2, "true")));
    world.terraform.apply().await.expect_code(0);
    expect_resumed(&world, "dependency").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taint_needs_no_leave_to_take_over() {
    // What adopt_existing_copies forbids is taking over what nobody here has made.
    let world = timed_out().await;
    world.replicate();
    let provider = "provider \"azrestorepoint\" {\n  adopt_existing_copies = false\n}\n";
    let configuration = world.configuration("", SOON);
    world.terraform.write(&format!("{provider}{configuration}"));
    world.terraform.apply().await.expect_code(0);
    expect_resumed(&world, "adopt_existing_copies = false").await;
}
