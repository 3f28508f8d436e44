//! The arguments and attributes of `azrestorepoint_replication`.

use std::time::Duration;

use crate::plugin::schema::{Attribute, Block, Nesting, Schema};
use crate::plugin::value::Type;
use crate::provider::restore_point::schema as restore_point;
use crate::provider::timeouts::Timeouts;

use super::entries;

/// As long as for one copy: the waits go on side by side.
pub(super) const TIMEOUTS: Timeouts = Timeouts {
    create: Duration::from_secs(48 * 3600),
    read: Duration::from_secs(5 * 60),
    update: Duration::from_secs(48 * 3600),
    delete: Duration::from_secs(5 * 60),
};

/// The schema.
pub(super) fn schema() -> Schema {
    Schema {
        version: 0,
        block: Block {
            attributes: attributes(),
            blocks: vec![TIMEOUTS.block()],
            description: "A gate: waits until every listed copy has replicated, and only then gives its disks to \
                          what is built on them. It makes nothing in Azure, and destroys nothing there."
                .to_owned(),
        },
    }
}

fn attributes() -> Vec<Attribute> {
    vec![
        Attribute::required("copies", Type::map(Type::String))
            .equivalence(entries::same_copies)
            .description(
                "The copies to wait for, under keys of your choice: the `replication_id` of each \
                 `azrestorepoint_copy`, or the ID of a restore point that is managed elsewhere. A `replication_id` \
                 names one very copy, an ID whatever copy there is.",
            ),
        Attribute::optional("on_timeout", Type::String).default_value("error").description(
            "What a timeout means while copies still replicate. With `error` the apply fails: a new gate is not \
             made, an existing one stays as it was. With `continue` it only warns, and the unfinished copies have \
             no disks until a later apply. Defaults to `error`.",
        ),
        Attribute::computed("id", Type::String)
            .use_state_for_unknown()
            .description("Identifies this wait. It names nothing in Azure."),
        Attribute::computed_nested("restore_points", Nesting::Map, entry())
            .description("What has been waited for, under the keys of `copies`."),
    ]
}

fn entry() -> Vec<Attribute> {
    vec![
        Attribute::computed_nested("data_disks", Nesting::List, restore_point::disk())
            .description("The data disks, by `lun`. Null until the copy is usable."),
        Attribute::computed_nested("os_disk", Nesting::Single, restore_point::disk())
            .description("The operating system disk. Null until the copy is usable."),
        Attribute::computed("replication_state", Type::String).description(
            "`Replicating`, `Succeeded`, `Failed` or `Unknown`. A copy that is gone is `Unknown`.",
        ),
        Attribute::computed("restore_point_id", Type::String).description("The ID of the copy."),
    ]
}
