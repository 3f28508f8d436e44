//! JSON as Terraform stores state in it.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::{Number, Path, Type, Value};

/// Why stored JSON is not a value of the type.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{}: {problem}", if path.is_empty() { "the state" } else { path })]
pub struct DecodeError {
    path: String,
    problem: String,
}

/// Reads stored state as a value of the given type.
///
/// Attributes that the type no longer has are left out, and those that came
/// since are null: both happen to state that another version has written.
///
/// # Errors
/// Text that is not JSON, or of another shape than the type.
pub fn decode(text: &[u8], ty: &Type) -> Result<Value, DecodeError> {
    let path = Path::default();
    let raw: &RawValue = serde_json::from_slice(text).map_err(|cause| error(&path, &cause))?;
    value(raw, ty, &path, 0)
}

/// How deep values may be nested. Schemas and what people write stay far below;
/// a value that brings its own type could go on until the stack ends.
const DEPTH_MAX: usize = 128;

/// The text is taken apart only where the type says so: a parser that makes
/// floats of all numbers would lose digits that Terraform keeps.
///
/// `open` is how many values of open type this one lies within.
fn value(raw: &RawValue, ty: &Type, path: &Path, open: usize) -> Result<Value, DecodeError> {
    if path.steps().len() + open > DEPTH_MAX {
        return Err(error(path, &"the value is nested too deep"));
    }
    let form = Form::of(raw);
    match (ty, form) {
        (_, Form::Null) => Ok(Value::Null),
        (Type::Bool, Form::Bool) => parse(raw, path).map(Value::Bool),
        (Type::Number, Form::Number) => number(raw.get(), path),
        (Type::Number, Form::String) => number(&parse::<String>(raw, path)?, path),
        (Type::String, Form::String) => parse(raw, path).map(Value::String),
        (Type::List(element), Form::Array) => array(raw, element, path, open).map(Value::List),
        (Type::Set(element), Form::Array) => array(raw, element, path, open).map(Value::set),
        (Type::Map(element), Form::Object) => {
            let entries = object(raw, path)?.into_iter().map(|(key, raw)| {
                let value = value(raw, element, &path.join_key(&key), open)?;
                Ok((key, value))
            });
            entries.collect::<Result<_, _>>().map(Value::Map)
        }
        (Type::Object(attributes), Form::Object) => {
            let entries = object(raw, path)?;
            let attributes = attributes.iter().map(|(name, ty)| {
                let path = path.join_attribute(name);
                let value = match entries.get(name) {
                    Some(raw) => value(raw, ty, &path, open)?,
                    // The type was written together with the value, so nothing can have come since.
                    None if open > 0 => return Err(error(&path, &"the attribute is missing")),
                    None => Value::Null,
                };
                Ok((name.clone(), value))
            });
            attributes.collect::<Result<_, _>>().map(Value::Object)
        }
        (Type::Tuple(types), Form::Array) => {
            let elements = elements(raw, path)?;
            if elements.len() != types.len() {
                return Err(wrong(path, "an array of the tuple's length", form));
            }
            let elements = elements.iter().zip(types).enumerate();
            let elements =
                elements.map(|(index, (raw, ty))| value(raw, ty, &path.join_index(index), open));
            elements.collect::<Result<_, _>>().map(Value::List)
        }
        (Type::Dynamic, Form::Object) => dynamic(raw, path, open),
        (Type::Dynamic, _) => Err(wrong(path, "a value beside its type", form)),
        (Type::Bool, _) => Err(wrong(path, "a bool", form)),
        (Type::Number, _) => Err(wrong(path, "a number", form)),
        (Type::String, _) => Err(wrong(path, "a string", form)),
        (Type::List(_) | Type::Set(_) | Type::Tuple(_), _) => Err(wrong(path, "an array", form)),
        (Type::Map(_) | Type::Object(_), _) => Err(wrong(path, "an object", form)),
    }
}

