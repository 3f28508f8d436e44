//! Tables for the rule that says when a copy is usable.

use super::ReplicationState::{Failed, Replicating, Succeeded, Unknown};
use super::*;
use serde_json::{Value, json};

fn drp(name: &str) -> String {
    format!("/subscriptions/s/x/diskRestorePoints/{name}")
}

fn shown(name: &str, code: &str, level: &str, percent: Value) -> Value {
    json!({
        "id": drp(name),
        "replicationStatus": {
            "status": {"code": code, "level": level},
            "completionPercent": percent
        }
    })
}

/// A machine whose first disk has the operating system; every disk has its restore point.
fn point(provisioning_state: Value, listed: &[&str], view: Value) -> RestorePoint {
    let disk = |name: &&str| json!({"name": name, "diskRestorePoint": {"id": drp(name)}});
    let mut disks = listed.iter().map(disk);
    serde_json::from_value(json!({
        "name": "nightly",
        "properties": {
            "provisioningState": provisioning_state,
            "sourceMetadata": {"storageProfile": {
                "osDisk": disks.next(),
                "dataDisks": disks.collect::<Vec<_>>()
            }},
            "instanceView": view
        }
    }))
    .unwrap()
}

fn with_disks(disks: &[Value]) -> RestorePoint {
    let listed: Vec<String> = disks
        .iter()
        .map(|disk| last_segment(disk["id"].as_str().unwrap()).to_owned())
        .collect();
    let listed: Vec<&str> = listed.iter().map(String::as_str).collect();
    point(
        json!("Succeeded"),
        &listed,
        json!({"diskRestorePoints": disks}),
    )
}

fn disk(name: &str, state: &str, percent: u8) -> Value {
    let code = format!("ReplicationState/{state}");
    shown(name, &code, "Info", json!(percent))
}

#[test]
fn slowest_disk_decides_and_one_failure_fails_all() {
    #[track_caller]
    fn check(disks: &[Value], state: ReplicationState, percent: Option<u8>) {
        let found = replication(&with_disks(disks));
        assert_eq!((found.state, found.completion_percent), (state, percent));
    }
    check(&[disk("a", "succeeded", 100)], Succeeded, Some(100));
    check(&[disk("a", "succeeded", 0)], Succeeded, Some(100));
    check(
        &[disk("a", "succeeded", 100), disk("b", "replicating", 40)],
        Replicating,
        Some(40),
    );
    check(
        &[disk("a", "replicating", 10), disk("b", "replicating", 40)],
        Replicating,
        Some(10),
    );
    check(
        &[disk("a", "failed", 10), disk("b", "succeeded", 100)],
        Failed,
        Some(10),
    );
    check(
        &[disk("a", "queued", 0), disk("b", "succeeded", 100)],
        Unknown,
        Some(0),
    );
    check(&[disk("a", "replicating", 100)], Replicating, Some(100));
}

#[test]
fn codes_are_compared_without_case_and_by_kind() {
    #[track_caller]
    fn check(code: &str, level: &str, expected: ReplicationState) {
        let found = replication(&with_disks(&[shown("a", code, level, json!(null))]));
        assert_eq!(found.state, expected, "{code} {level}");
    }
    check("ReplicationState/succeeded", "Info", Succeeded);
    check("replicationstate/SUCCEEDED", "", Succeeded);
    check("ReplicationState/replicating", "Info", Replicating);
    check("ReplicationState/failed", "Info", Failed);
    check("ReplicationState/CopyFailed", "Warning", Failed);
    check("ReplicationState/internalError", "Warning", Failed);
    check("ReplicationState/replicating", "error", Failed);
    check("ReplicationState/anything", "Error", Failed);
    check("ReplicationState/pending", "Info", Unknown);
    check("InstantAccessState/succeeded", "Info", Unknown);
    check("succeeded", "Info", Unknown);
    check("", "", Unknown);
}

