# One moment of a virtual machine, copied to another region and kept there.

terraform {
  required_providers {
    azrestorepoint = {
      source = "crossregion/azrestorepoint"
    }
  }
}

provider "azrestorepoint" {}

variable "source_collection_id" {
  type        = string
  description = "The ID of the restore point collection of the virtual machine."
}

resource "azrestorepoint_collection" "example" {
  name                               = "web-dr"
  resource_group_name                = "rg-dr"
  location                           = "westus2"
  source_restore_point_collection_id = var.source_collection_id
}

resource "azrestorepoint_copy" "example" {
  name                        = "before-upgrade-4711"
  restore_point_collection_id = azrestorepoint_collection.example.id
  source_restore_point_id     = "${var.source_collection_id}/restorePoints/before-upgrade-4711"

  timeouts {
    create = "72h"
  }
}

output "usable" {
  description = "Whether the copy can restore a virtual machine."
  value       = azrestorepoint_copy.example.usable
}
