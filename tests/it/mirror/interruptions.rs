//! Runs that end early, twice, or without a state; and the end of the mirror itself.

use azure_simulator::{Fault, Replication};
use serde_json::json;

use super::Nights;
use crate::support::terraform::{finish, signal};
use crate::support::world::REQUEST_LIMIT;

const MIRROR: &str = "azrestorepoint_mirror.nightly";

/// Three nights with a copy each, two of which are surplus from now on, and a new source.
async fn before_the_fourth_night(arguments: &str) -> Nights {
    let mut nights = Nights::new().await;
    nights.write("");
    for _ in 1..=3 {
        nights.take();
        nights.run().await;
        nights.pass();
    }
    nights.write(&format!(
        "keep_newest = 1\n  keep_oldest = false\n  {arguments}"
    ));
    nights.take();
    nights
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_any_phase_the_next_run_goes_on() {
    // Method and path of the request during which everything is killed.
    for (method, path, is_applied) in [
        // The look before, the request, its operation, the look behind, and the deletion.
        ("GET", "/db/restorePoints/night-4?", true),
        ("GET", "/db-dr/restorePoints/night-4?", true),
        ("PUT", "/restorePoints/", false),
        ("PUT", "/restorePoints/", true),
        ("GET", "/operations/", true),
        ("DELETE", "/restorePoints/", false),
        ("DELETE", "/restorePoints/", true),
    ] {
        let mut nights = before_the_fourth_night("").await;
        let usable = nights.usable();
        let (copy, deletions, is_create) = nights.plan().await;
        let hole = Fault::black_hole(is_applied).on(method, path);
        let hole = nights.azure().fault(hole.times(1));
        nights.azure().clear_requests();
        let apply = nights.terraform().start(&["apply", "saved"]);
        nights
            .azure()
            .wait_for_count(REQUEST_LIMIT, method, path, 1)
            .await
            .expect("the request that hangs");
        signal(&apply, "KILL", true);
        let killed = finish(apply).await;
        nights.azure().remove_fault(hole);
        nights.azure().release();
        let done = nights.judge(killed, copy, deletions, is_create);
        nights.judge_usable(&usable, &done);
        // It was a kill, so Terraform's own lock on the state is stale.
        let _ = std::fs::remove_file(
            nights
                .terraform()
                .path()
                .join(".terraform.tfstate.lock.info"),
        );

        let case = format!("{method} {path} {is_applied}");
        nights.run().await;
        nights.pass();
        nights.run().await;
        nights.expect_status("up_to_date");
        assert_eq!(
            nights.usable().into_iter().collect::<Vec<_>>(),
            ["night-4"],
            "{case}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_its_create_nothing_is_copied_twice() {
    let mut nights = Nights::new().await;
    nights.write("");
    let name = nights.take();
    nights
        .azure()
        .fault(Fault::black_hole(true).on("GET", "/operations/").times(1));
    let apply = nights.terraform().start(&["apply", "-auto-approve"]);
    let asked = nights
        .azure()
        .wait_for_count(REQUEST_LIMIT, "GET", "/operations/", 1);
    asked.await.expect("the request that hangs");
    signal(&apply, "KILL", true);
    drop(finish(apply).await);
    nights.azure().release();
    nights.names.insert(name);
    let _ = std::fs::remove_file(
        nights
            .terraform()
            .path()
            .join(".terraform.tfstate.lock.info"),
    );
    let done = nights.run().await;
    assert!(done.copied.is_empty());
    nights.expect_status("copying");
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_while_it_waits_it_taints_nothing_and_goes_on_waiting() {
    let mut nights = Nights::new().await;
    nights.write("keep_newest = 1\n  keep_oldest = false\n  wait_for_replication = true");
    nights.take();
    let apply = nights.terraform().start(&["apply", "-auto-approve"]);
    let looks = "night-1?api-version=2025-04-01&$expand=instanceView";
    let waits = nights
        .azure()
        .wait_for_count(REQUEST_LIMIT, "GET", looks, 3);
    waits.await.expect("it waits");
    signal(&apply, "INT", false);
    let stopped = finish(apply).await;
    stopped.expect_text("Copy of a mirror has not finished replicating");
    assert!(
        !nights
            .terraform()
            .is_tainted("azrestorepoint_mirror", "nightly")
    );
    nights.expect_status("copying");
    // The next run waits for the same copy.
    nights.names.insert("night-1".to_owned());
    nights.terraform().plan().await.expect_code(2);
    nights.pass();
    let done = nights.run().await;
    assert!(done.copied.is_empty());
    nights.refresh().await.expect_code(0);
    nights.expect_status("up_to_date");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_while_waiting_is_a_warning_and_prunes_nothing() {
    let mut nights = before_the_fourth_night(
        "wait_for_replication = true\n  timeouts {\n    update = \"3s\"\n  }",
    )
    .await;
    let done = nights.run_once().await;
    assert_eq!(done.planned_deletions, ["night-1", "night-2", "night-3"]);
    assert_eq!(done.copied, ["night-4"]);
    assert!(done.deleted.is_empty());
    done.apply
        .expect_text("Copy of a mirror has not finished replicating");
    nights.expect_status("copying");
    nights.pass();
    let done = nights.run().await;
    assert_eq!(done.deleted, ["night-1", "night-2", "night-3"]);
    nights.expect_status("up_to_date");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_at_once_copy_once_and_delete_once() {
    let mut nights = before_the_fourth_night("").await;
    let usable = nights.usable();
    let (copy, deletions, is_create) = nights.plan().await;
    assert_eq!(deletions, ["night-1", "night-2"]);
    nights.azure().clear_requests();
    // Two pipelines with a state each.
    let applies = ["one.tfstate", "two.tfstate"].map(|state| {
        let state = nights.terraform().path().join(state);
        std::fs::copy(nights.terraform().path().join("terraform.tfstate"), &state).expect("a copy");
        let option = format!("-state={}", state.display());
        nights
            .terraform()
            .start(&["apply", "-auto-approve", &option])
    });
    let [one, two] = applies.map(finish);
    let (one, two) = tokio::join!(one, two);
    one.expect_code(0);
    let two = two.expect_code(0);
    let done = nights.judge(two, copy, deletions, is_create);
    nights.judge_usable(&usable, &done);
    assert_eq!(nights.usable().into_iter().collect::<Vec<_>>(), ["night-3"]);
    nights.run().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taint_and_a_replacement_touch_nothing() {
    let mut nights = before_the_fourth_night("delete_copies_on_destroy = true").await;
    nights.run().await;
    nights.pass();
    nights.run().await;
    for replacing in [
        &["taint", MIRROR][..],
        &["apply", "-auto-approve", "-replace", MIRROR],
    ] {
        nights.azure().clear_requests();
        nights.terraform().run(replacing).await.expect_code(0);
        if replacing[0] == "taint" {
            nights.terraform().apply().await.expect_code(0);
        }
        assert_eq!(nights.azure().count("DELETE", ""), 0);
        assert_eq!(nights.azure().count("PUT", "/restorePoints/"), 0);
        nights.terraform().plan().await.expect_code(0);
        nights.expect_status("up_to_date");
    }
    assert_eq!(nights.usable().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_state_costs_nothing() {
    let mut nights = before_the_fourth_night("").await;
    nights.run().await;
    nights.pass();
    let forget = || std::fs::remove_file(nights.terraform().path().join("terraform.tfstate"));
    forget().expect("a state");
    // Imported by the target's id: the default arguments need no change.
    nights.write("");
    let target = nights.target.clone();
    nights
        .terraform()
        .run(&["import", MIRROR, &target])
        .await
        .expect_code(0);
    nights.terraform().plan().await.expect_code(0);
    nights.expect_status("up_to_date");
    assert_eq!(
        nights.attributes()["source_restore_point_collection_id"],
        nights.source.as_str()
    );
    // Or just made anew.
    std::fs::remove_file(nights.terraform().path().join("terraform.tfstate")).expect("a state");
    let done = nights.run().await;
    assert!(done.copied.is_empty() && done.deleted.is_empty());
    nights.take();
    assert_eq!(nights.run().await.copied, ["night-5"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destroy_leaves_the_copies_unless_it_was_asked_for_their_end() {
    let mut nights = before_the_fourth_night("").await;
    nights.run().await;
    let existing = nights.existing();
    nights.azure().clear_requests();
    nights.terraform().destroy().await.expect_code(0);
    assert_eq!(nights.existing(), existing);
    assert_eq!(nights.azure().count("DELETE", ""), 0);

    nights.write("delete_copies_on_destroy = true");
    nights.run().await;
    nights.seed_copy("by-script", "night-1", Replication::Succeeded);
    let destroyed = nights.terraform().destroy().await.expect_code(0);
    destroyed
        .expect_text("Destroy of a mirror deletes its copies")
        .expect_text("1 destroyed");
    assert!(nights.existing().is_empty(), "{:?}", nights.existing());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renamed_address_without_moved_is_refused_before_it_deletes_anything() {
    let mut nights = before_the_fourth_night("delete_copies_on_destroy = true").await;
    nights.run().await;
    let main = nights.terraform().path().join("main.tf");
    let text = std::fs::read_to_string(&main).expect("a file");
    let renamed = text.replace("\"nightly\"", "\"renamed\"");
    std::fs::write(&main, &renamed).expect("a file");
    let refused = nights.terraform().apply().await.expect_code(1);
    refused.expect_text("One mirror is destroyed and kept in the same plan");
    let moved = format!(
        "{renamed}\nmoved {{\n  from = azrestorepoint_mirror.nightly\n  to = azrestorepoint_mirror.renamed\n}}\n"
    );
    std::fs::write(&main, moved).expect("a file");
    nights.terraform().apply().await.expect_code(0);
    assert_eq!(nights.azure().count("DELETE", "/restorePoints/night-3"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn interrupted_while_it_begins_it_taints_nothing() {
    for is_applied in [true, false] {
        let mut nights = Nights::new().await;
        nights.write("");
        let name = nights.take();
        let hole = Fault::black_hole(is_applied).on("PUT", "/restorePoints/");
        let hole = nights.azure().fault(hole);
        let apply = nights.terraform().start(&["apply", "-auto-approve"]);
        let asked = nights
            .azure()
            .wait_for_count(REQUEST_LIMIT, "PUT", "/restorePoints/", 1);
        asked.await.expect("the request that hangs");
        signal(&apply, "INT", false);
        let stopped = finish(apply).await;
        drop(stopped.expect_text("Creation complete"));
        nights.azure().remove_fault(hole);
        nights.names.insert(name);
        assert!(
            !nights
                .terraform()
                .is_tainted("azrestorepoint_mirror", "nightly")
        );
        let done = nights.run().await;
        assert_eq!(done.copied.is_empty(), is_applied);
        nights.pass();
        nights.run().await;
        assert_eq!(nights.usable().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_sign_in_while_waiting_is_a_warning() {
    let mut nights = before_the_fourth_night("wait_for_replication = true").await;
    let usable = nights.usable();
    let (copy, deletions, is_create) = nights.plan().await;
    nights.azure().clear_requests();
    let apply = nights.terraform().start(&["apply", "saved"]);
    let looks = "night-4?api-version=2025-04-01&$expand=instanceView";
    let waits = nights
        .azure()
        .wait_for_count(REQUEST_LIMIT, "GET", looks, 2);
    waits.await.expect("it waits");
    let body = json!({"error": "invalid_client", "error_description": "AADSTS7000222: expired."});
    let fault = Fault::answer(401, body).on("POST", "/oauth2/v2.0/token");
    let fault = nights.azure().fault(fault);
    nights.azure().expire_tokens();
    let ended = finish(apply).await.expect_code(0);
    let ended = ended.expect_text("Copy of a mirror has not finished replicating");
    nights.azure().remove_fault(fault);
    let done = nights.judge(ended, copy, deletions, is_create);
    assert!(done.deleted.is_empty());
    nights.judge_usable(&usable, &done);
    nights.pass();
    assert_eq!(
        nights.run().await.deleted,
        ["night-1", "night-2", "night-3"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replacement_that_creates_first_keeps_the_copies() {
    let mut nights = before_the_fourth_night(
        "delete_copies_on_destroy = true\n  lifecycle {\n    create_before_destroy = true\n  }",
    )
    .await;
    nights.run().await;
    nights.pass();
    nights.run().await;
    nights.azure().clear_requests();
    nights
        .terraform()
        .run(&["apply", "-auto-approve", "-replace", MIRROR])
        .await
        .expect_code(0)
        .expect_text("1 destroyed");
    assert_eq!(nights.azure().count("DELETE", ""), 0);
    nights.terraform().plan().await.expect_code(0);
}
