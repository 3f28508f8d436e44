//! Which changes make a new object.

use std::collections::BTreeSet;

use super::elements::{Members, NULL, at};
use crate::plugin::schema::{Attribute, Block, Kind, Mode, Nesting};
use crate::plugin::value::{Path, Value};

/// The attributes that make a new object and that differ between both states.
pub fn replaced_attributes(block: &Block, prior_state: &Value, planned_state: &Value) -> Vec<Path> {
    let mut paths = Vec::new();
    in_object(
        Members::of(block),
        prior_state,
        planned_state,
        &Path::default(),
        &mut paths,
    );
    paths
}

fn in_object(
    members: Members<'_>,
    prior: &Value,
    planned: &Value,
    path: &Path,
    paths: &mut Vec<Path>,
) {
    if planned.is_unknown() {
        return;
    }
    for attribute in members.attributes {
        // An import or a move can leave out what the configuration must give, until a read has seen it.
        let is_unseen = attribute.mode == Mode::Required
            && matches!(prior, Value::Object(_))
            && prior.get(attribute.name).is_null();
        let (prior, planned) = (prior.get(attribute.name), planned.get(attribute.name));
        let path = path.join_attribute(attribute.name);
        if attribute.requires_replace && !is_unseen && !may_be(planned, prior) {
            paths.push(path);
        } else if let Kind::Nested(nesting, inner) = &attribute.kind {
            let members = Members::attributes(inner);
            in_elements(*nesting, members, prior, planned, &path, paths);
        }
    }
    for nested in members.blocks {
        let (prior, planned) = (prior.get(nested.name), planned.get(nested.name));
        let (members, path) = (Members::of(&nested.block), path.join_attribute(nested.name));
        in_elements(nested.nesting, members, prior, planned, &path, paths);
    }
}

fn in_elements(
    nesting: Nesting,
    members: Members<'_>,
    prior: &Value,
    planned: &Value,
    path: &Path,
    paths: &mut Vec<Path>,
) {
    if planned.is_unknown() {
        return;
    }
    match nesting {
        Nesting::Single | Nesting::Group => in_object(members, prior, planned, path, paths),
        Nesting::List => {
            let length = prior.elements().len().max(planned.elements().len());
            for index in 0..length {
                let (prior, planned) = (at(prior, index), at(planned, index));
                in_object(members, prior, planned, &path.join_index(index), paths);
            }
        }
        Nesting::Map => {
            let entries = [prior, planned].into_iter().filter_map(Value::entries);
            let keys: BTreeSet<&String> = entries.flat_map(|entries| entries.keys()).collect();
            for key in keys {
                let (prior, planned) = (prior.get(key), planned.get(key));
                in_object(members, prior, planned, &path.join_key(key), paths);
            }
        }
        // Elements of sets have no path of their own.
        Nesting::Set => {
            let prior: Vec<&Value> = prior.elements().iter().collect();
            let planned: Vec<&Value> = planned.elements().iter().collect();
            if differs_in_sets(members, &prior, &planned) {
                paths.push(path.clone());
            }
        }
    }
}

/// Whether the values of an attribute that makes a new object are others, taken over all elements.
fn differs_in_sets(members: Members<'_>, prior: &[&Value], planned: &[&Value]) -> bool {
    if planned.iter().any(|element| element.is_unknown()) {
        return false;
    }
    let differs = |attribute: &Attribute| {
        let (prior, planned) = (
            values(attribute.name, prior),
            values(attribute.name, planned),
        );
        if attribute.requires_replace {
            let is_known = planned.iter().all(|value| value.is_wholly_known());
            return is_known && BTreeSet::from_iter(prior) != BTreeSet::from_iter(planned);
        }
        matches!(&attribute.kind, Kind::Nested(_, inner)
            if differs_in_sets(Members::attributes(inner), &objects(&prior), &objects(&planned)))
    };
    members.attributes.iter().any(differs)
        || members.blocks.iter().any(|nested| {
            let prior = objects(&values(nested.name, prior));
            let planned = objects(&values(nested.name, planned));
            differs_in_sets(Members::of(&nested.block), &prior, &planned)
        })
}

fn values<'a>(name: &str, objects: &[&'a Value]) -> Vec<&'a Value> {
    objects.iter().map(|object| object.get(name)).collect()
}

/// All objects in these values, be they single or in collections; what is unknown stays as it is.
fn objects<'a>(values: &[&'a Value]) -> Vec<&'a Value> {
    let mut objects = Vec::new();
    for value in values {
        match value {
            Value::List(elements) | Value::Set(elements) => objects.extend(elements),
            Value::Map(entries) => objects.extend(entries.values()),
            Value::Object(_) | Value::Unknown => objects.push(*value),
            _ => {}
        }
    }
    objects
}

