//! What becomes of an object in every way that a call can end: core's matrix, cell by cell.

use azrestorepoint::plugin::value::Value;
use serde_json::json;

use crate::support::core::{Core, Object, Told, test_provider};
use crate::support::terraform::Terraform;

const THING: &str = "azrestorepoint_thing";

/// What every answer about an object carries, for the plans after it.
const PRIVATE: &[u8] = b"{}";

async fn start() -> Core {
    let mut core = Core::start(&test_provider(), &[]).await;
    core.habits.new_processes = true;
    core
}

/// A core that goes on where a wrong answer would fail a test, as the real one does.
async fn start_tolerant() -> Core {
    let mut core = start().await;
    core.habits.tolerates_wrong_answers = true;
    core
}

fn config(core: &Core, arguments: &[(&str, &str)]) -> Value {
    let mut all = vec![("name", Value::from("one"))];
    all.extend(
        arguments
            .iter()
            .map(|(name, value)| (*name, Value::from(*value))),
    );
    core.config(THING, &all)
}

/// Creates a thing that will be told to do this later on.
async fn created(core: &mut Core, arguments: &[(&str, &str)]) -> Object {
    let config = config(core, arguments);
    let told = core.apply(THING, Some(config)).await;
    assert!(
        told.errors.is_empty() && told.crashes.is_empty(),
        "{}",
        told.text()
    );
    let object = core.state[THING].clone();
    assert!(!object.is_tainted);
    assert_eq!(object.private, PRIVATE);
    object
}

#[tokio::test]
async fn create() {
    // How the call ends; whether there is an object then, whether it is tainted; what the user is told.
    let cells = [
        ("ok", Some(false), ""),
        ("warning", Some(false), "Told to warn: In create."),
        ("error_with_state", Some(true), "Told to fail: In create."),
        ("error_without_state", None, "Told to fail: In create."),
        ("panic", None, "The provider has a bug"),
        (
            "panic_after_checkpoint",
            Some(true),
            "The provider has a bug",
        ),
        (
            "wrong_type",
            Some(true),
            "It made a value of the wrong type for id",
        ),
        ("leave_unknown", Some(false), ""),
        ("error_and_unknown", Some(true), "Told to fail: In create."),
        ("leak_secret", Some(false), ""),
        ("nothing", None, "It neither made the object nor said why"),
    ];
    for (ending, expected, text) in cells {
        let mut core = start().await;
        let config = config(&core, &[("on_create", ending)]);
        let told = core.apply(THING, Some(config)).await;
        let object = core.state.get(THING);
        assert_eq!(
            object.map(|object| object.is_tainted),
            expected,
            "{ending}: {}",
            told.text()
        );
        assert!(told.text().contains(text), "{ending}: {}", told.text());
        assert!(told.crashes.is_empty(), "{ending}: {:?}", told.crashes);
        if let Some(object) = object {
            assert_eq!(object.value.get("name"), &Value::from("one"), "{ending}");
            assert_eq!(object.private, PRIVATE, "{ending}");
            let made = [
                "leave_unknown",
                "error_and_unknown",
                "panic_after_checkpoint",
            ];
            let changes = match made.contains(&ending) {
                true => Value::Null,
                false => "given".into(),
            };
            assert_eq!(object.value.get("changes"), &changes, "{ending}");
        }
        assert!(core.shut_down().await.success());
    }
}

