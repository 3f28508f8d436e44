//! Who is told what a wait for replication sees, and the log as one of them.

use tokio::time::Instant;

use super::Replication;
use super::progress;
use crate::arm::error::Error;
use crate::arm::resource_id::RestorePointId;

/// Is told what a wait sees while it lasts. How it ended is what the wait itself returns.
pub trait Observer: Send {
    /// A look has succeeded.
    fn looked(&mut self, look: &Look<'_>);

    /// A look has failed, and the wait goes on; so does the copying in Azure. `is_news` is
    /// whether to tell it in a place where every word stays: at most once a minute.
    fn in_trouble(&mut self, error: &Error, is_news: bool);
}

/// What a look has seen.
#[derive(Clone, Debug)]
pub struct Look<'a> {
    /// The state of every disk.
    pub replication: &'a Replication,
    /// Whether to tell it in a place where every word stays: the first time, when something has
    /// changed, and once a minute.
    pub is_news: bool,
    /// What is unusual; each is told once. They are parts of a sentence about the copy.
    pub warnings: Vec<String>,
}

/// Tells the log.
#[derive(Debug)]
pub struct Log<'a> {
    id: &'a RestorePointId,
    started: Instant,
}

impl<'a> Log<'a> {
    /// Tells of the copy with this id, which is waited for from now on.
    pub fn new(id: &'a RestorePointId) -> Self {
        let started = Instant::now();
        Self { id, started }
    }
}

impl Observer for Log<'_> {
    fn looked(&mut self, look: &Look<'_>) {
        let Self { id, started } = self;
        let name = id.name();
        let percent = look.replication.completion_percent;
        let percent = percent.map_or_else(String::new, |percent| percent.to_string());
        if look.is_news {
            let summary = progress::summary(look.replication);
            tracing::info!(
                restore_point_id = %id,
                completion_percent = percent.as_str(),
                replication_state = look.replication.state.as_str(),
                elapsed_seconds = %started.elapsed().as_secs(),
                "Copy \"{name}\": {summary}"
            );
        }
        for warning in &look.warnings {
            tracing::warn!(
                restore_point_id = %id,
                completion_percent = percent.as_str(),
                "Copy \"{name}\": {warning}"
            );
        }
    }

    fn in_trouble(&mut self, error: &Error, is_news: bool) {
        let id = self.id;
        let name = id.name();
        if is_news {
            tracing::warn!(
                restore_point_id = %id,
                "Copy \"{name}\": cannot look at it now, copying goes on in Azure: {error}"
            );
        }
    }
}
