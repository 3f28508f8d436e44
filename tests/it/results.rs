//! What becomes of an object in every way that a call can end: core's matrix, cell by cell.

use azrestorepoint::plugin::value::Value;
use serde_json::json;

use crate::support::core::{Core, Object, Told, test_provider};
use crate::support::terraform::Terraform;

const THING: &str = "azrestorepoint_thing";

async fn start() -> Core {
    Core::start(&test_provider(), &[]).await
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
    assert!(!object.is_tainted && !object.private.is_empty());
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
            assert!(!object.private.is_empty(), "{ending}");
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
        assert_eq!(object.value.get("id"), before.value.get("id"), "{ending}");
        assert!(
            !object.is_tainted && !object.private.is_empty(),
            "{ending}: an update never taints"
        );
        assert!(told.text().contains(text), "{ending}: {}", told.text());
        assert!(told.crashes.is_empty(), "{ending}: {:?}", told.crashes);
    }
}

#[tokio::test]
async fn delete() {
    // How the call ends; whether the object is still there; what the user is told.
    let cells = [
        ("ok", false, ""),
        ("warning", false, "Told to warn: In delete."),
        ("error_with_state", true, "Told to fail: In delete."),
        ("error_without_state", true, "Told to fail: In delete."),
        ("panic", true, "The provider has a bug"),
    ];
    for (ending, kept, text) in cells {
        let mut core = start().await;
        let before = created(&mut core, &[("on_delete", ending)]).await;
        let told = core.apply(THING, None).await;
        let object = core.state.get(THING);
        assert_eq!(object.is_some(), kept, "{ending}: {}", told.text());
        if let Some(object) = object {
            assert_eq!(
                object, &before,
                "{ending}: it is kept as it was, private data included"
            );
        }
        assert!(told.text().contains(text), "{ending}: {}", told.text());
        assert!(told.crashes.is_empty(), "{ending}: {:?}", told.crashes);
    }
}

#[tokio::test]
async fn read() {
    let cells = [
        ("ok", true, ""),
        ("gone", false, ""),
        ("error_without_state", true, "Told to fail: In read."),
        ("panic", true, "The provider has a bug"),
    ];
    for (ending, kept, text) in cells {
        let mut core = start().await;
        let before = created(&mut core, &[("on_read", ending)]).await;
        let mut told = Told::default();
        core.refresh(THING, &mut told).await;
        assert_eq!(core.state.get(THING), kept.then_some(&before), "{ending}");
        assert!(told.text().contains(text), "{ending}: {}", told.text());
    }
}

#[tokio::test]
async fn plan() {
    for (ending, text) in [
        ("error", "Told to fail: In plan."),
        ("panic", "The provider has a bug"),
    ] {
        let mut core = start().await;
        let config = config(&core, &[("on_plan", ending)]);
        let told = core.apply(THING, Some(config)).await;
        assert!(told.text().contains(text), "{ending}: {}", told.text());
        assert!(core.state.is_empty() && told.crashes.is_empty(), "{ending}");
    }
}

#[tokio::test]
async fn a_crash_loses_what_only_the_provider_knew() {
    let mut core = start().await;
    let config = config(&core, &[("on_create", "abort")]);
    let told = core.apply(THING, Some(config)).await;
    // This is why no call may end like that: the object would be an orphan.
    assert_eq!((told.crashes.len(), core.state.len()), (1, 0));
}

#[tokio::test]
async fn replacements_delete_and_create() {
    let mut core = start().await;
    created(&mut core, &[]).await;
    let other = core.config(THING, &[("name", "two".into())]);
    let told = core.apply(THING, Some(other)).await;
    assert!(told.errors.is_empty(), "{}", told.text());
    assert_eq!(core.state[THING].value.get("id"), &Value::from("thing-two"));

    // A tainted one is deleted, too, and its place taken by one that is not.
    core.state.get_mut(THING).expect("a thing").is_tainted = true;
    let again = core.config(THING, &[("name", "two".into())]);
    let told = core.apply(THING, Some(again)).await;
    assert!(told.errors.is_empty(), "{}", told.text());
    assert!(!core.state[THING].is_tainted);

    // Another spelling is no reason.
    let before = core.state[THING].clone();
    let spelled = core.config(THING, &[("name", "TWO".into())]);
    core.apply(THING, Some(spelled)).await;
    assert_eq!(core.state[THING], before);
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

    // A process that is killed in the middle: nothing is saved, which is why ours never dies by itself.
    write("on_create = \"abort\"");
    terraform.apply().await.expect_code(1);
    assert!(terraform.instance(THING, "it").is_none());
}
