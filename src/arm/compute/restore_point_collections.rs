//! Restore point collections: look, create, tag, delete.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::API_VERSION;
use super::models::RestorePointCollection;
use super::settled;
use crate::arm::error::Error;
use crate::arm::operation::{Operation, OperationEnd};
use crate::arm::page::Pages;
use crate::arm::patience::Patience;
use crate::arm::resource_id::RestorePointCollectionId;
use crate::arm::transport::{Client, PutError, Request};

/// What a new collection is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCollection {
    /// Where it lies, and where its copies will.
    pub location: String,
    /// The collection that its restore points are copied from.
    pub source: RestorePointCollectionId,
    /// Its tags; none are sent if it is empty.
    pub tags: BTreeMap<String, String>,
}

/// Looks at a collection, without the restore points inside.
///
/// # Errors
/// [`Error::is_not_found`] if there is none of this name.
pub async fn get(
    client: &Client,
    id: &RestorePointCollectionId,
    patience: &Patience,
) -> Result<RestorePointCollection, Error> {
    let url = client.url(&id.path(), API_VERSION, None);
    Ok(client.get(url, patience).await?.value)
}

/// Looks at a collection with the restore points inside, which come without instance view.
///
/// # Errors
/// [`Error::is_not_found`] if there is none of this name.
pub async fn get_with_restore_points(
    client: &Client,
    id: &RestorePointCollectionId,
    patience: &Patience,
) -> Result<RestorePointCollection, Error> {
    let url = client.url(&id.path(), API_VERSION, Some("restorePoints"));
    Ok(client.get(url, patience).await?.value)
}

/// Every collection of a subscription, in all regions, without the restore points inside. Azure
/// writes the resource groups in their ids in capitals, and wants a permission on the whole
/// subscription. Nothing is asked before the first page is.
pub fn list_in_subscription(
    client: &Client,
    subscription_id: &str,
) -> Pages<RestorePointCollection> {
    pages(client, &format!("/subscriptions/{subscription_id}"))
}

/// Every collection of a resource group, in all regions, without the restore points inside.
/// Nothing is asked before the first page is.
pub fn list_in_resource_group(
    client: &Client,
    subscription_id: &str,
    resource_group_name: &str,
) -> Pages<RestorePointCollection> {
    let group = format!("/subscriptions/{subscription_id}/resourceGroups/{resource_group_name}");
    pages(client, &group)
}

fn pages(client: &Client, scope: &str) -> Pages<RestorePointCollection> {
    let path = format!("{scope}/providers/Microsoft.Compute/restorePointCollections");
    Pages::new(client.url(&path, API_VERSION, None))
}

/// Creates a collection. Azure answers when it is there; there is no operation to follow.
///
/// # Errors
/// [`PutError`] also says whether the collection may exist although no answer says so.
pub async fn create_or_update(
    client: &Client,
    id: &RestorePointCollectionId,
    new: &NewCollection,
    patience: &Patience,
) -> Result<RestorePointCollection, PutError> {
    let url = client.url(&id.path(), API_VERSION, None);
    let request = Request::put(url, create_body(new));
    let answer = client.send(&request, patience).await?;
    match answer.json() {
        Ok(collection) => Ok(collection),
        // Azure has accepted it; only the answer was lost on the way.
        Err(_) => get(client, id, patience).await.map_err(|error| PutError {
            error,
            may_have_been_accepted: true,
        }),
    }
}

/// Replaces all tags of a collection; nothing else about a collection can be changed.
///
/// # Errors
/// Any [`Error`].
pub async fn update_tags(
    client: &Client,
    id: &RestorePointCollectionId,
    tags: &BTreeMap<String, String>,
    patience: &Patience,
) -> Result<RestorePointCollection, Error> {
    let url = client.url(&id.path(), API_VERSION, None);
    let request = Request::patch(url, tags_body(tags));
    client.send(&request, patience).await?.json()
}

/// Begins to delete a collection with every restore point inside; `None` if it is not there (any
/// more).
///
/// # Errors
/// Any [`Error`].
pub async fn begin_delete(
    client: &Client,
    id: &RestorePointCollectionId,
    patience: &Patience,
) -> Result<Option<Operation>, Error> {
    settled::begin_delete(client, &id.path(), patience).await
}

/// Follows a deletion until the collection is gone. What comes back says how it was followed.
///
/// # Errors
/// Any [`Error`]; then the collection may still be there.
pub async fn finish_delete(
    client: &Client,
    id: &RestorePointCollectionId,
    operation: Option<Operation>,
    patience: &Patience,
) -> Result<OperationEnd, Error> {
    settled::finish_delete(client, &id.path(), operation, patience).await
}

/// The body of the PUT that creates a collection.
pub fn create_body(new: &NewCollection) -> Value {
    let mut body = json!({
        "location": new.location,
        "properties": {"source": {"id": new.source.path()}},
    });
    if !new.tags.is_empty() {
        body["tags"] = json!(new.tags);
    }
    body
}

/// The body of the PATCH that replaces the tags.
pub fn tags_body(tags: &BTreeMap<String, String>) -> Value {
    json!({"tags": tags})
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/restorePointCollections/web";

    fn new(tags: &[(&str, &str)]) -> NewCollection {
        NewCollection {
            location: "westus2".to_owned(),
            source: RestorePointCollectionId::parse(SOURCE).unwrap(),
            tags: tags
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        }
    }

    #[test]
    fn a_new_collection_names_location_and_source() {
        assert_eq!(
            create_body(&new(&[])),
            json!({"location": "westus2", "properties": {"source": {"id": SOURCE}}})
        );
        assert_eq!(
            create_body(&new(&[("a", "1"), ("B", "")])),
            json!({
                "location": "westus2",
                "tags": {"a": "1", "B": ""},
                "properties": {"source": {"id": SOURCE}}
            })
        );
    }

    #[test]
    fn a_patch_carries_the_whole_map() {
        let tags = new(&[("a", "1")]).tags;
        assert_eq!(tags_body(&tags), json!({"tags": {"a": "1"}}));
        assert_eq!(tags_body(&BTreeMap::new()), json!({"tags": {}}));
    }
}
