//! The provider as a process: through the real protocol, and through the real Terraform.

mod handshake;
mod lifecycle;
mod support;
mod waiting;
