//! Blocks that nobody has written, as Terraform has them.

use std::collections::BTreeMap;

use crate::plugin::schema::{Block, NestedBlock, Nesting};
use crate::plugin::value::Value;

/// The object with every block in it, at any depth.
///
/// No blocks of a kind are an empty list, set or map, and a group is always there. An
/// imported object lacks them, and so does one that was stored before the block came to
/// be: a null in their place is a change that nobody made.
pub(super) fn complete(block: &Block, value: Value) -> Value {
    let Value::Object(mut entries) = value else {
        return value;
    };
    for nested in &block.blocks {
        let written = entries.remove(nested.name).unwrap_or_default();
        entries.insert(nested.name.to_owned(), complete_nested(nested, written));
    }
    Value::Object(entries)
}

fn complete_nested(nested: &NestedBlock, written: Value) -> Value {
    let inner = |value| complete(&nested.block, value);
    match (nested.nesting, written) {
        (Nesting::List, Value::Null) => Value::List(Vec::new()),
        (Nesting::Set, Value::Null) => Value::set(Vec::new()),
        (Nesting::Map, Value::Null) => Value::Map(BTreeMap::new()),
        (Nesting::Group, Value::Null) => {
            let nulls = nested.block.attributes.iter();
            let nulls = nulls.map(|attribute| (attribute.name, Value::Null));
            inner(Value::object(nulls))
        }
        (_, Value::List(elements)) => Value::List(elements.into_iter().map(inner).collect()),
        (_, Value::Set(elements)) => Value::set(elements.into_iter().map(inner).collect()),
        (Nesting::Map, Value::Map(entries)) => Value::Map(
            entries
                .into_iter()
                .map(|(key, value)| (key, inner(value)))
                .collect(),
        ),
        (_, written) => inner(written),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::schema::Attribute;
    use crate::plugin::value::Type;

    #[test]
    fn blocks_are_never_null_unless_there_may_be_one_at_most() {
        let inner = || Block {
            attributes: vec![Attribute::optional("port", Type::Number)],
            blocks: vec![NestedBlock::new("deep", Nesting::List, Block::default())],
            ..Block::default()
        };
        let nestings = [
            ("single", Nesting::Single),
            ("list", Nesting::List),
            ("set", Nesting::Set),
            ("map", Nesting::Map),
            ("group", Nesting::Group),
        ];
        let block = Block {
            blocks: nestings
                .map(|(name, nesting)| NestedBlock::new(name, nesting, inner()))
                .into(),
            ..Block::default()
        };
        let none = Value::List(Vec::new());
        let expected = Value::object([
            ("single", Value::Null),
            ("list", none.clone()),
            ("set", Value::set(Vec::new())),
            ("map", Value::Map(BTreeMap::new())),
            (
                "group",
                Value::object([("port", Value::Null), ("deep", none.clone())]),
            ),
        ]);
        assert_eq!(complete(&block, Value::object::<&str>([])), expected);
        assert_eq!(complete(&block, Value::Null), Value::Null);

        let written = Value::object([("list", Value::List(vec![Value::object::<&str>([])]))]);
        let completed = complete(&block, written);
        assert_eq!(completed.get("list").elements()[0].get("deep"), &none);
    }
}
