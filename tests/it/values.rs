//! Values of every kind, size and age, on their way through the real process.

use azrestorepoint::plugin::value::{Type, Value};
use serde_json::json;

use crate::support::core::{Core, test_provider};
use crate::support::plugin::limited;
use crate::support::proto::tfplugin6::{self as proto};
use crate::support::terraform::Terraform;

const THING: &str = "azrestorepoint_thing";

/// Four times what gRPC libraries take if nobody asks for more.
const LARGE: usize = 16 << 20;

/// As much as Terraform takes in an answer.
const LARGEST: usize = 64 << 20;

#[tokio::test]
async fn write_only_values_are_used_and_never_stored() {
    let mut core = Core::start(&test_provider(), &[]).await;
    let config = core.config(THING, &[("name", "one".into()), ("secret", "hush".into())]);
    let told = core.apply(THING, Some(config.clone())).await;
    assert!(told.errors.is_empty(), "{}", told.text());
    let state = &core.state[THING].value;
    assert_eq!(
        (state.get("secret"), state.get("secret_length")),
        (&Value::Null, &Value::integer(Some(4)))
    );

    for (allowed, expected) in [
        (true, None),
        (false, Some("Write-only argument is not supported")),
    ] {
        let request = proto::validate_resource_config::Request {
            type_name: THING.to_owned(),
            config: Some(core.encode(THING, &config)),
            client_capabilities: Some(proto::ClientCapabilities {
                write_only_attributes_allowed: allowed,
                ..Default::default()
            }),
        };
        let answer = limited(core.client.validate_resource_config(request))
            .await
            .expect("an answer")
            .into_inner();
        let summaries: Vec<&str> = answer
            .diagnostics
            .iter()
            .map(|found| found.summary.as_str())
            .collect();
        assert_eq!(summaries.first().copied(), expected);
    }
}

#[tokio::test]
async fn every_kind_of_value_comes_back_as_it_was_written() {
    let mut core = Core::start(&test_provider(), &[]).await;
    let rule = |port| {
        Value::object([
            ("port", port),
            ("note", Value::Null),
            ("rule_id", Value::Null),
        ])
    };
    let part = |name: &str| Value::object([("name", Value::from(name)), ("given", Value::Null)]);
    let huge = Value::Number(
        azrestorepoint::plugin::value::Number::parse("123456789012345678901234567890.5")
            .expect("digits"),
    );
    let entry =
        |key: &str, value: Value| Value::Map([(key.to_owned(), value)].into_iter().collect());
    let pair = Type::Tuple(vec![Type::Bool, Type::list(Type::String)]);
    let any = Value::List(vec![true.into(), Value::List(vec!["deep".into()])]);
    let config = core.config(
        THING,
        &[
            ("name", "kinds".into()),
            ("flag", true.into()),
            ("size", huge),
            (
                "words",
                Value::List(vec!["b".into(), "a".into(), "b".into()]),
            ),
            ("zones", Value::set(vec!["2".into(), "1".into()])),
            ("labels", entry("k", "v".into())),
            (
                "pair",
                Value::List(vec!["x".into(), Value::integer(Some(-7))]),
            ),
            ("any", Value::Dynamic(Box::new(pair), Box::new(any))),
            ("hidden", "secret".into()),
            (
                "rules",
                Value::List(vec![
                    rule(Value::integer(Some(80))),
                    rule(Value::integer(Some(443))),
                ]),
            ),
            (
                "rules_by_name",
                entry("web", rule(Value::integer(Some(8080)))),
            ),
            ("single", part("s")),
            ("list", Value::List(vec![part("l")])),
            (
                "set",
                Value::set(vec![Value::object([("limit", Value::integer(Some(1)))])]),
            ),
            ("map", entry("m", part("m"))),
            ("group", Value::object([("limit", Value::integer(Some(3)))])),
        ],
    );
    let told = core.apply(THING, Some(config.clone())).await;
    assert!(told.errors.is_empty(), "{}", told.text());
    let before = core.state[THING].clone();
    assert_eq!(
        before.value.get("rules").elements()[1].get("rule_id"),
        &Value::from("given")
    );
    assert_eq!(
        before.value.get("map").get("m").get("given"),
        &Value::from("given")
    );

    // Nothing to do, however often it is asked.
    let told = core.apply(THING, Some(config.clone())).await;
    assert!(told.errors.is_empty(), "{}", told.text());
    assert_eq!(core.state[THING], before);

    // One rule fewer: what the other one was given stays.
    let mut fewer = config;
    fewer.insert("rules", Value::List(vec![rule(Value::integer(Some(80)))]));
    let told = core.apply(THING, Some(fewer)).await;
    assert!(told.errors.is_empty(), "{}", told.text());
    assert_eq!(core.state[THING].value.get("rules").elements().len(), 1);
}

