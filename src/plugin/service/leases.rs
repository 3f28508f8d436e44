//! What Terraform has opened and not closed yet.
//!
//! Terraform does not close everything: where something fails that uses an open value, or is
//! interrupted, version 1.11 asks for the end of the process without a word. So what is open at
//! the end is closed here.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value as Json;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::guard;
use crate::plugin::diagnostics::{Diagnostics, Severity};
use crate::plugin::ephemeral::{CloseRequest, EphemeralResource};
use crate::plugin::provider::Context;

/// Everything that is open.
#[derive(Default)]
pub(in crate::plugin) struct Leases {
    open: Mutex<Open>,
    busy: TaskTracker,
}

#[derive(Default)]
struct Open {
    last: u64,
    leases: BTreeMap<u64, Lease>,
}

struct Lease {
    resource: Arc<dyn EphemeralResource>,
    private: Json,
}

impl Leases {
    /// What a call holds that opens or closes something.
    pub(super) fn busy(&self) -> TaskTrackerToken {
        self.busy.token()
    }

    /// Remembers what is open from now on, and gives it a number.
    pub(super) fn opened(&self, resource: Arc<dyn EphemeralResource>, private: Json) -> u64 {
        let mut open = self.open();
        open.last += 1;
        let number = open.last;
        open.leases.insert(number, Lease { resource, private });
        number
    }

    /// Remembers what a renewal has noted.
    pub(super) fn renewed(&self, number: Option<u64>, private: &Json) {
        let mut open = self.open();
        let lease = number.and_then(|number| open.leases.get_mut(&number));
        if let Some(lease) = lease {
            lease.private = private.clone();
        }
    }

    /// Forgets what Terraform closes itself.
    pub(super) fn closed(&self, number: Option<u64>) {
        if let Some(number) = number {
            self.open().leases.remove(&number);
        }
    }

    /// Waits for what is being opened or closed, and then closes what is still open. Returns at
    /// once if there is nothing; what has begun goes on should nobody wait for it any more.
    pub(in crate::plugin) async fn close_all(&self, context: impl Fn() -> Context) {
        self.busy.close();
        // Again, for what was opened meanwhile.
        loop {
            self.busy.wait().await;
            let leases = std::mem::take(&mut self.open().leases);
            if leases.is_empty() {
                return;
            }
            tracing::warn!("Terraform has left something open, which is closed now");
            for lease in leases.into_values() {
                let (busy, context) = (self.busy(), context());
                let private = lease.private;
                let close = CloseRequest { private, context };
                let closed = guard::run(async move { lease.resource.close(close).await });
                tokio::spawn(async move {
                    log(closed.await.unwrap_or_else(Diagnostics::from));
                    drop(busy);
                });
            }
        }
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nobody listens any more but whoever reads the log.
fn log(diagnostics: Diagnostics) {
    for diagnostic in diagnostics {
        let (summary, detail) = (diagnostic.summary, diagnostic.detail);
        match diagnostic.severity {
            Severity::Error => tracing::error!("{summary}: {detail}"),
            Severity::Warning => tracing::warn!("{summary}: {detail}"),
        }
    }
}
