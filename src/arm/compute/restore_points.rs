//! Restore points: look, copy, delete.
//!
//! There is no list and no update of restore points in Azure's API: the collection is listed with
//! them inside, and a restore point never changes.

use std::time::Duration;

use serde_json::{Value, json};

use super::API_VERSION;
use super::copy_encryption::CopyEncryption;
use super::models::RestorePoint;
use super::replication::{ReplicationState, replication};
use super::settled;
use crate::arm::error::Error;
use crate::arm::operation::{Operation, OperationEnd};
use crate::arm::patience::{self, Patience};
use crate::arm::resource_id::RestorePointId;
use crate::arm::transport::{Client, Fetched, PutError, Request};

/// The first pause between two looks at a source that cannot be copied yet.
const SOURCE_INTERVAL_FIRST: Duration = Duration::from_secs(5);

/// The longest pause between two such looks: snapshots take minutes to hours to be ready.
const SOURCE_INTERVAL_MAX: Duration = Duration::from_secs(60);

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

/// Asks Azure to copy the restore point `source` to `id`, in the collection and location of `id`,
/// and to encrypt the copies of its disks like this.
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
    encryption: &CopyEncryption,
    patience: &Patience,
) -> Result<Begun, PutError> {
    let url = client.url(&id.path(), API_VERSION, None);
    let request = Request::put(url, copy_body(source, encryption));
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

/// Why a restore point cannot be copied yet, but can later: its provisioning state, or the access
/// state of a snapshot, in Azure's spelling.
///
/// Pending snapshots are not there yet, and those with instant access alone are not yet in the
/// storage that copies are made from.
pub fn not_ready(point: &RestorePoint) -> Option<&str> {
    let provisioning = provisioning_state(point).filter(|state| !settled::is_settled(state));
    provisioning.or_else(|| {
        snapshot_access_states(point).find(|state| {
            ["Pending", "InstantAccess"]
                .iter()
                .any(|not_ready| state.eq_ignore_ascii_case(not_ready))
        })
    })
}

/// Whether a virtual machine can be restored from it, which takes its instance view to tell.
///
/// A copy is usable once every disk has replicated. Of a point that is none nothing is replicated:
/// it is usable once Azure has made it and no snapshot is pending. Those with instant access alone
/// can be restored from, and not be copied yet.
pub fn is_usable(point: &RestorePoint) -> bool {
    let replication = replication(point);
    if point.source_restore_point_id().is_some() {
        return replication.is_usable();
    }
    let is_made = provisioning_state(point).is_none() || point.is_provisioning_state("Succeeded");
    let mut access_states = snapshot_access_states(point);
    let is_pending = access_states.any(|state| state.eq_ignore_ascii_case("Pending"));
    let mut disks = replication.disks.iter();
    let is_unfinished = disks.any(|disk| {
        matches!(
            disk.state,
            ReplicationState::Replicating | ReplicationState::Failed
        )
    });
    is_made && !is_pending && !is_unfinished
}

/// The snapshot access state of each disk that the instance view tells one of, in Azure's spelling.
pub fn snapshot_access_states(point: &RestorePoint) -> impl Iterator<Item = &str> {
    let view = point.properties.instance_view.iter();
    view.flat_map(|view| &view.disk_restore_points)
        .filter_map(|disk| disk.snapshot_access_state.as_deref())
}

/// Looks at a restore point until it can be copied, or has failed.
///
/// # Errors
/// [`Error::is_not_found`] if there is none of this name (any more), and any other [`Error`].
pub async fn wait_until_ready(
    client: &Client,
    id: &RestorePointId,
    patience: &Patience,
) -> Result<RestorePoint, Error> {
    let mut interval = SOURCE_INTERVAL_FIRST;
    loop {
        let url = client.url(&id.path(), API_VERSION, Some("instanceView"));
        let found = client.get::<RestorePoint>(url, patience).await?;
        let Some(state) = not_ready(&found.value) else {
            return Ok(found.value);
        };
        tracing::info!(
            restore_point_id = %id,
            "Restore point \"{}\" cannot be copied yet: it is {state}",
            id.name()
        );
        let pause = patience::scaled(interval);
        patience
            .pause_between_looks(pause, found.retry_after)
            .await?;
        interval = interval.mul_f64(1.5).min(SOURCE_INTERVAL_MAX);
    }
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

/// The body of the PUT that makes a copy. Of the virtual machine it says nothing but how the copies
/// of its disks are to be encrypted, where that is asked for.
fn copy_body(source: &RestorePointId, encryption: &CopyEncryption) -> Value {
    let mut properties = json!({"sourceRestorePoint": {"id": source.path()}});
    if let Some(storage_profile) = encryption.storage_profile() {
        properties["sourceMetadata"] = json!({ "storageProfile": storage_profile });
    }
    json!({ "properties": properties })
}

fn provisioning_state(point: &RestorePoint) -> Option<&str> {
    point.properties.provisioning_state.as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_ready_once_its_snapshots_are() {
        #[track_caller]
        fn check(provisioning_state: &str, access_states: &[&str], expected: Option<&str>) {
            let disks: Vec<_> = access_states
                .iter()
                .map(|state| json!({"id": "/d", "snapshotAccessState": state}))
                .collect();
            let point: RestorePoint = serde_json::from_value(json!({"properties": {
                "provisioningState": provisioning_state,
                "instanceView": {"diskRestorePoints": disks}
            }}))
            .unwrap();
            assert_eq!(not_ready(&point), expected);
        }
        check("Succeeded", &[], None);
        check(
            "Succeeded",
            &["Available", "AvailableWithInstantAccess"],
            None,
        );
        check("Succeeded", &["Available", "pending"], Some("pending"));
        check("Succeeded", &["InstantAccess"], Some("InstantAccess"));
        check("Succeeded", &["Something new"], None);
        check("Creating", &[], Some("Creating"));
        check("Failed", &[], None);
        assert_eq!(not_ready(&RestorePoint::default()), None);
    }

    #[test]
    fn a_copy_is_usable_once_it_has_replicated_and_any_other_point_once_it_is_made() {
        #[track_caller]
        fn check(properties: Value, expected: bool) {
            let point = json!({ "properties": properties });
            let point: RestorePoint = serde_json::from_value(point).unwrap();
            assert_eq!(is_usable(&point), expected, "{properties}");
        }
        let view = |access: &str, code: &str| {
            json!({"diskRestorePoints": [
                {"id": "/a", "snapshotAccessState": "Available"},
                {"id": "/b", "snapshotAccessState": access, "replicationStatus": {"status": {"code": code}}}
            ]})
        };
        let own =
            |state: &str, view: Value| json!({"provisioningState": state, "instanceView": view});
        check(json!({}), true);
        check(own("Succeeded", Value::Null), true);
        check(own("Creating", Value::Null), false);
        check(own("Failed", Value::Null), false);
        check(own("Deleting", Value::Null), false);
        for (access, expected) in [
            ("Available", true),
            ("InstantAccess", true),
            ("AvailableWithInstantAccess", true),
            ("Something new", true),
            ("pending", false),
        ] {
            check(own("Succeeded", view(access, "")), expected);
        }
        // As in an example of Azure's, a point that is no copy may have a replication status, too.
        check(
            own("Succeeded", view("Available", "ReplicationState/succeeded")),
            true,
        );
        check(
            own(
                "Succeeded",
                view("Available", "ReplicationState/replicating"),
            ),
            false,
        );
        check(
            own("Succeeded", view("Available", "ReplicationState/failed")),
            false,
        );

        let copy = |view: Value| json!({"provisioningState": "Succeeded", "sourceRestorePoint": {"id": "/s"}, "instanceView": view});
        let disk =
            |code: &str| json!({"id": "/a", "replicationStatus": {"status": {"code": code}}});
        check(copy(Value::Null), false);
        check(
            copy(json!({"diskRestorePoints": [disk("ReplicationState/succeeded")]})),
            true,
        );
        check(
            copy(json!({"diskRestorePoints": [disk("ReplicationState/replicating")]})),
            false,
        );
        check(copy(view("Available", "ReplicationState/succeeded")), false);
    }

    #[test]
    fn a_copy_names_its_source_and_nothing_else() {
        let text = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/restorePointCollections/web/restorePoints/nightly";
        let source = RestorePointId::parse(text).unwrap();
        assert_eq!(
            copy_body(&source, &CopyEncryption::default()),
            json!({"properties": {"sourceRestorePoint": {"id": text}}})
        );
    }
}
