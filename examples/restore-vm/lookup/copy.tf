# What is restored, where the state of the copy is not at hand: a copy that is looked up. This file
# takes the place of restore/copy.tf.

terraform {
  required_providers {
    azrestorepoint = {
      source = "crossregion/azrestorepoint"
    }
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 4.42.0" # os_managed_disk_id
    }
  }
}

variable "copies_collection_id" {
  type        = string
  description = "The ID of the restore point collection with the copies."
}

variable "copy_name" {
  type        = string
  description = "The name of the copy. Restored machines are bound to it: the newest one would replace them when another follows."
}

variable "location" {
  type        = string
  description = "The region of the copies."
}

provider "azrestorepoint" {}

# An error, and no plan, as long as the copy cannot restore a virtual machine.
data "azrestorepoint_restore_point" "copy" {
  restore_point_collection_id = var.copies_collection_id
  name                        = var.copy_name
}

locals {
  copy = merge(data.azrestorepoint_restore_point.copy, { location = var.location })
}
