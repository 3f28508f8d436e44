//! The sign-in service, and what becomes of its tokens.

use std::time::Duration;

use azure_simulator::{CLIENT_ID, CLIENT_SECRET, Simulator, TENANT_ID};
use serde_json::json;

use crate::support::{Client, Reply, Scene, encoded, form, http, read, token_url};

pub(crate) async fn sign_in(azure: &Simulator, form: &[(&str, String)]) -> Reply {
    sign_in_at(azure, &token_url(azure), form).await
}

async fn sign_in_at(azure: &Simulator, url: &str, form: &[(&str, String)]) -> Reply {
    let request = http(azure)
        .build()
        .unwrap()
        .post(url)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(encoded(form));
    read(request).await.unwrap()
}

#[tokio::test]
async fn wrong_credentials_are_refused_in_entra_ids_words() {
    let azure = Simulator::builder().start().await.unwrap();
    for (field, value, status, error, code) in [
        ("client_secret", "wrong", 401, "invalid_client", 7_000_215),
        ("client_id", "wrong", 400, "unauthorized_client", 700_016),
        (
            "scope",
            "https://graph.microsoft.com/.default",
            400,
            "invalid_scope",
            70_011,
        ),
        (
            "grant_type",
            "password",
            400,
            "unsupported_grant_type",
            70_003,
        ),
    ] {
        let mut form = form();
        form.retain(|(name, _)| *name != field);
        form.push((field, value.to_owned()));
        let refused = sign_in(&azure, &form).await.assert(status);
        assert_eq!(refused.body["error"], error);
        assert_eq!(refused.body["error_codes"], json!([code]));
        let description = refused.body["error_description"].as_str().unwrap();
        assert!(
            description.starts_with(&format!("AADSTS{code}: ")),
            "{description}"
        );
        for field in ["timestamp", "trace_id", "correlation_id"] {
            assert!(refused.body[field].is_string(), "{}", refused.text);
        }
    }
    let elsewhere = token_url(&azure).replace(TENANT_ID, "another-tenant");
    let refused = sign_in_at(&azure, &elsewhere, &form()).await.assert(400);
    assert_eq!(refused.body["error_codes"], json!([90_002]));
    assert!(azure.unexpected().is_empty());
}

#[tokio::test]
async fn foreign_parameters_are_a_loud_failure() {
    let azure = Simulator::builder().start().await.unwrap();
    let mut form = form();
    form.push(("resource", "https://management.azure.com".to_owned()));
    sign_in(&azure, &form).await.assert(400);
    assert_eq!(azure.unexpected().len(), 1);
}

#[tokio::test]
async fn tokens_differ_and_expire() {
    let azure = Simulator::builder()
        .token_lifetime(Duration::from_secs(7))
        .start()
        .await
        .unwrap();
    let first = sign_in(&azure, &form()).await.assert(200);
    let second = sign_in(&azure, &form()).await.assert(200);
    assert_eq!(first.body["expires_in"], json!(7));
    assert_ne!(first.body["access_token"], second.body["access_token"]);

    let scene = Scene::set().await;
    scene.client.get(&scene.source).await.assert(200);
    // The client's clock cannot be advanced, so its token does not age with the simulator's.
    scene.azure.advance(Duration::from_secs(86_400));
    scene.client.get(&scene.source).await.assert(200);
    scene.azure.expire_tokens();
    let refused = scene.client.get(&scene.source).await;
    let refused = refused.assert_refused(401, "ExpiredAuthenticationToken");
    assert!(refused.header("www-authenticate").is_some());
    let again = Client::signed_in(&scene.azure).await;
    again.get(&scene.source).await.assert(200);
}

#[tokio::test]
async fn tokens_of_others_are_refused() {
    let scene = Scene::set().await;
    let url = format!(
        "{}{}?api-version=2024-07-01",
        scene.azure.endpoint(),
        scene.source
    );
    let request = http(&scene.azure)
        .build()
        .unwrap()
        .get(url)
        .bearer_auth("made-up");
    let refused = read(request).await.unwrap();
    refused.assert_refused(401, "InvalidAuthenticationToken");
    assert!(scene.azure.unexpected().is_empty());
}

#[tokio::test]
async fn the_log_keeps_no_secret() {
    let scene = Scene::set().await;
    let issued = sign_in(&scene.azure, &form()).await;
    scene.copy("monday").await.assert(201);
    let log = format!("{:?}", scene.azure.requests());
    assert!(log.contains("(secret)") && log.contains("token 1"), "{log}");
    assert!(!log.contains(CLIENT_SECRET), "{log}");
    assert!(
        !log.contains(issued.body["access_token"].as_str().unwrap()),
        "{log}"
    );
}

#[tokio::test]
async fn a_revoked_client_gets_no_more_tokens() {
    let scene = Scene::set().await;
    for (code, status, error) in [
        (700_016, 400, "unauthorized_client"),
        (7_000_112, 400, "unauthorized_client"),
        (7_000_215, 401, "invalid_client"),
        (7_000_222, 401, "invalid_client"),
    ] {
        scene.azure.revoke_client(code);
        let refused = sign_in(&scene.azure, &form()).await.assert(status);
        assert_eq!(refused.body["error"], error);
        assert_eq!(refused.body["error_codes"], json!([code]));
        let description = refused.body["error_description"].as_str().unwrap();
        assert!(
            description.starts_with(&format!("AADSTS{code}: ")) && description.contains(CLIENT_ID),
            "{description}"
        );
    }
    // What was issued is good until it expires.
    scene.client.get(&scene.source).await.assert(200);
    scene.azure.restore_client();
    sign_in(&scene.azure, &form()).await.assert(200);
}
