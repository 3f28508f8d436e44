//! Calls that the tested Terraform makes seldom or never, and what must hold for all of them.

use std::time::{Duration, Instant};

use azrestorepoint::plugin::value::{Value, msgpack};
use tonic::Code;

use crate::support::core::{Core, Told, test_provider};
use crate::support::plugin::{Plugin, binary, limited};
use crate::support::proto::health::HealthCheckRequest;
use crate::support::proto::health::health_client::HealthClient;
use crate::support::proto::plugin::grpc_broker_client::GrpcBrokerClient;
use crate::support::proto::plugin::grpc_stdio_client::GrpcStdioClient;
use crate::support::proto::tfplugin6::provider_client::ProviderClient;
use crate::support::proto::tfplugin6::{self as proto};

const THING: &str = "azrestorepoint_thing";

#[tokio::test]
async fn any_request_may_be_the_first() {
    let plugin = Plugin::start_program(&test_provider(), &[]).await;
    let channel = plugin.connect().await;
    let mut client = ProviderClient::new(channel.clone());
    let request = proto::upgrade_resource_state::Request {
        type_name: THING.to_owned(),
        version: 1,
        raw_state: Some(proto::RawState {
            json: br#"{"name": "one"}"#.to_vec(),
            ..Default::default()
        }),
    };
    let answer = limited(client.upgrade_resource_state(request))
        .await
        .expect("an answer")
        .into_inner();
    assert!(answer.diagnostics.is_empty() && answer.upgraded_state.is_some());

    let request = proto::get_metadata::Request {};
    let answer = limited(client.get_metadata(request))
        .await
        .expect("an answer")
        .into_inner();
    let capabilities = answer.server_capabilities.expect("capabilities");
    assert!(capabilities.plan_destroy && capabilities.get_provider_schema_optional);
    assert!(capabilities.move_resource_state && capabilities.generate_resource_config);
    assert!(
        answer
            .resources
            .iter()
            .any(|found| found.type_name == THING)
    );
    assert_eq!((answer.data_sources.len(), answer.functions.len()), (1, 2));
    assert_eq!(answer.list_resources[0].type_name, THING);
    assert_eq!(
        (answer.ephemeral_resources.len(), answer.actions.len()),
        (1, 1)
    );
    assert!(plugin.shut_down(channel).await.success());
}

/// Newer versions of Terraform take this one error for "there are none", and no other.
#[tokio::test]
async fn what_we_do_not_have_is_unimplemented() {
    let mut core = Core::start(binary(), &[]).await;
    macro_rules! unimplemented {
        ($($method:ident: $module:ident;)*) => {$(
            let request = proto::$module::Request::default();
            let answer = limited(core.client.$method(request)).await;
            assert_eq!(
                answer.expect_err("there are none").code(),
                Code::Unimplemented,
                stringify!($method)
            );
        )*};
    }
    unimplemented! {
        validate_state_store_config: validate_state_store;
        configure_state_store: configure_state_store;
        read_state_bytes: read_state_bytes;
        lock_state: lock_state;
        unlock_state: unlock_state;
        get_states: get_states;
        delete_state: delete_state;
    }
}

#[tokio::test]
async fn an_unknown_type_is_a_diagnostic() {
    let mut core = Core::start(binary(), &[]).await;
    let request = proto::read_resource::Request {
        type_name: "azrestorepoint_nothing".to_owned(),
        current_state: Some(proto::DynamicValue {
            msgpack: vec![0xc0],
            json: Vec::new(),
        }),
        private: b"kept".to_vec(),
        ..Default::default()
    };
    let answer = limited(core.client.read_resource(request.clone()))
        .await
        .expect("an answer")
        .into_inner();
    assert_eq!(answer.diagnostics[0].summary, "Unknown resource type");
    assert_eq!(
        (answer.new_state, answer.private),
        (request.current_state, request.private)
    );
}

