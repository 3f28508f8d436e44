//! Random values: configurations, states, and what becomes of the unknown.

use std::collections::BTreeMap;

use azrestorepoint::plugin::schema::{Attribute, Block, Kind, Mode, NestedBlock, Nesting};
use azrestorepoint::plugin::value::{Number, Type, Value};

use crate::tape::Tape;

const NULL: &Value = &Value::Null;
const KEYS: [&str; 3] = ["k", "K", "l"];
const TEXTS: [&str; 7] = ["a", "A", "b", "B", "", "west", "West"];
/// One of each form: whole, beyond 64 bits, exact as a float, and in decimal digits only.
const NUMBERS: [&str; 7] = ["0", "1", "-7", "0.5", "0.1", "18446744073709551616", "1e30"];

/// What an object is for, which decides what may stand in it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Written by a user, from other resources whose values may not be known yet.
    Config,
    /// Written by a user, with every value known.
    KnownConfig,
    /// Stored after an apply.
    State,
}

/// An object of this schema. Some of its values are those of `prior`, or differ in case only.
pub(crate) fn object(tape: &mut Tape, block: &Block, prior: &Value, purpose: Purpose) -> Value {
    members(tape, &block.attributes, &block.blocks, prior, purpose)
}

/// The configuration with everything known that was not.
pub(crate) fn resolved(tape: &mut Tape, block: &Block, config: &Value, prior: &Value) -> Value {
    resolved_members(tape, &block.attributes, &block.blocks, config, prior)
}

/// The object with everything given that a plan left to the provider.
pub(crate) fn given(tape: &mut Tape, block: &Block, planned: &Value) -> Value {
    let given = map_unknown(planned, &block.ty(), &mut |ty| {
        if tape.once_in(6) {
            Value::Null
        } else {
            known(tape, ty)
        }
    });
    as_a_provider(&block.attributes, &block.blocks, planned, &given)
}

/// Of optional objects that it made up itself, a provider fills what it may
/// compute. Were the rest filled, too, Terraform would take it for configuration
/// that was removed, and propose null from then on.
fn as_a_provider(
    attributes: &[Attribute],
    blocks: &[NestedBlock],
    planned: &Value,
    given: &Value,
) -> Value {
    let Value::Object(entries) = given else {
        return given.clone();
    };
    let mut entries = entries.clone();
    for attribute in attributes {
        let Kind::Nested(_, inner) = &attribute.kind else {
            continue;
        };
        let (planned, value) = (
            planned.get(attribute.name),
            entries.get_mut(attribute.name).expect("a whole object"),
        );
        *value = if planned.is_unknown() && attribute.mode == Mode::OptionalComputed {
            each(value, &mut |value| only_computed(inner, value))
        } else {
            each_of(planned, value, &|planned, value| {
                as_a_provider(inner, &[], planned, value)
            })
        };
    }
    for nested in blocks {
        let (attributes, blocks) = (&nested.block.attributes, &nested.block.blocks);
        let value = entries.get_mut(nested.name).expect("a whole object");
        *value = each_of(planned.get(nested.name), value, &|planned, value| {
            as_a_provider(attributes, blocks, planned, value)
        });
    }
    Value::Object(entries)
}

fn only_computed(attributes: &[Attribute], value: &Value) -> Value {
    let Value::Object(entries) = value else {
        return value.clone();
    };
    let mut entries = entries.clone();
    for attribute in attributes {
        let value = entries.get_mut(attribute.name).expect("a whole object");
        *value = match &attribute.kind {
            _ if attribute.default.is_some() => attribute.default.clone().unwrap_or_default(),
            _ if !attribute.is_computed() => Value::Null,
            Kind::Plain(_) => value.clone(),
            Kind::Nested(_, inner) => each(value, &mut |value| only_computed(inner, value)),
        };
    }
    Value::Object(entries)
}

