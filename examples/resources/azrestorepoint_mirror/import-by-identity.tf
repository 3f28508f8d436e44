# Terraform 1.12 and later: the identity of the target collection. Without subscription_id it is the
# provider's subscription.
import {
  to = azrestorepoint_mirror.example
  identity = {
    subscription_id     = "00000000-0000-0000-0000-000000000000"
    resource_group_name = "rg-dr"
    name                = "web-dr"
  }
}
