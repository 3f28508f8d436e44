//! What a plan tells that lets a usable copy go.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::arm::compute::models::{RestorePointCollection, instant};
use crate::arm::compute::restore_points;
use crate::arm::resource_id::RestorePointId;
use crate::arm::{Client, Error, Patience};
use crate::plugin::diagnostics::Diagnostic;
use crate::plugin::value::Value;
use crate::provider::glance::points_of;
use crate::provider::session::Session;
use crate::provider::walk::Walk;

use super::{model, rules, words};

/// How long one plan may look. An apply looks again, and keeps the last usable copy.
const BUDGET: Duration = Duration::from_secs(10);

/// How many copies of a collection are asked, one by one, whether they are usable.
const OTHERS_MAX: usize = 100;

/// Whether Azure would copy a source again, once its copy is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// As far as can be seen.
    Accepted,
    /// Its source is gone.
    SourceGone,
    /// This newer copy is there.
    NewerCopied(String),
    /// It cannot be seen.
    Unknown,
}

/// Refuses a plan whose deletes cover every usable copy of a collection, and warns about each
/// other one that lets a usable copy go.
pub(super) async fn let_go(
    session: &Session,
    prior_state: &Value,
    stop: &CancellationToken,
) -> Option<Diagnostic> {
    if prior_state.get("usable").as_bool() != Some(true) {
        return None;
    }
    let id = model::id_in_state(prior_state).ok()?;
    let client = session.client().ok()?;
    let walk = session.walk();
    let forced = prior_state.get("force_destroy").as_bool() == Some(true);
    walk.let_go(&id, forced);
    let patience = Patience::new(BUDGET, stop.clone());
    let looked = async {
        let collection = collection(&client, walk, &id, &patience).await?;
        let others = usable_others(&client, walk, &id, &collection, &patience).await?;
        Ok::<_, Error>((collection, others))
    };
    let (collection, others) = match looked.await {
        Ok(looked) => looked,
        Err(error) => return Some(words::cannot_count(&id, &error)),
    };
    // After the looks: other plans have gone on meanwhile.
    let gone = walk.gone_from(id.collection());
    let remaining: Vec<String> = others
        .iter()
        .filter(|other| !gone.contains_key(other))
        .map(|other| other.name().to_owned())
        .collect();
    let mut unforced: Vec<String> = gone
        .iter()
        .filter(|(_, forced)| !**forced)
        .map(|(id, _)| id.name().to_owned())
        .collect();
    if remaining.is_empty() && !unforced.is_empty() {
        unforced.sort();
        return Some(words::no_usable_copy_remains(&id, &unforced));
    }
    let again = again(&client, prior_state, &id, &collection, &patience).await;
    Some(words::usable_copy_goes(&id, &remaining, &again))
}

async fn collection(
    client: &Client,
    walk: &Walk,
    id: &RestorePointId,
    patience: &Patience,
) -> Result<Arc<RestorePointCollection>, Error> {
    let glances = &walk.glances;
    glances.collection(client, id.collection(), patience).await
}

async fn usable_others(
    client: &Client,
    walk: &Walk,
    id: &RestorePointId,
    collection: &RestorePointCollection,
    patience: &Patience,
) -> Result<Vec<RestorePointId>, Error> {
    let mut usable = Vec::new();
    for (other, _) in points_of(collection, id.collection())
        .filter(|(other, _)| other != id)
        .take(OTHERS_MAX)
    {
        if walk.glances.is_usable(client, &other, patience).await? {
            usable.push(other);
        }
    }
    Ok(usable)
}

/// Whether Azure would copy the source of this copy again.
async fn again(
    client: &Client,
    prior_state: &Value,
    id: &RestorePointId,
    collection: &RestorePointCollection,
    patience: &Patience,
) -> Again {
    let time = prior_state.get("time_created").as_str().and_then(instant);
    let newest = points_of(collection, id.collection())
        .filter(|(other, _)| other != id)
        .map(|(other, point)| (rules::time_of(point), other))
        .max_by_key(|(time, _)| *time);
    if let Some((newest_time, newest)) = newest
        && newest_time > time
    {
        return Again::NewerCopied(newest.name().to_owned());
    }
    let source = prior_state.get("source_restore_point_id");
    let Some(source) = source
        .as_str()
        .and_then(|id| RestorePointId::parse(id).ok())
    else {
        return Again::Unknown;
    };
    match restore_points::get(client, &source, false, patience).await {
        Ok(_) => Again::Accepted,
        Err(error) if error.is_not_found() => Again::SourceGone,
        Err(_) => Again::Unknown,
    }
}
