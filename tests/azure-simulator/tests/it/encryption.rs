//! How the disks of a copy are encrypted, and what is refused.

use azure_simulator::{CopyKeys, Rules, SourceRestorePoint};
use serde_json::json;

use crate::support::{OPERATION, Scene, encrypted_copy_body};

#[tokio::test]
async fn encryption_is_taken_and_shown() {
    let scene = Scene::set().await;
    let source = scene.azure.resource(&scene.source_point("monday")).unwrap();
    let profile = &source["properties"]["sourceMetadata"]["storageProfile"];
    let os_disk = profile["osDisk"]["diskRestorePoint"]["id"].clone();
    let key = json!({
        "type": "EncryptionAtRestWithCustomerKey",
        "diskEncryptionSet": { "id": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/diskEncryptionSets/k" },
    });
    let request = |disk: &serde_json::Value, encryption: &serde_json::Value| {
        encrypted_copy_body(&scene.source_point("monday"), disk, encryption)
    };
    let id = scene.copy_point("monday");
    let disk_id = profile["osDisk"]["managedDisk"]["id"].clone();
    let elsewhere = scene
        .azure
        .seed_disk_encryption_set("rg-app", "app", "North Europe");
    for (disk, encryption) in [
        (&json!("/not/a/disk"), &key),
        (
            &os_disk,
            &json!({ "type": "EncryptionAtRestWithCustomerKey" }),
        ),
        (&os_disk, &json!({ "type": "Rot13" })),
        (
            &os_disk,
            &json!({ "type": "EncryptionAtRestWithPlatformKey", "diskEncryptionSet": key["diskEncryptionSet"] }),
        ),
        (
            &os_disk,
            &json!({ "type": "EncryptionAtRestWithCustomerKey", "diskEncryptionSet": { "id": disk_id } }),
        ),
        (
            &os_disk,
            &json!({ "type": "EncryptionAtRestWithCustomerKey", "diskEncryptionSet": { "id": elsewhere } }),
        ),
    ] {
        let refused = scene.client.put(&id, request(disk, encryption)).await;
        refused.assert_refused(400, "InvalidParameter");
    }
    scene
        .client
        .put(&id, request(&os_disk, &key))
        .await
        .assert(201);
    scene.azure.advance(OPERATION);
    let copy = scene.client.get(&id).await;
    let profile = &copy.body["properties"]["sourceMetadata"]["storageProfile"];
    assert_eq!(profile["osDisk"]["diskRestorePoint"]["encryption"], key);
    assert_eq!(
        profile["dataDisks"][0]["diskRestorePoint"]["encryption"]["type"],
        "EncryptionAtRestWithPlatformKey"
    );
}

#[tokio::test]
async fn keys_are_those_of_either_document() {
    const PLATFORM: &str = "EncryptionAtRestWithPlatformKey";
    const CUSTOMER: &str = "EncryptionAtRestWithCustomerKey";
    for (copy_keys, asked, unasked) in [
        (CopyKeys::AsAsked, PLATFORM, PLATFORM),
        (CopyKeys::OfSource, PLATFORM, CUSTOMER),
        (CopyKeys::Platform, PLATFORM, PLATFORM),
    ] {
        let scene = Scene::set().await;
        scene.azure.set_rules(Rules {
            copy_keys,
            ..Rules::default()
        });
        let set =
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/diskEncryptionSets/k";
        let sealed = SourceRestorePoint::new("sealed", "2026-11-30T01:00:00Z").customer_key(set);
        scene.azure.seed_restore_point(&scene.source, &sealed);
        let source = scene.azure.resource(&scene.source_point("sealed")).unwrap();
        let profile = &source["properties"]["sourceMetadata"]["storageProfile"];
        let body = encrypted_copy_body(
            &scene.source_point("sealed"),
            &profile["osDisk"]["diskRestorePoint"]["id"],
            &json!({ "type": PLATFORM }),
        );
        let id = scene.copy_point("sealed");
        scene.client.put(&id, body).await.assert(201);
        scene.azure.advance(OPERATION);
        let copy = scene.client.get(&id).await;
        let profile = &copy.body["properties"]["sourceMetadata"]["storageProfile"];
        let kind =
            |disk: &serde_json::Value| disk["diskRestorePoint"]["encryption"]["type"].clone();
        assert_eq!(kind(&profile["osDisk"]), asked, "{copy_keys:?}");
        assert_eq!(kind(&profile["dataDisks"][0]), unasked, "{copy_keys:?}");
    }
}
