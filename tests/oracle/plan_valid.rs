//! Whether a plan is one that its configuration allows.

use azrestorepoint::plugin::value::Value;

use super::{
    AttributeKind, AttributeShape, Attributes, BlockShape, NULL, Nesting, Place, Problems, Shape,
    at, conforms, entry, is_null, is_unknown,
};

/// Checks a planned object against its configuration and the prior state, as
/// Terraform does with every answer to a plan.
///
/// A planned value equals the configuration, or is exactly the prior one, or is
/// the provider's to give: of a computed attribute that is not configured.
pub(crate) fn assert_plan_valid(
    shape: &Shape,
    prior: &Value,
    config: &Value,
    planned: &Value,
) -> Vec<String> {
    let mut problems = Problems::default();
    conforms(&shape.ty(), planned, &Place::Root, &mut problems);
    object(shape, prior, config, planned, &Place::Root, &mut problems);
    problems.0
}

fn object(
    shape: &Shape,
    prior: &Value,
    config: &Value,
    planned: &Value,
    place: &Place<'_>,
    problems: &mut Problems,
) {
    if !same_presence(config, planned, place, problems) || is_null(planned) {
        return;
    }
    if is_unknown(planned) {
        problems.add(place, "an object or block is not unknown as a whole");
        return;
    }
    attributes(&shape.attributes, prior, config, planned, place, problems);
    for (name, nested) in &shape.blocks {
        block(
            nested,
            entry(prior, name),
            entry(config, name),
            entry(planned, name),
            &Place::Name(place, name),
            problems,
        );
    }
}

/// Both or neither are null; says so where not.
fn same_presence(
    config: &Value,
    planned: &Value,
    place: &Place<'_>,
    problems: &mut Problems,
) -> bool {
    match (is_null(config), is_null(planned)) {
        (false, true) => problems.add(place, "is planned for absence, but config wants existence"),
        (true, false) => problems.add(place, "is planned for existence, but config wants absence"),
        _ => return true,
    }
    false
}

fn block(
    nested: &BlockShape,
    prior: &Value,
    config: &Value,
    planned: &Value,
    place: &Place<'_>,
    problems: &mut Problems,
) {
    let shape = &nested.shape;
    if is_unknown(config) {
        // A dynamic block whose elements nobody knows yet.
        if planned != config {
            problems.add(place, "an unknown block was not returned untouched");
        }
        return;
    }
    if is_unknown(planned) {
        problems.add(place, "a block must not be unknown itself");
        return;
    }
    if nested.nesting == Nesting::Group && is_null(planned) {
        problems.add(place, "a group is never null");
        return;
    }
    let is_collection = !matches!(nested.nesting, Nesting::Single | Nesting::Group);
    if is_collection && is_null(planned) {
        problems.add(place, "no blocks are empty, not null");
        return;
    }
    let mut each = |prior: &Value, config: &Value, planned: &Value, place: &Place<'_>| {
        object(shape, prior, config, planned, place, problems);
    };
    match nested.nesting {
        Nesting::Single | Nesting::Group => each(prior, config, planned, place),
        Nesting::List | Nesting::Map => {
            elementwise(prior, config, planned, place, &mut each);
            same_elements(config, planned, place, problems);
        }
        // Its elements have no identity, so that Terraform trusts the provider.
        Nesting::Set => same_elements(config, planned, place, problems),
    }
}

/// As many elements, and under the same keys, as configured.
fn same_elements(config: &Value, planned: &Value, place: &Place<'_>, problems: &mut Problems) {
    match (config, planned) {
        (Value::List(config), Value::List(planned)) if config.len() != planned.len() => {
            count(config.len(), planned.len(), place, problems);
        }
        (Value::Set(configured), Value::Set(elements)) => {
            // Elements that are not known yet may turn out to be one and the same.
            let counts = config.is_wholly_known() && planned.is_wholly_known();
            let (config, planned) = (configured.len(), elements.len());
            if planned > config || (counts && planned != config) {
                count(config, planned, place, problems);
            }
        }
        (Value::Map(config), Value::Map(planned)) => {
            for key in config.keys().filter(|key| !planned.contains_key(*key)) {
                problems.add(&Place::Key(place, key), "is configured, but not planned");
            }
            for key in planned.keys().filter(|key| !config.contains_key(*key)) {
                problems.add(&Place::Key(place, key), "is planned, but not configured");
            }
        }
        _ => {}
    }
}

