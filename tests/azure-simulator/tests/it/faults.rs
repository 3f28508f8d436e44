//! Faults befall what they match, and do what they say.

use std::pin::pin;
use std::time::{Duration, Instant};

use azure_simulator::Fault;
use serde_json::json;

use crate::support::{Client, OPERATION, PATIENCE, Scene, copy_body, http};

/// Both versions of HTTP break in ways of their own.
async fn scene(over_http1: bool) -> Scene {
    let mut scene = Scene::set().await;
    if over_http1 {
        let http1 = http(&scene.azure).http1_only().build().unwrap();
        scene.client = Client::over(&scene.azure, http1).await;
    }
    scene
}

#[tokio::test]
async fn answers_are_replaced_without_an_effect() {
    let scene = Scene::set().await;
    let busy = json!({ "error": { "code": "ServerBusy", "message": "Busy." } });
    scene.azure.fault(
        Fault::answer(503, busy)
            .header("Retry-After", "7")
            .on("PUT", "/restorepoints/")
            .skip(1)
            .times(1),
    );
    scene.copy("monday").await.assert(201);
    scene.finish();
    let refused = scene
        .copy("tuesday")
        .await
        .assert_refused(503, "ServerBusy");
    assert_eq!(refused.header("retry-after"), Some("7"));
    assert!(refused.header("x-ms-request-id").is_some());
    assert_eq!(scene.azure.resource(&scene.copy_point("tuesday")), None);
    scene.copy("tuesday").await.assert(201);
    let faults: Vec<_> = scene
        .azure
        .requests()
        .iter()
        .filter_map(|request| request.fault)
        .collect();
    assert_eq!(faults, ["answer"]);
}

#[tokio::test]
async fn answers_are_amended() {
    let scene = Scene::set().await;
    scene.azure.fault(
        Fault::amend(
            json!({ "properties": { "provisioningState": "Updating", "timeCreated": null } }),
        )
        .header("Retry-After", "3")
        .without_header("azure-asyncoperation")
        .on("PUT", "/restorePoints/"),
    );
    let begun = scene.copy("monday").await.assert(201);
    assert_eq!(begun.body["properties"]["provisioningState"], "Updating");
    assert!(begun.body["properties"]["timeCreated"].is_null());
    assert_eq!(begun.header("retry-after"), Some("3"));
    assert_eq!(begun.header("azure-asyncoperation"), None);
    assert!(scene.azure.resource(&scene.copy_point("monday")).is_some());
}

#[tokio::test]
async fn connections_close_with_and_without_an_effect() {
    for over_http1 in [false, true] {
        for apply in [false, true] {
            let scene = scene(over_http1).await;
            scene
                .azure
                .fault(Fault::close(apply).on("PUT", "").times(1));
            let body = Some(copy_body(&scene.source_point("monday")));
            let id = scene.copy_point("monday");
            let answer = scene.client.try_ask("PUT", &id, body).await;
            assert!(answer.is_err(), "{answer:?}");
            assert_eq!(scene.azure.resource(&id).is_some(), apply);
            let log = scene.azure.requests();
            let request = log.last().unwrap();
            assert_eq!((request.fault, request.status), (Some("close"), None));
            let version = if over_http1 { "HTTP/1.1" } else { "HTTP/2.0" };
            assert_eq!(request.version, version);
            scene.client.get(&scene.target).await.assert(200);
        }
    }
}

#[tokio::test]
async fn a_black_hole_answers_when_it_is_released() {
    for apply in [false, true] {
        let scene = Scene::set().await;
        scene
            .azure
            .fault(Fault::black_hole(apply).on("PUT", "/restorePoints/"));
        let id = scene.copy_point("monday");
        let mut put = pin!(scene.copy("monday"));
        tokio::select! {
            reply = &mut put => panic!("{reply:?}"),
            seen = scene.azure.wait_for_count(PATIENCE, "PUT", "", 1) => drop(seen.unwrap()),
        }
        assert_eq!(scene.azure.requests().last().unwrap().status, None);
        scene.azure.clear_faults();
        scene.azure.release();
        put.await.assert(201);
        assert!(scene.azure.resource(&id).is_some());
        assert_eq!(scene.azure.count("PUT", "/restorePoints/"), 1);
    }
}

