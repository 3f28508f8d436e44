//! JSON as Terraform stores state in it.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{Number, Path, Type, Value};

/// Why stored JSON is not a value of the type.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{}: {expected} is expected, but found {found}", if path.is_empty() { "the state" } else { path })]
pub struct DecodeError {
    path: String,
    expected: &'static str,
    found: &'static str,
}

/// Reads stored state as a value of the given type.
///
/// Attributes that the type no longer has are left out, and those that came
/// since are null: both happen to state that another version has written.
///
/// # Errors
/// JSON of another shape than the type.
pub fn decode(json: &Json, ty: &Type) -> Result<Value, DecodeError> {
    value(json, ty, &Path::default())
}

fn value(json: &Json, ty: &Type, path: &Path) -> Result<Value, DecodeError> {
    match (ty, json) {
        (_, Json::Null) => Ok(Value::Null),
        (Type::Bool, Json::Bool(flag)) => Ok(Value::Bool(*flag)),
        (Type::Number, Json::Number(number)) => Number::parse(&number.to_string())
            .map(Value::Number)
            .ok_or_else(|| wrong(path, "a number", json)),
        (Type::Number, Json::String(digits)) => Number::parse(digits)
            .map(Value::Number)
            .ok_or_else(|| wrong(path, "a number", json)),
        (Type::String, Json::String(text)) => Ok(Value::String(text.clone())),
        (Type::List(element), Json::Array(elements)) => {
            array(elements, element, path).map(Value::List)
        }
        (Type::Set(element), Json::Array(elements)) => {
            array(elements, element, path).map(Value::set)
        }
        (Type::Map(element), Json::Object(entries)) => {
            let entries = entries
                .iter()
                .map(|(key, json)| Ok((key.clone(), value(json, element, &path.join_key(key))?)))
                .collect::<Result<BTreeMap<_, _>, DecodeError>>()?;
            Ok(Value::Map(entries))
        }
        (Type::Object(attributes), Json::Object(entries)) => {
            let entries = attributes
                .iter()
                .map(|(name, ty)| {
                    let json = entries.get(name).unwrap_or(&Json::Null);
                    Ok((name.clone(), value(json, ty, &path.join_attribute(name))?))
                })
                .collect::<Result<BTreeMap<_, _>, DecodeError>>()?;
            Ok(Value::Object(entries))
        }
        (Type::Tuple(types), Json::Array(elements)) if elements.len() == types.len() => {
            let elements = elements.iter().zip(types).enumerate();
            let elements =
                elements.map(|(index, (json, ty))| value(json, ty, &path.join_index(index)));
            elements.collect::<Result<_, _>>().map(Value::List)
        }
        (Type::Dynamic, Json::Object(pair)) => {
            let ty = pair.get("type").and_then(Type::from_json);
            let ty = ty.ok_or_else(|| wrong(path, "a value beside its type", json))?;
            let inner = value(pair.get("value").unwrap_or(&Json::Null), &ty, path)?;
            Ok(Value::Dynamic(Box::new(ty), Box::new(inner)))
        }
        (Type::Dynamic, _) => Err(wrong(path, "a value beside its type", json)),
        (Type::Tuple(_), _) => Err(wrong(path, "an array of the tuple's length", json)),
        (Type::Bool, _) => Err(wrong(path, "a bool", json)),
        (Type::Number, _) => Err(wrong(path, "a number", json)),
        (Type::String, _) => Err(wrong(path, "a string", json)),
        (Type::List(_) | Type::Set(_), _) => Err(wrong(path, "an array", json)),
        (Type::Map(_) | Type::Object(_), _) => Err(wrong(path, "an object", json)),
    }
}

fn array(elements: &[Json], element: &Type, path: &Path) -> Result<Vec<Value>, DecodeError> {
    elements
        .iter()
        .enumerate()
        .map(|(index, json)| value(json, element, &path.join_index(index)))
        .collect()
}

fn wrong(path: &Path, expected: &'static str, found: &Json) -> DecodeError {
    let found = match found {
        Json::Null => "null",
        Json::Bool(_) => "a bool",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    };
    DecodeError {
        path: path.to_string(),
        expected,
        found,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ty() -> Type {
        Type::Object(BTreeMap::from([
            ("name".to_owned(), Type::String),
            ("luns".to_owned(), Type::set(Type::Number)),
            ("tags".to_owned(), Type::map(Type::String)),
        ]))
    }

    #[test]
    fn attributes_may_have_come_and_gone() {
        let state = json!({"name": "a", "luns": [1, 0], "left": {"deep": true}});
        let value = decode(&state, &ty()).expect("readable");
        assert_eq!(value.get("name"), &Value::from("a"));
        assert_eq!(
            value.get("luns"),
            &Value::set(vec![Value::integer(Some(0)), Value::integer(Some(1))])
        );
        assert_eq!(value.get("tags"), &Value::Null);
        assert_eq!(value.entries().expect("object").len(), 3);
    }

    #[test]
    fn another_shape_is_an_error_that_names_the_place() {
        let error = decode(&json!({"tags": {"a": 1}}), &ty()).expect_err("a number is no string");
        assert_eq!(
            error.to_string(),
            "tags[\"a\"]: a string is expected, but found a number"
        );
    }

    #[test]
    fn a_value_of_open_type_stands_beside_its_type() {
        let json = json!({"type": ["tuple", ["bool", "number"]], "value": [true, 7]});
        let pair = Value::List(vec![true.into(), Value::integer(Some(7))]);
        let ty = Type::Tuple(vec![Type::Bool, Type::Number]);
        let expected = Value::Dynamic(Box::new(ty), Box::new(pair));
        assert_eq!(decode(&json, &Type::Dynamic), Ok(expected));
    }
}
