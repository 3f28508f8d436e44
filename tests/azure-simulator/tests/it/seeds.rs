//! Sources of unusual kinds, as Azure would show them.

use azure_simulator::{Rules, Simulator, SourceRestorePoint};
use serde_json::{Value, json};

use crate::support::{Scene, read_disks};

const TIME: &str = "2027-01-08T02:00:00+00:00";

/// A source of this kind, as Compute and as the disk resource provider show it.
async fn shown(seed: SourceRestorePoint) -> (Scene, Value, Vec<Value>) {
    let scene = Scene::set().await;
    let id = scene.azure.seed_restore_point(&scene.source, &seed);
    let point = scene.client.get(&id).await.assert(200).body;
    let disks = read_disks(&scene, &id).await;
    (scene, point["properties"]["sourceMetadata"].clone(), disks)
}

#[tokio::test]
async fn a_confidential_vm_is_not_copied() {
    let (scene, metadata, disks) =
        shown(SourceRestorePoint::new("secret", TIME).confidential()).await;
    assert_eq!(
        metadata["securityProfile"]["securityType"],
        "ConfidentialVM"
    );
    assert_eq!(
        metadata["storageProfile"]["osDisk"]["managedDisk"]["securityProfile"],
        json!({ "securityEncryptionType": "DiskWithVMGuestState" })
    );
    assert_eq!(
        disks[0]["properties"]["securityProfile"]["securityType"],
        "ConfidentialVM_DiskEncryptedWithPlatformKey"
    );
    assert!(disks[1]["properties"]["securityProfile"].is_null());
    scene
        .copy("secret")
        .await
        .assert_refused(400, "InvalidParameter");
}

#[tokio::test]
async fn customer_keys_show_on_disks_and_not_on_their_copies() {
    let set = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/diskEncryptionSets/k";
    let (scene, metadata, disks) =
        shown(SourceRestorePoint::new("keyed", TIME).customer_key(set)).await;
    let os_disk = &metadata["storageProfile"]["osDisk"];
    assert_eq!(
        os_disk["managedDisk"]["diskEncryptionSet"],
        json!({ "id": set })
    );
    assert_eq!(
        os_disk["diskRestorePoint"]["encryption"],
        json!({ "type": "EncryptionAtRestWithCustomerKey", "diskEncryptionSet": { "id": set } })
    );
    for disk in &disks {
        assert_eq!(
            disk["properties"]["encryption"],
            json!({ "type": "EncryptionAtRestWithCustomerKey", "diskEncryptionSetId": set })
        );
    }
    scene.copy("keyed").await.assert(201);
    scene.finish();
    for disk in read_disks(&scene, &scene.copy_point("keyed")).await {
        assert_eq!(
            disk["properties"]["encryption"],
            json!({ "type": "EncryptionAtRestWithPlatformKey" })
        );
    }
}

#[tokio::test]
async fn private_access_shows_on_disks_alone_and_prevents_a_copy() {
    let access = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/diskAccesses/a";
    let (scene, metadata, disks) =
        shown(SourceRestorePoint::new("private", TIME).private_access(access)).await;
    assert!(!metadata.to_string().contains(access));
    for disk in &disks {
        let properties = &disk["properties"];
        assert_eq!(properties["networkAccessPolicy"], "AllowPrivate");
        assert_eq!(properties["publicNetworkAccess"], "Disabled");
        assert_eq!(properties["diskAccessId"], access);
    }
    scene
        .copy("private")
        .await
        .assert_refused(400, "InvalidParameter");
    scene.azure.set_rules(Rules {
        unsupported_sources: false,
        ..Rules::default()
    });
    scene.copy("private").await.assert(201);
}

#[tokio::test]
async fn usual_disks_are_open() {
    let scene = Scene::of(Simulator::builder()).await;
    for disk in read_disks(&scene, &scene.source_point("monday")).await {
        assert_eq!(disk["properties"]["networkAccessPolicy"], "AllowAll");
        assert!(disk["properties"]["diskAccessId"].is_null());
    }
}
