//! An action that ends as it is told.

use async_trait::async_trait;
use azrestorepoint::plugin::action::{Action, InvokeRequest, PlanActionRequest};
use azrestorepoint::plugin::diagnostics::{Diagnostic, Diagnostics};
use azrestorepoint::plugin::schema::{Attribute, Block, Schema};
use azrestorepoint::plugin::value::{Path, Type, Value};
use tokio::sync::Notify;

/// An action whose argument says how it ends.
pub(crate) struct Deed;

/// Told when one that was to last for ever was stopped.
static STOPPED: Notify = Notify::const_new();

#[async_trait]
impl Action for Deed {
    fn schema(&self) -> Schema {
        let attributes = vec![
            Attribute::required("how", Type::String)
                .description("`done`, `error`, `panic`, `flood`, `forever` or `forever-stopped`."),
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
        let refusal = Diagnostic::error("Nothing to do", "It is empty.").at(Path::attribute("how"));
        is_empty.then_some(refusal).into_iter().collect()
    }

    async fn plan(&self, request: PlanActionRequest) -> Diagnostics {
        match request.config.get("how") {
            Value::Unknown => Diagnostic::warning("Told to plan", "It is unknown.").into(),
            how if how.as_str() == Some("panic when planned") => panic!("as told"),
            _ => Diagnostics::default(),
        }
    }

    async fn invoke(&self, request: InvokeRequest) -> Diagnostics {
        request.progress.tell("begun".to_owned());
        match request.config.get("how").as_str().unwrap_or_default() {
            "error" => Diagnostic::error("Told to fail", "In an action.").into(),
            "panic" => panic!("as told"),
            "flood" => {
                for line in 0..100_000 {
                    request.progress.tell(format!("line {line}"));
                }
                Diagnostics::default()
            }
            "forever" => {
                request.context.stop.cancelled().await;
                STOPPED.notify_one();
                Diagnostic::error("Told to stop", "In an action.").into()
            }
            "forever-stopped" => {
                STOPPED.notified().await;
                Diagnostics::default()
            }
            _ => {
                request.progress.tell("half done".to_owned());
                Diagnostic::warning("Told to warn", "In an action.").into()
            }
        }
    }
}
