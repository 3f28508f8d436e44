//! Answers in the spelling that was written.

use super::elements::{Members, NULL, at};
use crate::plugin::schema::{Attribute, Block, Kind, Nesting};
use crate::plugin::value::Value;

/// The value with the spelling of `reference` wherever both mean the same, at any depth.
///
/// Azure and others answer ids and names in a spelling of their own. State
/// keeps the one that was written, or Terraform reports an inconsistent result.
#[must_use]
pub fn keep_spelling(block: &Block, reference: &Value, value: Value) -> Value {
    object(Members::of(block), reference, value)
}

fn object(members: Members<'_>, reference: &Value, value: Value) -> Value {
    let (Value::Object(_), Value::Object(mut entries)) = (reference, value.clone()) else {
        return value;
    };
    for attribute in members.attributes {
        let value = entries.remove(attribute.name).unwrap_or_default();
        let value = self::attribute(attribute, reference.get(attribute.name), value);
        entries.insert(attribute.name.to_owned(), value);
    }
    for nested in members.blocks {
        if let Some(value) = entries.get_mut(nested.name) {
            let (members, reference) = (Members::of(&nested.block), reference.get(nested.name));
            *value = elements(nested.nesting, members, reference, std::mem::take(value));
        }
    }
    Value::Object(entries)
}

fn attribute(attribute: &Attribute, reference: &Value, value: Value) -> Value {
    if attribute.is_equivalent(reference, &value) {
        return reference.clone();
    }
    match &attribute.kind {
        Kind::Plain(_) => value,
        Kind::Nested(nesting, inner) => {
            elements(*nesting, Members::attributes(inner), reference, value)
        }
    }
}

fn elements(nesting: Nesting, members: Members<'_>, reference: &Value, value: Value) -> Value {
    match value {
        value if matches!(nesting, Nesting::Single | Nesting::Group) => {
            object(members, reference, value)
        }
        Value::List(elements) => {
            let elements = elements.into_iter().enumerate();
            Value::List(
                elements
                    .map(|(index, value)| object(members, at(reference, index), value))
                    .collect(),
            )
        }
        Value::Map(entries) => {
            let entries = entries.into_iter();
            Value::Map(
                entries
                    .map(|(key, value)| {
                        let value = object(members, reference.get(&key), value);
                        (key, value)
                    })
                    .collect(),
            )
        }
        Value::Set(elements) => {
            // One that is written alike is nobody else's partner.
            let mut free: Vec<&Value> = reference.elements().iter().collect();
            free.retain(|reference| !elements.contains(reference));
            let respelt = elements.into_iter().map(|value| {
                if reference.elements().contains(&value) {
                    return value;
                }
                let partner = free
                    .iter()
                    .position(|reference| means_the_same(members, reference, &value));
                let reference = partner.map_or(NULL, |found| free.remove(found));
                object(members, reference, value)
            });
            Value::set(respelt.collect())
        }
        value => value,
    }
}

/// Whether the value is the reference in another spelling, but for what the provider gives.
fn means_the_same(members: Members<'_>, reference: &Value, value: &Value) -> bool {
    members.attributes.iter().all(|attribute| {
        let (reference, value) = (reference.get(attribute.name), value.get(attribute.name));
        let nested = || match &attribute.kind {
            Kind::Plain(_) => false,
            Kind::Nested(nesting, inner) => {
                let members = Members::attributes(inner);
                each_means_the_same(*nesting, members, reference, value)
            }
        };
        attribute.is_computed_only()
            || reference.is_unknown()
            || attribute.is_equivalent(reference, value)
            || nested()
    }) && members.blocks.iter().all(|nested| {
        let (reference, value) = (reference.get(nested.name), value.get(nested.name));
        each_means_the_same(nested.nesting, Members::of(&nested.block), reference, value)
    })
}

fn each_means_the_same(
    nesting: Nesting,
    members: Members<'_>,
    reference: &Value,
    value: &Value,
) -> bool {
    let same = |(reference, value)| means_the_same(members, reference, value);
    match (reference, value) {
        (Value::Object(_), Value::Object(_))
            if matches!(nesting, Nesting::Single | Nesting::Group) =>
        {
            same((reference, value))
        }
        (Value::List(reference), Value::List(value)) => {
            reference.len() == value.len() && reference.iter().zip(value).all(same)
        }
        (Value::Set(reference), Value::Set(value)) => value
            .iter()
            .all(|value| reference.iter().any(|reference| same((reference, value)))),
        (Value::Map(reference), Value::Map(value)) => {
            reference.keys().eq(value.keys()) && reference.values().zip(value.values()).all(same)
        }
        _ => reference.is_unknown() || reference == value,
    }
}
