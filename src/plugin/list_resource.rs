//! What lists the objects of a resource type, for `terraform query` of Terraform 1.14 and later.

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::diagnostics::{Diagnostic, Diagnostics};
use super::provider::Context;
use super::schema::Schema;
use super::value::Value;

/// A list of the remote objects of one managed resource, whose name it shares and which has an
/// identity.
#[async_trait]
pub trait ListResource: Send + Sync {
    /// The arguments of its `config` block.
    fn schema(&self) -> Schema;

    /// Checks a `config` block on its own. Values may still be unknown.
    fn validate(&self, config: &Value) -> Diagnostics;

    /// Hands over each object as soon as it is found, until there are no more.
    ///
    /// # Errors
    /// [`ListEnd`], where that is not the whole list.
    async fn list(&self, request: ListRequest, results: Results) -> Result<(), ListEnd>;
}

/// What [`ListResource::list`] is given.
#[derive(Debug)]
pub struct ListRequest {
    /// The `config` block, wholly known.
    pub config: Value,
    /// Whether Terraform wants the whole state of each object.
    pub include_resource_object: bool,
    /// What every call is given. Its stop comes also when nobody wants to know any more.
    pub context: Context,
}

/// One object that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// What people call it.
    pub display_name: String,
    /// Its state; where nobody wants the whole, as much as the identity is made of.
    pub state: Value,
}

/// Why a list ends before all of it was handed over.
#[derive(Debug)]
pub enum ListEnd {
    /// Nobody wants more.
    Enough,
    /// Something went wrong, which the user is told.
    Failed(Box<Diagnostic>),
}

impl From<Diagnostic> for ListEnd {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Failed(Box::new(diagnostic))
    }
}

/// Takes what is found. It waits for whoever reads, so that no list has to fit into memory.
#[derive(Debug)]
pub struct Results {
    sender: mpsc::Sender<Listed>,
    /// How many more are wanted; `None` is all there are.
    left: Option<u64>,
}

impl Results {
    /// Takes so many at most, and hands them to the receiver.
    pub(super) fn new(limit: Option<u64>) -> (Self, mpsc::Receiver<Listed>) {
        let (sender, receiver) = mpsc::channel(1);
        let results = Self {
            sender,
            left: limit,
        };
        (results, receiver)
    }

    /// Hands one over.
    ///
    /// # Errors
    /// [`ListEnd::Enough`] with the last one that is wanted, or once nobody reads any more.
    pub async fn push(&mut self, listed: Listed) -> Result<(), ListEnd> {
        let sent = self.sender.send(listed).await;
        sent.map_err(|_| ListEnd::Enough)?;
        self.left = self.left.map(|left| left.saturating_sub(1));
        match self.left {
            Some(0) => Err(ListEnd::Enough),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(name: &str) -> Listed {
        Listed {
            display_name: name.to_owned(),
            state: Value::Null,
        }
    }

    #[tokio::test]
    async fn the_last_that_is_wanted_ends_the_list() {
        let (mut results, mut receiver) = Results::new(Some(2));
        let pushing = async {
            let first = results.push(listed("a")).await;
            (first, results.push(listed("b")).await)
        };
        let reading = async { (receiver.recv().await, receiver.recv().await) };
        let ((first, second), read) = tokio::join!(pushing, reading);
        assert!(first.is_ok());
        assert!(matches!(second, Err(ListEnd::Enough)));
        assert_eq!(read, (Some(listed("a")), Some(listed("b"))));
    }

    #[tokio::test]
    async fn a_list_without_a_reader_ends() {
        let (mut results, receiver) = Results::new(None);
        drop(receiver);
        let pushed = results.push(listed("a")).await;
        assert!(matches!(pushed, Err(ListEnd::Enough)));
    }
}
