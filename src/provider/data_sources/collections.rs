//! `azrestorepoint_collections`: the restore point collections of a subscription or a resource
//! group that pass some filters.

use std::sync::Arc;

use async_trait::async_trait;

use crate::arm::compute::models::RestorePointCollection;
use crate::arm::compute::restore_point_collections;
use crate::arm::location;
use crate::arm::resource_id::RestorePointCollectionId;
use crate::arm::{Client, Error, Patience};
use crate::plugin::data_source::{DataSource, ReadDataRequest};
use crate::plugin::diagnostics::{Diagnostic, Diagnostics};
use crate::plugin::resource::Applied;
use crate::plugin::schema::{Attribute, Nesting, Schema};
use crate::plugin::value::{Type, Value};
use crate::provider::equivalence::with_slash;
use crate::provider::session::Session;
use crate::provider::{timeouts, validators};

use super::selection::is_given;
use super::{source, words};

/// The data source.
#[derive(Debug)]
pub(crate) struct Collections {
    session: Arc<Session>,
}

impl Collections {
    /// The data source, which asks Azure through this session.
    pub(crate) fn new(session: Arc<Session>) -> Self {
        Self { session }
    }
}

#[async_trait]
impl DataSource for Collections {
    fn schema(&self) -> Schema {
        let filter = |name, which: &str| {
            Attribute::optional(name, Type::String)
                .description(format!("Gives only collections {which}"))
        };
        let attributes = vec![
            filter(
                "location",
                "in this region, which is that of the copies in a collection of copies.",
            ),
            filter(
                "resource_group_name",
                "in this resource group. Without it every collection of the subscription is looked at, which takes a \
                 permission on all of it.",
            ),
            filter(
                "source_restore_point_collection_id",
                "of copies of this collection's restore points.",
            ),
            filter(
                "source_type",
                "with this kind of source: `virtualMachine`, or `restorePointCollection` for collections of copies.",
            ),
            filter("source_virtual_machine_id", "of this virtual machine."),
            Attribute::optional_computed("subscription_id", Type::String)
                .description("The subscription to look in. Defaults to the provider's."),
            Attribute::optional("tags", Type::map(Type::String)).description(
                "Gives only collections with all of these tags. The case of their names does not matter, that of \
                 their values does.",
            ),
            Attribute::computed_nested("collections", Nesting::List, element())
                .description("The collections, by ID."),
        ];
        super::schema(
            attributes,
            "Lists restore point collections, whatever their source.",
        )
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut diagnostics: Diagnostics = [
            validators::location(config, "location"),
            validators::resource_group_name(config, "resource_group_name"),
            validators::collection_id(config, "source_restore_point_collection_id"),
            validators::one_of(
                config,
                "source_type",
                &[source::VIRTUAL_MACHINE, source::COLLECTION],
            ),
            validators::virtual_machine_id(config, "source_virtual_machine_id"),
            validators::subscription_id(config, "subscription_id"),
            validators::tags(config, "tags"),
            contradiction(config),
        ]
        .into_iter()
        .flatten()
        .collect();
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
        let subscription_id = match super::subscription_id(&client, &state) {
            Ok(id) => id,
            Err(diagnostic) => return Applied::failed(diagnostic),
        };
        match matching(&client, &patience, &subscription_id, &state).await {
            Ok(collections) => {
                state.insert("collections", Value::List(collections));
                state.insert("subscription_id", subscription_id.into());
                Applied::saved(state)
            }
            Err(error) => {
                let group = state.get("resource_group_name").as_str();
                Applied::failed(words::cannot_list(&subscription_id, group, &error))
            }
        }
    }
}

fn element() -> Vec<Attribute> {
    let text =
        |name, description: &str| Attribute::computed(name, Type::String).description(description);
    let mut attributes = source::attributes();
    attributes.extend([
        text("id", "The ID of the collection."),
        text("name", "The name of the collection."),
        text(
            "resource_group_name",
            "The resource group of the collection. In a list of a whole subscription Azure writes it in capitals.",
        ),
    ]);
    attributes
}

