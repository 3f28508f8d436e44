//! Making a copy: from the request that begins it to the last disk.

use crate::arm::compute::models::RestorePoint;
use crate::arm::compute::restore_points::{self, Begun};
use crate::arm::operation::{CannotFollow, Operation, OperationEnd};
use crate::arm::resource_id::RestorePointId;
use crate::arm::{Client, Error, Patience};
use crate::plugin::diagnostics::Diagnostics;
use crate::plugin::resource::{Applied, CreateRequest};
use crate::plugin::value::Value;
use crate::provider::resources::{LAST_LOOK, already_exists, look_after_lost_answer, lost_answer};

use super::ending::Phase;
use super::model::{self, WaitOutcome};
use super::{wait, words};

/// Makes the copy. Once Azure may have taken it, every way out of here has a state.
pub(super) async fn create(
    client: &Client,
    patience: &Patience,
    request: CreateRequest,
) -> Applied {
    let CreateRequest {
        planned_state,
        checkpoint,
        ..
    } = request;
    let (id, source) = match model::ids(&planned_state) {
        Ok(ids) => ids,
        Err(diagnostic) => return Applied::failed(diagnostic),
    };
    match restore_points::get(client, &id, false, patience).await {
        Ok(_) => return Applied::failed(already_exists("azrestorepoint_copy", &id.to_string())),
        Err(error) if error.is_not_found() => {}
        Err(error) => return Applied::failed(words::nothing_was_sent(&id, &error)),
    }

    // From here on Azure may have the copy, whatever becomes of the answer.
    let uncertain = model::uncertain(&planned_state, &id);
    checkpoint.save(uncertain.clone());
    let begun = match begin(client, patience, &id, &source).await {
        Start::Accepted(begun) => *begun,
        Start::Refused(error) => return Applied::failed(words::refused(&id, &source, &error)),
        Start::Lost(error) => {
            return Applied::saved(uncertain).with(lost_answer("restore point copy", &error));
        }
        Start::Stopped(found) => {
            let state = model::applied(&planned_state, &id, &found, WaitOutcome::Interrupted);
            return Applied::saved(state).with(words::interrupted(&id, Some(&found)));
        }
    };
    // What the disks' own attributes will be is not known before the operation has ended.
    let known = begun
        .restore_point
        .as_ref()
        .map_or(uncertain, |found| model::computed(&id, found));
    checkpoint.save(model::fill(&planned_state, &known));
    follow(
        client,
        patience,
        &id,
        begun.operation,
        &planned_state,
        &known,
    )
    .await
}

/// What became of the request that begins a copy.
enum Start {
    /// Azure has taken it. Without an operation, the copy itself tells how it goes on.
    Accepted(Box<Accepted>),
    /// Azure has not, and never will.
    Refused(Error),
    /// Azure has taken it, but Terraform asked to stop meanwhile.
    Stopped(Box<RestorePoint>),
    /// Nobody knows.
    Lost(Error),
}

struct Accepted {
    restore_point: Option<RestorePoint>,
    operation: Option<Operation>,
}

async fn begin(
    client: &Client,
    patience: &Patience,
    id: &RestorePointId,
    source: &RestorePointId,
) -> Start {
    let failure = match restore_points::begin_create(client, id, source, patience).await {
        Ok(Begun {
            restore_point,
            operation,
        }) => {
            return Start::Accepted(Box::new(Accepted {
                restore_point,
                operation: Some(operation),
            }));
        }
        Err(failure) if !failure.may_have_been_accepted => return Start::Refused(failure.error),
        Err(failure) => failure,
    };
    let look = look_after_lost_answer(&failure.error, |patience| async move {
        restore_points::get(client, id, true, &patience).await
    });
    match look.await {
        Ok(found) if is_copy_of(&found, source) => match failure.error {
            Error::Stopped => Start::Stopped(Box::new(found)),
            _ => Start::Accepted(Box::new(Accepted {
                restore_point: Some(found),
                operation: None,
            })),
        },
        _ => Start::Lost(failure.error),
    }
}

fn is_copy_of(found: &RestorePoint, source: &RestorePointId) -> bool {
    let found = found
        .source_restore_point_id()
        .and_then(|found| RestorePointId::parse(found).ok());
    found.as_ref() == Some(source)
}

/// Follows the operation, which ends within seconds, and then the replication, which does not.
///
/// `known` is the copy as Azure's first answer shows it, for where no later one comes.
async fn follow(
    client: &Client,
    patience: &Patience,
    id: &RestorePointId,
    operation: Option<Operation>,
    planned_state: &Value,
    known: &Value,
) -> Applied {
    let mut warnings = Diagnostics::default();
    if let Some(operation) = operation {
        match operation.wait(client, patience).await {
            Ok(OperationEnd::Succeeded) => {}
            Ok(OperationEnd::AskResource(CannotFollow::Denied { permission, error })) => {
                warnings.push(words::operation_denied(permission, &error));
            }
            Ok(OperationEnd::AskResource(reason)) => {
                tracing::debug!(
                    "The operation cannot be followed, so the copy itself is asked: {reason:?}"
                );
            }
            Err(error @ Error::OperationFailed(_)) => {
                // The copy is in Azure, as a failed one. It is tainted, and deleted by the next apply.
                let found =
                    restore_points::get(client, id, true, &Patience::detached(LAST_LOOK)).await;
                let fresh =
                    found.map_or_else(|_| known.clone(), |found| model::computed(id, &found));
                let state = model::fill(planned_state, &fresh);
                return Applied::saved(state).with(words::operation_failed(id, &error));
            }
            // What ends the operation's wait ends the replication's, too, and is told there.
            Err(error) => tracing::debug!("The operation was not followed to its end: {error}"),
        }
    }
    let waits = planned_state.get("wait_for_replication").as_bool() != Some(false);
    let mut applied = if waits {
        wait::wait(client, patience, id, Phase::Create, planned_state, known).await
    } else {
        started(client, patience, id, planned_state, known).await
    };
    applied.diagnostics.append(warnings);
    applied
}

/// The state of a copy for which nobody waits: as far as Azure has it now.
async fn started(
    client: &Client,
    patience: &Patience,
    id: &RestorePointId,
    planned_state: &Value,
    known: &Value,
) -> Applied {
    let mut fresh = match restore_points::get(client, id, true, patience).await {
        Ok(found) => model::computed(id, &found),
        Err(error) => {
            // The copy has begun, which is all that was asked for; a read fills the rest.
            tracing::warn!("The copy has begun, but cannot be read yet: {error}");
            known.clone()
        }
    };
    fresh.insert("wait_outcome", WaitOutcome::NotWaited.as_str().into());
    Applied::saved(model::fill(planned_state, &fresh))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn our_own_copy_is_told_by_its_source_in_any_case() {
        let source = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/restorePointCollections/c/restorePoints/p";
        let copy = |id: &str| {
            serde_json::from_value(json!({"properties": {"sourceRestorePoint": {"id": id}}}))
                .expect("a restore point")
        };
        let id = RestorePointId::parse(source).expect("an id");
        assert!(is_copy_of(
            &copy(
                &source
                    .to_uppercase()
                    .replace("/SUBSCRIPTIONS", "/subscriptions")
            ),
            &id
        ));
        assert!(!is_copy_of(&copy(&source.replace("/p", "/q")), &id));
        assert!(!is_copy_of(&RestorePoint::default(), &id));
    }
}
