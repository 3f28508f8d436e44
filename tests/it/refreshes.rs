//! How copies are refreshed: together as far as they are finished, each alone as far as not.

use azure_simulator::{Fault, Replication, SourceRestorePoint};

use crate::support::core::{Action, Core, Told};
use crate::support::plugin::binary;
use crate::support::world::World;

const COPY: &str = "azrestorepoint_copy";

const COPIES: usize = 30;

/// What one look at a collection asks for.
const TOGETHER: &str = "/web-dr?api-version=2025-04-01&$expand=restorePoints";

/// What a look at a single copy asks for.
const ALONE: &str = "/web-dr/restorePoints/";

/// A collection with thirty finished copies in the state, and the ids of all of them.
async fn thirty_copies() -> (World, Vec<String>) {
    let world = World::ready().await;
    let target = world
        .azure
        .seed_target_collection("rg-dr", "web-dr", "westus2", &world.source);
    let mut copies = Vec::new();
    for number in 0..COPIES {
        let name = format!("at-{number:02}");
        let time = format!("2026-11-18T00:{number:02}:00Z");
        let point = SourceRestorePoint::new(&name, &time).disks(["os", "data"]);
        let source = world.azure.seed_restore_point(&world.source, &point);
        let copy = world
            .azure
            .seed_copy(&target, &name, &source, Replication::Succeeded);
        copies.push(copy);
    }
    let source = &world.source;
    world.terraform.write(&format!(
        r#"
resource "azrestorepoint_copy" "all" {{
  for_each                    = toset([for number in range({COPIES}) : format("at-%02d", number)])
  name                        = each.key
  restore_point_collection_id = "{target}"
  source_restore_point_id     = "{source}/restorePoints/${{each.key}}"
}}
"#
    ));
    world
        .terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("30 added");
    assert_eq!(world.copies_begun(), 0, "all of them were there");
    world.azure.clear_requests();
    (world, copies)
}

/// How often all were looked at together, and how often one alone, since this was asked last.
fn looks(world: &World) -> (usize, usize) {
    let found = (
        world.azure.count("GET", TOGETHER),
        world.azure.count("GET", ALONE),
    );
    world.azure.clear_requests();
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_finished_copies_are_refreshed_in_one_request() {
    let (world, copies) = thirty_copies().await;
    world.terraform.plan().await.expect_code(0);
    assert_eq!(looks(&world), (1, 0));

    // Deleted behind our back: asked for again, and made anew.
    let gone = world.azure.resource(&copies[3]).expect("a copy");
    world.azure.remove(&copies[3]);
    world
        .terraform
        .plan()
        .await
        .expect_code(2)
        .expect_text("1 to add, 0 to change, 0 to destroy");
    assert_eq!(looks(&world), (1, 1));

    // Deleted and made anew by somebody else: another copy of the same name, which is not finished.
    let source = gone["properties"]["sourceRestorePoint"]["id"]
        .as_str()
        .expect("an id");
    let target = copies[3].split("/restorePoints/").next().expect("an id");
    world
        .azure
        .seed_copy(target, "at-03", source, Replication::Replicating(40));
    world
        .terraform
        .plan()
        .await
        .expect_code(2)
        .expect_text("0 to add, 1 to change, 0 to destroy");
    assert_eq!(looks(&world), (1, 1));

    // The same, finished meanwhile: what hangs on the old one hears of it.
    world.azure.set_disks(&copies[3], Replication::Succeeded);
    world
        .terraform
        .run(&["plan", "-refresh-only", "-detailed-exitcode"])
        .await
        .expect_code(2)
        .expect_text("replication_id");
    assert_eq!(looks(&world), (1, 1));
    world
        .terraform
        .run(&["apply", "-refresh-only", "-auto-approve"])
        .await
        .expect_code(0);
    looks(&world);
    world.terraform.plan().await.expect_code(0);
    assert_eq!(looks(&world), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_see_the_collection_still_sees_the_copies() {
    let (world, copies) = thirty_copies().await;
    let body = serde_json::json!({"error": {"code": "AuthorizationFailed", "message": "No."}});
    world
        .azure
        .fault(Fault::answer(403, body).on("GET", TOGETHER));
    world.terraform.plan().await.expect_code(0);
    assert_eq!(looks(&world), (1, COPIES));

    // The collection is gone with everything in it.
    world.azure.clear_faults();
    let target = copies[0].split("/restorePoints/").next().expect("an id");
    world.azure.remove(target);
    world
        .terraform
        .plan()
        .await
        .expect_code(2)
        .expect_text("30 to add");
    assert_eq!(looks(&world), (1, COPIES));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_serves_several_runs_looks_again_in_each() {
    let world = World::ready().await;
    let target = world
        .azure
        .seed_target_collection("rg-dr", "web-dr", "westus2", &world.source);
    let monday = format!("{}/restorePoints/monday", world.source);
    let copy = world
        .azure
        .seed_copy(&target, "monday", &monday, Replication::Replicating(40));
    let mut core = Core::start(binary(), &world.azure.environment()).await;
    let config = core.config(
        COPY,
        &[
            ("name", "monday".into()),
            ("restore_point_collection_id", target.as_str().into()),
            ("source_restore_point_id", monday.as_str().into()),
            ("wait_for_replication", false.into()),
        ],
    );
    core.import(COPY, &copy).await;
    looks(&world);

    // Not finished: looked at alone, until it is.
    let mut told = Told::default();
    core.plan(COPY, &config, &mut told).await.expect("a plan");
    assert_eq!(looks(&world), (0, 1));
    world.azure.set_disks(&copy, Replication::Succeeded);
    for expected in [(0, 1), (1, 0), (1, 0)] {
        core.plan(COPY, &config, &mut told).await.expect("a plan");
        assert_eq!(looks(&world), expected, "{}", told.text());
    }

    world.azure.remove(&copy);
    let plan = core.plan(COPY, &config, &mut told).await.expect("a plan");
    assert_eq!(plan.action, Action::Create);
    assert_eq!(looks(&world), (1, 1));
    assert!(told.errors.is_empty(), "{}", told.text());
}
