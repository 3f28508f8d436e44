//! What data sources refuse, and what they ask nobody for.

use super::copied;

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_taken_is_an_error_that_says_why() {
    let (world, target) = copied().await;
    let source = &world.source;
    world.terraform.write(&format!(
        r#"
data "azrestorepoint_restore_points" "no_collection" {{
  restore_point_collection_id = "{target}-2"
}}
data "azrestorepoint_restore_point" "no_collection" {{
  restore_point_collection_id = "{target}-3"
  most_recent                 = true
}}
data "azrestorepoint_collection" "no_collection" {{
  id = "{target}-4"
}}
data "azrestorepoint_collections" "no_group" {{
  resource_group_name = "rg-dr-2"
}}
data "azrestorepoint_restore_point" "unfinished" {{
  id = "{target}/restorePoints/tuesday"
}}
data "azrestorepoint_restore_point" "pending" {{
  restore_point_collection_id = "{source}"
  name                        = "wednesday"
}}
data "azrestorepoint_restore_point" "missing" {{
  restore_point_collection_id = "{target}"
  name                        = "sunday"
}}
data "azrestorepoint_restore_point" "none_usable" {{
  restore_point_collection_id = "{source}"
  most_recent                 = true
  created_after               = "2026-11-17T01:00:00Z"
}}
"#
    ));
    let told = world.terraform.plan().await.expect_code(1);
    let told = told
        .expect_text(&format!(
            "does not find the restore point collection {target}-2"
        ))
        .expect_text(&format!(
            "does not find the restore point collection {target}-3"
        ))
        .expect_text(&format!(
            "does not find the restore point collection {target}-4"
        ))
        .expect_text("404 ResourceGroupNotFound")
        .expect_text("Replicating (slowest disk 40 %: os 40 %, data-0 40 %, data-1 40 %)")
        .expect_text("wednesday cannot restore a VM: its snapshots are pending")
        .expect_text("Error: Restore point does not exist")
        .expect_text("thursday: its provisioning state is Creating");
    assert_eq!(told.text.matches("Error: ").count(), 8, "{}", told.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_asked_before_everything_is_known() {
    let (world, _) = copied().await;
    // What is wrong is told by validate, on its line, and Azure is not asked.
    world.terraform.write(
        r#"
data "azrestorepoint_restore_point" "nothing" {
}
data "azrestorepoint_restore_point" "two_ways" {
  restore_point_collection_id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/restorePointCollections/c"
  name                        = "monday"
  most_recent                 = true
}
data "azrestorepoint_restore_points" "machine" {
  restore_point_collection_id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v"
}
data "azrestorepoint_collections" "contradiction" {
  source_type                        = "virtualMachine"
  source_restore_point_collection_id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/restorePointCollections/c"
}
data "azrestorepoint_collection" "half" {
  name = "web"
  timeouts {
    read = "soon"
  }
}
"#,
    );
    let told = world.terraform.run(&["validate"]).await.expect_code(1);
    told.expect_text("Error: Missing id with data.azrestorepoint_restore_point.nothing")
        .expect_text("most_recent = true")
        .expect_text(
            "is the id of a virtual machine; expected the id of a restore point collection",
        )
        .expect_text("Error: source_type contradicts source_restore_point_collection_id")
        .expect_text("Error: Missing resource_group_name")
        .expect_text("Error: Invalid read timeout");
    assert_eq!(world.azure.requests().len(), 0);

    // What depends on a resource that is still to be made waits for the apply.
    let collection = world
        .collection("tags = { tier = \"1\" }")
        .replace("web-dr", "web-dr-2");
    world.terraform.write(&format!(
        r#"{collection}
resource "terraform_data" "name" {{
  input = "web-dr-2"
}}
data "azrestorepoint_collection" "dr" {{
  name                = terraform_data.name.output
  resource_group_name = azrestorepoint_collection.dr.resource_group_name
}}
data "azrestorepoint_restore_point" "newest" {{
  restore_point_collection_id = data.azrestorepoint_collection.dr.id
  most_recent                 = true
  allow_missing               = true
}}
data "azrestorepoint_restore_points" "all" {{
  restore_point_collection_id = azrestorepoint_collection.dr.id
  depends_on                  = [terraform_data.name]
}}
"#
    ));
    world.terraform.plan().await.expect_code(2);
    assert_eq!(world.azure.count("GET", "web-dr-2"), 0);
    world.terraform.apply().await.expect_code(0);
    world.terraform.plan().await.expect_code(0);
}
