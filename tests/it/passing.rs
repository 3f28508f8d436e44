//! Ephemeral resources and actions through the plugin layer: a provider that does as it is told.

use std::time::{Duration, UNIX_EPOCH};

use azrestorepoint::plugin::value::Value;

use crate::support::core::{Core, stop, test_provider};
use crate::support::plugin::limited;
use crate::support::proto::tfplugin6::{self as proto};

const DEED: &str = "azrestorepoint_deed";
const LEASE: &str = "azrestorepoint_lease";

async fn core() -> Core {
    Core::start(&test_provider(), &[]).await.configured().await
}

fn how(core: &Core, kind: &str, how: &str) -> Value {
    core.config(kind, &[("how", how.into())])
}

#[tokio::test]
async fn an_action_tells_its_progress_and_then_its_end() {
    let mut core = core().await;
    for (told, lines, text) in [
        (
            "done",
            &["begun", "half done"][..],
            "Told to warn: In an action.",
        ),
        ("error", &["begun"], "Told to fail: In an action."),
    ] {
        let config = how(&core, DEED, told);
        let (found, end) = core
            .invoke(DEED, &config)
            .await
            .expect("begun")
            .finish()
            .await;
        assert_eq!(found, lines, "{told}");
        assert_eq!(end.text(), text);
    }
    let config = how(&core, DEED, "panic");
    let (lines, end) = core
        .invoke(DEED, &config)
        .await
        .expect("begun")
        .finish()
        .await;
    assert_eq!(lines, ["begun"]);
    assert!(
        end.text().starts_with("The provider has a bug: "),
        "{}",
        end.text()
    );
    // A line that finds no room is lost, and the end never is.
    let config = how(&core, DEED, "flood");
    let (lines, end) = core
        .invoke(DEED, &config)
        .await
        .expect("begun")
        .finish()
        .await;
    assert!(lines.len() < 100_000 && !lines.is_empty());
    assert_eq!(end.text(), "");
}

#[tokio::test]
async fn an_action_is_stopped_with_its_stream_or_by_terraform() {
    let mut core = core().await;
    let forever = how(&core, DEED, "forever");
    let stopped = how(&core, DEED, "forever-stopped");

    let mut invocation = core.invoke(DEED, &forever).await.expect("begun");
    assert_eq!(invocation.next().await.expect("a line"), "begun");
    drop(invocation);
    let (_, end) = core
        .invoke(DEED, &stopped)
        .await
        .expect("begun")
        .finish()
        .await;
    assert_eq!(end.text(), "");

    let mut invocation = core.invoke(DEED, &forever).await.expect("begun");
    assert_eq!(invocation.next().await.expect("a line"), "begun");
    core.stop().await;
    let (_, end) = invocation.finish().await;
    assert_eq!(end.text(), "Told to stop: In an action.");
    assert!(core.shut_down().await.success());
}

#[tokio::test]
async fn an_action_is_checked_and_planned_before() {
    let mut core = core().await;
    let config = how(&core, DEED, "");
    let refused = core.invoke(DEED, &config).await.err().expect("a refusal");
    assert_eq!(refused.text(), "Nothing to do: It is empty.");
    assert!(refused.errors[0].attribute.is_some());

    let config = how(&core, DEED, "panic when planned");
    let refused = core.invoke(DEED, &config).await.err().expect("a refusal");
    assert!(refused.text().starts_with("The provider has a bug"));

    let unknown = core.config(DEED, &[("how", Value::Unknown)]);
    let config = Some(core.encode(DEED, &unknown));
    let request = proto::plan_action::Request {
        action_type: DEED.to_owned(),
        config: config.clone(),
        ..Default::default()
    };
    let answer = limited(core.client.plan_action(request))
        .await
        .expect("an answer");
    assert_eq!(answer.into_inner().diagnostics[0].summary, "Told to plan");
    let request = proto::invoke_action::Request {
        action_type: DEED.to_owned(),
        config,
        ..Default::default()
    };
    let mut events = limited(core.client.invoke_action(request))
        .await
        .expect("a stream")
        .into_inner();
    let event = limited(events.message()).await.expect("no gRPC error");
    let text = format!("{event:?}");
    assert!(text.contains("Arguments are not known yet"), "{text}");

    let request = proto::invoke_action::Request {
        action_type: "azrestorepoint_nothing".to_owned(),
        ..Default::default()
    };
    let mut events = limited(core.client.invoke_action(request))
        .await
        .expect("a stream")
        .into_inner();
    let event = limited(events.message()).await.expect("no gRPC error");
    assert!(format!("{event:?}").contains("Unknown action type"));
}

