# The collection that takes the copies, in the region to copy to.

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

  tags = {
    department = "finance"
  }

  lifecycle {
    prevent_destroy = true # The copies are inside.
  }
}
