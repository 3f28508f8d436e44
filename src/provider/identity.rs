//! The identities of collections and restore points: the names that their ids are made of.
//!
//! They are spelt as in the id of the state, which stays as it is for as long as the object
//! lives, however Azure may spell it in an answer.

use crate::arm::resource_id::{ParseError, RestorePointCollectionId, RestorePointId};
use crate::plugin::diagnostics::Diagnostic;
use crate::plugin::identity::{IdentityAttribute, IdentitySchema};
use crate::plugin::value::Value;
use crate::provider::diagnose;
use crate::provider::equivalence;
use crate::provider::session::Session;

/// The attributes, outermost first.
const SUBSCRIPTION: &str = "subscription_id";
const RESOURCE_GROUP: &str = "resource_group_name";
const COLLECTION: &str = "restore_point_collection_name";
const NAME: &str = "name";

/// What names a collection.
pub(crate) fn collection_schema() -> IdentitySchema {
    schema(vec![
        subscription(),
        required(
            RESOURCE_GROUP,
            "The name of the resource group in which it lies.",
        ),
        required(NAME, "The name of the restore point collection."),
    ])
}

/// What names a restore point.
pub(crate) fn restore_point_schema() -> IdentitySchema {
    schema(vec![
        subscription(),
        required(
            RESOURCE_GROUP,
            "The name of the resource group in which it lies.",
        ),
        required(
            COLLECTION,
            "The name of the restore point collection in which it lies.",
        ),
        required(NAME, "The name of the restore point."),
    ])
}

fn schema(attributes: Vec<IdentityAttribute>) -> IdentitySchema {
    IdentitySchema {
        version: 0,
        attributes,
    }
}

fn subscription() -> IdentityAttribute {
    IdentityAttribute::optional(SUBSCRIPTION)
        .equivalence(equivalence::ignore_case)
        .description("The ID of the subscription in which it lies. Defaults to the provider's.")
}

fn required(name: &'static str, description: &str) -> IdentityAttribute {
    IdentityAttribute::required(name)
        .equivalence(equivalence::ignore_case)
        .description(description)
}

/// The identity of a collection; unknown where its id is.
pub(crate) fn of_collection(id: Option<RestorePointCollectionId>) -> Value {
    let part = |part: fn(&RestorePointCollectionId) -> &str| {
        id.as_ref().map_or(Value::Unknown, |id| part(id).into())
    };
    Value::object([
        (SUBSCRIPTION, part(|id| id.subscription_id())),
        (RESOURCE_GROUP, part(|id| id.resource_group_name())),
        (NAME, part(|id| id.name())),
    ])
}

/// The identity of a restore point; unknown where its id is.
pub(crate) fn of_restore_point(id: Option<RestorePointId>) -> Value {
    let part = |part: fn(&RestorePointId) -> &str| {
        id.as_ref().map_or(Value::Unknown, |id| part(id).into())
    };
    Value::object([
        (SUBSCRIPTION, part(|id| id.subscription_id())),
        (RESOURCE_GROUP, part(|id| id.resource_group_name())),
        (COLLECTION, part(|id| id.collection().name())),
        (NAME, part(|id| id.name())),
    ])
}

/// The id of the collection of an identity.
///
/// # Errors
/// Where no collection can have these names, or nothing says in which subscription it lies.
pub(crate) fn collection_id(
    session: &Session,
    identity: &Value,
) -> Result<RestorePointCollectionId, Diagnostic> {
    collection_named(session, identity, NAME)
}

/// The id of the restore point of an identity.
///
/// # Errors
/// As [`collection_id`].
pub(crate) fn restore_point_id(
    session: &Session,
    identity: &Value,
) -> Result<RestorePointId, Diagnostic> {
    collection_named(session, identity, COLLECTION)?
        .restore_point(text(identity, NAME))
        .map_err(|error| invalid(&error))
}

fn collection_named(
    session: &Session,
    identity: &Value,
    name: &str,
) -> Result<RestorePointCollectionId, Diagnostic> {
    let subscription_id = match identity.get(SUBSCRIPTION).as_str() {
        Some(id) => id.to_owned(),
        None => session.own_subscription_id()?,
    };
    RestorePointCollectionId::new(
        &subscription_id,
        text(identity, RESOURCE_GROUP),
        text(identity, name),
    )
    .map_err(|error| invalid(&error))
}

fn text<'a>(identity: &'a Value, name: &str) -> &'a str {
    identity.get(name).as_str().unwrap_or_default()
}

fn invalid(error: &ParseError) -> Diagnostic {
    Diagnostic::error("Invalid identity", diagnose::sentence(&error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::golden::{Golden, target};

    #[test]
    fn an_identity_and_its_id_are_the_same() {
        let session = Session::default();
        let point = target();
        let identity = of_restore_point(Some(point.clone()));
        assert_eq!(restore_point_id(&session, &identity), Ok(point.clone()));
        let collection = point.collection().clone();
        let identity = of_collection(Some(collection.clone()));
        assert_eq!(collection_id(&session, &identity), Ok(collection));
        let unknown = of_restore_point(None);
        let parts = unknown.entries().expect("an object");
        assert!(parts.len() == 4 && parts.values().all(Value::is_unknown));
    }

    #[test]
    fn names_that_nothing_can_have() {
        let mut golden = Golden::folder("identity");
        let session = Session::default();
        for (name, part, text) in [
            ("subscription", SUBSCRIPTION, "my subscription"),
            ("resource_group", RESOURCE_GROUP, "rg/dr"),
            ("collection", COLLECTION, ""),
            ("name", NAME, "monday?"),
        ] {
            let mut identity = of_restore_point(Some(target()));
            identity.insert(part, text.into());
            let refused = restore_point_id(&session, &identity);
            golden.message(name, &refused.expect_err("no such name"));
        }
    }
}