#[tokio::test]
async fn update() {
    // How the call ends; the note that the object has then; what the user is told.
    let cells = [
        ("ok", "new", ""),
        ("warning", "new", "Told to warn: In update."),
        ("error_with_state", "new", "Told to fail: In update."),
        ("error_without_state", "old", "Told to fail: In update."),
        ("panic", "old", "The provider has a bug"),
        ("panic_after_checkpoint", "new", "The provider has a bug"),
        ("leave_unknown", "new", ""),
        ("error_and_unknown", "new", "Told to fail: In update."),
        ("leak_secret", "new", ""),
        (
            "wrong_type",
            "new",
            "It made a value of the wrong type for id",
        ),
        ("nothing", "old", "It neither made the object nor said why"),
    ];
    for (ending, note, text) in cells {
        let mut core = start().await;
        let before = created(&mut core, &[("note", "old"), ("on_update", ending)]).await;
        let config = config(&core, &[("note", "new"), ("on_update", ending)]);
        let told = core.apply(THING, Some(config)).await;
        let object = &core.state[THING];
        assert_eq!(
            object.value.get("note"),
            &Value::from(note),
            "{ending}: {}",
            told.text()
        );
        if ending != "wrong_type" {
            assert_eq!(object.value.get("id"), before.value.get("id"), "{ending}");
        }
        assert!(!object.is_tainted, "{ending}: an update never taints");
        assert_eq!(object.private, PRIVATE, "{ending}");
        assert!(told.text().contains(text), "{ending}: {}", told.text());
        assert!(told.crashes.is_empty(), "{ending}: {:?}", told.crashes);
    }
}

#[tokio::test]
async fn delete() {
    // How the call ends; what is left of the object, if anything; what the user is told.
    let cells = [
        ("ok", None, ""),
        ("warning", None, "Told to warn: In delete."),
        (
            "error_with_state",
            Some("leaving"),
            "Told to fail: In delete.",
        ),
        (
            "error_without_state",
            Some("given"),
            "Told to fail: In delete.",
        ),
        ("error_and_unknown", Some(""), "Told to fail: In delete."),
        ("panic", Some("given"), "The provider has a bug"),
        ("wrong_type", Some("leaving"), "of the wrong type for id"),
    ];
    for (ending, left, text) in cells {
        let mut core = start().await;
        let before = created(&mut core, &[("on_delete", ending)]).await;
        let told = core.apply(THING, None).await;
        let object = core.state.get(THING);
        let changes = object.map(|object| object.value.get("changes").as_str().unwrap_or_default());
        assert_eq!(changes, left, "{ending}: {}", told.text());
        if let Some(object) = object {
            assert!(!object.is_tainted, "{ending}");
            // What a delete leaves says what the delete was; what it did not touch is as it was.
            let untouched = left == Some("given") && ending != "panic";
            assert!(!untouched || object == &before, "{ending}: {object:?}");
            assert!(!object.private.is_empty(), "{ending}");
        }
        assert!(told.text().contains(text), "{ending}: {}", told.text());
        assert!(told.crashes.is_empty(), "{ending}: {:?}", told.crashes);
    }
}

#[tokio::test]
async fn answers_that_contradict_the_plan_are_kept_and_told() {
    let mut core = start_tolerant().await;
    let wrong = config(&core, &[("on_create", "wrong_value")]);
    let told = core.apply(THING, Some(wrong)).await;
    assert_eq!(told.errors[0].summary, "wrong result", "{}", told.text());
    let object = &core.state[THING];
    assert!(object.is_tainted, "a create that ended in an error");
    assert_eq!(object.value.get("note"), &Value::from("never planned"));

    let mut core = start_tolerant().await;
    created(&mut core, &[("on_update", "wrong_value")]).await;
    let wrong = config(&core, &[("note", "new"), ("on_update", "wrong_value")]);
    let told = core.apply(THING, Some(wrong)).await;
    assert_eq!(told.errors[0].summary, "wrong result", "{}", told.text());
    let object = &core.state[THING];
    assert!(!object.is_tainted, "an update never taints");
    assert_eq!(object.value.get("note"), &Value::from("never planned"));

    let mut core = start_tolerant().await;
    created(&mut core, &[("on_delete", "state")]).await;
    let told = core.apply(THING, None).await;
    assert_eq!(told.errors[0].summary, "wrong result", "{}", told.text());
    assert_eq!(
        core.state[THING].value.get("changes"),
        &Value::from("leaving")
    );
}