/// Whether a planned value may still turn out to be the prior one.
fn may_be(planned: &Value, prior: &Value) -> bool {
    match (planned, prior) {
        (planned, _) if planned.is_unknown() => true,
        (Value::List(planned), Value::List(prior)) => {
            planned.len() == prior.len()
                && planned
                    .iter()
                    .zip(prior)
                    .all(|(planned, prior)| may_be(planned, prior))
        }
        (Value::Map(planned), Value::Map(prior))
        | (Value::Object(planned), Value::Object(prior)) => {
            planned.len() == prior.len()
                && planned
                    .iter()
                    .all(|(key, planned)| may_be(planned, prior.get(key).unwrap_or(NULL)))
        }
        // Elements that become known may be any, and several of them one.
        (Value::Set(elements), Value::Set(prior)) if !planned.is_wholly_known() => {
            elements.len() >= prior.len()
                && elements
                    .iter()
                    .all(|planned| prior.iter().any(|prior| may_be(planned, prior)))
        }
        (Value::Dynamic(planned_type, planned), Value::Dynamic(prior_type, prior)) => {
            planned_type == prior_type && may_be(planned, prior)
        }
        _ => planned == prior,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::schema::NestedBlock;
    use crate::plugin::value::Type;

    fn block(nesting: Nesting) -> Block {
        let size = vec![
            Attribute::required("size", Type::Number).requires_replace(),
            Attribute::optional("note", Type::String),
        ];
        let block = Block {
            attributes: size,
            ..Block::default()
        };
        Block {
            blocks: vec![NestedBlock::new("disk", nesting, block)],
            ..Block::default()
        }
    }

    fn disk(size: i64, note: &str) -> Value {
        Value::object([("size", Value::integer(Some(size))), ("note", note.into())])
    }

    #[track_caller]
    fn check(nesting: Nesting, prior: Value, planned: Value, expected: &[&str]) {
        let [prior, planned] = [prior, planned].map(|disks| Value::object([("disk", disks)]));
        let paths = replaced_attributes(&block(nesting), &prior, &planned);
        let paths: Vec<String> = paths.iter().map(Path::to_string).collect();
        assert_eq!(paths, expected);
    }

    #[test]
    fn nested_attributes_replace_the_whole_object() {
        let list = |sizes: &[i64]| Value::List(sizes.iter().map(|size| disk(*size, "")).collect());
        check(Nesting::List, list(&[1, 2]), list(&[1, 2]), &[]);
        check(
            Nesting::List,
            list(&[1, 2]),
            list(&[1, 3]),
            &["disk[1].size"],
        );
        check(Nesting::List, list(&[1]), list(&[1, 2]), &["disk[1].size"]);
        check(Nesting::List, list(&[1, 2]), list(&[1]), &["disk[1].size"]);
        check(Nesting::List, list(&[1, 2]), Value::Unknown, &[]);
        let map = |size| Value::Map([("k".to_owned(), disk(size, ""))].into_iter().collect());
        check(Nesting::Map, map(1), map(2), &["disk[\"k\"].size"]);
        check(Nesting::Group, disk(1, "a"), disk(1, "b"), &[]);
        check(Nesting::Group, disk(1, "a"), disk(2, "a"), &["disk.size"]);
        let unseen = Value::object([("size", Value::Null), ("note", "a".into())]);
        check(Nesting::Group, unseen, disk(2, "a"), &[]);
    }

    #[test]
    fn sets_replace_by_the_values_that_matter_alone() {
        let set = |disks: &[Value]| Value::set(disks.to_vec());
        let prior = || set(&[disk(1, "a"), disk(2, "b")]);
        check(
            Nesting::Set,
            prior(),
            set(&[disk(1, "c"), disk(2, "b")]),
            &[],
        );
        check(
            Nesting::Set,
            prior(),
            set(&[disk(1, "a"), disk(3, "b")]),
            &["disk"],
        );
        let unknown = Value::object([("size", Value::Unknown), ("note", "b".into())]);
        check(Nesting::Set, prior(), set(&[disk(1, "a"), unknown]), &[]);
    }

    #[test]
    fn what_may_turn_out_the_same_replaces_nothing() {
        #[track_caller]
        fn check(planned: Value, prior: Value, expected: bool) {
            assert_eq!(may_be(&planned, &prior), expected);
        }
        let list = |first: Value| Value::List(vec![first, "b".into()]);
        check(Value::Unknown, Value::Null, true);
        check(list(Value::Unknown), list("a".into()), true);
        check(Value::List(vec![Value::Unknown]), list("a".into()), false);
        check(list("x".into()), list("a".into()), false);
        let set = |first: Value| Value::set(vec![first, "b".into()]);
        check(set(Value::Unknown), set("a".into()), true);
        check(set("x".into()), set("a".into()), false);
        let open = Value::Dynamic(Box::new(Type::String), Box::new(Value::Unknown));
        check(open, Value::Null, true);
    }
}
