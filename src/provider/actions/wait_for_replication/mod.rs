//! `azrestorepoint_wait_for_replication`: waits until copies can restore a VM, and tells how far
//! they are.

mod schema;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;

use crate::arm::Patience;
use crate::plugin::action::{Action, InvokeRequest};
use crate::plugin::diagnostics::Diagnostics;
use crate::plugin::schema::Schema;
use crate::plugin::value::Value;
use crate::provider::resources::replication::{Audience, Named, wait_for_all};
use crate::provider::session::Session;

/// The action.
#[derive(Debug)]
pub(crate) struct WaitForReplication {
    session: Arc<Session>,
}

impl WaitForReplication {
    /// The action, which asks Azure through this session.
    pub(crate) fn new(session: Arc<Session>) -> Self {
        Self { session }
    }
}

#[async_trait]
impl Action for WaitForReplication {
    fn schema(&self) -> Schema {
        schema::schema()
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let mut diagnostics = match copies(config) {
            Ok(_) => Diagnostics::default(),
            Err(diagnostics) => diagnostics,
        };
        diagnostics.extend(schema::timeout(config).err());
        diagnostics
    }

    async fn invoke(&self, request: InvokeRequest) -> Diagnostics {
        // What was unknown before has not been checked yet.
        let diagnostics = self.validate(&request.config);
        let (Ok(copies), Ok(timeout)) = (copies(&request.config), schema::timeout(&request.config))
        else {
            return diagnostics;
        };
        let client = match self.session.client() {
            Ok(client) => client,
            Err(diagnostic) => return diagnostic.into(),
        };
        let patience = Patience::new(timeout, request.context.stop.clone());
        let progress = request.progress;
        let audience: Audience = Arc::new(move |news| progress.tell(words::news(&news)));
        let waited = wait_for_all(&client, &patience, copies, &audience).await;
        words::ends(&waited, &patience)
    }
}

/// The copies that are named, by their place in the list. What is unknown is left out.
fn copies(config: &Value) -> Result<BTreeMap<usize, Named>, Diagnostics> {
    let mut copies = BTreeMap::new();
    let mut problems = Diagnostics::default();
    let ids = config.get("restore_point_ids").elements();
    for (index, id) in ids.iter().enumerate() {
        let named = match id {
            Value::Null => Err("there is no value".to_owned()),
            id => match id.as_str() {
                Some(text) => Named::parse(text),
                None => continue,
            },
        };
        match named {
            Ok(named) => drop(copies.insert(index, named)),
            Err(problem) => problems.push(words::invalid(index, &problem)),
        }
    }
    if problems.is_empty() {
        Ok(copies)
    } else {
        Err(problems)
    }
}
