//! Nights on which something goes wrong, in Azure or beside it.

use std::time::Duration;

use azure_simulator::{Fault, Replication, Rules};
use serde_json::json;

use super::Nights;

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_forty_hours_is_left_alone_until_it_is_there() {
    let mut nights = Nights::new().await;
    nights.write("keep_newest = 2");
    nights
        .azure()
        .set_replication(Duration::from_secs(40 * 3600));
    nights.take();
    assert_eq!(nights.run().await.copied, ["night-1"]);
    nights.pass();
    nights.take();
    let done = nights.run().await;
    assert!(done.copied.is_empty());
    nights.expect_status("copying");
    assert_eq!(nights.attributes()["copying"][0]["name"], "night-1");
    nights.pass();
    nights.take();
    // The second night is skipped: the third is newer.
    assert_eq!(nights.run().await.copied, ["night-3"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_copy_is_tried_again_and_then_the_next_source_taken() {
    let mut nights = Nights::new().await;
    nights.write("keep_newest = 2");
    nights.take();
    nights.run().await;
    nights.pass();
    nights.azure().set_replication(Replication::Failed(40));
    nights.take();
    nights.run_once().await;
    nights.expect_status("failed");
    // Its source once more; it fails again, and the plan says so.
    let done = nights.run_once().await;
    assert_eq!(done.planned_deletions, ["night-2"]);
    assert_eq!(done.deleted, ["night-2"]);
    assert_eq!(done.copied, ["night-2"]);
    nights.expect_status("failed");
    let plan = nights.terraform().plan().await.expect_code(2);
    plan.expect_text("Copy of a mirror has failed");
    // A newer source comes.
    nights.azure().set_replication(super::COPY);
    nights.take();
    let done = nights.run().await;
    assert_eq!(done.deleted, ["night-2"]);
    assert_eq!(done.copied, ["night-3"]);
    nights.pass();
    nights.run().await;
    nights.expect_status("up_to_date");
    assert_eq!(nights.attributes()["usable_count"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_copy_without_a_source_stays_until_a_newer_one_comes() {
    let mut nights = Nights::new().await;
    nights.write("");
    nights.take_at("older", 1);
    nights.night = 1;
    let name = nights.take();
    nights.azure().set_replication(Replication::Failed(40));
    nights.run_once().await;
    nights.azure().remove(&nights.source_id(&name));
    let done = nights.run().await;
    assert!(done.copied.is_empty() && done.deleted.is_empty());
    nights.expect_status("failed");
    nights.azure().set_replication(super::COPY);
    nights.take();
    let done = nights.run().await;
    assert_eq!(
        (done.copied, done.deleted),
        (vec!["night-3".into()], vec![name])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_becomes_of_the_source_no_copy_goes_and_the_outputs_are_right() {
    for trouble in ["pruned", "deleted", "forbidden", "unreachable"] {
        let mut nights = Nights::new().await;
        nights.write("keep_newest = 9\n  timeouts {\n    read = \"8s\"\n  }");
        for _ in 1..=3 {
            nights.take();
            nights.run().await;
            nights.pass();
        }
        // Two copies are surplus from now on.
        nights
            .write("keep_newest = 1\n  keep_oldest = false\n  timeouts {\n    read = \"8s\"\n  }");
        let on_source = "restorePointCollections/db?";
        match trouble {
            "pruned" => {
                for name in ["night-1", "night-2", "night-3"] {
                    nights.azure().remove(&nights.source_id(name));
                }
            }
            "deleted" => nights.azure().remove(&nights.source),
            "forbidden" => {
                let body = json!({"error": {"code": "AuthorizationFailed", "message": "No."}});
                nights
                    .azure()
                    .fault(Fault::answer(403, body).on("GET", on_source));
            }
            _ => {
                let body = json!({"error": {"code": "ServerBusy", "message": "Busy."}});
                nights
                    .azure()
                    .fault(Fault::answer(503, body).on("GET", on_source));
            }
        }
        let done = nights.run().await;
        assert!(
            done.copied.is_empty() && done.deleted.is_empty(),
            "{trouble}"
        );
        let (status, told) = match trouble {
            "pruned" => ("source_empty", "Apply complete"),
            _ => (
                "source_unreachable",
                "Source of a mirror cannot be looked at",
            ),
        };
        let refreshed = nights.refresh().await.expect_code(0);
        if trouble != "pruned" {
            refreshed.expect_text(told);
        }
        nights.expect_status(status);
        let attributes = nights.attributes();
        assert_eq!(attributes["usable_count"], 3, "{trouble}");
        assert_eq!(attributes["newest_usable"]["name"], "night-3");
        assert_eq!(nights.usable().len(), 3, "{trouble}");
        if matches!(trouble, "forbidden" | "unreachable") {
            // Once it is there again, everything goes on.
            nights.azure().clear_faults();
            nights.take();
            let done = nights.run().await;
            assert_eq!(done.copied, ["night-4"]);
            assert_eq!(done.deleted, ["night-1", "night-2"]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_a_script_makes_is_one_of_the_mirror_s() {
    let mut nights = Nights::new().await;
    nights.write("keep_newest = 1\n  keep_oldest = false");
    nights.take();
    nights.run().await;
    nights.pass();
    // Between two nights, under another name, and still on its way.
    nights.take();
    nights.seed_copy("by-script", "night-2", Replication::Replicating(40));
    nights.take();
    let done = nights.run().await;
    assert!(done.copied.is_empty() && done.deleted.is_empty());
    nights.expect_status("copying");
    let id = nights.copy_id("by-script");
    nights.azure().set_disks(&id, Replication::Succeeded);
    let done = nights.run().await;
    assert_eq!(done.copied, ["night-3"]);
    assert_eq!(done.deleted, ["night-1"]);
    nights.pass();
    assert_eq!(nights.run().await.deleted, ["by-script"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_between_plan_and_apply_makes_the_apply_do_less() {
    let mut nights = Nights::new().await;
    nights.write("keep_newest = 1\n  keep_oldest = false");
    for _ in 1..=2 {
        nights.take();
        nights.run().await;
        nights.pass();
    }
    nights.take();
    let (copy, deletions, is_create) = nights.plan().await;
    assert_eq!(
        (copy.as_deref(), &deletions[..]),
        (Some("night-3"), &["night-1".to_owned()][..])
    );
    // A script is quicker, and somebody deletes the copy that was to be kept.
    nights.seed_copy("by-script", "night-3", Replication::Replicating(10));
    nights.azure().remove(&nights.copy_id("night-2"));
    nights.azure().clear_requests();
    let apply = nights
        .terraform()
        .run(&["apply", "saved"])
        .await
        .expect_code(0);
    let done = nights.judge(apply, copy, deletions, is_create);
    assert!(done.copied.is_empty() && done.deleted.is_empty());
    nights.expect_status("copying");
    nights.terraform().plan().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_lost_and_refusals_that_pass_leave_no_trace() {
    let mut nights = Nights::new().await;
    nights.write("keep_newest = 2");
    nights.take();
    nights.run().await;
    nights.pass();
    // Azure has taken the copy, but nobody hears of it.
    nights
        .azure()
        .fault(Fault::close(true).on("PUT", "/restorePoints/").times(1));
    nights.take();
    nights.run().await;
    nights.expect_status("copying");
    nights.pass();
    let busy = json!({"error": {"code": "OperationNotAllowed", "message": "Too many."}});
    let fault = Fault::answer(429, busy).header("Retry-After", "1");
    nights
        .azure()
        .fault(fault.on("PUT", "/restorePoints/").times(1));
    nights.take();
    nights.run().await;
    nights.expect_status("copying");
    nights.pass();
    nights.run().await;
    assert_eq!(nights.attributes()["usable_count"], 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_in_another_collection_is_told_with_azure_s_words() {
    let mut nights = Nights::new().await;
    let name = nights.take();
    let azure = nights.azure();
    azure.seed_resource_group("rg-other");
    let other = azure.seed_target_collection("rg-other", "elsewhere", "westus2", &nights.source);
    let source = nights.source_id(&name);
    azure.seed_copy(&other, "theirs", &source, Replication::Succeeded);
    nights.write("");
    let refused = nights.terraform().apply().await.expect_code(1);
    refused
        .expect_text("Azure refused to copy a restore point")
        .expect_text("has been copied to 'westus2' already");
    // Nothing is tainted, and the next newer one goes its way.
    assert!(
        nights
            .terraform()
            .instance("azrestorepoint_mirror", "nightly")
            .is_none()
    );
    nights.take();
    assert_eq!(nights.run().await.copied, ["night-2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_azure_asks_for_patience_the_next_run_starts_the_copy() {
    let rules = Rules {
        copies_per_hour: Some(3),
        ..Rules::default()
    };
    let mut nights =
        Nights::build(|azure| azure.rules(rules).replication(Replication::Succeeded)).await;
    nights.write("catch_up = \"all\"");
    for _ in 1..=4 {
        nights.take();
    }
    for _ in 1..=3 {
        nights.run_once().await;
    }
    assert_eq!(nights.usable().len(), 3);
    // Nobody waits an hour for it.
    let done = nights.run_once().await;
    done.apply
        .expect_text("Copy of a mirror was not begun")
        .expect_text("Azure asks to wait");
    nights.expect_status("behind");
    assert_eq!(nights.usable().len(), 3);
    nights.pass();
    nights.run().await;
    nights.expect_status("up_to_date");
    assert_eq!(nights.usable().len(), 4);
}
