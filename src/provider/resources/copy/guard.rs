//! What a plan tells that lets a usable copy go.

use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use crate::arm::compute::models::{RestorePointCollection, instant};
use crate::arm::compute::restore_points;
use crate::arm::resource_id::RestorePointId;
use crate::arm::{Client, Error, Patience};
use crate::plugin::diagnostics::Diagnostic;
use crate::plugin::value::Value;
use crate::provider::glance::points_of;
use crate::provider::preflight::BUDGET;
use crate::provider::session::Session;
use crate::provider::walk::Walk;

use super::model::{self, Successor};
use super::words;

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

/// A copy that a plan lets go.
pub(super) struct Going {
    id: RestorePointId,
    /// Whether its state says that it is usable. Azure decides: a state may be old.
    was_usable: bool,
    /// Whether it is meant even for the last usable one.
    forced: bool,
    /// What was copied, and of when it is, where that is known.
    source: Option<RestorePointId>,
    time: Option<OffsetDateTime>,
}

impl Going {
    /// The copy of a state.
    pub(super) fn of(prior_state: &Value) -> Option<Self> {
        let text = |name: &str| prior_state.get(name).as_str();
        Some(Self {
            id: model::id_in_state(prior_state).ok()?,
            was_usable: prior_state.get("usable").as_bool() == Some(true),
            forced: is_forced(prior_state),
            source: text("source_restore_point_id").and_then(|id| RestorePointId::parse(id).ok()),
            time: text("time_created").and_then(instant),
        })
    }

    /// The copy in whose place a plan makes another one under the same id: `-replace` shows only
    /// there, and its state does not.
    pub(super) fn replaced(planned_state: &Value, successor: &Successor) -> Self {
        Self {
            id: successor.id.clone(),
            was_usable: true,
            forced: is_forced(planned_state),
            source: Some(successor.source.clone()),
            time: None,
        }
    }
}

fn is_forced(state: &Value) -> bool {
    state.get("force_destroy").as_bool() == Some(true)
}

/// Refuses a plan whose deletes cover every usable copy of a collection, and warns about each
/// other one that lets a usable copy go.
pub(super) async fn let_go(
    session: &Session,
    going: Going,
    stop: &CancellationToken,
) -> Option<Diagnostic> {
    let client = session.client().ok()?;
    let walk = session.walk();
    let id = &going.id;
    let patience = Patience::new(BUDGET, stop.clone());
    let looked = async {
        let glances = &walk.glances;
        if !glances.is_usable(&client, id, &patience).await? {
            return Ok(None);
        }
        walk.let_go(id, going.forced);
        let collection = glances
            .collection(&client, id.collection(), &patience)
            .await?;
        let others = usable_others(&client, walk, id, &collection, &patience).await?;
        Ok::<_, Error>(Some((collection, others)))
    };
    let (collection, others) = match looked.await {
        Ok(looked) => looked?,
        Err(error) => {
            if error.status().is_none() {
                walk.go_dark();
            }
            return going.was_usable.then(|| words::cannot_count(id, &error));
        }
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
        return Some(words::no_usable_copy_remains(id, &unforced));
    }
    let again = again(&client, &going, &collection, &patience).await;
    Some(words::usable_copy_goes(id, &remaining, &again))
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
    going: &Going,
    collection: &RestorePointCollection,
    patience: &Patience,
) -> Again {
    let points = || points_of(collection, going.id.collection());
    let own = points().find(|(other, _)| *other == going.id);
    let time = going.time.or_else(|| own?.1.time_created());
    let newest = points()
        .filter(|(other, _)| *other != going.id)
        .map(|(other, point)| (point.time_created(), other))
        .max_by_key(|(time, _)| *time);
    if let Some((newest_time, newest)) = newest
        && newest_time > time
    {
        return Again::NewerCopied(newest.name().to_owned());
    }
    let Some(source) = &going.source else {
        return Again::Unknown;
    };
    match restore_points::get(client, source, false, patience).await {
        Ok(_) => Again::Accepted,
        Err(error) if error.is_not_found() => Again::SourceGone,
        Err(_) => Again::Unknown,
    }
}
