//! The rules that Azure imposes on copies, and the switches that lift them.

use std::time::Duration;

use azure_simulator::{OperationHeaders, Replication, Rules, Simulator, SourceRestorePoint};
use serde_json::json;

use crate::support::{Client, OPERATION, Scene, collection_body, copy_body};

#[tokio::test]
async fn copies_go_forward_in_time() {
    let scene = Scene::set().await;
    scene.copy("tuesday").await.assert(201);
    scene.finish();
    scene
        .copy("monday")
        .await
        .assert_refused(409, "OperationNotAllowed");
    scene.copy("wednesday").await.assert(201);
}

#[tokio::test]
async fn order_counts_failed_copies_and_forgets_deleted_ones() {
    let scene = Scene::set().await;
    scene.copy("tuesday").await.assert(201);
    scene
        .azure
        .set_disks(&scene.copy_point("tuesday"), Replication::Failed(3));
    scene.azure.advance(OPERATION);
    scene
        .copy("monday")
        .await
        .assert_refused(409, "OperationNotAllowed");
    scene
        .client
        .delete(&scene.copy_point("tuesday"))
        .await
        .assert(202);
    scene.azure.advance(OPERATION);
    scene.copy("monday").await.assert(201);
}

#[tokio::test]
async fn one_copy_replicates_at_a_time() {
    let scene = Scene::set().await;
    scene.copy("monday").await.assert(201);
    scene
        .copy("tuesday")
        .await
        .assert_refused(409, "OperationNotAllowed");
    scene.azure.advance(OPERATION);
    scene
        .copy("tuesday")
        .await
        .assert_refused(409, "OperationNotAllowed");
    scene.finish();
    scene.copy("tuesday").await.assert(201);
}

#[tokio::test]
async fn a_failed_copy_does_not_block_the_next_one() {
    let scene = Scene::set().await;
    scene.copy("monday").await.assert(201);
    scene.azure.set_disk(
        &scene.copy_point("monday"),
        "app-vm-data-1",
        Replication::Failed(3),
    );
    scene.azure.advance(OPERATION);
    scene.copy("tuesday").await.assert(201);
}

#[tokio::test]
async fn a_source_is_copied_once_to_a_region() {
    let scene = Scene::set().await;
    scene.copy("monday").await.assert(201);
    let second =
        scene
            .azure
            .seed_target_collection("rg-app-dr", "second", "westeurope", &scene.source);
    let elsewhere =
        scene
            .azure
            .seed_target_collection("rg-app-dr", "third", "uksouth", &scene.source);
    let source = scene.source_point("monday");
    let refused = scene
        .client
        .copy(&format!("{second}/restorePoints/again"), &source)
        .await;
    refused.assert_refused(409, "OperationNotAllowed");
    let parallel = scene
        .client
        .copy(&format!("{elsewhere}/restorePoints/monday"), &source)
        .await;
    parallel.assert(201);
}

#[tokio::test]
async fn rules_can_be_switched_off() {
    let scene = Scene::of(Simulator::builder().rules(Rules {
        order: false,
        one_at_a_time: false,
        once_per_region: false,
        other_region_for_collection: false,
        unsupported_sources: false,
        ..Rules::default()
    }))
    .await;
    scene.copy("wednesday").await.assert(201);
    scene.copy("monday").await.assert(201);
    let again = scene.copy_point("again");
    scene
        .client
        .copy(&again, &scene.source_point("monday"))
        .await
        .assert(201);
    let near = scene.source.replace("/app", "/near");
    let body = collection_body(&scene.source, "North Europe");
    scene.client.put(&near, body).await.assert(201);
}

#[tokio::test]
async fn a_fourth_copy_within_the_hour_waits() {
    let scene = Scene::of(Simulator::builder().rules(Rules {
        copies_per_hour: Some(2),
        ..Rules::default()
    }))
    .await;
    for name in ["monday", "tuesday"] {
        scene.copy(name).await.assert(201);
        scene.finish();
    }
    let refused = scene
        .copy("wednesday")
        .await
        .assert_refused(429, "OperationNotAllowed");
    // Two copies took 105 s each since the first one began.
    assert_eq!(refused.header("retry-after"), Some("3390"));
    scene.azure.advance(Duration::from_secs(3390));
    scene.copy("wednesday").await.assert(201);
}

