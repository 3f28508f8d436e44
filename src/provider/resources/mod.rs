//! The managed resources, one folder for each, and what they say alike.

mod collection;
mod copy;
mod mirror;

use std::time::Duration;

use crate::arm::{Error, Patience};
use crate::plugin::diagnostics::Diagnostic;
use crate::provider::diagnose;

pub(crate) use collection::Collection;
pub(crate) use copy::Copy;
pub(crate) use mirror::Mirror;

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

/// What to say when Azure may or may not have taken a PUT. The state holds the resource in both cases.
///
/// After a stop this is a warning: nothing failed, and an error would taint the resource.
fn lost_answer(what: &str, error: &Error) -> Diagnostic {
    let summary = format!("No answer to the creation of the {what}");
    let detail = format!(
        "{}\n\nAzure may or may not have begun to create it. It is in the state with what is known: the next plan \
         asks Azure again, and drops it from the state if it does not exist.",
        diagnose::detail(error)
    );
    match error {
        Error::Stopped => Diagnostic::warning(summary, detail),
        _ => Diagnostic::error(
            summary,
            format!(
                "{detail}\n\nTerraform has marked it tainted. Run terraform untaint ADDRESS first if it must not be \
                 replaced; then terraform apply."
            ),
        ),
    }
}

/// The refusal of a name that is taken, in the words that users of Azure's providers search for.
fn already_exists(kind: &str, id: &str) -> Diagnostic {
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
