# The parts of the ID of a restore point.

terraform {
  required_providers {
    azrestorepoint = {
      source = "crossregion/azrestorepoint"
    }
  }
}

variable "restore_point_id" {
  type    = string
  default = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-dr/providers/Microsoft.Compute/restorePointCollections/web-dr/restorePoints/nightly-2026-11-22"

  validation {
    condition     = can(provider::azrestorepoint::parse_restore_point_id(var.restore_point_id))
    error_message = "It has to be the ID of a restore point."
  }
}

output "name" {
  value = provider::azrestorepoint::parse_restore_point_id(var.restore_point_id).name
}
