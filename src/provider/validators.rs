//! Checks of single arguments, before anything is sent to Azure.
//!
//! Each takes the configuration and the argument's name, says nothing about a
//! null or unknown value, and puts its message on the argument.

use crate::arm::resource_id::{RestorePointCollectionId, RestorePointId};
use crate::plugin::diagnostics::Diagnostic;
use crate::plugin::value::{Path, Value};

/// Azure's usual limit for the names of Compute resources.
const NAME_CHARACTERS_MAX: usize = 80;

/// Azure's limit for the names of resource groups.
const RESOURCE_GROUP_CHARACTERS_MAX: usize = 90;

/// Azure's limits for tags.
const TAGS_MAX: usize = 50;
const TAG_NAME_CHARACTERS_MAX: usize = 512;
const TAG_VALUE_CHARACTERS_MAX: usize = 256;

/// The name of a collection or a restore point.
pub(crate) fn name(config: &Value, argument: &str) -> Option<Diagnostic> {
    let name = config.get(argument).as_str()?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
    let valid =
        (1..=NAME_CHARACTERS_MAX).contains(&name.chars().count()) && name.chars().all(allowed);
    (!valid).then(|| {
        invalid(
            argument,
            format!(
                "{name:?} is not a valid name. A name has 1 to {NAME_CHARACTERS_MAX} characters: letters, digits, \
                 underscores, periods and hyphens."
            ),
        )
    })
}

/// The name of a resource group.
pub(crate) fn resource_group_name(config: &Value, argument: &str) -> Option<Diagnostic> {
    let name = config.get(argument).as_str()?;
    let allowed = |c: char| c.is_alphanumeric() || "_.-()".contains(c);
    let valid = (1..=RESOURCE_GROUP_CHARACTERS_MAX).contains(&name.chars().count())
        && name.chars().all(allowed)
        && !name.ends_with('.');
    (!valid).then(|| {
        invalid(
            argument,
            format!(
                "{name:?} is not a valid resource group name. It has 1 to {RESOURCE_GROUP_CHARACTERS_MAX} \
                 characters: letters, digits, underscores, periods, hyphens and parentheses, and does not end \
                 in a period."
            ),
        )
    })
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

/// A subscription id.
pub(crate) fn subscription_id(config: &Value, argument: &str) -> Option<Diagnostic> {
    let id = config.get(argument).as_str()?;
    uuid::Uuid::try_parse(id).err().map(|_| {
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
    } else {
        tags.iter()
            .find_map(|(name, value)| tag_problem(name, value))?
    };
    Some(invalid(argument, problem))
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
    Diagnostic::error(format!("Invalid {argument}"), detail).at(Path::attribute(argument))
}

#[cfg(test)]
mod tests {
    use super::*;

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
            name,
            &["a", "web-dr_1.x", &longest],
            &["", "web dr", "web/dr", "wéb", &too_long],
        );
    }

    #[test]
    fn resource_groups() {
        check(
            resource_group_name,
            &["rg-dr", "(rg)_1"],
            &["", "rg.", "rg/dr", "rg dr"],
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
            &["", "production"],
        );
    }

    #[test]
    fn ids() {
        let collection = "/subscriptions/s/resourceGroups/g/providers/microsoft.compute/restorePointCollections/c";
        let point = format!("{collection}/restorePoints/p");
        let machine =
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v";
        check(collection_id, &[collection], &["", machine, &point, "c"]);
        check(restore_point_id, &[&point], &["", machine, collection, "p"]);
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
}
