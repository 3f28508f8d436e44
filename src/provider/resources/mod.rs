//! The managed resources, one folder for each, and what they say alike.

mod collection;
mod copy;
mod listing;
mod mirror;
pub(crate) mod replication;

use std::time::Duration;

use crate::arm::patience::scaled;
use crate::arm::{Error, Patience};
use crate::plugin::diagnostics::Diagnostic;
use crate::provider::diagnose;

pub(crate) use collection::{Collection, CollectionList};
pub(crate) use copy::{Copy, CopyList};
pub(crate) use mirror::Mirror;
pub(crate) use replication::Replication;

/// How long a last look may take.
const LAST_LOOK: Duration = Duration::from_secs(5);

/// The same after a stop: whoever has asked for it waits for us.
const LAST_LOOK_AFTER_STOP: Duration = Duration::from_millis(500);

/// Looks once at a resource whose PUT or operation did not end well. Neither a deadline nor
/// a stop that has come already cuts this short; its own limit does.
pub(crate) async fn look_after_lost_answer<F, T>(
    lost: &Error,
    look: impl FnOnce(Patience) -> F,
) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    tracing::warn!("Looking whether Azure has the resource, because of this: {lost}");
    let limit = match lost {
        Error::Stopped => LAST_LOOK_AFTER_STOP,
        _ => LAST_LOOK,
    };
    look(Patience::detached(limit)).await
}

/// How often something that is to be deleted has to be missing before it counts as gone.
const MISSING_LOOKS: u32 = 3;

/// The pause between two such looks.
const MISSING_PAUSE: Duration = Duration::from_secs(2);

/// Looks at something that is to be deleted. That it is missing has to be seen more than once:
/// Terraform forgets it then, and what Azure still has would be nobody's any more.
pub(crate) async fn look_before_delete<F, T>(
    patience: &Patience,
    look: impl Fn() -> F,
) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    for _ in 1..MISSING_LOOKS {
        match look().await {
            Err(error) if error.is_not_found() => patience.pause(scaled(MISSING_PAUSE)).await?,
            seen => return seen,
        }
    }
    look().await
}

/// What to say when Azure may or may not have taken a PUT. The state holds the resource in both cases.
///
/// After a stop this is a warning: nothing failed, and an error would taint the resource.
fn lost_answer(what: &str, error: &Error) -> Diagnostic {
    let summary = format!("No answer to the creation of the {what}");
    let before = format!(
        "Azure may or may not have begun to create the {what}. It is in the state with what is known."
    );
    let next = "Run terraform apply again: its plan asks Azure, and drops it from the state if it does not exist.";
    match error {
        Error::Stopped => Diagnostic::warning(summary, diagnose::around(&before, error, next)),
        _ => {
            let next = format!(
                "{next} Terraform has marked it tainted: to see a plan that does not replace it, run terraform untaint \
                 ADDRESS first."
            );
            Diagnostic::error(summary, diagnose::around(&before, error, &next))
        }
    }
}

/// The refusal of a name that is taken, in the words that users of Azure's providers search for.
pub(crate) fn already_exists(kind: &str, id: &str) -> Diagnostic {
    Diagnostic::error(
        "Resource already exists",
        format!(
            "A resource with the ID {id:?} already exists - to be managed via Terraform this resource needs to be \
             imported into the State. Please see the resource documentation for {kind:?} for more information.\n\n\
             To import it, add this block with the name of your resource, and plan again:\n\n  \
             import {{\n    to = {kind}.NAME\n    id = {id:?}\n  }}"
        ),
    )
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use reqwest::{Method, StatusCode};

    use super::*;
    use crate::arm::error::ApiError;

    #[tokio::test]
    async fn what_is_missing_once_is_looked_for_again() {
        async fn check(statuses: &[u16], expected: Result<(), u16>) {
            let left = RefCell::new(statuses.iter());
            let look = || async {
                match left.borrow_mut().next().expect("one look more than told") {
                    200 => Ok(()),
                    status => {
                        let body = br#"{"error":{"code":"NotFound","message":"m"}}"#;
                        let status = StatusCode::from_u16(*status).expect("a status");
                        let error = ApiError::from_body(Method::GET, "/x", status, body);
                        Err(Error::Api(Box::new(error)))
                    }
                }
            };
            let patience = Patience::detached(Duration::from_secs(60));
            let found = look_before_delete(&patience, look).await;
            let found = found.map_err(|error| error.status().unwrap_or(0));
            assert_eq!((found, left.borrow().len()), (expected, 0), "{statuses:?}");
        }
        check(&[200], Ok(())).await;
        check(&[404, 200], Ok(())).await;
        check(&[404, 404, 200], Ok(())).await;
        check(&[404, 404, 404], Err(404)).await;
        check(&[404, 403], Err(403)).await;
    }
}
