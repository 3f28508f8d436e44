//! When two spellings mean the same to Azure, so that no change is planned.

use std::collections::BTreeMap;

use crate::arm::location;
use crate::plugin::value::Value;

/// Ids of ARM: it compares them without regard to case, and does not always write the first slash.
pub(crate) fn resource_id(one: &Value, other: &Value) -> bool {
    matches!((one.as_str(), other.as_str()), (Some(one), Some(other))
        if with_slash(one).eq_ignore_ascii_case(&with_slash(other)))
}

/// The id with one slash before it and none behind.
pub(crate) fn with_slash(id: &str) -> String {
    format!("/{}", id.trim_matches('/'))
}

/// Names of ARM: it compares them without regard to case.
pub(crate) fn ignore_case(one: &Value, other: &Value) -> bool {
    matches!((one.as_str(), other.as_str()), (Some(one), Some(other)) if one.eq_ignore_ascii_case(other))
}

/// Regions: `West US 2` is `westus2`.
pub(crate) fn location(one: &Value, other: &Value) -> bool {
    matches!((one.as_str(), other.as_str()), (Some(one), Some(other)) if location::same(one, other))
}

/// Tags: their names are compared without regard to case, and none are as good as no map.
pub(crate) fn tags(one: &Value, other: &Value) -> bool {
    fn lower(value: &Value) -> Option<BTreeMap<String, &Value>> {
        match value {
            Value::Null => Some(BTreeMap::new()),
            Value::Map(tags) if value.is_wholly_known() => Some(
                tags.iter()
                    .map(|(name, value)| (name.to_lowercase(), value))
                    .collect(),
            ),
            _ => None,
        }
    }
    matches!((lower(one), lower(other)), (Some(one), Some(other)) if one == other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> Value {
        Value::Map(
            pairs
                .iter()
                .map(|(name, value)| ((*name).to_owned(), Value::from(*value)))
                .collect(),
        )
    }

    #[test]
    fn tag_names_have_no_case_but_values_do() {
        assert!(tags(
            &map(&[("Department", "finance")]),
            &map(&[("department", "finance")])
        ));
        assert!(!tags(
            &map(&[("department", "Finance")]),
            &map(&[("department", "finance")])
        ));
        assert!(tags(&map(&[]), &Value::Null));
        assert!(!tags(&map(&[("a", "b")]), &Value::Null));
        assert!(!tags(&Value::Unknown, &Value::Null));
    }

    #[test]
    fn ids_are_the_same_without_their_first_slash() {
        let id = |text: &str| Value::from(text);
        assert!(resource_id(
            &id("/subscriptions/s/x"),
            &id("subscriptions/S/X")
        ));
        assert!(!resource_id(
            &id("/subscriptions/s/x"),
            &id("/subscriptions/s/y")
        ));
        assert!(!resource_id(&Value::Unknown, &id("/subscriptions/s/x")));
    }
}
