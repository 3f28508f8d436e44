# One moment of a virtual machine, copied to another region and kept there.

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

variable "department" {
  type        = string
  description = "Who pays for the copy."
  default     = "finance"
}

# Signs in with the same ARM_* environment variables as Azure's other providers.
provider "azrestorepoint" {}

resource "azrestorepoint_collection" "example" {
  name                               = "web-dr"
  resource_group_name                = var.target_resource_group_name
  location                           = var.target_location
  source_restore_point_collection_id = var.source_collection_id

  tags = {
    department = var.department
  }
}

resource "azrestorepoint_copy" "example" {
  name                        = var.source_restore_point_name
  restore_point_collection_id = azrestorepoint_collection.example.id
  source_restore_point_id     = "${var.source_collection_id}/restorePoints/${var.source_restore_point_name}"

  # A destroy stops at the last usable copy without this. In production, leave it out.
  force_destroy = true

  # Azure takes up to two weeks for a copy.
  timeouts {
    create = "24h"
  }
}

output "usable" {
  description = "Whether the copy can restore a virtual machine."
  value       = azrestorepoint_copy.example.usable
}

output "os_disk_restore_point_id" {
  description = "The source of a new operating system disk."
  value       = azrestorepoint_copy.example.os_disk.disk_restore_point_id
}
