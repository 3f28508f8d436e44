//! What Terraform proposes to a provider: the configuration, with prior values
//! where only the provider could have given them.

use std::collections::BTreeMap;

use azrestorepoint::plugin::value::Value;

use super::{
    AttributeKind, AttributeShape, Attributes, BlockShape, Nesting, Shape, at, entry, is_null,
    is_unknown,
};

/// Merges the prior state into the configuration, as Terraform does before it asks for a plan.
///
/// In a create nothing is prior, and what the provider has to give is null (not unknown).
pub(crate) fn proposed_new(shape: &Shape, prior: &Value, config: &Value) -> Value {
    if is_null(config) {
        return Value::Null;
    }
    if is_unknown(config) {
        return config.clone();
    }
    let mut proposed = attributes(&shape.attributes, prior, config);
    for (name, nested) in &shape.blocks {
        let value = block(nested, entry(prior, name), entry(config, name));
        proposed.insert(name.clone(), value);
    }
    Value::Object(proposed)
}

fn block(nested: &BlockShape, prior: &Value, config: &Value) -> Value {
    let shape = &nested.shape;
    elementwise(
        nested.nesting,
        prior,
        config,
        &|prior, config| proposed_new(shape, prior, config),
        &|prior, config| object_derives(&shape.attributes, &shape.blocks, prior, config),
    )
}

fn attributes(attributes: &Attributes, prior: &Value, config: &Value) -> BTreeMap<String, Value> {
    attributes
        .iter()
        .map(|(name, shape)| {
            let value = attribute(shape, entry(prior, name), entry(config, name));
            (name.clone(), value)
        })
        .collect()
}

fn attribute(shape: &AttributeShape, prior: &Value, config: &Value) -> Value {
    if shape.computed && is_null(config) {
        // What only a configuration can have given was configured once, and no longer is.
        let was_configured = shape.optional && has_configured(&shape.kind, prior);
        return if was_configured { config } else { prior }.clone();
    }
    let AttributeKind::Nested(nesting, inner) = &shape.kind else {
        return config.clone();
    };
    elementwise(
        *nesting,
        prior,
        config,
        &|prior, config| {
            if is_null(config) || is_unknown(config) {
                return config.clone();
            }
            Value::Object(attributes(inner, prior, config))
        },
        &|prior, config| object_derives(inner, &BTreeMap::new(), prior, config),
    )
}

/// Whether nested objects have a value that no provider can have given.
fn has_configured(kind: &AttributeKind, prior: &Value) -> bool {
    let AttributeKind::Nested(_, inner) = kind else {
        return false;
    };
    let in_object = |object: &Value| {
        inner.iter().any(|(name, shape)| {
            let value = entry(object, name);
            !is_null(value) && (!shape.computed || has_configured(&shape.kind, value))
        })
    };
    match prior {
        Value::Object(_) => in_object(prior),
        Value::List(elements) | Value::Set(elements) => elements.iter().any(in_object),
        Value::Map(entries) => entries.values().any(in_object),
        _ => false,
    }
}

fn elementwise(
    nesting: Nesting,
    prior: &Value,
    config: &Value,
    each: &dyn Fn(&Value, &Value) -> Value,
    derives: &dyn Fn(&Value, &Value) -> bool,
) -> Value {
    match (nesting, config) {
        (Nesting::Single | Nesting::Group, _) => each(prior, config),
        (Nesting::List, Value::List(elements)) => Value::List(
            elements
                .iter()
                .enumerate()
                .map(|(index, config)| each(at(prior, index), config))
                .collect(),
        ),
        (Nesting::Map, Value::Map(entries)) => Value::Map(
            entries
                .iter()
                .map(|(key, config)| (key.clone(), each(entry(prior, key), config)))
                .collect(),
        ),
        (Nesting::Set, Value::Set(elements)) => {
            let mut free: Vec<&Value> = match prior {
                Value::Set(elements) => elements.iter().collect(),
                _ => Vec::new(),
            };
            let partner =
                |config: &Value| match free.iter().position(|prior| derives(prior, config)) {
                    Some(found) => free.remove(found).clone(),
                    None => each(&Value::Null, config),
                };
            Value::set(elements.iter().map(partner).collect())
        }
        _ => config.clone(),
    }
}

/// Whether an object can have come of a configuration: each value is the
/// configured one, or is the provider's.
fn object_derives(
    attributes: &Attributes,
    blocks: &BTreeMap<String, BlockShape>,
    prior: &Value,
    config: &Value,
) -> bool {
    if prior == config {
        return true;
    }
    let (Value::Object(_), Value::Object(_)) = (prior, config) else {
        return false;
    };
    attributes
        .iter()
        .all(|(name, shape)| attribute_derives(shape, entry(prior, name), entry(config, name)))
        && blocks.iter().all(|(name, nested)| {
            let inner = &nested.shape;
            each_derives(
                nested.nesting,
                entry(prior, name),
                entry(config, name),
                &|prior, config| object_derives(&inner.attributes, &inner.blocks, prior, config),
            )
        })
}

fn attribute_derives(shape: &AttributeShape, prior: &Value, config: &Value) -> bool {
    if prior == config || (shape.computed && is_null(config)) {
        return true;
    }
    match &shape.kind {
        AttributeKind::Plain(_) => false,
        AttributeKind::Nested(nesting, inner) => {
            each_derives(*nesting, prior, config, &|prior, config| {
                object_derives(inner, &BTreeMap::new(), prior, config)
            })
        }
    }
}

fn each_derives(
    nesting: Nesting,
    prior: &Value,
    config: &Value,
    derives: &dyn Fn(&Value, &Value) -> bool,
) -> bool {
    match (nesting, prior, config) {
        (Nesting::Single | Nesting::Group, _, _) => derives(prior, config),
        (_, Value::List(prior), Value::List(config)) => {
            prior.len() == config.len() && prior.iter().zip(config).all(|(p, c)| derives(p, c))
        }
        (_, Value::Map(prior), Value::Map(config)) => {
            prior.keys().eq(config.keys())
                && prior
                    .iter()
                    .all(|(key, prior)| derives(prior, &config[key]))
        }
        (_, Value::Set(prior), Value::Set(config)) => {
            prior.len() == config.len()
                && config.iter().all(|c| prior.iter().any(|p| derives(p, c)))
        }
        _ => prior == config,
    }
}
