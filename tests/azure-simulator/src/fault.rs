//! Faults: ways in which the next matching answers go wrong.

use std::time::Duration;

use serde_json::Value;

use crate::log;

/// A fault and the requests it befalls.
///
/// Starts out befalling every request; [`Fault::on`], [`Fault::skip`] and [`Fault::times`]
/// narrow it. If several match, the one that was set first wins. The control
/// interface itself is never befallen.
///
/// ```
/// use azure_simulator::Fault;
/// use serde_json::json;
///
/// // The second and third copy are refused.
/// let fault = Fault::answer(503, json!({"error": {"code": "ServerBusy", "message": "Busy."}}))
///     .header("Retry-After", "1")
///     .on("PUT", "/restorePoints/")
///     .skip(1)
///     .times(2);
/// ```
#[derive(Clone, Debug)]
pub struct Fault {
    method: String,
    path_substring: String,
    skip: usize,
    remaining: Option<usize>,
    action: Action,
}

/// What happens to a request.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    Answer {
        status: u16,
        headers: Vec<(String, String)>,
        body: Value,
    },
    Amend {
        headers: Vec<(String, String)>,
        removed_headers: Vec<String>,
        merge: Value,
    },
    Delay(Duration),
    BlackHole {
        apply: bool,
    },
    Close {
        apply: bool,
    },
    Truncate,
    NotJson,
}

impl Action {
    /// Whether the request takes effect before the fault does its work.
    pub(crate) fn applies_on_arrival(&self) -> bool {
        match self {
            Self::Answer { .. } => false,
            Self::BlackHole { apply } | Self::Close { apply } => *apply,
            Self::Amend { .. } | Self::Delay(_) | Self::Truncate | Self::NotJson => true,
        }
    }

    /// The name under which the request log shows it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Answer { .. } => "answer",
            Self::Amend { .. } => "amend",
            Self::Delay(_) => "delay",
            Self::BlackHole { .. } => "blackHole",
            Self::Close { .. } => "close",
            Self::Truncate => "truncate",
            Self::NotJson => "notJson",
        }
    }
}

impl Fault {
    /// Answers this instead, without applying the request. Null is an empty body, a string is
    /// sent as it is, anything else as JSON. The usual headers are added.
    #[must_use]
    pub fn answer(status: u16, body: Value) -> Self {
        Self::new(Action::Answer {
            status,
            headers: Vec::new(),
            body,
        })
    }

    /// Answers as usual, but with a changed body: `merge` is merged into it by RFC 7396, where
    /// null removes a field. See also [`Fault::header`] and [`Fault::without_header`].
    #[must_use]
    pub fn amend(merge: Value) -> Self {
        Self::new(Action::Amend {
            headers: Vec::new(),
            removed_headers: Vec::new(),
            merge,
        })
    }

    /// Applies the request when it arrives, and answers as usual after this much real time.
    #[must_use]
    pub fn delay(by: Duration) -> Self {
        Self::new(Action::Delay(by))
    }

    /// Accepts the request and keeps quiet until [`crate::Simulator::release`].
    ///
    /// With `apply` its effect takes place on arrival, else on release; in both cases the
    /// release sends the answer. A client that hangs up first never causes an effect on release.
    #[must_use]
    pub fn black_hole(apply: bool) -> Self {
        Self::new(Action::BlackHole { apply })
    }

    /// Closes the connection instead of answering, after the effect took place or without it.
    #[must_use]
    pub fn close(apply: bool) -> Self {
        Self::new(Action::Close { apply })
    }

    /// Applies the request, and breaks off in the middle of the answer's body.
    #[must_use]
    pub fn truncate() -> Self {
        Self::new(Action::Truncate)
    }

    /// Applies the request, and answers 200 with a page of HTML, as a captive proxy would.
    #[must_use]
    pub fn not_json() -> Self {
        Self::new(Action::NotJson)
    }

    /// Befalls only requests with this method (any, if empty) whose path or query contains this.
    #[must_use]
    pub fn on(mut self, method: &str, path_substring: &str) -> Self {
        self.method = method.to_owned();
        self.path_substring = path_substring.to_owned();
        self
    }

    /// Lets this many matching requests pass first.
    #[must_use]
    pub fn skip(mut self, requests: usize) -> Self {
        self.skip = requests;
        self
    }

    /// Ends after having befallen this many requests; without it, only when it is removed.
    #[must_use]
    pub fn times(mut self, requests: usize) -> Self {
        self.remaining = Some(requests);
        self
    }

    /// Sets a header of the answer. Only [`Fault::answer`] and [`Fault::amend`] have use for it.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Action::Answer { headers, .. } | Action::Amend { headers, .. } = &mut self.action {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    /// Leaves a header out of the usual answer. Only [`Fault::amend`] has use for it.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        if let Action::Amend {
            removed_headers, ..
        } = &mut self.action
        {
            removed_headers.push(name.to_owned());
        }
        self
    }

    pub(crate) fn new(action: Action) -> Self {
        Self {
            method: String::new(),
            path_substring: String::new(),
            skip: 0,
            remaining: None,
            action,
        }
    }
}

/// Names a fault that was set, so that it can be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultId(pub(crate) u64);

/// The faults that are set, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    set: Vec<(FaultId, Fault)>,
    last: u64,
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) -> FaultId {
        self.last += 1;
        let id = FaultId(self.last);
        self.set.push((id, fault));
        id
    }

    pub(crate) fn remove(&mut self, id: FaultId) {
        self.set.retain(|(candidate, _)| *candidate != id);
    }

    pub(crate) fn clear(&mut self) {
        self.set.clear();
    }

    /// The action that befalls this request, if any; uses the fault up by one.
    pub(crate) fn befall(&mut self, method: &str, path: &str, query: &str) -> Option<Action> {
        for (_, fault) in &mut self.set {
            let hit = log::matches(method, path, query, &fault.method, &fault.path_substring);
            if !hit || fault.remaining == Some(0) {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            if let Some(remaining) = &mut fault.remaining {
                *remaining -= 1;
            }
            return Some(fault.action.clone());
        }
        None
    }
}

/// Merges a patch into a document as RFC 7396 says: null removes, objects merge, the rest replaces.
pub(crate) fn merge(document: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *document = patch.clone();
        return;
    };
    if !document.is_object() {
        *document = Value::Object(serde_json::Map::new());
    }
    let Value::Object(fields) = document else {
        return;
    };
    for (name, value) in patch {
        if value.is_null() {
            fields.remove(name);
        } else {
            merge(fields.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_fault_skips_then_befalls_then_ends() {
        let mut faults = Faults::default();
        faults.add(
            Fault::close(false)
                .on("put", "/restorePoints/")
                .skip(1)
                .times(2),
        );
        let mut befalls = |method, path| faults.befall(method, path, "").is_some();
        assert!(!befalls("GET", "/x/restorepoints/a"));
        assert!(!befalls("PUT", "/x/restorepoints/a"));
        assert!(befalls("PUT", "/x/restorePoints/b"));
        assert!(befalls("PUT", "/x/restorePoints/c"));
        assert!(!befalls("PUT", "/x/restorePoints/d"));
    }

    #[test]
    fn merging_replaces_removes_and_adds() {
        let mut document = json!({"a": 1, "b": {"c": 2, "d": 3}});
        merge(
            &mut document,
            &json!({"a": null, "b": {"c": [4]}, "e": {"f": 5}}),
        );
        assert_eq!(document, json!({"b": {"c": [4], "d": 3}, "e": {"f": 5}}));
    }
}
