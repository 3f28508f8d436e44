//! The control interface does what the handle does.

use azure_simulator::Simulator;
use serde_json::{Value, json};

use crate::support::{Client, Reply, Scene, collection, http, read};

/// Asks the control interface as a script does: without a token.
async fn control(azure: &Simulator, method: &str, path: &str, body: Value) -> Reply {
    let url = format!("{}/simulator/{path}", azure.endpoint());
    let client = http(azure).build().unwrap();
    let mut request = client.request(method.parse().unwrap(), url);
    if !body.is_null() {
        request = request.body(body.to_string());
    }
    read(request).await.unwrap()
}

#[tokio::test]
async fn a_script_seeds_a_copy_and_watches_it() {
    let azure = Simulator::builder().start().await.unwrap();
    let post = |path, body| control(&azure, "POST", path, body);
    let get = |path| control(&azure, "GET", path, Value::Null);
    post("clock", json!({ "scale": 0 })).await.assert(200);
    post("resource-groups", json!({ "name": "rg-b" }))
        .await
        .assert(200);
    let source = post(
        "collections",
        json!({ "resourceGroup": "rg-a", "name": "a", "location": "eastus" }),
    )
    .await
    .assert(200);
    let source = source.body["id"].as_str().unwrap().to_owned();
    let point = post(
        "restore-points",
        json!({ "collectionId": source, "name": "p", "timeCreated": "2027-01-04T02:00:00Z", "disks": ["os", "data"] }),
    )
    .await
    .assert(200);
    post("replication", json!({ "seconds": 100 }))
        .await
        .assert(200);

    let client = Client::signed_in(&azure).await;
    let target = collection("rg-b", "b");
    client
        .put(&target, crate::support::collection_body(&source, "westus2"))
        .await
        .assert(201);
    let copy = format!("{target}/restorePoints/p");
    client
        .copy(&copy, point.body["id"].as_str().unwrap())
        .await
        .assert(201);

    let clock = post("clock", json!({ "advanceSeconds": 50 }))
        .await
        .assert(200);
    assert_eq!(clock.body["scale"], json!(0.0));
    let percent = async |disk: usize| {
        let view = client.get(&format!("{copy}?$expand=instanceView")).await;
        view.body["properties"]["instanceView"]["diskRestorePoints"][disk]["replicationStatus"]["completionPercent"].clone()
    };
    assert_eq!(percent(1).await, json!(50));
    let set = |course: Value| {
        post(
            "disks",
            json!({ "restorePointId": copy, "disk": "data", "course": course }),
        )
    };
    for (course, expected) in [
        (json!({ "replicatingAtPercent": 7 }), 7),
        (json!({ "failedAtPercent": 8 }), 8),
        (json!({ "seconds": 100, "failsAtPercent": 9 }), 9),
        (json!({ "succeeded": true }), 100),
    ] {
        set(course).await.assert(200);
        assert_eq!(percent(1).await, json!(expected));
    }
    assert_eq!(percent(0).await, json!(50));

    let counters = get("counters").await.assert(200);
    assert_eq!(counters.body["unexpected"], json!(0));
    assert_eq!(counters.body["methods"]["PUT"], json!(2));
    let puts = get("requests?method=PUT&path=/restorePoints/")
        .await
        .assert(200);
    assert_eq!(puts.body["requests"].as_array().unwrap().len(), 1);
    assert_eq!(puts.body["requests"][0]["status"], json!(201));
    control(&azure, "DELETE", "requests", Value::Null)
        .await
        .assert(200);
    assert_eq!(get("counters").await.body["total"], json!(0));

    post(
        "tags",
        json!({ "collectionId": source, "tags": { "a": "b" } }),
    )
    .await
    .assert(200);
    assert_eq!(
        azure.resource(&source).unwrap()["tags"],
        json!({ "a": "b" })
    );
    control(&azure, "DELETE", "resources", json!({ "id": copy }))
        .await
        .assert(200);
    assert_eq!(azure.resource(&copy), None);
}

#[tokio::test]
async fn faults_are_set_and_removed() {
    let scene = Scene::set().await;
    let fault = |body| control(&scene.azure, "POST", "faults", body);
    let clear = || control(&scene.azure, "DELETE", "faults", Value::Null);
    let answer =
        json!({ "status": 429, "headers": { "Retry-After": "2" }, "body": { "error": {} } });
    fault(json!({ "method": "GET", "path": "/app-dr", "times": 1, "answer": answer }))
        .await
        .assert(200);
    let refused = scene.client.get(&scene.target).await.assert(429);
    assert_eq!(refused.header("retry-after"), Some("2"));
    scene.client.get(&scene.target).await.assert(200);

    fault(json!({ "amend": { "merge": { "location": null }, "removedHeaders": ["pragma"] } }))
        .await
        .assert(200);
    let amended = scene.client.get(&scene.target).await.assert(200);
    assert!(amended.body["location"].is_null() && amended.header("pragma").is_none());
    clear().await.assert(200);

    for action in [
        json!({ "close": { "apply": true } }),
        json!({ "truncate": true }),
    ] {
        fault(action).await.assert(200);
        assert!(
            scene
                .client
                .try_ask("GET", &scene.target, None)
                .await
                .is_err()
        );
        clear().await.assert(200);
    }
    for action in [json!({ "delaySeconds": 0.01 }), json!({ "notJson": true })] {
        fault(action).await.assert(200);
        scene.client.get(&scene.target).await.assert(200);
        clear().await.assert(200);
    }

    fault(json!({ "blackHole": { "apply": true } }))
        .await
        .assert(200);
    let release = async {
        scene
            .azure
            .wait_for(crate::support::PATIENCE, |log| {
                log.last()
                    .is_some_and(|request| request.fault == Some("blackHole"))
            })
            .await
            .unwrap();
        control(&scene.azure, "POST", "release", Value::Null)
            .await
            .assert(200);
    };
    let (reply, ()) = tokio::join!(scene.client.get(&scene.target), release);
    reply.assert(200);
}

#[tokio::test]
async fn mistakes_are_explained() {
    let azure = Simulator::builder().start().await.unwrap();
    for (path, body) in [
        ("clock", json!({ "scale": -1 })),
        ("clock", json!({ "advance": 1 })),
        ("faults", json!({})),
        ("faults", json!({ "truncate": true, "times": -1 })),
        ("replication", json!({ "seconds": 1, "succeeded": true })),
        (
            "disks",
            json!({ "restorePointId": "x", "course": { "succeeded": true } }),
        ),
        ("collections", json!({ "name": "a" })),
    ] {
        let refused = control(&azure, "POST", path, body).await.assert(400);
        assert!(refused.body["error"]["message"].is_string());
    }
    let unknown = control(&azure, "GET", "help", Value::Null)
        .await
        .assert(404);
    assert!(unknown.text.contains("/simulator/clock"));
    assert!(azure.requests().is_empty());
}
