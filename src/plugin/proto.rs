//! The generated messages and services. They stay inside `plugin::service` and `plugin::stdio`.

#![allow(
    dead_code,
    missing_docs,
    clippy::all,
    unreachable_pub,
    reason = "generated code"
)]

pub(crate) mod tfplugin6 {
    tonic::include_proto!("tfplugin6");
}

pub(crate) mod go_plugin {
    tonic::include_proto!("plugin");
}

pub(crate) mod health {
    tonic::include_proto!("grpc.health.v1");
}
