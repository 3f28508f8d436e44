//! What the identity may not do, it is refused in ARM's words.

use azure_simulator::{CLIENT_ID, OBJECT_ID, Role, Simulator};

use crate::support::{API_VERSION, OPERATION, Scene, collection_body};

const COLLECTION: &str = "Microsoft.Compute/restorePointCollections";
const POINT: &str = "Microsoft.Compute/restorePointCollections/restorePoints";

/// Every request needs one action, and is let through with it alone.
#[tokio::test]
async fn every_request_needs_its_action() {
    let scene = Scene::set().await;
    let operation = {
        let begun = scene.copy("monday").await.assert(201);
        begun.header("azure-asyncoperation").unwrap().to_owned()
    };
    let operation_path = operation.replace(&scene.azure.endpoint(), "");
    let operation_path = operation_path.split('?').next().unwrap();
    scene.azure.advance(OPERATION);
    let subscription = scene.source.split("/resourceGroups/").next().unwrap();
    let group = format!("{subscription}/resourceGroups/rg-app-dr");
    let list = format!("{group}/providers/{COLLECTION}");
    let list_all = format!("{subscription}/providers/{COLLECTION}");
    let point = scene.copy_point("monday");
    let disks = format!("{point}/diskRestorePoints");
    let group_action = "Microsoft.Resources/subscriptions/resourceGroups/read".to_owned();
    let disk_action = format!("{POINT}/diskRestorePoints/read");
    let operation_action = "Microsoft.Compute/locations/operations/read".to_owned();
    for (method, path, action) in [
        ("GET", &*group, group_action),
        ("GET", &list_all, format!("{COLLECTION}/read")),
        ("GET", &list, format!("{COLLECTION}/read")),
        ("GET", &scene.target, format!("{COLLECTION}/read")),
        ("PATCH", &scene.target, format!("{COLLECTION}/write")),
        ("GET", &point, format!("{POINT}/read")),
        ("GET", &disks, disk_action),
        ("GET", operation_path, operation_action),
        ("DELETE", &point, format!("{POINT}/delete")),
        ("DELETE", &scene.target, format!("{COLLECTION}/delete")),
    ] {
        let ask = async || {
            let version = match path {
                path if path == disks => "2024-03-02",
                _ => API_VERSION,
            };
            let url = match path {
                path if path == operation_path => operation.clone(),
                path => format!("{}{path}?api-version={version}", scene.azure.endpoint()),
            };
            let body = (method == "PATCH").then(|| serde_json::json!({}));
            scene.client.fetch(method, &url, body).await.unwrap()
        };
        scene.azure.set_roles([]);
        let refused = ask().await.assert_refused(403, "AuthorizationFailed");
        assert_eq!(
            refused.body["error"]["message"],
            format!(
                "The client '{CLIENT_ID}' with object id '{OBJECT_ID}' does not have authorization to perform action '{action}' over scope '{path}' or the scope is invalid. If access was recently granted, please refresh your credentials."
            )
        );
        assert_eq!(refused.header("x-ms-failure-cause"), Some("gateway"));
        scene.azure.set_roles([Role::of([&*action])]);
        let status = ask().await.status;
        assert!(status < 300, "{method} {path}: {status}");
    }
    assert!(scene.azure.unexpected().is_empty());
}

#[tokio::test]
async fn a_copy_needs_the_right_to_read_its_source() {
    let write = format!("{POINT}/write");
    let read = |kind: &str| format!("{kind}/read");
    let scene = Scene::of(Simulator::builder().roles([Role::of([&*write])])).await;
    let (source, point) = (scene.source.clone(), scene.source_point("monday"));
    for (roles, missing, linked) in [
        (vec![Role::of([&*write])], read(COLLECTION), &source),
        (
            vec![Role::of([&*write]), Role::of([&*read(COLLECTION)])],
            read(POINT),
            &point,
        ),
        (
            vec![Role::of([&*write]), Role::of(["*/read"]).at(&scene.target)],
            read(COLLECTION),
            &source,
        ),
    ] {
        scene.azure.set_roles(roles);
        let refused = scene
            .copy("monday")
            .await
            .assert_refused(403, "LinkedAuthorizationFailed");
        assert_eq!(
            refused.body["error"]["message"],
            format!(
                "The client '{CLIENT_ID}' with object id '{OBJECT_ID}' has permission to perform action '{write}' on scope '{}'; however, it does not have permission to perform action(s) '{missing}' on the linked scope(s) '{linked}' (respectively) or the linked scope(s) are invalid.",
                scene.copy_point("monday")
            )
        );
    }
    assert_eq!(scene.azure.resource(&scene.copy_point("monday")), None);
    scene
        .azure
        .set_roles([Role::of([&*write]), Role::of(["*/read"])]);
    scene.copy("monday").await.assert(201);
}

#[tokio::test]
async fn a_collection_needs_the_right_to_read_its_source() {
    let scene = Scene::set().await;
    let role = Role::of([&*format!("{COLLECTION}/*")]);
    scene.azure.set_roles([role.at(&scene.target)]);
    let body = collection_body(&scene.source, "westeurope");
    let refused = scene.client.put(&scene.target, body).await;
    refused.assert_refused(403, "LinkedAuthorizationFailed");
}
