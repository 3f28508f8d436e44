//! Requests for restore point collections.

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::collection::Collection;
use super::fields::Fields;
use super::{
    Answered, budget, disk_access, expands, group_not_found, operations, paging,
    resource_not_found, restore_points,
};
use crate::exchange::{Answer, Incoming, Sender};
use crate::route::{CollectionId, Resource};
use crate::state::{State, normalised_location};

const KIND: &str = "Microsoft.Compute/restorePointCollections";

pub(crate) fn get(state: &State, request: &Incoming, id: &CollectionId) -> Answered {
    let with_points = expands(request, Some("restorePoints"))?;
    let collection = state.collection(id).ok_or_else(|| missing(state, id))?;
    let mut body = collection.body();
    if with_points {
        let now = state.clock.now();
        // As recorded: points in a collection carry no instance view.
        body["properties"]["restorePoints"] = collection
            .restore_points
            .iter()
            .map(|point| point.body(&collection.id, now))
            .collect();
    }
    Ok(Answer::json(200, body, budget::GET_RESTORE_POINT))
}

pub(crate) fn list(state: &State, request: &Incoming, subscription: &str, group: &str) -> Answered {
    let start = paging::start(state, request)?;
    if !state.group_exists(subscription, group) {
        return Err(group_not_found(group));
    }
    Ok(gathered(
        state,
        request,
        start,
        state
            .collections
            .iter()
            .filter(|collection| {
                let id = &collection.id;
                is_in(id, subscription) && id.group.eq_ignore_ascii_case(group)
            })
            .map(|collection| collection.body()),
    ))
}

/// As recorded, this list alone writes the resource group in capitals, and only in `id`.
pub(crate) fn list_all(state: &State, request: &Incoming, subscription: &str) -> Answered {
    let start = paging::start(state, request)?;
    let collections = state.collections.iter();
    let here = collections.filter(|collection| is_in(&collection.id, subscription));
    let bodies = here.map(|collection| {
        let mut body = collection.body();
        let shouted = CollectionId {
            subscription: collection.id.subscription.clone(),
            group: collection.id.group.to_uppercase(),
            name: collection.id.name.clone(),
        };
        body["id"] = json!(shouted.path());
        body
    });
    Ok(gathered(state, request, start, bodies))
}

fn is_in(id: &CollectionId, subscription: &str) -> bool {
    id.subscription.eq_ignore_ascii_case(subscription)
}

/// Lists are gathered by the gateway from every region, and name the ids of the requests that
/// it made; their budget is nobody's. One page unless a test asks for more.
fn gathered(
    state: &State,
    request: &Incoming,
    start: usize,
    bodies: impl Iterator<Item = Value>,
) -> Answer {
    let body = paging::page(state, request, start, bodies.collect());
    let ids = format!("{},{}", Uuid::new_v4(), Uuid::new_v4());
    Answer::json(200, body, Sender::Gateway).with("x-ms-original-request-ids", ids)
}

pub(crate) fn put(state: &mut State, request: &Incoming, id: &CollectionId) -> Answered {
    expands(request, None)?;
    let fields = Fields::of_body(request, &["location", "tags", "properties"])?;
    let properties = fields.object("properties", &["source", "instantAccess"])?;
    let source = properties.object("source", &["id"])?;
    let tags = fields.strings("tags")?;
    let instant_access = properties.boolean("instantAccess")?;
    let location = fields.string("location")?.ok_or_else(|| {
        // Assumed: the text, which is ARM's in general.
        Answer::gateway_error(
            400,
            "LocationRequired",
            "The location property is required for this definition.",
        )
    })?;
    let location = normalised_location(location);
    let source_id = source
        .string("id")?
        .ok_or_else(|| invalid("Required parameter 'properties.source.id' is missing (null)."))?;
    if !state.has_group_of(id) {
        return Err(group_not_found(&id.group));
    }
    if let Some(collection) = state.collection_mut(id) {
        check_unchanged(collection, &location, Some(source_id))?;
        // Assumed: a PUT replaces the tags like a PATCH, and removes them if it has none.
        collection.tags = tags;
        collection.instant_access = instant_access;
        let body = collection.body();
        return Ok(Answer::json(200, body, budget::PUT_COLLECTION));
    }
    let (source_id, source_location) = cross_region_source(state, source_id, &location)?;
    let collection = Collection {
        id: id.clone(),
        location,
        tags,
        source_id,
        source_location,
        unique_id: Uuid::new_v4(),
        instant_access,
        restore_points: Vec::new(),
        deleted: None,
        copies_begun: Vec::new(),
    };
    let body = collection.body();
    state.collections.push(collection);
    Ok(Answer::json(201, body, budget::PUT_COLLECTION))
}

