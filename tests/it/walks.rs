//! Longer ways through core: replacements, objects that come from elsewhere, plans that age.

use azrestorepoint::plugin::value::{Type, Value};
use serde_json::json;

use crate::support::core::{Action, Core, Told, test_provider};
use crate::support::terraform::Terraform;

const THING: &str = "azrestorepoint_thing";
const HEIR: &str = "azrestorepoint_heir";

async fn start() -> Core {
    let mut core = Core::start(&test_provider(), &[]).await;
    core.habits.new_processes = true;
    core
}

/// A thing of that name, with these arguments.
fn thing(core: &Core, name: &str, arguments: &[(&str, &str)]) -> Value {
    let mut all = vec![("name", Value::from(name))];
    all.extend(
        arguments
            .iter()
            .map(|(name, value)| (*name, Value::from(*value))),
    );
    core.config(THING, &all)
}

/// Applies without an error.
async fn apply(core: &mut Core, kind: &str, config: Value) -> Told {
    let told = core.apply(kind, Some(config)).await;
    assert!(
        told.errors.is_empty() && told.crashes.is_empty(),
        "{}",
        told.text()
    );
    told
}

/// Plans without an error, and says what is to be done.
async fn action(core: &mut Core, kind: &str, config: &Value) -> Action {
    let mut told = Told::default();
    let plan = core.plan(kind, config, &mut told).await;
    plan.unwrap_or_else(|| panic!("{}", told.text())).action
}

#[tokio::test]
async fn replacements_delete_and_create() {
    for (create_before_destroy, stores_planned_private) in
        [(false, false), (false, true), (true, false), (true, true)]
    {
        let mut core = start().await;
        core.habits.create_before_destroy = create_before_destroy;
        core.habits.stores_planned_private = stores_planned_private;
        let one = thing(&core, "one", &[]);
        apply(&mut core, THING, one.clone()).await;
        let other = thing(&core, "two", &[]);
        assert_eq!(action(&mut core, THING, &other).await, Action::Replace);
        apply(&mut core, THING, other.clone()).await;
        assert_eq!(core.state[THING].value.get("id"), &Value::from("thing-two"));
        assert!(core.deposed.is_empty());

        // A tainted one makes way, too.
        core.state.get_mut(THING).expect("a thing").is_tainted = true;
        assert_eq!(action(&mut core, THING, &other).await, Action::Replace);
        apply(&mut core, THING, other.clone()).await;
        assert!(!core.state[THING].is_tainted && core.deposed.is_empty());

        // Somebody wants another one of the same.
        core.habits.replaces = true;
        assert_eq!(action(&mut core, THING, &other).await, Action::Replace);
        apply(&mut core, THING, other.clone()).await;
        core.habits.replaces = false;

        // Another spelling is no reason.
        let before = core.state[THING].clone();
        let spelled = thing(&core, "TWO", &[]);
        assert_eq!(action(&mut core, THING, &spelled).await, Action::Nothing);
        apply(&mut core, THING, spelled).await;
        assert_eq!(core.state[THING], before);
    }
}