#[tokio::test]
async fn a_lease_is_opened_renewed_and_closed() {
    let mut core = core().await;
    let config = how(&core, LEASE, "well");
    let mut lease = core.open(LEASE, &config).await.expect("open");
    assert_eq!(lease.value.get("secret").as_str(), Some("s3cret"));
    let after = |seconds| Some(UNIX_EPOCH + Duration::from_secs(seconds));
    assert_eq!(lease.renew_at, after(1000));
    for renewals in [2, 3] {
        assert_eq!(core.renew_lease(&mut lease).await.text(), "");
        assert_eq!(lease.renew_at, after(1000 * renewals));
    }
    // A close comes after a stop, too, and is not stopped with what was in flight.
    core.stop().await;
    let told = core.close(&lease).await;
    assert_eq!(told.text(), r#"Closed: {"how":"well","renewals":2} false"#);

    let config = how(&core, LEASE, "once");
    let mut lease = core.open(LEASE, &config).await.expect("open");
    let told = core.renew_lease(&mut lease).await;
    assert_eq!(told.text(), "Told to warn: In a renewal.");
    assert_eq!(lease.renew_at, None);
    core.close(&lease).await;
}

#[tokio::test]
async fn a_lease_that_goes_wrong_is_told_and_is_no_grpc_error() {
    let mut core = core().await;
    for (told, text) in [
        ("", "Nothing to open: It is empty."),
        ("error", "Told to fail: In an open."),
        ("panic", "The provider has a bug: It panicked at"),
        (
            "wrong",
            "The provider has a bug: It made a value of the wrong type for secret",
        ),
    ] {
        let config = how(&core, LEASE, told);
        let refused = core.open(LEASE, &config).await.expect_err(told);
        assert!(refused.text().starts_with(text), "{}", refused.text());
    }
    // Whatever becomes of a renewal, there is something left to close.
    let config = how(&core, LEASE, "well");
    let mut lease = core.open(LEASE, &config).await.expect("open");
    lease.private = Some(b"{}".to_vec());
    let told = core.renew_lease(&mut lease).await;
    assert!(told.text().contains("what open noted"), "{}", told.text());
    assert_eq!(lease.private.as_deref(), Some(&b"{}"[..]));
    let config = how(&core, LEASE, "panic when closed");
    let lease = core.open(LEASE, &config).await.expect("open");
    let told = core.close(&lease).await;
    assert!(
        told.text().starts_with("The provider has a bug"),
        "{}",
        told.text()
    );

    let mut client = core.client.clone();
    let wait = how(&core, LEASE, "wait");
    let request = proto::open_ephemeral_resource::Request {
        type_name: LEASE.to_owned(),
        config: Some(core.encode(LEASE, &wait)),
        ..Default::default()
    };
    let open = tokio::spawn(async move { limited(client.open_ephemeral_resource(request)).await });
    // As often as it takes until the call is in flight.
    while !open.is_finished() {
        stop(&mut core.client).await;
        tokio::task::yield_now().await;
    }
    let answer = open
        .await
        .expect("no panic")
        .expect("an answer")
        .into_inner();
    assert_eq!(answer.diagnostics[0].summary, "Told to stop");
}

#[tokio::test]
async fn a_lease_of_something_unknown_waits_where_terraform_allows_it() {
    let mut core = core().await;
    let unknown = core.config(LEASE, &[("how", Value::Unknown)]);
    for allowed in [true, false] {
        let request = proto::open_ephemeral_resource::Request {
            type_name: LEASE.to_owned(),
            config: Some(core.encode(LEASE, &unknown)),
            client_capabilities: Some(proto::ClientCapabilities {
                deferral_allowed: allowed,
                ..Default::default()
            }),
        };
        let answer = limited(core.client.open_ephemeral_resource(request)).await;
        let answer = answer.expect("an answer").into_inner();
        assert_eq!(answer.deferred.is_some(), allowed);
        if allowed {
            let value = core.decode(LEASE, answer.result.as_ref());
            assert!(value.get("secret").is_unknown() && answer.diagnostics.is_empty());
        } else {
            let told = &answer.diagnostics[0];
            assert_eq!(told.summary, "Arguments are not known yet");
        }
    }
}
