//! Resource groups, as far as something has to live in one.

use serde_json::{Value, json};

use super::fields::Fields;
use super::{Answered, expands, group_not_found};
use crate::exchange::{Answer, Incoming, Sender};
use crate::state::{ResourceGroup, State, normalised_location};

pub(crate) fn get(state: &State, request: &Incoming, subscription: &str, name: &str) -> Answered {
    expands(request, None)?;
    let group = state
        .resource_groups
        .iter()
        .find(|group| group.is(subscription, name))
        .ok_or_else(|| group_not_found(name))?;
    Ok(Answer::json(200, body(group), Sender::Gateway))
}

pub(crate) fn put(
    state: &mut State,
    request: &Incoming,
    subscription: &str,
    name: &str,
) -> Answered {
    expands(request, None)?;
    let fields = Fields::of_body(request, &["location", "tags"])?;
    let location = fields.string("location")?.unwrap_or("eastus").to_owned();
    let status = if state.group_exists(subscription, name) {
        200
    } else {
        201
    };
    state.add_group_in(subscription, name, &location);
    get(state, request, subscription, name).map(|mut answer| {
        answer.status = status;
        answer
    })
}

/// Assumed: the shape, which is ARM's in general; tags are not kept.
fn body(group: &ResourceGroup) -> Value {
    json!({
        "id": format!("/subscriptions/{}/resourceGroups/{}", group.subscription, group.name),
        "name": group.name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": group.location,
        "properties": { "provisioningState": "Succeeded" },
    })
}

impl State {
    /// Creates a group in the subscription that clients are configured with, unless it exists.
    pub(crate) fn add_group(&mut self, name: &str, location: &str) {
        let subscription = self.settings.subscription_id.clone();
        self.add_group_in(&subscription, name, location);
    }

    /// Creates a group unless it exists.
    pub(crate) fn add_group_in(&mut self, subscription: &str, name: &str, location: &str) {
        if !self.group_exists(subscription, name) {
            self.resource_groups.push(ResourceGroup {
                subscription: subscription.to_owned(),
                name: name.to_owned(),
                location: normalised_location(location),
            });
        }
    }
}
