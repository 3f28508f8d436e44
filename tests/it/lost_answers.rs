//! Answers that never come, or come in a form of their own, through the real Terraform.

use std::time::{Duration, Instant};

use azure_simulator::{Fault, OperationHeaders, Replication};
use serde_json::json;

use crate::support::terraform::{finish, signal};
use crate::support::world::{LOOKS, REQUEST_LIMIT, World};

const COPY: &str = "azrestorepoint_copy";
const POINTS: &str = "/restorePoints/";

/// The copy, and not its source.
const OWN: &str = "web-dr/restorePoints/";

/// How soon Terraform has to be gone once it was interrupted.
const GONE_WITHIN: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread")]
async fn a_put_that_was_taken_but_not_answered_is_found_again() {
    let world = World::ready().await;
    world
        .azure
        .fault(Fault::close(true).on("PUT", POINTS).times(1));
    world.write("", "");
    world.terraform.apply().await.expect_code(0);
    assert_eq!(
        world.terraform.attributes(COPY, "monday")["wait_outcome"],
        json!("completed")
    );
    world.terraform.plan().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_answers_the_text_says_how_to_keep_the_copy() {
    let world = World::ready().await;
    world
        .azure
        .fault(Fault::close(true).on("PUT", POINTS).times(1));
    let body = json!({"error": {"code": "ServerBusy", "message": "Busy."}});
    world
        .azure
        .fault(Fault::answer(503, body.clone()).on("PUT", POINTS));
    world
        .azure
        .fault(Fault::answer(503, body).on("GET", OWN).skip(1));
    world.write("", "timeouts {\n    create = \"2s\"\n  }");
    let refused = world.terraform.apply().await.expect_code(1);
    refused
        .expect_text("No answer to the creation")
        .expect_text("terraform untaint ADDRESS");
    assert!(world.terraform.is_tainted(COPY, "monday"));

    world.azure.clear_faults();
    world.azure.clear_requests();
    world
        .terraform
        .run(&["untaint", "azrestorepoint_copy.monday"])
        .await
        .expect_code(0);
    world.terraform.apply().await.expect_code(0);
    assert_eq!(
        (world.copies_begun(), world.azure.count("DELETE", "/")),
        (0, 0)
    );
    assert_eq!(
        world.terraform.attributes(COPY, "monday")["usable"],
        json!(true)
    );
    world.terraform.plan().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_has_finished_meanwhile_is_not_called_unfinished() {
    let world = World::ready().await;
    world.azure.fault(Fault::black_hole(true).on("PUT", POINTS));
    world.write("", "timeouts {\n    create = \"1s\"\n  }");
    world.terraform.apply().await.expect_code(0);
    let copy = world.terraform.attributes(COPY, "monday");
    assert_eq!(
        (&copy["usable"], &copy["wait_outcome"]),
        (&json!(true), &json!("completed"))
    );
    assert!(!world.terraform.is_tainted(COPY, "monday"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_in_a_put_and_a_look_that_hang_is_heard() {
    let world = World::new(Replication::Replicating(40)).await;
    world.azure.fault(Fault::black_hole(true).on("PUT", POINTS));
    // The first look, before the PUT, is answered; the one after it hangs, too.
    world
        .azure
        .fault(Fault::black_hole(true).on("GET", OWN).skip(1));
    world.write("", "");
    let apply = world.terraform.start(&["apply", "-auto-approve"]);
    world
        .azure
        .wait_for_count(REQUEST_LIMIT, "PUT", POINTS, 1)
        .await
        .expect("it asks");
    let interrupted = Instant::now();
    signal(&apply, "INT", true);
    let output = finish(apply).await;
    assert!(
        interrupted.elapsed() < GONE_WITHIN,
        "{:?}\n{}",
        interrupted.elapsed(),
        output.text
    );
    assert!(!world.terraform.is_tainted(COPY, "monday"));

    world.azure.clear_faults();
    world.replicate();
    world.azure.clear_requests();
    world.terraform.apply().await.expect_code(0);
    assert_eq!(world.copies_begun(), 0);
    world.terraform.plan().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_after_a_lost_answer_is_a_refusal() {
    let world = World::ready().await;
    world
        .azure
        .fault(Fault::close(false).on("PUT", POINTS).times(1));
    let body = json!({"error": {"code": "OperationNotAllowed", "message": "Not today."}});
    world
        .azure
        .fault(Fault::answer(409, body).on("PUT", POINTS));
    world.write("", "");
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("Azure refused to copy")
        .expect_text("Not today.");
    assert!(world.terraform.instance(COPY, "monday").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_wait_still_hears_of_a_failure() {
    let world = World::build(Replication::Replicating(0), |azure| {
        azure.operation_headers(OperationHeaders::AsyncOperation)
    })
    .await;
    world
        .azure
        .fail_next_operation("InternalExecutionError", "It did not begin.");
    let bare = Fault::amend(json!({})).without_header("Azure-AsyncOperation");
    world.azure.fault(bare.on("PUT", POINTS).times(1));
    world.write("", "wait_for_replication = false");
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("has failed");
    assert!(world.terraform.is_tainted(COPY, "monday"));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_wait_still_hears_of_a_deadline() {
    let world = World::new(Replication::Replicating(0)).await;
    world
        .azure
        .fault(Fault::black_hole(true).on("GET", "/operations/"));
    world.write(
        "",
        "wait_for_replication = false\n  timeouts {\n    create = \"1s\"\n  }",
    );
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("has not finished replicating");
    assert!(world.terraform.instance(COPY, "monday").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_answer_is_asked_for_again() {
    let world = World::ready().await;
    // The look before the PUT: that there is nothing yet must not be mistaken.
    world
        .azure
        .fault(Fault::truncate().on("GET", POINTS).times(1));
    world.write("", "");
    world.terraform.apply().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_without_their_first_slash_are_no_drift() {
    let world = World::ready().await;
    world.write("", "");
    world.terraform.apply().await.expect_code(0);
    let source = world.source.trim_start_matches('/').to_owned();
    let point = json!({"properties": {"sourceRestorePoint": {"id": format!("{source}/restorePoints/monday")}}});
    world
        .azure
        .fault(Fault::amend(point).on("GET", "/restorePoints/monday"));
    let collection = json!({"properties": {"source": {"id": source}}});
    world
        .azure
        .fault(Fault::amend(collection).on("GET", "/restorePointCollections/web-dr?"));
    world.terraform.plan().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_again_is_nothing_to_notice() {
    let world = World::new(Replication::Replicating(40)).await;
    world.write("", "");
    let apply = world.terraform.start(&["apply", "-auto-approve"]);
    let looks = LOOKS;
    world
        .azure
        .wait_for_count(REQUEST_LIMIT, "GET", looks, 2)
        .await
        .expect("it waits");
    world.azure.expire_tokens();
    let sign_ins = world.azure.count("POST", "/oauth2/v2.0/token");
    let before = world.azure.count("GET", looks);
    world
        .azure
        .wait_for_count(REQUEST_LIMIT, "GET", looks, before + 3)
        .await
        .expect("it goes on");
    world.replicate();
    finish(apply).await.expect_code(0);
    assert_eq!(
        world.azure.count("POST", "/oauth2/v2.0/token"),
        sign_ins + 1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_is_told_in_entra_id_s_words() {
    let mut world = World::ready().await;
    world.terraform.set("ARM_CLIENT_SECRET", "not-the-secret");
    world.write("", "");
    // Nobody is asked for a plan of something new.
    world.terraform.plan().await.expect_code(2);
    let refused = world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("AADSTS7000215");
    assert!(!refused.text.contains("not-the-secret"), "{}", refused.text);
}
