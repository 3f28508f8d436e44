//! The world that the binary starts with, and the handle that a test holds.

use azure_simulator::{CUSTOM_DATA, Simulator};
use serde_json::json;

use crate::support::{Client, collection, collection_body, http};

#[tokio::test]
async fn the_default_world_can_be_copied() {
    let azure = Simulator::builder().default_world().start().await.unwrap();
    let client = Client::signed_in(&azure).await;
    let source = collection("rg-source", "web");
    let web = client
        .get(&format!("{source}?$expand=restorePoints"))
        .await
        .assert(200);
    let points = web.body["properties"]["restorePoints"].as_array().unwrap();
    let names: Vec<&str> = points
        .iter()
        .filter_map(|point| point["name"].as_str())
        .collect();
    assert_eq!(
        names,
        [
            "before-upgrade-4711",
            "nightly-2026-11-20",
            "nightly-2026-11-21",
            "nightly-2026-11-22"
        ]
    );
    let times: Vec<&str> = points
        .iter()
        .filter_map(|point| point["properties"]["timeCreated"].as_str())
        .collect();
    assert!(times.is_sorted());
    let metadata = &points[0]["properties"]["sourceMetadata"];
    assert_eq!(metadata["osProfile"]["customData"], CUSTOM_DATA);
    assert_eq!(metadata["securityProfile"]["securityType"], "TrustedLaunch");
    assert_eq!(
        metadata["storageProfile"]["dataDisks"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        metadata["vmId"],
        points[3]["properties"]["sourceMetadata"]["vmId"]
    );

    let target = collection("rg-dr", "web-dr");
    client
        .put(&target, collection_body(&source, "westus2"))
        .await
        .assert(201);
    let copy = format!("{target}/restorePoints/before-upgrade-4711");
    let original = format!("{source}/restorePoints/before-upgrade-4711");
    client.copy(&copy, &original).await.assert(201);
    assert!(azure.unexpected().is_empty());
}

#[tokio::test]
async fn groups_are_created_and_read() {
    let azure = Simulator::builder().default_world().start().await.unwrap();
    let client = Client::signed_in(&azure).await;
    let group = |name: &str| {
        format!(
            "{}/subscriptions/{}/resourceGroups/{name}?api-version=2021-04-01",
            azure.endpoint(),
            azure.subscription_id()
        )
    };
    let found = client.url(&group("RG-DR")).await.assert(200);
    assert_eq!(found.body["name"], "rg-dr");
    client
        .url(&group("rg-new"))
        .await
        .assert_refused(404, "ResourceGroupNotFound");
    for status in [201, 200] {
        let body = Some(json!({ "location": "West US 2" }));
        let put = client
            .fetch("PUT", &group("rg-new"), body)
            .await
            .unwrap()
            .assert(status);
        assert_eq!(put.body["location"], "westus2");
    }
}

#[tokio::test]
async fn things_change_behind_the_clients_back() {
    let azure = Simulator::builder().default_world().start().await.unwrap();
    let client = Client::signed_in(&azure).await;
    let source = collection("rg-source", "web");
    azure.set_tags(&source, [("changed", "elsewhere")]);
    let web = client.get(&source).await.assert(200);
    assert_eq!(web.body["tags"], json!({ "changed": "elsewhere" }));
    let point = format!("{source}/restorePoints/nightly-2026-11-20");
    azure.remove(&point);
    client.get(&point).await.assert_refused(404, "NotFound");
    azure.remove(&source);
    client
        .get(&source)
        .await
        .assert_refused(404, "ResourceNotFound");
}

#[tokio::test]
async fn the_environment_leads_to_the_simulator() {
    let azure = Simulator::builder().start().await.unwrap();
    let environment = azure.environment();
    let value = |wanted: &str| {
        environment
            .iter()
            .find_map(|(name, value)| (*name == wanted).then_some(value.as_str()))
            .unwrap()
    };
    assert_eq!(value("ARM_ENVIRONMENT"), "custom");
    assert_eq!(value("ARM_RESOURCE_MANAGER_ENDPOINT"), azure.endpoint());
    let file = value("SSL_CERT_FILE").to_owned();
    let pem = std::fs::read_to_string(&file).unwrap();
    assert_eq!(pem, azure.certificate_authority_pem());
    assert_eq!(
        azure.certificate_authority_file().display().to_string(),
        file
    );
    drop(azure);
    assert!(!std::fs::exists(&file).unwrap());
}

#[tokio::test]
async fn names_and_addresses_of_loopback_are_served() {
    let azure = Simulator::builder().start().await.unwrap();
    let url = format!(
        "https://localhost:{}/simulator/clock",
        azure.address().port()
    );
    let client = http(&azure).build().unwrap();
    let reply = crate::support::read(client.get(url)).await.unwrap();
    reply.assert(200);
}

#[tokio::test]
async fn other_addresses_are_refused() {
    let builder = Simulator::builder().listen(([0, 0, 0, 0], 0).into());
    let error = builder.start().await.unwrap_err();
    assert_eq!(error.to_string(), "0.0.0.0:0 is not a loopback address");
}

#[tokio::test]
async fn dropping_it_ends_its_connections() {
    let azure = Simulator::builder().default_world().start().await.unwrap();
    let client = Client::signed_in(&azure).await;
    let source = collection("rg-source", "web");
    client.get(&source).await.assert(200);
    drop(azure);
    let answer = client.try_ask("GET", &source, None).await;
    assert!(answer.is_err());
}
