//! Beginning a copy: the request, what becomes of it where its answer is lost, and the operation.

use crate::arm::compute::copy_encryption::CopyEncryption;
use crate::arm::compute::models::RestorePoint;
use crate::arm::compute::restore_points::{self, Begun};
use crate::arm::operation::{CannotFollow, OperationEnd};
use crate::arm::resource_id::RestorePointId;
use crate::arm::{Client, Error, Patience};
use crate::plugin::diagnostics::{Diagnostic, Diagnostics};
use crate::provider::diagnose;
use crate::provider::resources::look_after_lost_answer;

/// What became of the request that begins a copy.
pub(crate) enum Start {
    /// Azure has taken it.
    Accepted(Box<Accepted>),
    /// Azure has not, and never will.
    Refused(Error),
    /// Nobody knows.
    Lost(Error),
}

/// How it is known that Azure has taken the request.
pub(crate) enum Accepted {
    /// Azure said so, and how to go on.
    Answered(Begun),
    /// Azure's answer was lost, but the copy is there.
    Found(RestorePoint),
}

impl Accepted {
    /// The copy, as far as Azure has shown it.
    pub(crate) fn seen(&self) -> Option<&RestorePoint> {
        match self {
            Self::Answered(begun) => begun.restore_point.as_ref(),
            Self::Found(found) => Some(found),
        }
    }
}

/// Asks Azure to copy. Where the answer is lost, it is looked for.
pub(crate) async fn begin(
    client: &Client,
    id: &RestorePointId,
    source: &RestorePointId,
    encryption: &CopyEncryption,
    patience: &Patience,
) -> Start {
    let begun = restore_points::begin_create(client, id, source, encryption, patience);
    let failure = match begun.await {
        Ok(begun) => return Start::Accepted(Box::new(Accepted::Answered(begun))),
        Err(failure) if !failure.may_have_been_accepted => return Start::Refused(failure.error),
        Err(failure) => failure,
    };
    let look = look_after_lost_answer(&failure.error, |patience| async move {
        restore_points::get(client, id, true, &patience).await
    });
    match look.await {
        Ok(found) if is_copy_of(&found, source) => {
            Start::Accepted(Box::new(Accepted::Found(found)))
        }
        // An earlier attempt went unanswered, but the last one was refused, and nothing is there.
        Err(error) if error.is_not_found() && is_refusal(&failure.error) => {
            Start::Refused(failure.error)
        }
        _ => Start::Lost(failure.error),
    }
}

/// Whether this answer says no to a request, and would say so again.
pub(crate) fn is_refusal(error: &Error) -> bool {
    matches!(error.status(), Some(400..=407 | 409..=428 | 430..=499))
}

/// Whether the restore point is a copy of that source.
pub(crate) fn is_copy_of(found: &RestorePoint, source: &RestorePointId) -> bool {
    found.copied_from().as_ref() == Some(source)
}

/// Waits until Azure has begun to copy. Gives the copy, where it had to be asked instead of
/// the operation.
///
/// # Errors
/// [`Error::OperationFailed`] where Azure took the request and could not begin, and any other
/// error where nothing could be learnt until Stop or the deadline.
pub(crate) async fn operate(
    client: &Client,
    id: &RestorePointId,
    patience: &Patience,
    begun: &Begun,
    warnings: &mut Diagnostics,
) -> Result<Option<RestorePoint>, Error> {
    match begun.operation.wait(client, patience).await? {
        OperationEnd::Succeeded => return Ok(None),
        OperationEnd::AskResource(CannotFollow::Denied { permission, error }) => {
            warnings.push(operation_denied(permission, &error));
        }
        OperationEnd::AskResource(reason) => {
            tracing::debug!("The operation cannot be followed: {reason:?}");
        }
    }
    restore_points::wait_until_provisioned(client, id, patience)
        .await
        .map(Some)
}

/// The operation may not be asked about, so the copy was asked instead.
fn operation_denied(permission: &str, cause: &Error) -> Diagnostic {
    let before = format!(
        "The restore point itself is asked instead, which tells less when something fails. The identity probably \
         lacks the permission {permission} on the subscription, as roles made by hand often do."
    );
    Diagnostic::warning(
        "Cannot follow Azure's operation",
        diagnose::around(&before, cause, ""),
    )
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
        assert!(is_copy_of(&copy(&source.to_uppercase()), &id));
        assert!(is_copy_of(&copy(source.trim_start_matches('/')), &id));
        assert!(!is_copy_of(&copy(&source.replace("/p", "/q")), &id));
        assert!(!is_copy_of(&RestorePoint::default(), &id));
    }

    #[test]
    fn a_denied_operation_is_told() {
        use crate::provider::golden::{Golden, refusal, target};
        let mut golden = Golden::folder("operation");
        let permission = "Microsoft.Compute/locations/operations/read";
        let path = format!(
            "/subscriptions/{}/providers/Microsoft.Compute/locations/westus2/operations/o",
            target().subscription_id()
        );
        let message = format!(
            "The client 'c' with object id 'o' does not have authorization to perform action '{permission}' over scope \
             '{path}' or the scope is invalid."
        );
        let body = json!({"error": {"code": "AuthorizationFailed", "message": message}});
        let error = refusal(reqwest::Method::GET, &path, 403, &body);
        golden.message("denied", &operation_denied(permission, &error));
    }
}
