//! Whether a result is one that its plan allows, and a second plan one that the first allows.

use azrestorepoint::plugin::value::Value;

use super::{
    AttributeKind, Attributes, Nesting, Place, Problems, Shape, conforms, entry, is_null,
    is_unknown,
};

/// Checks a new state against the plan, as Terraform does after every apply without an error.
///
/// What the plan knew is as it was; what it did not know is known.
pub(crate) fn assert_object_compatible(
    shape: &Shape,
    planned: &Value,
    actual: &Value,
) -> Vec<String> {
    let mut problems = Problems::default();
    conforms(&shape.ty(), actual, &Place::Root, &mut problems);
    if !actual.is_wholly_known() {
        problems.add(&Place::Root, "something is still unknown after the apply");
    }
    no_write_only(shape, actual, &Place::Root, &mut problems);
    compatible(planned, actual, &Place::Root, &mut problems);
    problems.0
}

/// Checks the plan that Terraform asks for in the apply against the one that the user has seen.
///
/// What was known stays; what was unknown may have become known; an update may
/// have become nothing, and no action any other.
pub(crate) fn final_plan_consistent(
    shape: &Shape,
    prior: &Value,
    first_planned: &Value,
    second_planned: &Value,
) -> Vec<String> {
    let mut problems = Problems::default();
    conforms(&shape.ty(), second_planned, &Place::Root, &mut problems);
    no_write_only(shape, second_planned, &Place::Root, &mut problems);
    compatible(first_planned, second_planned, &Place::Root, &mut problems);
    if !is_null(prior) && first_planned == prior && second_planned != prior {
        problems.add(&Place::Root, "no change has become an update");
    }
    problems.0
}

fn compatible(planned: &Value, actual: &Value, place: &Place<'_>, problems: &mut Problems) {
    if let (Value::Dynamic(expected, _), Value::Dynamic(found, _)) = (planned, actual)
        && expected != found
    {
        problems.add(
            place,
            format_args!("was a {}, is now a {}", expected.to_json(), found.to_json()),
        );
        return;
    }
    if matches!(planned, Value::Dynamic(..)) && !matches!(actual, Value::Dynamic(..)) {
        problems.add(place, "has lost the type that was planned");
        return;
    }
    if is_unknown(planned) {
        return;
    }
    if is_unknown(actual) {
        problems.add(place, "was known, but is now unknown");
        return;
    }
    match (is_null(planned), is_null(actual)) {
        (true, true) => return,
        (true, false) => {
            problems.add(place, format_args!("was null, but is now {actual:?}"));
            return;
        }
        (false, true) => {
            problems.add(place, format_args!("was {planned:?}, but is now null"));
            return;
        }
        (false, false) => {}
    }
    match (planned, actual) {
        (Value::List(planned), Value::List(actual)) => {
            if planned.len() != actual.len() {
                let (planned, actual) = (planned.len(), actual.len());
                problems.add(place, format_args!("had {planned} elements, now {actual}"));
            }
            for (index, (planned, actual)) in planned.iter().zip(actual).enumerate() {
                compatible(planned, actual, &Place::Index(place, index), problems);
            }
        }
        (Value::Map(planned_entries), Value::Map(entries))
        | (Value::Object(planned_entries), Value::Object(entries)) => {
            for (key, planned) in planned_entries {
                let place = Place::Key(place, key);
                match entries.get(key) {
                    Some(actual) => compatible(planned, actual, &place, problems),
                    None => problems.add(&place, "has vanished"),
                }
            }
            for key in entries
                .keys()
                .filter(|key| !planned_entries.contains_key(*key))
            {
                problems.add(&Place::Key(place, key), "has appeared");
            }
        }
        (Value::Set(planned), Value::Set(actual)) => sets(planned, actual, place, problems),
        (Value::Dynamic(_, planned), Value::Dynamic(_, actual)) => {
            compatible(planned, actual, place, problems);
        }
        _ if planned != actual => {
            problems.add(
                place,
                format_args!("was {planned:?}, but is now {actual:?}"),
            );
        }
        _ => {}
    }
}

/// Elements that became known may have become equal, so a set may shrink; each
/// element has at least one partner on the other side.
fn sets(planned: &[Value], actual: &[Value], place: &Place<'_>, problems: &mut Problems) {
    if actual.len() > planned.len() {
        let (planned, actual) = (planned.len(), actual.len());
        problems.add(place, format_args!("has grown from {planned} to {actual}"));
    }
    let pair = |planned: &Value, actual: &Value| {
        let mut found = Problems::default();
        compatible(planned, actual, place, &mut found);
        found.0.is_empty()
    };
    for element in planned {
        if !actual.iter().any(|actual| pair(element, actual)) {
            problems.add(
                place,
                format_args!("the planned element {element:?} is gone"),
            );
        }
    }
    for element in actual {
        if !planned.iter().any(|planned| pair(planned, element)) {
            problems.add(
                place,
                format_args!("nobody planned the element {element:?}"),
            );
        }
    }
}

fn no_write_only(shape: &Shape, value: &Value, place: &Place<'_>, problems: &mut Problems) {
    no_write_only_attributes(&shape.attributes, value, place, problems);
    for (name, block) in &shape.blocks {
        each_object(
            block.nesting,
            entry(value, name),
            &Place::Name(place, name),
            &mut |value, place| no_write_only(&block.shape, value, place, problems),
        );
    }
}

fn no_write_only_attributes(
    attributes: &Attributes,
    value: &Value,
    place: &Place<'_>,
    problems: &mut Problems,
) {
    for (name, shape) in attributes {
        let (value, place) = (entry(value, name), Place::Name(place, name));
        if shape.write_only && !is_null(value) {
            problems.add(&place, "is write-only, and stored all the same");
        } else if let AttributeKind::Nested(nesting, inner) = &shape.kind {
            each_object(*nesting, value, &place, &mut |value, place| {
                no_write_only_attributes(inner, value, place, problems);
            });
        }
    }
}

fn each_object(
    nesting: Nesting,
    value: &Value,
    place: &Place<'_>,
    each: &mut dyn FnMut(&Value, &Place<'_>),
) {
    match (nesting, value) {
        (Nesting::Single | Nesting::Group, value) => each(value, place),
        (_, Value::List(elements)) => {
            for (index, element) in elements.iter().enumerate() {
                each(element, &Place::Index(place, index));
            }
        }
        (_, Value::Set(elements)) => {
            for element in elements {
                each(element, &Place::Element(place));
            }
        }
        (_, Value::Map(entries)) => {
            for (key, element) in entries {
                each(element, &Place::Key(place, key));
            }
        }
        _ => {}
    }
}
