//! What it takes to ask Azure about a mirror.

use crate::arm::compute::restore_point_collections;
use crate::arm::resource_id::RestorePointCollectionId;
use crate::arm::{Client, Patience};
use crate::plugin::diagnostics::Diagnostic;
use crate::plugin::value::Value;

use super::look::Ids;
use super::{Mirror, model, words};

impl Mirror {
    /// The client, and both collections of a state or a plan.
    pub(super) fn reach(&self, state: &Value) -> Result<(Client, Ids), Diagnostic> {
        Ok((self.session.client()?, model::ids(state)?))
    }

    /// Both collections of a state. One that was imported does not know its source, which the
    /// target names. `None` where there is no target.
    pub(super) async fn ids(
        &self,
        client: &Client,
        patience: &Patience,
        state: &Value,
    ) -> Result<Option<Ids>, Diagnostic> {
        let target = model::target(state)?;
        if !state.get("source_restore_point_collection_id").is_null() {
            return model::ids(state).map(Some);
        }
        match restore_point_collections::get(client, &target, patience).await {
            Ok(found) => {
                let source = found.properties.source.id.unwrap_or_default();
                match RestorePointCollectionId::parse(&source) {
                    Ok(source) => Ok(Some(Ids { target, source })),
                    Err(_) => Err(words::not_a_target(&target, &source)),
                }
            }
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(words::cannot_look(&target, &error)),
        }
    }
}
