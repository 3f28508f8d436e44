terraform {
  required_providers {
    azrestorepoint = {
      source  = "crossregion/azrestorepoint"
      version = "~> 0.1"
    }
  }
}

# Signs in with the ARM_* environment variables, or with whoever is signed in to the Azure CLI.
provider "azrestorepoint" {}
