import {
  to = azrestorepoint_copy.example
  id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-dr/providers/Microsoft.Compute/restorePointCollections/web-dr/restorePoints/before-upgrade-4711"
}
