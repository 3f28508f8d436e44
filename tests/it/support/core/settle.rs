//! What core makes of the answer to an apply: what is saved, what is tainted, what is lost.

use azrestorepoint::plugin::value::Value;

use super::super::oracle::{self, Shape};

/// An object in the state.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Object {
    pub(crate) value: Value,
    pub(crate) private: Vec<u8>,
    /// Null where there is none.
    pub(crate) identity: Value,
    pub(crate) is_tainted: bool,
}

/// What an apply was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Create,
    Update,
    Delete,
}

/// The answer to an apply, as far as the state depends on it.
pub(crate) struct Answer {
    pub(crate) value: Value,
    pub(crate) private: Vec<u8>,
    pub(crate) identity: Value,
    pub(crate) failed: bool,
}

/// What is in the state then, and what was wrong with the answer.
pub(crate) struct Settled {
    pub(crate) object: Option<Object>,
    pub(crate) problems: Vec<String>,
}

/// Settles the answer. There is none where the call ended in a gRPC error, such as a crash.
pub(crate) fn settle(
    shape: &Shape,
    change: Change,
    prior: Option<Object>,
    planned: &Value,
    answer: Option<Answer>,
) -> Settled {
    let mut problems = Vec::new();
    let Answer {
        value,
        private,
        identity,
        mut failed,
    } = answer.unwrap_or_else(|| Answer {
        // The prior value is all that core knows. Of an update it takes the private data,
        // too, as they came: not at all. A delete it takes for not done.
        value: match (&prior, change) {
            (Some(object), Change::Update) => object.value.clone(),
            _ => Value::Null,
        },
        private: Vec::new(),
        identity: match (&prior, change) {
            (Some(object), Change::Update) => object.identity.clone(),
            _ => Value::Null,
        },
        failed: true,
    });
    if stores_write_only(shape, &value) {
        problems.push("something write-only would be stored".to_owned());
        // Core gives up here, whatever there was.
        return Settled {
            object: None,
            problems,
        };
    }
    if !value.is_wholly_known() {
        problems.push("something is still unknown".to_owned());
    }
    let value = value.without_unknowns();
    if change == Change::Delete {
        if !value.is_null() && !failed {
            problems.push("an object and no error came of a delete".to_owned());
        }
    } else if !failed {
        if value.is_null() {
            problems.push("neither an object nor an error came of it".to_owned());
        } else {
            problems.extend(oracle::assert_object_compatible(shape, planned, &value));
        }
    }
    failed |= !problems.is_empty();
    let object = match (value.is_null(), failed) {
        (true, true) => prior,
        (true, false) => None,
        (false, _) => Some(Object {
            value,
            private,
            identity,
            is_tainted: match change {
                Change::Create => failed,
                Change::Update => false,
                Change::Delete => prior.is_some_and(|object| object.is_tainted),
            },
        }),
    };
    Settled { object, problems }
}

fn stores_write_only(shape: &Shape, value: &Value) -> bool {
    let mut attributes = shape.attributes.iter();
    attributes.any(|(name, attribute)| attribute.write_only && !value.get(name).is_null())
}
