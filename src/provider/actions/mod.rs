//! The actions: what is done on demand and leaves nothing in the state.

mod wait_for_replication;

pub(crate) use wait_for_replication::WaitForReplication;
