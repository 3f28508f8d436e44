//! What a change will make of an object, by the rules that Terraform checks.
//!
//! A planned value equals the configuration, or the prior state where both mean
//! the same, or is the provider's to give. Whatever the provider gives and
//! cannot know yet is unknown. Nothing here asks anybody: a plan is made twice,
//! and both must agree.

mod elements;
mod replace;
mod spelling;
mod write_only;

use self::elements::{Members, elementwise};
use super::schema::{Attribute, Block, Kind};
use super::value::{Path, Value};

pub use replace::replaced_attributes;
pub use spelling::keep_spelling;
pub use write_only::{without_write_only, write_only_paths};

/// What [`plan`] finds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlannedChange {
    /// The object as it will be; null in a destroy.
    pub planned_state: Value,
    /// The changed attributes that make a new object.
    pub requires_replace: Vec<Path>,
}

/// Plans the change of one object from its prior state to its configuration.
///
/// `prior_state` is null in a create and `config` in a destroy.
/// `proposed_new_state` is Terraform's own merge of both: it carries the prior
/// values of nested objects to where they stand now.
pub fn plan(
    block: &Block,
    prior_state: &Value,
    proposed_new_state: &Value,
    config: &Value,
) -> PlannedChange {
    if config.is_null() {
        return PlannedChange::default();
    }
    let members = Members::of(block);
    let planned = |gaps| planned_object(members, prior_state, proposed_new_state, config, gaps);
    let mut planned_state = planned(Gaps::Proposed);
    if planned_state != *prior_state {
        planned_state = planned(Gaps::Unknown);
    }
    let requires_replace = if prior_state.is_null() {
        Vec::new()
    } else {
        replaced_attributes(block, prior_state, &planned_state)
    };
    PlannedChange {
        planned_state,
        requires_replace,
    }
}

/// What stands where the provider gives the value.
#[derive(Clone, Copy)]
enum Gaps {
    /// What Terraform proposes, which is the prior value: right as long as nothing changes.
    Proposed,
    /// Unknown, unless the attribute says that its value stays: right as soon as anything changes.
    Unknown,
}

fn planned_object(
    members: Members<'_>,
    prior: &Value,
    proposed: &Value,
    config: &Value,
    gaps: Gaps,
) -> Value {
    if config.is_null() || config.is_unknown() {
        return config.clone();
    }
    let attributes = members.attributes.iter().map(|attribute| {
        let name = attribute.name;
        let value = planned_attribute(
            attribute,
            prior.get(name),
            proposed.get(name),
            config.get(name),
            gaps,
        );
        (name.to_owned(), value)
    });
    let blocks = members.blocks.iter().map(|nested| {
        let name = nested.name;
        let value = elementwise(
            nested.nesting,
            Members::of(&nested.block),
            prior.get(name),
            proposed.get(name),
            config.get(name),
            &|members, prior, proposed, config| {
                planned_object(members, prior, proposed, config, gaps)
            },
        );
        (name.to_owned(), value)
    });
    Value::Object(attributes.chain(blocks).collect())
}

