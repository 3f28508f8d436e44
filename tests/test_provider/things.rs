//! A list of things, whose arguments say how many there are and how it ends.

use std::sync::LazyLock;

use async_trait::async_trait;
use azrestorepoint::plugin::list_resource::{ListEnd, ListRequest, Listed, Results};
use azrestorepoint::plugin::schema::{Attribute, Block, Schema};
use azrestorepoint::plugin::value::{Path, Type, Value};
use azrestorepoint::plugin::{Diagnostic, Diagnostics, ListResource};
use tokio_util::sync::CancellationToken;

/// Cancelled once a list that hung was stopped.
static STOPPED: LazyLock<CancellationToken> = LazyLock::new(CancellationToken::new);

pub(crate) struct Things;

#[async_trait]
impl ListResource for Things {
    fn schema(&self) -> Schema {
        Schema {
            version: 0,
            block: Block {
                attributes: vec![
                    Attribute::required("names", Type::list(Type::String)),
                    Attribute::optional("on_end", Type::String),
                ],
                description: "Lists as it is told.".to_owned(),
                ..Block::default()
            },
        }
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let is_bad = config.get("on_end").as_str() == Some("bad");
        let refusal = Diagnostic::error("Bad end", "No list ends like this.");
        is_bad
            .then(|| refusal.at(Path::attribute("on_end")))
            .into_iter()
            .collect()
    }

    async fn list(&self, request: ListRequest, mut results: Results) -> Result<(), ListEnd> {
        let listed = |name: &str| Listed {
            display_name: format!("The {name}"),
            state: match request.include_resource_object {
                true => Value::object([("name", name.into()), ("mode", "fast".into())]),
                false => Value::object([("name", Value::from(name))]),
            },
        };
        for name in request.config.get("names").elements() {
            results
                .push(listed(name.as_str().unwrap_or_default()))
                .await?;
        }
        match request.config.get("on_end").as_str() {
            Some("error") => Err(Diagnostic::error("Told to fail", "In a list.").into()),
            Some("panic") => panic!("as told"),
            Some("hang") => {
                request.context.stop.cancelled().await;
                STOPPED.cancel();
                Err(Diagnostic::error("Told to stop", "In a list.").into())
            }
            Some("endless") => loop {
                results.push(listed("next")).await?;
            },
            Some("once_stopped") => {
                STOPPED.cancelled().await;
                results.push(listed("last")).await
            }
            _ => Ok(()),
        }
    }
}