#[tokio::test]
async fn replacements_that_fail_leave_what_there_is() {
    // The create half fails: before, the old one was deleted; or else it was not.
    let ends = [
        ("error_with_state", false, Some("thing-two"), false),
        ("error_with_state", true, Some("thing-two"), true),
        ("error_without_state", false, None, false),
        ("error_without_state", true, Some("thing-one"), false),
        ("panic", false, None, false),
        ("panic_after_checkpoint", false, Some("thing-two"), false),
    ];
    for (ending, create_before_destroy, id, deposed) in ends {
        let mut core = start().await;
        core.habits.create_before_destroy = create_before_destroy;
        let one = thing(&core, "one", &[]);
        apply(&mut core, THING, one).await;
        let two = thing(&core, "two", &[("on_create", ending)]);
        let told = core.apply(THING, Some(two)).await;
        assert_eq!(told.errors.len(), 1, "{ending}: {}", told.text());
        let object = core.state.get(THING);
        assert_eq!(
            object.map(|object| object.value.get("id").clone()),
            id.map(Value::from),
            "{ending}"
        );
        let is_new = id == Some("thing-two");
        assert_eq!(
            object.is_some_and(|object| object.is_tainted),
            is_new,
            "{ending}"
        );
        assert_eq!(core.deposed.contains_key(THING), deposed, "{ending}");
    }

    // The delete half fails: nothing is made.
    let mut core = start().await;
    let one = thing(&core, "one", &[("on_delete", "error_without_state")]);
    apply(&mut core, THING, one).await;
    let before = core.state[THING].clone();
    let two = thing(&core, "two", &[]);
    let told = core.apply(THING, Some(two)).await;
    assert_eq!(told.errors.len(), 1, "{}", told.text());
    assert_eq!(core.state[THING], before);

    // The plan between the halves fails: the old one is gone, and there is no new one.
    let mut core = start().await;
    let one = thing(&core, "one", &[]);
    apply(&mut core, THING, one).await;
    let two = thing(&core, "two", &[("on_plan", "error_in_apply")]);
    let told = core.apply(THING, Some(two)).await;
    assert_eq!(told.errors.len(), 1, "{}", told.text());
    assert!(core.state.is_empty());
}

#[tokio::test]
async fn what_a_plan_did_not_know_is_known_in_the_apply() {
    for stores_planned_private in [false, true] {
        let mut core = start().await;
        core.habits.stores_planned_private = stores_planned_private;
        let mut unknown = thing(&core, "one", &[]);
        for name in ["note", "size", "words", "any", "rules"] {
            unknown.insert(name, Value::Unknown);
        }
        let mut known = thing(&core, "one", &[("note", "known")]);
        let text = Value::Dynamic(Box::new(Type::String), Box::new("typed".into()));
        known.insert("any", text);
        for prior in [false, true] {
            let mut told = Told::default();
            let plan = core.plan(THING, &unknown, &mut told).await.expect("a plan");
            let expected = match prior {
                false => Action::Create,
                true => Action::Update,
            };
            assert_eq!(plan.action, expected);
            core.carry_out(THING, &plan, &known, &mut told).await;
            assert!(told.errors.is_empty(), "{}", told.text());
            assert_eq!(core.state[THING].value.get("note"), &Value::from("known"));
        }
        assert_eq!(action(&mut core, THING, &known).await, Action::Nothing);
    }
}

#[tokio::test]
async fn a_name_that_becomes_another_in_the_apply_changes_nothing() {
    for stores_planned_private in [false, true] {
        let mut core = start().await;
        core.habits.stores_planned_private = stores_planned_private;
        let one = thing(&core, "one", &[]);
        apply(&mut core, THING, one).await;
        let before = core.state[THING].clone();
        let mut unknown = thing(&core, "one", &[]);
        unknown.insert("name", Value::Unknown);
        let mut told = Told::default();
        let plan = core.plan(THING, &unknown, &mut told).await.expect("a plan");
        let two = thing(&core, "two", &[]);
        core.carry_out(THING, &plan, &two, &mut told).await;
        match plan.action {
            // Terraform counts what is unknown as changed, and has planned for it.
            Action::Replace => {
                assert!(told.errors.is_empty(), "{}", told.text());
                assert_eq!(core.state[THING].value.get("id"), &Value::from("thing-two"));
            }
            _ => {
                assert_eq!(told.errors.len(), 1, "{}", told.text());
                assert_eq!(core.state[THING], before);
            }
        }
    }
}

#[tokio::test]
async fn nothing_is_to_do_where_nothing_has_changed() {
    let mut core = start().await;
    let huge = |digits: &str| {
        let number = azrestorepoint::plugin::value::Number::parse(digits);
        Value::Number(number.expect("digits"))
    };
    for digits in [
        "0.1",
        "9007199254740993",
        "18446744073709551616",
        "123456789012345678901234567890.5",
        "0.1000000000000000055511151231257827",
    ] {
        let config = core.config(THING, &[("name", "one".into()), ("size", huge(digits))]);
        apply(&mut core, THING, config.clone()).await;
        assert_eq!(
            action(&mut core, THING, &config).await,
            Action::Nothing,
            "{digits}"
        );
    }
}

