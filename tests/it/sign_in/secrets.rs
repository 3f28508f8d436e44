//! What opens doors is printed nowhere.

use std::time::Duration;

use azure_simulator::{CLIENT_SECRET, FEDERATED_SUBJECT, IDENTITY_HEADER, OIDC_REQUEST_TOKEN};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::azure_cli::AzureCli;
use super::{certificate, pem, stranger};
use crate::support::world::World;

/// Runs everything that prints, as loud as it can be, and gives all of it.
async fn everything_printed(world: &mut World) -> String {
    world.terraform.set("TF_LOG", "TRACE");
    world.write("", "");
    let mut printed = String::new();
    for arguments in [
        &["plan", "-out=plan", "-input=false"][..],
        &["show", "-json", "plan"],
        &["apply", "-input=false", "plan"],
        &["plan", "-input=false"],
        &["show", "-json"],
    ] {
        let output = world.terraform.run(arguments).await.expect_code(0);
        printed.push_str(&output.printed);
    }
    // A panic prints what it finds.
    world.terraform.set("AZRESTOREPOINT_TEST_PANIC", "pause");
    let destroy = world.terraform.destroy().await;
    printed.push_str(&destroy.printed);
    for file in ["terraform.tfstate", "plan"] {
        let content = std::fs::read(world.terraform.path().join(file)).unwrap_or_default();
        printed.push_str(&String::from_utf8_lossy(&content));
    }
    printed
}

#[track_caller]
fn assert_hides(printed: &str, secrets: &[String], world: &World) {
    let issued = world.azure.issued_secrets();
    assert!(!issued.is_empty());
    for secret in secrets.iter().chain(&issued) {
        assert!(!secret.is_empty());
        let at = printed.find(secret.as_str());
        assert!(
            at.is_none(),
            "{secret:?} is printed: {}",
            at.map(|at| String::from_utf8_lossy(&printed.as_bytes()[at.saturating_sub(200)..at]))
                .unwrap_or_default()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_printed_whatever_it_is() {
    let password = "test-pfx-password";
    let bundle = STANDARD.encode(certificate("modern.pfx").1);
    let request_url =
        |world: &World| format!("{}/github/idtoken?api-version=2.0", world.azure.endpoint());
    let identity_url = |world: &World| format!("{}/msi/token", world.azure.endpoint());
    for kind in [
        "secret",
        "certificate",
        "token",
        "request",
        "identity",
        "cli",
    ] {
        let mut world = stranger(|azure| azure.certificate(&pem("rsa2048.pem"))).await;
        let token = world.azure.oidc_token(FEDERATED_SUBJECT);
        let (settings, secrets): (Vec<(&str, String)>, Vec<String>) = match kind {
            "secret" => (
                vec![("ARM_CLIENT_SECRET", CLIENT_SECRET.to_owned())],
                vec![CLIENT_SECRET.to_owned()],
            ),
            "certificate" => (
                vec![
                    ("ARM_CLIENT_CERTIFICATE", bundle.clone()),
                    ("ARM_CLIENT_CERTIFICATE_PASSWORD", password.to_owned()),
                ],
                vec![bundle[100..140].to_owned(), password.to_owned()],
            ),
            "token" => (
                vec![
                    ("ARM_USE_OIDC", "true".to_owned()),
                    ("ARM_OIDC_TOKEN", token.clone()),
                ],
                vec![token],
            ),
            "request" => (
                vec![
                    ("ARM_USE_OIDC", "true".to_owned()),
                    ("ARM_OIDC_REQUEST_URL", request_url(&world)),
                    ("ARM_OIDC_REQUEST_TOKEN", OIDC_REQUEST_TOKEN.to_owned()),
                ],
                vec![OIDC_REQUEST_TOKEN.to_owned()],
            ),
            // The only secret is the token that az gives, which is one of Azure's own.
            "cli" => {
                AzureCli::signed_in(&mut world, Duration::from_secs(3600));
                (vec![("ARM_USE_CLI", "true".to_owned())], Vec::new())
            }
            _ => (
                vec![
                    ("ARM_USE_MSI", "true".to_owned()),
                    ("IDENTITY_ENDPOINT", identity_url(&world)),
                    ("IDENTITY_HEADER", IDENTITY_HEADER.to_owned()),
                ],
                vec![IDENTITY_HEADER.to_owned()],
            ),
        };
        for (name, value) in settings {
            world.terraform.set(name, value);
        }
        let printed = everything_printed(&mut world).await;
        assert!(
            printed.contains("Azure Resource Manager was asked"),
            "{kind}"
        );
        assert_hides(&printed, &secrets, &world);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_quotes_the_secret_is_told_without_it() {
    let world = World::ready().await;
    let quoting = serde_json::json!({
        "error": "invalid_client",
        "error_description": format!("AADSTS7000215: Invalid client secret {CLIENT_SECRET}."),
    });
    world
        .azure
        .fault(azure_simulator::Fault::answer(401, quoting).on("POST", "/oauth2/v2.0/token"));
    world.write("", "");
    let apply = world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("AADSTS7000215");
    assert!(!apply.text.contains(CLIENT_SECRET), "{}", apply.text);
}
