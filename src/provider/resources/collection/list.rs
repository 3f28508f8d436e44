//! The list of target collections.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

use crate::arm::compute::restore_point_collections;
use crate::arm::resource_id::RestorePointCollectionId;
use crate::arm::{Client, Patience};
use crate::plugin::diagnostics::{Diagnostic, Diagnostics};
use crate::plugin::list_resource::{ListEnd, ListRequest, ListResource, Listed, Results};
use crate::plugin::schema::{Attribute, Block, Schema};
use crate::plugin::value::{Type, Value};
use crate::provider::resources::listing::{self, Targets};
use crate::provider::session::Session;
use crate::provider::validators;

use super::model;

const SOURCE: &str = "source_restore_point_collection_id";

/// The list.
#[derive(Debug)]
pub(crate) struct CollectionList {
    session: Arc<Session>,
}

impl CollectionList {
    /// The list, which asks Azure through this session.
    pub(crate) fn new(session: Arc<Session>) -> Self {
        Self { session }
    }
}

#[async_trait]
impl ListResource for CollectionList {
    fn schema(&self) -> Schema {
        let mut attributes = listing::arguments();
        attributes.push(Attribute::optional(SOURCE, Type::String).description(
            "Lists only the collections that take copies from this restore point collection.",
        ));
        Schema {
            version: 0,
            block: Block {
                attributes,
                description: "Lists the restore point collections that take copies of another region. Those of a VM, \
                              which take none, are left out."
                    .to_owned(),
                ..Block::default()
            },
        }
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let source = validators::collection_id(config, SOURCE);
        let place = listing::validate(config);
        place.into_iter().chain([source]).flatten().collect()
    }

    async fn list(&self, request: ListRequest, mut results: Results) -> Result<(), ListEnd> {
        let patience = Patience::new(listing::LIMIT, request.context.stop);
        let wanted = request.config.get(SOURCE).as_str();
        let wanted = wanted.and_then(|id| RestorePointCollectionId::parse(id).ok());
        let mut groups = Groups {
            client: self.session.client()?,
            patience: patience.clone(),
            spellings: BTreeMap::new(),
        };
        let policy = self.session.tags();
        let mut targets = Targets::of(&self.session, &request.config, &patience)?;
        while let Some((id, found)) = targets.next().await? {
            if wanted.is_some() && listing::source(&found) != wanted {
                continue;
            }
            let Some(id) = groups.respell(id).await? else {
                continue;
            };
            let stub = model::imported(&id);
            let state = match request.include_resource_object {
                true => model::refreshed(&stub, &id, &found, &policy),
                false => stub,
            };
            let display_name = id.name().to_owned();
            results
                .push(Listed {
                    display_name,
                    state,
                })
                .await?;
        }
        Ok(())
    }
}

/// How resource groups are spelt. A list of a whole subscription writes them in capitals, and
/// one look at a collection of each tells more.
struct Groups {
    client: Client,
    patience: Patience,
    /// By the spelling of the list. A subscription has 980 at most.
    spellings: BTreeMap<String, String>,
}

impl Groups {
    /// The id with its resource group well spelt; `None` where it has gone meanwhile.
    async fn respell(
        &mut self,
        id: RestorePointCollectionId,
    ) -> Result<Option<RestorePointCollectionId>, Diagnostic> {
        let group = id.resource_group_name();
        if group.to_uppercase() != group {
            return Ok(Some(id));
        }
        if !self.spellings.contains_key(group) {
            match restore_point_collections::get(&self.client, &id, &self.patience).await {
                Ok(found) => {
                    let respelt = listing::respelt(&id, &found);
                    let spelling = respelt.resource_group_name().to_owned();
                    self.spellings.insert(group.to_owned(), spelling);
                }
                Err(error) if error.is_not_found() => return Ok(None),
                Err(error) => {
                    let what = format!("the collection {id}");
                    return Err(listing::incomplete(&what, &error));
                }
            }
        }
        let spelling = self.spellings.get(group).map_or(group, String::as_str);
        let respelt = RestorePointCollectionId::new(id.subscription_id(), spelling, id.name());
        Ok(Some(respelt.unwrap_or(id)))
    }
}
