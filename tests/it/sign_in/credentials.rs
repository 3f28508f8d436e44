//! Each credential, through a real Terraform that copies a restore point with it.

use azure_simulator::{
    CLIENT_ID, CLIENT_SECRET, FEDERATED_SUBJECT, IDENTITY_HEADER, OIDC_REQUEST_TOKEN,
    SERVICE_CONNECTION_ID, TENANT_ID,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{certificate, pem, stranger, token_path, whole_copy};

#[tokio::test(flavor = "multi_thread")]
async fn a_client_secret_in_a_file_signs_in() {
    let mut world = stranger(|azure| azure).await;
    for (variable, content) in [
        ("ARM_CLIENT_ID_FILE_PATH", format!("{CLIENT_ID}\n")),
        (
            "ARM_CLIENT_SECRET_FILE_PATH",
            format!("{CLIENT_SECRET}\r\n"),
        ),
    ] {
        let path = world.terraform.path().join(variable);
        std::fs::write(&path, content).expect("a file");
        world.terraform.set(variable, path);
    }
    world.terraform.set("ARM_CLIENT_ID", "");
    whole_copy(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_certificate_signs_in() {
    let password = "test-pfx-password";
    for (name, registered, password) in [
        ("rsa2048.pem", "rsa2048.pem", ""),
        ("rsa4096.pem", "rsa4096.pem", ""),
        ("p256.pem", "p256.pem", ""),
        ("p384.pem", "p384.pem", ""),
        ("modern.pfx", "rsa2048.pem", password),
        ("legacy.pfx", "rsa2048.pem", password),
        ("p256-no-password.pfx", "p256.pem", ""),
    ] {
        let mut world = stranger(|azure| azure.certificate(&pem(registered))).await;
        let set = &mut world.terraform;
        set.set("ARM_CLIENT_CERTIFICATE_PATH", certificate(name).0);
        set.set("ARM_CLIENT_CERTIFICATE_PASSWORD", password);
        world.write("", "");
        world.terraform.apply().await.expect_code(0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_in_the_configuration_signs_in() {
    let world = stranger(|azure| azure.certificate(&pem("rsa2048.pem"))).await;
    let encoded = STANDARD.encode(certificate("legacy.pfx").1);
    let configuration = world.configuration("", "");
    world.terraform.write(&format!(
        "provider \"azrestorepoint\" {{\n  client_certificate = \"{encoded}\"\n  client_certificate_password = \"test-pfx-password\"\n}}\n{configuration}"
    ));
    world.terraform.apply().await.expect_code(0);
    world.terraform.plan().await.expect_code(0);
    world.terraform.destroy().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_not_the_applications_is_refused_with_a_hint() {
    let mut world = stranger(|azure| azure.certificate(&pem("rsa4096.pem"))).await;
    let path = certificate("rsa2048.pem").0;
    world.terraform.set("ARM_CLIENT_CERTIFICATE_PATH", path);
    world.write("", "");
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("AADSTS700027")
        .expect_text("Upload this very certificate");
}

#[tokio::test(flavor = "multi_thread")]
async fn oidc_tokens_sign_in_however_they_are_given() {
    // As a value.
    let mut world = stranger(|azure| azure).await;
    world.terraform.set("ARM_USE_OIDC", "true");
    let token = world.azure.oidc_token(FEDERATED_SUBJECT);
    world.terraform.set("ARM_OIDC_TOKEN", token);
    whole_copy(&world).await;

    // In a file, with the line end of an editor.
    let mut world = stranger(|azure| azure).await;
    world.terraform.set("ARM_USE_OIDC", "true");
    let token = world.azure.oidc_token(FEDERATED_SUBJECT);
    let path = world.terraform.path().join("token");
    std::fs::write(&path, format!("{token}\n")).expect("a file");
    world.terraform.set("ARM_OIDC_TOKEN_FILE_PATH", path);
    whole_copy(&world).await;

    // In the file of a cluster, which names tenant and application, too.
    let mut world = stranger(|azure| azure).await;
    let token = world.azure.oidc_token(FEDERATED_SUBJECT);
    let path = world.terraform.path().join("token");
    std::fs::write(&path, token).expect("a file");
    for (name, value) in [
        ("ARM_USE_AKS_WORKLOAD_IDENTITY", "true"),
        ("ARM_TENANT_ID", ""),
        ("ARM_CLIENT_ID", ""),
        ("AZURE_TENANT_ID", TENANT_ID),
        ("AZURE_CLIENT_ID", CLIENT_ID),
    ] {
        world.terraform.set(name, value);
    }
    world.terraform.set("AZURE_FEDERATED_TOKEN_FILE", path);
    whole_copy(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_of_github_signs_in() {
    let mut world = stranger(|azure| azure).await;
    let url = format!("{}/github/idtoken?api-version=2.0", world.azure.endpoint());
    world.terraform.set("ARM_USE_OIDC", "true");
    world.terraform.set("ACTIONS_ID_TOKEN_REQUEST_URL", url);
    let token = OIDC_REQUEST_TOKEN;
    world.terraform.set("ACTIONS_ID_TOKEN_REQUEST_TOKEN", token);
    let tokens = whole_copy(&world).await;
    // A new one for every sign-in: they live for minutes.
    assert_eq!(world.azure.count("GET", "/github/idtoken"), tokens);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_of_azure_devops_signs_in() {
    let mut world = stranger(|azure| azure).await;
    let url = format!("{}/azure-devops/oidctoken", world.azure.endpoint());
    for (name, value) in [
        ("ARM_USE_OIDC", "true"),
        ("SYSTEM_OIDCREQUESTURI", url.as_str()),
        ("SYSTEM_ACCESSTOKEN", OIDC_REQUEST_TOKEN),
        (
            "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
            SERVICE_CONNECTION_ID,
        ),
    ] {
        world.terraform.set(name, value);
    }
    let tokens = whole_copy(&world).await;
    let asked = world.azure.count("POST", "/azure-devops/oidctoken");
    assert_eq!(asked, tokens);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_that_gives_no_token_says_why() {
    let mut world = stranger(|azure| azure).await;
    let url = format!("{}/github/idtoken?api-version=2.0", world.azure.endpoint());
    world.terraform.set("ARM_USE_OIDC", "true");
    world.terraform.set("ARM_OIDC_REQUEST_URL", url);
    world.terraform.set("ARM_OIDC_REQUEST_TOKEN", "expired-job");
    world.write("", "");
    let apply = world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("oidc_request_url")
        .expect_text("status 401")
        .expect_text("The pipeline's token is not known.");
    assert!(!apply.text.contains("expired-job"), "{}", apply.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_whom_the_application_does_not_trust_is_refused_with_a_hint() {
    let mut world = stranger(|azure| azure).await;
    world.terraform.set("ARM_USE_OIDC", "true");
    let token = world.azure.oidc_token("repo:elsewhere");
    world.terraform.set("ARM_OIDC_TOKEN", token);
    world.write("", "");
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("AADSTS700213")
        .expect_text("Compare its federated credentials");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_identity_of_a_machine_signs_in() {
    // A virtual machine with several identities.
    let mut world = stranger(|azure| azure).await;
    let url = format!("{}/metadata/identity/oauth2/token", world.azure.endpoint());
    world.terraform.set("ARM_USE_MSI", "true");
    world.terraform.set("ARM_MSI_ENDPOINT", url);
    whole_copy(&world).await;
    let asked = |request: &azure_simulator::Request| {
        request.path.starts_with("/metadata/identity") && request.query.contains(CLIENT_ID)
    };
    assert!(world.azure.requests().iter().any(asked));
    assert_eq!(world.azure.count("", &token_path()), 0);

    // One that has only its own.
    let mut world = stranger(|azure| azure).await;
    let url = format!("{}/metadata/identity/oauth2/token", world.azure.endpoint());
    for (name, value) in [
        ("ARM_USE_MSI", "true"),
        ("ARM_MSI_ENDPOINT", url.as_str()),
        ("ARM_CLIENT_ID", ""),
        ("ARM_TENANT_ID", ""),
    ] {
        world.terraform.set(name, value);
    }
    whole_copy(&world).await;

    // An App Service, which says by itself where to ask.
    let mut world = stranger(|azure| azure).await;
    let url = format!("{}/msi/token", world.azure.endpoint());
    for (name, value) in [
        ("ARM_USE_MSI", "true"),
        ("IDENTITY_ENDPOINT", url.as_str()),
        ("IDENTITY_HEADER", IDENTITY_HEADER),
    ] {
        world.terraform.set(name, value);
    }
    whole_copy(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_that_the_machine_does_not_have_is_named() {
    let mut world = stranger(|azure| azure).await;
    let url = format!("{}/metadata/identity/oauth2/token", world.azure.endpoint());
    for (name, value) in [
        ("ARM_USE_MSI", "true"),
        ("ARM_MSI_ENDPOINT", url.as_str()),
        ("ARM_CLIENT_ID", "00000000-0000-0000-0000-0000000000ff"),
    ] {
        world.terraform.set(name, value);
    }
    world.write("", "");
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("0000000000ff")
        .expect_text("Identity not found");
}
