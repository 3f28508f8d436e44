//! What imports and reads of a copy leave for its plans, in the private data of its state.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// What no attribute of a copy holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Memory {
    /// Whether Azure would copy the source of this failed copy again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) recopyable: bool,
    /// Whether the copy was imported or moved here, and not changed since: nobody here has chosen its
    /// encryption.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) imported: bool,
}

impl Memory {
    /// After an import or a move.
    pub(super) fn of_import() -> Self {
        Self {
            imported: true,
            ..Self::default()
        }
    }

    /// Reads it back; nothing where nothing is remembered.
    pub(super) fn of_json(json: &Json) -> Self {
        Self::deserialize(json).unwrap_or_default()
    }

    /// Null where nothing is to be remembered.
    pub(super) fn to_json(self) -> Json {
        if self == Self::default() {
            return Json::Null;
        }
        serde_json::to_value(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_remembered_comes_back() {
        let both = Memory {
            recopyable: true,
            imported: true,
        };
        for memory in [Memory::default(), Memory::of_import(), both] {
            assert_eq!(Memory::of_json(&memory.to_json()), memory);
        }
        assert_eq!(Memory::default().to_json(), Json::Null);
        assert_eq!(Memory::of_json(&json!("else")), Memory::default());
    }
}