/// The value with each object in it replaced, beside the planned one by position or key.
/// In sets there is none: what was unknown in them is taken for unknown as a whole.
fn each_of(planned: &Value, value: &Value, replace: &dyn Fn(&Value, &Value) -> Value) -> Value {
    match value {
        Value::Object(_) => replace(planned, value),
        Value::List(elements) => Value::List(
            elements
                .iter()
                .enumerate()
                .map(|(index, value)| replace(planned.elements().get(index).unwrap_or(NULL), value))
                .collect(),
        ),
        Value::Map(entries) => Value::Map(
            entries
                .iter()
                .map(|(key, value)| (key.clone(), replace(planned.get(key), value)))
                .collect(),
        ),
        other => other.clone(),
    }
}

/// A known value of that type, never null.
pub(crate) fn known(tape: &mut Tape, ty: &Type) -> Value {
    random(tape, ty, Purpose::State)
}

/// The values are equal where case does not count; keys of maps keep theirs.
pub(crate) fn same_but_for_case(one: &Value, other: &Value) -> bool {
    in_capitals(one) == in_capitals(other)
}

/// The value with every text in capitals.
pub(crate) fn in_capitals(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.to_ascii_uppercase()),
        Value::List(elements) => Value::List(elements.iter().map(in_capitals).collect()),
        Value::Set(elements) => Value::set(elements.iter().map(in_capitals).collect()),
        Value::Map(entries) => Value::Map(entries_in_capitals(entries)),
        Value::Object(entries) => Value::Object(entries_in_capitals(entries)),
        Value::Dynamic(ty, value) => Value::Dynamic(ty.clone(), Box::new(in_capitals(value))),
        other => other.clone(),
    }
}

fn entries_in_capitals(entries: &BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    entries
        .iter()
        .map(|(key, value)| (key.clone(), in_capitals(value)))
        .collect()
}

/// The object with the text of every attribute in capitals that has no case.
pub(crate) fn respelt(block: &Block, value: &Value) -> Value {
    respelt_members(&block.attributes, &block.blocks, value)
}

fn respelt_members(attributes: &[Attribute], blocks: &[NestedBlock], value: &Value) -> Value {
    let Value::Object(entries) = value else {
        return value.clone();
    };
    let mut entries = entries.clone();
    for attribute in attributes {
        let value = entries.get_mut(attribute.name).expect("a whole object");
        if attribute.equivalence.is_some() {
            *value = in_capitals(value);
        } else if let Kind::Nested(_, inner) = &attribute.kind {
            *value = each(value, &mut |value| respelt_members(inner, &[], value));
        }
    }
    for nested in blocks {
        let (attributes, blocks) = (&nested.block.attributes, &nested.block.blocks);
        let value = entries.get_mut(nested.name).expect("a whole object");
        *value = each(value, &mut |value| {
            respelt_members(attributes, blocks, value)
        });
    }
    Value::Object(entries)
}

/// The value with each object in it replaced.
fn each(value: &Value, replace: &mut dyn FnMut(&Value) -> Value) -> Value {
    match value {
        Value::Object(_) => replace(value),
        Value::List(elements) => Value::List(elements.iter().map(replace).collect()),
        Value::Set(elements) => Value::set(elements.iter().map(replace).collect()),
        Value::Map(entries) => Value::Map(
            entries
                .iter()
                .map(|(key, value)| (key.clone(), replace(value)))
                .collect(),
        ),
        other => other.clone(),
    }
}

fn members(
    tape: &mut Tape,
    attributes: &[Attribute],
    blocks: &[NestedBlock],
    prior: &Value,
    purpose: Purpose,
) -> Value {
    let mut entries = BTreeMap::new();
    for attribute in attributes {
        let value = self::attribute(tape, attribute, prior.get(attribute.name), purpose);
        entries.insert(attribute.name.to_owned(), value);
    }
    for nested in blocks {
        let value = self::block(tape, nested, prior.get(nested.name), purpose);
        entries.insert(nested.name.to_owned(), value);
    }
    Value::Object(entries)
}

