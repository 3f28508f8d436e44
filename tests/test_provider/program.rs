//! A provider that does as it is told: it proves the plugin layer, and nothing of any cloud.
//!
//! Its resource has an attribute of every kind, and arguments that say how each call ends.

mod azurerm;
mod data;
mod deed;
mod heir;
mod lease;
mod thing;
mod things;

use std::process::ExitCode;

use async_trait::async_trait;
use azrestorepoint::plugin::diagnostics::Diagnostics;
use azrestorepoint::plugin::provider::ConfigureRequest;
use azrestorepoint::plugin::schema::Block;
use azrestorepoint::plugin::value::Value;
use azrestorepoint::plugin::{
    self, Action, DataSource, EphemeralResource, Function, ListResource, Provider, Resource,
};

struct Told;

#[async_trait]
impl Provider for Told {
    fn schema(&self) -> Block {
        Block::default()
    }

    fn resources(&self) -> Vec<(&'static str, Box<dyn Resource>)> {
        vec![
            ("azrestorepoint_thing", Box::new(thing::Thing)),
            ("azrestorepoint_heir", Box::new(heir::Heir)),
        ]
    }

    fn data_sources(&self) -> Vec<(&'static str, Box<dyn DataSource>)> {
        vec![("azrestorepoint_echo", Box::new(data::Echo))]
    }

    fn list_resources(&self) -> Vec<(&'static str, Box<dyn ListResource>)> {
        vec![("azrestorepoint_thing", Box::new(things::Things))]
    }

    fn actions(&self) -> Vec<(&'static str, Box<dyn Action>)> {
        vec![("azrestorepoint_deed", Box::new(deed::Deed))]
    }

    fn ephemeral_resources(&self) -> Vec<(&'static str, Box<dyn EphemeralResource>)> {
        vec![("azrestorepoint_lease", Box::new(lease::Lease))]
    }

    fn functions(&self) -> Vec<(&'static str, Box<dyn Function>)> {
        vec![
            ("shout", Box::new(data::Shout)),
            ("join", Box::new(data::Join)),
        ]
    }

    fn validate(&self, _config: &Value) -> Diagnostics {
        Diagnostics::default()
    }

    async fn configure(&self, _request: ConfigureRequest) -> Diagnostics {
        Diagnostics::default()
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    const USAGE: &str = "This provider is for the tests alone.";
    let started_as = std::env::args().next().unwrap_or_default();
    if started_as.ends_with("terraform-provider-azurerm") {
        return plugin::serve("azurerm", USAGE, azurerm::AzureRm).await;
    }
    plugin::serve("azrestorepoint", USAGE, Told).await
}
