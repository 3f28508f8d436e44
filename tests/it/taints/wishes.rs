//! What somebody wants gone goes, with a real DELETE; but for the last usable copy.

use azure_simulator::{Fault, Replication};
use serde_json::json;

use super::{ADDRESS, COPY, asked, timed_out};
use crate::support::terraform::Output;
use crate::support::world::World;

/// The copy that is to go.
const STAKE: &str = "azrestorepoint_copy.stake";

/// Ways of wanting a copy gone.
#[derive(Clone, Copy, Debug)]
enum Wish {
    Destroy,
    RemovedBlock,
    PrunedKey,
    ChangedName,
    Replace,
}

const WISHES: [Wish; 5] = [
    Wish::Destroy,
    Wish::RemovedBlock,
    Wish::PrunedKey,
    Wish::ChangedName,
    Wish::Replace,
];

impl Wish {
    /// Whether another copy is made instead.
    fn is_replacement(self) -> bool {
        matches!(self, Self::ChangedName | Self::Replace)
    }
}

/// The collection, the copies that stand beside, and a copy of tuesday with more arguments.
fn configuration(world: &World, beside: bool, stake: &str) -> String {
    let monday = match beside {
        true => world.configuration("", ""),
        false => world.collection(""),
    };
    let depends_on = if beside {
        "depends_on = [azrestorepoint_copy.monday]"
    } else {
        ""
    };
    let source = &world.source;
    let stake = if stake.is_empty() {
        String::new()
    } else {
        format!(
            "resource \"azrestorepoint_copy\" \"stake\" {{\n  restore_point_collection_id = azrestorepoint_collection.dr.id\n  source_restore_point_id = \"{source}/restorePoints/tuesday\"\n  {stake}\n  {depends_on}\n}}\n"
        )
    };
    format!("{monday}{stake}")
}

/// Makes the copies, and then wants the one of tuesday gone.
async fn wish(world: &World, wish: Wish, beside: bool, more: &str) -> Output {
    let name = "name = \"tuesday\"";
    let (before, after) = match wish {
        Wish::Destroy | Wish::Replace => (name.to_owned(), name.to_owned()),
        Wish::RemovedBlock => (name.to_owned(), String::new()),
        Wish::PrunedKey => {
            let keyed = |keys: &str| format!("for_each = toset([{keys}])\n  name = each.key");
            (keyed("\"tuesday\""), keyed(""))
        }
        Wish::ChangedName => (name.to_owned(), "name = \"renamed\"".to_owned()),
    };
    let with = |stake: &str| match stake {
        "" => configuration(world, beside, ""),
        stake => configuration(world, beside, &format!("{stake}\n  {more}")),
    };
    world.terraform.write(&with(&before));
    world.terraform.apply().await.expect_code(0);
    world.terraform.write(&with(&after));
    let target = format!("-target={STAKE}");
    let replace = format!("-replace={STAKE}");
    let command = match wish {
        Wish::Destroy => vec!["destroy", "-auto-approve", &target],
        Wish::Replace => vec!["apply", "-auto-approve", &replace],
        Wish::RemovedBlock | Wish::PrunedKey | Wish::ChangedName => {
            vec!["apply", "-auto-approve"]
        }
    };
    world.terraform.run(&command).await
}

/// Every wish, with these copies: each is granted with one DELETE.
async fn expect_granted(replication: Replication, beside: bool, more: &str) {
    for wanted in WISHES {
        let world = World::new(replication.clone()).await;
        wish(&world, wanted, beside, more).await.expect_code(0);
        let made = 1 + usize::from(beside) + usize::from(wanted.is_replacement());
        assert_eq!(asked(&world), (made, 1), "{wanted:?}");
        let left = world.azure.resource(&tuesday(&world)).is_some();
        assert_eq!(left, matches!(wanted, Wish::Replace), "{wanted:?}");
        if !matches!(wanted, Wish::Destroy) {
            world.terraform.plan().await.expect_code(0);
        }
    }
}

fn tuesday(world: &World) -> String {
    world.copy_id().replace("monday", "tuesday")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unfinished_copy_goes() {
    let unfinished = Replication::Replicating(40);
    expect_granted(unfinished, false, "wait_for_replication = false").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_several_usable_copies_goes() {
    expect_granted(Replication::Succeeded, true, "").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_usable_copy_goes_if_it_is_forced() {
    expect_granted(Replication::Succeeded, false, "force_destroy = true").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_usable_copy_stays_unless_it_is_forced() {
    for wanted in WISHES {
        let world = World::ready().await;
        wish(&world, wanted, false, "")
            .await
            .expect_code(1)
            .expect_text("force_destroy");
        assert_eq!(asked(&world), (1, 0), "{wanted:?}");
        assert!(world.azure.resource(&tuesday(&world)).is_some());
        let id = &world.terraform.attributes("azrestorepoint_copy", "stake")["id"];
        assert_eq!(id, &json!(tuesday(&world)), "{wanted:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destroy_of_everything_leaves_nothing() {
    // Tainted and unfinished: a destroy is a destroy.
    let world = timed_out().await;
    world.terraform.destroy().await.expect_code(0);
    assert_eq!(asked(&world), (1, 1));
    assert!(world.azure.resource(&world.copy_id()).is_none());
    assert!(world.azure.resource(&world.collection_id()).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taint_that_was_taken_off_no_longer_hinders_a_replacement() {
    let world = timed_out().await;
    // While it is there, it cannot be told from a wish.
    let replace = [
        "apply",
        "-auto-approve",
        "-replace=azrestorepoint_copy.monday",
    ];
    let output = world.terraform.run(&replace).await.expect_code(1);
    output
        .expect_text("Copy was kept instead of being made anew")
        .expect_text("terraform untaint ADDRESS");
    assert_eq!(asked(&world), (1, 0));
    world
        .terraform
        .run(&["untaint", ADDRESS])
        .await
        .expect_code(0);
    world.azure.set_replication(Replication::Succeeded);
    world.terraform.run(&replace).await.expect_code(0);
    assert_eq!(asked(&world), (2, 1));
    world.terraform.plan().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_cannot_be_seen_is_not_deleted() {
    let world = World::ready().await;
    world.write("", "timeouts {\n    delete = \"1s\"\n  }");
    world.terraform.apply().await.expect_code(0);
    let body = json!({"error": {"code": "AuthorizationFailed", "message": "Not you."}});
    world
        .azure
        .fault(Fault::answer(403, body).on("GET", "/restorePoints/"));
    world
        .terraform
        .run(&["destroy", "-auto-approve", "-refresh=false"])
        .await
        .expect_code(1)
        .expect_text("Cannot look at a copy before deleting it");
    assert_ne!(world.azure.count("GET", "/restorePoints/monday"), 0);
    assert_eq!(asked(&world).1, 0);
    assert!(world.terraform.instance(COPY, "monday").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_was_complete_is_not_taken_for_an_unfinished_one() {
    let world = World::ready().await;
    let configuration = world.configuration("", "");
    let unforced = configuration.replace(
        "force_destroy               = true",
        "force_destroy               = false",
    );
    world.terraform.write(&unforced);
    world.terraform.apply().await.expect_code(0);
    // Whatever Azure shows today: it has been seen complete.
    world
        .azure
        .set_disks(&world.copy_id(), Replication::Replicating(40));
    let copy = [
        "destroy",
        "-auto-approve",
        "-target=azrestorepoint_copy.monday",
    ];
    let refused = world.terraform.run(&copy).await.expect_code(1);
    refused.expect_text("force_destroy");
    assert_eq!(asked(&world), (1, 0));
}
