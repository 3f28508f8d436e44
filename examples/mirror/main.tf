# Every night: the newest restore point of each virtual machine, copied to another region.
#
# Run it from a scheduler, once a night or as often as you like: terraform apply comes back
# within minutes, and the next run goes on from what is there.

terraform {
  required_version = ">= 1.5" # check blocks

  required_providers {
    azrestorepoint = {
      source = "crossregion/azrestorepoint"
    }
  }
}

variable "source_collection_ids" {
  type        = map(string)
  description = "The restore point collection of each virtual machine, by the name of the machine. There may be hundreds."
}

variable "target_resource_group_name" {
  type        = string
  description = "An existing resource group for the copies."
}

variable "target_location" {
  type        = string
  description = "The region to copy to. It must not be the region of the sources."
}

variable "keep_newest" {
  type        = number
  description = "How many usable copies of each virtual machine to keep, beside the oldest one."
  default     = 7
}

variable "recovery_point_objective" {
  type        = string
  description = "How old the newest usable copy may be: a duration such as 36h."
  default     = "36h"
}

# Signs in with the same ARM_* environment variables as Azure's other providers.
provider "azrestorepoint" {}

resource "azrestorepoint_collection" "dr" {
  for_each = var.source_collection_ids

  name                               = "${each.key}-dr"
  resource_group_name                = var.target_resource_group_name
  location                           = var.target_location
  source_restore_point_collection_id = each.value

  lifecycle {
    prevent_destroy = true # The copies are inside.
  }
}

resource "azrestorepoint_mirror" "nightly" {
  for_each = var.source_collection_ids

  source_restore_point_collection_id = each.value
  restore_point_collection_id        = azrestorepoint_collection.dr[each.key].id
  keep_newest                        = var.keep_newest
}

# A warning in each plan and apply, and in HCP Terraform's continuous validation.
check "recovery_point_objective" {
  assert {
    condition     = length(local.too_old) == 0
    error_message = "No usable copy younger than ${var.recovery_point_objective}: ${join(", ", local.too_old)}."
  }
}

locals {
  oldest_allowed = timeadd(plantimestamp(), "-${var.recovery_point_objective}")

  too_old = [
    for name, mirror in azrestorepoint_mirror.nightly : name
    if !try(timecmp(mirror.newest_usable.time_created, local.oldest_allowed) >= 0, false)
  ]
}

output "status" {
  description = "How many virtual machines are in which state."
  value = {
    for status in distinct([for mirror in azrestorepoint_mirror.nightly : mirror.status]) :
    status => length([for mirror in azrestorepoint_mirror.nightly : mirror if mirror.status == status])
  }
}

output "newest_usable" {
  description = "The moment to which each virtual machine can be restored in the other region."
  value       = { for name, mirror in azrestorepoint_mirror.nightly : name => try(mirror.newest_usable.time_created, null) }
}
