//! Bytes that nobody should send: an error each, never a panic, never more than they are worth.

use azrestorepoint::plugin::value::{Type, Value, json, msgpack};
use serde_json::Value as Json;

use crate::lives::Case;
use crate::tape::{Tape, check};

/// How many values a value consists of.
fn size(value: &Value) -> usize {
    1 + match value {
        Value::List(elements) | Value::Set(elements) => elements.iter().map(size).sum(),
        Value::Map(entries) | Value::Object(entries) => entries.values().map(size).sum(),
        Value::Dynamic(_, value) => size(value),
        _ => 0,
    }
}

/// Every value takes a byte at least, so no more values than bytes can come of them.
fn decodes_within_reason(bytes: &[u8], ty: &Type) -> Result<(), String> {
    match msgpack::decode(bytes, ty) {
        Ok(value) if size(&value) > bytes.len().max(1) => {
            Err(format!("{} values of {bytes:?}", size(&value)))
        }
        _ => Ok(()),
    }
}

#[test]
fn random_bytes_are_a_value_or_an_error() {
    check(3000, |tape| {
        let ty = match tape.below(3) {
            0 => Type::Dynamic,
            1 => Type::list(Type::Dynamic),
            _ => Case::new(tape).block.ty(),
        };
        decodes_within_reason(&tape.rest(), &ty)
    });
}

#[test]
fn damaged_values_are_a_value_or_an_error() {
    check(2500, |tape| {
        let case = Case::new(tape);
        let ty = case.block.ty();
        let (mut bytes, _) = msgpack::encode(&case.config, &ty);
        for _ in 0..=tape.below(4) {
            damage(tape, &mut bytes);
        }
        decodes_within_reason(&bytes, &ty)
    });
}

/// Changes, takes out, doubles or cuts off bytes.
fn damage(tape: &mut Tape, bytes: &mut Vec<u8>) {
    if bytes.is_empty() {
        return;
    }
    let at = (tape.below(256) * 256 + tape.below(256)) % bytes.len();
    match tape.below(4) {
        0 => bytes[at] = tape.pick(&[0x80, 0x90, 0xc0, 0xc1, 0xc7, 0xcb, 0xd4, 0xdb, 0xdd, 0xdf]),
        1 => {
            bytes.remove(at);
        }
        2 => bytes.insert(at, bytes[at]),
        _ => bytes.truncate(at),
    }
}

#[test]
fn state_of_another_form_is_a_value_or_an_error() {
    check(1500, |tape| {
        let ty = Case::new(tape).block.ty();
        let mut text = any_json(tape, 4).to_string().into_bytes();
        if tape.once_in(3) {
            text.truncate(tape.below(text.len()));
        }
        for ty in [&ty, &Type::Dynamic] {
            // An attribute may have come since, but no more of them than the type has.
            if let Ok(value) = json::decode(&text, ty)
                && ty == &Type::Dynamic
                && size(&value) > text.len()
            {
                return Err(format!("{} values of {text:?}", size(&value)));
            }
        }
        Ok(())
    });
}

fn any_json(tape: &mut Tape, depth: usize) -> Json {
    match tape.below(if depth == 0 { 5 } else { 8 }) {
        0 => Json::Null,
        1 => true.into(),
        2 => 7.into(),
        3 => 1e300.into(),
        4 => tape.pick(&["string", "list", "object", "a"]).into(),
        5 => (0..tape.below(4))
            .map(|_| any_json(tape, depth - 1))
            .collect(),
        6 => ["type", "value"]
            .map(|key| (key.to_owned(), any_json(tape, depth - 1)))
            .into_iter()
            .collect(),
        _ => ["alpha", "beta", "rule"]
            .map(|key| (key.to_owned(), any_json(tape, depth - 1)))
            .into_iter()
            .collect(),
    }
}

#[test]
fn a_type_that_comes_with_its_value_multiplies_nothing() {
    let names: Vec<String> = (0..1000).map(|number| format!("a{number}")).collect();
    let attributes = names.iter().map(|name| (name.clone(), Type::Bool));
    let ty = Type::list(Type::Object(attributes.collect()));
    let json = ty.to_json().to_string().into_bytes();
    let mut bytes = vec![0x92, 0xc5];
    bytes.extend(u16::try_from(json.len()).expect("short").to_be_bytes());
    bytes.extend(json);
    // Ten thousand empty objects, each of which would become a thousand nulls.
    bytes.extend([0xdc, 0x27, 0x10]);
    bytes.extend([0x80; 10_000]);
    msgpack::decode(&bytes, &Type::Dynamic).expect_err("attributes are missing");

    let empty = vec![Json::Object(serde_json::Map::new()); 10_000];
    let state = serde_json::json!({"type": ty.to_json(), "value": empty});
    json::decode(state.to_string().as_bytes(), &Type::Dynamic).expect_err("attributes are missing");
}

#[test]
fn the_stack_has_an_end_and_values_end_before() {
    // Types as deep as they may be, with values of open type inside, and again.
    let deep = (0..62).fold(Type::Dynamic, |inner, _| Type::list(inner));
    let json = deep.to_json().to_string().into_bytes();
    let mut layer = vec![0x92, 0xc5];
    layer.extend(u16::try_from(json.len()).expect("short").to_be_bytes());
    layer.extend(json);
    layer.extend([0x91; 62]);
    let bytes = layer.repeat(1000);
    msgpack::decode(&bytes, &Type::Dynamic).expect_err("nested too deep");
}

#[test]
fn a_claimed_length_takes_no_memory() {
    // Each list claims four thousand million elements, within the one before.
    let deep = (0..60).fold(Type::Bool, |inner, _| Type::list(inner));
    let mut bytes = [0xdd, 0xff, 0xff, 0xff, 0xff].repeat(60);
    bytes.extend([0xc2; 4096]);
    msgpack::decode(&bytes, &deep).expect_err("too few bytes");
}
