//! The types that values can have.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

/// A type of Terraform's type system.
#[derive(Clone, Debug, PartialEq, Eq)]
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
}

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
}
