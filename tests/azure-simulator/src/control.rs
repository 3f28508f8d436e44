//! The control interface: scripts a simulator from outside of its process.
//!
//! It listens beside Azure, below `/simulator/`, takes and gives JSON, and asks nobody for a
//! token. What it does is what the methods of [`crate::Simulator`] do; [`HELP`] lists it.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::arm::fields::Fields;
use crate::clock::timestamp;
use crate::exchange::{Answer, Incoming, Sender};
use crate::fault::{Action, Fault};
use crate::replication::Replication;
use crate::seed::{SourceCollection, SourceRestorePoint};
use crate::server::Shared;
use crate::state::State;

/// What the control interface understands, for people.
pub const HELP: &str = r#"Control interface (JSON over the same https address, no token needed):
  GET    /simulator/requests                 the request log; ?method=PUT&path=/restorePoints/ filters it
  DELETE /simulator/requests                 forgets it
  GET    /simulator/counters                 how many requests there were, and how many nobody knows
  GET    /simulator/clock                    the simulator's time
  POST   /simulator/clock                    {"advanceSeconds": 3600} or {"scale": 60}; 0 freezes it
  POST   /simulator/replication              COURSE, for copies that begin from now on
  POST   /simulator/disks                    {"restorePointId": ID, "disk": NAME, "course": COURSE}; all disks without NAME
  POST   /simulator/resource-groups          {"name": NAME}
  POST   /simulator/collections              {"resourceGroup": NAME, "name": NAME, "location": PLACE, "virtualMachine": NAME}
  POST   /simulator/restore-points           {"collectionId": ID, "name": NAME, "timeCreated": TIME, "disks": [NAME, ...]}
  POST   /simulator/tags                     {"collectionId": ID, "tags": {NAME: VALUE, ...}}
  DELETE /simulator/resources                {"id": ID}, a collection or a restore point, gone at once
  POST   /simulator/faults                   {"method": "PUT", "path": "/restorePoints/", "skip": 0, "times": 1, ACTION}
  DELETE /simulator/faults                   removes all faults
  POST   /simulator/release                  answers what black holes hold back
COURSE is {"seconds": 20}, {"seconds": 20, "failsAtPercent": 40}, {"replicatingAtPercent": 40},
  {"failedAtPercent": 40} or {"succeeded": true}.
ACTION is one of "answer": {"status": 503, "headers": {"Retry-After": "1"}, "body": {}},
  "amend": {"headers": {}, "removedHeaders": [], "merge": {}}, "delaySeconds": 2,
  "blackHole": {"apply": true}, "close": {"apply": false}, "truncate": true, "notJson": true.
"#;

/// Answers a request to the control interface.
pub(crate) fn answer(shared: &Shared, request: &Incoming) -> Answer {
    let mut state = shared.state();
    state.settle();
    let path = request.path.trim_start_matches("/simulator/");
    let result = match (request.method.as_str(), path) {
        ("GET", "requests") => Ok(requests(&state, request)),
        ("GET", "counters") => Ok(counters(&state)),
        ("GET", "clock") => Ok(clock(&state)),
        ("DELETE", "requests") => {
            state.log.clear();
            Ok(json!({}))
        }
        ("DELETE", "faults") => {
            state.faults.clear();
            Ok(json!({}))
        }
        ("POST", "release") => {
            shared.released.send_replace(());
            Ok(json!({}))
        }
        ("POST" | "DELETE", _) => change(&mut state, request, path),
        _ => Err(unknown(request)),
    };
    match result {
        Ok(body) => Answer::json(200, body, Sender::Control),
        Err(mut refusal) => {
            refusal.sender = Sender::Control;
            refusal
        }
    }
}

