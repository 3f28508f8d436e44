//! Changing the tags of a collection: a PATCH replaces all of them at once.

use crate::arm::compute::models::RestorePointCollection;
use crate::arm::compute::restore_point_collections;
use crate::arm::resource_id::RestorePointCollectionId;
use crate::arm::{Client, Error, Patience};
use crate::plugin::value::Value;
use crate::provider::tags::{TagPolicy, lowered};

/// What it takes to change the tags of a collection.
pub(super) struct Tagging<'a> {
    pub(super) client: &'a Client,
    pub(super) patience: &'a Patience,
    pub(super) policy: &'a TagPolicy,
    pub(super) id: &'a RestorePointCollectionId,
}

impl Tagging<'_> {
    /// Gives the collection the planned tags, after a look at those that somebody else looks after.
    pub(super) async fn update(
        &self,
        prior_state: &Value,
        planned_state: &Value,
    ) -> Result<(), Error> {
        let found = restore_point_collections::get(self.client, self.id, self.patience).await?;
        self.replace(&found, prior_state, planned_state).await
    }

    /// The same where the look has been.
    pub(super) async fn replace(
        &self,
        found: &RestorePointCollection,
        prior_state: &Value,
        planned_state: &Value,
    ) -> Result<(), Error> {
        let planned = planned_state.get("tags_all");
        if planned.is_unknown() {
            // Whoever applies with a provider block that is not known removes nothing for it.
            return Ok(());
        }
        let tags = self.policy.updated(prior_state, planned, &found.tags);
        if lowered(&tags) != lowered(&found.tags) {
            let Self { client, id, .. } = self;
            restore_point_collections::update_tags(client, id, &tags, self.patience).await?;
        }
        Ok(())
    }
}