fn attribute(tape: &mut Tape, attribute: &Attribute, prior: &Value, purpose: Purpose) -> Value {
    let is_absent = match purpose {
        Purpose::State => attribute.write_only || tape.once_in(6),
        _ => match attribute.mode {
            Mode::Computed => true,
            Mode::Required => false,
            Mode::Optional | Mode::OptionalComputed => tape.below(3) == 0,
        },
    };
    if is_absent {
        return Value::Null;
    }
    match &attribute.kind {
        Kind::Plain(ty) => plain(tape, ty, prior, purpose),
        Kind::Nested(..) if purpose == Purpose::Config && tape.once_in(10) => Value::Unknown,
        Kind::Nested(nesting, inner) => {
            collection(tape, *nesting, (0, 3), prior, &mut |tape, prior| {
                members(tape, inner, &[], prior, purpose)
            })
        }
    }
}

fn block(tape: &mut Tape, nested: &NestedBlock, prior: &Value, purpose: Purpose) -> Value {
    let (min, max) = (nested.min_items as usize, 3);
    match nested.nesting {
        Nesting::Single if min == 0 && tape.below(2) == 0 => return Value::Null,
        Nesting::List | Nesting::Set | Nesting::Map
            if purpose == Purpose::Config && tape.once_in(12) =>
        {
            return Value::Unknown;
        }
        _ => {}
    }
    let (attributes, blocks) = (&nested.block.attributes, &nested.block.blocks);
    collection(
        tape,
        nested.nesting,
        (min, max),
        prior,
        &mut |tape, prior| members(tape, attributes, blocks, prior, purpose),
    )
}

fn collection(
    tape: &mut Tape,
    nesting: Nesting,
    (min, max): (usize, usize),
    prior: &Value,
    element: &mut dyn FnMut(&mut Tape, &Value) -> Value,
) -> Value {
    if matches!(nesting, Nesting::Single | Nesting::Group) {
        return element(tape, prior);
    }
    let count = min + tape.below(max - min + 1);
    if nesting == Nesting::Map {
        let entries = KEYS[..count].iter().map(|key| {
            let value = element(tape, prior.get(key));
            ((*key).to_owned(), value)
        });
        return Value::Map(entries.collect());
    }
    let elements = (0..count).map(|index| {
        let prior = prior.elements().get(index).unwrap_or(NULL);
        element(tape, prior)
    });
    let elements = elements.collect();
    if nesting == Nesting::Set {
        Value::set(elements)
    } else {
        Value::List(elements)
    }
}

fn plain(tape: &mut Tape, ty: &Type, prior: &Value, purpose: Purpose) -> Value {
    match tape.below(8) {
        1 | 2 if !prior.is_null() => prior.clone(),
        3 if !prior.is_null() => in_capitals(prior),
        4 if purpose == Purpose::Config => Value::Unknown,
        _ => random(tape, ty, purpose),
    }
}

fn random(tape: &mut Tape, ty: &Type, purpose: Purpose) -> Value {
    let inner = |tape: &mut Tape, ty: &Type| match tape.below(10) {
        8 => Value::Null,
        9 if purpose == Purpose::Config => Value::Unknown,
        _ => random(tape, ty, purpose),
    };
    match ty {
        Type::Bool => tape.pick(&[false, true]).into(),
        Type::Number => {
            Value::Number(Number::parse(tape.pick(&NUMBERS)).expect("numbers are numbers"))
        }
        Type::String => tape.pick(&TEXTS).into(),
        Type::List(element) => {
            let count = tape.below(4);
            Value::List((0..count).map(|_| inner(tape, element)).collect())
        }
        Type::Set(element) => {
            let count = tape.below(4);
            Value::set((0..count).map(|_| inner(tape, element)).collect())
        }
        Type::Map(element) => {
            let keys = KEYS[..tape.below(KEYS.len() + 1)].iter();
            Value::Map(
                keys.map(|key| ((*key).to_owned(), inner(tape, element)))
                    .collect(),
            )
        }
        Type::Object(attributes) => Value::Object(
            attributes
                .iter()
                .map(|(name, ty)| (name.clone(), inner(tape, ty)))
                .collect(),
        ),
        Type::Tuple(types) => Value::List(types.iter().map(|ty| inner(tape, ty)).collect()),
        Type::Dynamic => {
            let ty = tape.pick(&[
                Type::String,
                Type::Number,
                Type::list(Type::String),
                Type::Tuple(vec![Type::Bool, Type::Dynamic]),
            ]);
            let value = if tape.once_in(8) {
                Value::Null
            } else {
                inner(tape, &ty)
            };
            Value::Dynamic(Box::new(ty), Box::new(value))
        }
    }
}

