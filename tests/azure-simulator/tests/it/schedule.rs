//! How many disks replicate at a time, and what becomes of a copy without its source.

use std::time::Duration;

use azure_simulator::{Replication, Rules, Simulator};
use serde_json::Value;

use crate::support::{OPERATION, REPLICATION, Scene, read_disks};

/// Percent and state of every disk of a copy.
async fn disks(scene: &Scene, id: &str) -> Vec<(u64, String)> {
    let path = format!("{id}?$expand=instanceView");
    let reply = scene.client.get(&path).await.assert(200);
    let disks = reply.body["properties"]["instanceView"]["diskRestorePoints"].clone();
    let disks = disks.as_array().unwrap().iter();
    disks
        .map(|disk| {
            let status = &disk["replicationStatus"];
            let code = status["status"]["code"].as_str().unwrap();
            (
                status["completionPercent"].as_u64().unwrap(),
                code.replace("ReplicationState/", ""),
            )
        })
        .collect()
}

fn expected<const N: usize>(disks: [(u64, &str); N]) -> Vec<(u64, String)> {
    disks
        .map(|(percent, code)| (percent, code.to_owned()))
        .into()
}

async fn limited(disks: usize) -> Scene {
    Scene::of(Simulator::builder().rules(Rules {
        disks_in_parallel: Some(disks),
        one_at_a_time: false,
        ..Rules::default()
    }))
    .await
}

#[tokio::test]
async fn disks_above_the_limit_wait_at_nothing() {
    let scene = limited(2).await;
    let monday = scene.copy_point("monday");
    scene.copy("monday").await.assert(201);
    scene.azure.advance(REPLICATION / 2);
    assert_eq!(
        disks(&scene, &monday).await,
        expected([(50, "replicating"), (50, "replicating"), (0, "replicating")])
    );
    let shown = read_disks(&scene, &monday).await;
    assert_eq!(
        shown[2]["properties"]["completionPercent"],
        Value::from(0.0)
    );
    scene.copy("tuesday").await.assert(201);
    // The third disk takes the first free place, and the next copy the other one, from then on.
    scene.azure.advance(REPLICATION);
    assert_eq!(
        disks(&scene, &monday).await,
        expected([(100, "succeeded"), (100, "succeeded"), (50, "replicating")])
    );
    assert_eq!(
        disks(&scene, &scene.copy_point("tuesday")).await,
        expected([(50, "replicating"), (0, "replicating"), (0, "replicating")])
    );
    // However long nobody looks, the turns come one after the other.
    scene.azure.advance(REPLICATION);
    assert_eq!(
        disks(&scene, &scene.copy_point("tuesday")).await,
        expected([(100, "succeeded"), (50, "replicating"), (50, "replicating")])
    );
}

#[tokio::test]
async fn every_region_has_its_own_limit() {
    let scene = limited(3).await;
    let far = scene
        .azure
        .seed_target_collection("rg-app-dr", "far", "uksouth", &scene.source);
    let far = format!("{far}/restorePoints/monday");
    let monday = scene.source_point("monday");
    scene.copy("monday").await.assert(201);
    scene.client.copy(&far, &monday).await.assert(201);
    scene.azure.advance(REPLICATION / 4);
    let all = expected([(25, "replicating"); 3]);
    assert_eq!(disks(&scene, &far).await, all);
    assert_eq!(disks(&scene, &scene.copy_point("monday")).await, all);
}

#[tokio::test]
async fn places_are_free_after_a_failure_and_after_a_deletion() {
    let scene = limited(3).await;
    let (monday, tuesday) = (scene.copy_point("monday"), scene.copy_point("tuesday"));
    scene.azure.set_replication(Replication::Replicating(7));
    scene.copy("monday").await.assert(201);
    scene.azure.set_replication(REPLICATION);
    scene.copy("tuesday").await.assert(201);
    scene.azure.advance(REPLICATION * 10);
    let waiting = expected([(0, "replicating"); 3]);
    assert_eq!(disks(&scene, &tuesday).await, waiting);
    // One place, from now on.
    scene
        .azure
        .set_disk(&monday, "app-vm-os", Replication::Failed(7));
    scene.azure.advance(REPLICATION / 2);
    let one = expected([(50, "replicating"), (0, "replicating"), (0, "replicating")]);
    assert_eq!(disks(&scene, &tuesday).await, one);
    // The other two, when the deletion has ended.
    scene.client.delete(&monday).await.assert(202);
    scene.azure.advance(OPERATION + REPLICATION / 4);
    let all = expected([
        (80, "replicating"),
        (25, "replicating"),
        (25, "replicating"),
    ]);
    assert_eq!(disks(&scene, &tuesday).await, all);
}

#[tokio::test]
async fn what_has_begun_without_a_limit_stays_begun() {
    let scene = Scene::set().await;
    scene.copy("monday").await.assert(201);
    scene.azure.set_rules(Rules {
        disks_in_parallel: Some(0),
        ..Rules::default()
    });
    scene.azure.advance(REPLICATION / 2);
    let all = expected([(50, "replicating"); 3]);
    assert_eq!(disks(&scene, &scene.copy_point("monday")).await, all);
    scene.finish();
    scene.copy("tuesday").await.assert(201);
    scene.finish();
    let waiting = expected([(0, "replicating"); 3]);
    assert_eq!(disks(&scene, &scene.copy_point("tuesday")).await, waiting);
}

/// Deletes the source of a copy with one finished disk and two at 40 percent.
async fn without_source(rules: Rules, delete: impl AsyncFn(&Scene)) -> Vec<(u64, String)> {
    let quick = Duration::from_secs(10);
    let scene = Scene::of(
        Simulator::builder()
            .rules(rules)
            .disk_replication("app-vm-os", quick),
    )
    .await;
    scene.copy("monday").await.assert(201);
    scene.azure.advance(REPLICATION * 4 / 10 - OPERATION);
    delete(&scene).await;
    // The deletion takes as long as an operation does.
    scene.azure.advance(OPERATION + REPLICATION);
    disks(&scene, &scene.copy_point("monday")).await
}

#[tokio::test]
async fn a_copy_outlives_its_source_unless_told_otherwise() {
    let fails = || Rules {
        copies_outlive_source: false,
        ..Rules::default()
    };
    let point = async |scene: &Scene| {
        let id = scene.source_point("monday");
        scene.client.delete(&id).await.assert(202);
    };
    let collection = async |scene: &Scene| {
        scene.client.delete(&scene.source).await.assert(202);
    };
    let done = expected([(100, "succeeded"); 3]);
    let failed = expected([(100, "succeeded"), (40, "failed"), (40, "failed")]);
    assert_eq!(without_source(Rules::default(), point).await, done);
    assert_eq!(without_source(Rules::default(), collection).await, done);
    assert_eq!(without_source(fails(), point).await, failed);
    assert_eq!(without_source(fails(), collection).await, failed);

    // Behind everyone's back it takes no time.
    let failed = expected([(100, "succeeded"), (35, "failed"), (35, "failed")]);
    let point = async |scene: &Scene| scene.azure.remove(&scene.source_point("monday"));
    let collection = async |scene: &Scene| scene.azure.remove(&scene.source);
    assert_eq!(without_source(fails(), point).await, failed);
    assert_eq!(without_source(fails(), collection).await, failed);
}
