# Brings every copy in a resource group under Terraform. The plan is to import and to change nothing: what the
# data sources have found is what the resources say.

terraform {
  required_providers {
    azrestorepoint = {
      source = "crossregion/azrestorepoint"
    }
  }
}

variable "resource_group_name" {
  type        = string
  description = "The resource group with the collections of copies."
}

provider "azrestorepoint" {}

data "azrestorepoint_collections" "copies" {
  resource_group_name = var.resource_group_name
  source_type         = "restorePointCollection"
}

locals {
  collections = { for found in data.azrestorepoint_collections.copies.collections : found.name => found }
}

data "azrestorepoint_restore_points" "copies" {
  for_each                    = local.collections
  restore_point_collection_id = each.value.id
}

locals {
  copies = merge([
    for collection, found in data.azrestorepoint_restore_points.copies : {
      for copy in found.restore_points : "${collection}/${copy.name}" => copy
    }
  ]...)
}

import {
  for_each = local.collections
  to       = azrestorepoint_collection.imported[each.key]
  id       = each.value.id
}

import {
  for_each = local.copies
  to       = azrestorepoint_copy.imported[each.key]
  id       = each.value.id
}

resource "azrestorepoint_collection" "imported" {
  for_each                           = local.collections
  name                               = each.value.name
  resource_group_name                = each.value.resource_group_name
  location                           = each.value.location
  source_restore_point_collection_id = each.value.source_id
  tags                               = each.value.tags
}

resource "azrestorepoint_copy" "imported" {
  for_each                    = local.copies
  name                        = each.value.name
  restore_point_collection_id = each.value.restore_point_collection_id
  source_restore_point_id     = each.value.source_restore_point_id
}
