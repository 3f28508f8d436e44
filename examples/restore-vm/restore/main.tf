# A virtual machine as it was, from a copy of its restore point: managed disks, and a machine around
# them. In a state of its own, so that a restore can be tried and destroyed, and the copy stays.

variable "name" {
  type        = string
  description = "The name of the restored virtual machine."
}

variable "resource_group_name" {
  type        = string
  description = "An existing resource group for the virtual machine."
}

variable "subnet_id" {
  type        = string
  description = "The subnet to restore into, in the region of the copy. For a drill, take one that leads nowhere."
}

variable "zone" {
  type        = string
  description = "The availability zone of the machine and its disks; none for a regional machine."
  default     = null
}

provider "azurerm" {
  features {
    virtual_machine {
      # The disk is a resource of its own, so the machine must not take it along.
      delete_os_disk_on_deletion = false
    }
  }
}

locals {
  data_disks = { for disk in local.copy.data_disks : tostring(disk.lun) => disk }
}

resource "azurerm_managed_disk" "os" {
  name                   = "${var.name}-os"
  resource_group_name    = var.resource_group_name
  location               = local.copy.location
  zone                   = var.zone
  create_option          = "Restore"
  source_resource_id     = local.copy.os_disk.disk_restore_point_id
  storage_account_type   = local.copy.os_disk.storage_account_type
  os_type                = local.copy.os_disk.os_type
  hyper_v_generation     = local.copy.hyper_v_generation
  disk_encryption_set_id = local.copy.os_disk.disk_encryption_set_id

  lifecycle {
    # Azure takes it over from the disk that was backed up, and it cannot be given here.
    ignore_changes = [trusted_launch_enabled]
  }
}

resource "azurerm_managed_disk" "data" {
  for_each = local.data_disks

  name                   = "${var.name}-data-${each.key}"
  resource_group_name    = var.resource_group_name
  location               = local.copy.location
  zone                   = var.zone
  create_option          = "Restore"
  source_resource_id     = each.value.disk_restore_point_id
  storage_account_type   = each.value.storage_account_type
  disk_encryption_set_id = each.value.disk_encryption_set_id
}

resource "azurerm_network_interface" "restored" {
  name                = var.name
  resource_group_name = var.resource_group_name
  location            = local.copy.location

  ip_configuration {
    name                          = "internal"
    subnet_id                     = var.subnet_id
    private_ip_address_allocation = "Dynamic"
  }
}

# Users, passwords and keys are those on the disk: none can be given with os_managed_disk_id. For
# Windows the same arguments go into an azurerm_windows_virtual_machine.
resource "azurerm_linux_virtual_machine" "restored" {
  name                  = var.name
  resource_group_name   = var.resource_group_name
  location              = local.copy.location
  zone                  = var.zone
  size                  = local.copy.vm_size # Not every region offers every size.
  license_type          = local.copy.license_type
  network_interface_ids = [azurerm_network_interface.restored.id]
  os_managed_disk_id    = azurerm_managed_disk.os.id
  disk_controller_type  = local.copy.disk_controller_type

  # Trusted launch, as the disk has it: Azure refuses a machine that differs.
  secure_boot_enabled = local.copy.secure_boot_enabled
  vtpm_enabled        = local.copy.vtpm_enabled

  os_disk {
    caching                   = local.copy.os_disk.caching
    write_accelerator_enabled = local.copy.os_disk.write_accelerator_enabled
  }
}

resource "azurerm_virtual_machine_data_disk_attachment" "data" {
  for_each = local.data_disks

  virtual_machine_id        = azurerm_linux_virtual_machine.restored.id
  managed_disk_id           = azurerm_managed_disk.data[each.key].id
  lun                       = each.value.lun
  caching                   = each.value.caching
  write_accelerator_enabled = each.value.write_accelerator_enabled
}

output "private_ip_address" {
  description = "Where the restored virtual machine can be reached."
  value       = azurerm_linux_virtual_machine.restored.private_ip_address
}
