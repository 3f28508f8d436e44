# One moment of a virtual machine, copied to another region. The gate opens once the copy can
# restore the machine; what is made of it stands in a configuration of its own, beside this one.

terraform {
  required_providers {
    azrestorepoint = {
      source = "crossregion/azrestorepoint"
    }
  }
}

variable "source_collection_id" {
  type        = string
  description = "The ID of the restore point collection of the virtual machine."
}

variable "source_restore_point_name" {
  type        = string
  description = "The name of the restore point to copy, in that collection."
}

variable "target_resource_group_name" {
  type        = string
  description = "An existing resource group for the copy."
}

variable "target_location" {
  type        = string
  description = "The region to copy to. It must not be the region of the source."
}

variable "disk_encryption_set_id" {
  type        = string
  description = "The disk encryption set in that region with whose key the copied disks are encrypted; none for Azure's own keys."
  default     = null
}

provider "azrestorepoint" {}

resource "azrestorepoint_collection" "dr" {
  name                               = "web-dr"
  resource_group_name                = var.target_resource_group_name
  location                           = var.target_location
  source_restore_point_collection_id = var.source_collection_id
}

resource "azrestorepoint_copy" "web" {
  name                        = var.source_restore_point_name
  restore_point_collection_id = azrestorepoint_collection.dr.id
  source_restore_point_id     = "${var.source_collection_id}/restorePoints/${var.source_restore_point_name}"
  disk_encryption_set_id      = var.disk_encryption_set_id
  wait_for_replication        = false # The gate waits.
}

resource "azrestorepoint_replication" "web" {
  copies = { web = azrestorepoint_copy.web.replication_id }
}

# The machine as the copy has it, with the disks that only the gate gives. As long as the gate is
# shut, there is no such output.
output "copy" {
  description = "What the virtual machine is restored from."
  value = merge(
    azrestorepoint_copy.web,
    azrestorepoint_replication.web.restore_points["web"],
    { location = azrestorepoint_collection.dr.location },
  )
}
