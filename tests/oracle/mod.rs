//! Terraform's own checks of a provider's answers, written a second time.
//!
//! They judge values by the rules alone and share no code with what they judge:
//! only the values themselves, and the schema as plain parts ([`Shape`]). Each
//! check returns what it found, one sentence per problem; none found is none returned.
#![allow(
    dead_code,
    reason = "each test binary uses the checks that its answers need"
)]

mod compatible;
mod plan_valid;
mod proposed_new;
mod shape;

use std::fmt;

use azrestorepoint::plugin::value::{Type, Value};

pub(crate) use compatible::{assert_object_compatible, final_plan_consistent};
pub(crate) use plan_valid::assert_plan_valid;
pub(crate) use proposed_new::proposed_new;
pub(crate) use shape::{AttributeKind, AttributeShape, Attributes, BlockShape, Nesting, Shape};

const NULL: &Value = &Value::Null;

/// Where in an object a check is. It is written out only where there is a problem.
#[derive(Clone, Copy)]
enum Place<'a> {
    Root,
    Name(&'a Place<'a>, &'a str),
    Key(&'a Place<'a>, &'a str),
    Index(&'a Place<'a>, usize),
    /// Elements of a set have no address.
    Element(&'a Place<'a>),
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => write!(formatter, "the object"),
            Self::Name(Self::Root, name) => write!(formatter, "{name}"),
            Self::Name(parent, name) => write!(formatter, "{parent}.{name}"),
            Self::Key(parent, key) => write!(formatter, "{parent}[{key:?}]"),
            Self::Index(parent, index) => write!(formatter, "{parent}[{index}]"),
            Self::Element(parent) => write!(formatter, "{parent}[*]"),
        }
    }
}

/// What a check has found so far.
#[derive(Default)]
struct Problems(Vec<String>);

impl Problems {
    fn add(&mut self, place: &Place<'_>, problem: impl fmt::Display) {
        self.0.push(format!("{place}: {problem}"));
    }
}

/// Null of any type: a value of open type may be null and still bring a type.
fn is_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Dynamic(_, inner) => is_null(inner),
        _ => false,
    }
}

/// Unknown as a whole, of any type.
fn is_unknown(value: &Value) -> bool {
    match value {
        Value::Unknown => true,
        Value::Dynamic(_, inner) => is_unknown(inner),
        _ => false,
    }
}

/// The element at that position; null where there is none, as where there is no list.
fn at(value: &Value, index: usize) -> &Value {
    match value {
        Value::List(elements) => elements.get(index).unwrap_or(NULL),
        _ => NULL,
    }
}

/// The attribute or entry of that name; null where there is none, as where there is no object.
fn entry<'a>(value: &'a Value, name: &str) -> &'a Value {
    match value {
        Value::Object(entries) | Value::Map(entries) => entries.get(name).unwrap_or(NULL),
        _ => NULL,
    }
}

/// Everything must be of its type, with every attribute and nothing else: other
/// bytes cannot be decoded, and what cannot be decoded is lost.
fn conforms(ty: &Type, value: &Value, place: &Place<'_>, problems: &mut Problems) {
    match (ty, value) {
        (_, Value::Null | Value::Unknown)
        | (Type::Bool, Value::Bool(_))
        | (Type::Number, Value::Number(_))
        | (Type::String, Value::String(_)) => {}
        (Type::List(inner), Value::List(elements)) => {
            for (index, element) in elements.iter().enumerate() {
                conforms(inner, element, &Place::Index(place, index), problems);
            }
        }
        (Type::Set(inner), Value::Set(elements)) => {
            for element in elements {
                conforms(inner, element, &Place::Element(place), problems);
            }
        }
        (Type::Tuple(types), Value::List(elements)) if types.len() == elements.len() => {
            for (index, (inner, element)) in types.iter().zip(elements).enumerate() {
                conforms(inner, element, &Place::Index(place, index), problems);
            }
        }
        (Type::Map(inner), Value::Map(entries)) => {
            for (key, element) in entries {
                conforms(inner, element, &Place::Key(place, key), problems);
            }
        }
        (Type::Object(types), Value::Object(entries)) => {
            for (name, inner) in types {
                match entries.get(name) {
                    Some(value) => conforms(inner, value, &Place::Name(place, name), problems),
                    None => problems.add(&Place::Name(place, name), "is missing"),
                }
            }
            for name in entries.keys().filter(|name| !types.contains_key(*name)) {
                problems.add(&Place::Name(place, name), "is not in the schema");
            }
        }
        (Type::Dynamic, Value::Dynamic(own, inner)) => conforms(own, inner, place, problems),
        _ => problems.add(
            place,
            format_args!("{value:?} is not of the type {}", ty.to_json()),
        ),
    }
}