fn planned_attribute(
    attribute: &Attribute,
    prior: &Value,
    proposed: &Value,
    config: &Value,
    gaps: Gaps,
) -> Value {
    if attribute.write_only {
        // It stays in the configuration: a plan or a state that holds it is refused.
        return Value::Null;
    }
    let is_kept = |value| !prior.is_null() && attribute.is_equivalent(prior, value);
    if config.is_null() {
        return match (&attribute.default, gaps) {
            (Some(default), _) if is_kept(default) => prior.clone(),
            (Some(default), _) => default.clone(),
            // Null, of the type that it was written with where the schema leaves that open.
            (None, _) if !attribute.is_computed() => config.clone(),
            // Whatever is proposed: Terraform proposes null for objects that were configured
            // once, and a change that ends in the prior state would be found in every plan.
            (None, _) if attribute.use_state_for_unknown && !prior.is_null() => prior.clone(),
            // The prior value, which Terraform has carried to where it belongs.
            (None, Gaps::Proposed) => proposed.clone(),
            (None, Gaps::Unknown) => Value::Unknown,
        };
    }
    match &attribute.kind {
        Kind::Plain(_) if is_kept(config) => prior.clone(),
        Kind::Plain(_) => config.clone(),
        Kind::Nested(..) if attribute.equivalence.is_some() && is_kept(config) => prior.clone(),
        Kind::Nested(nesting, attributes) => elementwise(
            *nesting,
            Members::attributes(attributes),
            prior,
            proposed,
            config,
            &|members, prior, proposed, config| {
                planned_object(members, prior, proposed, config, gaps)
            },
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::schema::{NestedBlock, Nesting};
    use super::super::value::Type;
    use super::*;

    fn block() -> Block {
        Block {
            attributes: vec![
                Attribute::required("name", Type::String)
                    .requires_replace()
                    .equivalence(ignore_case),
                Attribute::optional("note", Type::String),
                Attribute::optional("force", Type::Bool).default_value(false),
                Attribute::computed("id", Type::String).use_state_for_unknown(),
                Attribute::computed("status", Type::String),
                Attribute::optional_nested(
                    "rules",
                    Nesting::List,
                    vec![
                        Attribute::required("port", Type::Number),
                        Attribute::computed("rule_id", Type::String),
                    ],
                ),
            ],
            blocks: vec![NestedBlock::single(
                "timeouts",
                Block {
                    attributes: vec![Attribute::optional("create", Type::String)],
                    ..Block::default()
                },
            )],
            description: String::new(),
        }
    }

    fn ignore_case(one: &Value, other: &Value) -> bool {
        matches!((one.as_str(), other.as_str()), (Some(one), Some(other)) if one.eq_ignore_ascii_case(other))
    }

    fn object(pairs: &[(&str, Value)]) -> Value {
        let mut value = Value::object(
            ["name", "note", "force", "id", "status", "rules", "timeouts"]
                .map(|name| (name, Value::Null)),
        );
        for (name, attribute) in pairs {
            value.insert(name, attribute.clone());
        }
        value
    }

    fn prior() -> Value {
        object(&[
            ("name", "Web".into()),
            ("force", false.into()),
            ("id", "id-1".into()),
            ("status", "ok".into()),
        ])
    }

    /// Terraform proposes the configuration, and the prior state where that is null and computed.
    fn planned(prior: &Value, config: &Value) -> PlannedChange {
        let mut proposed = config.clone();
        for name in ["force", "id", "status"] {
            if config.get(name).is_null() {
                proposed.insert(name, prior.get(name).clone());
            }
        }
        plan(&block(), prior, &proposed, config)
    }

    #[test]
    fn a_create_makes_computed_attributes_unknown_and_fills_defaults() {
        let change = planned(&Value::Null, &object(&[("name", "web".into())]));
        assert_eq!(change.requires_replace, []);
        assert_eq!(change.planned_state.get("id"), &Value::Unknown);
        assert_eq!(change.planned_state.get("status"), &Value::Unknown);
        assert_eq!(change.planned_state.get("force"), &Value::Bool(false));
        assert_eq!(change.planned_state.get("note"), &Value::Null);
        assert_eq!(change.planned_state.get("timeouts"), &Value::Null);
    }

    #[test]
    fn another_spelling_is_no_change() {
        let change = planned(&prior(), &object(&[("name", "WEB".into())]));
        assert_eq!(
            change,
            PlannedChange {
                planned_state: prior(),
                requires_replace: vec![]
            }
        );
    }

    #[test]
    fn an_update_keeps_what_is_stable_and_unknows_the_rest() {
        let change = planned(
            &prior(),
            &object(&[("name", "Web".into()), ("note", "n".into())]),
        );
        assert_eq!(change.requires_replace, []);
        assert_eq!(change.planned_state.get("id"), &Value::from("id-1"));
        assert_eq!(change.planned_state.get("status"), &Value::Unknown);
    }

    #[test]
    fn a_changed_name_replaces_but_an_unknown_one_does_not() {
        let change = planned(&prior(), &object(&[("name", "db".into())]));
        assert_eq!(change.requires_replace, [Path::attribute("name")]);

        let change = planned(&prior(), &object(&[("name", Value::Unknown)]));
        assert_eq!(change.requires_replace, []);
        assert_eq!(change.planned_state.get("name"), &Value::Unknown);
    }

    #[test]
    fn a_destroy_plans_null() {
        assert_eq!(
            plan(&block(), &prior(), &Value::Null, &Value::Null),
            PlannedChange::default()
        );
    }

    #[test]
    fn nested_objects_are_planned_one_by_one() {
        let rule = |port, id: Value| {
            Value::object([("port", Value::integer(Some(port))), ("rule_id", id)])
        };
        let config = object(&[
            ("name", "web".into()),
            ("rules", Value::List(vec![rule(80, Value::Null)])),
        ]);
        let change = planned(&Value::Null, &config);
        assert_eq!(
            change.planned_state.get("rules"),
            &Value::List(vec![rule(80, Value::Unknown)])
        );
    }

    #[test]
    fn a_block_comes_back_as_written() {
        let timeouts = Value::object([("create", Value::from("1h"))]);
        let config = object(&[("name", "Web".into()), ("timeouts", timeouts.clone())]);
        let change = planned(&prior(), &config);
        assert_eq!(change.planned_state.get("timeouts"), &timeouts);
        assert_eq!(change.requires_replace, []);
    }

    #[test]
    fn answers_keep_the_spelling_that_was_written() {
        let answer = object(&[("name", "WEB".into()), ("id", "ID-1".into())]);
        let kept = keep_spelling(&block(), &prior(), answer);
        assert_eq!(kept.get("name"), &Value::from("Web"));
        assert_eq!(kept.get("id"), &Value::from("ID-1"));
    }

    #[test]
    fn what_is_write_only_is_in_no_plan_and_no_state() {
        let block = Block {
            attributes: vec![
                Attribute::optional("secret", Type::String).write_only(),
                Attribute::optional_nested(
                    "users",
                    Nesting::Map,
                    vec![Attribute::optional("password", Type::String).write_only()],
                ),
            ],
            ..Block::default()
        };
        let users = |password: Value| {
            let user = Value::object([("password", password)]);
            Value::Map([("a".to_owned(), user)].into_iter().collect())
        };
        let config = Value::object([("secret", "s".into()), ("users", users("p".into()))]);
        let expected = Value::object([("secret", Value::Null), ("users", users(Value::Null))]);
        assert_eq!(
            plan(&block, &Value::Null, &config, &config).planned_state,
            expected
        );
        assert_eq!(without_write_only(&block, config.clone()), expected);
        assert_eq!(
            write_only_paths(&block, &config),
            [
                Path::attribute("secret"),
                Path::attribute("users")
                    .join_key("a")
                    .join_attribute("password")
            ]
        );
    }

    /// Objects of one set, each with a name of the user's and two values of the provider's.
    fn bag() -> Block {
        let attributes = vec![
            Attribute::required("name", Type::String).equivalence(ignore_case),
            Attribute::computed("id", Type::String).use_state_for_unknown(),
            Attribute::computed("status", Type::String),
        ];
        Block {
            attributes: vec![
                Attribute::optional("note", Type::String),
                Attribute::optional_nested("bag", Nesting::Set, attributes),
            ],
            ..Block::default()
        }
    }

    fn bag_of(note: &str, elements: &[[Value; 3]]) -> Value {
        let element = |[name, id, status]: &[Value; 3]| {
            Value::object([
                ("name", name.clone()),
                ("id", id.clone()),
                ("status", status.clone()),
            ])
        };
        let elements = elements.iter().map(element).collect();
        Value::object([("note", note.into()), ("bag", Value::set(elements))])
    }

    #[test]
    fn elements_of_sets_are_known_by_what_was_written() {
        let null = || Value::Null;
        let prior = bag_of(
            "",
            &[
                ["a".into(), "1".into(), "ok".into()],
                ["b".into(), "2".into(), "ok".into()],
            ],
        );
        let check = |config: Value, expected: Value| {
            // Terraform proposes the configuration where it finds no prior element.
            let change = plan(&bag(), &prior, &config, &config);
            assert_eq!(change.planned_state, expected);
        };
        let same = [["a".into(), null(), null()], ["b".into(), null(), null()]];
        check(bag_of("", &same), prior.clone());
        let respelt = [["A".into(), null(), null()], ["b".into(), null(), null()]];
        check(bag_of("", &respelt), prior.clone());
        // What stays is known, what may change is not, what is new has nothing yet.
        let unknown = || Value::Unknown;
        let changed = [["b".into(), null(), null()], ["c".into(), null(), null()]];
        let expected = [
            ["b".into(), "2".into(), unknown()],
            ["c".into(), unknown(), unknown()],
        ];
        check(bag_of("x", &changed), bag_of("x", &expected));
    }

    #[test]
    fn a_nested_gap_is_unknown_where_anything_else_changes() {
        let block = Block {
            attributes: vec![
                Attribute::optional("note", Type::String),
                Attribute::optional_nested(
                    "rule",
                    Nesting::Single,
                    vec![
                        Attribute::required("port", Type::Number),
                        Attribute::computed("id", Type::String),
                    ],
                ),
            ],
            ..Block::default()
        };
        let rule = |id| Value::object([("port", Value::integer(Some(80))), ("id", id)]);
        let object = |note: &str, id| Value::object([("note", note.into()), ("rule", rule(id))]);
        // Written and stored alike, as no id was ever given.
        let (prior, config) = (object("a", Value::Null), object("b", Value::Null));
        let change = plan(&block, &prior, &config, &config);
        assert_eq!(change.planned_state, object("b", Value::Unknown));
    }

    #[test]
    fn a_null_keeps_the_type_that_it_was_written_with() {
        let block = Block {
            attributes: vec![Attribute::optional("open", Type::Dynamic)],
            ..Block::default()
        };
        let null = Value::Dynamic(Box::new(Type::String), Box::new(Value::Null));
        let config = Value::object([("open", null)]);
        let change = plan(&block, &Value::Null, &config, &config);
        assert_eq!(change.planned_state, config);
    }

    #[test]
    fn a_default_in_another_spelling_is_no_change() {
        let block = Block {
            attributes: vec![
                Attribute::optional("mode", Type::String)
                    .default_value("error")
                    .equivalence(ignore_case),
            ],
            ..Block::default()
        };
        let prior = Value::object([("mode", Value::from("Error"))]);
        let config = Value::object([("mode", Value::Null)]);
        let change = plan(&block, &prior, &prior, &config);
        assert_eq!(change.planned_state, prior);
    }

    #[test]
    fn a_value_that_stays_is_not_taken_away_by_the_proposal() {
        let inside = vec![Attribute::optional("name", Type::String)];
        let mut attribute =
            Attribute::optional_nested("one", Nesting::Single, inside).use_state_for_unknown();
        attribute.mode = super::super::schema::Mode::OptionalComputed;
        let block = Block {
            attributes: vec![attribute, Attribute::computed("status", Type::String)],
            ..Block::default()
        };
        let one = Value::object([("name", Value::from("a"))]);
        let prior = Value::object([("one", one), ("status", "ok".into())]);
        let config = Value::object([("one", Value::Null), ("status", Value::Null)]);
        // Terraform proposes null, because only a configuration can have given the name.
        let proposed = Value::object([("one", Value::Null), ("status", "ok".into())]);
        let change = plan(&block, &prior, &proposed, &config);
        assert_eq!(change.planned_state, prior);
    }

    #[test]
    fn answers_keep_the_spelling_at_any_depth() {
        let written = bag_of("", &[["a".into(), Value::Unknown, Value::Unknown]]);
        let answer = bag_of("", &[["A".into(), "1".into(), "ok".into()]]);
        let expected = bag_of("", &[["a".into(), "1".into(), "ok".into()]]);
        assert_eq!(keep_spelling(&bag(), &written, answer), expected);
        // What the provider gives may have changed; the name is still as it was written.
        let read = bag_of("", &[["A".into(), "1".into(), "gone".into()]]);
        let kept = bag_of("", &[["a".into(), "1".into(), "gone".into()]]);
        assert_eq!(keep_spelling(&bag(), &expected, read), kept);
    }
}
