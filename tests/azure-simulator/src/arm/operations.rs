//! Long-running operations: the URLs that are polled until something has been begun or deleted.

use serde_json::json;
use time::OffsetDateTime;

use super::{Answered, budget, disk_access, entity_not_found, restore_points};
use crate::clock::timestamp;
use crate::exchange::{Answer, Incoming};
use crate::route::{OperationId, RestorePointId};
use crate::settings::{AccessResult, OperationHeaders, Settings};
use crate::state::State;

/// Something that was accepted and ends later.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    /// A GUID, the same as the `x-ms-request-id` of the answer that began it, as recorded.
    pub(crate) name: String,
    subscription: String,
    location: String,
    /// What stands before the name in its URL.
    pub(crate) segment: &'static str,
    /// The whole query of its URL, and the one of its monitor.
    query: String,
    monitor_query: String,
    pub(crate) started: OffsetDateTime,
    pub(crate) ends: OffsetDateTime,
    /// Code and message, if it ends as `Failed`.
    pub(crate) failure: Option<(String, String)>,
    pub(crate) kind: Kind,
}

/// What an operation does.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Begins a copy.
    Copy(RestorePointId),
    /// Deletes a point or a collection.
    Delete,
    /// Gives access to a disk by this URL.
    Access(String),
    /// Takes it back.
    Revoke,
}

/// Begins an operation in the region of the resource that it is about.
pub(crate) fn begin(
    state: &mut State,
    request: &Incoming,
    location: &str,
    kind: Kind,
) -> Operation {
    let region = state.region_id(location);
    let started = state.clock.now();
    let api_version = request
        .parameters()
        .into_iter()
        .find_map(|(name, value)| (name == "api-version").then_some(value))
        .unwrap_or_default();
    let mut query = format!("p={region}&api-version={api_version}");
    let mut monitor_query = format!("p={region}&monitor=true&api-version={api_version}");
    // Assumed: the name of the parameter. That such URLs grow to some 4 kB is documented.
    let padding = state
        .settings
        .operation_url_query_bytes
        .saturating_sub(query.len() + "&c=".len());
    if padding > 0 {
        let padding = "A".repeat(padding);
        query = format!("{query}&c={padding}");
        monitor_query = format!("{monitor_query}&c={padding}");
    }
    Operation {
        name: request.request_id.clone(),
        subscription: request.subscription().to_owned(),
        location: location.to_owned(),
        segment: "operations",
        query,
        monitor_query,
        started,
        ends: started + state.settings.operation,
        failure: None,
        kind,
    }
}

/// When a deletion takes effect, unless a test lets it fail.
pub(crate) fn end_deletion(state: &mut State, operation: &mut Operation) -> Option<OffsetDateTime> {
    operation.failure = state.settings.failing_deletions.pop_front();
    operation.failure.is_none().then_some(operation.ends)
}

impl Operation {
    pub(crate) fn url(&self, request: &Incoming) -> String {
        self.url_with(request, &self.query)
    }

    pub(crate) fn monitor_url(&self, request: &Incoming) -> String {
        self.url_with(request, &self.monitor_query)
    }

    fn url_with(&self, request: &Incoming, query: &str) -> String {
        format!(
            "https://{}/subscriptions/{}/providers/Microsoft.Compute/locations/{}/{}/{}?{query}",
            request.authority, self.subscription, self.location, self.segment, self.name
        )
    }

    /// Points the answer to a copy's PUT to this operation.
    pub(crate) fn announce(
        &self,
        settings: &Settings,
        request: &Incoming,
        answer: Answer,
    ) -> Answer {
        let by_operation = |answer: Answer| answer.with("Azure-AsyncOperation", self.url(request));
        let by_location = |answer: Answer| answer.with("Location", self.monitor_url(request));
        match settings.operation_headers {
            OperationHeaders::AsyncOperation => by_operation(answer),
            OperationHeaders::Location => by_location(answer),
            OperationHeaders::Both => by_location(by_operation(answer)),
        }
    }

    pub(crate) fn copies(&self, id: &RestorePointId) -> bool {
        matches!(&self.kind, Kind::Copy(copy)
            if copy.collection.is(&id.collection) && copy.name.eq_ignore_ascii_case(&id.name))
    }
}

/// The answer to a DELETE: 202, both headers, no body, as recorded.
pub(crate) fn accepted(request: &Incoming, operation: &Operation) -> Answer {
    Answer::empty(202, budget::DELETE)
        .with("Location", operation.monitor_url(request))
        .with("Azure-AsyncOperation", operation.url(request))
}

/// Answers a poll. The query has to come back untouched: its contents are Azure's business.
pub(crate) fn get(state: &State, request: &Incoming, id: &OperationId) -> Answered {
    let now = state.clock.now();
    let operation = state
        .operations
        .iter()
        .find(|operation| {
            operation.name == id.name
                && operation.location == id.location
                && operation.segment == id.segment
        })
        // Assumed: how long a record is kept, and what comes when it is gone.
        .filter(|operation| match state.settings.operation_expiry {
            Some(expiry) => now < operation.ends + expiry,
            None => true,
        })
        .ok_or_else(|| entity_not_found(budget::GET_OPERATION))?;
    if request.query == operation.query {
        Ok(status(operation, &state.settings, now))
    } else if request.query == operation.monitor_query {
        monitor(state, request, operation, now)
    } else {
        Err(Answer::unexpected(
            400,
            "InvalidQueryParameter",
            &format!(
                "The operation was announced with the query '{}' and asked for with '{}'.",
                operation.query, request.query
            ),
        ))
    }
}

fn status(operation: &Operation, settings: &Settings, now: OffsetDateTime) -> Answer {
    let mut body = json!({
        "startTime": timestamp(operation.started),
        "status": "InProgress",
        "name": operation.name,
    });
    if now >= operation.ends {
        body["endTime"] = json!(timestamp(operation.ends));
        body["status"] = json!("Succeeded");
        if let Some((code, message)) = &operation.failure {
            body["status"] = json!("Failed");
            body["error"] = json!({ "code": code, "message": message });
        } else if let Kind::Access(sas) = &operation.kind
            && settings.disk_access.result == AccessResult::InStatus
        {
            body["properties"] = json!({ "output": disk_access::uri(sas) });
        }
    }
    Answer::json(200, body, budget::GET_OPERATION)
}

/// Recorded only for a DELETE that has ended: 200 and no body.
///
/// Assumed: 202 and the same URL before, the resource for a copy that has begun (ARM says so of
/// a `Location` in general), and 409 for one that failed.
fn monitor(
    state: &State,
    request: &Incoming,
    operation: &Operation,
    now: OffsetDateTime,
) -> Answered {
    if now < operation.ends {
        let again = operation.monitor_url(request);
        return Ok(Answer::empty(202, budget::GET_OPERATION).with("Location", again));
    }
    match (&operation.failure, &operation.kind) {
        (Some((code, message)), _) => Err(Answer::error(409, code, message, budget::GET_OPERATION)),
        (None, Kind::Delete | Kind::Revoke) => Ok(Answer::empty(200, budget::GET_OPERATION)),
        (None, Kind::Access(sas)) => Ok(Answer::json(
            200,
            disk_access::uri(sas),
            budget::GET_OPERATION,
        )),
        (None, Kind::Copy(id)) => restore_points::plain(state, id),
    }
}
