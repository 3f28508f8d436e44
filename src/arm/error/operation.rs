//! A long-running operation that ended badly.

use serde_json::Value;

use super::api::{ErrorDetail, RequestIds, error_object, more};

/// An accepted long-running operation that ended as Failed or Canceled.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", self.text())]
pub struct OperationFailure {
    /// Azure's word for the end: Failed or Canceled.
    pub status: String,
    /// Azure's error code; empty if it gave none.
    pub code: String,
    /// Azure's message; empty if it gave none.
    pub message: String,
    /// Nested details, flattened.
    pub details: Vec<ErrorDetail>,
    /// The ids by which Azure's support finds the last look at the operation.
    pub ids: RequestIds,
}

impl OperationFailure {
    /// Reads a status body: ARM adds an error object when the status is Failed or Canceled.
    pub(crate) fn from_status(status: &str, body: &Value, ids: RequestIds) -> Self {
        let (code, message, details) = error_object(body);
        Self {
            status: status.to_owned(),
            code,
            message,
            details,
            ids,
        }
    }

    fn text(&self) -> String {
        let mut text = format!(
            "Azure accepted the operation and ended it as {}",
            self.status
        );
        match (self.code.is_empty(), self.message.is_empty()) {
            (true, true) => text.push_str(" without a reason"),
            (true, false) => text.extend([": ", &self.message]),
            (false, true) => text.extend([": ", &self.code]),
            (false, false) => text.extend([": ", &self.code, ": ", &self.message]),
        }
        text.push_str(&more(&self.message, &self.details));
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn azures_words_are_kept() {
        #[track_caller]
        fn check(body: Value, expected: &str) {
            let failure = OperationFailure::from_status("Failed", &body, RequestIds::default());
            assert_eq!(failure.to_string(), expected);
        }
        let accepted = "Azure accepted the operation and ended it as Failed";
        check(
            json!({"status": "Failed", "error": {"code": "A", "message": "Because."}}),
            &format!("{accepted}: A: Because."),
        );
        check(
            json!({"status": "Failed"}),
            &format!("{accepted} without a reason"),
        );
    }
}
