//! Sources that are known only in the apply.

use azure_simulator::Replication;
use serde_json::json;

use super::{ADDRESS, COPY, SOON, asked, expect_resumed};
use crate::support::terraform::Output;
use crate::support::world::World;

/// A copy whose source is unknown whenever `revision` changes.
fn late(world: &World, revision: u8, source: &str, more: &str) -> String {
    let point = format!("\"{}/restorePoints/monday\"", world.source);
    let copy = world
        .configuration("", more)
        .replace(&point, "terraform_data.late.output.point");
    let point = format!("{}/restorePoints/{source}", world.source);
    format!(
        "{copy}\nresource \"terraform_data\" \"late\" {{\n  input = {{ revision = {revision}, point = \"{point}\" }}\n}}\n"
    )
}

/// Applies with these options, at once or by way of a saved plan.
async fn apply(world: &World, options: &[&str], is_saved: bool) -> Output {
    if !is_saved {
        let apply = [&["apply", "-auto-approve"], options].concat();
        return world.terraform.run(&apply).await;
    }
    let plan = [&["plan", "-out=saved"], options].concat();
    world.terraform.run(&plan).await.expect_code(0);
    world.terraform.run(&["apply", "saved"]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_turns_out_to_be_the_same_changes_nothing() {
    for is_saved in [false, true] {
        let world = World::ready().await;
        world.terraform.write(&late(&world, 1, "monday", ""));
        world.terraform.apply().await.expect_code(0);
        let before = world.terraform.attributes(COPY, "monday");
        world.terraform.write(&late(&world, 2, "monday", ""));
        apply(&world, &[], is_saved)
            .await
            .expect_code(0)
            .expect_text("0 destroyed");
        assert_eq!(world.terraform.attributes(COPY, "monday"), before);
        expect_resumed(&world, &format!("saved: {is_saved}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_turns_out_to_be_another_stops_and_the_next_plan_replaces() {
    for (options, is_saved) in [
        (&[][..], false),
        (&[], true),
        (&["-refresh=false"], false),
        (&["-refresh=false"], true),
    ] {
        let case = format!("{options:?} saved: {is_saved}");
        let world = World::ready().await;
        world.terraform.write(&late(&world, 1, "monday", ""));
        world.terraform.apply().await.expect_code(0);
        let before = world.terraform.attributes(COPY, "monday");
        world.terraform.write(&late(&world, 2, "tuesday", ""));
        apply(&world, options, is_saved)
            .await
            .expect_code(1)
            .expect_text("became known only now");
        assert_eq!(asked(&world), (1, 0), "{case}");
        assert_eq!(world.terraform.attributes(COPY, "monday"), before, "{case}");

        apply(&world, options, is_saved)
            .await
            .expect_code(0)
            .expect_text("1 added, 0 changed, 1 destroyed");
        assert_eq!(asked(&world), (2, 1), "{case}");
        assert_eq!(
            world.terraform.attributes(COPY, "monday")["time_created"],
            json!("2026-11-17T01:00:00Z"),
            "{case}"
        );
        world.terraform.plan().await.expect_code(0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tainted_copy_whose_successor_is_not_known_stays() {
    let world = World::new(Replication::Replicating(40)).await;
    world.terraform.write(&late(&world, 1, "monday", SOON));
    world.terraform.apply().await.expect_code(1);
    world.replicate();
    world.terraform.write(&late(&world, 2, "monday", SOON));
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("Cannot tell whether a tainted copy may go")
        .expect_text("terraform untaint ADDRESS");
    assert_eq!(asked(&world), (1, 0));
    assert!(world.terraform.is_tainted(COPY, "monday"));
    // Without the taint it is an update, which looks at the source once it is known.
    world
        .terraform
        .run(&["untaint", ADDRESS])
        .await
        .expect_code(0);
    world.terraform.apply().await.expect_code(0);
    expect_resumed(&world, "untainted").await;
}