#[tokio::test]
async fn imported_objects_are_read() {
    let mut core = start().await;
    for (id, text) in [
        ("error", "Told to fail: In import."),
        ("panic", "The provider has a bug"),
    ] {
        let told = core.import(THING, id).await;
        assert!(told.text().contains(text), "{}", told.text());
        assert!(core.state.is_empty());
    }
    let told = core.import(THING, "found").await;
    assert!(told.errors.is_empty(), "{}", told.text());
    let found = thing(&core, "found", &[]);
    assert_eq!(action(&mut core, THING, &found).await, Action::Nothing);
}

#[tokio::test]
async fn objects_of_other_types_are_taken_over() {
    let mut core = start().await;
    let state = |name: &str| json!({"id": "x", "input": {"value": name, "type": "string"}});
    for (source, state, text) in [
        ("terraform_data", state("panic"), "The provider has a bug"),
        ("nameless", state("web"), "An ancestor without a name"),
        (
            "null_resource",
            state("web"),
            "This resource cannot be moved here",
        ),
    ] {
        let told = core.move_here(HEIR, source, &state).await;
        assert!(told.text().contains(text), "{}", told.text());
        assert!(core.state.is_empty());
    }
    let told = core.move_here(HEIR, "terraform_data", &state("web")).await;
    assert!(told.errors.is_empty(), "{}", told.text());
    let web = core.config(HEIR, &[("name", "web".into())]);
    assert_eq!(action(&mut core, HEIR, &web).await, Action::Nothing);
}

/// What an older version has stored has an attribute too many, and lacks one and its blocks.
#[tokio::test]
async fn a_later_version_of_the_provider_changes_nothing() {
    let mut core = start().await;
    let config = core.config(HEIR, &[("name", "one".into()), ("old", "o".into())]);
    apply(&mut core, HEIR, config).await;
    let stored = json!({"name": "one", "id": "heir-1", "old": "o"});
    assert_eq!(core.state[HEIR].value.get("old"), &Value::from("o"));

    let later = [("TEST_PROVIDER_LATER_VERSION", "yes".to_owned())];
    let mut core = Core::start(&test_provider(), &later).await;
    let value = core.upgrade(HEIR, 0, &stored).await.expect("a state");
    let nothing_written = core.config(HEIR, &[]);
    for block in ["rule", "always"] {
        assert_eq!(value.get(block), nothing_written.get(block), "{block}");
    }
    core.import(HEIR, "heir-1").await;
    let config = core.config(HEIR, &[("name", "heir-1".into())]);
    assert_eq!(action(&mut core, HEIR, &config).await, Action::Nothing);
}

#[tokio::test(flavor = "multi_thread")]
async fn terraform_moves_and_upgrades_objects() {
    let mut terraform = Terraform::with_provider(&test_provider(), []);
    terraform.write("resource \"terraform_data\" \"it\" {\n  input = \"web\"\n}\n");
    terraform.run(&["init"]).await;
    terraform.apply().await.expect_code(0);
    let moved = "moved {\n  from = terraform_data.it\n  to   = azrestorepoint_heir.it\n}\n";
    let heir = "resource \"azrestorepoint_heir\" \"it\" {\n  name = \"web\"\n}\n";
    terraform.write(&format!("{heir}{moved}"));
    terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("0 added, 0 changed, 0 destroyed");
    assert_eq!(
        terraform.attributes(HEIR, "it")["id"],
        json!("heir-of-another")
    );

    terraform.set("TEST_PROVIDER_LATER_VERSION", "yes");
    terraform.plan().await.expect_code(0);
    terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("0 added, 0 changed, 0 destroyed");
    let heir = heir.replace("}", "  rule {\n    port = 80\n  }\n}");
    terraform.write(&heir);
    terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("0 added, 1 changed, 0 destroyed");
    terraform.plan().await.expect_code(0);
    terraform.destroy().await.expect_code(0);
}
