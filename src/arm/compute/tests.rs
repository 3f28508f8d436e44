//! The requests about collections and restore points, against a real server on loopback.

use std::collections::BTreeMap;
use std::time::Duration;

use super::copy_encryption::CopyEncryption;
use super::replication::{self, Poll};
use super::restore_point_collections::{self, NewCollection};
use super::restore_points;
use crate::arm::error::Error;
use crate::arm::operation::{CannotFollow, OperationEnd};
use crate::arm::patience::Patience;
use crate::arm::resource_id::{RestorePointCollectionId, RestorePointId};
use crate::arm::settings::Settings;
use crate::arm::transport::Client;
use crate::arm::transport::test_server::{Reply, Seen, TestServer};

const COLLECTION: &str =
    "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/restorePointCollections/dr";
const MISSING: &str = r#"{"error":{"code":"NotFound","message":"Not here."}}"#;

fn patience() -> Patience {
    Patience::detached(Duration::from_secs(60))
}

fn collection() -> RestorePointCollectionId {
    RestorePointCollectionId::parse(COLLECTION).unwrap()
}

fn point(name: &str) -> RestorePointId {
    collection().restore_point(name).unwrap()
}

/// Accepts every PUT and DELETE with these headers, whose URLs stand for the server's own. The
/// operation answers with the replies in order, the resource likewise.
async fn server(
    headers: &'static [(&'static str, &'static str)],
    operation: Vec<Reply>,
    resource: Vec<Reply>,
) -> TestServer {
    let counts = std::sync::Mutex::new((0, 0));
    TestServer::start(move |seen: &Seen, _| {
        let mut counts = counts.lock().unwrap();
        let next = |replies: &[Reply], count: &mut usize| {
            *count += 1;
            replies[(*count - 1).min(replies.len() - 1)].clone()
        };
        if seen.target.starts_with("/operations/") {
            return next(&operation, &mut counts.0);
        }
        if seen.method == "GET" {
            return next(&resource, &mut counts.1);
        }
        let host = seen.header("host").unwrap();
        let status = if seen.method == "DELETE" { 202 } else { 201 };
        headers
            .iter()
            .fold(Reply::json(status, "{}"), |reply, (name, path)| {
                reply.with_header(name, path.replace("SELF", &format!("https://{host}")))
            })
    })
    .await
}

const STATUS: &[(&str, &str)] = &[(
    "azure-asyncoperation",
    "SELF/operations/o?p=q&api-version=1",
)];
const BOTH: &[(&str, &str)] = &[
    (
        "azure-asyncoperation",
        "SELF/operations/o?p=q&api-version=1",
    ),
    (
        "location",
        "SELF/operations/o?p=q&monitor=true&api-version=1",
    ),
];
const LOCATION: &[(&str, &str)] = &[("location", "SELF/operations/l?monitor=true")];
const FOREIGN: &[(&str, &str)] = &[("azure-asyncoperation", "https://evil.invalid/operations/o")];

