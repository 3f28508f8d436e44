//! A schema as plain parts, so that it can be made from whatever form a schema has.

use std::collections::BTreeMap;

use azrestorepoint::plugin::schema;
use azrestorepoint::plugin::value::{Type, Value};

/// Attributes and nested blocks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shape {
    pub(crate) attributes: Attributes,
    pub(crate) blocks: BTreeMap<String, BlockShape>,
}

/// Attributes by name.
pub(crate) type Attributes = BTreeMap<String, AttributeShape>;

/// One attribute: who gives its value, and of what form it is.
#[derive(Clone, Debug)]
pub(crate) struct AttributeShape {
    pub(crate) kind: AttributeKind,
    pub(crate) required: bool,
    pub(crate) optional: bool,
    pub(crate) computed: bool,
    pub(crate) write_only: bool,
}

/// A value of a type, or objects with attributes of their own.
#[derive(Clone, Debug)]
pub(crate) enum AttributeKind {
    Plain(Type),
    Nested(Nesting, Attributes),
}

/// One kind of nested block.
#[derive(Clone, Debug)]
pub(crate) struct BlockShape {
    pub(crate) nesting: Nesting,
    pub(crate) shape: Shape,
}

/// How many there are, and how they are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nesting {
    Single,
    List,
    Set,
    Map,
    Group,
}

impl Shape {
    /// The library's own schema. Schemas that came over the wire are built from their parts.
    pub(crate) fn of(block: &schema::Block) -> Self {
        let blocks = block.blocks.iter().map(|nested| {
            let block = BlockShape {
                nesting: nesting(nested.nesting),
                shape: Self::of(&nested.block),
            };
            (nested.name.to_owned(), block)
        });
        Self {
            attributes: attributes(&block.attributes),
            blocks: blocks.collect(),
        }
    }

    /// A configuration in which nothing is written.
    pub(crate) fn empty(&self) -> Value {
        let attributes = self
            .attributes
            .keys()
            .map(|name| (name.clone(), Value::Null));
        let blocks = self.blocks.iter().map(|(name, block)| {
            let nothing = match block.nesting {
                Nesting::Single => Value::Null,
                Nesting::List => Value::List(Vec::new()),
                Nesting::Set => Value::Set(Vec::new()),
                Nesting::Map => Value::Map(BTreeMap::new()),
                Nesting::Group => block.shape.empty(),
            };
            (name.clone(), nothing)
        });
        Value::Object(attributes.chain(blocks).collect())
    }

    /// The type of an object of this shape.
    pub(crate) fn ty(&self) -> Type {
        let blocks = self
            .blocks
            .iter()
            .map(|(name, block)| (name.clone(), block.nesting.wrap(block.shape.ty())));
        Type::Object(attribute_types(&self.attributes).chain(blocks).collect())
    }
}

impl AttributeShape {
    /// Only the provider gives the value.
    pub(crate) fn is_computed_only(&self) -> bool {
        self.computed && !self.optional
    }

    /// The type of its value.
    pub(crate) fn ty(&self) -> Type {
        match &self.kind {
            AttributeKind::Plain(ty) => ty.clone(),
            AttributeKind::Nested(nesting, attributes) => {
                nesting.wrap(Type::Object(attribute_types(attributes).collect()))
            }
        }
    }
}

impl Nesting {
    fn wrap(self, element: Type) -> Type {
        match self {
            Self::Single | Self::Group => element,
            Self::List => Type::List(Box::new(element)),
            Self::Set => Type::Set(Box::new(element)),
            Self::Map => Type::Map(Box::new(element)),
        }
    }
}

fn attribute_types(attributes: &Attributes) -> impl Iterator<Item = (String, Type)> {
    attributes
        .iter()
        .map(|(name, attribute)| (name.clone(), attribute.ty()))
}

fn attributes(attributes: &[schema::Attribute]) -> Attributes {
    let shape = |attribute: &schema::Attribute| AttributeShape {
        kind: match &attribute.kind {
            schema::Kind::Plain(ty) => AttributeKind::Plain(ty.clone()),
            schema::Kind::Nested(of, inner) => {
                AttributeKind::Nested(nesting(*of), self::attributes(inner))
            }
        },
        required: attribute.mode == schema::Mode::Required,
        optional: matches!(
            attribute.mode,
            schema::Mode::Optional | schema::Mode::OptionalComputed
        ),
        computed: matches!(
            attribute.mode,
            schema::Mode::Computed | schema::Mode::OptionalComputed
        ),
        write_only: attribute.write_only,
    };
    attributes
        .iter()
        .map(|attribute| (attribute.name.to_owned(), shape(attribute)))
        .collect()
}

fn nesting(nesting: schema::Nesting) -> Nesting {
    match nesting {
        schema::Nesting::Single => Nesting::Single,
        schema::Nesting::List => Nesting::List,
        schema::Nesting::Set => Nesting::Set,
        schema::Nesting::Map => Nesting::Map,
        schema::Nesting::Group => Nesting::Group,
    }
}
