//! The data sources: what is looked up and never changed.

mod collection;
mod collections;
mod point;
mod points;
mod restore_point;
mod restore_points;
mod selection;
mod source;
mod words;

use std::time::Duration;

use crate::arm::{Client, Patience};
use crate::plugin::data_source::ReadDataRequest;
use crate::plugin::diagnostics::{Diagnostic, Diagnostics};
use crate::plugin::resource::Applied;
use crate::plugin::schema::{Attribute, Block, Schema};
use crate::plugin::value::Value;
use crate::provider::session::Session;
use crate::provider::timeouts::ReadTimeout;

pub(crate) use collection::Collection;
pub(crate) use collections::Collections;
pub(crate) use restore_point::RestorePoint;
pub(crate) use restore_points::RestorePoints;

/// As for the data sources of Azure's other providers.
const TIMEOUT: ReadTimeout = ReadTimeout(Duration::from_secs(5 * 60));

fn schema(attributes: Vec<Attribute>, description: &str) -> Schema {
    Schema {
        version: 0,
        block: Block {
            attributes,
            blocks: vec![TIMEOUT.block()],
            description: description.to_owned(),
        },
    }
}

/// What it takes to look something up. The configuration is checked once more: what was unknown
/// when it was checked first is known now.
///
/// # Errors
/// Where the configuration is wrong, or the provider's is not known yet.
fn begin(
    session: &Session,
    request: &ReadDataRequest,
    problems: Diagnostics,
) -> Result<(Client, Patience), Applied> {
    if problems.has_error() {
        return Err(Applied {
            diagnostics: problems,
            ..Applied::default()
        });
    }
    let client = session.client().map_err(Applied::failed)?;
    let timeout = TIMEOUT.of(&request.config);
    Ok((client, Patience::new(timeout, request.context.stop.clone())))
}

/// The subscription that is named, or else the provider's.
///
/// # Errors
/// Where there is none.
fn subscription_id(client: &Client, config: &Value) -> Result<String, Diagnostic> {
    let given = config.get("subscription_id").as_str();
    let id = given.or_else(|| client.subscription_id());
    id.map(str::to_owned)
        .ok_or_else(words::missing_subscription)
}
