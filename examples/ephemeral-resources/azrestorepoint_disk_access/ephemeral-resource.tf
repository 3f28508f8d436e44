# Needs Terraform 1.10 or later. The URL is in no state, no plan and no log, and it is revoked when
# Terraform has ended. A plan opens the disk, too, and closes it again.

terraform {
  required_version = ">= 1.10"
  required_providers {
    azrestorepoint = {
      source = "crossregion/azrestorepoint"
    }
  }
}

variable "disk_restore_point_id" {
  description = "A disk of a usable copy, such as azrestorepoint_copy.nightly.os_disk.disk_restore_point_id."
  type        = string
}

variable "target_url" {
  description = "The blob to export the disk to."
  type        = string
}

ephemeral "azrestorepoint_disk_access" "os" {
  disk_restore_point_id = var.disk_restore_point_id
  duration              = "8h" # longer than the export takes
}

resource "terraform_data" "export" {
  triggers_replace = [var.disk_restore_point_id, var.target_url]

  provisioner "local-exec" {
    command = "azcopy copy \"$SOURCE\" \"$TARGET\" --blob-type PageBlob"
    environment = {
      SOURCE = ephemeral.azrestorepoint_disk_access.os.access_sas
      TARGET = var.target_url
    }
  }
}
