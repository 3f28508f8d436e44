//! The types that values can have.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

/// A type of Terraform's type system.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Type {
    /// True or false.
    Bool,
    /// A number of any size.
    Number,
    /// Text.
    String,
    /// Elements of one type, in order.
    List(Box<Type>),
    /// Elements of one type, without order.
    Set(Box<Type>),
    /// Elements of one type, by key.
    Map(Box<Type>),
    /// Attributes of their own types, by name.
    Object(BTreeMap<String, Type>),
    /// Elements of their own types, in order. Its values are lists.
    Tuple(Vec<Type>),
    /// Any type: each value brings its own, see [`super::Value::Dynamic`].
    Dynamic,
}

/// How deep types may be nested that come with a value; schemas stay far below.
const DEPTH_MAX: usize = 64;

impl Type {
    /// A list of this type.
    pub fn list(element: Type) -> Self {
        Self::List(Box::new(element))
    }

    /// A set of this type.
    pub fn set(element: Type) -> Self {
        Self::Set(Box::new(element))
    }

    /// A map of this type.
    pub fn map(element: Type) -> Self {
        Self::Map(Box::new(element))
    }

    /// The JSON form in which schemas name a type: `"string"`, `["list","string"]`,
    /// `["object",{"name":"string"}]`. Terraform panics on any other form.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Bool => json!("bool"),
            Self::Number => json!("number"),
            Self::String => json!("string"),
            Self::List(element) => json!(["list", element.to_json()]),
            Self::Set(element) => json!(["set", element.to_json()]),
            Self::Map(element) => json!(["map", element.to_json()]),
            Self::Object(attributes) => {
                let attributes: serde_json::Map<_, _> = attributes
                    .iter()
                    .map(|(name, ty)| (name.clone(), ty.to_json()))
                    .collect();
                json!(["object", attributes])
            }
            Self::Tuple(elements) => {
                json!([
                    "tuple",
                    elements.iter().map(Self::to_json).collect::<Vec<_>>()
                ])
            }
            Self::Dynamic => json!("dynamic"),
        }
    }

    /// Reads the JSON form of a type. None for anything else, and for types nested too deep.
    pub fn from_json(json: &Json) -> Option<Self> {
        Self::from_json_within(json, DEPTH_MAX)
    }

    fn from_json_within(json: &Json, depth: usize) -> Option<Self> {
        let depth = depth.checked_sub(1)?;
        let inner = |json: &Json| Self::from_json_within(json, depth);
        match json {
            Json::String(name) => match name.as_str() {
                "bool" => Some(Self::Bool),
                "number" => Some(Self::Number),
                "string" => Some(Self::String),
                "dynamic" => Some(Self::Dynamic),
                _ => None,
            },
            Json::Array(parts) => {
                let kind = parts.first()?.as_str()?;
                let of = parts.get(1)?;
                match kind {
                    "list" => inner(of).map(Self::list),
                    "set" => inner(of).map(Self::set),
                    "map" => inner(of).map(Self::map),
                    "tuple" => of
                        .as_array()?
                        .iter()
                        .map(inner)
                        .collect::<Option<_>>()
                        .map(Self::Tuple),
                    "object" => {
                        let attributes = of.as_object()?.iter();
                        let attributes =
                            attributes.map(|(name, ty)| Some((name.clone(), inner(ty)?)));
                        attributes.collect::<Option<_>>().map(Self::Object)
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_written_as_terraform_parses_them() {
        let disk = Type::Object(BTreeMap::from([("lun".to_owned(), Type::Number)]));
        assert_eq!(
            Type::list(disk).to_json().to_string(),
            r#"["list",["object",{"lun":"number"}]]"#
        );
        assert_eq!(
            Type::map(Type::String).to_json().to_string(),
            r#"["map","string"]"#
        );
    }

    #[test]
    fn every_type_is_read_back() {
        let ty = Type::Object(BTreeMap::from([
            (
                "a".to_owned(),
                Type::list(Type::set(Type::map(Type::Number))),
            ),
            ("b".to_owned(), Type::Tuple(vec![Type::Bool, Type::Dynamic])),
        ]));
        assert_eq!(Type::from_json(&ty.to_json()), Some(ty));
    }

    #[test]
    fn what_is_no_type_is_refused() {
        let deep = (0..200).fold(json!("string"), |inner, _| json!(["list", inner]));
        for json in [
            json!("int"),
            json!(["list"]),
            json!(["list", 1]),
            json!({}),
            json!([]),
            deep,
        ] {
            assert_eq!(Type::from_json(&json), None);
        }
    }
}
