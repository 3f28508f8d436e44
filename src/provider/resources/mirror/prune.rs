//! Deleting what a plan has named, as long as the rules allow it.

use crate::arm::compute::restore_points;

use super::rules::{CopyState, MayDelete, Settings, decide};
use super::run::{Mirror, Run};
use super::words;

/// How many copies are deleted by what one look has shown.
const DELETIONS_PER_LOOK: usize = 10;

impl Run<'_> {
    /// Deletes those of the planned copies that are in this state and may go, a few after each
    /// look.
    pub(super) async fn delete(&mut self, planned: &[String], state: CopyState) {
        let Mirror {
            patience,
            walk,
            ids,
            settings,
            ..
        } = self.mirror;
        let was_seen = self.look.snapshot.copies.iter().any(|copy| {
            let mut named = planned.iter();
            copy.state == state && named.any(|name| name.eq_ignore_ascii_case(&copy.name))
        });
        if !was_seen {
            return;
        }
        // What is not usable by now counts for nothing, whoever waits for it.
        let now = Settings {
            waits: false,
            ..settings.clone()
        };
        let deletes = walk.deletes_in(&ids.target);
        let Ok(_turn) = patience.run(deletes.lock()).await else {
            return;
        };
        let mut left = planned.to_vec();
        while patience.check().is_ok() {
            if let Err(error) = self.look_again().await {
                if patience.check().is_ok() {
                    let told = words::cannot_look_again(&ids.target, &error);
                    self.diagnostics.push(told);
                }
                return;
            }
            let snapshot = &self.look.snapshot;
            let mut allowed = decide(snapshot, &now, MayDelete::Only(&left)).deletions;
            allowed.retain(|name| {
                let mut copies = snapshot.copies.iter();
                copies.any(|copy| copy.name == *name && copy.state == state)
            });
            allowed.truncate(DELETIONS_PER_LOOK);
            if allowed.is_empty() {
                return;
            }
            left.retain(|name| !allowed.iter().any(|other| other.eq_ignore_ascii_case(name)));
            self.delete_all(&allowed).await;
        }
    }

    /// Deletes these copies. All are begun before the first one is followed to its end.
    async fn delete_all(&mut self, names: &[String]) {
        let Mirror {
            client,
            patience,
            ids,
            ..
        } = self.mirror;
        self.is_fresh = false;
        let mut begun = Vec::new();
        let targets = names.iter().map(|name| ids.target.restore_point(name));
        for id in targets.filter_map(Result::ok) {
            tracing::info!(restore_point_id = %id, "Deleting a copy, as planned");
            match restore_points::begin_delete(client, &id, patience).await {
                Ok(operation) => begun.push((id, operation)),
                Err(error) => self.diagnostics.push(words::not_deleted(&id, &error)),
            }
        }
        for (id, operation) in begun {
            let end = restore_points::finish_delete(client, &id, operation, patience).await;
            if let Err(error) = end {
                self.diagnostics.push(words::not_deleted(&id, &error));
            }
        }
    }
}
