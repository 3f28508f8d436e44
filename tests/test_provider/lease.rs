//! An ephemeral resource that does as it is told.

use std::time::{Duration, UNIX_EPOCH};

use async_trait::async_trait;
use azrestorepoint::plugin::diagnostics::{Diagnostic, Diagnostics};
use azrestorepoint::plugin::ephemeral::{
    CloseRequest, EphemeralResource, OpenRequest, Opened, RenewRequest, Renewed,
};
use azrestorepoint::plugin::schema::{Attribute, Block, Schema};
use azrestorepoint::plugin::value::{Path, Type, Value};
use serde_json::json;

/// An ephemeral resource whose argument says how each call ends.
pub(crate) struct Lease;

#[async_trait]
impl EphemeralResource for Lease {
    fn schema(&self) -> Schema {
        let attributes = vec![
            Attribute::required("how", Type::String),
            Attribute::computed("secret", Type::String).sensitive(),
        ];
        Schema {
            version: 0,
            block: Block {
                attributes,
                ..Block::default()
            },
        }
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let is_empty = config.get("how").as_str() == Some("");
        let refusal =
            Diagnostic::error("Nothing to open", "It is empty.").at(Path::attribute("how"));
        is_empty.then_some(refusal).into_iter().collect()
    }

    async fn open(&self, request: OpenRequest) -> Opened {
        let how = request.config.get("how").as_str().unwrap_or_default();
        let secret = match how {
            "error" => return Opened::failed(Diagnostic::error("Told to fail", "In an open.")),
            "panic" => panic!("as told"),
            "wait" => {
                request.context.stop.cancelled().await;
                return Opened::failed(Diagnostic::error("Told to stop", "In an open."));
            }
            "wrong" => Value::Bool(true),
            _ => "s3cret".into(),
        };
        let private = json!({ "how": how });
        let mut result = request.config;
        result.insert("secret", secret);
        Opened {
            result: Some(result),
            renew_at: Some(UNIX_EPOCH + Duration::from_secs(1000)),
            private,
            diagnostics: Diagnostics::default(),
        }
    }

    async fn renew(&self, request: RenewRequest) -> Renewed {
        let how = request.private["how"].as_str().expect("what open noted");
        let renewals = request.private["renewals"].as_u64().unwrap_or_default() + 1;
        if how == "once" {
            return Renewed {
                private: request.private,
                diagnostics: Diagnostic::warning("Told to warn", "In a renewal.").into(),
                renew_at: None,
            };
        }
        Renewed {
            renew_at: Some(UNIX_EPOCH + Duration::from_secs(1000 * (renewals + 1))),
            private: json!({ "how": how, "renewals": renewals }),
            diagnostics: Diagnostics::default(),
        }
    }

    async fn close(&self, request: CloseRequest) -> Diagnostics {
        assert_ne!(request.private["how"], "panic when closed", "as told");
        let is_stopped = request.context.stop.is_cancelled();
        let note = format!("{} {is_stopped}", request.private);
        Diagnostic::warning("Closed", note).into()
    }
}
