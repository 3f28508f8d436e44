# Terraform 1.12 and later. Without subscription_id it is the provider's subscription.
import {
  to = azrestorepoint_copy.example
  identity = {
    subscription_id               = "00000000-0000-0000-0000-000000000000"
    resource_group_name           = "rg-dr"
    restore_point_collection_name = "web-dr"
    name                          = "before-upgrade-4711"
  }
}
