//! The ephemeral resources: what is opened for one run and never stored.

mod disk_access;

pub(crate) use disk_access::DiskAccess;
