//! Answers have the shapes that were recorded from Azure: the same fields, kinds and fixed words,
//! the same headers present and absent.

use azure_simulator::{Replication, Simulator, SourceCollection, SourceRestorePoint};
use serde_json::{Value, json};

use crate::support::{
    Client, OPERATION, REPLICATION, Reply, assert_shape, collection, collection_body, encoded,
    form, http, read, token_url,
};

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../fixtures/", $name, ".json"))
    };
}

/// The VM of the fixtures: an OS disk and one data disk.
fn source_metadata() -> Value {
    let fixture: Value = serde_json::from_str(fixture!("copy_put")).unwrap();
    let mut metadata = fixture["body"]["properties"]["sourceMetadata"].clone();
    metadata["vmId"] = json!("3f0b7c52-6a1d-4e59-9f5e-0c8a5b7d2e14");
    metadata
}

struct Stage {
    azure: Simulator,
    client: Client,
    source: String,
    target: String,
}

impl Stage {
    /// With a source of one point, and a clock that stands still.
    async fn set() -> Self {
        let azure = Simulator::builder()
            .time_scale(0.0)
            .operation(OPERATION)
            .replication(REPLICATION)
            .disk_replication("app-vm-logs", REPLICATION * 2)
            .start()
            .await
            .unwrap();
        let source = azure.seed_source_collection(
            &SourceCollection::new("rg-app", "app", "northeurope").source_location("NorthEurope"),
        );
        azure.seed_restore_point(
            &source,
            &SourceRestorePoint::new("monday", "2027-01-04T02:00:00.1234567+00:00")
                .consistency_mode("FileSystemConsistent")
                .exclude_disk(
                    "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/disks/scratch",
                )
                .source_metadata(source_metadata()),
        );
        azure.seed_resource_group("rg-app-dr");
        let client = Client::signed_in(&azure).await;
        Self {
            azure,
            client,
            source,
            target: collection("rg-app-dr", "app-dr"),
        }
    }

    async fn with_target() -> (Self, Reply) {
        let stage = Self::set().await;
        let mut body = collection_body(&stage.source, "westeurope");
        body["tags"] = json!({ "team": "blue", "stage": "test" });
        let created = stage.client.put(&stage.target, body).await;
        (stage, created)
    }

    async fn with_copy() -> (Self, Reply) {
        let (stage, _) = Self::with_target().await;
        let source = format!("{}/restorePoints/monday", stage.source);
        let created = stage.client.copy(&stage.copy_id(), &source).await;
        (stage, created)
    }

    fn copy_id(&self) -> String {
        format!("{}/restorePoints/monday", self.target)
    }

    #[track_caller]
    fn check(&self, reply: &Reply, fixture: &str) {
        assert_shape(reply, fixture, &self.azure);
    }
}

#[tokio::test]
async fn collection_is_created_and_read() {
    let (stage, created) = Stage::with_target().await;
    stage.check(&created, fixture!("collection_put"));
    let read = stage.client.get(&stage.target).await;
    stage.check(&read, fixture!("collection_get"));
}

#[tokio::test]
async fn collection_without_tags_answers_none() {
    let stage = Stage::set().await;
    let body = collection_body(&stage.source, "westeurope");
    let created = stage.client.put(&stage.target, body).await;
    stage.check(&created, fixture!("collection_without_tags"));
}

#[tokio::test]
async fn patch_replaces_the_whole_tag_map() {
    let (stage, _) = Stage::with_target().await;
    let body = json!({
        "properties": { "source": { "id": stage.source } },
        "tags": { "owner": "anna" },
    });
    let patched = stage.client.ask("PATCH", &stage.target, Some(body)).await;
    stage.check(&patched, fixture!("collection_patch"));
}

