use super::*;

use std::collections::BTreeMap;

/// What the variables of a table come to, in a word; or what its error is about, and where.
fn found(variables: &[(&str, &str)]) -> String {
    let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
    let lookup = |name: &str| variables.get(name).map(|value| (*value).to_owned());
    let found = Settings::default()
        .or_environment(&lookup)
        .and_then(|settings| credential(&settings));
    match found {
        Ok(Credential::Application { proof, .. }) => match proof {
            Proof::ClientSecret(Secret::Given(_)) => "secret",
            Proof::ClientSecret(Secret::File(_)) => "secret file",
            Proof::ClientCertificate(Certificate { source, .. }) => match source {
                CertificateSource::Given(_) => "certificate",
                CertificateSource::Path(_) => "certificate file",
            },
            Proof::OidcToken(Secret::Given(_)) => "oidc token",
            Proof::OidcToken(Secret::File(_)) => "oidc file",
            Proof::OidcRequest(request) if request.service_connection_id.is_some() => "ado",
            Proof::OidcRequest(_) => "oidc request",
        }
        .to_owned(),
        Ok(Credential::ManagedIdentity { endpoint, .. }) => match endpoint {
            IdentityEndpoint::Imds => "imds",
            IdentityEndpoint::Given(_) => "msi endpoint",
            IdentityEndpoint::AppService { .. } => "app service",
        }
        .to_owned(),
        Ok(Credential::AzureCli { .. }) => "cli".to_owned(),
        Ok(Credential::None { .. }) => "none".to_owned(),
        Err(error) => {
            let (_, missing) = error.detail.split_once("Missing: ").unwrap_or_default();
            assert!(error.summary.len() <= 60, "{error}");
            assert!(missing.is_empty() || missing.contains("ARM_"), "{error}");
            format!("{} @ {}", error.summary, error.argument.unwrap_or("-"))
        }
    }
}

const TENANT: (&str, &str) = ("ARM_TENANT_ID", "t");
const CLIENT: (&str, &str) = ("ARM_CLIENT_ID", "c");
const SECRET: (&str, &str) = ("ARM_CLIENT_SECRET", "s");
const CERTIFICATE_FILE: (&str, &str) = ("ARM_CLIENT_CERTIFICATE_PATH", "/c.pfx");
const PASSWORD: (&str, &str) = ("ARM_CLIENT_CERTIFICATE_PASSWORD", "p");
const OIDC: (&str, &str) = ("ARM_USE_OIDC", "true");
const AKS: (&str, &str) = ("ARM_USE_AKS_WORKLOAD_IDENTITY", "true");
const TOKEN: (&str, &str) = ("ARM_OIDC_TOKEN", "t");
const TOKEN_FILE: (&str, &str) = ("ARM_OIDC_TOKEN_FILE_PATH", "/t");
const REQUEST_URL: (&str, &str) = ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://github.example/t");
const REQUEST_TOKEN: (&str, &str) = ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "t");
const CONNECTION: (&str, &str) = ("ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID", "id");
const MSI: (&str, &str) = ("ARM_USE_MSI", "true");
const NO_CLI: (&str, &str) = ("ARM_USE_CLI", "false");

