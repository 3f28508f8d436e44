//! Lists in pages, with links from one to the next.

use serde_json::{Value, json};

use crate::exchange::{Answer, Incoming};
use crate::state::State;

const TOKEN: &str = "$skiptoken";

/// Where in the list the page begins that is asked for. Any parameter but `api-version` and a
/// token of ours is refused.
pub(crate) fn start(state: &State, request: &Incoming) -> Result<usize, Answer> {
    let mut start = 0;
    for (name, value) in request.parameters() {
        let token = (name == TOKEN && state.settings.page_size.is_some())
            .then(|| usize::from_str_radix(&value, 16).ok())
            .flatten();
        match (name.as_str(), token) {
            ("api-version", _) => {}
            (_, Some(index)) => start = index,
            _ => {
                return Err(Answer::unexpected(
                    400,
                    "InvalidQueryParameter",
                    &format!(
                        "The simulator does not know the query parameter '{name}={value}' here."
                    ),
                ));
            }
        }
    }
    Ok(start)
}

/// The page that begins there, with a link to the next one unless it is the last.
///
/// Assumed: the form of the link, which is that of ARM's other lists. No recording has one.
pub(crate) fn page(state: &State, request: &Incoming, start: usize, all: Vec<Value>) -> Value {
    let Some(size) = state.settings.page_size else {
        return json!({ "value": all });
    };
    let end = start.saturating_add(size.max(1));
    let more = end < all.len();
    let value: Vec<Value> = all.into_iter().skip(start).take(end - start).collect();
    let mut body = json!({ "value": value });
    if more {
        let parameters = request.parameters();
        let others = parameters.iter().filter(|(name, _)| name != TOKEN);
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(others)
            .append_pair(TOKEN, &format!("{end:016x}"))
            .finish();
        let link = format!("https://{}{}?{query}", request.authority, request.path);
        body["nextLink"] = json!(link);
    }
    body
}
