//! Says where the end points of this cloud are.

use serde_json::{Value, json};

use crate::exchange::{Answer, Incoming, Payload, Sender};
use crate::state::State;

/// Answers a request for the end points; `None` if it is none. The description begins with a
/// byte order mark, as Azure's may.
pub(crate) fn answer(state: &State, request: &Incoming) -> Option<Answer> {
    if request.path != "/metadata/endpoints" || request.method != "GET" {
        return None;
    }
    let address = format!("https://{}/", request.authority);
    let cloud = described("Simulator", &address, &state.settings.audience);
    let document = if state.settings.lists_clouds {
        let other = "https://management.example.invalid/";
        json!([described("AzureChinaCloud", other, other), cloud])
    } else {
        cloud
    };
    let text = Payload::Text(format!("\u{feff}{document}"));
    Some(Answer::new(200, text, Sender::EntraId))
}

fn described(name: &str, address: &str, audience: &str) -> Value {
    json!({
        "name": name,
        "portal": "https://portal.example.invalid",
        "authentication": {
            "loginEndpoint": address,
            "audiences": [format!("{audience}/"), "https://management.example.invalid/"],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "media": "https://media.example.invalid",
        "graph": "https://graph.example.invalid/",
        "resourceManager": address,
        "suffixes": {"storage": "core.example.invalid"},
    })
}
