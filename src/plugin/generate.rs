//! Configuration written from a state, for objects that were imported.

use std::collections::BTreeMap;

use super::schema::{Attribute, Block, Kind};
use super::value::Value;

/// The least configuration from which a plan finds nothing to change: no attribute
/// that the provider alone gives, and none that is as it would be without.
#[must_use]
pub fn config(block: &Block, state: &Value) -> Value {
    let Value::Object(_) = state else {
        return Value::Null;
    };
    let mut config = attributes(&block.attributes, state);
    for nested in &block.blocks {
        let inner = each(state.get(nested.name), &|state| {
            self::config(&nested.block, state)
        });
        config.insert(nested.name.to_owned(), inner);
    }
    Value::Object(config)
}

fn attributes(attributes: &[Attribute], state: &Value) -> BTreeMap<String, Value> {
    let value = |attribute: &Attribute| (attribute.name.to_owned(), argument(attribute, state));
    attributes.iter().map(value).collect()
}

fn argument(attribute: &Attribute, state: &Value) -> Value {
    let value = state.get(attribute.name);
    if attribute.is_computed_only() || attribute.default.as_ref() == Some(value) {
        return Value::Null;
    }
    match &attribute.kind {
        Kind::Plain(_) => value.clone(),
        Kind::Nested(_, inner) => each(value, &|state| Value::Object(attributes(inner, state))),
    }
}

/// The value with each object in it replaced; null where there is none.
fn each(value: &Value, replace: &dyn Fn(&Value) -> Value) -> Value {
    // An element may be null, too.
    let replace = |value: &Value| match value {
        Value::Object(_) => replace(value),
        _ => Value::Null,
    };
    match value {
        Value::Object(_) => replace(value),
        Value::List(elements) => Value::List(elements.iter().map(replace).collect()),
        Value::Set(elements) => Value::set(elements.iter().map(replace).collect()),
        Value::Map(entries) => Value::Map(
            entries
                .iter()
                .map(|(key, value)| (key.clone(), replace(value)))
                .collect(),
        ),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::super::schema::{NestedBlock, Nesting};
    use super::super::value::Type;
    use super::*;

    #[test]
    fn only_what_has_to_be_written_is_written() {
        let disk = vec![
            Attribute::required("name", Type::String),
            Attribute::computed("size", Type::Number),
        ];
        let timeouts = Block {
            attributes: vec![Attribute::optional("create", Type::String)],
            ..Block::default()
        };
        let block = Block {
            attributes: vec![
                Attribute::required("name", Type::String),
                Attribute::optional("force", Type::Bool).default_value(false),
                Attribute::optional("wait", Type::Bool).default_value(true),
                Attribute::computed("id", Type::String),
                Attribute::optional_nested("disks", Nesting::List, disk),
            ],
            blocks: vec![NestedBlock::single("timeouts", timeouts)],
            ..Block::default()
        };
        let disk = |size| Value::object([("name", "os".into()), ("size", size)]);
        let state = Value::object([
            ("name", "a".into()),
            ("force", false.into()),
            ("wait", false.into()),
            ("id", "/a".into()),
            ("disks", Value::List(vec![disk(Value::integer(Some(7)))])),
            ("timeouts", Value::Null),
        ]);
        let expected = Value::object([
            ("name", "a".into()),
            ("force", Value::Null),
            ("wait", false.into()),
            ("id", Value::Null),
            ("disks", Value::List(vec![disk(Value::Null)])),
            ("timeouts", Value::Null),
        ]);
        assert_eq!(config(&block, &state), expected);
    }

    #[test]
    fn an_element_that_is_null_stays_null() {
        let disk = vec![Attribute::optional("name", Type::String)];
        let block = Block {
            attributes: vec![Attribute::optional_nested("disks", Nesting::List, disk)],
            ..Block::default()
        };
        let state = Value::object([("disks", Value::List(vec![Value::Null]))]);
        assert_eq!(config(&block, &state), state);
    }
}
