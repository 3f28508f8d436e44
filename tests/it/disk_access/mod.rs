//! `azrestorepoint_disk_access`: the URL of a disk, opened, renewed and revoked.

mod calls;
mod through_terraform;

use azrestorepoint::plugin::value::Value;
use azure_simulator::{Builder, Replication};

use crate::support::core::Core;
use crate::support::plugin::binary;
use crate::support::world::World;

pub(crate) const ACCESS: &str = "azrestorepoint_disk_access";

/// Where access is asked for and revoked.
pub(crate) const BEGIN: &str = "/beginGetAccess";
pub(crate) const END: &str = "/endGetAccess";

/// A world with a copy that somebody else has made, and the ID of its OS disk's restore point.
pub(crate) async fn world(differs: impl FnOnce(Builder) -> Builder) -> (World, String) {
    let world = World::build(Replication::Succeeded, differs).await;
    let azure = &world.azure;
    let target = azure.seed_target_collection("rg-dr", "web-dr", "westus2", &world.source);
    let source = format!("{}/restorePoints/monday", world.source);
    let copy = azure.seed_copy(&target, "monday", &source, Replication::Succeeded);
    let copy = azure.resource(&copy).expect("a copy");
    let disks = &copy["properties"]["instanceView"]["diskRestorePoints"];
    let disk = disks[0]["id"].as_str().expect("a disk").to_owned();
    (world, disk)
}

/// The provider, configured for that world.
pub(crate) async fn core(world: &World) -> Core {
    let mut environment = world.azure.environment();
    environment.push(("AZRESTOREPOINT_TEST_TIME_SCALE", "100".to_owned()));
    Core::start(binary(), &environment).await.configured().await
}

/// A configuration for this disk.
pub(crate) fn config(core: &Core, disk: &str, duration: Option<&str>) -> Value {
    let duration = Value::string(duration);
    core.config(
        ACCESS,
        &[
            ("disk_restore_point_id", disk.into()),
            ("duration", duration),
        ],
    )
}
