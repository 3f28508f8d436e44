//! Calls that the tested Terraform makes seldom or never, and what must hold for all of them.

use std::time::{Duration, Instant};

use azrestorepoint::plugin::value::{Type, Value, msgpack};
use tonic::Code;

use crate::support::core::{Core, Told, test_provider};
use crate::support::plugin::{Plugin, binary, limited};
use crate::support::proto::health::HealthCheckRequest;
use crate::support::proto::health::health_client::HealthClient;
use crate::support::proto::plugin::grpc_stdio_client::GrpcStdioClient;
use crate::support::proto::tfplugin6::provider_client::ProviderClient;
use crate::support::proto::tfplugin6::{self as proto};
use crate::support::terraform::Terraform;

const THING: &str = "azrestorepoint_thing";

fn dynamic(value: &Value, ty: &Type) -> proto::DynamicValue {
    let (msgpack, _) = msgpack::encode(value, ty);
    proto::DynamicValue {
        msgpack,
        json: Vec::new(),
    }
}

fn text(value: &proto::DynamicValue) -> Value {
    msgpack::decode(&value.msgpack, &Type::String).expect("a text")
}

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
    assert_eq!(answer.resources[0].type_name, THING);
    assert_eq!((answer.data_sources.len(), answer.functions.len()), (1, 2));
    assert!(plugin.shut_down(channel).await.success());
}

#[tokio::test]
async fn what_is_not_there_is_unimplemented_or_a_diagnostic() {
    let mut core = Core::start(binary(), &[]).await;
    let unimplemented = limited(
        core.client
            .get_resource_identity_schemas(proto::get_resource_identity_schemas::Request {}),
    )
    .await;
    assert_eq!(
        unimplemented.expect_err("there are none").code(),
        Code::Unimplemented
    );
    let unimplemented = limited(
        core.client
            .plan_action(proto::plan_action::Request::default()),
    )
    .await;
    assert_eq!(
        unimplemented.expect_err("there are none").code(),
        Code::Unimplemented
    );

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
    let bytes = proto::DynamicValue {
        msgpack: vec![0xdd, 0xff, 0xff, 0xff, 0xff],
        json: Vec::new(),
    };
    let null = proto::DynamicValue {
        msgpack: vec![0xc0],
        json: Vec::new(),
    };
    let request = proto::apply_resource_change::Request {
        type_name: THING.to_owned(),
        prior_state: Some(bytes.clone()),
        planned_state: Some(null.clone()),
        config: Some(null),
        ..Default::default()
    };
    let answer = limited(core.client.apply_resource_change(request))
        .await
        .expect("an answer")
        .into_inner();
    assert_eq!(
        answer.diagnostics[0].summary,
        "The provider cannot read a value"
    );
    assert_eq!(answer.new_state, Some(bytes));
}

#[tokio::test]
async fn functions_say_which_argument_is_wrong() {
    let mut core = Core::start(&test_provider(), &[]).await;
    let call = async |core: &mut Core, name: &str, arguments: &[&str]| {
        let arguments = arguments
            .iter()
            .map(|text| dynamic(&Value::from(*text), &Type::String))
            .collect();
        let request = proto::call_function::Request {
            name: name.to_owned(),
            arguments,
        };
        let answer = limited(core.client.call_function(request))
            .await
            .expect("an answer")
            .into_inner();
        match answer.error {
            Some(error) => Err((error.text, error.function_argument)),
            None => Ok(text(&answer.result.expect("a result"))),
        }
    };
    assert_eq!(
        call(&mut core, "shout", &["hello"]).await,
        Ok("HELLO!".into())
    );
    assert_eq!(
        call(&mut core, "join", &["-", "a", "b", "c"]).await,
        Ok("a-b-c".into())
    );
    assert_eq!(
        call(&mut core, "shout", &[""]).await,
        Err(("there is nothing to say".to_owned(), Some(0)))
    );
    let (problem, _) = call(&mut core, "shout", &["panic"])
        .await
        .expect_err("it panics");
    assert!(problem.contains("panicked"), "{problem}");
    for (name, arguments) in [
        ("shout", &["a", "b"][..]),
        ("join", &[]),
        ("whisper", &["a"]),
    ] {
        assert!(
            call(&mut core, name, arguments).await.is_err(),
            "{name} {arguments:?}"
        );
    }
    let answer = limited(core.client.get_functions(proto::get_functions::Request {})).await;
    assert_eq!(answer.expect("an answer").into_inner().functions.len(), 2);
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

#[tokio::test(flavor = "multi_thread")]
async fn terraform_uses_functions_and_data_sources() {
    let terraform = Terraform::with_provider(&test_provider(), []);
    terraform.write(
        r#"
data "azrestorepoint_echo" "it" {
  input = "hello"
}

output "said" {
  value = provider::azrestorepoint::join("-", data.azrestorepoint_echo.it.output, provider::azrestorepoint::shout("you"))
}
"#,
    );
    terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("said = \"HELLO-YOU!\"");
    terraform
        .run(&["providers", "schema", "-json"])
        .await
        .expect_code(0);
    terraform.write("output \"said\" {\n  value = provider::azrestorepoint::shout(\"\")\n}\n");
    terraform
        .plan()
        .await
        .expect_code(1)
        .expect_text("there is nothing to say");
    terraform.write("data \"azrestorepoint_echo\" \"it\" {\n  input = \"\"\n}\n");
    terraform
        .plan()
        .await
        .expect_code(1)
        .expect_text("Nothing to echo")
        .expect_text("on main.tf line");
}
