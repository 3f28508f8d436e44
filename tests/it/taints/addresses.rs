//! Copies that change their address, lose it, or have two.

use azure_simulator::{Replication, SourceRestorePoint};

use super::{ADDRESS, COPY, SOON, asked, expect_resumed, timed_out};
use crate::support::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_changes_its_name_is_refused_and_moved_helps() {
    // As it should be, and tainted.
    for is_tainted in [false, true] {
        let world = match is_tainted {
            true => World::new(Replication::Replicating(40)).await,
            false => World::ready().await,
        };
        let keyed = |key: &str| {
            world.configuration("", &format!("for_each = toset([\"{key}\"])\n  {SOON}"))
        };
        world.terraform.write(&keyed("old"));
        let apply = world.terraform.apply().await;
        apply.expect_code(i32::from(is_tainted));
        if is_tainted {
            world.replicate();
        }

        world.terraform.write(&keyed("new"));
        for options in [&[][..], &["-refresh=false"]] {
            let apply = [&["apply", "-auto-approve"], options].concat();
            world
                .terraform
                .run(&apply)
                .await
                .expect_code(1)
                .expect_text("destroyed and kept in the same plan")
                .expect_text("moved");
        }
        let moved = "moved {\n  from = azrestorepoint_copy.monday[\"old\"]\n  to   = azrestorepoint_copy.monday[\"new\"]\n}\n";
        world.terraform.write(&format!("{}{moved}", keyed("new")));
        world.terraform.apply().await.expect_code(0);
        assert_eq!(asked(&world), (1, 0));
        assert!(!world.terraform.is_tainted(COPY, "monday"));
        world.terraform.plan().await.expect_code(0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_moves_on_by_index_is_refused_and_moved_helps() {
    let world = World::ready().await;
    let wednesday = SourceRestorePoint::new("wednesday", "2026-11-18T01:00:00Z");
    world.azure.seed_restore_point(&world.source, &wednesday);
    let window = |days: [&str; 2]| {
        format!(
            r#"
locals {{
  days = {days:?}
}}
{}
resource "azrestorepoint_copy" "day" {{
  count                       = 2
  name                        = local.days[count.index]
  restore_point_collection_id = azrestorepoint_collection.dr.id
  source_restore_point_id     = "{}/restorePoints/${{local.days[count.index]}}"
  force_destroy               = true
}}
"#,
            world.collection(""),
            world.source
        )
    };
    world.terraform.write(&window(["monday", "tuesday"]));
    world.terraform.apply().await.expect_code(0);
    // Every index makes way for the next one, which is there already.
    let moved_on = window(["tuesday", "wednesday"]);
    for options in [&[][..], &["-refresh=false"]] {
        world.terraform.write(&moved_on);
        let apply = [&["apply", "-auto-approve"], options].concat();
        world
            .terraform
            .run(&apply)
            .await
            .expect_code(1)
            .expect_text("destroyed and kept in the same plan")
            .expect_text("moved");
    }
    // Two that change places are no better.
    world.terraform.write(&window(["tuesday", "monday"]));
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("destroyed and kept in the same plan");
    assert_eq!(asked(&world), (2, 0));

    // Keys that are names stay what they are when the window moves on.
    let keyed = moved_on
        .replace(
            "count                       = 2",
            "for_each = toset(local.days)",
        )
        .replace("local.days[count.index]", "each.key");
    let moved = |from: u8, to: &str| {
        format!(
            "moved {{\n  from = azrestorepoint_copy.day[{from}]\n  to   = azrestorepoint_copy.day[\"{to}\"]\n}}\n"
        )
    };
    world.terraform.write(&format!(
        "{keyed}{}{}",
        moved(0, "monday"),
        moved(1, "tuesday")
    ));
    world
        .terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("1 added, 0 changed, 1 destroyed");
    assert_eq!(asked(&world), (3, 1));
    assert!(world.azure.resource(&world.copy_id()).is_none());
    world.terraform.plan().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_that_changes_its_name_is_refused_until_its_old_address_is_forgotten() {
    let world = World::ready().await;
    world.write("", "");
    world.terraform.apply().await.expect_code(0);
    let renamed = world.configuration("", "").replace(
        "\"azrestorepoint_copy\" \"monday\"",
        "\"azrestorepoint_copy\" \"weekly\"",
    );
    world.terraform.write(&renamed);
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("destroyed and kept in the same plan");
    world
        .terraform
        .run(&["state", "rm", ADDRESS])
        .await
        .expect_code(0);
    world.terraform.apply().await.expect_code(0);
    assert_eq!(asked(&world), (1, 0));
    world.terraform.plan().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_state_finds_its_copy_again() {
    let world = timed_out().await;
    world
        .terraform
        .run(&["state", "rm", ADDRESS])
        .await
        .expect_code(0);
    // Not finished: nothing is saved, nothing is tainted, nothing is copied twice.
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("taken over");
    assert!(world.terraform.instance(COPY, "monday").is_none());
    world.replicate();
    world.terraform.apply().await.expect_code(0);
    expect_resumed(&world, "lost state").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn taking_over_can_be_switched_off_and_strangers_are_never_taken() {
    let world = World::ready().await;
    world.write("", "");
    world.terraform.apply().await.expect_code(0);
    world
        .terraform
        .run(&["state", "rm", ADDRESS])
        .await
        .expect_code(0);
    let provider = "provider \"azrestorepoint\" {\n  adopt_existing_copies = false\n}\n";
    world
        .terraform
        .write(&format!("{provider}{}", world.configuration("", "")));
    let refused = world.terraform.apply().await.expect_code(1);
    refused.expect_text("already exists - to be managed via Terraform");

    // The name is taken by a copy of something else.
    let stranger = world
        .configuration("", "")
        .replace("/restorePoints/monday", "/restorePoints/tuesday");
    world.terraform.write(&stranger);
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("already exists");
    assert_eq!(asked(&world), (1, 0));
}
