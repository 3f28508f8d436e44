//! What the simulator does not know is refused loudly; what it knows is logged.

use serde_json::{Value, json};

use crate::support::{Client, Scene, collection_body, copy_body, http};

#[tokio::test]
async fn unknown_requests_are_marked_in_the_log() {
    let scene = Scene::set().await;
    let source = scene.source_point("monday");
    let mut misspelt = copy_body(&source);
    misspelt["properties"]["sourceRestorePointId"] = json!(source);
    let mut excluding = copy_body(&source);
    excluding["properties"]["excludeDisks"] = json!([]);
    let mut named = collection_body(&scene.source, "westeurope");
    named["name"] = json!("app-dr");
    let network = scene
        .target
        .replace("Microsoft.Compute", "Microsoft.Network");
    let unknown: Vec<(&str, String, Option<Value>, u16)> = vec![
        ("GET", network, None, 404),
        ("GET", "/".to_owned(), None, 404),
        ("GET", format!("{}/restorePoints", scene.target), None, 404),
        ("POST", scene.target.clone(), None, 400),
        ("PATCH", scene.copy_point("monday"), Some(json!({})), 400),
        (
            "GET",
            format!("{}?$expand=instanceView", scene.target),
            None,
            400,
        ),
        ("GET", format!("{}?$top=1", scene.target), None, 400),
        ("PUT", scene.target.clone(), Some(named), 400),
        ("PUT", scene.copy_point("monday"), Some(misspelt), 400),
        ("PUT", scene.copy_point("monday"), Some(excluding), 400),
        ("PUT", scene.copy_point("monday"), Some(json!({})), 400),
        ("PUT", scene.copy_point("monday"), Some(json!([])), 400),
        ("PUT", scene.copy_point("monday"), None, 400),
        (
            "PATCH",
            scene.target.clone(),
            Some(json!({ "tags": { "a": 1 } })),
            400,
        ),
    ];
    for (number, (method, path, body, status)) in unknown.into_iter().enumerate() {
        let refused = scene.client.ask(method, &path, body).await.assert(status);
        assert!(!refused.code().is_empty(), "{}", refused.text);
        assert_eq!(
            scene.azure.unexpected().len(),
            number + 1,
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn operation_urls_have_to_come_back_untouched() {
    let scene = Scene::set().await;
    let begun = scene.copy("monday").await.assert(201);
    let url = begun.header("azure-asyncoperation").unwrap();
    let (bare, _) = url.split_once('?').unwrap();
    let altered = format!("{bare}?api-version=2024-07-01");
    scene
        .client
        .url(&altered)
        .await
        .assert_refused(400, "InvalidQueryParameter");
    assert_eq!(scene.azure.unexpected().len(), 1);
    scene.client.url(url).await.assert(200);
}

#[tokio::test]
async fn other_subscriptions_do_not_exist() {
    let scene = Scene::set().await;
    let subscription = scene.azure.subscription_id();
    let foreign = scene.target.replace(&subscription, "another");
    scene
        .client
        .get(&foreign)
        .await
        .assert_refused(404, "SubscriptionNotFound");
    let missing = scene
        .source_point("monday")
        .replace(&subscription, "another");
    let refused = scene
        .client
        .copy(&scene.copy_point("monday"), &missing)
        .await;
    refused.assert(400);
}

#[tokio::test]
async fn requests_are_logged_with_who_asked() {
    let scene = Scene::set().await;
    let http = http(&scene.azure).user_agent("tester/1.0").build().unwrap();
    let client = Client::over(&scene.azure, http.clone()).await;
    client.get(&scene.target).await.assert(200);
    let url = format!(
        "{}{}?api-version=2024-07-01",
        scene.azure.endpoint(),
        scene.target
    );
    let request = http
        .get(url)
        .header("x-ms-client-request-id", "client-1")
        .header("x-ms-correlation-request-id", "correlation-1")
        .header("x-ms-return-client-request-id", "true");
    let reply = crate::support::read(request).await.unwrap().assert(401);
    assert_eq!(
        reply.header("x-ms-correlation-request-id"),
        Some("correlation-1")
    );
    assert_eq!(reply.header("x-ms-client-request-id"), Some("client-1"));

    let log = scene.azure.requests();
    let last = log.last().unwrap();
    assert_eq!(last.sequence, log.len() as u64);
    assert_eq!(last.user_agent.as_deref(), Some("tester/1.0"));
    assert_eq!(last.client_request_id.as_deref(), Some("client-1"));
    assert_eq!(last.correlation_request_id, "correlation-1");
    assert_eq!(
        (last.status, last.authorization.as_deref()),
        (Some(401), None)
    );
    assert_eq!(log[log.len() - 2].authorization.as_deref(), Some("token 2"));
    assert_eq!(scene.azure.count("get", "APP-DR"), 2);
    assert_eq!(scene.azure.count("", "/oauth2/"), 2);
    scene.azure.clear_requests();
    assert!(scene.azure.requests().is_empty());
}