#[tokio::test]
async fn a_copy_of_a_copy_is_refused() {
    let scene = Scene::set().await;
    scene.copy("monday").await.assert(201);
    scene.finish();
    let third = scene
        .azure
        .seed_target_collection("rg-third", "third", "uksouth", &scene.target);
    let refused = scene
        .client
        .copy(
            &format!("{third}/restorePoints/monday"),
            &scene.copy_point("monday"),
        )
        .await;
    refused.assert_refused(400, "InvalidParameter");
}

#[tokio::test]
async fn sources_that_are_missing_or_not_ready_are_refused() {
    let scene = Scene::set().await;
    scene.copy("sunday").await.assert_refused(404, "NotFound");
    let monday = scene.source_point("monday");
    scene
        .azure
        .set_provisioning_state(&monday, Some("Creating"));
    scene
        .copy("monday")
        .await
        .assert_refused(409, "OperationNotAllowed");
    scene.azure.set_provisioning_state(&monday, None);
    scene
        .azure
        .set_snapshot_access_state(&monday, Some("Pending"));
    scene
        .copy("monday")
        .await
        .assert_refused(409, "OperationNotAllowed");
    let view = scene
        .client
        .get(&format!("{monday}?$expand=instanceView"))
        .await;
    assert_eq!(
        view.body["properties"]["instanceView"]["diskRestorePoints"][0]["snapshotAccessState"],
        "Pending"
    );
    scene
        .azure
        .set_snapshot_access_state(&monday, Some("AvailableWithInstantAccess"));
    scene.copy("monday").await.assert(201);
}

#[tokio::test]
async fn an_identical_put_is_accepted_and_another_one_is_not() {
    for status in [200, 201] {
        let scene = Scene::of(Simulator::builder().identical_put_status(status)).await;
        let first = scene.copy("monday").await.assert(201);
        let running = scene.copy("monday").await.assert(status);
        assert_eq!(
            running.header("azure-asyncoperation"),
            first.header("azure-asyncoperation")
        );
        scene.finish();
        let shouted = copy_body(&scene.source_point("MONDAY").replace("app", "APP"));
        let ended = scene
            .client
            .put(&scene.copy_point("Monday"), shouted)
            .await
            .assert(status);
        assert_eq!(ended.header("azure-asyncoperation"), None);
        assert_eq!(ended.body["name"], "monday");
        let other = copy_body(&scene.source_point("tuesday"));
        let refused = scene.client.put(&scene.copy_point("monday"), other).await;
        refused.assert_refused(409, "OperationNotAllowed");
    }
}

#[tokio::test]
async fn an_operation_can_fail() {
    let scene = Scene::set().await;
    scene
        .azure
        .fail_next_operation("InternalExecutionError", "Please retry later.");
    let begun = scene.copy("monday").await.assert(201);
    scene.azure.advance(OPERATION);
    let ended = scene
        .client
        .url(begun.header("azure-asyncoperation").unwrap())
        .await
        .assert(200);
    assert_eq!(ended.body["status"], "Failed");
    assert_eq!(ended.body["error"]["code"], "InternalExecutionError");
    let copy = scene.client.get(&scene.copy_point("monday")).await;
    assert_eq!(copy.body["properties"]["provisioningState"], "Failed");
    scene.copy("tuesday").await.assert(201);
}

#[tokio::test]
async fn the_operation_is_announced_as_chosen() {
    #[track_caller]
    fn check(reply: &crate::support::Reply, by_operation: bool, by_location: bool) {
        assert_eq!(reply.header("azure-asyncoperation").is_some(), by_operation);
        assert_eq!(reply.header("location").is_some(), by_location);
    }
    let scene = Scene::of(Simulator::builder().operation_headers(OperationHeaders::Both)).await;
    check(&scene.copy("monday").await, true, true);

    let scene = Scene::of(Simulator::builder().operation_headers(OperationHeaders::Location)).await;
    let begun = scene.copy("monday").await.assert(201);
    check(&begun, false, true);
    let monitor = begun.header("location").unwrap();
    scene.client.url(monitor).await.assert(202);
    scene.azure.advance(OPERATION);
    let copy = scene.client.url(monitor).await.assert(200);
    assert_eq!(copy.body["name"], "monday");
}

