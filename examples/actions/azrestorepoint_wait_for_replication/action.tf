# Needs Terraform 1.14 or later.
#
# Copies are begun and not waited for; the action waits when it is asked to, and shows how far each
# disk is:
#
#   terraform apply -invoke=action.azrestorepoint_wait_for_replication.nightly

terraform {
  required_version = ">= 1.14"
  required_providers {
    azrestorepoint = {
      source = "crossregion/azrestorepoint"
    }
  }
}

variable "copies" {
  description = "Under keys of your choice, the target collection and the source restore point of each copy."
  type = map(object({
    restore_point_collection_id = string
    source_restore_point_id     = string
  }))
}

resource "azrestorepoint_copy" "nightly" {
  for_each                    = var.copies
  name                        = "nightly"
  restore_point_collection_id = each.value.restore_point_collection_id
  source_restore_point_id     = each.value.source_restore_point_id
  wait_for_replication        = false
}

action "azrestorepoint_wait_for_replication" "nightly" {
  config {
    restore_point_ids = [for copy in azrestorepoint_copy.nightly : copy.replication_id]
    timeout           = "72h"
  }
}
