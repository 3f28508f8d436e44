//! The simulator, asked over https as a client asks it.

// Always true here. It tells clippy that the helpers are tests, too, and may unwrap.
#![cfg(test)]

mod assertions;
mod clock;
mod control;
mod copy_rules;
mod disk_access;
mod encryption;
mod faults;
mod governance;
mod paging;
mod refusals;
mod roles;
mod schedule;
mod seeds;
mod shapes;
mod signing_in;
mod strictness;
mod support;
mod throttling;
mod world;
