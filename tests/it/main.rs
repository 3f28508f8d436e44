//! The provider as a process: through the real protocol, and through the real Terraform.

mod handshake;
mod lifecycle;
mod lookups;
mod lost_answers;
mod mirror;
mod operations;
mod process;
mod protocol;
mod replacements;
mod results;
mod support;
mod taints;
mod turns;
mod unknowns;
mod values;
mod waiting;
mod walks;
mod workflows;
