//! The end of a mirror: it leaves its copies alone, unless somebody has asked for their end.

use crate::arm::compute::models::RestorePoint;
use crate::arm::compute::{restore_point_collections, restore_points};
use crate::arm::{Client, Patience};
use crate::plugin::resource::{Applied, DeleteReason, DeleteRequest};
use crate::provider::walk::Walk;

use super::look::{Ids, is_ours};
use super::words;

/// Forgets the mirror; with `delete_copies_on_destroy`, in a real destroy, deletes its copies.
pub(super) async fn destroy(
    client: &Client,
    patience: &Patience,
    walk: &Walk,
    ids: &Ids,
    request: DeleteRequest,
) -> Applied {
    // A taint and a replacement make it anew, and so does a create of this very walk.
    let is_wish = request.reason == DeleteReason::Destroy && !walk.is_mirror_kept(&ids.target);
    if !is_wish {
        return Applied::gone().with(words::kept_copies(&ids.target));
    }
    let deletes = walk.deletes_in(&ids.target);
    let _turn = match patience.run(deletes.lock()).await {
        Ok(turn) => turn,
        Err(interrupted) => {
            let told = words::cannot_look(&ids.target, &interrupted.into());
            return Applied::unchanged(request.prior_state, told);
        }
    };
    let found = restore_point_collections::get_with_restore_points(client, &ids.target, patience);
    let collection = match found.await {
        Ok(collection) => collection,
        Err(error) if error.is_not_found() => return Applied::gone(),
        Err(error) => {
            return Applied::unchanged(
                request.prior_state,
                words::cannot_look(&ids.target, &error),
            );
        }
    };
    let mut copies = collection.properties.restore_points.unwrap_or_default();
    copies.retain(|copy| is_ours(copy, &ids.source));
    // Should something end this early, the newest ones are left.
    copies.sort_by_key(RestorePoint::time_created);
    let names = copies.iter().filter_map(|copy| copy.name.as_deref());
    let mut begun = Vec::new();
    for id in names.filter_map(|name| ids.target.restore_point(name).ok()) {
        match restore_points::begin_delete(client, &id, patience).await {
            Ok(operation) => begun.push((id, operation)),
            Err(error) => {
                return Applied::unchanged(request.prior_state, words::not_destroyed(&id, &error));
            }
        }
    }
    for (id, operation) in begun {
        if let Err(error) = restore_points::finish_delete(client, &id, operation, patience).await {
            return Applied::unchanged(request.prior_state, words::not_destroyed(&id, &error));
        }
    }
    Applied::gone()
}