/// The changes that come with a body.
fn change(state: &mut State, request: &Incoming, path: &str) -> Result<Value, Answer> {
    let body = request
        .json()
        .map_err(|error| invalid(&format!("the body is not JSON: {error}")))?;
    let fields = |allowed: &[&str]| Fields::of_value("body", &body, allowed);
    match (request.method.as_str(), path) {
        ("POST", "clock") => {
            set_clock(state, &fields(&["advanceSeconds", "scale"])?)?;
            Ok(clock(state))
        }
        ("POST", "replication") => {
            state.settings.replication = course(&body)?;
            Ok(json!({}))
        }
        ("POST", "disks") => {
            let fields = fields(&["restorePointId", "disk", "course"])?;
            let course = course(fields.value("course").unwrap_or(&Value::Null))?;
            let id = required(&fields, "restorePointId")?;
            let disk = fields.string("disk")?;
            state.set_disk(id, disk, &course).map_err(|e| invalid(&e))?;
            Ok(json!({}))
        }
        ("POST", "resource-groups") => {
            state.add_group(required(&fields(&["name"])?, "name")?, "eastus");
            Ok(json!({}))
        }
        ("POST", "collections") => {
            let fields = fields(&["resourceGroup", "name", "location", "virtualMachine"])?;
            let mut seed = SourceCollection::new(
                required(&fields, "resourceGroup")?,
                required(&fields, "name")?,
                required(&fields, "location")?,
            );
            seed.virtual_machine = fields.string("virtualMachine")?.map(str::to_owned);
            let id = state.seed_source_collection(&seed);
            Ok(json!({ "id": id.map_err(|error| invalid(&error))? }))
        }
        ("POST", "restore-points") => {
            let fields = fields(&["collectionId", "name", "timeCreated", "disks"])?;
            let mut seed = SourceRestorePoint::new(
                required(&fields, "name")?,
                required(&fields, "timeCreated")?,
            );
            seed.disks = fields.value("disks").map(strings).transpose()?;
            let id = state.seed_restore_point(required(&fields, "collectionId")?, &seed);
            Ok(json!({ "id": id.map_err(|error| invalid(&error))? }))
        }
        ("POST", "tags") => {
            let fields = fields(&["collectionId", "tags"])?;
            let tags = fields.strings("tags")?.unwrap_or_default();
            state
                .collection_id(required(&fields, "collectionId")?)
                .and_then(|id| state.set_tags(&id, tags))
                .map_err(|error| invalid(&error))?;
            Ok(json!({}))
        }
        ("DELETE", "resources") => {
            let fields = fields(&["id"])?;
            let removed = state.remove(required(&fields, "id")?);
            removed.map_err(|error| invalid(&error))?;
            Ok(json!({}))
        }
        ("POST", "faults") => {
            let id = state.faults.add(fault(&body)?);
            Ok(json!({ "fault": id.0 }))
        }
        _ => Err(unknown(request)),
    }
}

fn requests(state: &State, request: &Incoming) -> Value {
    let parameters = request.parameters();
    let parameter = |wanted: &str| {
        parameters
            .iter()
            .find_map(|(name, value)| (name == wanted).then_some(value.as_str()))
            .unwrap_or_default()
    };
    let found: Vec<Value> = state
        .log
        .requests()
        .iter()
        .filter(|entry| entry.matches(parameter("method"), parameter("path")))
        .map(crate::log::Request::to_json)
        .collect();
    json!({ "requests": found })
}

fn counters(state: &State) -> Value {
    let requests = state.log.requests();
    let mut methods = Map::new();
    for request in requests {
        let count = methods.entry(request.method.clone()).or_insert(json!(0));
        *count = json!(count.as_u64().unwrap_or_default() + 1);
    }
    json!({
        "total": requests.len(),
        "unexpected": requests.iter().filter(|request| request.unexpected).count(),
        "unanswered": requests.iter().filter(|request| request.status.is_none()).count(),
        "methods": methods,
    })
}

fn clock(state: &State) -> Value {
    json!({ "time": timestamp(state.clock.now()), "scale": state.clock.scale() })
}

fn set_clock(state: &mut State, fields: &Fields) -> Result<(), Answer> {
    if let Some(scale) = fields.number("scale")? {
        if scale < 0.0 {
            return Err(invalid("a clock does not run backwards"));
        }
        state.clock.set_scale(scale);
    }
    if let Some(by) = seconds(fields, "advanceSeconds")? {
        state.clock.advance(by);
    }
    Ok(())
}

fn course(value: &Value) -> Result<Replication, Answer> {
    let fields = Fields::of_value(
        "course",
        value,
        &[
            "seconds",
            "failsAtPercent",
            "replicatingAtPercent",
            "failedAtPercent",
            "succeeded",
        ],
    )?;
    let after = seconds(&fields, "seconds")?;
    let fails_at = percent(&fields, "failsAtPercent")?;
    let replicating_at = percent(&fields, "replicatingAtPercent")?;
    let failed_at = percent(&fields, "failedAtPercent")?;
    let succeeded = fields.boolean("succeeded")?;
    match (after, fails_at, replicating_at, failed_at, succeeded) {
        (Some(after), None, None, None, None) => Ok(Replication::After(after)),
        (Some(after), Some(percent), None, None, None) => {
            Ok(Replication::FailsAt { percent, after })
        }
        (None, None, Some(percent), None, None) => Ok(Replication::Replicating(percent)),
        (None, None, None, Some(percent), None) => Ok(Replication::Failed(percent)),
        (None, None, None, None, Some(true)) => Ok(Replication::Succeeded),
        _ => Err(invalid("this is not a course that a disk can take")),
    }
}

