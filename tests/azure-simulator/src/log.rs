//! What clients asked and what they were told; the evidence that tests assert on.

use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::clock::timestamp;

/// One request as the simulator saw it.
///
/// Written when the request arrives and completed when it is answered, so that a
/// request that is held back by a fault can be seen while it hangs. Secrets are
/// never kept: a bearer is named by its number, a client secret is left out.
#[derive(Clone, Debug)]
pub struct Request {
    /// Counts from 1 in the order of arrival.
    pub sequence: u64,
    /// When it arrived, by the simulator's clock.
    pub time: OffsetDateTime,
    /// The HTTP method in capitals.
    pub method: String,
    /// The path as it was sent, without the query.
    pub path: String,
    /// The query as it was sent, without the question mark; empty if there was none.
    pub query: String,
    /// The body: JSON as it is, a form as an object, nothing as null, anything else as a string.
    pub body: Value,
    /// The status that was sent. `None` while the request is unanswered, and for ever if the
    /// connection was closed first.
    pub status: Option<u16>,
    /// `x-ms-client-request-id`, as the client sent it.
    pub client_request_id: Option<String>,
    /// The `x-ms-correlation-request-id` of the answer: the client's, if it sent one.
    pub correlation_request_id: String,
    /// The `User-Agent` header.
    pub user_agent: Option<String>,
    /// Which of the issued bearer tokens was sent, as `token 1`; `unknown token` for a foreign one.
    pub authorization: Option<String>,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub version: String,
    /// The name of the fault that was applied, if any.
    pub fault: Option<&'static str>,
    /// Whether the simulator does not know this path, method, parameter, api-version or field.
    /// That is a mistake of the client, or a gap of the simulator; never a thing to ignore.
    pub unexpected: bool,
}

impl Request {
    /// Whether the method is this one (any, if empty) and path or query contain the substring.
    ///
    /// Letter case counts in neither: ARM's paths are the same in any case.
    #[must_use]
    pub fn matches(&self, method: &str, path_substring: &str) -> bool {
        matches(
            &self.method,
            &self.path,
            &self.query,
            method,
            path_substring,
        )
    }

    /// The request as the control interface shows it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "sequence": self.sequence,
            "time": timestamp(self.time),
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "body": self.body,
            "status": self.status,
            "clientRequestId": self.client_request_id,
            "correlationRequestId": self.correlation_request_id,
            "userAgent": self.user_agent,
            "authorization": self.authorization,
            "version": self.version,
            "fault": self.fault,
            "unexpected": self.unexpected,
        })
    }
}

/// The one rule by which requests are counted and faults are matched.
pub(crate) fn matches(
    method: &str,
    path: &str,
    query: &str,
    wanted_method: &str,
    wanted_substring: &str,
) -> bool {
    let wanted = wanted_substring.to_ascii_lowercase();
    (wanted_method.is_empty() || wanted_method.eq_ignore_ascii_case(method))
        && format!("{path}?{query}")
            .to_ascii_lowercase()
            .contains(&wanted)
}

/// Every request since the start, or since a test cleared the log.
#[derive(Debug, Default)]
pub(crate) struct Log {
    requests: Vec<Request>,
    last_sequence: u64,
}

impl Log {
    /// Gives the sequence number of the next request.
    pub(crate) fn next_sequence(&mut self) -> u64 {
        self.last_sequence += 1;
        self.last_sequence
    }

    pub(crate) fn begin(&mut self, request: Request) {
        self.requests.push(request);
    }

    /// Completes an entry; one that was cleared meanwhile stays cleared.
    pub(crate) fn update(&mut self, sequence: u64, change: impl FnOnce(&mut Request)) {
        let entry = self
            .requests
            .iter_mut()
            .rev()
            .find(|request| request.sequence == sequence);
        if let Some(request) = entry {
            change(request);
        }
    }

    pub(crate) fn requests(&self) -> &[Request] {
        &self.requests
    }

    pub(crate) fn clear(&mut self) {
        self.requests.clear();
    }

    pub(crate) fn count(&self, method: &str, path_substring: &str) -> usize {
        self.requests
            .iter()
            .filter(|request| request.matches(method, path_substring))
            .count()
    }
}
