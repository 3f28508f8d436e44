# The restore point collection of a virtual machine, by its name.

terraform {
  required_providers {
    azrestorepoint = {
      source = "crossregion/azrestorepoint"
    }
  }
}

provider "azrestorepoint" {}

data "azrestorepoint_collection" "web" {
  name                = "web"
  resource_group_name = "rg-web"
}

# A collection for its copies in another region.
resource "azrestorepoint_collection" "dr" {
  name                               = "${data.azrestorepoint_collection.web.name}-dr"
  resource_group_name                = "rg-dr"
  location                           = "westus2"
  source_restore_point_collection_id = data.azrestorepoint_collection.web.id
  tags                               = data.azrestorepoint_collection.web.tags
}