#[test]
fn every_cell_of_the_table() {
    #[track_caller]
    fn check(variables: &[(&str, &str)], expected: &str) {
        assert_eq!(found(variables), expected, "{variables:?}");
    }
    let all = [
        TENANT,
        CLIENT,
        SECRET,
        CERTIFICATE_FILE,
        OIDC,
        TOKEN,
        REQUEST_URL,
        REQUEST_TOKEN,
        MSI,
    ];
    // The order, from the first to the last.
    check(&all, "oidc token");
    let without = |gone: &[&str]| -> Vec<(&str, &str)> {
        let stays = |(name, _): &&(&str, &str)| !gone.contains(name);
        all.iter().filter(stays).copied().collect()
    };
    let mut file = without(&["ARM_OIDC_TOKEN"]);
    check(&file, "oidc request");
    file.push(TOKEN_FILE);
    check(&file, "oidc file");
    let no_token = [
        "ARM_OIDC_TOKEN",
        "ACTIONS_ID_TOKEN_REQUEST_URL",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    ];
    check(&without(&no_token), "secret");
    check(&without(&["ARM_USE_OIDC"]), "secret");
    check(
        &without(&["ARM_USE_OIDC", "ARM_CLIENT_SECRET"]),
        "certificate file",
    );
    check(&[TENANT, CLIENT, MSI], "imds");
    check(&[MSI, CLIENT], "imds");
    check(&[TENANT, CLIENT], "cli");
    check(&[], "cli");
    check(&[NO_CLI], "none");

    // Each in its own words and files.
    check(
        &[TENANT, CLIENT, ("ARM_CLIENT_SECRET_FILE_PATH", "/s")],
        "secret file",
    );
    check(
        &[TENANT, ("ARM_CLIENT_ID_FILE_PATH", "/c"), SECRET],
        "secret",
    );
    check(
        &[TENANT, CLIENT, ("ARM_CLIENT_CERTIFICATE", "AAAA"), PASSWORD],
        "certificate",
    );
    check(
        &[TENANT, CLIENT, OIDC, ("AZURE_FEDERATED_TOKEN_FILE", "/t")],
        "oidc file",
    );
    let azure_devops = [
        TENANT,
        CLIENT,
        OIDC,
        ("SYSTEM_OIDCREQUESTURI", "https://dev.example"),
        ("SYSTEM_ACCESSTOKEN", "t"),
        ("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "id"),
    ];
    check(&azure_devops, "ado");
    let in_part = [
        TENANT,
        CLIENT,
        OIDC,
        ("SYSTEM_OIDCREQUESTURI", "https://dev.example/oidctoken"),
        ("SYSTEM_ACCESSTOKEN", "t"),
    ];
    check(
        &in_part,
        "OIDC request credential is incomplete @ ado_pipeline_service_connection_id",
    );
    let cluster = [
        AKS,
        ("AZURE_TENANT_ID", "t"),
        ("AZURE_CLIENT_ID", "c"),
        ("AZURE_FEDERATED_TOKEN_FILE", "/t"),
    ];
    check(&cluster, "oidc file");
    check(
        &[MSI, ("ARM_MSI_ENDPOINT", "http://127.0.0.1/t")],
        "msi endpoint",
    );
    check(
        &[
            MSI,
            ("IDENTITY_ENDPOINT", "http://l/t"),
            ("IDENTITY_HEADER", "h"),
        ],
        "app service",
    );
    check(&[MSI, ("IDENTITY_ENDPOINT", "http://l/t")], "imds");

    // Others' variables count only where we are told to use them.
    check(&[TENANT, CLIENT, TOKEN, NO_CLI, MSI], "imds");
    check(
        &[TENANT, CLIENT, TOKEN_FILE, REQUEST_URL, REQUEST_TOKEN],
        "cli",
    );
    check(
        &[("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_ID", "c"), SECRET],
        "Client secret credential is incomplete @ tenant_id",
    );
    check(&[TENANT, CLIENT, OIDC], "cli");
    check(&[OIDC, MSI], "imds");

    // What is given in part says what is missing, and is no reason to use the CLI.
    check(
        &[SECRET],
        "Client secret credential is incomplete @ tenant_id",
    );
    check(
        &[SECRET, MSI],
        "Client secret credential is incomplete @ tenant_id",
    );
    check(
        &[SECRET, TENANT],
        "Client secret credential is incomplete @ client_id",
    );
    check(
        &[CLIENT, CERTIFICATE_FILE],
        "Client certificate credential is incomplete @ tenant_id",
    );
    check(
        &[TENANT, CLIENT, PASSWORD],
        "Client certificate credential is incomplete @ client_certificate_path",
    );
    check(&[TENANT, CLIENT, PASSWORD, SECRET], "secret");
    check(
        &[OIDC, TOKEN, CLIENT],
        "OIDC token credential is incomplete @ tenant_id",
    );
    check(
        &[TENANT, CLIENT, OIDC, REQUEST_URL],
        "OIDC request credential is incomplete @ oidc_request_token",
    );
    check(
        &[TENANT, CLIENT, OIDC, REQUEST_TOKEN],
        "OIDC request credential is incomplete @ oidc_request_url",
    );
    check(
        &[TENANT, CLIENT, OIDC, CONNECTION],
        "OIDC request credential is incomplete @ oidc_request_url",
    );
    check(&[TENANT, CLIENT, OIDC, CONNECTION, SECRET], "secret");
    check(
        &[TENANT, CLIENT, OIDC, NO_CLI],
        "OIDC token credential is incomplete @ oidc_token",
    );
    check(
        &[AKS, NO_CLI],
        "OIDC token credential is incomplete @ tenant_id",
    );
    check(
        &[TENANT, CLIENT, NO_CLI],
        "Client secret credential is incomplete @ client_secret",
    );
    check(
        &[CLIENT, NO_CLI],
        "Client secret credential is incomplete @ tenant_id",
    );

    // What cannot be used at all.
    check(
        &[("ARM_TENANT_ID", "a/b"), CLIENT, SECRET],
        "Tenant id cannot be used @ tenant_id",
    );
    check(
        &[MSI, ("ARM_MSI_ENDPOINT", "ftp://l")],
        "Cannot use msi_endpoint @ msi_endpoint",
    );
    let plain = [
        TENANT,
        CLIENT,
        OIDC,
        ("ARM_OIDC_REQUEST_URL", "http://l"),
        REQUEST_TOKEN,
    ];
    check(&plain, "Cannot use oidc_request_url @ oidc_request_url");
    check(
        &[("ARM_USE_OIDC", "perhaps")],
        "ARM_USE_OIDC is neither true nor false @ -",
    );
}

#[test]
fn arguments_go_before_variables_and_cannot_be_given_twice() {
    let lookup = |name: &str| {
        let value = match name {
            "ARM_TENANT_ID" | "ARM_CLIENT_ID" => "e",
            "ARM_CLIENT_SECRET" | "ARM_OIDC_TOKEN" => "from the environment",
            "ARM_USE_OIDC" => "true",
            _ => return None,
        };
        Some(value.to_owned())
    };
    let settings = Settings {
        use_oidc: Some(false),
        tenant_id: Some("a".to_owned()),
        client_secret_file_path: Some("/secret".into()),
        ..Settings::default()
    };
    let found = credential(&settings.clone().or_environment(&lookup).unwrap()).unwrap();
    let Credential::Application {
        tenant_id,
        client_id,
        proof,
    } = found
    else {
        panic!("{found:?}");
    };
    assert_eq!(
        (tenant_id.as_str(), client_id),
        ("a", Text::Given("e".to_owned()))
    );
    assert!(
        matches!(proof, Proof::ClientSecret(Secret::File(_))),
        "{proof:?}"
    );

    let both = Settings {
        client_secret: Some(SecretString::from("s")),
        ..settings
    };
    let error = credential(&both).unwrap_err();
    assert_eq!(error.argument, Some("client_secret_file_path"));
    assert!(error.detail.contains("set one of them"), "{error}");
}

#[test]
fn nothing_to_sign_in_with_is_a_question_for_later() {
    let settings = Settings {
        use_cli: Some(false),
        ..Settings::default()
    };
    let Credential::None { help } = credential(&settings).unwrap() else {
        panic!("there is nothing");
    };
    assert!(help.contains("No way to sign in"), "{help}");
    assert!(help.contains("ARM_CLIENT_SECRET"), "{help}");
}
