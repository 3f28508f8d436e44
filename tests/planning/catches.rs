//! The oracle finds what it is there to find: a broken example of each rule, beside a sound one.

use std::collections::BTreeMap;

use azrestorepoint::plugin::schema::{Attribute, Block, NestedBlock, Nesting};
use azrestorepoint::plugin::value::{Type, Value};

use crate::oracle::{
    Shape, assert_object_compatible, assert_plan_valid, final_plan_consistent, proposed_new,
};

const NULL: Value = Value::Null;
const UNKNOWN: Value = Value::Unknown;

/// One of everything, with the same two attributes inside of each nested object.
fn shape() -> Shape {
    let inside = || {
        vec![
            Attribute::optional("name", Type::String),
            Attribute::computed("id", Type::String),
        ]
    };
    let block = |name, nesting| {
        let attributes = inside();
        NestedBlock::new(
            name,
            nesting,
            Block {
                attributes,
                ..Block::default()
            },
        )
    };
    Shape::of(&Block {
        attributes: vec![
            Attribute::optional("text", Type::String),
            Attribute::computed("given", Type::String),
            Attribute::optional_computed("either", Type::String),
            Attribute::optional("secret", Type::String).write_only(),
            Attribute::optional("tags", Type::map(Type::String)),
            Attribute::optional("zones", Type::set(Type::String)),
            Attribute::optional("open", Type::Dynamic),
            Attribute::optional_nested("one", Nesting::Single, inside()),
            Attribute::optional_nested("row", Nesting::List, inside()),
            Attribute::optional_nested("bag", Nesting::Set, inside()),
            Attribute::optional_nested("index", Nesting::Map, inside()),
        ],
        blocks: vec![
            block("single", Nesting::Single),
            block("list", Nesting::List),
            block("set", Nesting::Set),
            block("map", Nesting::Map),
            block("group", Nesting::Group),
        ],
        ..Block::default()
    })
}

/// An object with nothing in it but these.
fn object(pairs: &[(&str, Value)]) -> Value {
    let absent = [
        "text", "given", "either", "secret", "tags", "zones", "open", "one", "row", "bag", "index",
        "single",
    ];
    let mut value = Value::object(absent.map(|name| (name, NULL)));
    value.insert("list", Value::List(Vec::new()));
    value.insert("set", Value::set(Vec::new()));
    value.insert("map", map(&[]));
    value.insert("group", inner(NULL, NULL));
    for (name, attribute) in pairs {
        value.insert(name, attribute.clone());
    }
    value
}

fn inner(name: impl Into<Value>, id: impl Into<Value>) -> Value {
    Value::object([("name", name.into()), ("id", id.into())])
}

fn map(pairs: &[(&str, Value)]) -> Value {
    let entries = pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), value.clone()));
    Value::Map(entries.collect())
}

fn list(elements: &[Value]) -> Value {
    Value::List(elements.to_vec())
}

fn set(elements: &[Value]) -> Value {
    Value::set(elements.to_vec())
}

/// One problem, and what it says; none where nothing is expected.
#[track_caller]
fn expect(problems: &[String], expected: Option<&str>) {
    match expected {
        None => assert!(problems.is_empty(), "{problems:?}"),
        Some(text) => assert!(
            problems.len() == 1 && problems[0].contains(text),
            "{text:?} is expected, but found {problems:?}"
        ),
    }
}

#[test]
fn a_plan_keeps_to_its_configuration() {
    /// Checks one attribute or block: prior, configured, planned.
    #[track_caller]
    fn check(name: &str, values: [Value; 3], expected: Option<&str>) {
        let [prior, config, planned] = values.map(|value| object(&[(name, value)]));
        let problems = assert_plan_valid(&shape(), &prior, &config, &planned);
        expect(&problems, expected);
    }
    let a = || Value::from("a");
    let b = || Value::from("b");
    check("text", [NULL, a(), a()], None);
    check("text", [b(), a(), b()], None);
    check("text", [NULL, a(), b()], Some("text: planned"));
    check("text", [b(), a(), "c".into()], Some("neither configured"));
    check("text", [a(), NULL, a()], Some("text: planned"));
    check("text", [NULL, NULL, UNKNOWN], Some("text: planned"));
    check("text", [NULL, UNKNOWN, UNKNOWN], None);
    check("text", [a(), UNKNOWN, a()], Some("configured unknown"));
    check("given", [a(), NULL, UNKNOWN], None);
    check("given", [a(), NULL, b()], None);
    check("either", [a(), NULL, UNKNOWN], None);
    check("either", [NULL, a(), UNKNOWN], Some("either: planned"));
    check("secret", [NULL, a(), NULL], None);
    check("secret", [NULL, a(), a()], Some("write-only"));
    check("tags", [NULL, map(&[]), NULL], Some("tags: planned"));
    check("given", [NULL, NULL, true.into()], Some("not of the type"));
}

