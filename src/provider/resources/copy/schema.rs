//! The arguments and attributes of `azrestorepoint_copy`.

use std::time::Duration;

use crate::plugin::schema::{Attribute, Block, Schema};
use crate::plugin::value::Type;
use crate::provider::restore_point;
use crate::provider::timeouts::Timeouts;
use crate::provider::{encryption, equivalence};

/// A copy of much data takes days, and one of little data minutes.
pub(super) const TIMEOUTS: Timeouts = Timeouts {
    create: Duration::from_secs(48 * 3600),
    read: Duration::from_secs(5 * 60),
    update: Duration::from_secs(48 * 3600),
    delete: Duration::from_secs(3600),
};

/// What a deadline in a create means.
pub(in crate::provider::resources) const ON_TIMEOUT: [&str; 2] = ["error", "continue"];

/// The schema.
pub(super) fn schema() -> Schema {
    let mut attributes = arguments();
    attributes.extend(restore_point::schema::computed());
    attributes.push(wait_outcome());
    Schema {
        version: 0,
        block: Block {
            attributes,
            blocks: vec![encryption::block(), TIMEOUTS.block()],
            description: "Copies one VM restore point to another region, and waits until every disk of the copy \
                          has replicated, so that it can restore a VM."
                .to_owned(),
        },
    }
}

fn arguments() -> Vec<Attribute> {
    let encryption = encryption::attributes(
        "Changing this forces a new resource to be created where Azure reports another encryption of the copy.",
    );
    let mut arguments = vec![
        Attribute::required("name", Type::String)
            .requires_replace()
            .equivalence(equivalence::ignore_case)
            .description("The name of the copy. Changing this forces a new resource to be created."),
        Attribute::required("restore_point_collection_id", Type::String)
            .requires_replace()
            .equivalence(equivalence::resource_id)
            .description(
                "The ID of the target restore point collection, in the region to copy to. Changing this forces a \
                 new resource to be created.",
            ),
        Attribute::required("source_restore_point_id", Type::String)
            .requires_replace()
            .equivalence(equivalence::resource_id)
            .description(
                "The ID of the restore point to copy. It must lie in the collection that the target collection \
                 names as its source. Changing this forces a new resource to be created.",
            ),
        Attribute::optional("force_destroy", Type::Bool).default_value(false).description(
            "Whether a destroy may delete this copy even if it is the last usable one of its collection. \
             Defaults to `false`.",
        ),
        Attribute::optional("on_timeout", Type::String).default_value("error").description(
            "What a create means that reaches its timeout while the copy still replicates. Possible values are \
             `error` and `continue`, which only warns. The copy is kept in both cases. Defaults to `error`.",
        ),
        Attribute::optional("wait_for_replication", Type::Bool).default_value(true).description(
            "Whether to wait until every disk has replicated. Without waiting, the copy cannot restore a VM for \
             minutes to days. Defaults to `true`.",
        ),
    ];
    arguments.extend(encryption);
    arguments
}

fn wait_outcome() -> Attribute {
    Attribute::computed("wait_outcome", Type::String)
        .use_state_for_unknown()
        .description(
            "How the last wait for replication ended: `completed`, `timed_out`, `interrupted`, `lost_contact` or \
             `not_waited`.",
        )
}
