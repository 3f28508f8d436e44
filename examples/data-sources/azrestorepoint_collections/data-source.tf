# Every virtual machine that finance has restore points of, kept copied to another region.

terraform {
  required_providers {
    azrestorepoint = {
      source = "crossregion/azrestorepoint"
    }
  }
}

provider "azrestorepoint" {}

data "azrestorepoint_collections" "finance" {
  location    = "eastus"
  source_type = "virtualMachine"
  tags        = { department = "finance" }
}

locals {
  sources = { for source in data.azrestorepoint_collections.finance.collections : source.name => source.id }
}

resource "azrestorepoint_collection" "dr" {
  for_each                           = local.sources
  name                               = "${each.key}-dr"
  resource_group_name                = "rg-dr"
  location                           = "westus2"
  source_restore_point_collection_id = each.value
}

resource "azrestorepoint_mirror" "nightly" {
  for_each                           = local.sources
  source_restore_point_collection_id = each.value
  restore_point_collection_id        = azrestorepoint_collection.dr[each.key].id
  keep_newest                        = 7
}
