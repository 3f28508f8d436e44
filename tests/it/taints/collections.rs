//! That a taint destroys no collection that is well.

use azure_simulator::Replication;

use crate::support::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_tainted_collection_stays_with_what_is_inside() {
    let world = World::ready().await;
    let provisioner = "provisioner \"local-exec\" {\n    command = \"exit 1\"\n  }";
    world.write(provisioner, "");
    world.terraform.apply().await.expect_code(1);
    assert!(
        world
            .terraform
            .is_tainted("azrestorepoint_collection", "dr")
    );
    let monday = format!("{}/restorePoints/monday", world.source);
    world.azure.seed_copy(
        &world.collection_id(),
        "monday",
        &monday,
        Replication::Succeeded,
    );
    world.write("tags = { department = \"finance\" }", "");
    world
        .terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("Collection was kept instead of being made anew");
    assert_eq!(
        (
            world.azure.count("PUT", "/restorePointCollections/"),
            world.azure.count("DELETE", "/")
        ),
        (1, 0)
    );
    world.terraform.plan().await.expect_code(0);
}
