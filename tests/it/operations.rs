//! The forms in which Azure lets an operation be followed, and its absence.

use std::time::Duration;

use azure_simulator::{Fault, OperationHeaders, Replication};
use serde_json::json;

use crate::support::world::World;

const OPERATIONS: &str = "/operations/";

/// Copies and destroys once, and expects that everything goes well.
async fn whole_life(world: &World) {
    world.write("", "");
    world.terraform.apply().await.expect_code(0);
    let copy = world.terraform.attributes("azrestorepoint_copy", "monday");
    assert_eq!(
        (&copy["usable"], &copy["wait_outcome"]),
        (&json!(true), &json!("completed"))
    );
    assert!(
        copy["os_disk"]["disk_restore_point_id"].is_string(),
        "{copy:#}"
    );
    world.terraform.plan().await.expect_code(0);
    world.terraform.destroy().await.expect_code(0);
    assert_eq!(world.copies_begun(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn either_header_is_followed() {
    for headers in [
        OperationHeaders::AsyncOperation,
        OperationHeaders::Location,
        OperationHeaders::Both,
    ] {
        let world = World::build(Replication::Succeeded, |azure| {
            azure
                .operation_headers(headers)
                .operation(Duration::from_millis(20))
        })
        .await;
        whole_life(&world).await;
        assert!(world.azure.count("GET", OPERATIONS) > 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_address_is_taken_as_it_is() {
    let world = World::build(Replication::Succeeded, |azure| {
        azure.operation_url_query_bytes(5000)
    })
    .await;
    whole_life(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_header_the_copy_itself_is_asked() {
    let world = World::ready().await;
    let bare = Fault::amend(json!({}))
        .without_header("Azure-AsyncOperation")
        .without_header("Location");
    world.azure.fault(bare.clone().on("PUT", "/restorePoints/"));
    world.azure.fault(bare.on("DELETE", "/"));
    whole_life(&world).await;
    assert_eq!(world.azure.count("GET", OPERATIONS), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_that_vanishes_is_no_failure() {
    let world = World::ready().await;
    let body = json!({"error": {"code": "NotFound", "message": "The entity was not found."}});
    world
        .azure
        .fault(Fault::answer(404, body).on("GET", OPERATIONS));
    whole_life(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_may_not_read_operations_costs_one_warning() {
    let world = World::ready().await;
    let body = json!({"error": {"code": "AuthorizationFailed", "message": "The client does not have authorization to perform action 'Microsoft.Compute/locations/operations/read' over scope '/subscriptions/s'."}});
    world
        .azure
        .fault(Fault::answer(403, body).on("GET", OPERATIONS));
    world.write("", "");
    let output = world.terraform.apply().await.expect_code(0);
    assert_eq!(
        output
            .text
            .matches("Warning: Cannot follow Azure's operation")
            .count(),
        1,
        "{}",
        output.text
    );
    output.expect_text("Microsoft.Compute/locations/operations/read");
    world.terraform.plan().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_that_leads_elsewhere_is_not_followed() {
    let world = World::ready().await;
    let elsewhere =
        Fault::amend(json!({})).header("Azure-AsyncOperation", "https://127.0.0.1:1/operations/1");
    world.azure.fault(elsewhere.on("PUT", "/restorePoints/"));
    world.write("", "");
    world.terraform.apply().await.expect_code(0);
    assert_eq!(
        world.terraform.attributes("azrestorepoint_copy", "monday")["usable"],
        json!(true)
    );
}
