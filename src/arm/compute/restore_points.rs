//! Restore points: look, copy, delete.
//!
//! There is no list and no update of restore points in Azure's API: the collection is listed with
//! them inside, and a restore point never changes.

use serde_json::{Value, json};

use super::API_VERSION;
use super::models::RestorePoint;
use super::settled;
use crate::arm::error::Error;
use crate::arm::operation::{Operation, OperationEnd};
use crate::arm::patience::Patience;
use crate::arm::resource_id::RestorePointId;
use crate::arm::transport::{Client, Fetched, PutError, Request};

/// A copy that Azure has accepted.
#[derive(Clone, Debug)]
pub struct Begun {
    /// What Azure made of it, if the answer could be read. Its disks have no restore points yet.
    pub restore_point: Option<RestorePoint>,
    /// The operation to follow; it ends when copying has begun.
    pub operation: Operation,
}

/// Looks at a restore point, with the state of its disks if `instance_view` is asked for.
///
/// # Errors
/// [`Error::is_not_found`] if there is none of this name.
pub async fn get(
    client: &Client,
    id: &RestorePointId,
    instance_view: bool,
    patience: &Patience,
) -> Result<RestorePoint, Error> {
    let expand = instance_view.then_some("instanceView");
    let url = client.url(&id.path(), API_VERSION, expand);
    Ok(client.get(url, patience).await?.value)
}

/// As [`get`], for one that Azure has just made: reads may lag behind, so for a while it is no
/// answer that there is none.
///
/// # Errors
/// As [`get`].
pub async fn get_made(
    client: &Client,
    id: &RestorePointId,
    instance_view: bool,
    patience: &Patience,
) -> Result<RestorePoint, Error> {
    let expand = instance_view.then_some("instanceView");
    let fetched = settled::get_made(client, &id.path(), expand, patience).await?;
    Ok(fetched.value)
}

/// One look of a wait that has queued for it, with what Azure asks for before the next one.
pub(super) async fn look(
    client: &Client,
    id: &RestorePointId,
    patience: &Patience,
) -> Result<Fetched<RestorePoint>, Error> {
    let url = client.url(&id.path(), API_VERSION, Some("instanceView"));
    client.fetch(&Request::look(url), patience).await
}

/// Asks Azure to copy the restore point `source` to `id`, in the collection and location of `id`.
///
/// The same request can be sent again: Azure accepts an identical PUT of a restore point that
/// exists.
///
/// # Errors
/// [`PutError`] also says whether the copy may exist although no answer says so.
pub async fn begin_create(
    client: &Client,
    id: &RestorePointId,
    source: &RestorePointId,
    patience: &Patience,
) -> Result<Begun, PutError> {
    let url = client.url(&id.path(), API_VERSION, None);
    let request = Request::put(url, copy_body(source));
    let answer = client.send(&request, patience).await?;
    Ok(Begun {
        restore_point: answer.json().ok(),
        operation: Operation::from_answer(&answer, client.cloud()),
    })
}

/// Waits until Azure has finished to create the restore point, for where its operation cannot be
/// followed. For a copy that means that copying has begun.
///
/// # Errors
/// Any [`Error`]; a provisioning state of Failed is no error here but stands in what comes back.
pub async fn wait_until_provisioned(
    client: &Client,
    id: &RestorePointId,
    patience: &Patience,
) -> Result<RestorePoint, Error> {
    settled::until_settled(client, &id.path(), provisioning_state, patience).await
}

/// Begins to delete a restore point; `None` if it is not there (any more).
///
/// # Errors
/// Any [`Error`], for example when a shared access signature on one of its disks is in use.
pub async fn begin_delete(
    client: &Client,
    id: &RestorePointId,
    patience: &Patience,
) -> Result<Option<Operation>, Error> {
    settled::begin_delete(client, &id.path(), patience).await
}

/// Follows a deletion until the restore point is gone. What comes back says how it was followed.
///
/// # Errors
/// Any [`Error`]; then the restore point may still be there.
pub async fn finish_delete(
    client: &Client,
    id: &RestorePointId,
    operation: Option<Operation>,
    patience: &Patience,
) -> Result<OperationEnd, Error> {
    settled::finish_delete(client, &id.path(), operation, patience).await
}

/// The body of the PUT that makes a copy.
pub fn copy_body(source: &RestorePointId) -> Value {
    json!({"properties": {"sourceRestorePoint": {"id": source.path()}}})
}

fn provisioning_state(point: &RestorePoint) -> Option<&str> {
    point.properties.provisioning_state.as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_names_its_source_and_nothing_else() {
        let text = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/restorePointCollections/web/restorePoints/nightly";
        let source = RestorePointId::parse(text).unwrap();
        assert_eq!(
            copy_body(&source),
            json!({"properties": {"sourceRestorePoint": {"id": text}}})
        );
    }
}
