//! Waits that go on after a taint, and are cut short.

use azure_simulator::Replication;

use super::{ADDRESS, COPY, SOON, expect_resumed, timed_out, wait_for_more_looks};
use crate::support::terraform::{finish, signal};
use crate::support::world::World;

/// The ways in which an apply goes on with a wait that ended at a deadline.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// The taint was taken off: an update.
    Update,
    /// A replacement, whose delete half keeps the copy.
    Replacement,
    /// A replacement whose create half comes first.
    CreateBeforeDestroy,
}

const WAYS: [Way; 3] = [Way::Update, Way::Replacement, Way::CreateBeforeDestroy];

/// A copy that was timed out, and a configuration that goes on with it in this way for hours.
async fn going_on(way: Way) -> World {
    let world = match way {
        Way::CreateBeforeDestroy => {
            let lifecycle = "lifecycle {\n    create_before_destroy = true\n  }";
            let world = World::new(Replication::Replicating(40)).await;
            world.write("", &format!("{SOON}\n  {lifecycle}"));
            world.terraform.apply().await.expect_code(1);
            world.write("", lifecycle);
            return world;
        }
        Way::Update | Way::Replacement => timed_out().await,
    };
    if matches!(way, Way::Update) {
        let untaint = ["untaint", ADDRESS];
        world.terraform.run(&untaint).await.expect_code(0);
    }
    world.write("", "");
    world
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_of_a_resumed_wait_keeps_the_copy() {
    for way in WAYS {
        for whole_group in [true, false] {
            let world = going_on(way).await;
            let apply = world.terraform.start(&["apply", "-auto-approve"]);
            wait_for_more_looks(&world).await;
            signal(&apply, "INT", whole_group);
            let output = finish(apply).await;
            output.expect_text("Interrupted while a restore point is being copied");
            // What was only taken over is tainted as before; what is waited for never is.
            assert_eq!(
                world.terraform.is_tainted(COPY, "monday"),
                matches!(way, Way::CreateBeforeDestroy),
                "{way:?}"
            );
            world.replicate();
            world.terraform.apply().await.expect_code(0);
            expect_resumed(&world, &format!("{way:?}")).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terraform_that_is_killed_in_a_resumed_wait_loses_nothing() {
    for way in WAYS {
        let world = going_on(way).await;
        let apply = world.terraform.start(&["apply", "-auto-approve"]);
        wait_for_more_looks(&world).await;
        signal(&apply, "KILL", false);
        assert_eq!(finish(apply).await.code(), -1);
        world.replicate();
        world.terraform.apply().await.expect_code(0);
        expect_resumed(&world, &format!("{way:?}")).await;
    }
}
