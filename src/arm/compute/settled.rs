//! Asks a resource itself how an operation on it ended, where the operation cannot be followed.

use std::time::Duration;

use serde::de::{DeserializeOwned, IgnoredAny};

use super::API_VERSION;
use crate::arm::error::Error;
use crate::arm::operation::{Operation, OperationEnd};
use crate::arm::patience::{self, Interrupted, Patience};
use crate::arm::transport::{Answer, Client, Fetched, Request};

/// The pause between two looks. Most operations on restore points end within seconds.
const POLL_INTERVAL: Duration = Duration::from_secs(5);

/// How long something that Azure has made may be invisible: reads lag behind.
const INVISIBLE_LIMIT: Duration = Duration::from_secs(2 * 60);

/// Begins to delete a resource; `None` if it is not there (any more).
pub(super) async fn begin_delete(
    client: &Client,
    path: &str,
    patience: &Patience,
) -> Result<Option<Operation>, Error> {
    let request = Request::delete(client.url(path, API_VERSION, None));
    match client.send(&request, patience).await {
        Ok(answer) => Ok(deletion(&answer, client)),
        Err(failure) if failure.error.is_not_found() => Ok(None),
        Err(failure) => Err(failure.error),
    }
}

/// Follows a deletion to its end. What comes back says how it was followed.
pub(super) async fn finish_delete(
    client: &Client,
    path: &str,
    operation: Option<Operation>,
    patience: &Patience,
) -> Result<OperationEnd, Error> {
    let Some(operation) = operation else {
        return Ok(OperationEnd::Succeeded);
    };
    let end = operation.wait(client, patience).await?;
    if matches!(end, OperationEnd::AskResource(_)) {
        until_gone(client, path, patience).await?;
    }
    Ok(end)
}

/// Gets a resource that is there. That it is not is waited out for a while.
pub(super) async fn get_made<T: DeserializeOwned>(
    client: &Client,
    path: &str,
    expand: Option<&str>,
    patience: &Patience,
) -> Result<Fetched<T>, Error> {
    let visible = patience.with_limit(patience::scaled(INVISIBLE_LIMIT));
    loop {
        let url = client.url(path, API_VERSION, expand);
        let error = match client.get(url, patience).await {
            Err(error) if error.is_not_found() => error,
            found => return found,
        };
        let pause = patience::scaled(POLL_INTERVAL);
        match visible
            .pause_between_looks(pause, error.retry_after())
            .await
        {
            Ok(()) => {}
            Err(Interrupted::Stopped) => return Err(Error::Stopped),
            Err(Interrupted::DeadlinePassed) => return Err(error),
        }
    }
}

/// Waits until a resource's provisioning state is one that lasts.
pub(super) async fn until_settled<T: DeserializeOwned>(
    client: &Client,
    path: &str,
    provisioning_state: fn(&T) -> Option<&str>,
    patience: &Patience,
) -> Result<T, Error> {
    loop {
        let found = get_made::<T>(client, path, None, patience).await?;
        if provisioning_state(&found.value).is_none_or(is_settled) {
            return Ok(found.value);
        }
        let interval = patience::scaled(POLL_INTERVAL);
        patience
            .pause_between_looks(interval, found.retry_after)
            .await?;
    }
}

async fn until_gone(client: &Client, path: &str, patience: &Patience) -> Result<(), Error> {
    loop {
        let url = client.url(path, API_VERSION, None);
        let asked = match client.get::<IgnoredAny>(url, patience).await {
            Ok(found) => found.retry_after,
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error) => return Err(error),
        };
        let interval = patience::scaled(POLL_INTERVAL);
        patience.pause_between_looks(interval, asked).await?;
    }
}

/// 204 says that there was nothing to delete. 200 without a way to follow says that it is done;
/// 202 without one only that it has begun.
fn deletion(answer: &Answer, client: &Client) -> Option<Operation> {
    match answer.status.as_u16() {
        204 => None,
        _ => Some(Operation::from_answer(answer, client.cloud())),
    }
}

/// Creating, Updating, InProgress and Deleting pass; unknown words are taken for lasting ones, so
/// that a new word of Azure's cannot make us wait for ever.
pub(super) fn is_settled(provisioning_state: &str) -> bool {
    let passing = ["Creating", "Updating", "InProgress", "Deleting", "Accepted"];
    !passing
        .iter()
        .any(|state| state.eq_ignore_ascii_case(provisioning_state))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_passing_states_are_waited_for() {
        #[track_caller]
        fn check(state: &str, expected: bool) {
            assert_eq!(is_settled(state), expected, "{state}");
        }
        check("Succeeded", true);
        check("Failed", true);
        check("Canceled", true);
        check("Something new", true);
        check("Creating", false);
        check("creating", false);
        check("Deleting", false);
    }
}
