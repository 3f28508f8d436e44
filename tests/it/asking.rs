//! How Azure is asked: what it wishes is done, and what it says for a moment only is waited out.

use std::time::{Duration, Instant};

use azure_simulator::{Fault, Replication};
use serde_json::json;

use crate::support::world::World;

const COPY: &str = "azrestorepoint_copy";

/// What a look at a single copy asks for.
const LOOK: &str = "/web-dr/restorePoints/monday?";

/// How soon a wish that cannot be met has to end a create.
const SOON: Duration = Duration::from_secs(20);

fn busy(retry_after: &str) -> Fault {
    let body = json!({"code": "OperationNotAllowed", "message": "Too many requests."});
    Fault::answer(429, body).header("Retry-After", retry_after)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_beyond_the_deadline_ends_a_wait_as_timed_out() {
    let world = World::new(Replication::Replicating(40)).await;
    // The look before the copy and two of the wait are answered.
    world.azure.fault(busy("7200").on("GET", LOOK).skip(3));
    world.write("", "timeouts {\n    create = \"1h\"\n  }");
    let began = Instant::now();
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("has not finished replicating")
        .expect_text("asks to wait 2 h 0 min")
        .expect_text("Too many requests.");
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    let copy = world.terraform.attributes(COPY, "monday");
    assert_eq!(copy["wait_outcome"], json!("timed_out"));
    assert_eq!(copy["os_disk"]["replication_state"], json!("Replicating"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_beyond_the_deadline_ends_a_create_before_anything_is_made() {
    let world = World::ready().await;
    world.azure.fault(busy("7200").on("PUT", "/restorePoints/"));
    world.write("", "timeouts {\n    create = \"1h\"\n  }");
    let began = Instant::now();
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("asks to wait 2 h 0 min")
        .expect_text("Too many requests.");
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    assert!(world.terraform.instance(COPY, "monday").is_none());
    assert_eq!(world.copies_begun(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_that_can_be_met_is_met() {
    let world = World::ready().await;
    for (method, path) in [
        ("GET", "/operations/"),
        ("PUT", "/restorePoints/"),
        ("GET", LOOK),
    ] {
        world.azure.fault(busy("1").on(method, path).times(1));
    }
    world.write("", "");
    let began = Instant::now();
    world.terraform.apply().await.expect_code(0);
    assert!(began.elapsed() > Duration::from_secs(3));
    assert_eq!(world.copies_begun(), 2, "one of them was refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_was_just_made_may_be_invisible_for_a_while() {
    for argument in ["", "wait_for_replication = false"] {
        let world = World::ready().await;
        let body = json!({"error": {"code": "NotFound", "message": "The entity was not found in this Azure location."}});
        // The look before the copy is rightly answered so, too.
        let invisible = Fault::answer(404, body).on("GET", LOOK).skip(1).times(3);
        world.azure.fault(invisible);
        world.write("", argument);
        world.terraform.apply().await.expect_code(0);
        let copy = world.terraform.attributes(COPY, "monday");
        assert_eq!(copy["usable"], json!(true), "{copy:#}");
        assert!(copy["replication_id"].is_string(), "{copy:#}");
        world.terraform.plan().await.expect_code(0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_of_the_operation_leads_to_the_copy_itself() {
    let world = World::ready().await;
    let away = Fault::answer(307, json!(null)).header("Location", "https://127.0.0.1:1/");
    world.azure.fault(away.on("GET", "/operations/"));
    world.write("", "");
    world.terraform.apply().await.expect_code(0);
    assert_eq!(world.azure.count("GET", "/operations/"), 1);
    let copy = world.terraform.attributes(COPY, "monday");
    assert_eq!(copy["usable"], json!(true));
}
