# The copies of the last week, newest first, and how far those are that cannot restore a virtual machine yet.

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

data "azrestorepoint_restore_points" "last_week" {
  restore_point_collection_id = var.copies_collection_id
  created_after               = timeadd(plantimestamp(), "-168h")
  include_unfinished          = true
}

output "usable" {
  value = [for copy in data.azrestorepoint_restore_points.last_week.restore_points : copy.name if copy.usable]
}

output "percent" {
  value = {
    for copy in data.azrestorepoint_restore_points.last_week.restore_points :
    copy.name => copy.completion_percent if !copy.usable
  }
}
