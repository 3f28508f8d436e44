//! `parse_collection_id` and `collection_id`.

use crate::arm::resource_id::{self, RestorePointCollectionId, RestorePointId};
use crate::plugin::function::{Function, FunctionError, Signature};
use crate::plugin::value::{Type, Value};

use super::{signature, text, texts, wrong};

/// Takes the id of a collection apart.
#[derive(Debug)]
pub(crate) struct ParseCollectionId;

/// Puts the id of a collection together.
#[derive(Debug)]
pub(crate) struct CollectionId;

impl Function for ParseCollectionId {
    fn signature(&self) -> Signature {
        signature(
            &[("id", "The ID of a restore point collection.")],
            texts(&["name", "resource_group_name", "subscription_id"]),
            "Takes the ID of a restore point collection apart",
            "Gives an object with `subscription_id`, `resource_group_name` and `name`, each as it is written in the \
             ID. The case of the fixed parts of the ID does not matter.",
        )
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        let given = text(arguments, 0);
        let id = RestorePointCollectionId::parse_strict(given).map_err(|error| {
            let mut error = wrong(0)(error);
            if RestorePointId::parse_strict(given).is_ok() {
                error
                    .text
                    .push_str(". parse_restore_point_id takes it apart");
            }
            error
        })?;
        Ok(Value::object([
            ("name", Value::from(id.name())),
            ("resource_group_name", id.resource_group_name().into()),
            ("subscription_id", id.subscription_id().into()),
        ]))
    }
}

impl Function for CollectionId {
    fn signature(&self) -> Signature {
        signature(
            &[
                ("subscription_id", "The ID of the subscription."),
                ("resource_group_name", "The name of the resource group."),
                ("name", "The name of the collection."),
            ],
            Type::String,
            "Puts the ID of a restore point collection together",
            "Gives the ID of the restore point collection of this name. Whether it exists is not looked up.",
        )
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        Ok(collection_id(arguments)?.to_string().into())
    }
}

/// The id that the first three arguments make.
pub(super) fn collection_id(
    arguments: &[Value],
) -> Result<RestorePointCollectionId, FunctionError> {
    let [subscription_id, group, name] = [0, 1, 2].map(|position| text(arguments, position));
    resource_id::subscription_id(subscription_id).map_err(wrong(0))?;
    resource_id::resource_group_name(group).map_err(wrong(1))?;
    RestorePointCollectionId::new(subscription_id, group, name).map_err(wrong(2))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SUBSCRIPTION, call, check_refused};
    use super::*;

    #[test]
    fn an_id_is_taken_apart_and_put_together() {
        let id = format!(
            "/Subscriptions/{SUBSCRIPTION}/resourcegroups/RG-dr/providers/microsoft.compute/RestorePointCollections/Web"
        );
        let parts = call(&ParseCollectionId, &[&id]).expect("parts");
        let part = |name: &str| parts.get(name).as_str().expect("a text").to_owned();
        assert_eq!(
            [
                part("subscription_id"),
                part("resource_group_name"),
                part("name")
            ],
            [SUBSCRIPTION, "RG-dr", "Web"]
        );
        let again = call(&CollectionId, &[SUBSCRIPTION, "RG-dr", "Web"]).expect("an id");
        let again = again.as_str().expect("a text");
        assert!(again.eq_ignore_ascii_case(&id), "{again}");
        assert_eq!(call(&ParseCollectionId, &[again]).expect("parts"), parts);
    }

    #[test]
    fn what_is_wrong_is_said_of_the_argument() {
        let group = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/g");
        let compute = format!("{group}/providers/Microsoft.Compute");
        let point = format!("{compute}/restorePointCollections/c/restorePoints/p");
        let machine = format!("{compute}/virtualMachines/web");
        for (id, text) in [
            (
                "",
                "the id is empty; expected the id of a restore point collection: /sub",
            ),
            ("web", "\"web\" is not a resource id"),
            (
                &machine,
                "is the id of a virtual machine; expected the id of a restore point col",
            ),
            (&point, "parse_restore_point_id takes it apart"),
            (&group, "is the id of a resource group"),
        ] {
            check_refused(&ParseCollectionId, &[id], 0, text);
        }
        check_refused(
            &CollectionId,
            &[&group, "g", "c"],
            0,
            "is not a subscription id",
        );
        check_refused(
            &CollectionId,
            &[SUBSCRIPTION, "", "c"],
            1,
            "name of a resource group",
        );
        check_refused(
            &CollectionId,
            &[SUBSCRIPTION, "g", "a/b"],
            2,
            "restore point collection",
        );
    }
}
