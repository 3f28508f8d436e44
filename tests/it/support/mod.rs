//! What the tests share: the provider's process, the real Terraform, and Azure.

pub(crate) mod certificate;
pub(crate) mod core;
pub(crate) mod fleet;
#[path = "../../golden/mod.rs"]
pub(crate) mod golden;
#[path = "../../oracle/mod.rs"]
pub(crate) mod oracle;
pub(crate) mod plugin;
pub(crate) mod processes;
mod shape;
pub(crate) mod terraform;
mod told;
pub(crate) mod world;

/// The client side of the protocol, generated for the tests alone.
#[allow(
    dead_code,
    missing_docs,
    clippy::all,
    unreachable_pub,
    reason = "generated code"
)]
pub(crate) mod proto {
    pub(crate) mod tfplugin6 {
        include!(concat!(env!("OUT_DIR"), "/client/tfplugin6.rs"));
    }
    pub(crate) mod plugin {
        include!(concat!(env!("OUT_DIR"), "/client/plugin.rs"));
    }
    pub(crate) mod health {
        include!(concat!(env!("OUT_DIR"), "/client/grpc.health.v1.rs"));
    }
}
