//! The sending loop against a real server on loopback.

use std::time::Duration;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::test_server::{Reply, Seen, TestServer};
use super::{Client, PutError, Request};
use crate::arm::error::{ConnectionKind, Error};
use crate::arm::patience::Patience;

const LONG: Duration = Duration::from_secs(60);
const REFUSAL: &str = r#"{"error":{"code":"Conflict","message":"No."}}"#;

/// Answers with the replies in order; the last one is repeated.
async fn server(replies: Vec<Reply>) -> TestServer {
    TestServer::start(move |_: &Seen, count| replies[count.min(replies.len() - 1)].clone()).await
}

async fn get(client: &Client, patience: &Patience) -> Result<Value, Error> {
    let url = client.url("/x", "1", None);
    client.get(url, patience).await.map(|fetched| fetched.value)
}

async fn put(client: &Client, patience: &Patience) -> Result<(), PutError> {
    let request = Request::put(client.url("/x", "1", None), json!({"a": 1}));
    client.send(&request, patience).await.map(|_| ())
}

#[tokio::test]
async fn requests_carry_token_and_ids() {
    let server = server(vec![Reply::json(200, "{}")]).await;
    let client = server.client();
    get(&client, &Patience::detached(LONG)).await.unwrap();
    put(&client, &Patience::detached(LONG)).await.unwrap();

    let seen = server.seen();
    assert_eq!(seen.len(), 3, "one sign-in, two requests");
    assert_eq!(seen[0].target, "/tenant/oauth2/v2.0/token");
    assert!(
        seen[0]
            .body
            .contains("scope=https%3A%2F%2Faudience.example%2F.default")
    );
    assert_eq!(seen[1].target, "/x?api-version=1");
    assert_eq!(seen[1].header("authorization"), Some("Bearer token-1"));
    assert_eq!(seen[1].header("accept"), Some("application/json"));
    assert_eq!(
        seen[1].header("x-ms-correlation-request-id"),
        Some("correlation")
    );
    assert_eq!(
        seen[1].header("x-ms-return-client-request-id"),
        Some("true")
    );
    let id = |seen: &Seen| seen.header("x-ms-client-request-id").map(str::to_owned);
    assert_ne!(id(&seen[1]), id(&seen[2]));
    assert_eq!(seen[2].header("content-type"), Some("application/json"));
    assert_eq!(seen[2].body, r#"{"a":1}"#);
}

#[tokio::test]
async fn trouble_that_passes_is_waited_out() {
    let server = server(vec![
        Reply::json(429, "{}").with_header("retry-after", "0"),
        Reply::json(503, "<html>"),
        Reply::Close,
        Reply::CutOff(200),
        Reply::json(200, "<html>"),
        Reply::json(200, ""),
        Reply::json(200, r#"{"at":"last"}"#),
    ])
    .await;
    let found = get(&server.client(), &Patience::detached(LONG))
        .await
        .unwrap();
    assert_eq!(found["at"], "last");
    assert_eq!(server.asked().len(), 7);
}

#[tokio::test]
async fn a_refusal_is_final_and_keeps_azures_words() {
    let refusal = Reply::json(409, REFUSAL).with_header("x-ms-request-id", "r-1");
    let server = server(vec![refusal]).await;
    let error = get(&server.client(), &Patience::detached(LONG))
        .await
        .unwrap_err();
    assert_eq!(error.to_string(), "GET /x was answered 409 Conflict: No.");
    let ids = error.request_ids().unwrap();
    assert_eq!(ids.request_id.as_deref(), Some("r-1"));
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let away = Reply::json(307, "").with_header("location", "https://evil.invalid/");
    let server = server(vec![away]).await;
    let error = get(&server.client(), &Patience::detached(LONG))
        .await
        .unwrap_err();
    assert_eq!(error.status(), Some(307));
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let server = TestServer::start(|seen: &Seen, _| {
        let is_new = seen.header("authorization") == Some("Bearer token-2");
        Reply::json(if is_new { 200 } else { 401 }, "{}")
    })
    .await;
    let client = server.client();
    get(&client, &Patience::detached(LONG)).await.unwrap();
    get(&client, &Patience::detached(LONG)).await.unwrap();
    assert_eq!(server.asked().len(), 3);

    let server = self::server(vec![Reply::json(401, "{}")]).await;
    let error = get(&server.client(), &Patience::detached(LONG))
        .await
        .unwrap_err();
    assert_eq!(error.status(), Some(401));
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn a_wish_beyond_the_deadline_ends_at_once_and_says_so() {
    let busy = Reply::json(429, REFUSAL).with_header("retry-after", "3600");
    let server = server(vec![busy]).await;
    let error = get(&server.client(), &Patience::detached(LONG))
        .await
        .unwrap_err();
    assert!(error.is_deadline());
    assert!(
        error.to_string().contains("asks to wait 60 min, until "),
        "{error}"
    );
    assert_eq!(error.code(), Some("Conflict"));
}

#[tokio::test]
async fn a_refusal_to_one_holds_back_the_next_question_but_no_change() {
    let busy = Reply::json(429, REFUSAL).with_header("retry-after-ms", "700");
    let server = server(vec![busy, Reply::json(200, "{}")]).await;
    let client = server.client();
    let impatient = Patience::detached(Duration::from_millis(500));
    get(&client, &impatient).await.unwrap_err();
    let began = std::time::Instant::now();
    put(&client, &Patience::detached(LONG)).await.unwrap();
    assert!(began.elapsed() < Duration::from_millis(500));
    get(&client, &Patience::detached(LONG)).await.unwrap();
    assert!(began.elapsed() > Duration::from_millis(500));
    assert_eq!(server.asked().len(), 3);
}

#[tokio::test]
async fn an_untrusted_certificate_is_named_soon() {
    let server = server(vec![Reply::json(200, "{}")]).await;
    let error = get(&server.distrusting_client(), &Patience::detached(LONG))
        .await
        .unwrap_err();
    let Error::SignIn(error) = error else {
        panic!("{error:?}");
    };
    assert_eq!(
        error.connection,
        Some(ConnectionKind::UntrustedCertificate),
        "{error}"
    );
    assert!(error.message.contains("localhost"), "{error}");
}

#[tokio::test]
async fn an_unknown_host_is_named_soon() {
    let server = server(vec![]).await;
    let client = server.client_with(LONG, |options| {
        options.cloud.resource_manager_endpoint = "https://arm.invalid".parse().unwrap();
    });
    let error = get(&client, &Patience::detached(LONG)).await.unwrap_err();
    let Error::Connection(error) = error else {
        panic!("{error:?}");
    };
    assert_eq!(error.kind, ConnectionKind::UnknownHost, "{error}");
    assert!(error.to_string().contains("arm.invalid"), "{error}");
}

#[tokio::test]
async fn who_never_answered_is_given_up_soon_and_who_did_is_waited_for() {
    let mut server = server(vec![Reply::json(200, "{}")]).await;
    let (known, stranger) = (server.client(), server.client());
    get(&known, &Patience::detached(LONG)).await.unwrap();
    server.leave().await;
    let moment = Patience::detached(Duration::from_millis(200));
    let error = get(&known, &moment).await.unwrap_err();
    let Error::DeadlinePassed {
        last_cause: Some(cause),
    } = error
    else {
        panic!("{error:?}");
    };
    let Error::Connection(cause) = *cause else {
        panic!("{cause:?}");
    };
    assert_eq!(cause.kind, ConnectionKind::Unreachable, "{cause}");

    let error = get(&stranger, &Patience::detached(LONG)).await.unwrap_err();
    let Error::SignIn(error) = error else {
        panic!("{error:?}");
    };
    assert_eq!(error.connection, Some(ConnectionKind::Unreachable));
}

#[tokio::test]
async fn a_broken_handshake_is_waited_out() {
    let server = server(vec![Reply::Close, Reply::json(200, "{}")]).await;
    server.hang_up(9);
    get(&server.client(), &Patience::detached(LONG))
        .await
        .unwrap();
    server.hang_up(9);
    let failure = put(
        &server.client(),
        &Patience::detached(Duration::from_millis(1)),
    )
    .await
    .unwrap_err();
    assert!(!failure.may_have_been_accepted, "{failure:?}");
}

#[tokio::test]
async fn an_attempt_that_nobody_answers_is_given_up_and_repeated() {
    let never = Reply::Late(CancellationToken::new(), Box::new(Reply::Close));
    let server = server(vec![never.clone(), never, Reply::json(200, "{}")]).await;
    let client = server.client_with(Duration::from_millis(300), |_| ());
    get(&client, &Patience::detached(LONG)).await.unwrap();
    assert_eq!(server.asked().len(), 3);
}

#[tokio::test]
async fn an_answer_without_end_is_refused_and_asked_for_once_more() {
    let endless = format!("\"{}\"", "x".repeat(33 << 20));
    let server = server(vec![Reply::json(200, &endless)]).await;
    let error = get(&server.client(), &Patience::detached(LONG))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("larger than"), "{error}");
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn entra_ids_refusal_ends_at_once() {
    let refusal = r#"{"error":"invalid_client","error_description":"AADSTS7000215: hunter2 is wrong.","error_codes":[7000215]}"#;
    let server = TestServer::start_with_entra(
        |_, _| Reply::json(200, "{}"),
        |_, _| Reply::json(401, refusal),
    )
    .await;
    let error = get(&server.client(), &Patience::detached(LONG))
        .await
        .unwrap_err();
    assert!(error.is_permanent_sign_in());
    assert!(error.to_string().contains("AADSTS7000215"), "{error}");
    assert!(!error.to_string().contains("hunter2"), "{error}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn entra_ids_trouble_is_waited_out() {
    let server = TestServer::start_with_entra(
        |_, _| Reply::json(200, "{}"),
        |_, count| match count {
            0 => Reply::Close,
            1 => Reply::json(503, "<html>"),
            2 => Reply::json(200, "<html>"),
            _ => Reply::json(200, r#"{"expires_in":60,"access_token":"t"}"#),
        },
    )
    .await;
    get(&server.client(), &Patience::detached(LONG))
        .await
        .unwrap();
    assert_eq!(server.asked().len(), 1);
}

#[tokio::test]
async fn a_put_says_whether_it_may_have_been_accepted() {
    #[track_caller]
    fn check(found: Result<(), PutError>, status: Option<u16>, may_have_been_accepted: bool) {
        let failure = found.unwrap_err();
        assert_eq!(failure.error.status(), status, "{failure:?}");
        assert_eq!(failure.may_have_been_accepted, may_have_been_accepted);
    }
    let refused = || Reply::json(409, REFUSAL);
    for (replies, may_have_been_accepted) in [
        (vec![refused()], false),
        (vec![Reply::json(429, "{}"), refused()], false),
        (vec![Reply::json(401, "{}"), refused()], false),
        (vec![Reply::Close, refused()], true),
        (vec![Reply::json(500, "{}"), refused()], true),
        (vec![Reply::json(408, "{}"), refused()], true),
    ] {
        let server = server(replies).await;
        let found = put(&server.client(), &Patience::detached(LONG)).await;
        check(found, Some(409), may_have_been_accepted);
    }
    let stopped = Patience::detached(LONG);
    stopped.stop.cancel();
    let server = server(vec![refused()]).await;
    check(put(&server.client(), &stopped).await, None, false);
    assert_eq!(server.seen().len(), 0, "nothing is sent after Stop");
}

#[tokio::test]
async fn a_put_without_a_readable_answer_is_accepted() {
    let server = server(vec![Reply::CutOff(201)]).await;
    put(&server.client(), &Patience::detached(LONG))
        .await
        .unwrap();
    assert_eq!(server.asked().len(), 1);
}

/// Stops the request once the server has seen it; the answer comes then, or never.
async fn stop_during_put(answer: Option<Reply>) -> Result<(), PutError> {
    let stop = CancellationToken::new();
    let seen = CancellationToken::new();
    let late = match answer {
        Some(answer) => Reply::Late(stop.clone(), Box::new(answer)),
        None => Reply::Late(CancellationToken::new(), Box::new(Reply::Close)),
    };
    let arrived = seen.clone();
    let server = TestServer::start(move |_: &Seen, _| {
        arrived.cancel();
        late.clone()
    })
    .await;
    let patience = Patience::new(LONG, stop.clone());
    let stopper = async {
        seen.cancelled().await;
        stop.cancel();
    };
    let client = server.client();
    let (found, ()) = tokio::join!(put(&client, &patience), stopper);
    assert_eq!(server.asked().len(), 1);
    found
}

#[tokio::test]
async fn stop_gives_a_put_under_way_a_moment() {
    stop_during_put(Some(Reply::json(201, "{}"))).await.unwrap();

    let refused = stop_during_put(Some(Reply::json(409, REFUSAL)))
        .await
        .unwrap_err();
    assert_eq!(refused.error.status(), Some(409));
    assert!(!refused.may_have_been_accepted);

    let throttled = stop_during_put(Some(Reply::json(429, "{}")))
        .await
        .unwrap_err();
    assert!(matches!(throttled.error, Error::Stopped));
    assert!(!throttled.may_have_been_accepted);

    let lost = stop_during_put(Some(Reply::Close)).await.unwrap_err();
    assert!(matches!(lost.error, Error::Stopped));
    assert!(lost.may_have_been_accepted);
}

#[tokio::test]
async fn an_unanswered_put_is_left_within_three_seconds_of_stop() {
    let began = std::time::Instant::now();
    let lost = stop_during_put(None).await.unwrap_err();
    assert!(matches!(lost.error, Error::Stopped));
    assert!(lost.may_have_been_accepted);
    assert!(began.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn stop_ends_a_get_at_once() {
    let seen = CancellationToken::new();
    let arrived = seen.clone();
    let server = TestServer::start(move |_: &Seen, _| {
        arrived.cancel();
        Reply::Late(CancellationToken::new(), Box::new(Reply::Close))
    })
    .await;
    let patience = Patience::detached(LONG);
    let stopper = async {
        seen.cancelled().await;
        patience.stop.cancel();
    };
    let client = server.client();
    let (found, ()) = tokio::join!(get(&client, &patience), stopper);
    assert!(matches!(found.unwrap_err(), Error::Stopped));
}
