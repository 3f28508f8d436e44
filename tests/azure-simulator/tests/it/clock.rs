//! Time passes as a test says.

use std::time::Duration;

use azure_simulator::{Replication, Simulator};
use serde_json::{Value, json};

use crate::support::{OPERATION, PATIENCE, REPLICATION, Scene};

/// Percent and code of every disk.
async fn view(scene: &Scene) -> Vec<(Value, String)> {
    let path = format!("{}?$expand=instanceView", scene.copy_point("monday"));
    let reply = scene.client.get(&path).await.assert(200);
    let disks = &reply.body["properties"]["instanceView"]["diskRestorePoints"];
    let disks = disks.as_array().unwrap().iter();
    disks
        .map(|disk| {
            let status = &disk["replicationStatus"];
            let code = status["status"]["code"].as_str().unwrap();
            (
                status["completionPercent"].clone(),
                code.replace("ReplicationState/", ""),
            )
        })
        .collect()
}

fn all(percent: u8, code: &str) -> Vec<(Value, String)> {
    vec![(json!(percent), code.to_owned()); 3]
}

#[tokio::test]
async fn replication_goes_on_only_while_time_passes() {
    let scene = Scene::set().await;
    scene.copy("monday").await.assert(201);
    assert_eq!(view(&scene).await, []);
    scene.azure.advance(OPERATION);
    assert_eq!(view(&scene).await, all(5, "replicating"));
    assert_eq!(view(&scene).await, all(5, "replicating"));
    scene.azure.advance(REPLICATION / 2);
    assert_eq!(view(&scene).await, all(55, "replicating"));
    scene.azure.advance(REPLICATION);
    assert_eq!(view(&scene).await, all(100, "succeeded"));
}

#[tokio::test]
async fn disks_take_courses_of_their_own() {
    let scene = Scene::of(
        Simulator::builder()
            .disk_replication("app-vm-data-0", REPLICATION * 2)
            .disk_replication(
                "app-vm-data-1",
                Replication::FailsAt {
                    percent: 30,
                    after: REPLICATION,
                },
            ),
    )
    .await;
    scene.copy("monday").await.assert(201);
    scene.azure.advance(REPLICATION / 5);
    let seen = view(&scene).await;
    assert_eq!(seen[0], (json!(20), "replicating".to_owned()));
    assert_eq!(seen[1], (json!(10), "replicating".to_owned()));
    assert_eq!(seen[2], (json!(20), "replicating".to_owned()));
    scene.azure.advance(REPLICATION);
    let seen = view(&scene).await;
    assert_eq!(seen[0], (json!(100), "succeeded".to_owned()));
    assert_eq!(seen[1], (json!(60), "replicating".to_owned()));
    assert_eq!(seen[2], (json!(30), "failed".to_owned()));
    let copy = scene.azure.resource(&scene.copy_point("monday")).unwrap();
    let summary = &copy["properties"]["instanceView"]["statuses"][0];
    assert_eq!(summary["level"], "Error");
    // The operation ended well, and stays so.
    assert_eq!(copy["properties"]["provisioningState"], "Succeeded");
}

#[tokio::test]
async fn progress_can_be_set_by_hand() {
    let scene = Scene::of(Simulator::builder()).await;
    scene.azure.set_replication(Replication::Replicating(0));
    scene.copy("monday").await.assert(201);
    scene.azure.advance(REPLICATION * 9);
    assert_eq!(view(&scene).await, all(0, "replicating"));
    let id = scene.copy_point("monday");
    scene
        .azure
        .set_disk(&id, "app-vm-os", Replication::Succeeded);
    scene
        .azure
        .set_disk(&id, "app-vm-data-0", Replication::Replicating(41));
    scene.azure.set_disk(
        &id,
        "app-vm-data-1",
        Replication::Status {
            code: "ReplicationState/paused".to_owned(),
            level: "Warning".to_owned(),
            display_status: "Paused".to_owned(),
            completion_percent: Some(json!("12")),
        },
    );
    let seen = view(&scene).await;
    assert_eq!(seen[0], (json!(100), "succeeded".to_owned()));
    assert_eq!(seen[1], (json!(41), "replicating".to_owned()));
    assert_eq!(seen[2], (json!("12"), "paused".to_owned()));
}

#[tokio::test]
async fn a_scaled_clock_runs_by_itself() {
    let scene = Scene::set().await;
    scene.copy("monday").await.assert(201);
    scene.azure.scale(1e7);
    // The clock is read anew by every request; the second one is later than the first by far.
    let first = scene.azure.now();
    scene.client.get(&scene.target).await.assert(200);
    scene.azure.freeze();
    let second = scene.azure.now();
    assert!(second - first > REPLICATION);
    assert_eq!(scene.azure.now(), second);
    assert_eq!(view(&scene).await, all(100, "succeeded"));
}

#[tokio::test]
async fn retry_after_is_in_the_clients_time() {
    let scene = Scene::of(Simulator::builder().rules(azure_simulator::Rules {
        copies_per_hour: Some(1),
        ..azure_simulator::Rules::default()
    }))
    .await;
    scene.copy("monday").await.assert(201);
    scene.finish();
    scene.azure.scale(100.0);
    let refused = scene.copy("tuesday").await.assert(429);
    let seconds: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!(seconds <= 35, "{seconds}");
}

#[tokio::test]
async fn waiting_for_requests_ends_with_them_or_with_the_limit() {
    let scene = Scene::set().await;
    let asked = scene.azure.wait_for_count(PATIENCE, "GET", "app-dr", 2);
    let asking = async {
        scene.client.get(&scene.target).await.assert(200);
        scene.client.get(&scene.target).await.assert(200);
    };
    let (seen, ()) = tokio::join!(asked, asking);
    assert!(seen.is_ok());
    let missed = scene
        .azure
        .wait_for(Duration::ZERO, |log| log.len() > 99)
        .await;
    let missed = missed.unwrap_err().to_string();
    assert!(
        missed.contains("GET /subscriptions/") && missed.contains("-> 200"),
        "{missed}"
    );
}