#[tokio::test]
async fn a_black_hole_forgets_who_hung_up() {
    for over_http1 in [false, true] {
        let scene = scene(over_http1).await;
        let hole = Fault::black_hole(false).on("PUT", "").times(1);
        scene.azure.fault(hole);
        {
            let mut put = pin!(scene.copy("monday"));
            tokio::select! {
                reply = &mut put => panic!("{reply:?}"),
                seen = scene.azure.wait_for_count(PATIENCE, "PUT", "", 1) => drop(seen.unwrap()),
            }
            // Dropping the request here resets its stream, or closes its connection.
        }
        // What comes after that is answered after it.
        scene.client.get(&scene.target).await.assert(200);
        scene.azure.release();
        scene.client.get(&scene.target).await.assert(200);
        assert_eq!(scene.azure.resource(&scene.copy_point("monday")), None);
    }
}

#[tokio::test]
async fn bodies_break_off_in_the_middle() {
    for over_http1 in [false, true] {
        let scene = scene(over_http1).await;
        scene
            .azure
            .fault(Fault::truncate().on("GET", "/app-dr").times(1));
        let answer = scene.client.try_ask("GET", &scene.target, None).await;
        let error = answer.unwrap_err();
        // The head had arrived: what failed is the reading of the body.
        assert!(error.is_body() || error.is_decode(), "{error:?}");
        scene.client.get(&scene.target).await.assert(200);
    }
}

#[tokio::test]
async fn pages_come_instead_of_json() {
    let scene = Scene::set().await;
    scene
        .azure
        .fault(Fault::not_json().on("PUT", "/restorePoints/"));
    let page = scene.copy("monday").await.assert(200);
    assert!(page.text.starts_with("<html>"));
    assert_eq!(page.header("content-type"), Some("text/html"));
    assert!(scene.azure.resource(&scene.copy_point("monday")).is_some());
}

#[tokio::test]
async fn delayed_answers_take_effect_at_once() {
    let scene = Scene::set().await;
    let delay = Duration::from_millis(200);
    scene
        .azure
        .fault(Fault::delay(delay).on("PUT", "/restorePoints/"));
    let id = scene.copy_point("monday");
    let began = Instant::now();
    let mut put = pin!(scene.copy("monday"));
    tokio::select! {
        reply = &mut put => panic!("{reply:?}"),
        seen = scene.azure.wait_for_count(PATIENCE, "PUT", "", 1) => drop(seen.unwrap()),
    }
    put.await.assert(201);
    assert!(began.elapsed() >= delay);
    assert!(scene.azure.resource(&id).is_some());
}

#[tokio::test]
async fn faults_befall_the_token_endpoint_and_can_be_removed() {
    let scene = Scene::set().await;
    let down = scene
        .azure
        .fault(Fault::answer(502, json!("down")).on("POST", "/oauth2/"));
    let refused = crate::signing_in::sign_in(&scene.azure, &crate::support::form()).await;
    assert_eq!((refused.status, refused.text.as_str()), (502, "down"));
    scene.azure.remove_fault(down);
    Client::signed_in(&scene.azure).await;
}

#[tokio::test]
async fn operations_can_be_made_to_fail_by_a_fault_alone() {
    let scene = Scene::set().await;
    let begun = scene.copy("monday").await.assert(201);
    scene.azure.fault(
        Fault::answer(403, json!({ "error": { "code": "AuthorizationFailed" } }))
            .on("GET", "/operations/"),
    );
    scene.azure.advance(OPERATION);
    let refused = scene
        .client
        .url(begun.header("azure-asyncoperation").unwrap())
        .await;
    refused.assert_refused(403, "AuthorizationFailed");
    scene
        .client
        .get(&scene.copy_point("monday"))
        .await
        .assert(200);
}
