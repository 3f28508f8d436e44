//! Requests about lists of a resource's objects.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_util::sync::DropGuard;
use tonic::Status;
use tonic::codegen::BoxStream;

use super::apply::stored;
use super::{
    RegisteredListResource, RegisteredResource, Service, checked, convert, guard, identity,
    resource,
};
use crate::plugin::diagnostics::{Diagnostic, Diagnostics};
use crate::plugin::list_resource::{ListEnd, ListRequest, Listed, Results};
use crate::plugin::proto::tfplugin6 as proto;
use crate::plugin::provider::Context;

pub(super) async fn validate(
    service: &Service,
    request: proto::validate_list_resource_config::Request,
) -> proto::validate_list_resource_config::Response {
    let found = find(service, &request.type_name);
    let diagnostics = checked(found, request.config.as_ref(), |item, config| {
        item.validate(config)
    });
    proto::validate_list_resource_config::Response {
        diagnostics: diagnostics.await,
    }
}

/// Answers at once, with a stream that the list fills while Terraform reads it. Whatever is
/// wrong is its last event.
pub(super) async fn list(
    service: &Service,
    request: proto::list_resource::Request,
) -> BoxStream<proto::list_resource::Event> {
    let (events, receiver) = mpsc::channel(1);
    let context = service.context();
    let stop = context.stop.child_token();
    let context = Context {
        stop: stop.clone(),
        ..context
    };
    let listing = Listing::new(service, request, context);
    tokio::spawn(async move {
        let ended = match listing {
            Ok(listing) => listing.run(&events).await,
            Err(diagnostic) => Err(diagnostic),
        };
        if let Err(diagnostic) = ended {
            let event = proto::list_resource::Event {
                diagnostic: convert::diagnostics(diagnostic.into()),
                ..Default::default()
            };
            // Whoever has gone does not want to know.
            let _ = events.send(event).await;
        }
    });
    Box::pin(Events {
        receiver,
        _stop: stop.drop_guard(),
    })
}

/// A list that is about to run.
struct Listing {
    lister: Arc<RegisteredListResource>,
    listed: Arc<RegisteredResource>,
    request: ListRequest,
    limit: Option<u64>,
}

impl Listing {
    fn new(
        service: &Service,
        request: proto::list_resource::Request,
        context: Context,
    ) -> Result<Self, Diagnostic> {
        let lister = find(service, &request.type_name)?;
        let listed = resource::find(service, &request.type_name)?;
        let config = convert::decode(request.config.as_ref(), lister.ty())?;
        if !config.is_wholly_known() {
            return Err(Diagnostic::error(
                "A list needs known arguments",
                "An argument of the list block depends on something that is not known yet. Give it a value that is known.",
            ));
        }
        Ok(Self {
            lister,
            listed,
            // Terraform always names one; none is no limit.
            limit: u64::try_from(request.limit).ok().filter(|limit| *limit > 0),
            request: ListRequest {
                config,
                include_resource_object: request.include_resource_object,
                context,
            },
        })
    }

    /// Sends an event for each object, for as long as somebody takes them.
    async fn run(
        self,
        events: &mpsc::Sender<proto::list_resource::Event>,
    ) -> Result<(), Diagnostic> {
        let Self {
            lister,
            listed,
            request,
            limit,
        } = self;
        let includes_object = request.include_resource_object;
        let (results, mut found) = Results::new(limit);
        let list = guard::run(async move { lister.item.list(request, results).await });
        let hand_on = async move {
            while let Some(found) = found.recv().await {
                let event = event(&listed, found, includes_object).await;
                if events.send(event).await.is_err() {
                    break;
                }
            }
        };
        let (ended, ()) = tokio::join!(list, hand_on);
        match ended? {
            Ok(()) | Err(ListEnd::Enough) => Ok(()),
            Err(ListEnd::Failed(diagnostic)) => Err(*diagnostic),
        }
    }
}

async fn event(
    registered: &Arc<RegisteredResource>,
    found: Listed,
    includes_object: bool,
) -> proto::list_resource::Event {
    let mut diagnostics = Diagnostics::default();
    let state = stored(registered, found.state);
    let identity = identity::of_state(registered, &state, None, &mut diagnostics).await;
    let object =
        includes_object.then(|| convert::encode(&state, registered.ty(), &mut diagnostics));
    proto::list_resource::Event {
        identity,
        display_name: found.display_name,
        resource_object: object,
        diagnostic: convert::diagnostics(diagnostics),
    }
}

/// What Terraform reads. The list is stopped as soon as this is dropped.
struct Events {
    receiver: mpsc::Receiver<proto::list_resource::Event>,
    _stop: DropGuard,
}

impl Stream for Events {
    type Item = Result<proto::list_resource::Event, Status>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut TaskContext<'_>,
    ) -> Poll<Option<Self::Item>> {
        self.receiver.poll_recv(context).map(|event| event.map(Ok))
    }
}

fn find(service: &Service, type_name: &str) -> Result<Arc<RegisteredListResource>, Diagnostic> {
    let found = service.list_resources.get(type_name).cloned();
    found.ok_or_else(|| convert::unknown_type("list resource", type_name))
}
