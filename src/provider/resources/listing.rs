//! What the lists of collections and of copies have in common.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use tokio_util::task::AbortOnDropHandle;

use crate::arm::compute::models::RestorePointCollection;
use crate::arm::compute::restore_point_collections;
use crate::arm::page::Pages;
use crate::arm::resource_id::RestorePointCollectionId;
use crate::arm::{Client, Error, Patience};
use crate::plugin::diagnostics::Diagnostic;
use crate::plugin::schema::Attribute;
use crate::plugin::value::{Path, Type, Value};
use crate::provider::session::Session;
use crate::provider::{diagnose, validators};

/// How long a list may take, however slowly it is read.
pub(super) const LIMIT: Duration = Duration::from_secs(3600);

/// How many questions of one kind are under way at a time.
const AHEAD: usize = 4;

/// The arguments that say where to look.
pub(super) fn arguments() -> Vec<Attribute> {
    vec![
        Attribute::optional("resource_group_name", Type::String).description(
            "Lists only what lies in this resource group. Without it, Azure wants a permission to read the \
             restore point collections of the whole subscription.",
        ),
        Attribute::optional("subscription_id", Type::String).description(
            "The ID of the subscription to look in. Defaults to the provider's.",
        ),
    ]
}

/// Checks those arguments.
pub(super) fn validate(config: &Value) -> [Option<Diagnostic>; 2] {
    [
        validators::resource_group_name(config, "resource_group_name"),
        validators::subscription_id(config, "subscription_id"),
    ]
}

/// The collections of a subscription or a resource group that take copies, page by page.
#[derive(Debug)]
pub(super) struct Targets {
    client: Client,
    patience: Patience,
    pages: Pages<RestorePointCollection>,
    page: VecDeque<RestorePointCollection>,
    place: Place,
}

/// Where a list looks.
#[derive(Debug)]
enum Place {
    Subscription(String),
    ResourceGroup(String, String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Subscription(subscription) => write!(f, "the subscription {subscription}"),
            Self::ResourceGroup(subscription, group) => {
                write!(
                    f,
                    "the resource group {group} of the subscription {subscription}"
                )
            }
        }
    }
}

impl Targets {
    /// Those of the place that the arguments name. Nothing is asked yet.
    ///
    /// # Errors
    /// Where the provider is not configured, or nothing says in which subscription to look.
    pub(super) fn of(
        session: &Session,
        config: &Value,
        patience: &Patience,
    ) -> Result<Self, Diagnostic> {
        let client = session.client()?;
        let subscription = match config.get("subscription_id").as_str() {
            Some(id) => id.to_owned(),
            None => session.own_subscription_id()?,
        };
        let place = match config.get("resource_group_name").as_str() {
            Some(group) => Place::ResourceGroup(subscription, group.to_owned()),
            None => Place::Subscription(subscription),
        };
        let pages = match &place {
            Place::Subscription(subscription) => {
                restore_point_collections::list_in_subscription(&client, subscription)
            }
            Place::ResourceGroup(subscription, group) => {
                restore_point_collections::list_in_resource_group(&client, subscription, group)
            }
        };
        Ok(Self {
            client,
            patience: patience.clone(),
            pages,
            page: VecDeque::new(),
            place,
        })
    }

    /// The next one, with its id as the list spells it; `None` after the last.
    ///
    /// # Errors
    /// What the user is told of a list that has no end.
    pub(super) async fn next(
        &mut self,
    ) -> Result<Option<(RestorePointCollectionId, RestorePointCollection)>, Diagnostic> {
        loop {
            while let Some(found) = self.page.pop_front() {
                let id = found.id.as_deref().unwrap_or_default();
                if let Ok(id) = RestorePointCollectionId::parse(id)
                    && source(&found).is_some()
                {
                    return Ok(Some((id.canonical(), found)));
                }
            }
            let page = self.pages.next(&self.client, &self.patience).await;
            let page = page.map_err(|error| no_collections(&self.place, &error))?;
            match page {
                Some(page) => self.page = page.into(),
                None => return Ok(None),
            }
        }
    }
}

/// The collection that a collection takes copies from; `None` for one that takes none.
pub(super) fn source(found: &RestorePointCollection) -> Option<RestorePointCollectionId> {
    RestorePointCollectionId::parse(found.properties.source.id.as_deref()?).ok()
}

/// The id in the spelling of an answer about it alone: a list of a whole subscription writes
/// resource groups in capitals.
pub(super) fn respelt(
    id: &RestorePointCollectionId,
    found: &RestorePointCollection,
) -> RestorePointCollectionId {
    let found = RestorePointCollectionId::parse(found.id.as_deref().unwrap_or_default());
    let found = found.ok().filter(|found| found == id);
    found.unwrap_or_else(|| id.clone()).canonical()
}

/// Questions that are asked ahead, a few at a time. The answers come in the order of the questions.
#[derive(Debug)]
pub(super) struct Ahead<T>(VecDeque<AbortOnDropHandle<T>>);