#[tokio::test]
async fn what_cannot_be_read_is_told_and_not_lost() {
    let mut core = Core::start(&test_provider(), &[]).await;
    let bytes = |msgpack: &[u8]| {
        Some(proto::DynamicValue {
            msgpack: msgpack.to_vec(),
            json: Vec::new(),
        })
    };
    let null = || bytes(&[0xc0]);
    // A list of four thousand million elements, a text that ends too early, half an object.
    for hostile in [&[0xdd, 0xff, 0xff, 0xff, 0xff][..], &[0xd9, 9], &[0x81]] {
        let request = proto::apply_resource_change::Request {
            type_name: THING.to_owned(),
            prior_state: bytes(hostile),
            planned_state: null(),
            config: null(),
            ..Default::default()
        };
        let answer = limited(core.client.apply_resource_change(request))
            .await
            .expect("an answer")
            .into_inner();
        let summary = "The provider cannot read a value";
        assert_eq!(answer.diagnostics[0].summary, summary);
        assert_eq!(answer.new_state, bytes(hostile));

        let request = proto::read_resource::Request {
            type_name: THING.to_owned(),
            current_state: bytes(hostile),
            private: b"kept".to_vec(),
            ..Default::default()
        };
        let answer = limited(core.client.read_resource(request))
            .await
            .expect("an answer")
            .into_inner();
        assert_eq!(answer.diagnostics[0].summary, summary);
        assert_eq!(
            (answer.new_state, answer.private),
            (bytes(hostile), b"kept".to_vec())
        );

        let request = proto::plan_resource_change::Request {
            type_name: THING.to_owned(),
            prior_state: null(),
            proposed_new_state: bytes(hostile),
            config: bytes(hostile),
            ..Default::default()
        };
        let answer = limited(core.client.plan_resource_change(request)).await;
        assert_eq!(
            answer.expect("an answer").into_inner().diagnostics[0].summary,
            summary
        );

        let request = proto::validate_resource_config::Request {
            type_name: THING.to_owned(),
            config: bytes(hostile),
            ..Default::default()
        };
        let answer = limited(core.client.validate_resource_config(request)).await;
        assert_eq!(
            answer.expect("an answer").into_inner().diagnostics[0].summary,
            summary
        );
    }
    for json in ["", "{", "[]", "\"text\"", "{\"name\": [1]}"] {
        let request = proto::upgrade_resource_state::Request {
            type_name: THING.to_owned(),
            version: 1,
            raw_state: Some(proto::RawState {
                json: json.into(),
                ..Default::default()
            }),
        };
        let answer = limited(core.client.upgrade_resource_state(request))
            .await
            .expect("an answer")
            .into_inner();
        assert!(
            answer.upgraded_state.is_none() && answer.diagnostics.len() == 1,
            "{json}"
        );
    }
}

#[tokio::test]
async fn what_is_not_allowed_is_told_before_anything_else() {
    let mut core = Core::start(&test_provider(), &[]).await;
    let bad = core.config(THING, &[("name", "bad".into())]);
    let told = core.apply(THING, Some(bad)).await;
    let [error] = told.errors.as_slice() else {
        panic!("{}", told.text())
    };
    let attribute = error.attribute.as_ref().expect("an attribute");
    assert_eq!(
        (error.summary.as_str(), attribute.steps.len()),
        ("Bad name", 1)
    );
    assert!(core.state.is_empty());
}

