# The ID of a restore point, of its parts.

terraform {
  required_providers {
    azrestorepoint = {
      source = "crossregion/azrestorepoint"
    }
  }
}

output "id" {
  value = provider::azrestorepoint::restore_point_id(
    "00000000-0000-0000-0000-000000000000", "rg-dr", "web-dr", "nightly-2026-11-22"
  )
}
