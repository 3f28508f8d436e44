//! `terraform query`: a list block, and what comes of it one after the other.

use std::time::Duration;

use azrestorepoint::plugin::value::{Value, msgpack};
use tonic::Streaming;

use super::super::plugin::limited;
use super::super::proto::tfplugin6::{self as proto};
use super::{Core, Phase, Told};

/// How long the next object may take: of a minute in which Azure takes no more requests, most.
const GAP_MAX: Duration = Duration::from_secs(90);

/// A list that is being read. Dropping it is what Terraform does when it has enough.
pub(crate) struct Listing {
    kind: String,
    includes_object: bool,
    events: Streaming<proto::list_resource::Event>,
    has_failed: bool,
}

/// One object of a list.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) display_name: String,
    pub(crate) identity: Value,
    pub(crate) object: Value,
}

impl Core {
    /// The arguments of a list block.
    pub(crate) fn list_config(&self, kind: &str, arguments: &[(&str, Value)]) -> Value {
        let mut config = self.lists[kind].empty();
        for (name, value) in arguments {
            config.insert(name, value.clone());
        }
        config
    }

    /// Validates a list block.
    pub(crate) async fn validate_list(&mut self, kind: &str, config: &Value) -> Told {
        let request = proto::validate_list_resource_config::Request {
            type_name: kind.to_owned(),
            config: Some(self.encode_list(kind, config)),
            ..Default::default()
        };
        let answer = limited(self.client.validate_list_resource_config(request))
            .await
            .expect("an answer");
        let mut told = Told::default();
        told.add(answer.into_inner().diagnostics);
        told
    }

    /// Begins a list.
    pub(crate) async fn list(
        &mut self,
        kind: &str,
        config: &Value,
        includes_object: bool,
        limit: i64,
    ) -> Listing {
        self.configure(Phase::Plan, &mut Told::default()).await;
        let request = proto::list_resource::Request {
            type_name: kind.to_owned(),
            config: Some(self.encode_list(kind, config)),
            include_resource_object: includes_object,
            limit,
        };
        let events = limited(self.client.list_resource(request))
            .await
            .expect("a stream")
            .into_inner();
        Listing {
            kind: kind.to_owned(),
            includes_object,
            events,
            has_failed: false,
        }
    }

    /// Reads the next object; none at the end, with what was told by then.
    pub(crate) async fn next(&self, listing: &mut Listing, told: &mut Told) -> Option<Found> {
        let event = tokio::time::timeout(GAP_MAX, listing.events.message()).await;
        let event = event.expect("something comes").expect("no gRPC error")?;
        assert!(!listing.has_failed, "something came after an error");
        listing.has_failed = told.add(event.diagnostic);
        if listing.has_failed {
            // Terraform reads on, until the end.
            return Box::pin(self.next(listing, told)).await;
        }
        let kind = &listing.kind;
        let identity = self.decode_identity(kind, event.identity);
        assert!(
            !identity.is_null() && identity.is_wholly_known(),
            "{identity:?}"
        );
        assert!(!event.display_name.is_empty());
        assert_eq!(event.resource_object.is_some(), listing.includes_object);
        let object = self.decode(kind, event.resource_object.as_ref());
        assert!(object.is_wholly_known(), "{object:?}");
        Some(Found {
            display_name: event.display_name,
            identity,
            object,
        })
    }

    /// The configuration that Terraform writes of an object.
    pub(crate) async fn generate(&mut self, kind: &str, object: &Value) -> Value {
        let request = proto::generate_resource_config::Request {
            type_name: kind.to_owned(),
            state: Some(self.encode(kind, object)),
        };
        let answer = limited(self.client.generate_resource_config(request))
            .await
            .expect("an answer")
            .into_inner();
        assert!(answer.diagnostics.is_empty(), "{:?}", answer.diagnostics);
        self.decode(kind, answer.config.as_ref())
    }

    /// A whole list.
    pub(crate) async fn list_all(
        &mut self,
        kind: &str,
        config: &Value,
        includes_object: bool,
        limit: i64,
    ) -> (Vec<Found>, Told) {
        let mut listing = self.list(kind, config, includes_object, limit).await;
        let mut told = Told::default();
        let mut all = Vec::new();
        while let Some(found) = self.next(&mut listing, &mut told).await {
            all.push(found);
        }
        (all, told)
    }

    fn encode_list(&self, kind: &str, config: &Value) -> proto::DynamicValue {
        let (msgpack, mismatches) = msgpack::encode(config, &self.lists[kind].ty());
        assert!(mismatches.is_empty(), "{mismatches:?}");
        let json = Vec::new();
        proto::DynamicValue { msgpack, json }
    }
}
