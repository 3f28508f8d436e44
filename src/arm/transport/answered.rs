//! Who has ever answered. Trouble on the way to somebody who has is no misspelt address.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::arm::error::Error;

/// Who has answered a client so far.
#[derive(Debug, Default)]
pub(super) struct Answered {
    sign_in: AtomicBool,
    resource_manager: AtomicBool,
}

impl Answered {
    /// There was a token.
    pub(super) fn sign_in(&self) {
        self.sign_in.store(true, Ordering::Relaxed);
    }

    /// Azure Resource Manager has answered, whatever it said.
    pub(super) fn resource_manager(&self) {
        self.resource_manager.store(true, Ordering::Relaxed);
    }

    /// Whether whoever the error is about has answered before.
    pub(super) fn before(&self, error: &Error) -> bool {
        let answered = match error {
            Error::SignIn(_) => &self.sign_in,
            _ => &self.resource_manager,
        };
        answered.load(Ordering::Relaxed)
    }
}
