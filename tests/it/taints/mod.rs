//! That no taint destroys a copy that has not failed, and that what was asked for is destroyed.
//!
//! The proof is what Azure was asked: one PUT, no DELETE.

use azure_simulator::Replication;
use serde_json::json;

use crate::support::terraform::finish;
use crate::support::world::{REQUEST_LIMIT, World};

const COPY: &str = "azrestorepoint_copy";
const ADDRESS: &str = "azrestorepoint_copy.monday";

/// What Azure was asked to make and to delete of copies.
fn asked(world: &World) -> (usize, usize) {
    (
        world.copies_begun(),
        world.azure.count("DELETE", "/restorePoints/"),
    )
}

/// A world whose copy was timed out, and is tainted.
async fn timed_out() -> World {
    let world = World::new(Replication::Replicating(40)).await;
    world.write("", "timeouts {\n    create = \"1s\"\n  }");
    world.terraform.apply().await.expect_code(1);
    assert!(world.terraform.is_tainted(COPY, "monday"));
    world
}

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
    world
        .azure
        .set_disks(&world.copy_id(), Replication::Succeeded);
    world
        .terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("Copy was kept instead of being made anew");
    assert_eq!(asked(&world), (1, 0));
    assert!(!world.terraform.is_tainted(COPY, "monday"));
    assert_eq!(
        world.terraform.attributes(COPY, "monday")["wait_outcome"],
        json!("completed")
    );
    world.terraform.plan().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_a_saved_plan_nor_a_missing_refresh_makes_a_difference() {
    for arguments in [
        &["plan", "-out=saved"][..],
        &["plan", "-out=saved", "-refresh=false"],
        &["plan", "-out=saved", "-target=azrestorepoint_copy.monday"],
    ] {
        let world = timed_out().await;
        world
            .azure
            .set_disks(&world.copy_id(), Replication::Succeeded);
        world.terraform.run(arguments).await.expect_code(0);
        world
            .terraform
            .run(&["apply", "saved"])
            .await
            .expect_code(0);
        assert_eq!(asked(&world), (1, 0), "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_provisioner_on_a_perfect_copy_costs_nothing() {
    let world = World::ready().await;
    let provisioner = "provisioner \"local-exec\" {\n    command = \"exit 1\"\n  }";
    world.write("", provisioner);
    world.terraform.apply().await.expect_code(1);
    assert!(world.terraform.is_tainted(COPY, "monday"));
    world.write("", "");
    world.terraform.apply().await.expect_code(0);
    assert_eq!(asked(&world), (1, 0));
    world.terraform.plan().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn create_before_destroy_deletes_nothing_that_it_took_over() {
    for inherited in [false, true] {
        let world = World::new(Replication::Replicating(40)).await;
        let lifecycle = "lifecycle {\n    create_before_destroy = true\n  }";
        let timeouts = "timeouts {\n    create = \"1s\"\n  }";
        let configuration = if inherited {
            // The rule comes with whatever depends on the copy.
            let dependent = format!(
                "resource \"terraform_data\" \"disk\" {{\n  input = azrestorepoint_copy.monday.id\n  {lifecycle}\n}}\n"
            );
            format!("{}{dependent}", world.configuration("", timeouts))
        } else {
            world.configuration("", &format!("{timeouts}\n  {lifecycle}"))
        };
        world.terraform.write(&configuration);
        world.terraform.apply().await.expect_code(1);
        // A second deadline, and then the end.
        world.terraform.apply().await.expect_code(1);
        world
            .azure
            .set_disks(&world.copy_id(), Replication::Succeeded);
        world.terraform.apply().await.expect_code(0);
        assert_eq!(asked(&world), (1, 0), "inherited: {inherited}");
        let state = world.terraform.state().to_string();
        assert!(
            !state.contains("deposed"),
            "inherited: {inherited}: something deposed is left"
        );
        world.terraform.plan().await.expect_code(0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_changes_its_name_is_refused_and_moved_helps() {
    let world = World::ready().await;
    let keyed = |key: &str| world.configuration("", &format!("for_each = toset([\"{key}\"])"));
    world.terraform.write(&keyed("old"));
    world.terraform.apply().await.expect_code(0);
    world.terraform.write(&keyed("new"));
    world
        .terraform
        .plan()
        .await
        .expect_code(1)
        .expect_text("destroyed and kept in the same plan")
        .expect_text("moved");
    let moved = "moved {\n  from = azrestorepoint_copy.monday[\"old\"]\n  to   = azrestorepoint_copy.monday[\"new\"]\n}\n";
    world.terraform.write(&format!("{}{moved}", keyed("new")));
    world.terraform.apply().await.expect_code(0);
    assert_eq!(asked(&world), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_state_finds_its_copy_again() {
    let world = World::new(Replication::Replicating(40)).await;
    world.write("", "timeouts {\n    create = \"1s\"\n  }");
    world.terraform.apply().await.expect_code(1);
    world
        .terraform
        .run(&["state", "rm", ADDRESS])
        .await
        .expect_code(0);
    // Not finished: nothing is saved, nothing is tainted, nothing is copied twice.
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("taken over");
    assert!(world.terraform.instance(COPY, "monday").is_none());
    world
        .azure
        .set_disks(&world.copy_id(), Replication::Succeeded);
    world.terraform.apply().await.expect_code(0);
    assert_eq!(asked(&world), (1, 0));
    world.terraform.plan().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_over_can_be_switched_off_and_strangers_are_never_taken() {
    let world = World::ready().await;
    world.write("", "");
    world.terraform.apply().await.expect_code(0);
    world
        .terraform
        .run(&["state", "rm", ADDRESS])
        .await
        .expect_code(0);
    let provider = "provider \"azrestorepoint\" {\n  adopt_existing_copies = false\n}\n";
    world
        .terraform
        .write(&format!("{provider}{}", world.configuration("", "")));
    let refused = world.terraform.apply().await.expect_code(1);
    refused.expect_text("already exists - to be managed via Terraform");

    // The name is taken by a copy of something else.
    let stranger = world
        .configuration("", "")
        .replace("/restorePoints/monday", "/restorePoints/tuesday");
    world.terraform.write(&stranger);
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("already exists");
    assert_eq!(asked(&world), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_wants_gone_goes() {
    // Unfinished: a destroy is a destroy.
    let world = World::new(Replication::Replicating(40)).await;
    world.write("", "wait_for_replication = false");
    world.terraform.apply().await.expect_code(0);
    world.terraform.destroy().await.expect_code(0);
    assert_eq!(asked(&world), (1, 1));

    // A changed name, and -replace, of an unfinished copy.
    world.terraform.apply().await.expect_code(0);
    let again = [
        "apply",
        "-auto-approve",
        "-replace=azrestorepoint_copy.monday",
    ];
    world
        .terraform
        .run(&again)
        .await
        .expect_code(0)
        .expect_text("1 added, 0 changed, 1 destroyed");
    assert_eq!(asked(&world), (3, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_usable_copy_stays_unless_it_is_forced() {
    let world = World::ready().await;
    let source = &world.source;
    let copies = |force: bool| {
        let tuesday = format!(
            "resource \"azrestorepoint_copy\" \"tuesday\" {{\n  name = \"tuesday\"\n  restore_point_collection_id = azrestorepoint_collection.dr.id\n  source_restore_point_id = \"{source}/restorePoints/tuesday\"\n  force_destroy = {force}\n  depends_on = [azrestorepoint_copy.monday]\n}}\n"
        );
        let monday = world.configuration("", "").replace(
            "force_destroy               = true",
            &format!("force_destroy = {force}"),
        );
        format!("{monday}{tuesday}")
    };
    world.terraform.write(&copies(false));
    world.terraform.apply().await.expect_code(0);
    // The one goes, as another one stays; the other one is the last.
    world
        .terraform
        .destroy()
        .await
        .expect_code(1)
        .expect_text("Last usable copy is not destroyed");
    assert_eq!(asked(&world), (2, 1));
    assert!(world.azure.resource(&world.copy_id()).is_some());

    world.terraform.write(&world.configuration("", ""));
    world.terraform.apply().await.expect_code(0);
    world.terraform.destroy().await.expect_code(0);
    assert_eq!(asked(&world), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_cannot_be_seen_is_not_deleted() {
    let world = World::ready().await;
    world.write("", "timeouts {\n    delete = \"1s\"\n  }");
    world.terraform.apply().await.expect_code(0);
    let body = json!({"error": {"code": "AuthorizationFailed", "message": "Not you."}});
    world
        .azure
        .fault(azure_simulator::Fault::answer(403, body).on("GET", "/restorePoints/"));
    let destroy = world
        .terraform
        .start(&["destroy", "-auto-approve", "-refresh=false"]);
    finish(destroy)
        .await
        .expect_code(1)
        .expect_text("Cannot look at a copy before deleting it");
    world
        .azure
        .wait_for_count(REQUEST_LIMIT, "GET", "/restorePoints/", 1)
        .await
        .expect("it looked");
    assert_eq!(asked(&world).1, 0);
    assert!(world.terraform.instance(COPY, "monday").is_some());
}
