//! Plans over random schemas, states and configurations, judged by Terraform's own rules.

mod catches;
mod hostile;
mod lives;
mod objects;
mod properties;
mod schemas;
mod tape;
mod wire;

#[path = "../oracle/mod.rs"]
mod oracle;
