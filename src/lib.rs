//! Copies Azure VM restore points to another region from Terraform.
//!
//! [`plugin`] speaks Terraform's protocol and knows nothing of Azure, [`arm`]
//! speaks to Azure Resource Manager and knows nothing of Terraform, and
//! [`provider`] brings both together. [`watch`] shows people how copies get on.

pub mod arm;
mod duration;
#[cfg(test)]
#[path = "../tests/golden/mod.rs"]
mod golden;
pub mod plugin;
pub mod provider;
pub mod watch;