/// Filters that no collection can pass together.
fn contradiction(config: &Value) -> Option<Diagnostic> {
    let machine = "source_virtual_machine_id";
    let collection = "source_restore_point_collection_id";
    if is_given(config, machine) && is_given(config, collection) {
        return Some(words::contradiction(collection, machine));
    }
    let source_type = config.get("source_type").as_str()?;
    [
        (machine, source::COLLECTION),
        (collection, source::VIRTUAL_MACHINE),
    ]
    .into_iter()
    .find(|(argument, other)| is_given(config, argument) && source_type == *other)
    .map(|(argument, _)| words::contradiction("source_type", argument))
}

/// Reads the list page by page and keeps of each what passes.
async fn matching(
    client: &Client,
    patience: &Patience,
    subscription_id: &str,
    config: &Value,
) -> Result<Vec<Value>, Error> {
    let mut pages = match config.get("resource_group_name").as_str() {
        Some(group) => {
            restore_point_collections::list_in_resource_group(client, subscription_id, group)
        }
        None => restore_point_collections::list_in_subscription(client, subscription_id),
    };
    let mut matching = Vec::new();
    while let Some(page) = pages.next(client, patience).await? {
        for found in page.into_iter().filter(|found| passes(config, found)) {
            let id = found.id.as_deref().map(with_slash).unwrap_or_default();
            match RestorePointCollectionId::parse(&id) {
                Ok(id) => matching.push((id.path().to_lowercase(), source::value(&id, &found))),
                Err(error) => tracing::warn!("A collection is left out of a list: {error}"),
            }
        }
    }
    matching.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(matching.into_iter().map(|(_, value)| value).collect())
}

/// Whether a collection passes all filters but that for the resource group.
fn passes(config: &Value, found: &RestorePointCollection) -> bool {
    let wanted = |argument| config.get(argument).as_str();
    let is_source = |id: &str| {
        let source = source::source_id(found);
        source.is_some_and(|source| source.eq_ignore_ascii_case(id))
    };
    let location = found.location.as_deref().unwrap_or_default();
    wanted("location").is_none_or(|wanted| location::same(wanted, location))
        && wanted("source_virtual_machine_id").is_none_or(is_source)
        && wanted("source_restore_point_collection_id").is_none_or(is_source)
        && wanted("source_type").is_none_or(|wanted| source::source_type(found) == Some(wanted))
        && has_tags(config.get("tags"), found)
}

fn has_tags(wanted: &Value, found: &RestorePointCollection) -> bool {
    let mut wanted = wanted.entries().into_iter().flatten();
    wanted.all(|(name, value)| {
        let name = name.to_lowercase();
        let mut tags = found.tags.iter();
        tags.any(|(other, found)| other.to_lowercase() == name && value.as_str() == Some(found))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const COMPUTE: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute";

    #[test]
    fn a_collection_has_to_pass_every_filter() {
        let found = json!({
            "location": "westus2",
            "tags": {"Department": "finance", "tier": "1"},
            "properties": {"source": {"id": format!("{COMPUTE}/restorePointCollections/web")}}
        });
        let found: RestorePointCollection = serde_json::from_value(found).expect("a collection");
        let check = |argument: &str, value: Value, expected: bool| {
            let config = Value::object([(argument, value)]);
            assert_eq!(passes(&config, &found), expected, "{config:?}");
        };
        let tags = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter();
            let pairs = pairs.map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
            Value::Map(pairs.collect())
        };
        let source = "source_restore_point_collection_id";
        check("location", Value::Null, true);
        check("location", "West US 2".into(), true);
        check("location", "westus".into(), false);
        check("source_type", "restorePointCollection".into(), true);
        check("source_type", "virtualMachine".into(), false);
        let other_case = format!("{COMPUTE}/restorePointCollections/WEB").replace("s/g", "s/G");
        check(source, other_case.into(), true);
        check(
            source,
            format!("{COMPUTE}/restorePointCollections/we").into(),
            false,
        );
        let machine = format!("{COMPUTE}/virtualMachines/web");
        check("source_virtual_machine_id", machine.into(), false);
        check("tags", tags(&[]), true);
        check("tags", tags(&[("department", "finance")]), true);
        check(
            "tags",
            tags(&[("DEPARTMENT", "finance"), ("tier", "1")]),
            true,
        );
        check("tags", tags(&[("department", "Finance")]), false);
        check("tags", tags(&[("tier", "1"), ("owner", "me")]), false);
    }
}
