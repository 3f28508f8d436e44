//! The list of copies.

use std::sync::Arc;

use async_trait::async_trait;

use crate::arm::compute::models::{RestorePoint, RestorePointCollection};
use crate::arm::compute::{restore_point_collections, restore_points};
use crate::arm::resource_id::{RestorePointCollectionId, RestorePointId};
use crate::arm::{Client, Error, Patience};
use crate::plugin::diagnostics::{Diagnostic, Diagnostics};
use crate::plugin::list_resource::{ListEnd, ListRequest, ListResource, Listed, Results};
use crate::plugin::schema::{Attribute, Block, Schema};
use crate::plugin::value::{Type, Value};
use crate::provider::glance::points_of;
use crate::provider::resources::listing::{self, Ahead, Targets};
use crate::provider::session::Session;
use crate::provider::validators;

use super::model;

const COLLECTION: &str = "restore_point_collection_id";

/// The list.
#[derive(Debug)]
pub(crate) struct CopyList {
    session: Arc<Session>,
}

impl CopyList {
    /// The list, which asks Azure through this session.
    pub(crate) fn new(session: Arc<Session>) -> Self {
        Self { session }
    }
}

#[async_trait]
impl ListResource for CopyList {
    fn schema(&self) -> Schema {
        let mut attributes = listing::arguments();
        attributes.push(Attribute::optional(COLLECTION, Type::String).description(
            "Lists only the copies in this restore point collection. Its ID says already where it lies: \
             `resource_group_name` and `subscription_id` cannot be given beside it.",
        ));
        Schema {
            version: 0,
            block: Block {
                attributes,
                description: "Lists the restore points that were copied from another region: of one collection, a \
                              resource group or a subscription. Azure is asked once for each collection, and with \
                              `include_resource` once more for each copy."
                    .to_owned(),
                ..Block::default()
            },
        }
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let collection = validators::collection_id(config, COLLECTION);
        let place = listing::validate(config);
        let mut diagnostics: Diagnostics =
            place.into_iter().chain([collection]).flatten().collect();
        if !config.get(COLLECTION).is_null() {
            let others = ["resource_group_name", "subscription_id"].into_iter();
            let others = others.filter(|argument| !config.get(argument).is_null());
            diagnostics.extend(others.map(|argument| listing::said_twice(argument, COLLECTION)));
        }
        diagnostics
    }

    async fn list(&self, request: ListRequest, results: Results) -> Result<(), ListEnd> {
        let mut finding = Finding {
            client: self.session.client()?,
            patience: Patience::new(listing::LIMIT, request.context.stop),
            includes_object: request.include_resource_object,
            results,
        };
        let collection = request.config.get(COLLECTION).as_str();
        if let Some(id) = collection.and_then(|id| RestorePointCollectionId::parse(id).ok()) {
            return finding.in_collection(id.canonical()).await;
        }
        let targets = Targets::of(&self.session, &request.config, &finding.patience)?;
        finding.in_all(targets).await
    }
}

/// A list under way.
struct Finding {
    client: Client,
    patience: Patience,
    includes_object: bool,
    results: Results,
}

type Looked<I, T> = (I, Result<T, Error>);

impl Finding {
    async fn in_collection(&mut self, id: RestorePointCollectionId) -> Result<(), ListEnd> {
        let (id, found) = look(self.client.clone(), id, self.patience.clone()).await;
        let found = found.map_err(|error| unreadable(&id, &error))?;
        if listing::source(&found).is_none() {
            return Err(listing::takes_no_copies(&id, &found).into());
        }
        self.copies(&id, &found).await
    }

    async fn in_all(&mut self, mut targets: Targets) -> Result<(), ListEnd> {
        let mut looks: Ahead<Looked<RestorePointCollectionId, RestorePointCollection>> =
            Ahead::new();
        let mut is_last = false;
        loop {
            while !is_last && looks.has_room() {
                match targets.next().await? {
                    Some((id, _)) => {
                        looks.ask(look(self.client.clone(), id, self.patience.clone()));
                    }
                    None => is_last = true,
                }
            }
            match looks.answer().await {
                Some((id, Ok(found))) => self.copies(&id, &found).await?,
                // It has gone since it was listed.
                Some((_, Err(error))) if error.is_not_found() => {}
                Some((id, Err(error))) => return Err(unreadable(&id, &error).into()),
                None => return Ok(()),
            }
        }
    }

    /// Hands over the copies of a collection.
    async fn copies(
        &mut self,
        id: &RestorePointCollectionId,
        found: &RestorePointCollection,
    ) -> Result<(), ListEnd> {
        let id = listing::respelt(id, found);
        let points = points_of(found, &id);
        let mut copies = points
            .filter(|(_, point)| point.source_restore_point_id().is_some())
            .map(|(id, _)| id);
        if !self.includes_object {
            for id in copies {
                self.push(&id, model::imported(&id)).await?;
            }
            return Ok(());
        }
        let mut looks: Ahead<Looked<RestorePointId, RestorePoint>> = Ahead::new();
        loop {
            while looks.has_room()
                && let Some(id) = copies.next()
            {
                let (client, patience) = (self.client.clone(), self.patience.clone());
                looks.ask(async move {
                    let found = restore_points::get(&client, &id, true, &patience).await;
                    (id, found)
                });
            }
            match looks.answer().await {
                Some((id, Ok(found))) => {
                    let state = model::refreshed(&model::imported(&id), &id, &found);
                    self.push(&id, state).await?;
                }
                Some((_, Err(error))) if error.is_not_found() => {}
                Some((id, Err(error))) => {
                    let what = format!("the restore point {id}");
                    return Err(listing::incomplete(&what, &error).into());
                }
                None => return Ok(()),
            }
        }
    }

    async fn push(&mut self, id: &RestorePointId, state: Value) -> Result<(), ListEnd> {
        let display_name = format!("{}/{}", id.collection().name(), id.name());
        self.results
            .push(Listed {
                display_name,
                state,
            })
            .await
    }
}

async fn look(
    client: Client,
    id: RestorePointCollectionId,
    patience: Patience,
) -> Looked<RestorePointCollectionId, RestorePointCollection> {
    let found = restore_point_collections::get_with_restore_points(&client, &id, &patience).await;
    (id, found)
}

fn unreadable(id: &RestorePointCollectionId, error: &Error) -> Diagnostic {
    listing::incomplete(&format!("the restore points of the collection {id}"), error)
}
