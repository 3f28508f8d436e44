//! The provider `azrestorepoint`: what Terraform's users see of Azure's restore points.

mod actions;
mod azapi;
mod begin;
mod config;
mod data_sources;
mod diagnose;
mod encryption;
mod ephemeral_resources;
mod equivalence;
mod filter;
mod functions;
mod glance;
#[cfg(test)]
mod golden;
mod identity;
mod looks;
mod preflight;
mod resources;
mod restore_point;
mod session;
mod tags;
mod timeouts;
mod turn;
mod validators;
mod walk;

use std::sync::Arc;

use async_trait::async_trait;

use crate::duration;
use crate::plugin::action::Action;
use crate::plugin::data_source::DataSource;
use crate::plugin::diagnostics::Diagnostics;
use crate::plugin::ephemeral::EphemeralResource;
use crate::plugin::function::Function;
use crate::plugin::list_resource::ListResource;
use crate::plugin::provider::{ConfigureRequest, Provider};
use crate::plugin::resource::Resource;
use crate::plugin::schema::Block;
use crate::plugin::value::Value;

use session::Session;

/// Where Terraform knows the provider from.
pub const SOURCE: &str = "registry.terraform.io/crossregion/azrestorepoint";

/// The version of this provider.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The provider, before and after Terraform has configured it.
#[derive(Debug, Default)]
pub struct AzRestorePoint {
    session: Arc<Session>,
}

impl AzRestorePoint {
    /// A provider that Terraform has still to configure.
    pub fn new() -> Self {
        Self::default()
    }
}

#[async_trait]
impl Provider for AzRestorePoint {
    fn schema(&self) -> Block {
        config::schema()
    }

    fn resources(&self) -> Vec<(&'static str, Box<dyn Resource>)> {
        vec![
            (
                "azrestorepoint_collection",
                Box::new(resources::Collection::new(self.session.clone())),
            ),
            (
                "azrestorepoint_copy",
                Box::new(resources::Copy::new(self.session.clone())),
            ),
            (
                "azrestorepoint_replication",
                Box::new(resources::Replication::new(self.session.clone())),
            ),
            (
                "azrestorepoint_mirror",
                Box::new(resources::Mirror::new(self.session.clone())),
            ),
        ]
    }

    fn list_resources(&self) -> Vec<(&'static str, Box<dyn ListResource>)> {
        vec![
            (
                "azrestorepoint_collection",
                Box::new(resources::CollectionList::new(self.session.clone())),
            ),
            (
                "azrestorepoint_copy",
                Box::new(resources::CopyList::new(self.session.clone())),
            ),
        ]
    }

    fn data_sources(&self) -> Vec<(&'static str, Box<dyn DataSource>)> {
        let session = || self.session.clone();
        vec![
            (
                "azrestorepoint_collection",
                Box::new(data_sources::Collection::new(session())),
            ),
            (
                "azrestorepoint_collections",
                Box::new(data_sources::Collections::new(session())),
            ),
            (
                "azrestorepoint_restore_point",
                Box::new(data_sources::RestorePoint::new(session())),
            ),
            (
                "azrestorepoint_restore_points",
                Box::new(data_sources::RestorePoints::new(session())),
            ),
        ]
    }

    fn functions(&self) -> Vec<(&'static str, Box<dyn Function>)> {
        vec![
            ("collection_id", Box::new(functions::CollectionId)),
            (
                "parse_collection_id",
                Box::new(functions::ParseCollectionId),
            ),
            (
                "parse_restore_point_id",
                Box::new(functions::ParseRestorePointId),
            ),
            ("restore_point_id", Box::new(functions::RestorePointId)),
        ]
    }

    fn actions(&self) -> Vec<(&'static str, Box<dyn Action>)> {
        vec![(
            "azrestorepoint_wait_for_replication",
            Box::new(actions::WaitForReplication::new(self.session.clone())),
        )]
    }

    fn ephemeral_resources(&self) -> Vec<(&'static str, Box<dyn EphemeralResource>)> {
        vec![(
            "azrestorepoint_disk_access",
            Box::new(ephemeral_resources::DiskAccess::new(self.session.clone())),
        )]
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        config::validate(config)
    }

    async fn configure(&self, request: ConfigureRequest) -> Diagnostics {
        match config::options(&request).await {
            Ok(options) => {
                let tags = tags::TagPolicy::of(&request.config);
                self.session.configure(options, tags);
                Diagnostics::default()
            }
            Err(diagnostics) => diagnostics,
        }
    }
}
