//! Objects as state files have them.

use azrestorepoint::plugin::value::{Number, Type, Value};

/// The most digits that the fraction of a float has.
const FRACTION_DIGITS_MAX: usize = 1_074;

/// The JSON of an object. It is text, because its numbers have more digits than JSON libraries keep.
pub(crate) fn json(value: &Value, ty: &Type) -> String {
    match (value, ty) {
        (Value::Null, _) => "null".to_owned(),
        (Value::Bool(flag), _) => flag.to_string(),
        (Value::Number(number), _) => digits(number),
        (Value::String(text), _) => quoted(text),
        (Value::List(elements), Type::Tuple(types)) => sequence(
            elements
                .iter()
                .zip(types)
                .map(|(value, ty)| json(value, ty)),
        ),
        (Value::List(elements) | Value::Set(elements), Type::List(ty) | Type::Set(ty)) => {
            sequence(elements.iter().map(|value| json(value, ty)))
        }
        (Value::Map(entries), Type::Map(ty)) => {
            mapping(entries.iter().map(|(key, value)| (key, json(value, ty))))
        }
        (Value::Object(entries), Type::Object(types)) => mapping(
            entries
                .iter()
                .map(|(name, value)| (name, json(value, &types[name]))),
        ),
        (Value::Dynamic(ty, value), Type::Dynamic) => {
            format!(
                "{{\"value\":{},\"type\":{}}}",
                json(value, ty),
                ty.to_json()
            )
        }
        (value, ty) => panic!("{value:?} cannot be stored as {ty:?}"),
    }
}

fn digits(number: &Number) -> String {
    match number {
        Number::Integer(number) => number.to_string(),
        // All of its digits: the short form names the float, but is another number.
        Number::Float(number) => {
            let digits = format!("{number:.FRACTION_DIGITS_MAX$}");
            digits
                .trim_end_matches('0')
                .trim_end_matches('.')
                .to_owned()
        }
        Number::Decimal(digits) => digits.clone(),
    }
}

fn sequence(elements: impl Iterator<Item = String>) -> String {
    format!("[{}]", elements.collect::<Vec<_>>().join(","))
}

fn mapping<'a>(entries: impl Iterator<Item = (&'a String, String)>) -> String {
    let entries = entries.map(|(key, value)| format!("{}:{value}", quoted(key)));
    format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
