//! Nobody knows what Azure's refusals of copies look like; a test chooses.

use azure_simulator::{Refusal, Refusals, Simulator, SourceRestorePoint};
use serde_json::json;

use crate::support::{
    OPERATION, REPLICATION, Reply, Scene, collection_body, copy_body, encrypted_copy_body,
};

/// Breaks every rule once, and gives the answers in the order of the fields of [`Refusals`].
async fn break_every_rule(refusals: Refusals) -> Vec<Reply> {
    let scene = Scene::of(Simulator::builder().refusals(refusals)).await;
    let Scene {
        azure,
        client,
        source,
        target,
    } = &scene;
    let seed = |seed: SourceRestorePoint| azure.seed_restore_point(source, &seed);
    let time = "2027-01-08T02:00:00+00:00";
    let pending = seed(SourceRestorePoint::new("pending", time).snapshot_access_state("Pending"));
    let confidential = seed(SourceRestorePoint::new("confidential", time).confidential());
    let private =
        seed(SourceRestorePoint::new("private", time).private_access("/some/disk/access"));
    let second = azure.seed_target_collection("rg-app-dr", "second", "westeurope", source);
    let near = azure.seed_target_collection("rg-app-dr", "near", "northeurope", source);
    let onward = azure.seed_target_collection("rg-app-dr", "onward", "uksouth", target);

    let copy = async |collection: &str, name: &str, source: &str| {
        let id = format!("{collection}/restorePoints/{name}");
        client.copy(&id, source).await
    };
    let set = azure.seed_disk_encryption_set("rg-app", "app", "North Europe");
    let os_disk = azure.resource(&scene.source_point("wednesday")).unwrap();
    let os_disk = &os_disk["properties"]["sourceMetadata"]["storageProfile"]["osDisk"];
    let encryption = json!({
        "type": "EncryptionAtRestWithCustomerKey",
        "diskEncryptionSet": { "id": set },
    });
    let elsewhere = encrypted_copy_body(
        &scene.source_point("wednesday"),
        &os_disk["diskRestorePoint"]["id"],
        &encryption,
    );
    let tuesday = scene.copy_point("tuesday");
    scene.copy("tuesday").await.assert(201);
    let one_at_a_time = scene.copy("wednesday").await;
    azure.advance(OPERATION + REPLICATION);
    vec![
        scene.copy("monday").await,
        one_at_a_time,
        copy(&second, "again", &scene.source_point("tuesday")).await,
        copy(&near, "monday", &scene.source_point("monday")).await,
        copy(&onward, "tuesday", &tuesday).await,
        copy(target, "pending", &pending).await,
        copy(target, "confidential", &confidential).await,
        copy(target, "private", &private).await,
        client.put(&scene.copy_point("wednesday"), elsewhere).await,
        client
            .put(&tuesday, copy_body(&scene.source_point("wednesday")))
            .await,
        client
            .put(
                &source.replace("/app", "/nearer"),
                collection_body(source, "northeurope"),
            )
            .await,
    ]
}

fn shown(replies: &[Reply]) -> Vec<(u16, &str)> {
    replies
        .iter()
        .map(|reply| (reply.status, reply.code()))
        .collect()
}

#[tokio::test]
async fn every_refusal_has_a_status_and_a_code() {
    let conflict = (409, "OperationNotAllowed");
    let never = (400, "InvalidParameter");
    assert_eq!(
        shown(&break_every_rule(Refusals::default()).await),
        [
            conflict, conflict, conflict, never, never, conflict, never, never, never, conflict,
            never
        ]
    );
}

#[tokio::test]
async fn they_can_be_chosen_together_and_one_by_one() {
    let replies = break_every_rule(Refusals::all(400, "BadRequest")).await;
    assert_eq!(shown(&replies), [(400, "BadRequest"); 11]);

    let codes = [
        "Order",
        "OneAtATime",
        "OncePerRegion",
        "SameRegion",
        "CopyOfCopy",
        "NotReady",
        "Confidential",
        "PrivateAccess",
        "EncryptionSet",
        "Taken",
    ];
    let [
        order,
        one_at_a_time,
        once_per_region,
        same_region,
        copy_of_copy,
        not_ready,
        confidential,
        private_access,
        encryption_set,
        taken,
    ] = codes.map(|code| Refusal::new(422, code));
    let replies = break_every_rule(Refusals {
        order,
        one_at_a_time,
        once_per_region,
        same_region,
        copy_of_copy,
        not_ready,
        confidential,
        private_access,
        encryption_set,
        taken,
    })
    .await;
    let expected: Vec<_> = codes
        .into_iter()
        .chain(["SameRegion"])
        .map(|code| (422, code))
        .collect();
    assert_eq!(shown(&replies), expected);
}

#[tokio::test]
async fn they_change_while_it_runs() {
    let scene = Scene::set().await;
    scene.copy("tuesday").await.assert(201);
    scene.finish();
    scene.azure.set_refusals(Refusals::all(400, "Conflict"));
    scene.copy("monday").await.assert_refused(400, "Conflict");
}
