//! `azrestorepoint_restore_points`: the restore points of a collection, newest first.

use std::sync::Arc;

use async_trait::async_trait;

use crate::arm::resource_id::RestorePointCollectionId;
use crate::plugin::data_source::{DataSource, ReadDataRequest};
use crate::plugin::diagnostics::Diagnostics;
use crate::plugin::resource::Applied;
use crate::plugin::schema::{Attribute, Nesting, Schema};
use crate::plugin::value::{Type, Value};
use crate::provider::filter::{self, Filter};
use crate::provider::session::Session;
use crate::provider::{timeouts, validators};

use super::{point, points, words};

const COLLECTION: &str = "restore_point_collection_id";

/// The data source.
#[derive(Debug)]
pub(crate) struct RestorePoints {
    session: Arc<Session>,
}

impl RestorePoints {
    /// The data source, which asks Azure through this session.
    pub(crate) fn new(session: Arc<Session>) -> Self {
        Self { session }
    }
}

#[async_trait]
impl DataSource for RestorePoints {
    fn schema(&self) -> Schema {
        let mut attributes = vec![
            Attribute::required(COLLECTION, Type::String)
                .description("The ID of the collection. It is an error that it does not exist."),
            Attribute::optional("allow_missing", Type::Bool).description(
                "Whether `restore_points` is null, instead of an error, when the collection does not exist. Defaults \
                 to `false`.",
            ),
            Attribute::optional("include_unfinished", Type::Bool).description(
                "Whether restore points are given, too, that cannot restore a VM: those that are still made or \
                 copied, and those that have failed. Defaults to `false`.",
            ),
            Attribute::computed_nested("restore_points", Nesting::List, point::attributes())
                .description("The restore points, newest first. Empty if none passes the filters."),
        ];
        attributes.extend(filter::attributes("Gives"));
        super::schema(
            attributes,
            "Lists the restore points of a collection, with the state of each disk. Each takes a request of its own, \
             so filters save time.",
        )
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let problems = validators::collection_id(config, COLLECTION).into_iter();
        let mut diagnostics: Diagnostics = problems.chain(filter::validate(config)).collect();
        diagnostics.append(timeouts::validate(config));
        diagnostics
    }

    async fn read(&self, request: ReadDataRequest) -> Applied {
        let problems = self.validate(&request.config);
        let (client, patience) = match super::begin(&self.session, &request, problems) {
            Ok(parts) => parts,
            Err(failed) => return failed,
        };
        let mut state = request.config;
        let collection = state.get(COLLECTION).as_str().unwrap_or_default();
        let collection = match RestorePointCollectionId::parse_strict(collection) {
            Ok(id) => id,
            Err(error) => return Applied::failed(words::invalid(COLLECTION, &error)),
        };
        let filter = Filter::of(&state);
        let is_true = |argument| state.get(argument).as_bool() == Some(true);
        let found = async {
            let listed = points::list(&client, &patience, &collection, &filter).await?;
            points::take_all(&client, &patience, listed, is_true("include_unfinished")).await
        };
        match found.await {
            Ok(found) => {
                let found = found.iter().map(|(id, found)| point::value(id, found));
                let found = Value::List(found.collect());
                state.insert("restore_points", found);
                Applied::saved(state)
            }
            Err(error) if error.is_not_found() && is_true("allow_missing") => Applied::saved(state),
            Err(error) => Applied::failed(words::cannot_read_collection(
                &collection,
                &error,
                COLLECTION,
            )),
        }
    }
}
