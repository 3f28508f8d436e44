//! What a request is charged for, and how a charge shows in its answer.

use serde_json::json;

use crate::clock::timestamp;
use crate::exchange::{Answer, Incoming, Payload, Sender};
use crate::route::{CollectionId, Resource};
use crate::state::{State, normalised_location};
use crate::throttling::{Charge, Exhausted};

/// The headers that tell a client what is left. Empty while nothing is throttled: the answer
/// then has the recorded values of fresh buckets.
#[derive(Debug, Default)]
pub(crate) struct Bill {
    subscription: Option<(String, String)>,
    resource: Option<String>,
}

impl Bill {
    /// As recorded, only Compute's answers show its buckets, and the gateway's refusals none.
    pub(crate) fn show_on(self, answer: &mut Answer) {
        let refused_by_gateway = answer
            .headers
            .iter()
            .any(|(name, _)| name == "x-ms-failure-cause");
        if let Some(remaining) = self.resource
            && matches!(answer.sender, Sender::Compute(_))
        {
            answer
                .headers
                .push(("x-ms-ratelimit-remaining-resource".to_owned(), remaining));
        }
        if let Some(header) = self.subscription
            && !refused_by_gateway
        {
            answer.headers.push(header);
        }
    }
}

/// What the gateway calls a method in its checks of rights, locks and rates.
pub(crate) fn verb(method: &str) -> &'static str {
    match method {
        "GET" => "read",
        "DELETE" => "delete",
        _ => "write",
    }
}

/// The gateway's charge, which every request of a principal has.
///
/// Assumed: code and text of its refusal, which are ARM's in general.
pub(crate) fn charge_gateway(
    state: &mut State,
    request: &Incoming,
    bill: &mut Bill,
) -> Result<(), Answer> {
    let verb = verb(&request.method);
    let policy = match verb {
        "read" => "reads",
        "delete" => "deletes",
        _ => "writes",
    };
    let charges = [(policy, String::new())];
    let now = state.clock.now();
    let Some(buckets) = &mut state.buckets else {
        return Ok(());
    };
    let charged = buckets.charge(&charges, now);
    for (policy, remaining) in buckets.remaining(&charges, now) {
        let name = format!("x-ms-ratelimit-remaining-subscription-{policy}");
        bill.subscription = Some((name, remaining.to_string()));
    }
    charged.map_err(|exhausted| {
        let seconds = state.clock.real_seconds_until(exhausted.end);
        let message = format!(
            "Number of '{verb}' requests for subscription '{}' actor '{}' exceeded. Please try again after '{seconds}' seconds after additional tokens are available. Refer to https://aka.ms/arm-throttling for additional information.",
            state.settings.subscription_id, state.settings.client_id
        );
        Answer::gateway_error(429, "SubscriptionRequestsThrottled", &message)
            .with("Retry-After", seconds.to_string())
    })
}

/// Compute's charge, for what the gateway passes on to it.
pub(crate) fn charge_compute(
    state: &mut State,
    request: &Incoming,
    resource: &Resource,
    bill: &mut Bill,
) -> Result<(), Answer> {
    let charges = charges(state, request, resource);
    let now = state.clock.now();
    let Some(buckets) = &mut state.buckets else {
        return Ok(());
    };
    let charged = buckets.charge(&charges, now);
    let remaining: Vec<String> = buckets
        .remaining(&charges, now)
        .iter()
        .map(|(policy, remaining)| format!("Microsoft.Compute/{policy};{remaining}"))
        .collect();
    if !remaining.is_empty() {
        bill.resource = Some(remaining.join(","));
    }
    charged.map_err(|exhausted| too_many(state, &exhausted))
}

/// The policies that apply, by the recorded headers of the newest answers.
fn charges(state: &State, request: &Incoming, resource: &Resource) -> Vec<Charge> {
    let (collection, is_point) = match resource {
        Resource::Operation(operation) => {
            return vec![
                ("GetOperationResource", operation.name.clone()),
                (
                    "GetOperationSubscriptionMaximum",
                    operation.location.clone(),
                ),
            ];
        }
        Resource::Collection(id) => (id, false),
        Resource::RestorePoint(id)
        | Resource::DiskRestorePoints(id)
        | Resource::DiskRestorePoint(id, _) => (&id.collection, true),
        // Groups are the gateway's own, and lists are gathered by it.
        Resource::Group(_) | Resource::AllCollections | Resource::Collections { .. } => {
            return Vec::new();
        }
        // Assumed: nothing is known of a limit.
        Resource::BeginGetAccess(_) | Resource::EndGetAccess(_) => return Vec::new(),
    };
    // What does not exist is refused by the gateway.
    let Some(region) = region(state, request, collection) else {
        return Vec::new();
    };
    let region = format!("{}/{region}", collection.subscription.to_ascii_lowercase());
    let path = collection.path();
    match (request.method.as_str(), is_point) {
        ("GET", _) => vec![("LowCostGetRestorePointSubscriptionMaximum", region)],
        ("DELETE", _) => vec![
            ("DeleteRestorePoints3Min", region.clone()),
            ("DeleteRestorePoints30Min", region),
        ],
        (_, true) => vec![
            ("PutRestorePointResource", path),
            ("PutRestorePointSubscriptionMaximum", region),
        ],
        (_, false) => vec![
            ("PutRestorePointCollectionResource", path),
            ("PutRestorePointCollectionSubscriptionMaximum", region),
        ],
    }
}

/// Where the collection is, or will be.
fn region(state: &State, request: &Incoming, id: &CollectionId) -> Option<String> {
    if let Some(collection) = state.collection(id) {
        return Some(collection.location.clone());
    }
    let body = request.json().ok()?;
    body["location"].as_str().map(normalised_location)
}

/// Compute's 429, which the documentation shows without the usual `error` around it.
fn too_many(state: &State, exhausted: &Exhausted) -> Answer {
    let Exhausted {
        policy,
        allowed,
        measured,
        begin,
        end,
    } = exhausted;
    let measurement = json!({
        "operationGroup": policy,
        "startTime": timestamp(*begin),
        "endTime": timestamp(*end),
        "allowedRequestCount": allowed,
        "measuredRequestCount": measured,
    });
    let body = json!({
        "code": "OperationNotAllowed",
        "message": "The server rejected the request because too many requests have been received for this subscription.",
        "details": [{
            "code": "TooManyRequests",
            "target": policy,
            "message": measurement.to_string(),
        }],
    });
    Answer::new(429, Payload::Json(body), Sender::Compute("")).with(
        "Retry-After",
        state.clock.real_seconds_until(*end).to_string(),
    )
}