#[tokio::test]
async fn lists_differ_in_the_case_of_the_group() {
    let (stage, _) = Stage::with_target().await;
    let (of_group, _) = stage.target.rsplit_once('/').unwrap();
    let listed = stage.client.get(of_group).await;
    stage.check(&listed, fixture!("collections_in_group"));
    let of_subscription = format!(
        "/subscriptions/{}/providers/Microsoft.Compute/restorePointCollections",
        stage.azure.subscription_id()
    );
    let listed = stage.client.get(&of_subscription).await;
    stage.check(&listed, fixture!("collections_in_subscription"));
}

#[tokio::test]
async fn copy_is_created_and_its_operation_followed() {
    let (stage, created) = Stage::with_copy().await;
    stage.check(&created, fixture!("copy_put"));
    let operation = created.header("azure-asyncoperation").unwrap();
    assert!(operation.contains(created.header("x-ms-request-id").unwrap()));

    let running = stage.client.url(operation).await;
    stage.check(&running, fixture!("operation_in_progress"));
    stage.azure.advance(OPERATION);
    let ended = stage.client.url(operation).await;
    stage.check(&ended, fixture!("operation_succeeded"));

    let copy = stage.client.get(&stage.copy_id()).await;
    stage.check(&copy, fixture!("copy_get"));
    let source = stage
        .client
        .get(&format!("{}/restorePoints/monday", stage.source))
        .await;
    assert_eq!(
        copy.body["properties"]["timeCreated"],
        source.body["properties"]["timeCreated"]
    );
}

#[tokio::test]
async fn instance_view_shows_every_disk() {
    let (stage, _) = Stage::with_copy().await;
    let expanded = format!("{}?$expand=instanceView", stage.copy_id());
    stage.azure.advance(REPLICATION * 2 / 5);
    let replicating = stage.client.get(&expanded).await;
    stage.check(&replicating, fixture!("copy_replicating"));
    stage.azure.advance(REPLICATION * 2);
    let replicated = stage.client.get(&expanded).await;
    stage.check(&replicated, fixture!("copy_replicated"));
}

#[tokio::test]
async fn points_in_an_expanded_collection_have_no_instance_view() {
    let (stage, _) = Stage::with_copy().await;
    stage.azure.advance(OPERATION);
    let expanded = stage
        .client
        .get(&format!("{}?$expand=restorePoints", stage.target))
        .await;
    stage.check(&expanded, fixture!("collection_expanded"));
}

#[tokio::test]
async fn restore_point_is_deleted_by_an_operation() {
    let (stage, _) = Stage::with_copy().await;
    let accepted = stage.client.delete(&stage.copy_id()).await;
    stage.check(&accepted, fixture!("restore_point_delete"));
    let monitor = accepted.header("location").unwrap();
    stage.client.url(monitor).await.assert(202);
    let copy = stage.client.get(&stage.copy_id()).await.assert(200);
    assert_eq!(copy.body["properties"]["provisioningState"], "Deleting");

    stage.azure.advance(OPERATION);
    let done = stage.client.url(monitor).await;
    stage.check(&done, fixture!("monitor_done"));
    let operation = accepted.header("azure-asyncoperation").unwrap();
    let ended = stage.client.url(operation).await;
    stage.check(&ended, fixture!("operation_succeeded"));
    let gone = stage.client.get(&stage.copy_id()).await;
    stage.check(&gone, fixture!("restore_point_not_found"));
}

#[tokio::test]
async fn collection_is_deleted_with_its_points() {
    let (stage, _) = Stage::with_copy().await;
    let accepted = stage.client.delete(&stage.target).await;
    stage.check(&accepted, fixture!("collection_delete"));
    stage.azure.advance(OPERATION);
    stage
        .client
        .get(&stage.target)
        .await
        .assert_refused(404, "ResourceNotFound");
    assert_eq!(stage.azure.resource(&stage.copy_id()), None);
}

#[tokio::test]
async fn gateway_and_compute_say_not_found_in_different_words() {
    let (stage, _) = Stage::with_target().await;
    let gone = stage.client.get(&collection("rg-app-dr", "gone")).await;
    stage.check(&gone, fixture!("collection_not_found"));
    let gone = stage.client.get(&stage.copy_id()).await;
    stage.check(&gone, fixture!("restore_point_not_found"));
    assert!(gone.text.contains("\r\n"), "{}", gone.text);
}

