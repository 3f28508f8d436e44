# What is restored: the copy behind the gate, from the state of the configuration beside this one.

terraform {
  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 4.42.0" # os_managed_disk_id
    }
  }
}

variable "copy_state_path" {
  type        = string
  description = "Where the state of the copy lies."
  default     = "../copy/terraform.tfstate"
}

data "terraform_remote_state" "copy" {
  backend = "local" # As the copy's configuration has it: azurerm, remote and so on.

  config = {
    path = var.copy_state_path
  }

  lifecycle {
    # Azure makes a disk of an unfinished copy, too, and does not say that it is worthless.
    postcondition {
      condition     = try(self.outputs.copy.os_disk, null) != null
      error_message = "The copy cannot restore a virtual machine yet. Apply its configuration until the gate opens."
    }
  }
}

locals {
  copy = data.terraform_remote_state.copy.outputs.copy
}
