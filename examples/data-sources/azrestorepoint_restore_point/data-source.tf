# The newest copy that can restore a virtual machine: one that is still copied is passed over.

terraform {
  required_providers {
    azrestorepoint = {
      source = "crossregion/azrestorepoint"
    }
  }
}

variable "copies_collection_id" {
  type        = string
  description = "The ID of the restore point collection with the copies."
}

provider "azrestorepoint" {}

data "azrestorepoint_restore_point" "newest" {
  restore_point_collection_id = var.copies_collection_id
  most_recent                 = true
  consistency_mode            = "ApplicationConsistent"
}

# What a new disk is made from (create_option = "Restore").
output "os_disk_source" {
  value = data.azrestorepoint_restore_point.newest.os_disk.disk_restore_point_id
}

# How far one copy is. By default it is an error to name a copy that is not usable.
data "azrestorepoint_restore_point" "last_night" {
  restore_point_collection_id = var.copies_collection_id
  name                        = "nightly-2026-11-22"
  include_unfinished          = true
  allow_missing               = true
}

output "last_night_percent" {
  value = data.azrestorepoint_restore_point.last_night.completion_percent
}
