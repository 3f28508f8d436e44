//! Checks of a mirror's arguments, before anything is sent to Azure.

use crate::arm::resource_id;
use crate::plugin::diagnostics::{Diagnostic, Diagnostics};
use crate::plugin::value::{Path, Value};
use crate::provider::{encryption, equivalence, filter, timeouts, validators};

use super::schema;

const TARGET: &str = "restore_point_collection_id";
const SOURCE: &str = "source_restore_point_collection_id";

/// Each problem on its argument.
pub(super) fn validate(config: &Value) -> Diagnostics {
    let mut diagnostics: Diagnostics = [
        validators::collection_id(config, TARGET),
        validators::collection_id(config, SOURCE),
        validators::one_of(config, "catch_up", &schema::CATCH_UP),
        keep_newest(config),
        pinned(config),
        onto_itself(config),
    ]
    .into_iter()
    .flatten()
    .chain(filter::validate(config))
    .collect();
    diagnostics.append(encryption::validate(config));
    diagnostics.append(timeouts::validate(config));
    diagnostics
}

fn invalid(argument: &str, detail: String) -> Diagnostic {
    Diagnostic::error(format!("Invalid {argument}"), detail).at(Path::attribute(argument))
}

fn keep_newest(config: &Value) -> Option<Diagnostic> {
    let Value::Number(number) = config.get("keep_newest") else {
        return None;
    };
    let is_count = number.as_i64().is_some_and(|number| number >= 1);
    (!is_count).then(|| {
        invalid(
            "keep_newest",
            "It has to be a whole number, at least 1: a mirror never deletes its newest usable copy. Leave it out to \
             keep all."
                .to_owned(),
        )
    })
}

fn pinned(config: &Value) -> Option<Diagnostic> {
    let names = config.get("pinned").elements().iter();
    let error = names
        .filter_map(Value::as_str)
        .find_map(|name| resource_id::name("restore point", name).err())?;
    Some(invalid("pinned", format!("{error}.")))
}

fn onto_itself(config: &Value) -> Option<Diagnostic> {
    let (target, source) = (config.get(TARGET), config.get(SOURCE));
    equivalence::resource_id(target, source).then(|| {
        invalid(
            SOURCE,
            "It is the target itself. A mirror copies the restore points of one collection into another, in another \
             region."
                .to_owned(),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_problem_is_told_on_its_argument() {
        let id = |name: &str| {
            Value::from(format!(
                "/subscriptions/11111111-1111-1111-1111-111111111111/resourceGroups/g/providers/Microsoft.Compute/\
                 restorePointCollections/{name}"
            ))
        };
        let good = Value::object([
            (TARGET, id("dr")),
            (SOURCE, id("web")),
            ("catch_up", "all".into()),
            ("consistency_mode", "CrashConsistent".into()),
            ("created_after", "2026-11-16T01:00:00+01:00".into()),
            ("keep_newest", Value::integer(Some(1))),
            ("name_regex", "^nightly-\\d+$".into()),
            ("pinned", Value::set(vec!["before-upgrade".into()])),
        ]);
        assert!(validate(&good).is_empty(), "{:?}", validate(&good));
        let bad = [
            (TARGET, Value::from("web")),
            (SOURCE, id("DR")),
            ("catch_up", "oldest".into()),
            ("consistency_mode", "Consistent".into()),
            ("created_after", "yesterday".into()),
            ("created_before", "2026-11-16".into()),
            ("disk_encryption_set_id", id("web")),
            ("encryption_type", "EncryptionAtRestWithCustomerKey".into()),
            ("keep_newest", Value::integer(Some(0))),
            ("name_regex", "(".into()),
            ("pinned", Value::set(vec!["a/b".into()])),
        ];
        for (argument, value) in bad {
            let mut config = good.clone();
            config.insert(argument, value);
            let found = validate(&config);
            let paths: Vec<_> = found.iter().map(|told| told.attribute.clone()).collect();
            assert_eq!(paths, [Some(Path::attribute(argument))], "{found:?}");
        }
    }
}
