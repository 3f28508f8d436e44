//! Which nested objects of the prior state and of the configuration are the same one.

use crate::plugin::schema::{Attribute, Block, Kind, NestedBlock, Nesting};
use crate::plugin::value::Value;

pub(super) const NULL: &Value = &Value::Null;

/// What an object is made of, be it a block or a nested attribute.
#[derive(Clone, Copy)]
pub(super) struct Members<'a> {
    pub(super) attributes: &'a [Attribute],
    pub(super) blocks: &'a [NestedBlock],
}

impl<'a> Members<'a> {
    pub(super) fn of(block: &'a Block) -> Self {
        Self {
            attributes: &block.attributes,
            blocks: &block.blocks,
        }
    }

    pub(super) fn attributes(attributes: &'a [Attribute]) -> Self {
        Self {
            attributes,
            blocks: &[],
        }
    }
}

/// Calls `each` with what belongs together of prior state, proposal and configuration.
///
/// Elements of lists belong together by position and those of maps by key.
/// Elements of sets have neither: there the prior one is the one that the
/// configuration can have made (see [`partners`]), if there is one.
pub(super) fn elementwise(
    nesting: Nesting,
    members: Members<'_>,
    prior: &Value,
    proposed: &Value,
    config: &Value,
    each: &dyn Fn(Members<'_>, &Value, &Value, &Value) -> Value,
) -> Value {
    match (nesting, config) {
        (Nesting::Single | Nesting::Group, _) => each(members, prior, proposed, config),
        (Nesting::List, Value::List(elements)) => Value::List(
            elements
                .iter()
                .enumerate()
                .map(|(index, config)| {
                    let (prior, proposed) = (at(prior, index), at(proposed, index));
                    each(members, prior, proposed, config)
                })
                .collect(),
        ),
        (Nesting::Map, Value::Map(entries)) => Value::Map(
            entries
                .iter()
                .map(|(key, config)| {
                    let value = each(members, prior.get(key), proposed.get(key), config);
                    (key.clone(), value)
                })
                .collect(),
        ),
        (Nesting::Set, Value::Set(elements)) => {
            let partners = partners(members, prior.elements(), elements);
            let planned = elements.iter().zip(partners);
            Value::set(
                planned
                    .map(|(config, partner)| match partner {
                        Some(prior) => each(members, prior, prior, config),
                        None => each(members, NULL, config, config),
                    })
                    .collect(),
            )
        }
        // Null and unknown as a whole.
        _ => config.clone(),
    }
}

/// The element of that position; null where there is none.
pub(super) fn at(value: &Value, index: usize) -> &Value {
    value.elements().get(index).unwrap_or(NULL)
}

/// For each configured element of a set the prior one that it has made, each at most once.
///
/// What is spelt alike comes before what only means the same, and elements that
/// say more come before those that leave more to the provider.
fn partners<'a>(
    members: Members<'_>,
    prior: &'a [Value],
    config: &[Value],
) -> Vec<Option<&'a Value>> {
    let left_open = |element: &Value| {
        let entries = element.entries().into_iter().flatten();
        entries.filter(|(_, value)| value.is_null()).count()
    };
    let mut order: Vec<usize> = (0..config.len()).collect();
    order.sort_by_key(|&index| left_open(&config[index]));
    let mut free: Vec<&Value> = prior.iter().collect();
    let mut partners = vec![None; config.len()];
    for spelling in [Spelling::Same, Spelling::Any] {
        for &index in &order {
            if partners[index].is_some() {
                continue;
            }
            let found = free
                .iter()
                .position(|prior| is_made_of(members, prior, &config[index], spelling));
            if let Some(found) = found {
                partners[index] = Some(free.remove(found));
            }
        }
    }
    partners
}

/// Whether what is equivalent counts as equal.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spelling {
    Same,
    Any,
}

/// Whether a plan from this prior object to this configuration could find nothing to change.
fn is_made_of(members: Members<'_>, prior: &Value, config: &Value, spelling: Spelling) -> bool {
    let (Value::Object(_), Value::Object(_)) = (prior, config) else {
        return prior == config;
    };
    members.attributes.iter().all(|attribute| {
        let (prior, config) = (prior.get(attribute.name), config.get(attribute.name));
        is_attribute_made_of(attribute, prior, config, spelling)
    }) && members.blocks.iter().all(|nested| {
        let (prior, config) = (prior.get(nested.name), config.get(nested.name));
        let members = Members::of(&nested.block);
        each_is_made_of(nested.nesting, members, prior, config, spelling)
    })
}

fn is_attribute_made_of(
    attribute: &Attribute,
    prior: &Value,
    config: &Value,
    spelling: Spelling,
) -> bool {
    let is_same = |expected| {
        prior == expected
            || (spelling == Spelling::Any
                && !prior.is_null()
                && attribute.is_equivalent(prior, expected))
    };
    if config.is_null() {
        return match &attribute.default {
            Some(default) => is_same(default),
            None => attribute.is_computed() || prior.is_null(),
        };
    }
    match &attribute.kind {
        _ if is_same(config) => true,
        Kind::Plain(_) => false,
        Kind::Nested(nesting, attributes) => {
            let members = Members::attributes(attributes);
            each_is_made_of(*nesting, members, prior, config, spelling)
        }
    }
}

fn each_is_made_of(
    nesting: Nesting,
    members: Members<'_>,
    prior: &Value,
    config: &Value,
    spelling: Spelling,
) -> bool {
    let is_made_of = |prior: &Value, config: &Value| is_made_of(members, prior, config, spelling);
    match (nesting, prior, config) {
        (Nesting::Single | Nesting::Group, _, _) => is_made_of(prior, config),
        (Nesting::List, Value::List(prior), Value::List(config)) => {
            prior.len() == config.len()
                && prior
                    .iter()
                    .zip(config)
                    .all(|(prior, config)| is_made_of(prior, config))
        }
        (Nesting::Map, Value::Map(prior), Value::Map(config)) => {
            prior.keys().eq(config.keys())
                && prior
                    .values()
                    .zip(config.values())
                    .all(|(prior, config)| is_made_of(prior, config))
        }
        (Nesting::Set, Value::Set(prior), Value::Set(config)) => {
            prior.len() == config.len()
                && partners(members, prior, config).iter().all(Option::is_some)
        }
        _ => prior == config,
    }
}
