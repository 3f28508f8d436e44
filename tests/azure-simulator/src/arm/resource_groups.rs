//! Resource groups, as far as something has to live in one.

use serde_json::{Value, json};

use super::fields::Fields;
use super::{Answered, expands, group_not_found};
use crate::exchange::{Answer, Incoming, Sender};
use crate::state::{ResourceGroup, State, normalised_location};

pub(crate) fn get(state: &State, request: &Incoming, name: &str) -> Answered {
    expands(request, None)?;
    let group = state
        .resource_groups
        .iter()
        .find(|group| group.name.eq_ignore_ascii_case(name))
        .ok_or_else(|| group_not_found(name))?;
    Ok(Answer::json(200, body(state, group), Sender::Gateway))
}

pub(crate) fn put(state: &mut State, request: &Incoming, name: &str) -> Answered {
    expands(request, None)?;
    let fields = Fields::of_body(request, &["location", "tags"])?;
    let location = fields.string("location")?.unwrap_or("eastus").to_owned();
    let status = if state.group_exists(name) { 200 } else { 201 };
    state.add_group(name, &location);
    get(state, request, name).map(|mut answer| {
        answer.status = status;
        answer
    })
}

/// Assumed: the shape, which is ARM's in general; tags are not kept.
fn body(state: &State, group: &ResourceGroup) -> Value {
    json!({
        "id": format!("/subscriptions/{}/resourceGroups/{}", state.settings.subscription_id, group.name),
        "name": group.name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": group.location,
        "properties": { "provisioningState": "Succeeded" },
    })
}

impl State {
    /// Creates a group unless it exists.
    pub(crate) fn add_group(&mut self, name: &str, location: &str) {
        if !self.group_exists(name) {
            self.resource_groups.push(ResourceGroup {
                name: name.to_owned(),
                location: normalised_location(location),
            });
        }
    }
}
