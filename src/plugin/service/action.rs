//! Requests about one action. An invocation is answered with a stream that ends with the
//! message that it has ended, whatever came in between.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_util::sync::DropGuard;
use tonic::Status;
use tonic::codegen::BoxStream;

use super::{RegisteredAction, Service, checked, convert, guard};
use crate::plugin::action::{Event, InvokeRequest, PlanActionRequest, Progress};
use crate::plugin::diagnostics::{Diagnostic, Diagnostics};
use crate::plugin::proto::tfplugin6 as proto;

/// How many lines of progress wait for Terraform to read them.
const QUEUE_MAX: usize = 256;

pub(super) async fn validate(
    service: &Service,
    request: proto::validate_action_config::Request,
) -> proto::validate_action_config::Response {
    let found = find(service, &request.type_name);
    let diagnostics = checked(found, request.config.as_ref(), |item, config| {
        item.validate(config)
    });
    proto::validate_action_config::Response {
        diagnostics: diagnostics.await,
    }
}

pub(super) async fn plan(
    service: &Service,
    request: proto::plan_action::Request,
) -> proto::plan_action::Response {
    let diagnostics = async {
        let registered = find(service, &request.action_type)?;
        let config = convert::decode(request.config.as_ref(), registered.ty())?;
        let context = service.context();
        let plan = PlanActionRequest { config, context };
        guard::run(async move { registered.item.plan(plan).await }).await
    }
    .await
    .unwrap_or_else(Diagnostics::from);
    proto::plan_action::Response {
        diagnostics: convert::diagnostics(diagnostics),
        ..Default::default()
    }
}

pub(super) async fn invoke(
    service: &Service,
    request: proto::invoke_action::Request,
) -> BoxStream<proto::invoke_action::Event> {
    let (events, receiver) = mpsc::channel(QUEUE_MAX);
    let mut context = service.context();
    // A stop of this call alone: when nobody listens any more.
    context.stop = context.stop.child_token();
    let stop_when_dropped = context.stop.clone().drop_guard();
    let call = find(service, &request.action_type).and_then(|registered| {
        let config = convert::decode(request.config.as_ref(), registered.ty())?;
        if !config.is_wholly_known() {
            return Err(convert::not_known_yet());
        }
        let progress = Progress(events.clone());
        let request = InvokeRequest {
            config,
            progress,
            context,
        };
        Ok(async move { registered.item.invoke(request).await })
    });
    tokio::spawn(async move {
        let diagnostics = match call {
            Ok(call) => guard::run(call).await.unwrap_or_else(Diagnostics::from),
            Err(diagnostic) => diagnostic.into(),
        };
        // Fails only where nobody listens any more.
        let _ = events.send(Event::Completed(diagnostics)).await;
    });
    Box::pin(Events {
        receiver,
        _stop_when_dropped: stop_when_dropped,
    })
}

/// The events of one invocation, which is stopped when they are dropped.
struct Events {
    receiver: mpsc::Receiver<Event>,
    _stop_when_dropped: DropGuard,
}

impl Stream for Events {
    type Item = Result<proto::invoke_action::Event, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let event = self.receiver.poll_recv(context);
        event.map(|event| event.map(|event| Ok(encode(event))))
    }
}

fn encode(event: Event) -> proto::invoke_action::Event {
    use proto::invoke_action::event::{Completed, Progress, Type};
    let event = match event {
        Event::Progress(message) => Type::Progress(Progress { message }),
        Event::Completed(diagnostics) => Type::Completed(Completed {
            diagnostics: convert::diagnostics(diagnostics),
        }),
    };
    proto::invoke_action::Event {
        r#type: Some(event),
    }
}

fn find(service: &Service, type_name: &str) -> Result<Arc<RegisteredAction>, Diagnostic> {
    let found = service.actions.get(type_name).cloned();
    found.ok_or_else(|| convert::unknown_type("action", type_name))
}
