//! A restore point collection and what its restore points come from, in Terraform's values.

use crate::arm::compute::models::RestorePointCollection;
use crate::arm::resource_id::{RestorePointCollectionId, resource_type};
use crate::plugin::schema::Attribute;
use crate::plugin::value::{Type, Value};
use crate::provider::equivalence::with_slash;

/// The collection is of a virtual machine.
pub(super) const VIRTUAL_MACHINE: &str = "virtualMachine";

/// The collection is for copies of another collection's restore points.
pub(super) const COLLECTION: &str = "restorePointCollection";

/// What is shown of every collection, but for its ID and name.
pub(super) fn attributes() -> Vec<Attribute> {
    let text =
        |name, description: &str| Attribute::computed(name, Type::String).description(description);
    vec![
        text("location", "The region that it lies in."),
        text(
            "source_id",
            "The ID of what its restore points come from: a virtual machine, or the restore point collection that \
             they are copied from.",
        ),
        text("source_location", "The region that the source lies in."),
        text(
            "source_type",
            "`virtualMachine`, or `restorePointCollection` for a collection of copies.",
        ),
        Attribute::computed("tags", Type::map(Type::String))
            .description("Its tags. Null if it has none."),
    ]
}

/// The values of [`attributes`], with ID, name and resource group.
pub(super) fn value(id: &RestorePointCollectionId, found: &RestorePointCollection) -> Value {
    let source = &found.properties.source;
    let tags = found.tags.iter();
    let tags = tags.map(|(name, value)| (name.clone(), Value::from(value.as_str())));
    // As in the state of the resource, so that one is imported with what the other has found.
    let tags = match found.tags.is_empty() {
        true => Value::Null,
        false => Value::Map(tags.collect()),
    };
    Value::object([
        ("id", Value::from(id.to_string())),
        ("location", Value::string(found.location.as_deref())),
        ("name", id.name().into()),
        ("resource_group_name", id.resource_group_name().into()),
        ("source_id", Value::string(source_id(found))),
        ("source_location", Value::string(source.location.as_deref())),
        ("source_type", Value::string(source_type(found))),
        ("tags", tags),
    ])
}

/// The id of the source.
pub(super) fn source_id(found: &RestorePointCollection) -> Option<String> {
    found.properties.source.id.as_deref().map(with_slash)
}

/// The kind of the source; `None` for one that is neither.
pub(super) fn source_type(found: &RestorePointCollection) -> Option<&'static str> {
    let source = found.properties.source.id.as_deref()?;
    if RestorePointCollectionId::parse(source).is_ok() {
        return Some(COLLECTION);
    }
    let kind = resource_type(source)?;
    let is_machine = kind.eq_ignore_ascii_case("Microsoft.Compute/virtualMachines");
    is_machine.then_some(VIRTUAL_MACHINE)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_source_is_a_machine_or_a_collection_in_any_case() {
        #[track_caller]
        fn check(source: &str, expected: Option<&str>) {
            let found = json!({"properties": {"source": {"id": source}}});
            let found = serde_json::from_value(found).expect("a collection");
            assert_eq!(source_type(&found), expected, "{source}");
        }
        let compute = "/subscriptions/s/resourceGroups/G/providers/microsoft.compute";
        check(
            &format!("{compute}/virtualmachines/web"),
            Some(VIRTUAL_MACHINE),
        );
        check(
            &format!("{compute}/restorePointCollections/web")[1..],
            Some(COLLECTION),
        );
        check(&format!("{compute}/disks/web"), None);
        check("", None);
        assert_eq!(source_type(&RestorePointCollection::default()), None);
    }
}
