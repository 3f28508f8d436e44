//! Checks of single arguments, before anything is sent to Azure.
//!
//! Each takes the configuration and the argument's name, says nothing about a
//! null or unknown value, and puts its message on the argument.

use std::collections::{BTreeMap, BTreeSet};

use crate::arm::resource_id::{self, DiskRestorePointId, RestorePointCollectionId, RestorePointId};
use crate::plugin::diagnostics::Diagnostic;
use crate::plugin::value::{Path, Value};
use crate::provider::diagnose;

/// Azure's limits for tags.
pub(crate) const TAGS_MAX: usize = 50;
const TAG_NAME_CHARACTERS_MAX: usize = 512;
const TAG_VALUE_CHARACTERS_MAX: usize = 256;

/// The name of a collection or a restore point, which `noun` says.
pub(crate) fn name(config: &Value, argument: &str, noun: &str) -> Option<Diagnostic> {
    let name = config.get(argument).as_str()?;
    let error = resource_id::name(noun, name).err()?;
    Some(invalid(argument, error.to_string()))
}

/// The name of a resource group.
pub(crate) fn resource_group_name(config: &Value, argument: &str) -> Option<Diagnostic> {
    let name = config.get(argument).as_str()?;
    let error = resource_id::resource_group_name(name).err()?;
    Some(invalid(argument, error.to_string()))
}

/// An Azure region, by its name or its display name.
pub(crate) fn location(config: &Value, argument: &str) -> Option<Diagnostic> {
    let location = config.get(argument).as_str()?;
    let valid = location.chars().any(|c| c.is_ascii_alphanumeric())
        && location
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == ' ');
    (!valid).then(|| {
        invalid(
            argument,
            format!("{location:?} is not an Azure region. Write its name, such as \"westus2\" or \"West US 2\"."),
        )
    })
}

/// How long a GUID is when it is written with hyphens and nothing around it.
const HYPHENATED_GUID_BYTES: usize = 36;

/// A subscription id.
pub(crate) fn subscription_id(config: &Value, argument: &str) -> Option<Diagnostic> {
    let id = config.get(argument).as_str()?;
    // Other ways to write a GUID are none of a path's.
    let is_guid = uuid::Uuid::try_parse(id).is_ok() && id.len() == HYPHENATED_GUID_BYTES;
    (!is_guid).then(|| {
        invalid(
            argument,
            format!(
                "{id:?} is not a subscription id. It is a GUID, such as \
                 \"00000000-0000-0000-0000-000000000000\"."
            ),
        )
    })
}

/// The id of a restore point collection.
pub(crate) fn collection_id(config: &Value, argument: &str) -> Option<Diagnostic> {
    let id = config.get(argument).as_str()?;
    RestorePointCollectionId::parse_strict(id)
        .err()
        .map(|error| invalid(argument, error.to_string()))
}

/// The id of a restore point.
pub(crate) fn restore_point_id(config: &Value, argument: &str) -> Option<Diagnostic> {
    let id = config.get(argument).as_str()?;
    RestorePointId::parse_strict(id)
        .err()
        .map(|error| invalid(argument, error.to_string()))
}

/// The id of a virtual machine.
pub(crate) fn virtual_machine_id(config: &Value, argument: &str) -> Option<Diagnostic> {
    let id = config.get(argument).as_str()?;
    let error = resource_id::virtual_machine(id).err()?;
    Some(invalid(argument, error.to_string()))
}

/// The id of a disk restore point.
pub(crate) fn disk_restore_point_id(config: &Value, argument: &str) -> Option<Diagnostic> {
    let id = config.get(argument).as_str()?;
    DiskRestorePointId::parse_strict(id)
        .err()
        .map(|error| invalid(argument, error.to_string()))
}

/// One of a few values.
pub(crate) fn one_of(config: &Value, argument: &str, values: &[&str]) -> Option<Diagnostic> {
    let value = config.get(argument).as_str()?;
    (!values.contains(&value)).then(|| {
        let values: Vec<_> = values.iter().map(|value| format!("{value:?}")).collect();
        invalid(
            argument,
            format!(
                "{value:?} is not possible here. Possible values are {}.",
                values.join(" and ")
            ),
        )
    })
}

