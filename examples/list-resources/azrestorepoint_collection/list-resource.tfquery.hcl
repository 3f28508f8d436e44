# terraform query, of Terraform 1.14 and later, lists them. With -generate-config-out=found.tf it
# also writes what imports them.
list "azrestorepoint_collection" "of_web" {
  provider = azrestorepoint

  config {
    resource_group_name                = "rg-dr"
    source_restore_point_collection_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-source/providers/Microsoft.Compute/restorePointCollections/web"
  }
}
