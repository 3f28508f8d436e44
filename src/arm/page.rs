//! Lists that come in pages, followed to their end.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::arm::error::Error;
use crate::arm::patience::Patience;
use crate::arm::transport::Client;

/// How many pages of one list are read. Ten thousand collections, all that Azure allows in a
/// region, fill about a hundred; more than this is a list that never ends.
const PAGES_MAX: usize = 1000;

/// One page of a list.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", bound = "T: DeserializeOwned")]
struct Page<T> {
    /// Null or absent where there is nothing.
    value: Option<Vec<T>>,
    /// The address of the next page; absent or empty on the last one.
    next_link: Option<String>,
}

/// Reads every page of a list, beginning with the one at `url`.
///
/// # Errors
/// Any [`Error`] of any page: half a list would look like a whole one.
pub(crate) async fn all<T: DeserializeOwned>(
    client: &Client,
    url: Url,
    patience: &Patience,
) -> Result<Vec<T>, Error> {
    let mut found = Vec::new();
    let mut next = Some(url);
    for _ in 0..PAGES_MAX {
        let Some(url) = next else {
            break;
        };
        let page: Page<T> = client.get(url, patience).await?.value;
        found.extend(page.value.unwrap_or_default());
        next = page
            .next_link
            .filter(|link| !link.is_empty())
            .and_then(|link| client.cloud().resource_manager_endpoint.join(&link).ok());
    }
    Ok(found)
}