/// The source's id as sent, and its location.
///
/// Assumed: every refusal here. That a collection of a VM in another region is refused is
/// documented as "deprecated"; one of a VM in the same region is Azure's everyday case, but
/// nothing that this simulator is for: [`crate::Simulator::seed_source_collection`] makes them.
fn cross_region_source(
    state: &State,
    source_id: &str,
    location: &str,
) -> Result<(String, String), Answer> {
    let Some(Resource::Collection(source)) = state.resource(source_id) else {
        return Err(invalid(&format!(
            "The source '{source_id}' of a restore point collection for cross-region copy must be a restore point collection."
        )));
    };
    let source = state
        .collection(&source)
        .ok_or_else(|| resource_not_found(KIND, &source.name, &source.group))?;
    if state.settings.rules.other_region_for_collection && source.location == location {
        let refusal = &state.settings.refusals.same_region;
        return Err(Answer::error(
            refusal.status,
            &refusal.code,
            &format!(
                "The source collection is in '{location}', too. A restore point collection for cross-region copy must be in another region than its source."
            ),
            budget::PUT_COLLECTION,
        ));
    }
    Ok((source_id.to_owned(), source.location.clone()))
}

/// Only tags and instant access may change after creation.
///
/// Assumed: codes and texts. `InvalidResourceLocation` is ARM's in general.
fn check_unchanged(
    collection: &Collection,
    location: &str,
    source_id: Option<&str>,
) -> Result<(), Answer> {
    if collection.deleted.is_some() {
        return Err(being_deleted(&collection.id.name));
    }
    if collection.location != location {
        return Err(Answer::gateway_error(
            409,
            "InvalidResourceLocation",
            &format!(
                "The resource '{}' already exists in location '{}' in resource group '{}'. A resource with the same name cannot be created in location '{location}'. Please select a new resource name.",
                collection.id.name, collection.location, collection.id.group
            ),
        ));
    }
    match source_id {
        Some(id) if !id.eq_ignore_ascii_case(&collection.source_id) => Err(Answer::error(
            409,
            "PropertyChangeNotAllowed",
            "Changing property 'source.id' is not allowed.",
            budget::PUT_COLLECTION,
        )),
        _ => Ok(()),
    }
}

/// As recorded, the tags of a PATCH replace all tags; the source may be repeated in it.
pub(crate) fn patch(state: &mut State, request: &Incoming, id: &CollectionId) -> Answered {
    expands(request, None)?;
    let fields = Fields::of_body(request, &["tags", "properties"])?;
    let properties = fields.object("properties", &["source", "instantAccess"])?;
    let source = properties.object("source", &["id"])?;
    let tags = fields.strings("tags")?;
    let instant_access = properties.boolean("instantAccess")?;
    let not_found = missing(state, id);
    let collection = state.collection_mut(id).ok_or(not_found)?;
    let location = collection.location.clone();
    check_unchanged(collection, &location, source.string("id")?)?;
    collection.tags = tags.or_else(|| collection.tags.take());
    collection.instant_access = instant_access.or(collection.instant_access);
    let body = collection.body();
    Ok(Answer::json(200, body, budget::PUT_COLLECTION))
}

/// Deletes the points inside, too; even while a copy refers to them, as recorded.
pub(crate) fn delete(state: &mut State, request: &Incoming, id: &CollectionId) -> Answered {
    expands(request, None)?;
    if !state.has_group_of(id) {
        return Err(group_not_found(&id.group));
    }
    let Some(collection) = state.collection(id) else {
        return Ok(Answer::empty(204, Sender::Gateway));
    };
    restore_points::check_unshared(&collection.restore_points)?;
    disk_access::check_closed(state, &request.path)?;
    let location = collection.location.clone();
    let mut operation = operations::begin(state, request, &location, operations::Kind::Delete);
    let deleted = operations::end_deletion(state, &mut operation);
    let answer = operations::accepted(request, &operation)
        .with("Azure-AsyncNotification", "Enabled".to_owned());
    state.operations.push(operation);
    if let Some(collection) = state.collection_mut(id) {
        collection.deleted = deleted;
    }
    Ok(answer)
}

/// The 404 that says which of group and collection is missing.
fn missing(state: &State, id: &CollectionId) -> Answer {
    if state.has_group_of(id) {
        resource_not_found(KIND, &id.name, &id.group)
    } else {
        group_not_found(&id.group)
    }
}

fn invalid(message: &str) -> Answer {
    Answer::error(400, "InvalidParameter", message, budget::PUT_COLLECTION)
}

/// Assumed: status, code and text.
pub(crate) fn being_deleted(name: &str) -> Answer {
    Answer::error(
        409,
        "OperationNotAllowed",
        &format!("The resource '{name}' is being deleted."),
        budget::PUT_COLLECTION,
    )
}

impl State {
    /// Replaces a collection's tags without a request.
    pub(crate) fn set_tags(
        &mut self,
        id: &CollectionId,
        tags: Map<String, Value>,
    ) -> Result<(), String> {
        let collection = self
            .collection_mut(id)
            .ok_or_else(|| format!("there is no collection {id:?}"))?;
        collection.tags = Some(tags);
        Ok(())
    }
}
