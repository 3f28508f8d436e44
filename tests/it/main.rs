//! The provider as a process: through the real protocol, and through the real Terraform.

mod handshake;
mod lifecycle;
mod operations;
mod process;
mod support;
mod waiting;
mod workflows;
