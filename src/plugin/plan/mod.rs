//! What a change will make of an object, by the rules that Terraform checks.
//!
//! A planned value equals the configuration, or the prior state where both mean
//! the same, or is the provider's to give. Whatever the provider gives and
//! cannot know yet is unknown. Nothing here asks anybody: a plan is made twice,
//! and both must agree.

use std::collections::BTreeMap;

use super::schema::{Attribute, Block, Kind, NestedBlock, Nesting};
use super::value::{Path, Value};

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
    let mut planned_state = planned_block(block, prior_state, proposed_new_state, config);
    if planned_state != *prior_state {
        mark_block_unknown(block, prior_state, &mut planned_state, config);
    }
    let mut requires_replace = Vec::new();
    if !prior_state.is_null() {
        replace_paths(
            block,
            prior_state,
            &planned_state,
            &Path::default(),
            &mut requires_replace,
        );
    }
    PlannedChange {
        planned_state,
        requires_replace,
    }
}

/// The value with the spelling of `reference` wherever both mean the same.
///
/// Azure and others answer ids and names in a spelling of their own. State
/// keeps the one that was written, or Terraform reports an inconsistent result.
#[must_use]
pub fn keep_spelling(block: &Block, reference: &Value, mut value: Value) -> Value {
    for attribute in &block.attributes {
        let written = reference.get(attribute.name);
        if attribute.is_equivalent(written, value.get(attribute.name)) && !written.is_null() {
            value.insert(attribute.name, written.clone());
        }
    }
    value
}

/// The value without what may never be stored: write-only attributes are null, at any depth.
#[must_use]
pub fn without_write_only(block: &Block, value: Value) -> Value {
    let Value::Object(mut entries) = value else {
        return value;
    };
    strip_attributes(&block.attributes, &mut entries);
    for nested in &block.blocks {
        if let Some(inner) = entries.get_mut(nested.name) {
            each_object(inner, &|value| {
                *value = without_write_only(&nested.block, std::mem::take(value))
            });
        }
    }
    Value::Object(entries)
}

/// The configured write-only attributes, which only newer versions of Terraform know.
pub fn write_only_paths(block: &Block, config: &Value) -> Vec<Path> {
    let configured =
        |attribute: &&Attribute| attribute.write_only && !config.get(attribute.name).is_null();
    let attributes = block.attributes.iter().filter(configured);
    attributes
        .map(|attribute| Path::attribute(attribute.name))
        .collect()
}

fn strip_attributes(attributes: &[Attribute], entries: &mut BTreeMap<String, Value>) {
    for attribute in attributes {
        let Some(value) = entries.get_mut(attribute.name) else {
            continue;
        };
        if attribute.write_only {
            *value = Value::Null;
        } else if let Kind::Nested(_, attributes) = &attribute.kind {
            each_object(value, &|value| {
                if let Value::Object(entries) = value {
                    strip_attributes(attributes, entries);
                }
            });
        }
    }
}

/// Calls `each` with the object, or with every object of a list or map. Sets hold nothing write-only.
fn each_object(value: &mut Value, each: &dyn Fn(&mut Value)) {
    match value {
        Value::Object(_) => each(value),
        Value::List(elements) => elements.iter_mut().for_each(each),
        Value::Map(entries) => entries.values_mut().for_each(each),
        _ => {}
    }
}

/// The attributes that make a new object and that differ between both states.
pub fn replaced_attributes(block: &Block, prior_state: &Value, planned_state: &Value) -> Vec<Path> {
    let mut paths = Vec::new();
    replace_paths(
        block,
        prior_state,
        planned_state,
        &Path::default(),
        &mut paths,
    );
    paths
}

fn planned_block(block: &Block, prior: &Value, proposed: &Value, config: &Value) -> Value {
    if config.is_null() || config.is_unknown() {
        return config.clone();
    }
    let mut planned = planned_attributes(&block.attributes, prior, proposed, config);
    for nested in &block.blocks {
        planned.insert(
            nested.name.to_owned(),
            planned_nested_block(nested, prior, proposed, config),
        );
    }
    Value::Object(planned)
}

fn planned_nested_block(
    nested: &NestedBlock,
    prior: &Value,
    proposed: &Value,
    config: &Value,
) -> Value {
    let name = nested.name;
    elementwise(
        nested.nesting,
        prior.get(name),
        proposed.get(name),
        config.get(name),
        &|prior, proposed, config| planned_block(&nested.block, prior, proposed, config),
    )
}

fn planned_attributes(
    attributes: &[Attribute],
    prior: &Value,
    proposed: &Value,
    config: &Value,
) -> BTreeMap<String, Value> {
    attributes
        .iter()
        .map(|attribute| {
            let name = attribute.name;
            let planned = planned_attribute(
                attribute,
                prior.get(name),
                proposed.get(name),
                config.get(name),
            );
            (name.to_owned(), planned)
        })
        .collect()
}

fn planned_attribute(
    attribute: &Attribute,
    prior: &Value,
    proposed: &Value,
    config: &Value,
) -> Value {
    if attribute.write_only {
        // It stays in the configuration: a plan or a state that holds it is refused.
        return Value::Null;
    }
    if config.is_null() {
        return match &attribute.default {
            Some(default) => default.clone(),
            // The prior value, which Terraform has carried to where it belongs.
            None if attribute.is_computed() => proposed.clone(),
            None => Value::Null,
        };
    }
    if !prior.is_null() && attribute.is_equivalent(prior, config) {
        return prior.clone();
    }
    match &attribute.kind {
        Kind::Plain(_) => config.clone(),
        Kind::Nested(nesting, attributes) => elementwise(
            *nesting,
            prior,
            proposed,
            config,
            &|prior, proposed, config| {
                if config.is_null() || config.is_unknown() {
                    return config.clone();
                }
                Value::Object(planned_attributes(attributes, prior, proposed, config))
            },
        ),
    }
}

