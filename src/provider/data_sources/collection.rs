//! `azrestorepoint_collection`: one restore point collection, whatever its source.

use std::sync::Arc;

use async_trait::async_trait;

use crate::arm::Client;
use crate::arm::compute::models::RestorePointCollection;
use crate::arm::compute::restore_point_collections;
use crate::arm::resource_id::RestorePointCollectionId;
use crate::plugin::data_source::{DataSource, ReadDataRequest};
use crate::plugin::diagnostics::{Diagnostic, Diagnostics};
use crate::plugin::resource::Applied;
use crate::plugin::schema::{Attribute, Schema};
use crate::plugin::value::{Type, Value};
use crate::provider::session::Session;
use crate::provider::{timeouts, validators};

use super::selection::{is_absent, is_given};
use super::{source, words};

/// The data source.
#[derive(Debug)]
pub(crate) struct Collection {
    session: Arc<Session>,
}

impl Collection {
    /// The data source, which asks Azure through this session.
    pub(crate) fn new(session: Arc<Session>) -> Self {
        Self { session }
    }
}

#[async_trait]
impl DataSource for Collection {
    fn schema(&self) -> Schema {
        let either = |name, description: &str| {
            Attribute::optional_computed(name, Type::String).description(description)
        };
        let text = |name, description: &str| {
            Attribute::computed(name, Type::String).description(description)
        };
        let mut attributes = source::attributes();
        attributes.extend([
            either(
                "id",
                "The ID of the collection. Give either this or `name` and `resource_group_name`.",
            ),
            either("name", "The name of the collection."),
            either(
                "resource_group_name",
                "The resource group of the collection.",
            ),
            either(
                "subscription_id",
                "The subscription of the collection. Defaults to the provider's.",
            ),
            text(
                "provisioning_state",
                "Azure's provisioning state, such as `Succeeded`.",
            ),
            text(
                "source_restore_point_collection_id",
                "The ID of the collection that its restore points are copied from. Null for a virtual machine's own \
                 collection.",
            ),
            text(
                "source_virtual_machine_id",
                "The ID of the virtual machine that its restore points are of. Null for a collection of copies.",
            ),
            text(
                "unique_id",
                "Azure's own ID of the collection, which a new one of the same name does not share.",
            ),
        ]);
        super::schema(
            attributes,
            "Looks up a restore point collection: a virtual machine's own, or one of copies.",
        )
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut diagnostics: Diagnostics = [
            validators::collection_id(config, "id"),
            validators::name(config, "name", "restore point collection"),
            validators::resource_group_name(config, "resource_group_name"),
            validators::subscription_id(config, "subscription_id"),
            combination(config),
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
        let config = request.config;
        let id = match id(&client, &config) {
            Ok(id) => id,
            Err(diagnostic) => return Applied::failed(diagnostic),
        };
        match restore_point_collections::get(&client, &id, &patience).await {
            Ok(found) => Applied::saved(state(config, &id, &found)),
            Err(error) => {
                let argument = if is_given(&config, "id") {
                    "id"
                } else {
                    "name"
                };
                Applied::failed(words::cannot_read_collection(&id, &error, argument))
            }
        }
    }
}

/// What is wrong with the arguments together: a collection is named in one of two ways.
fn combination(config: &Value) -> Option<Diagnostic> {
    const PARTS: [&str; 3] = ["name", "resource_group_name", "subscription_id"];
    if is_given(config, "id") {
        let surplus = PARTS.into_iter().find(|part| is_given(config, part))?;
        return Some(words::surplus(surplus, "id", "names the whole collection"));
    }
    if !is_absent(config, "id") {
        return None;
    }
    let missing = ["name", "resource_group_name"];
    let missing = missing.into_iter().find(|part| is_absent(config, part))?;
    Some(words::missing_collection(missing))
}

fn id(client: &Client, config: &Value) -> Result<RestorePointCollectionId, Diagnostic> {
    let text = |argument| config.get(argument).as_str().unwrap_or_default();
    let id = if is_given(config, "id") {
        RestorePointCollectionId::parse_strict(text("id"))
    } else {
        let subscription_id = super::subscription_id(client, config)?;
        RestorePointCollectionId::new(&subscription_id, text("resource_group_name"), text("name"))
    };
    id.map_err(|error| words::invalid("id", &error))
}

fn state(config: Value, id: &RestorePointCollectionId, found: &RestorePointCollection) -> Value {
    let mut state = config;
    let of_type = |kind| {
        let is_it = source::source_type(found) == Some(kind);
        Value::string(source::source_id(found).filter(|_| is_it))
    };
    let properties = &found.properties;
    let own = [
        ("subscription_id", Value::from(id.subscription_id())),
        (
            "provisioning_state",
            Value::string(properties.provisioning_state.as_deref()),
        ),
        (
            "source_restore_point_collection_id",
            of_type(source::COLLECTION),
        ),
        (
            "source_virtual_machine_id",
            of_type(source::VIRTUAL_MACHINE),
        ),
        (
            "unique_id",
            Value::string(properties.restore_point_collection_id.as_deref()),
        ),
    ];
    for (name, value) in own {
        state.insert(name, value);
    }
    let shared = source::value(id, found);
    for (name, value) in shared.entries().into_iter().flatten() {
        state.insert(name, value.clone());
    }
    state
}