#[tokio::test]
async fn states_of_known_types_are_moved() {
    let mut core = Core::start(&test_provider(), &[]).await;
    let request = |source: &str| proto::move_resource_state::Request {
        source_provider_address: "registry.terraform.io/example/other".to_owned(),
        source_type_name: source.to_owned(),
        source_state: Some(proto::RawState {
            json: br#"{"title": "moved"}"#.to_vec(),
            ..Default::default()
        }),
        target_type_name: THING.to_owned(),
        ..Default::default()
    };
    let answer = limited(core.client.move_resource_state(request("other_thing")))
        .await
        .expect("an answer");
    let answer = answer.into_inner();
    let state = msgpack::decode(
        &answer.target_state.expect("a state").msgpack,
        &core.ty(THING),
    )
    .expect("a thing");
    assert_eq!(state.get("id"), &Value::from("thing-moved"));
    let answer = limited(core.client.move_resource_state(request("another_thing")))
        .await
        .expect("an answer");
    assert_eq!(
        answer.into_inner().diagnostics[0].summary,
        "This resource cannot be moved here"
    );
}

#[tokio::test]
async fn configuration_is_generated_without_what_goes_without_saying() {
    let mut core = Core::start(&test_provider(), &[]).await;
    let told = core.import(THING, "found").await;
    assert!(told.errors.is_empty(), "{}", told.text());
    let request = proto::generate_resource_config::Request {
        type_name: THING.to_owned(),
        state: Some(core.encode(THING, &core.state[THING].value)),
    };
    let answer = limited(core.client.generate_resource_config(request))
        .await
        .expect("an answer")
        .into_inner();
    let config = msgpack::decode(&answer.config.expect("a config").msgpack, &core.ty(THING))
        .expect("a thing");
    assert_eq!(config.get("name"), &Value::from("found"));
    for name in ["id", "mode", "note", "changes"] {
        assert_eq!(config.get(name), &Value::Null, "{name}");
    }
    let before = core.state[THING].clone();
    let told = core.apply(THING, Some(config)).await;
    assert!(told.errors.is_empty(), "{}", told.text());
    assert_eq!(core.state[THING], before);
}

#[tokio::test]
async fn stop_reaches_ten_calls_in_flight_and_none_after() {
    let mut core = Core::start(&test_provider(), &[]).await;
    let config = core.config(
        THING,
        &[("name", "one".into()), ("on_create", "hang".into())],
    );
    let mut planned = config.clone();
    planned.insert("id", Value::Unknown);
    planned.insert("mode", "fast".into());
    let request = proto::apply_resource_change::Request {
        type_name: THING.to_owned(),
        prior_state: Some(core.encode(THING, &Value::Null)),
        planned_state: Some(core.encode(THING, &planned)),
        config: Some(core.encode(THING, &config)),
        ..Default::default()
    };
    let calls: Vec<_> = (0..10)
        .map(|_| {
            let (mut client, request) = (core.client.clone(), request.clone());
            tokio::spawn(async move { client.apply_resource_change(request).await })
        })
        .collect();
    // Whatever was sent before this answer has arrived before it: the calls share one connection.
    let metadata = proto::get_metadata::Request {};
    limited(core.client.get_metadata(metadata))
        .await
        .expect("an answer");
    let stopped = Instant::now();
    // A call that was late is reached by the next stop.
    let all = async {
        for call in calls {
            let answer = call
                .await
                .expect("no panic")
                .expect("an answer")
                .into_inner();
            assert_eq!(answer.diagnostics[0].summary, "Told to stop");
            assert!(answer.new_state.is_some());
        }
    };
    tokio::pin!(all);
    limited(async {
        loop {
            core.stop().await;
            tokio::select! {
                () = &mut all => return,
                () = tokio::task::yield_now() => {}
            }
        }
    })
    .await;
    assert!(
        stopped.elapsed() < Duration::from_secs(3),
        "{:?}",
        stopped.elapsed()
    );

    let config = core.config(THING, &[("name", "one".into())]);
    let told = core.apply(THING, Some(config)).await;
    assert!(
        told.errors.is_empty() && told.warnings.is_empty(),
        "{}",
        told.text()
    );
}

