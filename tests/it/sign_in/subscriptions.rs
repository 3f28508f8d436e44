//! One provider block for every subscription of a tenant.

use std::time::Duration;

use azure_simulator::{Replication, Role, SUBSCRIPTION_ID, SourceCollection, SourceRestorePoint};

use crate::support::world::World;

const SOURCES: &str = "00000000-0000-0000-0000-0000000000a1";
const COPIES: &str = "00000000-0000-0000-0000-0000000000a2";

/// A world with sources in one further subscription, and room for copies in another.
async fn of_three(roles: impl IntoIterator<Item = Role>) -> (World, String) {
    let world = World::build(Replication::After(Duration::from_millis(50)), |azure| {
        let azure = azure.other_subscription(SOURCES).other_subscription(COPIES);
        azure.roles(roles)
    })
    .await;
    let source = SourceCollection::new("rg-source", "web", "eastus").subscription(SOURCES);
    let source = world.azure.seed_source_collection(&source);
    let point = SourceRestorePoint::new("monday", "2026-11-16T01:00:00Z");
    world.azure.seed_restore_point(&source, &point);
    world.azure.seed_resource_group_in(COPIES, "rg-dr");
    (world, source)
}

/// The same names in two subscriptions, each with a copy of a source in a third.
fn configuration(world: &World, source: &str) -> String {
    let nearby = &world.source;
    format!(
        r#"
resource "azrestorepoint_collection" "here" {{
  name                               = "web-dr"
  resource_group_name                = "rg-dr"
  location                           = "westus2"
  source_restore_point_collection_id = "{source}"
}}

resource "azrestorepoint_collection" "there" {{
  subscription_id                    = "{COPIES}"
  name                               = "web-dr"
  resource_group_name                = "rg-dr"
  location                           = "westeurope"
  source_restore_point_collection_id = "{source}"
}}

resource "azrestorepoint_collection" "nearby" {{
  subscription_id                    = "{COPIES}"
  name                               = "nearby"
  resource_group_name                = "rg-dr"
  location                           = "westus2"
  source_restore_point_collection_id = "{nearby}"
}}

resource "azrestorepoint_copy" "here" {{
  name                        = "monday"
  restore_point_collection_id = azrestorepoint_collection.here.id
  source_restore_point_id     = "{source}/restorePoints/monday"
  force_destroy               = true
}}

resource "azrestorepoint_copy" "there" {{
  name                        = "monday"
  restore_point_collection_id = azrestorepoint_collection.there.id
  source_restore_point_id     = "{source}/restorePoints/monday"
  force_destroy               = true
}}

resource "azrestorepoint_mirror" "nearby" {{
  source_restore_point_collection_id = "{nearby}"
  restore_point_collection_id        = azrestorepoint_collection.nearby.id
  wait_for_replication               = true
  delete_copies_on_destroy           = true
}}
"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn one_provider_block_copies_between_the_subscriptions_of_its_tenant() {
    let (world, source) = of_three([Role::of(["*"])]).await;
    world.terraform.write(&configuration(&world, &source));
    world.terraform.apply().await.expect_code(0);
    let tokens = world.azure.count("POST", "/oauth2/v2.0/token");
    assert_eq!(
        tokens, 2,
        "one for the process that plans, one for the one that applies"
    );
    world.terraform.plan().await.expect_code(0);
    for (subscription, collection) in [
        (SUBSCRIPTION_ID, "web-dr/restorePoints/monday"),
        (COPIES, "web-dr/restorePoints/monday"),
        (COPIES, "nearby/restorePoints/tuesday"),
    ] {
        let id = format!(
            "/subscriptions/{subscription}/resourceGroups/rg-dr/providers/Microsoft.Compute/restorePointCollections/{collection}"
        );
        assert!(world.azure.resource(&id).is_some(), "{id}");
    }
    world.terraform.destroy().await.expect_code(0);
    assert_eq!(world.azure.count("DELETE", ""), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_that_is_closed_to_us_is_named() {
    let open = [SUBSCRIPTION_ID, SOURCES];
    let roles = open.map(|id| Role::of(["*"]).at(&format!("/subscriptions/{id}")));
    let (world, source) = of_three(roles).await;
    world.terraform.write(&configuration(&world, &source));
    let apply = world.terraform.apply().await.expect_code(1);
    let apply = apply
        .expect_text("AuthorizationFailed")
        .expect_text(&format!("/subscriptions/{COPIES}/resourceGroups/rg-dr"));
    assert_eq!(world.copies_begun(), 1, "{}", apply.text);
}
