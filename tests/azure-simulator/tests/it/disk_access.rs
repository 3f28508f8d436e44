//! Access to disks: given, found, extended or not, and taken back.

use std::time::Duration;

use azure_simulator::{AccessAgain, AccessResult, DiskAccess};
use serde_json::{Value, json};

use crate::support::{OPERATION, Reply, Scene};

const VERSION: &str = "api-version=2024-03-02";

/// A scene with a copy that has arrived, and the path of its first disk.
async fn scene(disk_access: DiskAccess) -> (Scene, String) {
    let scene = Scene::set().await;
    scene.azure.set_disk_access(disk_access);
    scene.copy("monday").await.assert(201);
    scene.finish();
    let copy = scene.azure.resource(&scene.copy_point("monday")).unwrap();
    let disk = &copy["properties"]["instanceView"]["diskRestorePoints"][0]["id"];
    (scene, disk.as_str().unwrap().to_owned())
}

async fn act(scene: &Scene, disk: &str, action: &str, body: Option<Value>) -> Reply {
    let url = format!("{}{disk}/{action}?{VERSION}", scene.azure.endpoint());
    scene.client.fetch("POST", &url, body).await.unwrap()
}

async fn begin(scene: &Scene, disk: &str) -> Reply {
    let body = json!({"access": "Read", "durationInSeconds": 600});
    act(scene, disk, "beginGetAccess", Some(body)).await
}

#[tokio::test]
async fn the_url_is_where_it_is_said_to_be_and_opens_the_disk_for_its_time() {
    for result in [AccessResult::InStatus, AccessResult::BehindLocation] {
        let (scene, disk) = scene(DiskAccess {
            result,
            ..DiskAccess::default()
        })
        .await;
        let begun = begin(&scene, &disk).await.assert(202);
        let status = begun.header("azure-asyncoperation").unwrap().to_owned();
        assert!(status.contains("/DiskOperations/"), "{status}");
        let running = scene.client.url(&status).await.assert(200);
        assert_eq!(running.body["status"], "InProgress");
        scene.azure.advance(OPERATION);
        let ended = scene.client.url(&status).await.assert(200);
        let output = &ended.body["properties"]["output"]["accessSAS"];
        assert_eq!(output.is_string(), result == AccessResult::InStatus);
        let location = begun.header("location").unwrap();
        let found = scene.client.url(location).await.assert(200);
        let sas = found.body["accessSAS"].as_str().unwrap();
        assert!(scene.azure.opens_a_disk(sas));
        scene.azure.advance(Duration::from_secs(601));
        assert!(!scene.azure.opens_a_disk(sas));
    }
}

#[tokio::test]
async fn a_second_request_extends_replaces_or_is_refused() {
    for again in [
        AccessAgain::Extended,
        AccessAgain::Replaced,
        AccessAgain::Refused,
    ] {
        let (scene, disk) = scene(DiskAccess {
            result: AccessResult::AtOnce,
            again,
            ..DiskAccess::default()
        })
        .await;
        let one = begin(&scene, &disk).await.assert(200);
        scene.azure.advance(Duration::from_secs(500));
        let two = begin(&scene, &disk).await;
        let sas = one.body["accessSAS"].as_str().unwrap();
        match again {
            AccessAgain::Refused => drop(two.assert_refused(409, "OperationNotAllowed")),
            _ => assert_eq!(two.body["accessSAS"] == sas, again == AccessAgain::Extended),
        }
        scene.azure.advance(Duration::from_secs(200));
        assert_eq!(
            scene.azure.opens_a_disk(sas),
            again == AccessAgain::Extended
        );
    }
}

#[tokio::test]
async fn a_disk_that_is_read_holds_its_restore_point_until_access_ends() {
    let (scene, disk) = scene(DiskAccess::default()).await;
    begin(&scene, &disk).await.assert(202);
    // Busy as long as access is being given.
    let early = act(&scene, &disk, "endGetAccess", None).await;
    early.assert_refused(409, "AnotherOperationInProgress");
    scene.azure.advance(OPERATION);
    let copy = scene.copy_point("monday");
    for id in [&copy, &scene.target] {
        let refused = scene.client.delete(id).await;
        refused.assert_refused(409, "DiskRestorePointUsedByCustomer");
    }
    act(&scene, &disk, "endGetAccess", None).await.assert(202);
    scene.azure.advance(OPERATION);
    scene.client.delete(&copy).await.assert(202);
}

#[tokio::test]
async fn what_cannot_be_read_is_refused() {
    let (scene, disk) = scene(DiskAccess::default()).await;
    for body in [
        json!({"access": "Write", "durationInSeconds": 600}),
        json!({"access": "Read"}),
        json!({"access": "Read", "durationInSeconds": 5_184_001}),
        json!({"access": "Read", "durationInSeconds": 600, "more": 1}),
    ] {
        act(&scene, &disk, "beginGetAccess", Some(body))
            .await
            .assert(400);
    }
    let missing = disk.replace("/diskRestorePoints/", "/diskRestorePoints/no");
    begin(&scene, &missing).await.assert(404);
    scene.copy("tuesday").await.assert(201);
    scene.azure.advance(OPERATION);
    let copy = scene.azure.resource(&scene.copy_point("tuesday")).unwrap();
    let disks = &copy["properties"]["instanceView"]["diskRestorePoints"];
    let unfinished = disks[0]["id"].as_str().unwrap();
    begin(&scene, unfinished)
        .await
        .assert_refused(409, "OperationNotAllowed");
}
