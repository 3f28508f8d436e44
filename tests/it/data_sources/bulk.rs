//! Many copies at once: brought under Terraform, and listed.

use std::time::Instant;

use azure_simulator::{Replication, Simulator, SourceCollection, SourceRestorePoint};

use crate::support::world::World;

const EXAMPLE: &str = include_str!("../../../examples/import/main.tf");

/// How many copies a collection has in a test of imports.
const COPIES: usize = 10;

/// Collections in `rg-dr` with so many usable copies each, and their sources.
fn seed(azure: &Simulator, collections: usize, copies: usize) {
    for number in 0..collections {
        let name = format!("vm-{number:03}");
        let source =
            azure.seed_source_collection(&SourceCollection::new("rg-source", &name, "eastus"));
        let target = azure.seed_target_collection("rg-dr", &name, "westus2", &source);
        for copy in 0..copies {
            let (day, hour) = (copy / 24 + 1, copy % 24);
            let time = format!("2026-10-{day:02}T{hour:02}:00:00Z");
            let name = format!("night-{copy:03}");
            let point = SourceRestorePoint::new(&name, &time).disks(["os", "data"]);
            let point = azure.seed_restore_point(&source, &point);
            azure.seed_copy(&target, &name, &point, Replication::Succeeded);
        }
    }
}

/// `IMPORTED_COPIES=2000` imports so many instead.
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_copies_are_imported_and_nothing_is_to_change() {
    let count = std::env::var("IMPORTED_COPIES").ok();
    let count = count.and_then(|count| count.parse().ok()).unwrap_or(200);
    let mut world = World::ready().await;
    let collections = count / COPIES;
    seed(&world.azure, collections, COPIES);
    std::fs::write(world.terraform.path().join("main.tf"), EXAMPLE).expect("a file");
    world.terraform.set("TF_VAR_resource_group_name", "rg-dr");
    let all = count + collections;
    let began = Instant::now();
    let plan = world
        .terraform
        .run(&["plan", "-out=saved"])
        .await
        .expect_code(0);
    plan.expect_text(&format!(
        "Plan: {all} to import, 0 to add, 0 to change, 0 to destroy."
    ));
    let (planned, asked) = (began.elapsed(), world.azure.requests().len());
    let apply = world
        .terraform
        .run(&["apply", "saved"])
        .await
        .expect_code(0);
    apply.expect_text(&format!(
        "Resources: {all} imported, 0 added, 0 changed, 0 destroyed."
    ));
    let applied = began.elapsed() - planned;
    let plan = world.terraform.plan().await.expect_code(0);
    plan.expect_text("No changes.");
    println!(
        "{count} copies in {collections} collections: planned in {planned:?} with {asked} requests, imported in \
         {applied:?}, planned again in {:?}",
        began.elapsed() - planned - applied
    );
    assert_eq!(world.azure.count("PUT", "/"), 0);
    assert_eq!(world.azure.count("DELETE", "/"), 0);
}
