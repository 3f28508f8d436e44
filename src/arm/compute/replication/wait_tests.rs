//! Waiting for replication, against a real server on loopback.

use std::time::Duration;

use serde_json::json;

use super::wait::{Poll, ReplicationEnd, wait_for_replication};
use crate::arm::error::Error;
use crate::arm::patience::Patience;
use crate::arm::resource_id::RestorePointId;
use crate::arm::transport::test_server::{Reply, Seen, TestServer};

const LONG: Duration = Duration::from_secs(60);
const MISSING: &str = r#"{"error":{"code":"NotFound","message":"Not here."}}"#;

fn id() -> RestorePointId {
    RestorePointId::parse("/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/restorePointCollections/dr/restorePoints/nightly").unwrap()
}

fn at(state: &str, percent: u8) -> Reply {
    let body = json!({
        "name": "nightly",
        "properties": {
            "provisioningState": "Succeeded",
            "instanceView": {"diskRestorePoints": [{
                "id": "/d",
                "replicationStatus": {
                    "status": {"code": format!("ReplicationState/{state}"), "level": "Info"},
                    "completionPercent": percent
                }
            }]}
        }
    });
    Reply::json(200, &body.to_string())
}

fn refused(status: u16) -> Reply {
    Reply::json(
        status,
        r#"{"error":{"code":"AuthorizationFailed","message":"No."}}"#,
    )
}

/// Answers with the replies in order, the last one again and again, until the wait ends.
async fn ending(replies: Vec<Reply>, patience: &Patience) -> (ReplicationEnd, usize) {
    let script = move |_: &Seen, count: usize| replies[count.min(replies.len() - 1)].clone();
    let server = TestServer::start(script).await;
    let end = wait_for_replication(&server.client(), &id(), patience, Poll::Growing).await;
    let asked = server.asked();
    let expected = format!("GET {}?api-version=2025-04-01&$expand=instanceView", id());
    assert!(asked.iter().all(|asked| *asked == expected), "{asked:?}");
    (end, asked.len())
}

#[tokio::test]
async fn a_copy_is_followed_to_its_last_disk() {
    let replies = vec![
        Reply::json(404, MISSING),
        at("replicating", 0),
        refused(403),
        Reply::Close,
        at("somethingNew", 40).with_header("retry-after", "0"),
        Reply::json(404, MISSING),
        at("succeeded", 100),
    ];
    let (end, asked) = ending(replies, &Patience::detached(LONG)).await;
    assert!(matches!(end, ReplicationEnd::Replicated(_)), "{end:?}");
    assert_eq!(asked, 7);
}

#[tokio::test]
async fn a_failed_disk_ends_the_wait_at_once() {
    let replies = vec![at("replicating", 10), at("failed", 10)];
    let (end, asked) = ending(replies, &Patience::detached(LONG)).await;
    assert!(matches!(end, ReplicationEnd::Failed(_)), "{end:?}");
    assert_eq!(asked, 2);
}

#[tokio::test]
async fn a_copy_that_vanishes_is_gone() {
    let replies = vec![at("replicating", 10), Reply::json(404, MISSING)];
    let (end, asked) = ending(replies, &Patience::detached(LONG)).await;
    assert!(matches!(end, ReplicationEnd::Gone), "{end:?}");
    assert_eq!(asked, 4);

    let never = vec![Reply::json(404, MISSING)];
    let (end, _) = ending(never, &Patience::detached(LONG)).await;
    assert!(matches!(end, ReplicationEnd::Gone), "{end:?}");
}

#[tokio::test]
async fn being_denied_for_long_loses_contact() {
    let replies = vec![at("replicating", 10), refused(403)];
    let (end, _) = ending(replies, &Patience::detached(LONG)).await;
    let ReplicationEnd::LostContact { last, error } = end else {
        panic!("{end:?}");
    };
    assert_eq!(error.code(), Some("AuthorizationFailed"));
    assert_eq!(last.unwrap().name.as_deref(), Some("nightly"));
}

#[tokio::test]
async fn a_sign_in_refused_for_good_loses_contact_at_once() {
    let refusal = r#"{"error":"invalid_client","error_codes":[7000215]}"#;
    let server = TestServer::start_with_entra(
        |_, _| Reply::json(200, "{}"),
        |_, _| Reply::json(401, refusal),
    )
    .await;
    let patience = Patience::detached(LONG);
    let end = wait_for_replication(&server.client(), &id(), &patience, Poll::Growing).await;
    assert!(matches!(end, ReplicationEnd::LostContact { .. }), "{end:?}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_wish_beyond_the_deadline_ends_the_wait() {
    let busy = Reply::json(429, "{}").with_header("retry-after", "3600");
    let replies = vec![at("replicating", 10), busy];
    let (end, asked) = ending(replies, &Patience::detached(LONG)).await;
    let ReplicationEnd::DeadlinePassed { last, cause } = end else {
        panic!("{end:?}");
    };
    assert!(last.is_some());
    assert!(
        matches!(cause, Some(Error::RetryAfterTooLong { .. })),
        "{cause:?}"
    );
    assert_eq!(asked, 2);

    let polite = at("replicating", 10).with_header("retry-after", "3600");
    let (end, asked) = ending(vec![polite], &Patience::detached(LONG)).await;
    let ReplicationEnd::DeadlinePassed { last, cause } = end else {
        panic!("{end:?}");
    };
    assert!(last.is_some() && cause.is_none());
    assert_eq!(asked, 1);
}

#[tokio::test]
async fn a_fixed_interval_is_kept_and_azures_wish_may_lengthen_it() {
    let polite = at("replicating", 10).with_header("retry-after-ms", "400");
    let replies = [polite, at("replicating", 20), at("succeeded", 100)];
    let server = TestServer::start(move |_: &Seen, count| replies[count].clone()).await;
    let client = server.client_with(LONG, |options| {
        options.replication_poll_interval = Some(Duration::from_millis(200));
    });
    let began = std::time::Instant::now();
    let patience = Patience::detached(LONG);
    let end = wait_for_replication(&client, &id(), &patience, Poll::of(&client)).await;
    assert!(matches!(end, ReplicationEnd::Replicated(_)), "{end:?}");
    let elapsed = began.elapsed();
    assert!(elapsed >= Duration::from_millis(600), "{elapsed:?}");
}

#[tokio::test]
async fn a_deadline_keeps_what_was_seen_last() {
    let (end, _) = ending(
        vec![at("replicating", 10)],
        &Patience::detached(Duration::from_millis(300)),
    )
    .await;
    let ReplicationEnd::DeadlinePassed { last, cause } = end else {
        panic!("{end:?}");
    };
    assert!(last.is_some(), "the first look is taken at once");
    assert!(cause.is_none(), "{cause:?}");
}

#[tokio::test]
async fn stop_keeps_what_was_seen_last() {
    let patience = Patience::detached(LONG);
    let stop = patience.stop.clone();
    let server = TestServer::start(move |_, count| {
        if count == 1 {
            stop.cancel();
        }
        at("replicating", 10)
    })
    .await;
    let end = wait_for_replication(&server.client(), &id(), &patience, Poll::Growing).await;
    let ReplicationEnd::Stopped { last } = end else {
        panic!("{end:?}");
    };
    assert!(last.is_some());
}
