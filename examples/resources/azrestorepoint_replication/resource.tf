# Copies of a fleet, started within seconds, and one gate that opens when the last of them can
# restore a VM.

terraform {
  required_providers {
    azrestorepoint = {
      source = "crossregion/azrestorepoint"
    }
  }
}

variable "source_collection_ids" {
  type        = map(string)
  description = "The IDs of the restore point collections of the virtual machines, by a name for each."
}

variable "source_restore_point_name" {
  type        = string
  description = "The name of the restore point to copy, the same in each collection."
}

variable "other_copy_id" {
  type        = string
  description = "The ID of a copy that something else has made, such as Azure's command line."
}

variable "target_resource_group_name" {
  type        = string
  description = "An existing resource group for the copies."
}

variable "target_location" {
  type        = string
  description = "The region to copy to. It must not be the region of the sources."
}

provider "azrestorepoint" {}

resource "azrestorepoint_collection" "fleet" {
  for_each                           = var.source_collection_ids
  name                               = "${each.key}-dr"
  resource_group_name                = var.target_resource_group_name
  location                           = var.target_location
  source_restore_point_collection_id = each.value
}

resource "azrestorepoint_copy" "fleet" {
  for_each                    = var.source_collection_ids
  name                        = var.source_restore_point_name
  restore_point_collection_id = azrestorepoint_collection.fleet[each.key].id
  source_restore_point_id     = "${each.value}/restorePoints/${var.source_restore_point_name}"

  # The gate waits for all of them.
  wait_for_replication = false
}

resource "azrestorepoint_replication" "fleet" {
  copies = merge(
    { for name, copy in azrestorepoint_copy.fleet : name => copy.replication_id },
    { other = var.other_copy_id },
  )

  timeouts {
    create = "72h"
    update = "72h"
  }
}

# Known only once every copy is usable, so what is built on it waits for the gate.
output "os_disk_restore_point_ids" {
  description = "The sources of new operating system disks."
  value = {
    for name, copy in azrestorepoint_replication.fleet.restore_points :
    name => copy.os_disk.disk_restore_point_id
  }
}