#[test]
fn a_plan_keeps_to_its_nested_attributes() {
    #[track_caller]
    fn check(name: &str, values: [Value; 3], expected: Option<&str>) {
        let [prior, config, planned] = values.map(|value| object(&[(name, value)]));
        let problems = assert_plan_valid(&shape(), &prior, &config, &planned);
        expect(&problems, expected);
    }
    let config = || inner("a", NULL);
    let planned = || inner("a", UNKNOWN);
    let wrong = || inner("b", UNKNOWN);
    check("one", [NULL, config(), planned()], None);
    check("one", [NULL, config(), wrong()], Some("one.name: planned"));
    check("one", [NULL, config(), NULL], Some("wants existence"));
    check("one", [NULL, NULL, planned()], Some("wants absence"));
    check("one", [NULL, config(), UNKNOWN], Some("planned unknown"));
    check(
        "one",
        [config(), UNKNOWN, config()],
        Some("configured unknown"),
    );

    let rows = |row: Value| list(&[config(), row]);
    check("row", [NULL, rows(config()), rows(planned())], None);
    check(
        "row",
        [NULL, rows(config()), rows(wrong())],
        Some("row[1].name"),
    );
    check(
        "row",
        [NULL, rows(config()), list(&[planned()])],
        Some("1 are planned"),
    );
    check(
        "row",
        [NULL, rows(config()), rows(UNKNOWN)],
        Some("row[1]: is unknown"),
    );
    let prior = list(&[inner("B", "1")]);
    check(
        "row",
        [prior.clone(), list(&[inner("b", NULL)]), prior],
        None,
    );

    let entry = |value: Value| map(&[("k", value)]);
    check("index", [NULL, entry(config()), entry(planned())], None);
    check(
        "index",
        [NULL, entry(config()), entry(wrong())],
        Some("index[\"k\"].name"),
    );
    let both = map(&[("k", planned()), ("l", planned())]);
    check(
        "index",
        [NULL, entry(config()), both],
        Some("not configured"),
    );
    check(
        "index",
        [NULL, entry(config()), map(&[])],
        Some("not planned"),
    );

    let elements = |element: Value| set(&[inner("z", NULL), element]);
    check("bag", [NULL, elements(config()), elements(planned())], None);
    check(
        "bag",
        [NULL, elements(config()), set(&[config()])],
        Some("1 are planned"),
    );
    let more = set(&[config(), planned(), wrong()]);
    check(
        "bag",
        [NULL, elements(config()), more],
        Some("3 are planned"),
    );
}

#[test]
fn a_plan_keeps_to_its_blocks() {
    #[track_caller]
    fn check(name: &str, config: Value, planned: Value, expected: Option<&str>) {
        let [config, planned] = [config, planned].map(|value| object(&[(name, value)]));
        let problems = assert_plan_valid(&shape(), &NULL, &config, &planned);
        expect(&problems, expected);
    }
    let config = || inner("a", NULL);
    let planned = || inner("a", UNKNOWN);
    let wrong = || inner("b", UNKNOWN);
    let entry = |value: Value| map(&[("k", value)]);

    check("single", config(), planned(), None);
    check("single", config(), wrong(), Some("single.name"));
    check("single", config(), NULL, Some("wants existence"));
    check("single", NULL, planned(), Some("wants absence"));
    check("single", config(), UNKNOWN, Some("must not be unknown"));

    check("list", list(&[config()]), list(&[planned()]), None);
    check(
        "list",
        list(&[config()]),
        list(&[wrong()]),
        Some("list[0].name"),
    );
    check("list", list(&[config()]), list(&[]), Some("0 are planned"));
    check(
        "list",
        list(&[config()]),
        list(&[UNKNOWN]),
        Some("not unknown"),
    );
    check("list", list(&[]), NULL, Some("empty, not null"));
    check("list", UNKNOWN, UNKNOWN, None);
    check("list", UNKNOWN, list(&[]), Some("untouched"));
    check("list", list(&[]), UNKNOWN, Some("must not be unknown"));

    check("map", entry(config()), entry(planned()), None);
    check(
        "map",
        entry(config()),
        entry(wrong()),
        Some("map[\"k\"].name"),
    );
    check("map", entry(config()), map(&[]), Some("not planned"));
    check("map", map(&[]), entry(planned()), Some("not configured"));
    check("map", map(&[]), NULL, Some("empty, not null"));

    check("set", set(&[config()]), set(&[planned()]), None);
    check("set", set(&[config()]), set(&[]), Some("0 are planned"));
    check("set", set(&[]), NULL, Some("empty, not null"));

    check("group", config(), planned(), None);
    check("group", config(), wrong(), Some("group.name"));
    check("group", config(), NULL, Some("never null"));
}

