//! Data sources and functions in the plugin layer, with every end that a call can have.

use azrestorepoint::plugin::value::{Type, Value, msgpack};

use crate::support::core::{Core, test_provider};
use crate::support::plugin::limited;
use crate::support::proto::tfplugin6::{self as proto};
use crate::support::terraform::Terraform;

const ECHO: &str = "azrestorepoint_echo";

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
async fn data_sources_are_read() {
    let mut core = Core::start(&test_provider(), &[]).await;
    let ty = Type::Object(
        [
            ("input".to_owned(), Type::String),
            ("output".to_owned(), Type::String),
        ]
        .into(),
    );
    let config = |input: Value| {
        let config = Value::object([("input", input), ("output", Value::Null)]);
        dynamic(&config, &ty)
    };
    // What is asked; what comes, if anything; what the user is told.
    for (input, output, summary) in [
        ("hello", Some("HELLO".into()), None),
        ("warning", Some("WARNING".into()), Some("Told to warn")),
        // Nothing may be unknown.
        ("unknown", Some(Value::Null), None),
        ("error", None, Some("Told to fail")),
        ("panic", None, Some("The provider has a bug")),
    ] {
        let request = proto::read_data_source::Request {
            type_name: ECHO.to_owned(),
            config: Some(config(input.into())),
            ..Default::default()
        };
        let answer = limited(core.client.read_data_source(request))
            .await
            .expect("an answer")
            .into_inner();
        let state = answer.state.map_or(Value::Null, |state| {
            msgpack::decode(&state.msgpack, &ty).expect("a state")
        });
        assert_eq!(state.is_null(), output.is_none(), "{input}");
        assert_eq!(state.get("output"), &output.unwrap_or_default(), "{input}");
        let told = answer.diagnostics.first().map(|told| told.summary.as_str());
        assert_eq!(told, summary, "{input}");
    }

    for (input, expected) in [
        (Value::from("hello"), None),
        (Value::Unknown, None),
        (Value::from(""), Some("Nothing to echo")),
    ] {
        let request = proto::validate_data_resource_config::Request {
            type_name: ECHO.to_owned(),
            config: Some(config(input)),
        };
        let answer = limited(core.client.validate_data_resource_config(request))
            .await
            .expect("an answer")
            .into_inner();
        let told = answer.diagnostics.first().map(|told| told.summary.as_str());
        assert_eq!(told, expected);
    }

    let request = proto::read_data_source::Request {
        type_name: "azrestorepoint_nothing".to_owned(),
        config: Some(config("hello".into())),
        ..Default::default()
    };
    let answer = limited(core.client.read_data_source(request)).await;
    assert_eq!(
        answer.expect("an answer").into_inner().diagnostics[0].summary,
        "Unknown data source type"
    );
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

/// The whole schema, as editors and documentation tools read it.
#[tokio::test(flavor = "multi_thread")]
async fn terraform_prints_every_kind_of_schema() {
    let terraform = Terraform::with_provider(&test_provider(), []);
    terraform.write("");
    let output = terraform.run(&["providers", "schema", "-json"]).await;
    let text = output.expect_code(0).text;
    let start = text.find('{').expect("JSON");
    let json: serde_json::Value = serde_json::Deserializer::from_str(&text[start..])
        .into_iter()
        .next()
        .expect("JSON")
        .expect("JSON");
    let ours = &json["provider_schemas"]["registry.terraform.io/crossregion/azrestorepoint"];
    let thing = &ours["resource_schemas"]["azrestorepoint_thing"]["block"];
    assert_eq!(thing["attributes"]["secret"]["write_only"], true);
    assert_eq!(thing["attributes"]["old"]["deprecated"], true);
    assert_eq!(thing["attributes"]["hidden"]["sensitive"], true);
    assert_eq!(
        thing["attributes"]["rules"]["nested_type"]["nesting_mode"],
        "list"
    );
    for mode in ["single", "list", "set", "map", "group"] {
        assert_eq!(thing["block_types"][mode]["nesting_mode"], mode);
    }
    assert!(ours["data_source_schemas"][ECHO].is_object());
    assert!(ours["functions"]["join"]["variadic_parameter"].is_object());
}

#[tokio::test(flavor = "multi_thread")]
async fn terraform_s_own_tests_run() {
    let terraform = Terraform::with_provider(&test_provider(), []);
    terraform.write("resource \"azrestorepoint_thing\" \"it\" {\n  name = \"one\"\n}\n");
    let test = r#"
run "makes_one" {
  assert {
    condition     = azrestorepoint_thing.it.id == "thing-one"
    error_message = "It should have an id."
  }
}
run "refuses_another" {
  command = plan
  assert {
    condition     = provider::azrestorepoint::shout(azrestorepoint_thing.it.name) == "ONE!"
    error_message = "It should be louder."
  }
}
"#;
    std::fs::write(terraform.path().join("thing.tftest.hcl"), test).expect("a file");
    terraform
        .run(&["test"])
        .await
        .expect_code(0)
        .expect_text("2 passed, 0 failed");
}
