//! Locks, policies and shared access signatures are in the way of clients that may do everything.

use azure_simulator::{Lock, Policy, SUBSCRIPTION_ID};
use serde_json::json;

use crate::support::{OPERATION, Reply, Scene, collection_body};

fn group() -> String {
    format!("/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg-app-dr")
}

async fn patch(scene: &Scene) -> Reply {
    let body = json!({ "tags": { "a": "b" } });
    scene.client.ask("PATCH", &scene.target, Some(body)).await
}

#[tokio::test]
async fn a_lock_prevents_deletion_and_nothing_else() {
    let scene = Scene::set().await;
    scene.azure.lock(&group(), Lock::CanNotDelete);
    scene.copy("monday").await.assert(201);
    patch(&scene).await.assert(200);
    scene.azure.advance(OPERATION);
    for id in [scene.copy_point("monday"), scene.target.clone()] {
        let refused = scene.client.delete(&id).await;
        let refused = refused.assert_refused(409, "ScopeLocked");
        assert_eq!(
            refused.body["error"]["message"],
            format!(
                "The scope '{id}' cannot perform delete operation because following scope(s) are locked: '{}'. Please remove the lock and try again.",
                group()
            )
        );
    }
    scene.azure.unlock(&group().to_uppercase());
    let deleted = scene.client.delete(&scene.copy_point("monday")).await;
    deleted.assert(202);
}

#[tokio::test]
async fn a_read_only_lock_prevents_changes_below_it() {
    let scene = Scene::set().await;
    scene.azure.lock(&scene.target, Lock::ReadOnly);
    patch(&scene).await.assert_refused(409, "ScopeLocked");
    let refused = scene.copy("monday").await;
    let refused = refused.assert_refused(409, "ScopeLocked");
    let message = refused.body["error"]["message"].as_str().unwrap();
    assert!(message.contains("cannot perform write operation"));
    scene.client.get(&scene.target).await.assert(200);
    // Its neighbour in the group is free.
    let beside = format!("{}-2", scene.target);
    let body = collection_body(&scene.source, "westeurope");
    scene.client.put(&beside, body).await.assert(201);
}

#[tokio::test]
async fn a_policy_is_named_with_its_assignment() {
    let scene = Scene::set().await;
    let kind = "Microsoft.Compute/restorePointCollections";
    let policy = Policy::new("Allowed locations", &group()).assigned_as("EU only");
    scene.azure.assign_policy(policy.on(kind));
    let refused = patch(&scene).await;
    let refused = refused.assert_refused(403, "RequestDisallowedByPolicy");
    let error = &refused.body["error"];
    assert_eq!(error["target"], "app-dr");
    let assignment = format!(
        "{}/providers/Microsoft.Authorization/policyAssignments/eu-only",
        group()
    );
    let definition = "/providers/Microsoft.Authorization/policyDefinitions/allowed-locations";
    assert_eq!(
        error["additionalInfo"],
        json!([{
            "type": "PolicyViolation",
            "info": {
                "policyDefinitionDisplayName": "Allowed locations",
                "policyDefinitionId": definition,
                "policyDefinitionName": "allowed-locations",
                "policyDefinitionEffect": "deny",
                "policyAssignmentDisplayName": "EU only",
                "policyAssignmentId": assignment,
                "policyAssignmentName": "eu-only",
                "policyAssignmentScope": group(),
                "policyAssignmentParameters": {},
                "policyExemptionIds": [],
            },
        }])
    );
    let message = error["message"].as_str().unwrap();
    assert!(
        message.starts_with(
            "Resource 'app-dr' was disallowed by policy. Policy identifiers: '[{\"policyAssignment\":{"
        ) && message.contains("\"name\":\"EU only\""),
        "{message}"
    );
    // It is about collections only, and about writing only.
    scene.copy("monday").await.assert(201);
    scene.client.get(&scene.target).await.assert(200);
    scene
        .azure
        .assign_policy(Policy::new("No copies", &scene.target));
    let refused = scene.copy("tuesday").await;
    refused.assert_refused(403, "RequestDisallowedByPolicy");
    scene.azure.clear_policies();
    patch(&scene).await.assert(200);
}

#[tokio::test]
async fn a_shared_disk_holds_its_restore_point() {
    let scene = Scene::set().await;
    scene.copy("monday").await.assert(201);
    scene.finish();
    let copy = scene.copy_point("monday");
    scene.azure.set_shared(&copy, true);
    for id in [&copy, &scene.target] {
        let refused = scene.client.delete(id).await;
        let refused = refused.assert_refused(409, "DiskRestorePointUsedByCustomer");
        let message = refused.body["error"]["message"].as_str().unwrap();
        assert!(message.ends_with("Call EndGetAccess before deleting the restore point."));
        assert!(refused.header("x-ms-failure-cause").is_none());
    }
    scene.azure.set_shared(&copy, false);
    scene.client.delete(&copy).await.assert(202);
}
