//! What replaces a collection, and that no replacement takes copies along.

use crate::support::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_that_holds_copies_is_never_replaced_by_itself() {
    let world = World::ready().await;
    world.write("force_destroy = true", "");
    world.terraform.apply().await.expect_code(0);

    // The copy is not in this configuration any more, so that nothing but the guard protects it.
    let moved = world
        .configuration("force_destroy = true", "")
        .replace("\"westus2\"", "\"northeurope\"");
    let alone = moved
        .split("resource \"azrestorepoint_copy\"")
        .next()
        .expect("a collection");
    world
        .terraform
        .run(&["state", "rm", "azrestorepoint_copy.monday"])
        .await
        .expect_code(0);
    world.terraform.write(alone);
    world
        .terraform
        .plan()
        .await
        .expect_code(2)
        .expect_text("Replacement of a restore point collection by itself");
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("is not empty")
        .expect_text("whatever force_destroy says");
    assert!(world.azure.resource(&world.copy_id()).is_some());
    assert_eq!(world.azure.count("DELETE", "/restorePointCollections/"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_collection_is_replaced_without_ado() {
    let world = World::ready().await;
    let configuration = world.configuration("", "");
    let alone = configuration
        .split("resource \"azrestorepoint_copy\"")
        .next()
        .expect("a collection");
    world.terraform.write(alone);
    world.terraform.apply().await.expect_code(0);
    world
        .terraform
        .write(&alone.replace("\"westus2\"", "\"northeurope\""));
    world
        .terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("1 added, 0 changed, 1 destroyed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tainted_collection_keeps_its_copies() {
    let world = World::ready().await;
    world.write("force_destroy = true", "");
    world.terraform.apply().await.expect_code(0);
    world
        .terraform
        .run(&["taint", "azrestorepoint_collection.dr"])
        .await
        .expect_code(0);
    world
        .terraform
        .run(&["state", "rm", "azrestorepoint_copy.monday"])
        .await
        .expect_code(0);
    let configuration = world.configuration("force_destroy = true", "");
    let alone = configuration
        .split("resource \"azrestorepoint_copy\"")
        .next()
        .expect("a collection");
    world.terraform.write(alone);
    world
        .terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("Collection was kept instead of being made anew")
        .expect_text("terraform untaint ADDRESS");
    assert!(world.azure.resource(&world.copy_id()).is_some());
}