fn resolved_members(
    tape: &mut Tape,
    attributes: &[Attribute],
    blocks: &[NestedBlock],
    config: &Value,
    prior: &Value,
) -> Value {
    let Value::Object(entries) = config else {
        return config.clone();
    };
    let mut entries = entries.clone();
    for attribute in attributes {
        let prior = prior.get(attribute.name);
        let value = entries.get_mut(attribute.name).expect("a whole object");
        *value = match (&attribute.kind, &*value) {
            (Kind::Plain(ty), Value::Unknown) => plain(tape, ty, prior, Purpose::KnownConfig),
            (Kind::Plain(ty), value) => map_unknown(value, ty, &mut |ty| known(tape, ty)),
            (Kind::Nested(nesting, inner), Value::Unknown) => {
                collection(tape, *nesting, (0, 3), prior, &mut |tape, prior| {
                    members(tape, inner, &[], prior, Purpose::KnownConfig)
                })
            }
            (Kind::Nested(_, inner), value) => each(value, &mut |value| {
                resolved_members(tape, inner, &[], value, NULL)
            }),
        };
    }
    for nested in blocks {
        let value = entries.get_mut(nested.name).expect("a whole object");
        *value = if value.is_unknown() {
            block(tape, nested, prior.get(nested.name), Purpose::KnownConfig)
        } else {
            let (attributes, blocks) = (&nested.block.attributes, &nested.block.blocks);
            each(value, &mut |value| {
                resolved_members(tape, attributes, blocks, value, NULL)
            })
        };
    }
    Value::Object(entries)
}

/// The value with each unknown in it replaced by one of its type.
fn map_unknown(value: &Value, ty: &Type, replace: &mut dyn FnMut(&Type) -> Value) -> Value {
    let mut inner = |value: &Value, ty: &Type| map_unknown(value, ty, replace);
    match (value, ty) {
        (Value::Unknown, _) => replace(ty),
        (Value::List(elements), Type::List(ty)) => {
            Value::List(elements.iter().map(|value| inner(value, ty)).collect())
        }
        (Value::List(elements), Type::Tuple(types)) => {
            let elements = elements.iter().zip(types);
            Value::List(elements.map(|(value, ty)| inner(value, ty)).collect())
        }
        (Value::Set(elements), Type::Set(ty)) => {
            Value::set(elements.iter().map(|value| inner(value, ty)).collect())
        }
        (Value::Map(entries), Type::Map(ty)) => {
            let entries = entries.iter();
            Value::Map(
                entries
                    .map(|(key, value)| (key.clone(), inner(value, ty)))
                    .collect(),
            )
        }
        (Value::Object(entries), Type::Object(types)) => {
            let entries = entries.iter();
            Value::Object(
                entries
                    .map(|(name, value)| (name.clone(), inner(value, &types[name])))
                    .collect(),
            )
        }
        (Value::Dynamic(ty, value), _) => Value::Dynamic(ty.clone(), Box::new(inner(value, ty))),
        _ => value.clone(),
    }
}
