//! What tells objects apart: beside the state in every call, and in the place of an id in imports.
//!
//! Core checks each identity in every other test, too: it is there, it is known, it never changes.

use azrestorepoint::plugin::value::Value;

use crate::support::core::{Core, test_provider};
use crate::support::plugin::limited;
use crate::support::proto::tfplugin6::{self as proto};

const THING: &str = "azrestorepoint_thing";
const HEIR: &str = "azrestorepoint_heir";

async fn start() -> Core {
    let mut core = Core::start(&test_provider(), &[]).await;
    core.habits.new_processes = true;
    core
}

#[tokio::test]
async fn an_identity_stays_in_its_first_spelling() {
    let mut core = start().await;
    let config = |core: &Core, arguments: &[(&str, Value)]| {
        let mut all = vec![("name", Value::from("Web"))];
        all.extend_from_slice(arguments);
        core.config(THING, &all)
    };
    let first = config(&core, &[]);
    let told = core.apply(THING, Some(first)).await;
    assert!(told.errors.is_empty(), "{}", told.text());
    let made = core.state[THING].identity.clone();
    let name = made.get("name").as_str().expect("a name");
    assert!(name.eq_ignore_ascii_case("web"), "{name}");
    // Updates that end well, badly and not at all, and a delete that fails.
    for (note, ending) in [("a", "ok"), ("b", "error_with_state"), ("c", "panic")] {
        let arguments = [("note", note.into()), ("on_update", ending.into())];
        let changed = config(&core, &arguments);
        core.apply(THING, Some(changed)).await;
        assert_eq!(core.state[THING].identity, made, "{ending}");
    }
    let failing = config(&core, &[("on_delete", "error_with_state".into())]);
    core.apply(THING, Some(failing)).await;
    let told = core.apply(THING, None).await;
    assert!(told.text().contains("In delete."), "{}", told.text());
    assert_eq!(core.state[THING].identity, made);
}

#[tokio::test]
async fn an_object_without_an_identity_gets_one_with_its_next_read() {
    let mut core = start().await;
    let config = core.config(THING, &[("name", "web".into())]);
    core.apply(THING, Some(config.clone())).await;
    // As a Terraform or a provider that knew no identities has stored it.
    core.state.get_mut(THING).expect("it is there").identity = Value::Null;
    core.apply(THING, Some(config)).await;
    assert!(!core.state[THING].identity.is_null());
}

#[tokio::test]
async fn an_identity_that_cannot_be_made_loses_no_object() {
    let mut core = start().await;
    core.habits.tolerates_wrong_answers = true;
    let config = core.config(THING, &[("name", "nobody".into())]);
    let told = core.apply(THING, Some(config)).await;
    let text = "It panicked at";
    assert!(told.text().contains(text), "{}", told.text());
    // The plan has failed already; but an object that came from elsewhere is kept.
    let told = core.import(THING, "nobody").await;
    assert!(told.text().contains(text), "{}", told.text());
    assert!(told.crashes.is_empty(), "{:?}", told.crashes);
}

#[tokio::test]
async fn objects_are_imported_by_identity() {
    let mut core = start().await;
    let told = core.import_by_identity(THING, &[("name", "Found")]).await;
    assert!(told.errors.is_empty(), "{}", told.text());
    let identity = &core.state[THING].identity;
    assert_eq!(identity.get("name"), &Value::from("Found"));
    assert_eq!(identity.get("realm"), &Value::from("here"));
    for (attributes, text) in [
        (
            vec![("realm", "here")],
            "The identity in the import block has no name. It takes: name, [realm].",
        ),
        (vec![("name", "a"), ("realm", "there")], "Told to fail"),
    ] {
        core.state.clear();
        let told = core.import_by_identity(THING, &attributes).await;
        assert!(told.text().contains(text), "{}", told.text());
        assert!(core.state.is_empty());
    }
}

#[tokio::test]
async fn a_type_without_identities_has_none_anywhere() {
    let mut core = start().await;
    let config = core.config(HEIR, &[("name", "one".into())]);
    core.apply(HEIR, Some(config)).await;
    assert_eq!(core.state[HEIR].identity, Value::Null);
    let identity = proto::ResourceIdentityData::default();
    let request = proto::import_resource_state::Request {
        type_name: HEIR.to_owned(),
        identity: Some(identity),
        ..Default::default()
    };
    let answer = limited(core.client.import_resource_state(request)).await;
    let answer = answer.expect("an answer").into_inner();
    assert_eq!(
        answer.diagnostics[0].summary,
        "This resource has no identity"
    );
    let request = proto::upgrade_resource_identity::Request {
        type_name: HEIR.to_owned(),
        ..Default::default()
    };
    let answer = limited(core.client.upgrade_resource_identity(request)).await;
    assert_eq!(answer.expect("an answer").into_inner().diagnostics.len(), 1);
}
