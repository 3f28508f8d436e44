//! That no taint destroys a copy that has not failed, and that what was asked for is destroyed.
//!
//! The proof is what Azure was asked: one PUT, no DELETE.

mod addresses;
mod before_destroy;
mod collections;
mod failed;
mod interrupted;
mod late;
mod resumed;
mod wishes;

use azure_simulator::Replication;
use serde_json::json;

use crate::support::world::World;

const COPY: &str = "azrestorepoint_copy";
const ADDRESS: &str = "azrestorepoint_copy.monday";

/// A deadline that passes while the copy replicates.
const SOON: &str = "timeouts {\n    create = \"1s\"\n  }";

/// More than any apply looks that does not wait: one look each for the refresh and for both halves.
const LOOKS_OF_A_WAIT: usize = 6;

/// What Azure was asked to make and to delete of copies.
fn asked(world: &World) -> (usize, usize) {
    (
        world.copies_begun(),
        world.azure.count("DELETE", "/restorePoints/"),
    )
}

/// A world whose copy was timed out, and is tainted.
async fn timed_out() -> World {
    let world = World::new(Replication::Replicating(40)).await;
    world.write("", SOON);
    world.terraform.apply().await.expect_code(1);
    assert!(world.terraform.is_tainted(COPY, "monday"));
    world
}

/// The one copy that was ever asked for is usable and in the state, and nothing is left to do.
async fn expect_resumed(world: &World, case: &str) {
    assert_eq!(asked(world), (1, 0), "{case}");
    let instance = world.terraform.instance(COPY, "monday");
    let instance = instance.unwrap_or_else(|| panic!("{case}: the copy is not in the state"));
    let copy = &instance["attributes"];
    assert_eq!(
        (&instance["status"], &copy["usable"], &copy["wait_outcome"]),
        (&json!(null), &json!(true), &json!("completed")),
        "{case}"
    );
    assert_eq!(copy["id"], json!(world.copy_id()), "{case}");
    expect_nothing_deposed(world, case);
    world.terraform.plan().await.expect_code(0);
}

/// No object that was replaced is left behind.
#[track_caller]
fn expect_nothing_deposed(world: &World, case: &str) {
    let state = world.terraform.state().to_string();
    assert!(
        !state.contains("deposed"),
        "{case}: something deposed is left"
    );
}

/// Waits until a wait that goes on has looked at the copy again.
async fn wait_for_more_looks(world: &World) {
    world.wait_for_looks(LOOKS_OF_A_WAIT).await;
}
