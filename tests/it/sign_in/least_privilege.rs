//! The role definitions in `docs/roles`: each is enough for its work, and nothing in it is too much.

use std::fs;

use azure_simulator::{DiskAccess, Replication, Role};
use serde_json::Value as Json;

use crate::disk_access::{self, ACCESS};
use crate::support::world::World;

/// The actions of a role, read from its definition.
fn actions(name: &str) -> Vec<String> {
    let path = format!("{}/docs/roles/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(path).expect("a role definition");
    let role: Json = serde_json::from_str(&text).expect("JSON");
    assert_eq!(role["IsCustom"], true);
    let actions = role["Actions"].as_array().expect("a list");
    let actions = actions
        .iter()
        .map(|action| action.as_str().expect("a text"));
    actions.map(str::to_owned).collect()
}

fn role(actions: &[String]) -> Role {
    Role::of(actions.iter().map(String::as_str))
}

async fn world(roles: impl IntoIterator<Item = Role>) -> World {
    World::build(Replication::Succeeded, |azure| azure.roles(roles)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_copier_copies_takes_over_and_deletes_nothing() {
    let world = world([role(&actions("copy"))]).await;
    world.write("", "");
    let apply = world.terraform.apply().await.expect_code(0);
    // The one about development overrides is the only one.
    assert_eq!(apply.text.matches("Warning: ").count(), 1, "{}", apply.text);
    world.terraform.plan().await.expect_code(0);
    world.write("tags = { department = \"finance\" }", "");
    world.terraform.apply().await.expect_code(0);
    let address = "azrestorepoint_copy.monday";
    let forget = ["state", "rm", address];
    world.terraform.run(&forget).await.expect_code(0);
    world.terraform.apply().await.expect_code(0);
    assert_eq!(world.copies_begun(), 1);
    world
        .terraform
        .destroy()
        .await
        .expect_code(1)
        .expect_text("Microsoft.Compute/restorePointCollections/restorePoints/delete");
    assert!(world.azure.resource(&world.copy_id()).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_looks_at_the_source_only_copies_with_the_copier_at_the_target() {
    let reader = role(&actions("read"));
    let probe = World::ready().await;
    let subscription = format!("/subscriptions/{}", probe.azure.subscription_id());
    let target = format!("{subscription}/resourceGroups/rg-dr");
    let copier = role(&actions("copy")).at(&target);
    let world = world([reader, copier]).await;
    world.write("", "");
    let apply = world.terraform.apply().await.expect_code(0);
    assert_eq!(apply.text.matches("Warning: ").count(), 1, "{}", apply.text);
    world.terraform.plan().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pruner_beside_the_copier_deletes() {
    let roles = [role(&actions("copy")), role(&actions("prune"))];
    let world = world(roles).await;
    world.write("", "");
    world.terraform.apply().await.expect_code(0);
    // From here on nothing is to be made.
    world.azure.set_roles([role(&actions("prune"))]);
    let destroy = world.terraform.destroy().await.expect_code(0);
    let refused = destroy.text.contains("AuthorizationFailed");
    assert!(!refused, "{}", destroy.text);
    assert!(world.azure.resource(&world.collection_id()).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_in_the_copier_is_too_much() {
    let all = actions("copy");
    for (index, action) in all.iter().enumerate() {
        let mut fewer = all.clone();
        fewer.remove(index);
        let world = world([role(&fewer)]).await;
        world.write("", "");
        let apply = world.terraform.apply().await;
        assert!(apply.text.contains(action), "{action}: {}", apply.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_in_the_pruner_is_too_much() {
    let all = actions("prune");
    for (index, action) in all.iter().enumerate() {
        let mut fewer = all.clone();
        fewer.remove(index);
        let world = World::ready().await;
        world.write("", "");
        world.terraform.apply().await.expect_code(0);
        world.azure.set_roles([role(&fewer)]);
        let destroy = world.terraform.destroy().await;
        let is_missed = destroy.text.contains(action.as_str());
        // A deletion whose operation cannot be followed is followed by looking at the resource.
        let is_followed = action.ends_with("operations/read") && destroy.code() == 0;
        assert!(is_missed || is_followed, "{action}: {}", destroy.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_disk_reader_reads_disks_and_nothing_in_it_is_too_much() {
    let all = actions("disk-access");
    let (world, disk) = disk_access::world(|azure| azure).await;
    let mut core = disk_access::core(&world).await;
    let config = disk_access::config(&core, &disk, None);
    for operations in ["DiskOperations", "operations"] {
        world.azure.set_disk_access(DiskAccess {
            operations,
            ..DiskAccess::default()
        });
        world.azure.set_roles([role(&all)]);
        let lease = core.open(ACCESS, &config).await.expect("access");
        assert_eq!(core.close(&lease).await.text(), "");
        for (index, action) in all.iter().enumerate() {
            let other = match operations {
                "operations" => "/diskOperations/",
                _ => "/operations/",
            };
            if action.contains(other) {
                continue;
            }
            let mut fewer = all.clone();
            fewer.remove(index);
            world.azure.set_roles([role(&fewer)]);
            let told = match core.open(ACCESS, &config).await {
                Ok(lease) => core.close(&lease).await,
                Err(told) => told,
            };
            assert!(told.text().contains(action), "{action}: {}", told.text());
            world.azure.set_roles([role(&all)]);
        }
    }
}
