//! `azrestorepoint_replication`: one wait for a fleet of copies, through the real Terraform.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use azure_simulator::Replication;
use serde_json::{Value as Json, json};

use crate::support::fleet::{Fleet, GATE};
use crate::support::terraform::{Output, finish, signal};
use crate::support::world::REQUEST_LIMIT;

/// How soon Terraform has to be gone once it was interrupted.
const GONE_WITHIN: Duration = Duration::from_secs(3);

/// Arguments of a gate that soon stops waiting, and only warns.
const GOES_ON: &str = "on_timeout = \"continue\"
  timeouts {
    create = \"1s\"
    update = \"1s\"
  }";

/// That the one line came before the other.
#[track_caller]
fn expect_order(output: &Output, first: &str, second: &str) {
    let at = |text: &str| {
        let found = output.text.find(text);
        found.unwrap_or_else(|| panic!("{text:?} is missing in:\n{}", output.text))
    };
    assert!(at(first) < at(second), "{}", output.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gate_opens_when_the_last_copy_is_done() {
    let keys = ["a", "b", "c"];
    let mut fleet = Fleet::new(&keys, Replication::Replicating(40)).await;
    fleet.world.terraform.set("TF_LOG_PROVIDER", "INFO");
    fleet.write(&keys, "");
    let mut apply = fleet.start();
    for key in keys {
        fleet.looked_at(key, 3).await;
    }
    fleet.set("a", Replication::Succeeded);
    fleet.set("b", Replication::Succeeded);
    fleet.looked_at("c", 4).await;
    assert!(apply.try_wait().expect("a process").is_none());
    fleet.set("c", Replication::Succeeded);
    let output = finish(apply).await.expect_code(0);
    let output = output
        .expect_text("40 % replicated")
        .expect_text("2 of 3 copies usable, 1 still waited for");
    for key in keys {
        expect_order(
            &output,
            "azrestorepoint_replication.gate: Creation complete",
            &format!("terraform_data.disk[\"{key}\"]: Creating"),
        );
        let entry = &fleet.entries()[key];
        assert_eq!(entry["replication_state"], json!("Succeeded"));
        assert_eq!(entry["restore_point_id"], json!(fleet.copy(key)));
        assert_eq!(entry["os_disk"]["name"], json!("os"));
        assert_eq!(entry["data_disks"][0]["name"], json!("data-0"));
    }
    fleet.is_settled().await;

    // Its destroy asks nobody, and destroys nothing in Azure.
    fleet.world.azure.clear_requests();
    fleet
        .world
        .terraform
        .run(&[
            "destroy",
            "-auto-approve",
            "-refresh=false",
            "-target=azrestorepoint_replication.gate",
        ])
        .await
        .expect_code(0);
    assert!(fleet.world.azure.requests().is_empty());
    assert!(!fleet.has_gate());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_more_copy_is_waited_for_and_nothing_else_is_touched() {
    let mut keys = vec!["a", "b"];
    let fleet = Fleet::new(&["a", "b", "c"], Replication::Succeeded).await;
    fleet.write(&keys, "");
    fleet.apply().await.expect_code(0);
    let before = fleet.made();

    fleet
        .world
        .azure
        .set_replication(Replication::Replicating(40));
    keys.push("c");
    fleet.write(&keys, "");
    fleet
        .world
        .terraform
        .plan()
        .await
        .expect_code(2)
        // A collection, a copy and what is made of its disk.
        .expect_text("3 to add, 1 to change, 0 to destroy");
    let (looks_at_a, looks_at_b) = (fleet.looks("a"), fleet.looks("b"));
    let mut apply = fleet.start();
    fleet.looked_at("c", 4).await;
    assert!(apply.try_wait().expect("a process").is_none());
    fleet.set("c", Replication::Succeeded);
    let output = finish(apply).await.expect_code(0);
    expect_order(
        &output,
        "azrestorepoint_replication.gate: Modifications complete",
        "terraform_data.disk[\"c\"]: Creating",
    );
    // What has finished is not looked at again.
    assert_eq!(fleet.looks("a") - looks_at_a, 0);
    assert_eq!(fleet.looks("b") - looks_at_b, 0);
    let mut after = fleet.made();
    assert!(after.remove("c").is_some());
    assert_eq!(after, before);
    fleet.is_settled().await;

    // One less changes nothing, either.
    fleet.write(&["a", "b"], "");
    fleet
        .apply()
        .await
        .expect_code(0)
        .expect_text("0 added, 1 changed, 3 destroyed");
    assert_eq!(fleet.made(), before);
    fleet.is_settled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_made_anew_shuts_the_gate_in_the_same_apply() {
    let keys = ["a", "b"];
    let fleet = Fleet::open(&keys).await;
    let before = fleet.made();
    let old = fleet.entries()["a"]["os_disk"]["disk_restore_point_id"].clone();

    fleet
        .world
        .azure
        .set_replication(Replication::Replicating(40));
    let mut apply = fleet.world.terraform.start(&[
        "apply",
        "-auto-approve",
        "-replace=azrestorepoint_copy.fleet[\"a\"]",
    ]);
    fleet
        .world
        .azure
        .wait_for_count(REQUEST_LIMIT, "PUT", "/restorePoints/", keys.len() + 1)
        .await
        .expect("it copies again");
    fleet.looked_at("a", 4).await;
    assert!(apply.try_wait().expect("a process").is_none());
    fleet.set("a", Replication::Succeeded);
    let output = finish(apply).await.expect_code(0);
    expect_order(
        &output,
        "azrestorepoint_replication.gate: Modifications complete",
        "terraform_data.disk[\"a\"]: Creating",
    );
    let after = fleet.made();
    assert_ne!(after["a"], before["a"]);
    assert_eq!(after["b"], before["b"]);
    assert_ne!(
        fleet.entries()["a"]["os_disk"]["disk_restore_point_id"],
        old
    );
    fleet.is_settled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_disk_is_named_after_the_others_have_ended() {
    let keys = ["a", "b", "c"];
    let fleet = Fleet::new(&keys, Replication::Replicating(40)).await;
    fleet.write(&keys, "");
    let mut apply = fleet.start();
    for key in keys {
        fleet.looked_at(key, 3).await;
    }
    let disk = |key, state| {
        fleet
            .world
            .azure
            .set_disk(&fleet.copy(key), "data-0", state)
    };
    disk("a", Replication::Failed(40));
    disk("b", Replication::Failed(60));
    fleet.looked_at("c", 4).await;
    assert!(apply.try_wait().expect("a process").is_none());
    fleet.set("c", Replication::Succeeded);
    let output = finish(apply)
        .await
        .expect_code(1)
        .expect_text("Error: Restore point copies have failed")
        .expect_text(&format!(
            "copies[\"a\"]: {}, disks data-0 40 %",
            fleet.copy("a")
        ))
        .expect_text(&format!(
            "copies[\"b\"]: {}, disks data-0 60 %",
            fleet.copy("b")
        ))
        .expect_text("it is not in the state, and nothing was made of their disks");
    assert!(!output.text.contains("copies[\"c\"]:"), "{}", output.text);
    assert!(!fleet.has_gate());
    assert_eq!(fleet.made(), BTreeMap::new());

    // As the message says.
    fleet.world.azure.set_replication(Replication::Succeeded);
    fleet
        .world
        .terraform
        .run(&[
            "apply",
            "-auto-approve",
            "-replace=azrestorepoint_copy.fleet[\"a\"]",
            "-replace=azrestorepoint_copy.fleet[\"b\"]",
        ])
        .await
        .expect_code(0);
    assert_eq!(fleet.made().len(), 3);
    fleet.is_settled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timeout_shuts_a_new_gate_or_leaves_it_ajar() {
    let keys = ["a", "b"];
    let fleet = Fleet::new(&keys, Replication::Replicating(40)).await;
    fleet.write(&keys, "timeouts {\n    create = \"1s\"\n  }");
    fleet
        .apply()
        .await
        .expect_code(1)
        .expect_text("Error: Copies have not finished replicating")
        .expect_text("have not replicated within 1s")
        .expect_text("(slowest disk 40 %: os 40 %, data-0 40 %)")
        .expect_text("raise timeouts { create = \"...\" }");
    assert!(!fleet.has_gate());
    assert_eq!(fleet.made(), BTreeMap::new());

    fleet.set("a", Replication::Succeeded);
    fleet.write(&keys, GOES_ON);
    fleet
        .apply()
        .await
        .expect_code(0)
        .expect_text("Warning: Copies have not finished replicating")
        .expect_text("copies[\"b\"]");
    assert!(!fleet.world.terraform.is_tainted(GATE, "gate"));
    let entries = fleet.entries();
    assert_eq!(entries["a"]["os_disk"]["name"], json!("os"));
    assert_eq!(entries["b"]["os_disk"], Json::Null);
    assert_eq!(entries["b"]["data_disks"], Json::Null);
    assert_eq!(entries["b"]["replication_state"], json!("Replicating"));
    let before = fleet.made();

    // Each plan is an update, until the copy is usable.
    fleet
        .apply()
        .await
        .expect_code(0)
        .expect_text("Warning: Copies have not finished replicating");
    fleet.set("b", Replication::Succeeded);
    fleet.apply().await.expect_code(0);
    assert_eq!(fleet.entries()["b"]["os_disk"]["name"], json!("os"));
    assert_eq!(fleet.made()["a"], before["a"]);
    fleet.is_settled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timeout_keeps_what_an_open_gate_has() {
    let fleet = Fleet::new(&["a", "b"], Replication::Succeeded).await;
    fleet.write(&["a"], "");
    fleet.apply().await.expect_code(0);
    let (entries, made) = (fleet.entries(), fleet.made());

    fleet
        .world
        .azure
        .set_replication(Replication::Replicating(40));
    fleet.write(&["a", "b"], "timeouts {\n    update = \"1s\"\n  }");
    fleet
        .apply()
        .await
        .expect_code(1)
        .expect_text("Error: Copies have not finished replicating")
        .expect_text("it is in the state as it was before")
        .expect_text("raise timeouts { update = \"...\" }");
    assert!(!fleet.world.terraform.is_tainted(GATE, "gate"));
    assert_eq!(
        (fleet.entries(), fleet.made()),
        (entries.clone(), made.clone())
    );

    // A failure is as good a reason, also of the copy that comes in the place of a failed one.
    fleet.set("b", Replication::Failed(40));
    fleet.world.azure.set_replication(Replication::Failed(40));
    fleet
        .apply()
        .await
        .expect_code(1)
        .expect_text("Error: Restore point copies have failed");
    assert_eq!((fleet.entries(), fleet.made()), (entries, made.clone()));

    fleet.set("b", Replication::Succeeded);
    fleet.apply().await.expect_code(0);
    assert_eq!(fleet.made()["a"], made["a"]);
    fleet.is_settled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_made_anew_behind_our_back_is_waited_for() {
    let fleet = Fleet::open(&["a", "b"]).await;
    let before = fleet.made();
    let (copy, world) = (fleet.copy("a"), &fleet.world);
    let (collection, _) = copy.split_once("/restorePoints/").expect("a collection");
    let source = collection
        .replace("rg-dr", "rg-source")
        .replace("a-dr", "a/restorePoints/monday");
    world.azure.remove(&copy);
    world
        .azure
        .seed_copy(collection, "monday", &source, Replication::Replicating(40));

    let mut apply = fleet.start();
    fleet.looked_at("a", 4).await;
    assert!(apply.try_wait().expect("a process").is_none());
    fleet.set("a", Replication::Succeeded);
    finish(apply)
        .await
        .expect_code(0)
        .expect_text("1 added, 1 changed, 1 destroyed");
    assert_ne!(fleet.made()["a"], before["a"]);
    assert_eq!(fleet.made()["b"], before["b"]);
    fleet.is_settled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_plan_without_a_refresh_waits_as_well() {
    let keys = ["a", "b"];
    let fleet = Fleet::new(&keys, Replication::Replicating(40)).await;
    fleet.write(&keys, GOES_ON);
    fleet.apply().await.expect_code(0);
    let terraform = &fleet.world.terraform;
    terraform
        .run(&["plan", "-out=saved", "-refresh=false"])
        .await
        .expect_code(0);
    for key in keys {
        fleet.set(key, Replication::Succeeded);
    }
    terraform.run(&["apply", "saved"]).await.expect_code(0);
    fleet.is_settled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_keeps_the_gate_shut_and_loses_nothing() {
    // A new gate, and one that is open for another copy.
    for is_new in [true, false] {
        let fleet = Fleet::new(&["a", "b"], Replication::Succeeded).await;
        if !is_new {
            fleet.write(&["a"], "");
            fleet.apply().await.expect_code(0);
        }
        let made = fleet.made();
        fleet
            .world
            .azure
            .set_replication(Replication::Replicating(40));
        fleet.write(&["a", "b"], "");
        let apply = fleet.start();
        fleet.looked_at("b", 4).await;
        let interrupted = Instant::now();
        signal(&apply, "INT", true);
        let output = finish(apply).await;
        let elapsed = interrupted.elapsed();
        assert!(elapsed < GONE_WITHIN, "{elapsed:?}\n{}", output.text);
        output
            .expect_code(1)
            .expect_text("Error: Interrupted while waiting for copies")
            .expect_text("run terraform apply again");
        assert_eq!(fleet.has_gate(), !is_new);
        assert_eq!(fleet.made(), made);

        if is_new {
            fleet.set("a", Replication::Succeeded);
        }
        fleet.set("b", Replication::Succeeded);
        fleet.apply().await.expect_code(0);
        assert_eq!(fleet.world.copies_begun(), 2);
        fleet.is_settled().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_of_twenty_passes_one_gate() {
    let keys: Vec<String> = (0..20).map(|number| format!("vm-{number}")).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let fleet = Fleet::new(&keys, Replication::After(Duration::from_millis(300))).await;
    fleet.write(&keys, "");
    fleet.apply().await.expect_code(0).expect_text("61 added");
    assert_eq!(fleet.world.copies_begun(), 20);
    assert_eq!(fleet.made().len(), 20);
    fleet.is_settled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_opens_no_gate() {
    let keys = ["a"];
    let mut fleet = Fleet::new(&keys, Replication::Replicating(40)).await;
    fleet.write(&keys, "");
    fleet
        .world
        .terraform
        .run(&[
            "apply",
            "-auto-approve",
            "-target=azrestorepoint_copy.fleet",
        ])
        .await
        .expect_code(0);
    // The first pause is the one between two looks of the gate.
    fleet
        .world
        .terraform
        .set("AZRESTOREPOINT_TEST_PANIC", "pause");
    fleet
        .apply()
        .await
        .expect_code(1)
        .expect_text("The provider has a bug");
    assert!(!fleet.has_gate());
    assert_eq!(fleet.made(), BTreeMap::new());
}
