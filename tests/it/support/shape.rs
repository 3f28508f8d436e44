//! Schemas as the provider sends them, as the oracle knows them. What core would refuse fails.

use azrestorepoint::plugin::value::Type;

use super::oracle::{AttributeKind, AttributeShape, Attributes, BlockShape, Nesting, Shape};
use super::proto::tfplugin6::schema::nested_block::NestingMode as BlockNesting;
use super::proto::tfplugin6::schema::object::NestingMode as ObjectNesting;
use super::proto::tfplugin6::{self as proto};

impl Shape {
    /// The shape of a schema.
    pub(crate) fn of_schema(schema: &proto::Schema) -> Self {
        block(schema.block.as_ref().expect("a schema has a block"))
    }
}

fn block(source: &proto::schema::Block) -> Shape {
    let attributes = attributes(&source.attributes);
    let blocks = source.block_types.iter().map(|nested| {
        let name = &nested.type_name;
        assert!(
            !attributes.contains_key(name),
            "{name} is a block and an attribute"
        );
        let limits = (nested.min_items, nested.max_items);
        let nesting = match nested.nesting() {
            BlockNesting::Invalid => panic!("{name} has no nesting"),
            BlockNesting::Single => {
                assert!(limits == (0, 0) || limits == (1, 1), "{name}: {limits:?}");
                Nesting::Single
            }
            BlockNesting::Group | BlockNesting::Map => {
                assert_eq!(limits, (0, 0), "{name}");
                if nested.nesting() == BlockNesting::Map {
                    Nesting::Map
                } else {
                    Nesting::Group
                }
            }
            BlockNesting::List => Nesting::List,
            BlockNesting::Set => Nesting::Set,
        };
        let block = BlockShape {
            nesting,
            shape: block(nested.block.as_ref().expect("a block")),
        };
        (name.clone(), block)
    });
    let blocks = blocks.collect();
    Shape { attributes, blocks }
}

fn attributes(attributes: &[proto::schema::Attribute]) -> Attributes {
    attributes
        .iter()
        .map(|source| (source.name.clone(), attribute(source)))
        .collect()
}

fn attribute(source: &proto::schema::Attribute) -> AttributeShape {
    let name = &source.name;
    assert!(
        source.required || source.optional || source.computed,
        "{name} is given by nobody"
    );
    assert!(
        !(source.required && (source.optional || source.computed)),
        "{name} is required and not"
    );
    let kind = match &source.nested_type {
        Some(object) => {
            assert!(source.r#type.is_empty(), "{name} has two types");
            let nesting = match object.nesting() {
                ObjectNesting::Invalid => panic!("{name} has no nesting"),
                ObjectNesting::Single => Nesting::Single,
                ObjectNesting::List => Nesting::List,
                ObjectNesting::Set => Nesting::Set,
                ObjectNesting::Map => Nesting::Map,
            };
            AttributeKind::Nested(nesting, attributes(&object.attributes))
        }
        None => {
            let json = serde_json::from_slice(&source.r#type).expect("a type is JSON");
            AttributeKind::Plain(Type::from_json(&json).expect("a type"))
        }
    };
    AttributeShape {
        required: source.required,
        optional: source.optional,
        computed: source.computed,
        write_only: source.write_only,
        kind,
    }
}
