//! `parse_restore_point_id` and `restore_point_id`.

use crate::arm::resource_id::{self, RestorePointCollectionId};
use crate::plugin::function::{Function, FunctionError, Signature};
use crate::plugin::value::{Type, Value};

use super::collection::collection_id;
use super::{signature, text, texts, wrong};

/// Takes the id of a restore point apart.
#[derive(Debug)]
pub(crate) struct ParseRestorePointId;

/// Puts the id of a restore point together.
#[derive(Debug)]
pub(crate) struct RestorePointId;

impl Function for ParseRestorePointId {
    fn signature(&self) -> Signature {
        signature(
            &[("id", "The ID of a restore point.")],
            texts(&[
                "name",
                "resource_group_name",
                "restore_point_collection_name",
                "subscription_id",
            ]),
            "Takes the ID of a restore point apart",
            "Gives an object with `subscription_id`, `resource_group_name`, `restore_point_collection_name` and \
             `name`, each as it is written in the ID. The case of the fixed parts of the ID does not matter.",
        )
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        let given = text(arguments, 0);
        let id = resource_id::RestorePointId::parse_strict(given).map_err(|error| {
            let mut error = wrong(0)(error);
            if RestorePointCollectionId::parse_strict(given).is_ok() {
                error.text.push_str(". parse_collection_id takes it apart");
            }
            error
        })?;
        Ok(Value::object([
            ("name", Value::from(id.name())),
            ("resource_group_name", id.resource_group_name().into()),
            (
                "restore_point_collection_name",
                id.collection().name().into(),
            ),
            ("subscription_id", id.subscription_id().into()),
        ]))
    }
}

impl Function for RestorePointId {
    fn signature(&self) -> Signature {
        signature(
            &[
                ("subscription_id", "The ID of the subscription."),
                ("resource_group_name", "The name of the resource group."),
                (
                    "restore_point_collection_name",
                    "The name of the restore point collection.",
                ),
                ("name", "The name of the restore point."),
            ],
            Type::String,
            "Puts the ID of a restore point together",
            "Gives the ID of the restore point of this name. Whether it exists is not looked up.",
        )
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        let id = collection_id(arguments)?.restore_point(text(arguments, 3));
        Ok(id.map_err(wrong(3))?.to_string().into())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{SUBSCRIPTION, call, check_refused};
    use super::*;

    #[test]
    fn an_id_is_taken_apart_and_put_together() {
        let id = format!(
            "/subscriptions/{SUBSCRIPTION}/resourceGroups/RG/providers/MICROSOFT.COMPUTE/restorepointcollections/Web/restorepoints/Monday"
        );
        let parts = call(&ParseRestorePointId, &[&id]).expect("parts");
        let names = [
            "subscription_id",
            "resource_group_name",
            "restore_point_collection_name",
            "name",
        ];
        let parts = names.map(|name| parts.get(name).as_str().expect("a text").to_owned());
        assert_eq!(parts, [SUBSCRIPTION, "RG", "Web", "Monday"]);
        let again = call(&RestorePointId, &parts.each_ref().map(String::as_str)).expect("an id");
        let again = again.as_str().expect("a text");
        assert!(again.eq_ignore_ascii_case(&id), "{again}");
        assert!(
            again.contains(
                "/providers/Microsoft.Compute/restorePointCollections/Web/restorePoints/"
            )
        );
    }

    #[test]
    fn what_is_wrong_is_said_of_the_argument() {
        let collection = format!(
            "/subscriptions/{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.Compute/restorePointCollections/c"
        );
        check_refused(
            &ParseRestorePointId,
            &[&collection],
            0,
            "parse_collection_id takes it apart",
        );
        let disk = format!("{collection}/restorePoints/p/diskRestorePoints/d");
        check_refused(
            &ParseRestorePointId,
            &[&disk],
            0,
            "is the id of a disk restore point",
        );
        let slash = format!("{collection}/restorePoints/p/");
        check_refused(&ParseRestorePointId, &[&slash], 0, "ends with a slash");
        let function = RestorePointId;
        check_refused(
            &function,
            &["/s", "g", "c", "p"],
            0,
            "is not a subscription id",
        );
        check_refused(
            &function,
            &[SUBSCRIPTION, "g.", "c", "p"],
            1,
            "resource group",
        );
        check_refused(
            &function,
            &[SUBSCRIPTION, "g", "", "p"],
            2,
            "a restore point collection",
        );
        check_refused(
            &function,
            &[SUBSCRIPTION, "g", "c", "a b"],
            3,
            "the name of a restore point:",
        );
    }
}
