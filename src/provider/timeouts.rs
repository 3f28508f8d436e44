//! The `timeouts` block of a resource or a data source.

use std::time::Duration;

use crate::plugin::diagnostics::{Diagnostic, Diagnostics};
use crate::plugin::schema::{Attribute, Block, NestedBlock};
use crate::plugin::value::{Path, Type, Value};
use crate::provider::duration;

const NAME: &str = "timeouts";

/// How long each operation of a resource may take where the configuration says nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    /// For create.
    pub(crate) create: Duration,
    /// For read.
    pub(crate) read: Duration,
    /// For update.
    pub(crate) update: Duration,
    /// For delete.
    pub(crate) delete: Duration,
}

impl Timeouts {
    /// The block with its four arguments, each with its default in the description.
    pub(crate) fn block(&self) -> NestedBlock {
        block(vec![
            attribute("create", self.create, "creating it"),
            attribute("delete", self.delete, "deleting it"),
            attribute("read", self.read, "reading it"),
            attribute("update", self.update, "updating it"),
        ])
    }

    /// The defaults, overridden by what a configuration or a state says.
    ///
    /// What it says was validated before; text that is no duration counts as nothing said.
    pub(crate) fn of(&self, object: &Value) -> Self {
        let given = |name, default| given(object, name).unwrap_or(default);
        Self {
            create: given("create", self.create),
            read: given("read", self.read),
            update: given("update", self.update),
            delete: given("delete", self.delete),
        }
    }
}

/// How long a data source may take where the configuration says nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadTimeout(pub(crate) Duration);

impl ReadTimeout {
    /// The block with its one argument.
    pub(crate) fn block(self) -> NestedBlock {
        block(vec![attribute("read", self.0, "reading it")])
    }

    /// The default, overridden by what a configuration says; see [`Timeouts::of`].
    pub(crate) fn of(self, config: &Value) -> Duration {
        given(config, "read").unwrap_or(self.0)
    }
}

fn block(attributes: Vec<Attribute>) -> NestedBlock {
    NestedBlock::single(
        NAME,
        Block {
            attributes,
            blocks: Vec::new(),
            description: "How long each operation may take, such as `90m` or `48h`.".to_owned(),
        },
    )
}

fn attribute(name: &'static str, default: Duration, what: &str) -> Attribute {
    Attribute::optional(name, Type::String).description(format!(
        "(Defaults to {}) Used when {what}.",
        in_words(default)
    ))
}

fn given(object: &Value, name: &str) -> Option<Duration> {
    let text = object.get(NAME).get(name).as_str()?;
    duration::parse(text).ok()
}

/// Checks the durations of a `timeouts` block, each on its own attribute.
pub(crate) fn validate(config: &Value) -> Diagnostics {
    let path = Path::attribute(NAME);
    ["create", "delete", "read", "update"]
        .into_iter()
        .filter_map(|name| {
            let text = config.get(NAME).get(name).as_str()?;
            let problem = match duration::parse(text) {
                Ok(duration) if duration.is_zero() => {
                    "a timeout of zero leaves no time to do anything".to_owned()
                }
                Ok(_) => return None,
                Err(problem) => problem,
            };
            let summary = format!("Invalid {name} timeout");
            Some(
                Diagnostic::error(summary, format!("{text:?}: {problem}."))
                    .at(path.join_attribute(name)),
            )
        })
        .collect()
}

fn in_words(duration: Duration) -> String {
    let minutes = duration.as_secs() / 60;
    match (minutes / 60, minutes % 60) {
        (1, 0) => "1 hour".to_owned(),
        (0, minutes) => format!("{minutes} minutes"),
        (hours, 0) => format!("{hours} hours"),
        (hours, minutes) => format!("{hours} hours {minutes} minutes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULTS: Timeouts = Timeouts {
        create: Duration::from_secs(48 * 3600),
        read: Duration::from_secs(300),
        update: Duration::from_secs(1800),
        delete: Duration::from_secs(3600),
    };

    fn object(pairs: &[(&str, &str)]) -> Value {
        let block = Value::object(pairs.iter().map(|(name, text)| (*name, Value::from(*text))));
        Value::object([(NAME, block)])
    }

    #[test]
    fn what_is_given_overrides_the_default() {
        let timeouts = DEFAULTS.of(&object(&[("create", "2s")]));
        assert_eq!(timeouts.create, Duration::from_secs(2));
        assert_eq!(timeouts.delete, DEFAULTS.delete);
        assert_eq!(
            DEFAULTS.of(&Value::object([(NAME, Value::Null)])).read,
            DEFAULTS.read
        );
    }

    #[test]
    fn bad_durations_are_named_where_they_stand() {
        let diagnostics = validate(&object(&[
            ("create", "2d"),
            ("read", "0s"),
            ("update", "5m"),
        ]));
        let paths: Vec<_> = diagnostics
            .iter()
            .map(|found| found.attribute.as_ref().expect("a path").to_string())
            .collect();
        assert_eq!(paths, ["timeouts.create", "timeouts.read"]);
    }

    #[test]
    fn the_defaults_stand_in_the_descriptions() {
        let block = DEFAULTS.block().block;
        assert_eq!(
            block.attributes[0].description,
            "(Defaults to 48 hours) Used when creating it."
        );
        assert_eq!(
            block.attributes[1].description,
            "(Defaults to 1 hour) Used when deleting it."
        );
    }
}
