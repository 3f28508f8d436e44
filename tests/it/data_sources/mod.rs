//! Data sources and functions, through the real Terraform.

mod bulk;
mod fleet;
mod functions;
mod lookups;
mod problems;

use azure_simulator::{Replication, SourceRestorePoint};
use serde_json::Value as Json;

use crate::support::world::World;

/// A collection of copies in which `monday` is usable and `tuesday` at 40 %, and its ID. Its source
/// has two more points: `wednesday`, whose snapshots are pending, and `thursday`, which is made.
async fn copied() -> (World, String) {
    let world = World::build(Replication::Succeeded, |azure| azure.page_size(1)).await;
    let target = world
        .azure
        .seed_target_collection("rg-dr", "web-dr", "westus2", &world.source);
    for (name, replication) in [
        ("monday", Replication::Succeeded),
        ("tuesday", Replication::Replicating(40)),
    ] {
        let source = format!("{}/restorePoints/{name}", world.source);
        world.azure.seed_copy(&target, name, &source, replication);
    }
    let wednesday = SourceRestorePoint::new("wednesday", "2026-11-18T01:00:00Z")
        .disks(["os"])
        .snapshot_access_state("Pending");
    let thursday = SourceRestorePoint::new("thursday", "2026-11-19T01:00:00Z")
        .disks(["os"])
        .provisioning_state("Creating");
    for point in [wednesday, thursday] {
        world.azure.seed_restore_point(&world.source, &point);
    }
    (world, target)
}

/// An output in the state.
#[track_caller]
fn output(world: &World, name: &str) -> Json {
    let outputs = world.terraform.state()["outputs"].clone();
    assert!(!outputs[name].is_null(), "no output {name} in {outputs}");
    outputs[name]["value"].clone()
}