#[tokio::test]
async fn a_call_that_hears_no_stop_does_not_hold_the_process_up() {
    let core = Core::start(&test_provider(), &[]).await;
    let config = core.config(
        THING,
        &[("name", "one".into()), ("on_create", "hang_forever".into())],
    );
    let request = proto::apply_resource_change::Request {
        type_name: THING.to_owned(),
        prior_state: Some(core.encode(THING, &Value::Null)),
        planned_state: Some(core.encode(THING, &config)),
        config: Some(core.encode(THING, &config)),
        ..Default::default()
    };
    let (mut client, mut other) = (core.client.clone(), core.client.clone());
    let call = tokio::spawn(async move { client.apply_resource_change(request).await });
    let metadata = proto::get_metadata::Request {};
    limited(other.get_metadata(metadata))
        .await
        .expect("an answer");
    drop(other);
    let asked = Instant::now();
    assert!(core.shut_down().await.success());
    assert!(
        asked.elapsed() < Duration::from_secs(2),
        "Terraform would kill it: {:?}",
        asked.elapsed()
    );
    assert!(limited(call).await.expect("no panic").is_err());
}

#[tokio::test]
async fn the_small_services_are_there() {
    let plugin = Plugin::start(&[]).await;
    let channel = plugin.connect().await;
    let request = HealthCheckRequest {
        service: "plugin".to_owned(),
    };
    let health = limited(HealthClient::new(channel.clone()).check(request))
        .await
        .expect("an answer");
    assert_eq!(health.into_inner().status, 1);
    // Terraform listens from the start, and logs a warning at every word.
    let mut broker = GrpcBrokerClient::new(channel.clone());
    limited(broker.start_stream(tokio_stream::empty()))
        .await
        .expect("a stream");
    let mut stdio = GrpcStdioClient::new(channel.clone());
    let mut stream = limited(stdio.stream_stdio(()))
        .await
        .expect("a stream")
        .into_inner();
    let status = plugin.shut_down(channel).await;
    assert!(status.success(), "{status}");
    // It said nothing, and has ended with the process.
    assert!(matches!(limited(stream.message()).await, Ok(None) | Err(_)));
}

#[tokio::test]
async fn a_thousand_calls_leave_nothing_behind() {
    let mut core = Core::start(&test_provider(), &[]).await;
    let config = core.config(THING, &[("name", "one".into()), ("note", "n".into())]);
    let told = core.apply(THING, Some(config.clone())).await;
    assert!(told.errors.is_empty(), "{}", told.text());
    let rounds = async |core: &mut Core, count: usize| {
        for _ in 0..count {
            let mut told = Told::default();
            assert!(core.refresh(THING, &mut told).await);
            let told = core.apply(THING, Some(config.clone())).await;
            assert!(told.errors.is_empty(), "{}", told.text());
            let request = proto::validate_resource_config::Request {
                type_name: THING.to_owned(),
                config: Some(core.encode(THING, &config)),
                ..Default::default()
            };
            limited(core.client.validate_resource_config(request))
                .await
                .expect("an answer");
        }
    };
    // Five calls a round: a read, another read, two plans, a validation. First as a warm-up.
    rounds(&mut core, 40).await;
    let before = figures(core.process());
    rounds(&mut core, 200).await;
    let after = figures(core.process());
    println!("descriptors, threads, KiB resident: {before:?}, after a thousand calls {after:?}");
    assert_eq!((before.0, before.1), (after.0, after.1));
    assert!(after.2 < before.2 + 4096, "{before:?} {after:?}");
}

/// Open descriptors, threads and resident KiB of a process.
fn figures(process: u32) -> (usize, u64, u64) {
    let descriptors = std::fs::read_dir(format!("/proc/{process}/fd"))
        .expect("it runs")
        .count();
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let field = |name: &str| {
        let line = status
            .lines()
            .find(|line| line.starts_with(name))
            .expect("a field");
        line.split_whitespace()
            .nth(1)
            .expect("a number")
            .parse()
            .expect("a number")
    };
    (descriptors, field("Threads:"), field("VmRSS:"))
}
