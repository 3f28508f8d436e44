# The newest restore points of a virtual machine, kept copied to another region.

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

resource "azrestorepoint_mirror" "example" {
  source_restore_point_collection_id = var.source_collection_id
  restore_point_collection_id        = azrestorepoint_collection.example.id
  keep_newest                        = 7
}