#[test]
fn a_plan_is_a_whole_object_or_null() {
    let (nothing, something) = (object(&[]), object(&[]));
    let plan =
        |config: &Value, planned: &Value| assert_plan_valid(&shape(), &NULL, config, planned);
    expect(&plan(&NULL, &NULL), None);
    expect(&plan(&something, &NULL), Some("wants existence"));
    expect(&plan(&NULL, &something), Some("wants absence"));
    expect(&plan(&something, &UNKNOWN), Some("not unknown as a whole"));
    let Value::Object(mut entries) = nothing else {
        panic!("an object");
    };
    entries.remove("either");
    expect(
        &plan(&something, &Value::Object(entries.clone())),
        Some("either: is missing"),
    );
    entries.insert("either".to_owned(), NULL);
    entries.insert("other".to_owned(), NULL);
    expect(
        &plan(&something, &Value::Object(entries)),
        Some("other: is not in the schema"),
    );
}

#[test]
fn a_result_keeps_to_its_plan() {
    #[track_caller]
    fn check(name: &str, planned: Value, actual: Value, expected: Option<&str>) {
        let [planned, actual] = [planned, actual].map(|value| object(&[(name, value)]));
        let problems = assert_object_compatible(&shape(), &planned, &actual);
        expect(&problems, expected);
    }
    let open = |ty: Type, value: Value| Value::Dynamic(Box::new(ty), Box::new(value));
    check("text", "a".into(), "a".into(), None);
    check("text", "a".into(), "b".into(), Some("is now String"));
    check("text", "a".into(), NULL, Some("is now null"));
    check("text", NULL, "a".into(), Some("was null"));
    check("text", UNKNOWN, "a".into(), None);
    check("text", UNKNOWN, NULL, None);
    check("text", UNKNOWN, UNKNOWN, Some("still unknown"));
    check("text", UNKNOWN, true.into(), Some("not of the type"));
    check("secret", UNKNOWN, "s".into(), Some("write-only"));
    check("tags", map(&[]), NULL, Some("is now null"));
    check("tags", NULL, map(&[]), Some("was null"));
    check(
        "tags",
        map(&[("a", "1".into())]),
        map(&[]),
        Some("has vanished"),
    );
    check(
        "tags",
        map(&[]),
        map(&[("a", "1".into())]),
        Some("has appeared"),
    );
    check(
        "zones",
        set(&["a".into(), UNKNOWN]),
        set(&["a".into()]),
        None,
    );
    check("zones", set(&[UNKNOWN]), set(&["a".into()]), None);
    check(
        "zones",
        set(&["a".into(), UNKNOWN]),
        set(&["b".into()]),
        Some("is gone"),
    );
    let grown = set(&["a".into(), "b".into()]);
    check("zones", set(&[UNKNOWN]), grown, Some("has grown"));
    let swapped = assert_object_compatible(
        &shape(),
        &object(&[("zones", set(&["a".into()]))]),
        &object(&[("zones", set(&["b".into()]))]),
    );
    assert_eq!(swapped.len(), 2, "one is gone, one came: {swapped:?}");
    check(
        "open",
        open(Type::String, UNKNOWN),
        open(Type::String, "a".into()),
        None,
    );
    check("open", UNKNOWN, open(Type::Bool, true.into()), None);
    let other = open(Type::Bool, true.into());
    check("open", open(Type::String, UNKNOWN), other, Some("is now a"));
    check(
        "open",
        open(Type::String, NULL),
        NULL,
        Some("lost the type"),
    );
    check(
        "row",
        list(&[inner("a", UNKNOWN)]),
        list(&[inner("a", "1")]),
        None,
    );
    check(
        "row",
        list(&[inner("a", UNKNOWN)]),
        list(&[inner("b", "1")]),
        Some("name"),
    );
    check(
        "row",
        list(&[]),
        list(&[inner(NULL, NULL)]),
        Some("0 elements, now 1"),
    );
    check(
        "list",
        list(&[inner("a", UNKNOWN)]),
        list(&[]),
        Some("1 elements, now 0"),
    );
    check("single", inner("a", UNKNOWN), NULL, Some("is now null"));
    let gone = assert_object_compatible(&shape(), &object(&[]), &NULL);
    expect(&gone, Some("is now null"));
}