/// Calls `each` with what belongs together of prior state, proposal and configuration.
///
/// Elements of lists belong together by position and those of maps by key. In
/// sets nothing but the whole element tells them apart, so there is no prior one.
fn elementwise(
    nesting: Nesting,
    prior: &Value,
    proposed: &Value,
    config: &Value,
    each: &dyn Fn(&Value, &Value, &Value) -> Value,
) -> Value {
    const NULL: &Value = &Value::Null;
    match (nesting, config) {
        (Nesting::Single | Nesting::Group, _) => each(prior, proposed, config),
        (Nesting::List, Value::List(elements)) => {
            let at =
                |value: &Value, index| value.elements().get(index).cloned().unwrap_or_default();
            Value::List(
                elements
                    .iter()
                    .enumerate()
                    .map(|(index, config)| each(&at(prior, index), &at(proposed, index), config))
                    .collect(),
            )
        }
        (Nesting::Map, Value::Map(entries)) => Value::Map(
            entries
                .iter()
                .map(|(key, config)| (key.clone(), each(prior.get(key), proposed.get(key), config)))
                .collect(),
        ),
        (Nesting::Set, Value::Set(elements)) => Value::set(
            elements
                .iter()
                .map(|config| each(NULL, config, config))
                .collect(),
        ),
        // Null and unknown as a whole.
        _ => config.clone(),
    }
}

/// Turns into unknown what the provider has still to give.
fn mark_block_unknown(block: &Block, prior: &Value, planned: &mut Value, config: &Value) {
    mark_attributes_unknown(&block.attributes, prior, planned, config);
    for nested in &block.blocks {
        let (name, nesting) = (nested.name, nested.nesting);
        if let Some(inner) = entry(planned, name) {
            each_element(
                nesting,
                prior.get(name),
                inner,
                config.get(name),
                &|prior, planned, config| {
                    mark_block_unknown(&nested.block, prior, planned, config);
                },
            );
        }
    }
}

fn mark_attributes_unknown(
    attributes: &[Attribute],
    prior: &Value,
    planned: &mut Value,
    config: &Value,
) {
    for attribute in attributes {
        let name = attribute.name;
        let Some(value) = entry(planned, name) else {
            continue;
        };
        if attribute.write_only {
            continue;
        }
        if config.get(name).is_null() {
            let stays = attribute.use_state_for_unknown && !prior.is_null();
            if attribute.is_computed() && attribute.default.is_none() && !stays {
                *value = Value::Unknown;
            }
        } else if let Kind::Nested(nesting, attributes) = &attribute.kind {
            each_element(
                *nesting,
                prior.get(name),
                value,
                config.get(name),
                &|prior, planned, config| {
                    mark_attributes_unknown(attributes, prior, planned, config);
                },
            );
        }
    }
}

fn entry<'a>(value: &'a mut Value, name: &str) -> Option<&'a mut Value> {
    match value {
        Value::Object(attributes) => attributes.get_mut(name),
        _ => None,
    }
}

fn each_element(
    nesting: Nesting,
    prior: &Value,
    planned: &mut Value,
    config: &Value,
    each: &dyn Fn(&Value, &mut Value, &Value),
) {
    const NULL: &Value = &Value::Null;
    match planned {
        Value::Object(_) if matches!(nesting, Nesting::Single | Nesting::Group) => {
            each(prior, planned, config);
        }
        Value::List(elements) => {
            for (index, planned) in elements.iter_mut().enumerate() {
                let prior = prior.elements().get(index).unwrap_or(NULL);
                each(prior, planned, config.elements().get(index).unwrap_or(NULL));
            }
        }
        Value::Map(entries) => {
            for (key, planned) in entries {
                each(prior.get(key), planned, config.get(key));
            }
        }
        Value::Set(elements) => {
            let marked = std::mem::take(elements).into_iter().map(|mut planned| {
                // In a set the planned element still is the configured one where nothing is computed.
                let config = planned.clone();
                each(NULL, &mut planned, &config);
                planned
            });
            *planned = Value::set(marked.collect());
        }
        _ => {}
    }
}

fn replace_paths(
    block: &Block,
    prior: &Value,
    planned: &Value,
    path: &Path,
    paths: &mut Vec<Path>,
) {
    for attribute in &block.attributes {
        let planned = planned.get(attribute.name);
        // What is unknown may still turn out to be what it was.
        if attribute.requires_replace
            && !planned.is_unknown()
            && planned != prior.get(attribute.name)
        {
            paths.push(path.join_attribute(attribute.name));
        }
    }
    for nested in block
        .blocks
        .iter()
        .filter(|nested| nested.nesting == Nesting::Single)
    {
        let (prior, planned) = (prior.get(nested.name), planned.get(nested.name));
        replace_paths(
            &nested.block,
            prior,
            planned,
            &path.join_attribute(nested.name),
            paths,
        );
    }
}

#[cfg(test)]
mod tests {
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
            [Path::attribute("secret")]
        );
    }
}
