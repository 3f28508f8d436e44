//! Which restore points of a collection count: the filters that a user can give.

use regex_lite::Regex;
use time::OffsetDateTime;

use crate::arm::compute::models::instant;
use crate::plugin::diagnostics::Diagnostic;
use crate::plugin::schema::Attribute;
use crate::plugin::value::{Path, Type, Value};
use crate::provider::validators;

/// The arguments.
pub(crate) const ARGUMENTS: [&str; 4] = [
    "consistency_mode",
    "created_after",
    "created_before",
    "name_regex",
];

/// How consistent a restore point can be.
const CONSISTENCY_MODES: [&str; 3] = [
    "ApplicationConsistent",
    "FileSystemConsistent",
    "CrashConsistent",
];

/// Which restore points count; all of them where nothing is asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) consistency_mode: Option<String>,
    pub(crate) name: Option<Regex>,
    pub(crate) created_after: Option<OffsetDateTime>,
    pub(crate) created_before: Option<OffsetDateTime>,
}

impl Filter {
    /// What the arguments say. They were validated before; what is not known counts as not given.
    pub(crate) fn of(config: &Value) -> Self {
        let text = |argument| config.get(argument).as_str();
        Self {
            consistency_mode: text("consistency_mode").map(str::to_owned),
            name: text("name_regex").and_then(|pattern| Regex::new(pattern).ok()),
            created_after: text("created_after").and_then(instant),
            created_before: text("created_before").and_then(instant),
        }
    }

    /// Whether the restore point with this name, time and consistency counts. Of what has no
    /// time nobody can say when it was created.
    pub(crate) fn matches(
        &self,
        name: &str,
        time: Option<OffsetDateTime>,
        consistency_mode: Option<&str>,
    ) -> bool {
        let mode = self.consistency_mode.as_deref();
        let found = consistency_mode.unwrap_or_default();
        mode.is_none_or(|mode| mode.eq_ignore_ascii_case(found))
            && self
                .name
                .as_ref()
                .is_none_or(|pattern| pattern.is_match(name))
            && self
                .created_after
                .is_none_or(|after| time.is_some_and(|time| time > after))
            && self
                .created_before
                .is_none_or(|before| time.is_some_and(|time| time < before))
    }
}

/// The arguments of something that does this to restore points, such as `Copies`.
pub(crate) fn attributes(does: &str) -> [Attribute; 4] {
    let text = |name, which: &str| {
        Attribute::optional(name, Type::String)
            .description(format!("{does} only restore points {which}"))
    };
    [
        text(
            "consistency_mode",
            "of this consistency: `ApplicationConsistent`, `FileSystemConsistent` or `CrashConsistent`.",
        ),
        text(
            "created_after",
            "that were created after this time (RFC 3339).",
        ),
        text(
            "created_before",
            "that were created before this time (RFC 3339).",
        ),
        text("name_regex", "whose name matches this regular expression."),
    ]
}

/// Each problem on its argument.
pub(crate) fn validate(config: &Value) -> impl Iterator<Item = Diagnostic> {
    [
        validators::one_of(config, "consistency_mode", &CONSISTENCY_MODES),
        time(config, "created_after"),
        time(config, "created_before"),
        name_regex(config),
    ]
    .into_iter()
    .flatten()
}

fn time(config: &Value, argument: &str) -> Option<Diagnostic> {
    let text = config.get(argument).as_str()?;
    let is_time = instant(text).is_some();
    (!is_time).then(|| {
        invalid(
            argument,
            format!("{text:?} is not a time of RFC 3339, such as \"2026-11-16T01:00:00Z\"."),
        )
    })
}

fn name_regex(config: &Value) -> Option<Diagnostic> {
    let pattern = config.get("name_regex").as_str()?;
    let error = Regex::new(pattern).err()?;
    Some(invalid(
        "name_regex",
        format!("{pattern:?} is not a regular expression: {error}."),
    ))
}

fn invalid(argument: &str, detail: String) -> Diagnostic {
    Diagnostic::error(format!("Invalid {argument}"), detail).at(Path::attribute(argument))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restore_point_counts_if_it_passes_every_filter() {
        #[track_caller]
        fn check(arguments: &[(&str, &str)], expected: bool) {
            let arguments = arguments
                .iter()
                .map(|(name, text)| (*name, Value::from(*text)));
            let filter = Filter::of(&Value::object(arguments));
            let time = instant("2026-11-16T01:00:00Z");
            let found = filter.matches("nightly-7", time, Some("crashConsistent"));
            assert_eq!(found, expected, "{filter:?}");
        }
        check(&[], true);
        check(&[("consistency_mode", "CrashConsistent")], true);
        check(&[("consistency_mode", "ApplicationConsistent")], false);
        check(&[("name_regex", "^nightly-\\d$")], true);
        check(&[("name_regex", "^\\d")], false);
        // The same instant is neither before nor after, however it is written.
        check(&[("created_after", "2026-11-16T02:00:00+01:00")], false);
        check(&[("created_before", "2026-11-16T02:00:00+01:00")], false);
        check(&[("created_after", "2026-11-16T02:00:00+02:00")], true);
        check(&[("created_before", "2026-11-15T23:00:00-03:00")], true);
        check(
            &[
                ("created_after", "2026-11-16T00:00:00Z"),
                ("name_regex", "x"),
            ],
            false,
        );
    }

    #[test]
    fn without_a_time_it_is_neither_before_nor_after() {
        let filter = Filter {
            created_after: instant("2026-11-16T01:00:00Z"),
            ..Filter::default()
        };
        assert!(!filter.matches("a", None, None));
        assert!(Filter::default().matches("a", None, None));
    }
}
