//! The life of one object: planned, planned again in the apply, applied.

use azrestorepoint::plugin::plan::{PlannedChange, plan, without_write_only};
use azrestorepoint::plugin::schema::Block;
use azrestorepoint::plugin::value::Value;

use crate::objects::{self, Purpose};
use crate::oracle::{Shape, proposed_new};
use crate::schemas;
use crate::tape::Tape;

/// A schema, and both ends of a change.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) block: Block,
    pub(crate) shape: Shape,
    pub(crate) prior: Value,
    pub(crate) config: Value,
}

impl Case {
    /// A create, or an update of a random state.
    pub(crate) fn new(tape: &mut Tape) -> Self {
        let block = schemas::block(tape);
        let prior = if tape.once_in(3) {
            Value::Null
        } else {
            objects::object(tape, &block, &Value::Null, Purpose::State)
        };
        let config = objects::object(tape, &block, &prior, Purpose::Config);
        let shape = Shape::of(&block);
        Self {
            block,
            shape,
            prior,
            config,
        }
    }

    /// The plan, as Terraform asks for it.
    pub(crate) fn plan(&self) -> PlannedChange {
        self.plan_from(&self.prior, &self.config)
    }

    /// The plan of another change of the same schema.
    pub(crate) fn plan_from(&self, prior: &Value, config: &Value) -> PlannedChange {
        let proposed = proposed_new(&self.shape, prior, config);
        plan(&self.block, prior, &proposed, config)
    }

    /// The configuration as it is when it is applied: known.
    pub(crate) fn known_config(&self, tape: &mut Tape) -> Value {
        objects::resolved(tape, &self.block, &self.config, &self.prior)
    }

    /// The state after a provider has given what the plan left to it.
    pub(crate) fn applied(&self, tape: &mut Tape, planned: &Value) -> Value {
        let given = objects::given(tape, &self.block, planned);
        without_write_only(&self.block, given)
    }

    /// What to show of a case that breaks a property.
    pub(crate) fn broken(&self, planned: &Value, problems: &impl std::fmt::Debug) -> String {
        let Self { prior, config, .. } = self;
        let block = brief(&self.block);
        format!(
            "{problems:#?}\nblock: {block}\nprior: {prior:?}\nconfig: {config:?}\nplanned: {planned:?}"
        )
    }
}

/// The schema on one line, with what is not set left out.
fn brief(block: &Block) -> String {
    let mut text = format!("{block:?}");
    for unset in [
        "description: \"\"",
        "deprecation_message: \"\"",
        "sensitive: false",
        "write_only: false",
        "requires_replace: false",
        "use_state_for_unknown: false",
        "default: None",
        "equivalence: None",
        "blocks: []",
    ] {
        text = text.replace(&format!(", {unset}"), "");
    }
    text
}

/// Whether both have as many elements in each set. Two elements that become one
/// leave a configuration with more elements than its state, which stays a change.
pub(crate) fn has_the_same_sets(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Set(one), Value::Set(other)) => one.len() == other.len(),
        (Value::List(one), Value::List(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| has_the_same_sets(one, other))
        }
        (Value::Map(one), Value::Map(other)) | (Value::Object(one), Value::Object(other)) => {
            one.keys().eq(other.keys())
                && one
                    .values()
                    .zip(other.values())
                    .all(|(one, other)| has_the_same_sets(one, other))
        }
        (Value::Dynamic(_, one), Value::Dynamic(_, other)) => has_the_same_sets(one, other),
        _ => true,
    }
}
