//! Functions in expressions.

use serde_json::json;

use super::output;
use crate::support::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn functions_take_ids_apart_and_put_them_together() {
    let world = World::ready().await;
    let subscription = world.azure.subscription_id();
    world.terraform.write(&format!(
        r#"
locals {{
  collection = "/subscriptions/{subscription}/resourcegroups/RG-dr/providers/microsoft.compute/RestorePointCollections/Web"
}}
output "collection" {{
  value = provider::azrestorepoint::parse_collection_id(local.collection)
}}
output "point" {{
  value = provider::azrestorepoint::parse_restore_point_id("${{local.collection}}/restorepoints/Monday")
}}
output "collection_id" {{
  value = provider::azrestorepoint::collection_id("{subscription}", "RG-dr", "Web")
}}
output "point_id" {{
  value = provider::azrestorepoint::restore_point_id("{subscription}", "RG-dr", "Web", "Monday")
}}
output "wrong" {{
  value = can(provider::azrestorepoint::parse_restore_point_id(local.collection))
}}
"#
    ));
    world.terraform.apply().await.expect_code(0);
    assert_eq!(
        output(&world, "collection"),
        json!({"subscription_id": subscription, "resource_group_name": "RG-dr", "name": "Web"})
    );
    assert_eq!(
        output(&world, "point"),
        json!({
            "subscription_id": subscription, "resource_group_name": "RG-dr",
            "restore_point_collection_name": "Web", "name": "Monday"
        })
    );
    let collection = format!(
        "/subscriptions/{subscription}/resourceGroups/RG-dr/providers/Microsoft.Compute/restorePointCollections/Web"
    );
    assert_eq!(output(&world, "collection_id"), collection);
    assert_eq!(
        output(&world, "point_id"),
        format!("{collection}/restorePoints/Monday")
    );
    assert_eq!(output(&world, "wrong"), false);
    assert_eq!(world.azure.requests().len(), 0);

    let machine = collection.replace("restorePointCollections", "virtualMachines");
    world.terraform.write(&format!(
        r#"
output "machine" {{
  value = provider::azrestorepoint::parse_collection_id("{machine}")
}}
output "name" {{
  value = provider::azrestorepoint::restore_point_id("{subscription}", "RG-dr", "Web", "a/b")
}}
"#
    ));
    world
        .terraform
        .run(&["validate"])
        .await
        .expect_code(1)
        .expect_text(&format!(
            "Invalid value for \"id\" parameter: \"{machine}\" is the id of a virtual machine; expected the id of a \
             restore point collection: /subscriptions/SUBSCRIPTION/"
        ))
        .expect_text("Invalid value for \"name\" parameter: \"a/b\" is not the name of a restore point");
}