/// The tags of a resource.
pub(crate) fn tags(config: &Value, argument: &str) -> Option<Diagnostic> {
    let tags = config.get(argument).entries()?;
    let problem = if tags.len() > TAGS_MAX {
        format!(
            "{} tags are too many: Azure takes at most {TAGS_MAX}.",
            tags.len()
        )
    } else if let Some(name) = twice(tags) {
        format!(
            "There are several tags {name:?}: Azure compares their names without regard to case."
        )
    } else {
        tags.iter()
            .find_map(|(name, value)| tag_problem(name, value))?
    };
    Some(invalid(argument, problem))
}

/// A name that stands there twice, but for its case.
fn twice(tags: &BTreeMap<String, Value>) -> Option<&String> {
    let mut seen = BTreeSet::new();
    tags.keys().find(|name| !seen.insert(name.to_lowercase()))
}

/// The names of tags that are left alone, and what such names begin with.
pub(crate) fn ignored_tags(config: &Value, argument: &str) -> Option<Diagnostic> {
    let ignored = config.get(argument);
    ["keys", "key_prefixes"].into_iter().find_map(|names| {
        let mut elements = ignored.get(names).elements().iter();
        let is_empty = elements.any(|name| name.is_null() || name.as_str() == Some(""));
        is_empty.then(|| {
            Diagnostic::error(
                format!("Invalid {argument}"),
                "An empty text or null names no tags. Leave it out.",
            )
            .at(Path::attribute(argument).join_attribute(names))
        })
    })
}

fn tag_problem(name: &str, value: &Value) -> Option<String> {
    if name.is_empty() || name.chars().count() > TAG_NAME_CHARACTERS_MAX {
        return Some(format!(
            "The tag name {name:?} has to have 1 to {TAG_NAME_CHARACTERS_MAX} characters."
        ));
    }
    if name.contains(['<', '>', '%', '&', '\\', '?', '/']) {
        return Some(format!(
            "The tag name {name:?} has one of the characters <>%&\\?/, which Azure refuses."
        ));
    }
    if value.is_null() {
        return Some(format!(
            "The tag {name:?} is null: leave it out, or give it an empty value."
        ));
    }
    let too_long = value
        .as_str()
        .is_some_and(|text| text.chars().count() > TAG_VALUE_CHARACTERS_MAX);
    too_long.then(|| {
        format!(
            "The value of the tag {name:?} is longer than {TAG_VALUE_CHARACTERS_MAX} characters."
        )
    })
}