impl<T: Send + 'static> Ahead<T> {
    /// Nothing is asked yet.
    pub(super) fn new() -> Self {
        Self(VecDeque::new())
    }

    /// Whether one more may be asked.
    pub(super) fn has_room(&self) -> bool {
        self.0.len() < AHEAD
    }

    /// Asks. What is not answered by then is given up with this.
    pub(super) fn ask(&mut self, question: impl Future<Output = T> + Send + 'static) {
        self.0
            .push_back(AbortOnDropHandle::new(tokio::spawn(question)));
    }

    /// The answer to the oldest question; `None` where nothing is asked.
    pub(super) async fn answer(&mut self) -> Option<T> {
        match self.0.pop_front()?.await {
            Ok(answer) => Some(answer),
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}

/// A list that ends before its end.
pub(super) fn incomplete(what: &str, error: &Error) -> Diagnostic {
    diagnose::error_after(
        summary(error),
        &format!("Azure was asked for {what}."),
        error,
    )
}

/// A list of collections that ends before its end.
fn no_collections(place: &Place, error: &Error) -> Diagnostic {
    let before = format!("Azure was asked for the restore point collections of {place}.");
    let after = match place {
        Place::Subscription(_) if error.is_forbidden() => {
            "To list what lies in one resource group, name it as resource_group_name: that takes a role there only."
        }
        _ => "",
    };
    Diagnostic::error(summary(error), diagnose::around(&before, error, after))
}

fn summary(error: &Error) -> &'static str {
    match error {
        Error::Stopped => "Stopped before the list was complete",
        _ => "The list is not complete",
    }
}

/// A collection that has no copies to list, and never will.
pub(super) fn takes_no_copies(
    id: &RestorePointCollectionId,
    found: &RestorePointCollection,
) -> Diagnostic {
    let source = found.properties.source.id.as_deref().unwrap_or("unknown");
    Diagnostic::error(
        "Not a target of copies",
        format!(
            "The restore point collection {id} takes no copies, so there are none to list: its source is {source}, not \
             a restore point collection.\n\nList a collection that is the target of cross-region copies."
        ),
    )
}

/// An argument that another one has said already.
pub(super) fn said_twice(argument: &str, by: &str) -> Diagnostic {
    Diagnostic::error(
        format!("{argument} is not possible here"),
        format!(
            "The {by} says already where to look. Leave out {argument}, or leave out {by} to list all that lies there."
        ),
    )
    .at(Path::attribute(argument))
}

#[cfg(test)]
mod tests {
    use reqwest::Method;
    use tokio::sync::oneshot;

    use super::*;
    use crate::provider::golden::{Golden, error_body, forbidden, refusal, target};

    #[test]
    fn every_end_of_a_list() {
        let mut golden = Golden::folder("list");
        let scope = "/subscriptions/5a1b2c3d-0000-4000-8000-1234567890ab";
        let path = format!("{scope}/providers/Microsoft.Compute/restorePointCollections");
        let subscription = "5a1b2c3d-0000-4000-8000-1234567890ab".to_owned();
        let place = Place::Subscription(subscription.clone());
        let action = "Microsoft.Compute/restorePointCollections/read";
        let error = refusal(Method::GET, &path, 403, &forbidden(action, scope));
        golden.message("forbidden", &no_collections(&place, &error));
        golden.message("stopped", &no_collections(&place, &Error::Stopped));
        let place = Place::ResourceGroup(subscription, "rg-dr".to_owned());
        let body = error_body(
            "ResourceGroupNotFound",
            "Resource group 'rg-dr' could not be found.",
        );
        let error = refusal(Method::GET, &path, 404, &body);
        golden.message("resource_group_missing", &no_collections(&place, &error));
        let collection = target().collection().clone();
        let body = error_body("ResourceNotFound", "It was not found.");
        let error = refusal(Method::GET, &collection.path(), 404, &body);
        let what = format!("the restore points of the collection {collection}");
        golden.message("collection_missing", &incomplete(&what, &error));
        let machine =
            format!("{scope}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/web");
        let found = serde_json::json!({"properties": {"source": {"id": machine}}});
        let found = serde_json::from_value(found).expect("a collection");
        golden.message("takes_no_copies", &takes_no_copies(&collection, &found));
        let by = "restore_point_collection_id";
        golden.message("said_twice", &said_twice("resource_group_name", by));
    }

    #[tokio::test]
    async fn answers_come_in_the_order_of_the_questions() {
        let mut ahead = Ahead::new();
        let (answer, answered) = oneshot::channel();
        ahead.ask(async { answered.await.expect("an answer") });
        ahead.ask(async move {
            answer.send(1).expect("it is waited for");
            2
        });
        for number in 3..=AHEAD {
            assert!(ahead.has_room());
            ahead.ask(async move { number });
        }
        assert!(!ahead.has_room());
        for number in 1..=AHEAD {
            assert_eq!(ahead.answer().await, Some(number));
        }
        assert_eq!(ahead.answer().await, None);
    }

    #[tokio::test]
    async fn what_nobody_waits_for_is_given_up() {
        let (held, gone) = oneshot::channel::<()>();
        let mut ahead = Ahead::new();
        ahead.ask(async move {
            let _held = held;
            std::future::pending::<()>().await;
        });
        drop(ahead);
        assert!(gone.await.is_err());
    }
}