#[tokio::test]
async fn operation_urls_can_be_long_and_short_lived() {
    let scene = Scene::of(
        Simulator::builder()
            .operation_url_query_bytes(5000)
            .operation_expiry(Duration::from_secs(60)),
    )
    .await;
    let begun = scene.copy("monday").await.assert(201);
    let url = begun.header("azure-asyncoperation").unwrap();
    assert_eq!(url.split_once('?').unwrap().1.len(), 5000);
    scene.client.url(url).await.assert(200);
    scene.azure.advance(OPERATION + Duration::from_secs(60));
    scene.client.url(url).await.assert_refused(404, "NotFound");
}

#[tokio::test]
async fn deleting_the_source_is_accepted_while_its_copy_replicates() {
    let scene = Scene::set().await;
    scene.copy("monday").await.assert(201);
    scene.azure.advance(OPERATION);
    scene
        .client
        .delete(&scene.source_point("monday"))
        .await
        .assert(202);
    scene
        .client
        .delete(&scene.source_point("sunday"))
        .await
        .assert(204);
    scene.finish();
    let copy = scene
        .client
        .get(&scene.copy_point("monday"))
        .await
        .assert(200);
    assert_eq!(
        copy.body["properties"]["sourceRestorePoint"]["id"],
        scene.source_point("monday")
    );
}

#[tokio::test]
async fn seeded_copies_obey_no_rule_and_count_for_all() {
    let scene = Scene::set().await;
    let source = scene.source_point("tuesday");
    let id = scene.azure.seed_copy(
        &scene.target,
        "theirs",
        &source,
        Replication::Replicating(7),
    );
    let view = scene
        .client
        .get(&format!("{id}?$expand=instanceView"))
        .await
        .assert(200);
    assert_eq!(
        view.body["properties"]["instanceView"]["diskRestorePoints"][2]["replicationStatus"]["completionPercent"],
        json!(7)
    );
    scene
        .copy("wednesday")
        .await
        .assert_refused(409, "OperationNotAllowed");
    scene.azure.set_disks(&id, Replication::Succeeded);
    scene.copy("wednesday").await.assert(201);
}

#[tokio::test]
async fn collections_change_in_tags_alone() {
    let scene = Scene::set().await;
    let client: &Client = &scene.client;
    let again = collection_body(&scene.source, "West Europe");
    client.put(&scene.target, again.clone()).await.assert(200);
    let mut tagged = again;
    tagged["tags"] = json!({ "team": "blue" });
    let changed = client.put(&scene.target, tagged).await.assert(200);
    assert_eq!(changed.body["tags"], json!({ "team": "blue" }));

    let moved = collection_body(&scene.source, "uksouth");
    let refused = client.put(&scene.target, moved).await;
    refused.assert_refused(409, "InvalidResourceLocation");
    let other = collection_body(&scene.target, "westeurope");
    let refused = client.put(&scene.target, other).await;
    refused.assert_refused(409, "PropertyChangeNotAllowed");
}

#[tokio::test]
async fn collections_for_copies_need_a_source_in_another_region() {
    let scene = Scene::set().await;
    let id = scene.target.replace("app-dr", "new");
    scene.azure.seed_resource_group("rg-new");
    let virtual_machine = scene
        .source
        .replace("restorePointCollections/app", "virtualMachines/app-vm");
    for (source, location, status, code) in [
        (&virtual_machine, "westeurope", 400, "InvalidParameter"),
        (&scene.source, "northeurope", 400, "InvalidParameter"),
        (
            &scene.source.replace("app", "gone"),
            "westeurope",
            404,
            "ResourceNotFound",
        ),
    ] {
        let refused = scene
            .client
            .put(&id, collection_body(source, location))
            .await;
        refused.assert_refused(status, code);
    }
    let body = collection_body(&scene.source, "westeurope");
    scene.client.put(&id, body).await.assert(201);
}

#[tokio::test]
async fn names_are_found_in_any_case_and_keep_theirs() {
    let scene = Scene::set().await;
    scene.copy("monday").await.assert(201);
    let shouted = scene
        .copy_point("monday")
        .to_uppercase()
        .replace("SUBSCRIPTIONS", "subscriptions");
    let copy = scene.client.get(&shouted).await.assert(200);
    assert_eq!(copy.body["id"], scene.copy_point("monday"));
    let id = scene.azure.seed_restore_point(
        &scene.source,
        &SourceRestorePoint::new("Thursday", "2027-01-07T02:00:00Z"),
    );
    assert!(id.ends_with("/app/restorePoints/Thursday"));
}
