//! The arguments of `azrestorepoint_wait_for_replication`.

use std::time::Duration;

use crate::plugin::diagnostics::Diagnostic;
use crate::plugin::schema::{Attribute, Block, Schema};
use crate::plugin::value::{Path, Type, Value};
use crate::provider::{diagnose, duration};

/// How long it waits where nothing is said: as long as a create of a copy.
const TIMEOUT: Duration = Duration::from_secs(48 * 3600);

/// The schema.
pub(super) fn schema() -> Schema {
    Schema {
        version: 0,
        block: Block {
            attributes: vec![
                Attribute::required("restore_point_ids", Type::list(Type::String)).description(
                    "The copies to wait for: the ID of each, or its `replication_id`. A `replication_id` names one \
                     very copy, an ID whatever copy there is.",
                ),
                Attribute::optional("timeout", Type::String).description(
                    "How long to wait, such as `90m` or `72h`. Replication goes on in Azure after it, which takes up \
                     to two weeks for a copy. Defaults to `48h`.",
                ),
            ],
            description: "Waits until every listed copy can restore a VM, and tells meanwhile how far each disk is and \
                          when it may be done. Fails if a copy has failed, after the others have ended. It changes \
                          nothing in Azure."
                .to_owned(),
            ..Block::default()
        },
    }
}

/// How long to wait. An unknown timeout is not checked yet.
pub(super) fn timeout(config: &Value) -> Result<Duration, Diagnostic> {
    let Some(text) = config.get("timeout").as_str() else {
        return Ok(TIMEOUT);
    };
    let problem = match duration::parse(text) {
        Ok(timeout) if !timeout.is_zero() => return Ok(timeout),
        Ok(_) => "a timeout of zero leaves no time to do anything".to_owned(),
        Err(problem) => problem,
    };
    let detail = diagnose::sentence(&format!("{text:?}: {problem}"));
    Err(Diagnostic::error("Invalid timeout", detail).at(Path::attribute("timeout")))
}