#[tokio::test]
async fn read() {
    let cells = [
        ("ok", true, ""),
        ("gone", false, ""),
        ("error_without_state", true, "Told to fail: In read."),
        ("error_with_state", true, "Told to fail: In read."),
        ("panic", true, "The provider has a bug"),
        ("warning", true, "Told to warn: In read."),
        ("other_spelling", true, ""),
        ("leak_secret", true, ""),
        ("wrong_type", true, "of the wrong type for id"),
    ];
    for (ending, kept, text) in cells {
        let mut core = start().await;
        let before = created(&mut core, &[("on_read", ending)]).await;
        let mut told = Told::default();
        core.refresh(THING, &mut told).await;
        assert_eq!(core.state.get(THING), kept.then_some(&before), "{ending}");
        assert!(told.text().contains(text), "{ending}: {}", told.text());
    }

    // Nothing may be unknown after a read.
    let mut core = start().await;
    created(&mut core, &[("on_read", "leave_unknown")]).await;
    assert!(core.refresh(THING, &mut Told::default()).await);
    assert_eq!(core.state[THING].value.get("changes"), &Value::Null);
}

#[tokio::test]
async fn plan() {
    for (ending, text) in [
        ("error", "Told to fail: In plan."),
        ("panic", "The provider has a bug"),
        ("wrong_type", "of the wrong type for note"),
        ("wrong_value", "invalid plan"),
        // The plan in the apply fails: nothing is made.
        ("error_in_apply", "Told to fail: In plan."),
        ("panic_in_apply", "The provider has a bug"),
    ] {
        for stores_planned_private in [false, true] {
            let mut core = start_tolerant().await;
            core.habits.stores_planned_private = stores_planned_private;
            let config = config(&core, &[("on_plan", ending)]);
            let told = core.apply(THING, Some(config)).await;
            assert!(told.text().contains(text), "{ending}: {}", told.text());
            assert!(core.state.is_empty() && told.crashes.is_empty(), "{ending}");
        }
    }
    for (ending, text) in [("warning", "Told to warn: In plan."), ("leak_secret", "")] {
        let mut core = start().await;
        let config = config(&core, &[("on_plan", ending)]);
        let told = core.apply(THING, Some(config)).await;
        assert!(told.errors.is_empty(), "{ending}: {}", told.text());
        assert!(told.text().contains(text), "{ending}: {}", told.text());
        assert!(core.state.contains_key(THING), "{ending}");
    }
}

#[tokio::test]
async fn a_crash_loses_what_only_the_provider_knew() {
    let mut core = start().await;
    let abort = config(&core, &[("on_create", "abort")]);
    let told = core.apply(THING, Some(abort)).await;
    // This is why no call may end like that: the object would be an orphan.
    assert_eq!((told.crashes.len(), core.state.len()), (1, 0));

    let before = created(&mut core, &[("on_update", "abort"), ("on_delete", "abort")]).await;
    let arguments = [
        ("note", "n"),
        ("on_update", "abort"),
        ("on_delete", "abort"),
    ];
    let abort = config(&core, &arguments);
    let told = core.apply(THING, Some(abort)).await;
    assert_eq!(told.crashes.len(), 1);
    let left = core.state[THING].clone();
    assert_eq!((&left.value, left.private.len()), (&before.value, 0));

    // The next read brings private data back, so that a plan after it shows.
    let told = core.apply(THING, None).await;
    assert_eq!(told.crashes.len(), 1);
    let kept = core.state[THING].clone();
    assert_eq!((kept.value, kept.private), (left.value, before.private));
}

