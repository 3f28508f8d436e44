//! Terraform's values and their types, free of any encoding.

pub mod json;
pub mod msgpack;
mod number;
mod path;
mod types;

use std::collections::BTreeMap;

pub use number::Number;
pub use path::{Path, Step};
pub use types::Type;

/// One value of a configuration, a plan or a state.
///
/// A value does not carry its type; the schema does. Sets are kept sorted and
/// without duplicates (see [`Value::set`]), so that equality is plain equality.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// Absent.
    #[default]
    Null,
    /// Not known before an apply.
    Unknown,
    /// True or false.
    Bool(bool),
    /// A number of any size.
    Number(Number),
    /// Text.
    String(String),
    /// Elements in order.
    List(Vec<Value>),
    /// Elements without order; build it with [`Value::set`].
    Set(Vec<Value>),
    /// Elements by key, all of one type.
    Map(BTreeMap<String, Value>),
    /// Attributes by name, each of its own type.
    Object(BTreeMap<String, Value>),
    /// A value where the schema leaves the type open, with its type.
    Dynamic(Box<Type>, Box<Value>),
}

impl Value {
    /// A string, or null where there is none.
    pub fn string(text: Option<impl Into<String>>) -> Self {
        text.map_or(Self::Null, |text| Self::String(text.into()))
    }

    /// A bool, or null where there is none.
    pub fn bool(flag: Option<bool>) -> Self {
        flag.map_or(Self::Null, Self::Bool)
    }

    /// A whole number, or null where there is none.
    pub fn integer(number: Option<i64>) -> Self {
        number.map_or(Self::Null, |number| Self::Number(Number::from(number)))
    }

    /// A set of these elements, whatever their order and however often each occurs.
    pub fn set(mut elements: Vec<Value>) -> Self {
        elements.sort();
        elements.dedup();
        Self::Set(elements)
    }

    /// An object with these attributes.
    pub fn object<N: Into<String>>(attributes: impl IntoIterator<Item = (N, Value)>) -> Self {
        Self::Object(
            attributes
                .into_iter()
                .map(|(name, value)| (name.into(), value))
                .collect(),
        )
    }

    /// Whether the value is null, of any type.
    pub fn is_null(&self) -> bool {
        match self {
            Self::Null => true,
            // Terraform sends `null` of a known type with that type.
            Self::Dynamic(_, value) => value.is_null(),
            _ => false,
        }
    }

    /// Whether the value as a whole is unknown.
    pub fn is_unknown(&self) -> bool {
        match self {
            Self::Unknown => true,
            Self::Dynamic(_, value) => value.is_unknown(),
            _ => false,
        }
    }

    /// Whether nothing in the value is unknown.
    pub fn is_wholly_known(&self) -> bool {
        match self {
            Self::Unknown => false,
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => true,
            Self::List(elements) | Self::Set(elements) => {
                elements.iter().all(Self::is_wholly_known)
            }
            Self::Map(elements) | Self::Object(elements) => {
                elements.values().all(Self::is_wholly_known)
            }
            Self::Dynamic(_, value) => value.is_wholly_known(),
        }
    }

    /// The attribute of that name; null where the value is no object or has none.
    pub fn get(&self, name: &str) -> &Value {
        const NULL: &Value = &Value::Null;
        match self {
            Self::Object(attributes) | Self::Map(attributes) => {
                attributes.get(name).unwrap_or(NULL)
            }
            _ => NULL,
        }
    }

    /// Puts an attribute into an object; nothing happens to a value of another kind.
    pub fn insert(&mut self, name: &str, value: Value) {
        if let Self::Object(attributes) | Self::Map(attributes) = self {
            attributes.insert(name.to_owned(), value);
        }
    }

    /// The text of a known string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The flag of a known bool.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    /// The elements of a known list or set; empty for everything else.
    pub fn elements(&self) -> &[Value] {
        match self {
            Self::List(elements) | Self::Set(elements) => elements,
            _ => &[],
        }
    }

    /// The entries of a known map or object.
    pub fn entries(&self) -> Option<&BTreeMap<String, Value>> {
        match self {
            Self::Map(entries) | Self::Object(entries) => Some(entries),
            _ => None,
        }
    }

    /// The same value with every unknown in it replaced by null.
    pub fn without_unknowns(self) -> Value {
        match self {
            Self::Unknown => Self::Null,
            Self::List(elements) => {
                Self::List(elements.into_iter().map(Self::without_unknowns).collect())
            }
            Self::Set(elements) => {
                Self::set(elements.into_iter().map(Self::without_unknowns).collect())
            }
            Self::Map(entries) => Self::Map(without_unknown_entries(entries)),
            Self::Object(entries) => Self::Object(without_unknown_entries(entries)),
            Self::Dynamic(ty, value) => Self::Dynamic(ty, Box::new(value.without_unknowns())),
            known => known,
        }
    }
}

fn without_unknown_entries(entries: BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    entries
        .into_iter()
        .map(|(key, value)| (key, value.without_unknowns()))
        .collect()
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_have_no_order_and_no_duplicates() {
        assert_eq!(
            Value::set(vec!["b".into(), "a".into(), "b".into()]),
            Value::set(vec!["a".into(), "b".into()])
        );
    }

    #[test]
    fn unknowns_are_found_and_replaced_at_any_depth() {
        let value = Value::object([(
            "list",
            Value::List(vec![Value::object([("id", Value::Unknown)])]),
        )]);
        assert!(!value.is_wholly_known());
        let known = value.without_unknowns();
        assert!(known.is_wholly_known());
        assert_eq!(known.get("list").elements()[0].get("id"), &Value::Null);
    }
}
