//! Reads fields that Azure does not always write in the same way.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// Takes `null` for an absent field.
pub(in crate::arm::compute) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Reads a percentage: an integer in the instance view, a fraction in other answers, a text in an
/// example of the documentation. Anything else counts as absent, so that one odd disk does not
/// make the whole answer unreadable.
pub(super) fn percent<'de, D>(deserializer: D) -> Result<Option<u8>, D::Error>
where
    D: Deserializer<'de>,
{
    Ok(percent_of(&Value::deserialize(deserializer)?))
}

/// Rounds down: 99.9 is not finished.
fn percent_of(value: &Value) -> Option<u8> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().trim_end_matches('%').trim_end().parse().ok()?,
        _ => return None,
    };
    // The cast saturates, and the clamp keeps it in range anyway.
    number.is_finite().then(|| number.clamp(0.0, 100.0) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn percentages_come_in_many_forms() {
        #[track_caller]
        fn check(value: Value, expected: Option<u8>) {
            assert_eq!(percent_of(&value), expected, "{value}");
        }
        check(json!(0), Some(0));
        check(json!(42), Some(42));
        check(json!(99.9), Some(99));
        check(json!("17"), Some(17));
        check(json!("17.5 %"), Some(17));
        check(json!(250), Some(100));
        check(json!(-1), Some(0));
        check(json!("soon"), None);
        check(json!("NaN"), None);
        check(json!(null), None);
        check(json!({}), None);
    }
}
