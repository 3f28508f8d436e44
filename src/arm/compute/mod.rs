//! Microsoft.Compute: restore point collections, restore points, and the replication of copies.

pub mod copy_encryption;
pub mod disk_access;
pub mod disk_restore_points;
pub mod models;
pub mod replication;
pub mod restore_point_collections;
pub mod restore_points;
mod settled;
#[cfg(test)]
mod tests;

/// The version of the Microsoft.Compute API that every request here names.
///
/// Copying has not changed since 2022-03-01; this is the one that the Azure CLI uses for restore
/// points.
pub const API_VERSION: &str = "2025-04-01";