fn running() -> Reply {
    Reply::json(200, r#"{"status":"InProgress","name":"o"}"#)
}

fn ended(status: &str) -> Reply {
    let error = r#"{"code":"VMRestorePointInternalError","message":"Broken."}"#;
    Reply::json(200, &format!(r#"{{"status":"{status}","error":{error}}}"#))
}

async fn copy(server: &TestServer) -> Result<OperationEnd, Error> {
    let client = server.client();
    let begun = restore_points::begin_create(
        &client,
        &point("copy"),
        &point("source"),
        &CopyEncryption::default(),
        &patience(),
    )
    .await
    .unwrap();
    assert!(begun.restore_point.is_some());
    begun.operation.wait(&client, &patience()).await
}

#[tokio::test]
async fn a_copy_is_put_and_its_operation_followed() {
    let operation = vec![running(), ended("Succeeded")];
    let server = server(STATUS, operation, vec![]).await;
    let end = copy(&server).await.unwrap();
    assert!(matches!(end, OperationEnd::Succeeded), "{end:?}");
    assert_eq!(
        server.asked(),
        [
            format!("PUT {COLLECTION}/restorePoints/copy?api-version=2025-04-01"),
            "GET /operations/o?p=q&api-version=1".to_owned(),
            "GET /operations/o?p=q&api-version=1".to_owned(),
        ]
    );
}

#[tokio::test]
async fn a_failed_operation_keeps_azures_words() {
    let server = server(STATUS, vec![running(), ended("Failed")], vec![]).await;
    let error = copy(&server).await.unwrap_err();
    assert_eq!(error.code(), Some("VMRestorePointInternalError"));
    assert!(error.to_string().contains("Broken."), "{error}");
}

#[tokio::test]
async fn an_operation_that_cannot_be_followed_sends_to_the_resource() {
    let denied = Reply::json(403, r#"{"error":{"code":"AuthorizationFailed"}}"#);
    let server = server(STATUS, vec![running(), denied], vec![]).await;
    let end = copy(&server).await.unwrap();
    let OperationEnd::AskResource(CannotFollow::Denied { permission, .. }) = end else {
        panic!("{end:?}");
    };
    assert_eq!(permission, "Microsoft.Compute/locations/operations/read");

    let forgotten = self::server(STATUS, vec![Reply::json(404, "")], vec![]).await;
    let end = copy(&forgotten).await.unwrap();
    assert!(matches!(
        end,
        OperationEnd::AskResource(CannotFollow::Unknown)
    ));

    let foreign = self::server(FOREIGN, vec![], vec![]).await;
    let end = copy(&foreign).await.unwrap();
    let untold = matches!(
        end,
        OperationEnd::AskResource(CannotFollow::NoStatusMonitor)
    );
    assert!(untold, "{end:?}");
    assert_eq!(foreign.asked().len(), 1);
}

#[tokio::test]
async fn a_restore_point_is_watched_until_it_is_provisioned() {
    let state = |state: &str| {
        let body = format!(r#"{{"properties":{{"provisioningState":"{state}"}}}}"#);
        Reply::json(200, &body)
    };
    let resource = vec![state("Creating"), state("Creating"), state("Failed")];
    let server = server(&[], vec![], resource).await;
    let found =
        restore_points::wait_until_provisioned(&server.client(), &point("copy"), &patience())
            .await
            .unwrap();
    assert!(found.is_provisioning_state("Failed"));
    assert_eq!(server.asked().len(), 3);
}

#[tokio::test]
async fn what_was_just_made_may_be_invisible_for_a_while() {
    let missing = || Reply::json(404, MISSING);
    let made = Reply::json(200, r#"{"properties":{"provisioningState":"Succeeded"}}"#);
    let server = server(&[], vec![], vec![missing(), missing(), made]).await;
    let (client, id) = (server.client(), point("copy"));
    restore_points::get_made(&client, &id, true, &patience())
        .await
        .unwrap();
    assert_eq!(server.asked().len(), 3);

    let server = self::server(&[], vec![], vec![missing()]).await;
    let error = restore_points::wait_until_provisioned(&server.client(), &id, &patience())
        .await
        .unwrap_err();
    assert!(error.is_not_found(), "{error}");
    assert!(server.asked().len() > 2, "{:?}", server.asked());
}

#[tokio::test]
async fn every_look_at_an_operation_waits_as_long_as_azure_asks() {
    let busy = |reply: Reply| reply.with_header("x-ms-retry-after-ms", "250");
    let operation = vec![
        busy(running()),
        busy(Reply::json(503, "{}")),
        ended("Succeeded"),
    ];
    let server = server(STATUS, operation, vec![]).await;
    let began = std::time::Instant::now();
    copy(&server).await.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(500));
    assert_eq!(server.asked().len(), 4);
}

#[tokio::test]
async fn a_redirect_of_an_operation_is_not_followed() {
    let away = Reply::json(307, "").with_header("location", "https://evil.invalid/");
    let server = server(STATUS, vec![running(), away], vec![]).await;
    let end = copy(&server).await.unwrap();
    assert!(matches!(
        end,
        OperationEnd::AskResource(CannotFollow::Unknown)
    ));
    assert_eq!(server.asked().len(), 3);
}

#[tokio::test]
async fn a_deletion_is_followed_until_the_resource_is_gone() {
    for (headers, operation, resource, requests) in [
        (BOTH, vec![running(), ended("Succeeded")], vec![], 3),
        (
            LOCATION,
            vec![Reply::json(202, ""), Reply::json(204, "")],
            vec![],
            3,
        ),
        (
            STATUS,
            vec![Reply::json(404, "")],
            vec![Reply::json(200, "{}"), Reply::json(404, MISSING)],
            4,
        ),
        (
            &[],
            vec![],
            vec![Reply::json(200, "{}"), Reply::json(404, MISSING)],
            3,
        ),
    ] {
        let server = server(headers, operation, resource).await;
        let client = server.client();
        let id = point("copy");
        let operation = restore_points::begin_delete(&client, &id, &patience())
            .await
            .unwrap();
        assert!(operation.is_some());
        restore_points::finish_delete(&client, &id, operation, &patience())
            .await
            .unwrap();
        assert_eq!(server.asked().len(), requests, "{:?}", server.asked());
    }
}

#[tokio::test]
async fn deleting_what_is_not_there_is_no_error() {
    for reply in [Reply::json(204, ""), Reply::json(404, MISSING)] {
        let server = TestServer::start(move |_, _| reply.clone()).await;
        let operation =
            restore_point_collections::begin_delete(&server.client(), &collection(), &patience())
                .await
                .unwrap();
        assert!(operation.is_none());
    }
    let proxy = TestServer::start(|_, _| Reply::json(404, "<html>")).await;
    restore_point_collections::begin_delete(&proxy.client(), &collection(), &patience())
        .await
        .unwrap_err();
}

fn new_collection() -> NewCollection {
    NewCollection {
        location: "westus2".to_owned(),
        source: collection(),
        tags: BTreeMap::new(),
    }
}

#[tokio::test]
async fn a_collection_is_put_read_tagged() {
    let server = TestServer::start(|_, _| Reply::json(200, r#"{"name":"dr"}"#)).await;
    let (client, id) = (server.client(), collection());
    let created =
        restore_point_collections::create_or_update(&client, &id, &new_collection(), &patience())
            .await
            .unwrap();
    assert_eq!(created.name.as_deref(), Some("dr"));
    restore_point_collections::get_with_restore_points(&client, &id, &patience())
        .await
        .unwrap();
    restore_point_collections::update_tags(&client, &id, &BTreeMap::new(), &patience())
        .await
        .unwrap();
    assert_eq!(
        server.asked(),
        [
            format!("PUT {COLLECTION}?api-version=2025-04-01"),
            format!("GET {COLLECTION}?api-version=2025-04-01&$expand=restorePoints"),
            format!("PATCH {COLLECTION}?api-version=2025-04-01"),
        ]
    );
}

#[test]
fn every_wait_can_be_spawned() {
    fn check<T: Send>(_: T) {}
    let client = Client::new(Settings::default().resolve().unwrap());
    let (id, patience) = (point("copy"), patience());
    check(restore_points::begin_create(
        &client,
        &id,
        &id,
        &CopyEncryption::default(),
        &patience,
    ));
    check(restore_points::wait_until_provisioned(
        &client, &id, &patience,
    ));
    check(restore_points::finish_delete(&client, &id, None, &patience));
    check(replication::wait_for_replication(
        &client,
        &id,
        &patience,
        Poll::Growing,
    ));
}

#[tokio::test]
async fn a_collection_whose_answer_was_lost_is_looked_up() {
    let server = TestServer::start(|seen, _| match seen.method.as_str() {
        "PUT" => Reply::CutOff(201),
        _ => Reply::json(200, r#"{"name":"dr"}"#),
    })
    .await;
    let created = restore_point_collections::create_or_update(
        &server.client(),
        &collection(),
        &new_collection(),
        &patience(),
    )
    .await
    .unwrap();
    assert_eq!(created.name.as_deref(), Some("dr"));
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn a_list_is_read_to_its_last_page() {
    let server = TestServer::start(|seen: &Seen, _| {
        let host = seen.header("host").unwrap();
        let next = |link: &str| format!(r#"{{"value":[{{"name":"a"}}],"nextLink":"{link}"}}"#);
        let body = match seen.target.split_once("skiptoken=").map(|(_, token)| token) {
            None => next(&format!("https://{host}/next?skiptoken=2")),
            // Relative, and with nothing on it.
            Some("2") => r#"{"value":null,"nextLink":"/next?skiptoken=3"}"#.to_owned(),
            Some("3") => r#"{"value":[{"name":"b"}],"nextLink":""}"#.to_owned(),
            other => panic!("{other:?}"),
        };
        Reply::json(200, &body)
    })
    .await;
    let client = server.client();
    let pages = restore_point_collections::list_in_subscription(&client, "s");
    let found = pages.all(&client, &patience()).await.unwrap();
    let names: Vec<_> = found.iter().map(|found| found.name.as_deref()).collect();
    assert_eq!(names, [Some("a"), Some("b")]);
}

#[tokio::test]
async fn a_list_that_leads_elsewhere_is_not_followed() {
    let server = TestServer::start(|_: &Seen, _| {
        Reply::json(
            200,
            r#"{"value":[],"nextLink":"https://evil.invalid/next"}"#,
        )
    })
    .await;
    let client = server.client();
    let pages = restore_point_collections::list_in_resource_group(&client, "s", "g");
    let error = pages.all(&client, &patience()).await.unwrap_err();
    assert!(matches!(error, Error::ForeignUrl { .. }), "{error}");
}

#[tokio::test]
async fn a_source_is_waited_for_until_it_is_ready() {
    let states = ["Pending", "InstantAccess", "AvailableWithInstantAccess"];
    let server = TestServer::start(move |_: &Seen, count| {
        let state = states[count.min(states.len() - 1)];
        let view = format!(
            r#"{{"properties":{{"instanceView":{{"diskRestorePoints":[{{"snapshotAccessState":"{state}"}}]}}}}}}"#
        );
        Reply::json(200, &view)
    })
    .await;
    let found = restore_points::wait_until_ready(&server.client(), &point("p"), &patience())
        .await
        .unwrap();
    assert_eq!(restore_points::not_ready(&found), None);
    assert_eq!(server.asked().len(), 3);
}
