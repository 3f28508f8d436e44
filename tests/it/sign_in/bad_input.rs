//! What goes wrong at the first sign-in: one clear error each, soon.

use std::time::{Duration, Instant};

use azure_simulator::{FEDERATED_SUBJECT, Fault, Simulator};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::{certificate, pem, stranger};
use crate::support::world::World;

/// What a person is ready to wait for the news that something is misspelt; a loaded machine
/// included.
const SOON: Duration = Duration::from_secs(30);

async fn stranger_with(settings: &[(&str, &str)]) -> World {
    let mut world = stranger(|azure| azure.certificate(&pem("rsa2048.pem"))).await;
    for (name, value) in settings {
        world.terraform.set(name, *value);
    }
    world
}

/// Applies, and expects exactly one error with all these words.
async fn refused(world: &World, words: &[&str]) {
    let collection = world.collection("");
    world
        .terraform
        .write(&format!("provider \"azrestorepoint\" {{}}\n{collection}"));
    let began = Instant::now();
    let mut apply = world.terraform.apply().await.expect_code(1);
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    for words in words {
        apply = apply.expect_text(words);
    }
    assert_eq!(apply.text.matches("Error: ").count(), 1, "{}", apply.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_of_a_bundle() {
    for name in ["modern.pfx", "legacy.pfx"] {
        let path = certificate(name).0;
        let world = stranger_with(&[
            ("ARM_CLIENT_CERTIFICATE_PATH", &path),
            ("ARM_CLIENT_CERTIFICATE_PASSWORD", "wrong"),
        ])
        .await;
        refused(
            &world,
            &[name, "client_certificate_password is not its password"],
        )
        .await;
        assert!(world.azure.requests().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_without_its_key() {
    let path = certificate("rsa2048-certificate-only.pem").0;
    let world = stranger_with(&[("ARM_CLIENT_CERTIFICATE_PATH", &path)]).await;
    refused(
        &world,
        &["client_certificate_path", "it has no private key"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_file_that_cannot_be_read() {
    let world = stranger_with(&[
        ("ARM_USE_OIDC", "true"),
        ("ARM_OIDC_TOKEN_FILE_PATH", "/nowhere/token"),
    ])
    .await;
    refused(
        &world,
        &["/nowhere/token", "oidc_token_file_path", "No such file"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_has_ended() {
    let mut world = stranger_with(&[("ARM_USE_OIDC", "true")]).await;
    let token = world.azure.oidc_token(FEDERATED_SUBJECT);
    world.azure.expire_oidc_tokens();
    world.terraform.set("ARM_OIDC_TOKEN", token);
    refused(&world, &["AADSTS700024", "oidc_token_file_path"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_wrong() {
    let path = certificate("rsa2048.pem").0;
    let world = stranger_with(&[("ARM_CLIENT_CERTIFICATE_PATH", &path)]).await;
    let refusal = serde_json::json!({
        "error": "invalid_client",
        "error_description": "AADSTS700024: Client assertion is not within its valid time range.",
        "error_codes": [700_024],
    });
    let fault = Fault::answer(401, refusal)
        .header("Date", "Sun, 04 Jan 2099 00:00:00 GMT")
        .on("POST", "/oauth2/v2.0/token");
    world.azure.fault(fault);
    refused(
        &world,
        &[
            "AADSTS700024",
            "min behind Entra ID's",
            "check this machine's clock",
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_nobody_here_trusts() {
    let other = Simulator::builder().start().await.expect("another Azure");
    let mut world = World::ready().await;
    let authority = other.certificate_authority_file().to_owned();
    world.terraform.set("SSL_CERT_FILE", authority);
    refused(
        &world,
        &["cannot trust the TLS certificate", "SSL_CERT_FILE"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_does_not_exist() {
    let mut world = World::ready().await;
    world.terraform.set(
        "ARM_ACTIVE_DIRECTORY_AUTHORITY_HOST",
        "https://login.invalid",
    );
    refused(
        &world,
        &["cannot find the host login.invalid", "HTTPS_PROXY"],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_where_nobody_answers() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    for variable in [
        "ARM_ACTIVE_DIRECTORY_AUTHORITY_HOST",
        "ARM_RESOURCE_MANAGER_ENDPOINT",
    ] {
        let mut world = World::ready().await;
        world
            .terraform
            .set(variable, format!("https://localhost:{port}"));
        // As long as users wait.
        world.terraform.set("AZRESTOREPOINT_TEST_TIME_SCALE", "1");
        refused(&world, &["annot connect to localhost", "Nobody answers at"]).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_asks_who_we_are() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let proxy = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = [0; 1024];
            let _ = stream.read(&mut head).await;
            let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"p\"\r\ncontent-length: 0\r\n\r\n";
            let _ = stream.write_all(refusal.as_bytes()).await;
        }
    });
    let mut world = World::ready().await;
    world
        .terraform
        .set("HTTPS_PROXY", format!("http://{address}"));
    refused(&world, &["the proxy asks who we are", "HTTPS_PROXY"]).await;
    proxy.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_without_an_identity() {
    let world = stranger_with(&[
        ("ARM_USE_MSI", "true"),
        (
            "ARM_MSI_ENDPOINT",
            "http://127.0.0.1:1/metadata/identity/oauth2/token",
        ),
    ])
    .await;
    refused(&world, &["managed identity answers here", "msi_endpoint"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_in_part() {
    let world = stranger_with(&[
        ("ARM_USE_OIDC", "true"),
        ("ARM_OIDC_REQUEST_URL", "https://localhost/t"),
    ])
    .await;
    refused(
        &world,
        &[
            "OIDC request credential is incomplete",
            "oidc_request_token (environment variable ARM_OIDC_REQUEST_TOKEN)",
        ],
    )
    .await;
}
