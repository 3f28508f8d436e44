//! What is done about a refusal, and what stops a copy before Azure is asked, through the real
//! Terraform.

use azure_simulator::{Fault, Replication, SourceRestorePoint};
use serde_json::json;

use crate::support::terraform::finish;
use crate::support::world::{REQUEST_LIMIT, World};

const COPY: &str = "azrestorepoint_copy";
const POINTS: &str = "/restorePoints/";

/// A refusal in words that mean nothing to us.
fn refusal() -> Fault {
    let body = json!({"error": {"code": "OperationNotAllowed", "message": "Not as things are."}});
    Fault::answer(409, body).on("PUT", POINTS).times(1)
}

/// A copy of `tuesday` into a collection that is there already.
fn tuesday(world: &World, copy: &str) -> String {
    let source = &world.source;
    let target = world.collection_id();
    format!(
        r#"
resource "azrestorepoint_copy" "tuesday" {{
  name                        = "tuesday"
  restore_point_collection_id = "{target}"
  source_restore_point_id     = "{source}/restorePoints/tuesday"
  force_destroy               = true
  {copy}
}}
"#
    )
}

fn seed_target(world: &World) -> String {
    world
        .azure
        .seed_target_collection("rg-dr", "web-dr", "westus2", &world.source)
}

/// Lets somebody else come first: their copy begins while ours is on its way.
async fn refused_while_another_replicates(world: &World) -> String {
    let target = seed_target(world);
    // The look before the PUT sees nothing in the way.
    let empty = Fault::amend(json!({"properties": {"restorePoints": []}}));
    world
        .azure
        .fault(empty.on("GET", "web-dr?").skip(1).times(1));
    let monday = format!("{}/restorePoints/monday", world.source);
    world
        .azure
        .seed_copy(&target, "theirs", &monday, Replication::Replicating(40))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_refused_because_another_replicates_takes_its_turn() {
    let world = World::ready().await;
    let theirs = refused_while_another_replicates(&world).await;
    world.terraform.write(&tuesday(&world, ""));
    let apply = world.terraform.start(&["apply", "-auto-approve"]);
    // Azure has refused once, and the other copy is looked at until it is done.
    world
        .azure
        .wait_for_count(REQUEST_LIMIT, "PUT", POINTS, 1)
        .await
        .expect("it asks");
    let looks = world.azure.count("GET", "/restorePoints/theirs");
    world
        .azure
        .wait_for_count(REQUEST_LIMIT, "GET", "/restorePoints/theirs", looks + 3)
        .await
        .expect("it waits for the other");
    assert_eq!(world.copies_begun(), 1);
    world.azure.set_disks(&theirs, Replication::Succeeded);
    finish(apply).await.expect_code(0);
    assert_eq!(world.copies_begun(), 2);
    world.terraform.plan().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_turn_that_does_not_come_leaves_nothing_and_says_what_was_in_the_way() {
    let world = World::ready().await;
    refused_while_another_replicates(&world).await;
    world
        .terraform
        .write(&tuesday(&world, "timeouts {\n    create = \"2s\"\n  }"));
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("Timeout before the copy was begun")
        .expect_text("the copy \"theirs\" replicated there")
        .expect_text("Azure refused it meanwhile")
        .expect_text("cannot be copied before the copy 'theirs' is complete");
    assert!(world.terraform.instance(COPY, "tuesday").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_wait_is_told_what_replicates_after_a_refusal() {
    let world = World::ready().await;
    refused_while_another_replicates(&world).await;
    world
        .terraform
        .write(&tuesday(&world, "wait_for_replication = false"));
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("Another copy is replicating into this collection")
        .expect_text("Azure refused the copy \"tuesday\"")
        .expect_text("\"theirs\"");
    assert_eq!(world.copies_begun(), 1);
    assert!(world.terraform.instance(COPY, "tuesday").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_of_what_is_there_already_takes_it_over() {
    let world = World::ready().await;
    let target = seed_target(&world);
    world.azure.fault(refusal());
    // Nothing is there at first; while Azure refuses, a twin of this run has made it.
    let body = json!({"error": {"code": "NotFound", "message": "Not here."}});
    let hidden = Fault::answer(404, body).on("GET", "web-dr/restorePoints/tuesday");
    world.azure.fault(hidden.times(1));
    let empty = Fault::amend(json!({"properties": {"restorePoints": []}}));
    world.azure.fault(empty.on("GET", "web-dr?").times(2));
    let source = format!("{}/restorePoints/tuesday", world.source);
    world
        .azure
        .seed_copy(&target, "tuesday", &source, Replication::Succeeded);
    world.terraform.write(&tuesday(&world, ""));
    world.terraform.apply().await.expect_code(0);
    assert_eq!(world.copies_begun(), 1);
    assert_eq!(
        world.terraform.attributes(COPY, "tuesday")["wait_outcome"],
        json!("completed")
    );
    world.terraform.plan().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_explained_by_the_rule_that_a_look_shows() {
    let world = World::ready().await;
    let target = seed_target(&world);
    let wednesday = SourceRestorePoint::new("wednesday", "2026-11-18T01:00:00Z");
    let source = world.azure.seed_restore_point(&world.source, &wednesday);
    world
        .azure
        .seed_copy(&target, "newer", &source, Replication::Succeeded);
    // Neither the plan nor the look before the PUT has seen it.
    let empty = Fault::amend(json!({"properties": {"restorePoints": []}}));
    world.azure.fault(empty.on("GET", "web-dr?").times(2));
    world.terraform.write(&tuesday(&world, ""));
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("A newer restore point is copied already")
        .expect_text("Azure refused the copy \"tuesday\"")
        .expect_text("OperationNotAllowed")
        .expect_text("\"newer\"");
    assert_eq!(world.copies_begun(), 1);
    assert!(world.terraform.instance(COPY, "tuesday").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_elsewhere_in_the_region_is_found_and_named() {
    let world = World::ready().await;
    seed_target(&world);
    let rival = world
        .azure
        .seed_target_collection("rg-other", "rival", "westus2", &world.source);
    let far = world
        .azure
        .seed_target_collection("rg-other", "far", "northeurope", &world.source);
    let source = format!("{}/restorePoints/tuesday", world.source);
    world
        .azure
        .seed_copy(&far, "far", &source, Replication::Succeeded);
    world
        .azure
        .seed_copy(&rival, "theirs", &source, Replication::Succeeded);
    world.terraform.write(&tuesday(&world, ""));
    world
        .terraform
        .plan()
        .await
        .expect_code(2)
        .expect_text("Warning: Restore point is copied to this region already");
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("Error: Restore point is copied to this region already")
        .expect_text("rival/restorePoints/theirs");
    assert_eq!(world.copies_begun(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_not_ready_is_waited_for() {
    let world = World::ready().await;
    let pending = SourceRestorePoint::new("wednesday", "2026-11-18T01:00:00Z")
        .snapshot_access_state("Pending");
    let source = world.azure.seed_restore_point(&world.source, &pending);
    seed_target(&world);
    let configuration = tuesday(&world, "").replace("tuesday", "wednesday");
    world.terraform.write(&configuration);
    world
        .terraform
        .plan()
        .await
        .expect_code(2)
        .expect_text("Source restore point cannot be copied yet");
    let looks = "web/restorePoints/wednesday";
    let before = world.azure.count("GET", looks);
    let apply = world.terraform.start(&["apply", "-auto-approve"]);
    world
        .azure
        .wait_for_count(REQUEST_LIMIT, "GET", looks, before + 5)
        .await
        .expect("it waits");
    assert_eq!(world.copies_begun(), 0);
    world
        .azure
        .set_snapshot_access_state(&source, Some("AvailableWithInstantAccess"));
    // The older ones can never be copied now, and nobody wanted that to be silent.
    finish(apply)
        .await
        .expect_code(0)
        .expect_text("Older restore points cannot be copied any more")
        .expect_text("monday, tuesday");
    assert_eq!(world.copies_begun(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_not_ready_any_more_is_not_asked_for_without_pause() {
    let world = World::ready().await;
    let pending = SourceRestorePoint::new("wednesday", "2026-11-18T01:00:00Z")
        .snapshot_access_state("Pending");
    let source = world.azure.seed_restore_point(&world.source, &pending);
    seed_target(&world);
    // The plan and the look before the PUT see one that is ready, and then another has its name.
    let looks = "web/restorePoints/wednesday?";
    let ready = json!({"properties": {"instanceView": {"diskRestorePoints": []}}});
    world
        .azure
        .fault(Fault::amend(ready).on("GET", looks).times(2));
    world
        .terraform
        .write(&tuesday(&world, "").replace("tuesday", "wednesday"));
    let apply = world.terraform.start(&["apply", "-auto-approve"]);
    world
        .azure
        .wait_for_count(REQUEST_LIMIT, "GET", looks, 8)
        .await
        .expect("it waits");
    assert_eq!(world.copies_begun(), 1);
    world
        .azure
        .set_snapshot_access_state(&source, Some("Available"));
    finish(apply).await.expect_code(0);
    assert_eq!(world.copies_begun(), 2);
    world.terraform.plan().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_was_deleted_meanwhile_is_told_with_the_failure() {
    let world = World::new(Replication::Replicating(40)).await;
    seed_target(&world);
    world.terraform.write(&tuesday(&world, ""));
    let apply = world.terraform.start(&["apply", "-auto-approve"]);
    let copy = format!("{}/restorePoints/tuesday", world.collection_id());
    world
        .azure
        .wait_for_count(REQUEST_LIMIT, "GET", "web-dr/restorePoints/tuesday", 3)
        .await
        .expect("it waits");
    world
        .azure
        .remove(&format!("{}/restorePoints/tuesday", world.source));
    world.azure.set_disk(&copy, "os", Replication::Failed(40));
    finish(apply)
        .await
        .expect_code(1)
        .expect_text("Restore point copy has failed")
        .expect_text("does not exist any more");
}