#[test]
fn a_view_without_disks_is_not_the_end() {
    #[track_caller]
    fn check(view: Value) {
        let found = replication(&point(json!("Succeeded"), &["a"], view));
        assert_eq!(found.state, Unknown);
        assert_eq!(found.completion_percent, None);
        assert_eq!(found.disks.len(), 1, "the machine's disk is named");
    }
    let summary = json!([{"code": "ReplicationState/succeeded", "level": "Info"}]);
    check(Value::Null);
    check(json!({}));
    check(json!({"diskRestorePoints": [], "statuses": summary}));
    let nothing = replication(&RestorePoint::default());
    assert_eq!(nothing.state, Unknown);
    assert!(nothing.slowest_disk().is_none());
}

#[test]
fn a_failed_summary_alone_is_not_believed() {
    let view = json!({
        "diskRestorePoints": [disk("a", "replicating", 5)],
        "statuses": [{"code": "ReplicationState/failed", "level": "Error"}]
    });
    let found = replication(&point(json!("Succeeded"), &["a"], view));
    assert_eq!(found.state, Replicating);
}

#[test]
fn every_disk_of_the_machine_must_be_shown() {
    let view = json!({"diskRestorePoints": [disk("A", "succeeded", 100)]});
    let all = replication(&point(json!("Succeeded"), &["a"], view.clone()));
    assert_eq!(all.state, Succeeded, "ids differ in case only");
    assert_eq!(all.disks[0].name, "a");

    let one_hidden = replication(&point(json!("Succeeded"), &["a", "b"], view.clone()));
    assert_eq!(one_hidden.state, Unknown);
    assert_eq!(one_hidden.completion_percent, Some(0));
    assert_eq!(one_hidden.slowest_disk().unwrap().name, "b");

    let mut no_ids = point(json!("Succeeded"), &["a", "b"], view.clone());
    let storage = &mut no_ids.properties.source_metadata.storage_profile;
    storage.os_disk.as_mut().unwrap().disk_restore_point = None;
    storage.data_disks[0].disk_restore_point = None;
    assert_eq!(replication(&no_ids).state, Replicating);

    let unlisted = replication(&point(json!("Succeeded"), &[], view));
    assert_eq!(unlisted.state, Succeeded, "the view is all there is");
}

#[test]
fn the_provisioning_state_has_a_say() {
    #[track_caller]
    fn check(provisioning_state: Value, expected: ReplicationState) {
        let view = json!({"diskRestorePoints": [disk("a", "succeeded", 100)]});
        let found = replication(&point(provisioning_state.clone(), &["a"], view));
        assert_eq!(found.state, expected, "{provisioning_state}");
    }
    check(json!("Succeeded"), Succeeded);
    check(json!("succeeded"), Succeeded);
    check(Value::Null, Succeeded);
    check(json!("Creating"), Replicating);
    check(json!("Failed"), Failed);
    check(json!("Canceled"), Failed);
}

#[test]
fn a_disk_without_replication_status_is_unknown() {
    let local = json!({"id": drp("a"), "snapshotAccessState": "Available"});
    let found = replication(&with_disks(&[local]));
    assert_eq!(found.state, Unknown);
    assert_eq!(found.completion_percent, None);
}

#[test]
fn failed_disks_are_named_with_azures_words() {
    let mut failed = disk("data-1", "failed", 30);
    failed["replicationStatus"]["status"]["message"] = json!("Gone.");
    let found = replication(&with_disks(&[disk("os", "succeeded", 100), failed]));
    let names: Vec<_> = found.failed_disks().collect();
    assert_eq!(names.len(), 1);
    assert_eq!(names[0].name, "data-1");
    assert_eq!(names[0].disk_restore_point_id, drp("data-1"));
    assert_eq!(names[0].code.as_deref(), Some("ReplicationState/failed"));
    assert_eq!(names[0].message.as_deref(), Some("Gone."));
    assert!(!found.is_usable());
}