fn invalid(argument: &str, detail: String) -> Diagnostic {
    Diagnostic::error(format!("Invalid {argument}"), diagnose::sentence(&detail))
        .at(Path::attribute(argument))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::golden::Golden;

    #[track_caller]
    fn check(validator: impl Fn(&Value, &str) -> Option<Diagnostic>, good: &[&str], bad: &[&str]) {
        let config = |text: &str| Value::object([("argument", Value::from(text))]);
        for text in good {
            assert_eq!(validator(&config(text), "argument"), None, "{text:?}");
        }
        for text in bad {
            let found =
                validator(&config(text), "argument").unwrap_or_else(|| panic!("{text:?} passed"));
            assert_eq!(found.attribute, Some(Path::attribute("argument")));
        }
        for nothing in [Value::Null, Value::Unknown] {
            assert_eq!(
                validator(&Value::object([("argument", nothing)]), "argument"),
                None
            );
        }
    }

    #[test]
    fn names() {
        let longest = "a".repeat(80);
        let too_long = "a".repeat(81);
        check(
            |config, argument| name(config, argument, "restore point"),
            &["a", "web-dr_1.x", &longest],
            &["", "web dr", "web/dr", "w\u{e9}b", "..", &too_long],
        );
    }

    #[test]
    fn resource_groups() {
        check(
            resource_group_name,
            &["rg-dr", "(rg)_1"],
            &["", "rg.", "rg/dr", "rg dr", "..", &"a".repeat(91)],
        );
    }

    #[test]
    fn locations() {
        check(
            location,
            &["westus2", "West US 2"],
            &["", " ", "west-us", "west/us"],
        );
    }

    #[test]
    fn subscriptions() {
        check(
            subscription_id,
            &["12345678-1234-9876-4563-123456789012"],
            &[
                "",
                "production",
                "{12345678-1234-9876-4563-123456789012}",
                "12345678123498764563123456789012",
            ],
        );
    }

    #[test]
    fn ids() {
        let collection = "/subscriptions/s/resourceGroups/g/providers/microsoft.compute/restorePointCollections/c";
        let point = format!("{collection}/restorePoints/p");
        let dots = collection.replace("/g/", "/../");
        let machine =
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v";
        check(
            collection_id,
            &[collection],
            &["", machine, &point, &dots, "c"],
        );
        check(restore_point_id, &[&point], &["", machine, collection, "p"]);
        check(
            virtual_machine_id,
            &[machine],
            &["", &point, collection, "v"],
        );
    }

    #[test]
    fn a_choice_names_what_is_possible() {
        let config = Value::object([("on_timeout", Value::from("warn"))]);
        let found = one_of(&config, "on_timeout", &["error", "continue"]).expect("no such choice");
        assert_eq!(
            found.detail,
            "\"warn\" is not possible here. Possible values are \"error\" and \"continue\"."
        );
    }

    #[test]
    fn tags_have_limits() {
        let config = |name: &str, value: Value| {
            Value::object([(
                "tags",
                Value::Map([(name.to_owned(), value)].into_iter().collect()),
            )])
        };
        assert_eq!(tags(&config("department", "finance".into()), "tags"), None);
        assert_eq!(tags(&config("department", Value::Unknown), "tags"), None);
        for (name, value) in [
            ("a/b", "c".into()),
            ("", "c".into()),
            ("a", Value::Null),
            ("a", "c".repeat(257).into()),
        ] {
            assert!(tags(&config(name, value), "tags").is_some(), "{name:?}");
        }
    }

    #[test]
    fn everything_about_tags() {
        let mut golden = Golden::folder("tags");
        let check = |golden: &mut Golden, name: &str, pairs: &[(&str, Value)]| {
            let pairs = pairs.iter();
            let pairs = pairs.map(|(name, value)| ((*name).to_owned(), value.clone()));
            let config = Value::object([("default_tags", Value::Map(pairs.collect()))]);
            golden.message(name, &tags(&config, "default_tags").expect("refused"));
        };
        check(
            &mut golden,
            "name_with_a_slash",
            &[("cost/center", "1".into())],
        );
        check(&mut golden, "null", &[("team", Value::Null)]);
        check(
            &mut golden,
            "long_value",
            &[("team", "x".repeat(257).into())],
        );
        check(
            &mut golden,
            "twice",
            &[("team", "a".into()), ("Team", "b".into())],
        );
        let names: Vec<String> = (0..51).map(|number| format!("tag-{number}")).collect();
        let many: Vec<_> = names
            .iter()
            .map(|name| (name.as_str(), "".into()))
            .collect();
        check(&mut golden, "too_many", &many);
        let prefixes = Value::object([("key_prefixes", Value::set(vec!["".into()]))]);
        let config = Value::object([("ignore_tags", prefixes)]);
        let refused = ignored_tags(&config, "ignore_tags");
        golden.message("ignored_without_name", &refused.expect("refused"));
    }

    #[test]
    fn tag_names_that_differ_in_case_only_are_one_too_many() {
        let tag = |name: &str| (name.to_owned(), Value::from("value"));
        let config = Value::object([(
            "tags",
            Value::Map([tag("a"), tag("A")].into_iter().collect()),
        )]);
        let found = tags(&config, "tags").expect("refused");
        assert!(
            found.detail.contains("without regard to case"),
            "{}",
            found.detail
        );
    }
}
