//! The example, as it stands, with a few virtual machines.

use std::time::Duration;

use azure_simulator::SourceRestorePoint;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::support::world::World;

const EXAMPLE: &str = include_str!("../../../examples/mirror/main.tf");

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A restore point that is so old by the real clock, which the example's check goes by.
fn take(world: &World, name: &str, age: Duration) {
    let time = OffsetDateTime::now_utc() - age;
    let time = time.format(&Rfc3339).expect("a time");
    let point = SourceRestorePoint::new(name, &time).disks(["os"]);
    world.azure.seed_restore_point(&world.source, &point);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_runs_and_its_check_tells_of_copies_that_are_too_old() {
    let mut world = World::new(Duration::from_secs(6 * 3600)).await;
    std::fs::write(world.terraform.path().join("main.tf"), EXAMPLE).expect("a file");
    let sources = format!("{{\"web\": \"{}\"}}", world.source);
    world.terraform.set("TF_VAR_source_collection_ids", sources);
    world
        .terraform
        .set("TF_VAR_target_resource_group_name", "rg-dr");
    world.terraform.set("TF_VAR_target_location", "westus2");
    take(&world, "before-yesterday", 2 * DAY);

    const TOO_OLD: &str = "No usable copy younger than 36h: web.";
    let first = world.terraform.apply().await.expect_code(0);
    first.expect_text("2 added").expect_text(TOO_OLD);
    world.azure.advance(DAY);
    take(&world, "today", Duration::ZERO);
    let second = world.terraform.apply().await.expect_code(0);
    second.expect_text("1 changed").expect_text(TOO_OLD);
    world.azure.advance(DAY);
    let third = world.terraform.apply().await.expect_code(0);
    assert!(!third.text.contains(TOO_OLD), "{}", third.text);
    third.expect_text("\"up_to_date\" = 1");
    world.terraform.plan().await.expect_code(0);
}
