//! The arguments and attributes of `azrestorepoint_mirror`.

use std::time::Duration;

use crate::plugin::schema::{Attribute, Block, Nesting, Schema};
use crate::plugin::value::Type;
use crate::provider::restore_point;
use crate::provider::timeouts::Timeouts;
use crate::provider::{encryption, equivalence, filter};

/// Only an apply that waits needs so long.
pub(super) const TIMEOUTS: Timeouts = Timeouts {
    create: Duration::from_secs(48 * 3600),
    read: Duration::from_secs(5 * 60),
    update: Duration::from_secs(48 * 3600),
    delete: Duration::from_secs(3600),
};

/// Which source is copied when several have not been.
pub(super) const CATCH_UP: [&str; 2] = ["newest", "all"];

/// The schema.
pub(super) fn schema() -> Schema {
    let mut attributes = arguments();
    attributes.extend(filter::attributes("Copies"));
    attributes.extend(computed());
    Schema {
        version: 0,
        block: Block {
            attributes,
            blocks: vec![TIMEOUTS.block()],
            description: "Keeps a restore point collection copied to another region. Each apply starts at most one \
                          copy, of a restore point that is newer than every copied one, and deletes what is \
                          surplus by then, always by name."
                .to_owned(),
        },
    }
}

fn arguments() -> Vec<Attribute> {
    let encryption = encryption::attributes(
        "It counts for copies that are made from then on: those that are there stay as they are.",
    );
    let mut arguments = vec![
        Attribute::required("restore_point_collection_id", Type::String)
            .requires_replace()
            .equivalence(equivalence::resource_id)
            .description(
                "The ID of the target restore point collection, in the region to copy to. Changing this forces a \
                 new resource to be created, which touches no copy.",
            ),
        Attribute::required("source_restore_point_collection_id", Type::String)
            .requires_replace()
            .equivalence(equivalence::resource_id)
            .description(
                "The ID of the restore point collection to follow, which the target collection names as its \
                 source. Changing this forces a new resource to be created, which touches no copy.",
            ),
        Attribute::optional("catch_up", Type::String)
            .default_value("newest")
            .description(
                "Which restore point to copy when several have not been: the `newest`, or with `all` the oldest \
                 that Azure still copies, one in each apply. Azure never copies a skipped one later. Defaults to \
                 `newest`.",
            ),
        Attribute::optional("delete_copies_on_destroy", Type::Bool)
            .default_value(false)
            .description(
                "Whether a destroy deletes every copy of the source collection in the target, the last usable one \
                 included. A replacement or a taint never does. Defaults to `false`.",
            ),
        Attribute::optional("keep_newest", Type::Number).description(
            "How many usable copies to keep, at least 1. Older ones are deleted once so many newer ones are \
             usable. Without it no usable copy is ever deleted.",
        ),
        Attribute::optional("keep_oldest", Type::Bool)
            .default_value(true)
            .description(
                "Whether the oldest usable copy is kept beside the newest ones. Defaults to `true`.",
            ),
        Attribute::optional("pinned", Type::set(Type::String))
            .description("The names of copies that are never deleted, but for `delete_copies_on_destroy`."),
        Attribute::optional("wait_for_replication", Type::Bool)
            .default_value(false)
            .description(
                "Whether an apply waits until the copy that it has started is usable, and then deletes what is \
                 surplus. Without waiting, the next apply does. Defaults to `false`.",
            ),
    ];
    // An id of a disk belongs to one restore point, so there is no block for single disks.
    arguments.extend(encryption);
    arguments
}

fn computed() -> Vec<Attribute> {
    let points = |name, attributes, description: &str| {
        Attribute::computed_nested(name, Nesting::List, attributes)
            .use_state_for_unknown()
            .description(description)
    };
    let text = |name, description: &str| {
        Attribute::computed(name, Type::String)
            .use_state_for_unknown()
            .description(description)
    };
    vec![
        points(
            "copies",
            {
                let mut attributes = point();
                attributes.extend([
                    Attribute::computed("replication_id", Type::String).description(
                        "Identifies this very copy. It changes whenever the copy is made anew.",
                    ),
                    Attribute::computed("replication_state", Type::String)
                        .description("`Replicating`, `Succeeded`, `Failed` or `Unknown`."),
                    Attribute::computed("usable", Type::Bool)
                        .description("Whether the copy can restore a VM."),
                ]);
                attributes
            },
            "Every copy of the source collection in the target, newest first, whoever made it.",
        ),
        points("copying", point(), "The copies that are under way."),
        points("failed", point(), "The copies that have failed."),
        text("id", "The ID of the target collection."),
        Attribute::computed_nested("newest_usable", Nesting::Single, newest_usable())
            .use_state_for_unknown()
            .description(
                "The newest copy that can restore a VM, with its disks. Null while there is none.",
            ),
        text(
            "planned_copy",
            "The name of the copy that the last plan was to make.",
        ),
        Attribute::computed("planned_deletions", Type::list(Type::String))
            .use_state_for_unknown()
            .description("The names of the copies that the last plan was to delete."),
        text(
            "source_newest_time_created",
            "When the newest restore point of the source was created, of those that the filters let pass. Null \
             while there is none, or the source cannot be looked at.",
        ),
        text(
            "status",
            "`up_to_date`, `copying`, `behind`, `failed`, `source_empty` or `source_unreachable`.",
        ),
        Attribute::computed("usable_count", Type::Number)
            .use_state_for_unknown()
            .description("How many copies can restore a VM."),
    ]
}

fn point() -> Vec<Attribute> {
    vec![
        Attribute::computed("name", Type::String).description("The name of the copy."),
        Attribute::computed("source_restore_point_id", Type::String)
            .description("The ID of the restore point that it is a copy of."),
        Attribute::computed("time_created", Type::String)
            .description("When the source restore point was created, in RFC 3339 and UTC."),
    ]
}

/// What a copy has, but for the outcome of its own wait.
fn newest_usable() -> Vec<Attribute> {
    let mut attributes = restore_point::schema::computed();
    let named = point().into_iter();
    attributes.extend(named.filter(|attribute| attribute.name != "time_created"));
    attributes.sort_by_key(|attribute| attribute.name);
    attributes
}
