//! Asking Azure while planning, for messages alone: a planned value never rests on an answer.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::arm::{Client, Error, Patience};
use crate::plugin::diagnostics::Diagnostic;
use crate::provider::diagnose;
use crate::provider::session::Session;
use crate::provider::walk::Walk;

/// How long one plan may ask. A plan is there to be read, and nobody reads it while it waits.
pub(crate) const BUDGET: Duration = Duration::from_secs(10);

/// What it takes to ask while planning.
pub(crate) struct Preflight<'a> {
    pub(crate) client: Client,
    pub(crate) patience: Patience,
    pub(crate) walk: &'a Walk,
    /// Whether a create takes over a copy that is there already.
    pub(crate) adopts: bool,
}

impl<'a> Preflight<'a> {
    /// `None` where nobody is to be asked: in the middle of an apply, where a message can only
    /// do harm, without a way to sign in, and once Azure could not be reached.
    pub(crate) fn new(
        session: &'a Session,
        in_apply: bool,
        stop: &CancellationToken,
    ) -> Option<Self> {
        let walk = session.walk();
        if in_apply || walk.is_applying() || walk.is_dark() || !session.can_sign_in() {
            return None;
        }
        Some(Self {
            client: session.client().ok()?,
            patience: Patience::new(BUDGET, stop.clone()),
            walk,
            adopts: session.adopts_existing_copies(),
        })
    }

    /// Something cannot be seen: a warning, once for all. Where Azure cannot be reached at all,
    /// nobody else has to find that out.
    pub(crate) fn unseen(&self, what: &str, error: &Error) -> Option<Diagnostic> {
        if matches!(error, Error::Stopped) {
            return None;
        }
        let is_answer = error.status().is_some();
        if !is_answer {
            self.walk.go_dark();
        }
        let (summary, before) = if is_answer {
            (
                "Cannot check what Azure would refuse",
                format!(
                    "Azure does not show {what} while this is planned. The apply may be refused for reasons that would show there."
                ),
            )
        } else {
            (
                "Azure cannot be asked while planning",
                "So this plan does not tell what Azure would refuse. What it plans does not depend on that.".to_owned(),
            )
        };
        let topic = if is_answer { what } else { "" };
        self.walk
            .tell_once(topic, summary)
            .then(|| diagnose::warning_after(summary, &before, error))
    }
}
