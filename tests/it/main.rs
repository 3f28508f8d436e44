//! The provider as a process: through the real protocol, and through the real Terraform.

mod asking;
mod fleet;
mod foresight;
mod gates;
mod handshake;
mod lifecycle;
mod lookups;
mod lost_answers;
mod operations;
mod plain_gates;
mod process;
mod protocol;
mod refreshes;
mod refusals;
mod replacements;
mod results;
mod roles;
mod support;
mod taints;
mod turns;
mod unknowns;
mod values;
mod waiting;
mod walks;
mod words;
mod workflows;
