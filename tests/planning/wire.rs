//! Values that go over the wire and into stored state come back as they were.

use azrestorepoint::plugin::value::{Number, Type, Value, json, msgpack};
use serde_json::json;

use crate::lives::Case;
use crate::tape::check;

#[test]
fn every_value_comes_back_from_the_wire() {
    check(1500, |tape| {
        let case = Case::new(tape);
        let ty = case.block.ty();
        let planned = case.plan().planned_state;
        for value in [&case.prior, &case.config, &planned] {
            let (bytes, mismatches) = msgpack::encode(value, &ty);
            let decoded = msgpack::decode(&bytes, &ty);
            if !mismatches.is_empty() || decoded.as_ref() != Ok(value) {
                return Err(format!("{value:?}\n{mismatches:?}\n{decoded:?}"));
            }
        }
        Ok(())
    });
}

#[test]
fn every_state_comes_back_from_json() {
    check(1500, |tape| {
        let case = Case::new(tape);
        let ty = case.block.ty();
        let text = stored(&case.prior, &ty);
        let decoded = json::decode(text.as_bytes(), &ty);
        if decoded.as_ref() != Ok(&case.prior) {
            return Err(format!("{:?}\n{text}\n{decoded:?}", case.prior));
        }
        Ok(())
    });
}

/// The value as Terraform stores it.
fn stored(value: &Value, ty: &Type) -> String {
    let list = |parts: Vec<String>| format!("[{}]", parts.join(","));
    let entries = |entries: Vec<String>| format!("{{{}}}", entries.join(","));
    match (value, ty) {
        (Value::Bool(flag), _) => flag.to_string(),
        (Value::String(text), _) => json!(text).to_string(),
        (Value::Number(Number::Integer(number)), _) => number.to_string(),
        // All digits of a float, as it is a sum of powers of two.
        (Value::Number(Number::Float(number)), _) => format!("{number:.30}"),
        (Value::Number(Number::Decimal(digits)), _) => digits.clone(),
        (Value::List(elements), Type::Tuple(types)) => {
            let elements = elements.iter().zip(types);
            list(elements.map(|(value, ty)| stored(value, ty)).collect())
        }
        (
            Value::List(elements) | Value::Set(elements),
            Type::List(element) | Type::Set(element),
        ) => list(
            elements
                .iter()
                .map(|value| stored(value, element))
                .collect(),
        ),
        (Value::Map(found), Type::Map(element)) => {
            let pair = |(key, value)| format!("{}:{}", json!(key), stored(value, element));
            entries(found.iter().map(pair).collect())
        }
        (Value::Object(found), Type::Object(types)) => {
            let pair =
                |(name, value): (&String, _)| format!("{name:?}:{}", stored(value, &types[name]));
            entries(found.iter().map(pair).collect())
        }
        (Value::Dynamic(ty, value), _) => {
            format!(
                r#"{{"type":{},"value":{}}}"#,
                ty.to_json(),
                stored(value, ty)
            )
        }
        _ => "null".to_owned(),
    }
}
