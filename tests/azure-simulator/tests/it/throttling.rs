//! Token buckets, when a test asks for them.

use std::time::Duration;

use azure_simulator::{Simulator, Throttling};
use serde_json::Value;

use crate::support::{OPERATION, Scene};

const GETS: &str = "LowCostGetRestorePointSubscriptionMaximum";
const RESOURCE: &str = "x-ms-ratelimit-remaining-resource";

async fn throttled(throttling: Throttling) -> Scene {
    let start = time::macros::datetime!(2027-01-07 10:00:20 UTC);
    Scene::of(
        Simulator::builder()
            .throttling(throttling)
            .start_time(start),
    )
    .await
}

#[tokio::test]
async fn without_a_word_nothing_is_throttled() {
    let scene = Scene::set().await;
    for _ in 0..2 {
        let got = scene.client.get(&scene.target).await.assert(200);
        assert_eq!(
            got.header(RESOURCE),
            Some(&*format!("Microsoft.Compute/{GETS};599"))
        );
    }
    assert!(scene.azure.throttled().is_empty());
}

/// The first answers look like recorded ones, the next ones have less.
#[tokio::test]
async fn headers_show_what_is_left() {
    let unlimited = Scene::set().await;
    let scene = throttled(Throttling::default()).await;
    let recorded = unlimited.copy("monday").await.assert(201);
    let first = scene.copy("monday").await.assert(201);
    let writes = "x-ms-ratelimit-remaining-subscription-writes";
    for name in [RESOURCE, writes] {
        assert_eq!(first.header(name), recorded.header(name));
    }
    let again = scene.copy("monday").await.assert(201);
    assert_eq!(
        again.header(RESOURCE),
        Some(
            "Microsoft.Compute/PutRestorePointResource;4,Microsoft.Compute/PutRestorePointSubscriptionMaximum;148"
        )
    );
    assert_eq!(again.header(writes), Some("198"));
    let operation = first.header("azure-asyncoperation").unwrap();
    let poll = scene.client.url(operation).await.assert(200);
    let recorded = unlimited
        .client
        .url(recorded.header("azure-asyncoperation").unwrap())
        .await
        .assert(200);
    assert_eq!(poll.header(RESOURCE), recorded.header(RESOURCE));
    scene.azure.advance(OPERATION);
    let deleted = scene.client.delete(&scene.copy_point("monday")).await;
    let left = deleted.assert(202);
    assert_eq!(
        left.header(RESOURCE),
        Some(
            "Microsoft.Compute/DeleteRestorePoints3Min;349,Microsoft.Compute/DeleteRestorePoints30Min;999"
        )
    );
}

#[tokio::test]
async fn an_empty_bucket_refuses_until_the_minute_is_over() {
    let scene = throttled(Throttling::default().capacity(GETS, 2)).await;
    for _ in 0..2 {
        scene.client.get(&scene.target).await.assert(200);
    }
    let refused = scene.client.get(&scene.target).await.assert(429);
    assert_eq!(refused.header("retry-after"), Some("40"));
    assert_eq!(
        refused.header(RESOURCE),
        Some(&*format!("Microsoft.Compute/{GETS};0"))
    );
    // As documented: no `error` around it, and a measurement in a string.
    assert_eq!(refused.body["code"], "OperationNotAllowed");
    let detail = &refused.body["details"][0];
    assert_eq!(detail["code"], "TooManyRequests");
    assert_eq!(detail["target"], GETS);
    let measured: Value = serde_json::from_str(detail["message"].as_str().unwrap()).unwrap();
    assert_eq!(measured["allowedRequestCount"], 2);
    assert_eq!(measured["measuredRequestCount"], 3);
    // The other region, and what the gateway answers itself, have no part in it.
    scene.client.get(&scene.source).await.assert(200);
    let list = scene.target.rsplit_once('/').unwrap().0;
    scene.client.get(list).await.assert(200);
    assert_eq!(scene.azure.throttled()[GETS], 1);

    scene.azure.advance(Duration::from_secs(39));
    scene.client.get(&scene.target).await.assert(429);
    scene.azure.advance(Duration::from_secs(1));
    scene.client.get(&scene.target).await.assert(200);
    assert_eq!(scene.azure.throttled()[GETS], 2);
}

#[tokio::test]
async fn a_refused_put_has_no_effect() {
    let scene = throttled(Throttling::default().capacity("PutRestorePointResource", 1)).await;
    scene.copy("monday").await.assert(201);
    scene.finish();
    scene.azure.set_throttling(Some(
        Throttling::default().capacity("PutRestorePointResource", 0),
    ));
    scene.copy("tuesday").await.assert(429);
    assert_eq!(scene.azure.resource(&scene.copy_point("tuesday")), None);
    scene.azure.set_throttling(None);
    scene.copy("tuesday").await.assert(201);
}

#[tokio::test]
async fn the_gateway_limits_whatever_it_passes_on() {
    let scene = throttled(
        Throttling::default()
            .capacity("reads", 1)
            .refill("reads", 1),
    )
    .await;
    scene.client.get(&scene.target).await.assert(200);
    let refused = scene
        .client
        .get(&scene.source)
        .await
        .assert_refused(429, "SubscriptionRequestsThrottled");
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(refused.header("x-ms-failure-cause"), Some("gateway"));
    scene.copy("monday").await.assert(201);
    scene.azure.advance(Duration::from_secs(1));
    scene.client.get(&scene.source).await.assert(200);
}

#[tokio::test]
async fn retry_after_is_in_the_clients_seconds() {
    let scene = throttled(Throttling::default().capacity(GETS, 0)).await;
    scene.azure.scale(10.0);
    let refused = scene.client.get(&scene.target).await.assert(429);
    assert_eq!(refused.header("retry-after"), Some("4"));
}