fn fault(body: &Value) -> Result<Fault, Answer> {
    let fields = Fields::of_value(
        "body",
        body,
        &[
            "method",
            "path",
            "skip",
            "times",
            "answer",
            "amend",
            "delaySeconds",
            "blackHole",
            "close",
            "truncate",
            "notJson",
        ],
    )?;
    let method = fields.string("method")?.unwrap_or_default();
    let path = fields.string("path")?.unwrap_or_default();
    let mut fault = Fault::new(action(&fields)?).on(method, path);
    if let Some(requests) = count(&fields, "skip")? {
        fault = fault.skip(requests);
    }
    if let Some(requests) = count(&fields, "times")? {
        fault = fault.times(requests);
    }
    Ok(fault)
}

fn action(fields: &Fields) -> Result<Action, Answer> {
    let applies = |name: &str| {
        let inner = fields.object(name, &["apply"])?;
        Ok::<bool, Answer>(inner.boolean("apply")?.unwrap_or_default())
    };
    if fields.contains("answer") {
        let answer = fields.object("answer", &["status", "headers", "body"])?;
        let status = count(&answer, "status")?.and_then(|status| u16::try_from(status).ok());
        return Ok(Action::Answer {
            status: status.ok_or_else(|| invalid("'answer' needs a 'status'"))?,
            headers: headers(&answer)?,
            body: answer.value("body").cloned().unwrap_or_default(),
        });
    }
    if fields.contains("amend") {
        let amend = fields.object("amend", &["headers", "removedHeaders", "merge"])?;
        let removed_headers = amend.value("removedHeaders").map(strings).transpose()?;
        return Ok(Action::Amend {
            headers: headers(&amend)?,
            removed_headers: removed_headers.unwrap_or_default(),
            merge: amend.value("merge").cloned().unwrap_or_else(|| json!({})),
        });
    }
    if let Some(by) = seconds(fields, "delaySeconds")? {
        return Ok(Action::Delay(by));
    }
    if fields.contains("blackHole") {
        let apply = applies("blackHole")?;
        return Ok(Action::BlackHole { apply });
    }
    if fields.contains("close") {
        let apply = applies("close")?;
        return Ok(Action::Close { apply });
    }
    if fields.boolean("truncate")? == Some(true) {
        return Ok(Action::Truncate);
    }
    if fields.boolean("notJson")? == Some(true) {
        return Ok(Action::NotJson);
    }
    Err(invalid("a fault needs an action"))
}

fn headers(fields: &Fields) -> Result<Vec<(String, String)>, Answer> {
    let headers = fields.strings("headers")?.unwrap_or_default();
    Ok(headers
        .into_iter()
        .map(|(name, value)| (name, value.as_str().unwrap_or_default().to_owned()))
        .collect())
}

fn required<'a>(fields: &'a Fields, name: &str) -> Result<&'a str, Answer> {
    fields
        .string(name)?
        .ok_or_else(|| invalid(&format!("'{name}' is missing")))
}

fn strings(value: &Value) -> Result<Vec<String>, Answer> {
    let texts = value.as_array().into_iter().flatten();
    let texts: Option<Vec<String>> = texts.map(|text| Some(text.as_str()?.to_owned())).collect();
    texts
        .filter(|_| value.is_array())
        .ok_or_else(|| invalid(&format!("{value} is not a list of strings")))
}

fn seconds(fields: &Fields, name: &str) -> Result<Option<Duration>, Answer> {
    fields
        .number(name)?
        .map(|seconds| {
            Duration::try_from_secs_f64(seconds)
                .map_err(|error| invalid(&format!("'{name}' is no duration: {error}")))
        })
        .transpose()
}

fn percent(fields: &Fields, name: &str) -> Result<Option<u8>, Answer> {
    match count(fields, name)?.map(u8::try_from) {
        None => Ok(None),
        Some(Ok(percent)) if percent <= 100 => Ok(Some(percent)),
        Some(_) => Err(invalid(&format!("'{name}' is no percent"))),
    }
}

fn count(fields: &Fields, name: &str) -> Result<Option<usize>, Answer> {
    fields
        .value(name)
        .map(|value| {
            value
                .as_u64()
                .and_then(|count| usize::try_from(count).ok())
                .ok_or_else(|| invalid(&format!("'{name}' is not a whole number")))
        })
        .transpose()
}

fn invalid(message: &str) -> Answer {
    Answer::error(400, "InvalidControl", message, Sender::Control)
}

fn unknown(request: &Incoming) -> Answer {
    let message = format!(
        "The control interface does not know {} {}.\n{HELP}",
        request.method, request.path
    );
    Answer::error(404, "UnknownControl", &message, Sender::Control)
}