fn dynamic(raw: &RawValue, path: &Path, open: usize) -> Result<Value, DecodeError> {
    let pair = object(raw, path)?;
    let ty = pair.get("type").map(|raw| parse(raw, path)).transpose()?;
    let ty = ty.as_ref().and_then(Type::from_json);
    let ty = ty.ok_or_else(|| wrong(path, "a value beside its type", Form::Object))?;
    let inner = match pair.get("value") {
        Some(raw) => value(raw, &ty, path, open + 1)?,
        None => Value::Null,
    };
    Ok(Value::Dynamic(Box::new(ty), Box::new(inner)))
}

fn array(
    raw: &RawValue,
    element: &Type,
    path: &Path,
    open: usize,
) -> Result<Vec<Value>, DecodeError> {
    let elements = elements(raw, path)?;
    let elements = elements.into_iter().enumerate();
    elements
        .map(|(index, raw)| value(raw, element, &path.join_index(index), open))
        .collect()
}

fn elements<'a>(raw: &'a RawValue, path: &Path) -> Result<Vec<&'a RawValue>, DecodeError> {
    serde_json::from_str(raw.get()).map_err(|cause| error(path, &cause))
}

fn object<'a>(
    raw: &'a RawValue,
    path: &Path,
) -> Result<BTreeMap<String, &'a RawValue>, DecodeError> {
    serde_json::from_str(raw.get()).map_err(|cause| error(path, &cause))
}

fn parse<T: DeserializeOwned>(raw: &RawValue, path: &Path) -> Result<T, DecodeError> {
    serde_json::from_str(raw.get()).map_err(|cause| error(path, &cause))
}

fn number(digits: &str, path: &Path) -> Result<Value, DecodeError> {
    Number::parse(digits)
        .map(Value::Number)
        .ok_or_else(|| error(path, &format_args!("{digits:?} is not a number")))
}

/// What a piece of JSON is, by its first byte.
#[derive(Clone, Copy)]
enum Form {
    Null,
    Bool,
    Number,
    String,
    Array,
    Object,
}

impl Form {
    fn of(raw: &RawValue) -> Self {
        match raw.get().as_bytes().first() {
            Some(b'n') => Self::Null,
            Some(b't' | b'f') => Self::Bool,
            Some(b'"') => Self::String,
            Some(b'[') => Self::Array,
            Some(b'{') => Self::Object,
            _ => Self::Number,
        }
    }
}

fn wrong(path: &Path, expected: &str, found: Form) -> DecodeError {
    let found = match found {
        Form::Null => "null",
        Form::Bool => "a bool",
        Form::Number => "a number",
        Form::String => "a string",
        Form::Array => "an array",
        Form::Object => "an object",
    };
    error(
        path,
        &format_args!("{expected} is expected, but found {found}"),
    )
}

fn error(path: &Path, problem: &dyn std::fmt::Display) -> DecodeError {
    DecodeError {
        path: path.to_string(),
        problem: problem.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn decode(json: &Json, ty: &Type) -> Result<Value, DecodeError> {
        super::decode(json.to_string().as_bytes(), ty)
    }

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

    #[test]
    fn numbers_keep_every_digit() {
        #[track_caller]
        fn check(text: &str, expected: &str) {
            let expected = Number::parse(expected).map(Value::Number).expect("digits");
            assert_eq!(super::decode(text.as_bytes(), &Type::Number), Ok(expected));
        }
        check("18446744073709551617", "18446744073709551617");
        check(" 0.1234567890123456789 ", "0.1234567890123456789");
        check("1e3", "1000");
        check("\"7\"", "7");
    }

    #[test]
    fn hostile_text_is_an_error() {
        #[track_caller]
        fn check(text: &str, ty: &Type, expected: &str) {
            let error = super::decode(text.as_bytes(), ty).expect_err("hostile");
            assert!(error.to_string().contains(expected), "{error}");
        }
        check("{", &ty(), "the state: EOF");
        check("", &ty(), "EOF");
        check("[1, 2", &Type::list(Type::Number), "EOF");
        let deep = "{\"type\":\"dynamic\",\"value\":".repeat(1000);
        let deep = format!("{deep}null{}", "}".repeat(1000));
        check(&deep, &Type::Dynamic, "nested too deep");
        let part = r#"{"type": ["object", {"a": "bool"}], "value": {}}"#;
        check(part, &Type::Dynamic, "a: the attribute is missing");
    }
}