#[tokio::test]
async fn parents_that_are_missing_are_named() {
    let stage = Stage::set().await;
    let body = collection_body(&stage.source, "westeurope");
    let refused = stage
        .client
        .put(&collection("nowhere", "app-dr"), body)
        .await;
    stage.check(&refused, fixture!("group_not_found"));
    let orphan = format!("{}/restorePoints/monday", collection("rg-app-dr", "gone"));
    let source = format!("{}/restorePoints/monday", stage.source);
    let refused = stage.client.copy(&orphan, &source).await;
    stage.check(&refused, fixture!("parent_not_found"));
}

#[tokio::test]
async fn requests_without_a_token_or_a_version_are_refused() {
    let stage = Stage::set().await;
    let url = format!(
        "{}{}?api-version=2024-07-01",
        stage.azure.endpoint(),
        stage.source
    );
    let bare = http(&stage.azure).build().unwrap();
    let refused = read(bare.get(&url)).await.unwrap();
    stage.check(&refused, fixture!("unauthenticated"));
    let url = format!("{}{}", stage.azure.endpoint(), stage.source);
    let refused = stage.client.url(&url).await;
    stage.check(&refused, fixture!("api_version_missing"));
    let refused = stage
        .client
        .url(&format!("{url}?api-version=2019-01-01"))
        .await;
    stage.check(&refused, fixture!("api_version_unknown"));
}

#[tokio::test]
async fn copies_of_the_wrong_source_are_refused() {
    let (stage, _) = Stage::with_target().await;
    let other = stage.azure.seed_source_collection(&SourceCollection::new(
        "rg-app",
        "other",
        "northeurope",
    ));
    let alien = stage.azure.seed_restore_point(
        &other,
        &SourceRestorePoint::new("alien", "2027-01-04T02:00:00Z"),
    );
    let refused = stage.client.copy(&stage.copy_id(), &alien).await;
    stage.check(&refused, fixture!("source_of_another_collection"));

    let near = stage
        .azure
        .seed_target_collection("rg-app", "near", "northeurope", &stage.source);
    let source = format!("{}/restorePoints/monday", stage.source);
    let refused = stage
        .client
        .copy(&format!("{near}/restorePoints/monday"), &source)
        .await;
    stage.check(&refused, fixture!("same_region"));
}

#[tokio::test]
async fn token_is_issued() {
    let stage = Stage::set().await;
    let request = http(&stage.azure)
        .build()
        .unwrap()
        .post(token_url(&stage.azure))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(encoded(&form()));
    let issued = read(request).await.unwrap();
    stage.check(&issued, fixture!("token"));
}

#[tokio::test]
async fn disk_restore_points_tell_how_far_they_have_got() {
    let (stage, _) = Stage::with_copy().await;
    stage.azure.advance(REPLICATION / 2);
    let url = format!(
        "{}{}/diskRestorePoints?api-version=2024-03-02",
        stage.azure.endpoint(),
        stage.copy_id()
    );
    let listed = stage.client.url(&url).await.assert(200);
    let disk = &listed.body["value"][0];
    assert_eq!(disk["properties"]["replicationState"], "Replicating");
    assert_eq!(disk["properties"]["completionPercent"], json!(50.0));
    stage
        .azure
        .set_disks(&stage.copy_id(), Replication::Succeeded);
    let url = format!(
        "{}{}?api-version=2024-03-02",
        stage.azure.endpoint(),
        disk["id"].as_str().unwrap()
    );
    let disk = stage.client.url(&url).await.assert(200);
    assert_eq!(disk.body["properties"]["replicationState"], "Succeeded");
    assert_eq!(
        disk.body["properties"]["sourceResourceLocation"],
        "northeurope"
    );
}