#[tokio::test]
async fn stored_state_may_be_older_larger_and_written_in_any_way() {
    let mut core = Core::start(&test_provider(), &[]).await;
    let blob = "x".repeat(5 << 20);
    let stored = json!({
        "name": "old", "id": "thing-old", "blob": blob, "mode": "fast", "list": [], "set": [], "map": {},
        "group": {"limit": null}, "changes": "given", "chosen": "given",
        "gone": {"with": ["an", "older", "version"]},
    });
    let value = core
        .upgrade(THING, 0, &stored)
        .await
        .expect("it is readable");
    assert_eq!(value.get("blob").as_str().map(str::len), Some(5 << 20));
    let private = b"{}".to_vec();
    let object = crate::support::core::Object {
        value,
        private,
        ..Default::default()
    };
    core.state.insert(THING.to_owned(), object.clone());
    let config = core.config(THING, &[("name", "old".into()), ("blob", blob.into())]);
    let told = core.apply(THING, Some(config)).await;
    assert!(told.errors.is_empty(), "{}", told.text());
    assert_eq!(core.state[THING].value, object.value);
    let told = core.apply(THING, None).await;
    assert!(
        told.errors.is_empty() && core.state.is_empty(),
        "{}",
        told.text()
    );

    let refused = core
        .upgrade(THING, 1, &json!({"name": {"not": "a text"}}))
        .await;
    assert!(
        refused
            .expect_err("another shape")
            .contains("name: a string is expected")
    );
}

#[tokio::test]
async fn a_message_may_be_large() {
    let mut core = Core::start(&test_provider(), &[]).await;
    let blob = "x".repeat(LARGE);
    let config = core.config(THING, &[("name", "large".into()), ("blob", blob.into())]);
    let told = core.apply(THING, Some(config)).await;
    assert!(told.errors.is_empty(), "{}", told.text());
    assert_eq!(
        core.state[THING].value.get("blob").as_str().map(str::len),
        Some(LARGE)
    );

    let blob = "x".repeat(LARGEST);
    let config = core.config(THING, &[("name", "bad".into()), ("blob", blob.into())]);
    let request = proto::validate_resource_config::Request {
        type_name: THING.to_owned(),
        config: Some(core.encode(THING, &config)),
        ..Default::default()
    };
    let answer = limited(core.client.validate_resource_config(request))
        .await
        .expect("an answer")
        .into_inner();
    assert_eq!(answer.diagnostics[0].summary, "Bad name");
}

/// Terraform counts in decimal digits: a float in the place of 0.1 would be another number.
#[tokio::test(flavor = "multi_thread")]
async fn terraform_s_numbers_keep_their_digits() {
    let terraform = Terraform::with_provider(&test_provider(), []);
    let things: String = [
        "0.1",
        "-1.5",
        "9007199254740993",
        "18446744073709551616",
        "123456789012345678901234567890.5",
    ]
    .iter()
    .enumerate()
    .map(|(index, digits)| {
        format!(
            "resource \"azrestorepoint_thing\" \"n{index}\" {{\n  name = \"n{index}\"\n  size = {digits}\n  \
             any  = [{digits}, true]\n}}\n"
        )
    })
    .collect();
    terraform.write(&things);
    terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("5 added");
    terraform.plan().await.expect_code(0);
}
