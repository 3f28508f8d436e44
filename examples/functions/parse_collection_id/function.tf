# The parts of the ID of a restore point collection.

terraform {
  required_providers {
    azrestorepoint = {
      source = "crossregion/azrestorepoint"
    }
  }
}

variable "collection_id" {
  type    = string
  default = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-dr/providers/Microsoft.Compute/restorePointCollections/web-dr"
}

locals {
  collection = provider::azrestorepoint::parse_collection_id(var.collection_id)
}

output "name" {
  value = "${local.collection.name} in ${local.collection.resource_group_name}"
}
