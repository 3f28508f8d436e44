//! The arguments and attributes of `azrestorepoint_collection`.

use std::time::Duration;

use crate::plugin::schema::{Attribute, Block, Schema};
use crate::plugin::value::Type;
use crate::provider::equivalence;
use crate::provider::timeouts::Timeouts;

/// As the other Azure providers have them.
pub(super) const TIMEOUTS: Timeouts = Timeouts {
    create: Duration::from_secs(30 * 60),
    read: Duration::from_secs(5 * 60),
    update: Duration::from_secs(30 * 60),
    delete: Duration::from_secs(30 * 60),
};

/// The schema.
pub(super) fn schema() -> Schema {
    let mut attributes = arguments();
    attributes.extend(computed());
    Schema {
        version: 0,
        block: Block {
            attributes,
            blocks: vec![TIMEOUTS.block()],
            description: "The restore point collection that takes the copies in the target region."
                .to_owned(),
        },
    }
}

fn arguments() -> Vec<Attribute> {
    vec![
        Attribute::required("name", Type::String)
            .requires_replace()
            .equivalence(equivalence::ignore_case)
            .description("The name of the collection. Changing this forces a new resource to be created."),
        Attribute::required("resource_group_name", Type::String)
            .requires_replace()
            .equivalence(equivalence::ignore_case)
            .description(
                "The name of the resource group in which the collection lies. Changing this forces a new resource \
                 to be created.",
            ),
        Attribute::required("location", Type::String)
            .requires_replace()
            .equivalence(equivalence::location)
            .description(
                "The Azure region to copy to. It must not be the region of the source. Changing this forces a new \
                 resource to be created.",
            ),
        Attribute::required("source_restore_point_collection_id", Type::String)
            .requires_replace()
            .equivalence(equivalence::resource_id)
            .description(
                "The ID of the restore point collection whose restore points are copied. Changing this forces a \
                 new resource to be created.",
            ),
        Attribute::optional("force_destroy", Type::Bool).default_value(false).description(
            "Whether a destroy may delete the collection together with the restore points inside, which Azure \
             deletes with it. Defaults to `false`.",
        ),
        Attribute::optional_computed("subscription_id", Type::String)
            .requires_replace()
            .use_state_for_unknown()
            .equivalence(equivalence::ignore_case)
            .description(
                "The ID of the subscription in which the collection lies. Defaults to the provider's. Changing \
                 this forces a new resource to be created.",
            ),
        Attribute::optional("tags", Type::map(Type::String))
            .equivalence(equivalence::tags)
            .description(
                "The tags of the collection, besides those of the provider's `default_tags`. Tags that are neither \
                 there nor here are removed, but for those of `ignore_tags`.",
            ),
    ]
}

fn computed() -> Vec<Attribute> {
    let text = |name, description: &str| {
        Attribute::computed(name, Type::String)
            .use_state_for_unknown()
            .description(description)
    };
    vec![
        text("id", "The ID of the collection."),
        text(
            "provisioning_state",
            "Azure's provisioning state of the collection.",
        ),
        text(
            "source_location",
            "The Azure region of the source collection.",
        ),
        Attribute::computed("tags_all", Type::map(Type::String)).description(
            "All tags of the collection: its own and the provider's `default_tags`, without those of `ignore_tags`.",
        ),
        text("unique_id", "The unique ID that Azure gave the collection."),
    ]
}