#[test]
fn a_second_plan_keeps_to_the_first() {
    #[track_caller]
    fn check(values: [&str; 3], expected: Option<&str>) {
        let value = |text: &str| match text {
            "?" => UNKNOWN,
            text => text.into(),
        };
        let [prior, first, second] = values.map(|text| object(&[("text", value(text))]));
        let problems = final_plan_consistent(&shape(), &prior, &first, &second);
        expect(&problems, expected);
    }
    check(["a", "b", "b"], None);
    check(["a", "?", "b"], None);
    check(["a", "?", "a"], None);
    check(["a", "?", "?"], None);
    check(["a", "b", "c"], Some("is now String"));
    check(["a", "b", "?"], Some("now unknown"));
    let (prior, second) = (object(&[]), object(&[("given", "x".into())]));
    let problems = final_plan_consistent(&shape(), &prior, &prior, &second);
    assert!(
        problems
            .iter()
            .any(|text| text.contains("has become an update"))
    );
}

#[test]
fn the_proposal_is_the_configuration_with_what_only_the_provider_gave() {
    #[track_caller]
    fn check(name: &str, values: [Value; 3]) {
        let [prior, config, proposed] = values.map(|value| object(&[(name, value)]));
        assert_eq!(proposed_new(&shape(), &prior, &config), proposed);
    }
    let a = || Value::from("a");
    check("text", [a(), NULL, NULL]);
    check("text", [a(), "b".into(), "b".into()]);
    check("given", [a(), NULL, a()]);
    check("either", [a(), NULL, a()]);
    check("either", [a(), "b".into(), "b".into()]);
    check("either", [NULL, NULL, NULL]);
    let (config, prior) = (inner("a", NULL), inner("a", "1"));
    for name in ["one", "single", "group"] {
        check(name, [prior.clone(), config.clone(), prior.clone()]);
    }
    for name in ["row", "list"] {
        let (config, prior) = (
            list(&[inner("b", NULL)]),
            list(std::slice::from_ref(&prior)),
        );
        check(name, [prior, config, list(&[inner("b", "1")])]);
    }
    for name in ["index", "map"] {
        let entries = |value: &Value| map(&[("k", value.clone())]);
        check(name, [entries(&prior), entries(&config), entries(&prior)]);
        let other = map(&[("l", config.clone())]);
        check(name, [entries(&prior), other.clone(), other]);
    }
    for name in ["bag", "set"] {
        let more = set(&[config.clone(), inner("b", NULL)]);
        let matched = set(&[prior.clone(), inner("b", NULL)]);
        check(name, [set(std::slice::from_ref(&prior)), more, matched]);
    }
    let made = proposed_new(&shape(), &NULL, &object(&[]));
    assert_eq!(made, object(&[]));
    assert_eq!(proposed_new(&shape(), &object(&[]), &NULL), NULL);
}

#[test]
fn objects_that_were_configured_once_are_proposed_as_absent() {
    let inside = vec![
        Attribute::optional("name", Type::String),
        Attribute::computed("id", Type::String),
    ];
    let mut attribute = Attribute::optional_nested("one", Nesting::Single, inside);
    attribute.mode = azrestorepoint::plugin::schema::Mode::OptionalComputed;
    let shape = Shape::of(&Block {
        attributes: vec![attribute],
        ..Block::default()
    });
    let state = |one: Value| Value::Object(BTreeMap::from([("one".to_owned(), one)]));
    let check = |prior: Value, expected: Value| {
        let proposed = proposed_new(&shape, &state(prior), &state(NULL));
        assert_eq!(proposed, state(expected));
    };
    check(inner("a", "1"), NULL);
    check(inner(NULL, "1"), inner(NULL, "1"));
}