/// The cells that matter, through the real Terraform.
#[tokio::test(flavor = "multi_thread")]
async fn terraform_keeps_what_it_should() {
    let terraform = Terraform::with_provider(&test_provider(), []);
    let write = |arguments: &str| {
        terraform.write(&format!(
            "resource \"azrestorepoint_thing\" \"it\" {{\n  name = \"one\"\n  {arguments}\n}}\n"
        ));
    };
    let note = || terraform.attributes(THING, "it")["note"].clone();

    write("on_create = \"error_with_state\"");
    terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("Told to fail")
        .expect_text("on main.tf line");
    assert!(terraform.is_tainted(THING, "it"));
    terraform
        .run(&["untaint", "azrestorepoint_thing.it"])
        .await
        .expect_code(0);
    write("note = \"first\"");
    terraform.apply().await.expect_code(0);

    for (ending, expected) in [
        ("error_without_state", "first"),
        ("panic", "first"),
        ("error_with_state", "second"),
    ] {
        write(&format!("note = \"second\"\n  on_update = \"{ending}\""));
        terraform.apply().await.expect_code(1);
        assert_eq!(note(), json!(expected), "{ending}");
        assert!(!terraform.is_tainted(THING, "it"), "{ending}");
    }
    write("note = \"second\"");
    terraform.apply().await.expect_code(0);

    for ending in ["error_with_state", "error_without_state", "panic"] {
        write(&format!("note = \"second\"\n  on_delete = \"{ending}\""));
        terraform.apply().await.expect_code(0);
        terraform.destroy().await.expect_code(1);
        assert_eq!(note(), json!("second"), "{ending}");
    }
    write("on_delete = \"warning\"");
    terraform.apply().await.expect_code(0);
    terraform
        .destroy()
        .await
        .expect_code(0)
        .expect_text("Told to warn");

    write("on_create = \"panic_after_checkpoint\"");
    terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("The provider has a bug");
    assert!(terraform.is_tainted(THING, "it"));
    std::fs::remove_file(terraform.path().join("terraform.tfstate")).expect("a state");

    // A warning is no failure.
    write("on_create = \"warning\"");
    terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("Told to warn");
    assert!(!terraform.is_tainted(THING, "it"));
    write("on_delete = \"state\"");
    terraform.apply().await.expect_code(0);
    terraform.destroy().await.expect_code(1);
    assert!(terraform.instance(THING, "it").is_some());
}

/// A process that dies in the middle, which ours never does by itself, and answers that are wrong.
#[tokio::test(flavor = "multi_thread")]
async fn terraform_keeps_what_it_knows_of_a_dead_provider() {
    let terraform = Terraform::with_provider(&test_provider(), []);
    let write = |arguments: &str| {
        terraform.write(&format!(
            "resource \"azrestorepoint_thing\" \"it\" {{\n  name = \"one\"\n  {arguments}\n}}\n"
        ));
    };
    let instance = || terraform.instance(THING, "it").expect("a thing");

    write("on_create = \"abort\"");
    terraform.apply().await.expect_code(1);
    assert!(terraform.instance(THING, "it").is_none());

    write("note = \"first\"");
    terraform.apply().await.expect_code(0);
    assert_eq!(instance()["private"], json!("e30="));
    write("note = \"second\"\n  on_update = \"abort\"");
    terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("ApplyResourceChange");
    assert_eq!(instance()["attributes"]["note"], json!("first"));
    // The model of core in these tests says the same.
    assert_eq!(instance()["private"], json!(null));

    write("note = \"first\"\n  on_delete = \"abort\"");
    terraform.apply().await.expect_code(0);
    let before = instance();
    terraform
        .destroy()
        .await
        .expect_code(1)
        .expect_text("ApplyResourceChange");
    assert_eq!(instance()["attributes"], before["attributes"]);
    assert_eq!(instance()["private"], before["private"]);

    write("on_update = \"wrong_value\"");
    terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("Provider produced inconsistent result after apply");
    assert_eq!(instance()["attributes"]["note"], json!("never planned"));
    assert!(!terraform.is_tainted(THING, "it"));
}