fn count(config: usize, planned: usize, place: &Place<'_>, problems: &mut Problems) {
    problems.add(
        place,
        format_args!("{planned} are planned, but {config} configured"),
    );
}

/// Calls `each` with what belongs together in lists and maps: by position and by key.
fn elementwise(
    prior: &Value,
    config: &Value,
    planned: &Value,
    place: &Place<'_>,
    each: &mut dyn FnMut(&Value, &Value, &Value, &Place<'_>),
) {
    match (config, planned) {
        (Value::List(configured), Value::List(elements)) => {
            for (index, (config, planned)) in configured.iter().zip(elements).enumerate() {
                let place = Place::Index(place, index);
                each(at(prior, index), config, planned, &place);
            }
        }
        (Value::Map(configured), Value::Map(elements)) => {
            for (key, planned) in elements {
                if let Some(config) = configured.get(key) {
                    each(entry(prior, key), config, planned, &Place::Key(place, key));
                }
            }
        }
        _ => {}
    }
}

fn attributes(
    attributes: &Attributes,
    prior: &Value,
    config: &Value,
    planned: &Value,
    place: &Place<'_>,
    problems: &mut Problems,
) {
    for (name, shape) in attributes {
        attribute(
            shape,
            entry(prior, name),
            entry(config, name),
            entry(planned, name),
            &Place::Name(place, name),
            problems,
        );
    }
}

fn attribute(
    shape: &AttributeShape,
    prior: &Value,
    config: &Value,
    planned: &Value,
    place: &Place<'_>,
    problems: &mut Problems,
) {
    if shape.write_only {
        if !is_null(planned) {
            problems.add(place, "is write-only, and planned all the same");
        }
        return;
    }
    // Verbatim, which is always right.
    if planned == config {
        return;
    }
    if is_unknown(config) {
        problems.add(place, "is configured unknown, but planned known");
        return;
    }
    let keeps_prior = planned == prior && !is_null(prior) && !is_null(config);
    let is_the_providers = shape.is_computed_only() || (shape.computed && is_null(config));
    if keeps_prior || is_the_providers {
        return;
    }
    if let AttributeKind::Nested(nesting, inner) = &shape.kind {
        nested_attribute(*nesting, inner, prior, config, planned, place, problems);
    } else if is_null(prior) {
        problems.add(
            place,
            format_args!("planned {planned:?}, but configured {config:?}"),
        );
    } else {
        problems.add(
            place,
            format_args!("planned {planned:?}, neither configured {config:?} nor prior {prior:?}"),
        );
    }
}

fn nested_attribute(
    nesting: Nesting,
    inner: &Attributes,
    prior: &Value,
    config: &Value,
    planned: &Value,
    place: &Place<'_>,
    problems: &mut Problems,
) {
    if !same_presence(config, planned, place, problems) || is_null(planned) {
        return;
    }
    if is_unknown(planned) {
        problems.add(place, "is configured, but planned unknown");
        return;
    }
    let mut each = |prior: &Value, config: &Value, planned: &Value, place: &Place<'_>| {
        if !same_presence(config, planned, place, problems) || planned == config {
            return;
        }
        if is_unknown(config) || is_unknown(planned) {
            problems.add(place, "is unknown in one of configuration and plan");
            return;
        }
        attributes(inner, prior, config, planned, place, problems);
    };
    match nesting {
        Nesting::Single | Nesting::Group => each(prior, config, planned, place),
        Nesting::List | Nesting::Map => elementwise(prior, config, planned, place, &mut each),
        // Only their number is checked: nothing tells which one is which.
        Nesting::Set => {}
    }
    same_elements(config, planned, place, problems);
    // Nothing below a set is looked at, except what must never be stored.
    if let (Nesting::Set, Value::Set(elements)) = (nesting, planned) {
        for element in elements {
            for (name, shape) in inner.iter().filter(|(_, shape)| shape.write_only) {
                let place = Place::Element(place);
                attribute(shape, NULL, NULL, entry(element, name), &place, problems);
            }
        }
    }
}
