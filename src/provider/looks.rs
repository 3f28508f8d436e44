//! Looking at many restore points.

use tokio::task::JoinSet;

use crate::arm::compute::models::RestorePoint;
use crate::arm::compute::restore_points;
use crate::arm::resource_id::RestorePointId;
use crate::arm::{Client, Error, Patience};

/// How many are asked for at once. Azure's list of them says nothing of their disks' state, so
/// each takes a request of its own.
const AT_ONCE: usize = 8;

/// Asks for each of these restore points with its instance view, and gives them in the same order.
/// Those that are gone are left out.
///
/// # Errors
/// Any other [`Error`] of any of them.
pub(crate) async fn ask(
    client: &Client,
    ids: impl IntoIterator<Item = RestorePointId>,
    patience: &Patience,
) -> Result<Vec<(RestorePointId, RestorePoint)>, Error> {
    let mut waiting = ids.into_iter().enumerate();
    let mut found = Vec::new();
    // Dropped with this call, it ends every request.
    let mut asking = JoinSet::new();
    loop {
        while asking.len() < AT_ONCE
            && let Some((position, id)) = waiting.next()
        {
            let (client, patience) = (client.clone(), patience.clone());
            asking.spawn(async move {
                let answer = restore_points::get(&client, &id, true, &patience).await;
                (position, id, answer)
            });
        }
        let Some(joined) = asking.join_next().await else {
            break;
        };
        match joined {
            Ok((position, id, Ok(point))) => found.push((position, id, point)),
            Ok((_, _, Err(error))) if error.is_not_found() => {}
            Ok((_, _, Err(error))) => return Err(error),
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
    found.sort_by_key(|(position, ..)| *position);
    Ok(found
        .into_iter()
        .map(|(_, id, point)| (id, point))
        .collect())
}
