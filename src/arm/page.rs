//! Lists that come in pages, followed to their end.

use std::marker::PhantomData;

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
        let Some(url) = self.next.take().filter(|_| self.read < PAGES_MAX) else {
            return Ok(None);
        };
        self.read += 1;
        let page: Page<T> = client.get(url, patience).await?.value;
        self.next = page
            .next_link
            .filter(|link| !link.is_empty())
            .and_then(|link| client.cloud().resource_manager_endpoint.join(&link).ok());
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
