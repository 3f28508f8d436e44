# The copies in one collection. Without arguments it is every copy in the provider's subscription;
# Terraform stops at the first hundred unless there is a limit.
list "azrestorepoint_copy" "in_web_dr" {
  provider = azrestorepoint
  limit    = 500

  config {
    restore_point_collection_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-dr/providers/Microsoft.Compute/restorePointCollections/web-dr"
  }
}
