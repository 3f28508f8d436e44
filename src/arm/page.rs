//! Lists that come in pages, followed to their end.

use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::arm::error::Error;
use crate::arm::patience::Patience;
use crate::arm::transport::{Client, Request};

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

/// A list that is read page by page, so that no more than one page of it has to be in memory.
#[derive(Debug)]
pub struct Pages<T> {
    next: Option<Url>,
    read: usize,
    of: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Pages<T> {
    /// The list that begins with the page at `url`. Nothing is asked yet.
    pub(crate) fn new(url: Url) -> Self {
        Self {
            next: Some(url),
            read: 0,
            of: PhantomData,
        }
    }

    /// Reads the next page, which may be empty; `None` after the last one.
    ///
    /// # Errors
    /// Any [`Error`]; what was read before is not the whole list then.
    pub async fn next(
        &mut self,
        client: &Client,
        patience: &Patience,
    ) -> Result<Option<Vec<T>>, Error> {
        let Some(url) = self.next.take() else {
            return Ok(None);
        };
        let answer = client.send(&Request::get(url), patience).await?;
        let page: Page<T> = answer.json()?;
        self.read += 1;
        if let Some(link) = page.next_link.filter(|link| !link.is_empty()) {
            if self.read == PAGES_MAX {
                let problem = format!("there are more than {PAGES_MAX} pages");
                return Err(answer.unreadable(problem, false));
            }
            let next = client.cloud().resource_manager_endpoint.join(&link);
            let next = next.map_err(|error| {
                answer.unreadable(format!("its nextLink is no URL: {error}"), false)
            })?;
            self.next = Some(next);
        }
        Ok(Some(page.value.unwrap_or_default()))
    }

    /// Reads every page that is left.
    ///
    /// # Errors
    /// Any [`Error`] of any page: half a list would look like a whole one.
    pub async fn all(mut self, client: &Client, patience: &Patience) -> Result<Vec<T>, Error> {
        let mut found = Vec::new();
        while let Some(page) = self.next(client, patience).await? {
            found.extend(page);
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::Value;

    use super::*;
    use crate::arm::transport::test_server::{Reply, Seen, TestServer};

    #[tokio::test]
    async fn half_a_list_is_no_list() {
        // One that never ends, and one whose next page has no address.
        for (link, read) in [("/next", PAGES_MAX - 2), ("https://[", 0)] {
            let page = format!(r#"{{"value":[],"nextLink":"{link}"}}"#);
            let server = TestServer::start(move |_: &Seen, _| Reply::json(200, &page)).await;
            let client = server.client();
            let pages = Pages::<Value> {
                read,
                ..Pages::new(client.url("/list", "1", None))
            };
            let patience = Patience::detached(Duration::from_secs(60));
            let error = pages.all(&client, &patience).await.unwrap_err();
            assert!(matches!(error, Error::UnreadableAnswer(_)), "{error}");
            assert_eq!(server.asked().len(), if read == 0 { 1 } else { 2 });
        }
    }
}
