//! The listener: TLS, HTTP/1.1 and HTTP/2, and the faults that happen on that level.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Bytes, Frame, Incoming as HttpBody, SizeHint};
use hyper::service::service_fn;
use hyper::{Request as HttpRequest, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::arm;
use crate::control;
use crate::entra;
use crate::exchange::{Answer, Incoming, Payload, Sender};
use crate::fault::Action;
use crate::issuer;
use crate::log::Request;
use crate::machine;
use crate::metadata;
use crate::state::State;

/// What the handle and every connection share.
#[derive(Debug)]
pub(crate) struct Shared {
    state: Mutex<State>,
    /// Woken whenever the request log has changed.
    pub(crate) logged: Notify,
    /// Changed to let go of the requests that are held back.
    pub(crate) released: watch::Sender<()>,
}

impl Shared {
    pub(crate) fn new(state: State) -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::new(state),
            logged: Notify::new(),
            released: watch::Sender::new(()),
        })
    }

    /// The state. A test that panicked while it held the lock has failed already, and must not
    /// turn every other answer into a second failure.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves until it is dropped, and takes its connections with it.
pub(crate) async fn serve(listener: TcpListener, tls: TlsAcceptor, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                // A client that is gone before it is accepted is no reason to stop.
                if let Ok((stream, _)) = accepted {
                    connections.spawn(connection(stream, tls.clone(), Arc::clone(&shared)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

/// One connection, until either side is done with it or a fault cuts it.
async fn connection(stream: TcpStream, tls: TlsAcceptor, shared: Arc<Shared>) {
    // Without it small answers wait for the client's acknowledgement, some 40 ms each.
    let _ = stream.set_nodelay(true);
    // A client that does not trust us, or speaks no TLS, finds out by itself.
    let Ok(stream) = tls.accept(stream).await else {
        return;
    };
    let cut = Arc::new(Notify::new());
    let service = service_fn(|request| {
        let (shared, cut) = (Arc::clone(&shared), Arc::clone(&cut));
        async move { Ok::<_, Infallible>(exchange(request, &shared, &cut).await) }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // Operation URLs of several kB have to fit.
    builder.http2().max_header_list_size(256 * 1024);
    tokio::select! {
        _ = builder.serve_connection(TokioIo::new(stream), service) => {}
        () = cut.notified() => {}
    }
}

/// One request and its answer. Never returns if the connection is cut instead.
async fn exchange(
    request: HttpRequest<HttpBody>,
    shared: &Shared,
    cut: &Notify,
) -> Response<AnswerBody> {
    let (parts, body) = request.into_parts();
    let Ok(body) = body.collect().await else {
        // The client went away in the middle of its request, and this future goes with it.
        return pending().await;
    };
    let request = Incoming::new(parts, body.to_bytes());
    if request.path.starts_with("/simulator/") {
        let mut answer = control::answer(shared, &request);
        answer.decorate(&request, shared.state().clock.now());
        return response(&answer, false);
    }
    // Subscribed to before the log shows the request, so that a test which sees it there and
    // releases it at once is heard.
    let mut released = shared.released.subscribe();
    let (sequence, action, early) = arrive(shared, &request);
    let mut answer = match early {
        Some(answer) => answer,
        None => match &action {
            Some(Action::Answer {
                status,
                headers,
                body,
            }) => given(*status, headers.clone(), body.clone()),
            Some(Action::BlackHole { .. }) => {
                // The sender lives as long as `shared`, so this ends with a release.
                let _ = released.changed().await;
                handle(&mut shared.state(), &request, sequence)
            }
            _ => return close(cut).await,
        },
    };
    match &action {
        Some(Action::Delay(by)) => pause(*by).await,
        Some(Action::BlackHole { apply: true }) => {
            let _ = released.changed().await;
        }
        Some(Action::Close { .. }) => return close(cut).await,
        Some(Action::NotJson) => {
            let page = "<html><body>Please sign in to this network.</body></html>";
            answer = Answer::new(200, Payload::Text(page.to_owned()), Sender::Control);
        }
        _ => {}
    }
    answer.decorate(&request, shared.state().clock.now());
    if let Some(Action::Amend {
        headers,
        removed_headers,
        merge,
    }) = &action
    {
        answer.amend(headers, removed_headers, merge);
    }
    shared.finish(sequence, &answer);
    response(&answer, matches!(action, Some(Action::Truncate)))
}

/// Enters the request into the log, looks what befalls it, and lets it take effect unless that
/// comes later or never.
///
/// All under one lock: a test that sees the request in the log may rely on its effect.
fn arrive(shared: &Shared, request: &Incoming) -> (u64, Option<Action>, Option<Answer>) {
    let mut state = shared.state();
    let action = state
        .faults
        .befall(&request.method, &request.path, &request.query);
    let sequence = state.log.next_sequence();
    let entry = Request {
        sequence,
        time: state.clock.now(),
        method: request.method.clone(),
        path: request.path.clone(),
        query: request.query.clone(),
        body: request.loggable_body(),
        status: None,
        client_request_id: request.header("x-ms-client-request-id").map(str::to_owned),
        correlation_request_id: request.correlation_id.clone(),
        user_agent: request.header("user-agent").map(str::to_owned),
        authorization: state.tokens.describe(request),
        version: request.version.clone(),
        fault: action.as_ref().map(Action::name),
        unexpected: false,
    };
    state.log.begin(entry);
    let applies = action.as_ref().is_none_or(Action::applies_on_arrival);
    let early = applies.then(|| handle(&mut state, request, sequence));
    drop(state);
    shared.logged.notify_waiters();
    (sequence, action, early)
}

/// Lets the request take effect.
fn handle(state: &mut State, request: &Incoming, sequence: u64) -> Answer {
    let answer = match entra::tenant(&request.path) {
        Some(tenant) => entra::answer(state, request, tenant),
        None => issuer::answer(state, request)
            .or_else(|| machine::answer(state, request))
            .or_else(|| metadata::answer(state, request))
            .unwrap_or_else(|| arm::answer(state, request)),
    };
    state
        .log
        .update(sequence, |entry| entry.unexpected = answer.unexpected);
    answer
}

impl Shared {
    fn finish(&self, sequence: u64, answer: &Answer) {
        self.state()
            .log
            .update(sequence, |entry| entry.status = Some(answer.status));
        self.logged.notify_waiters();
    }
}

/// The answer of a fault.
fn given(status: u16, headers: Vec<(String, String)>, body: serde_json::Value) -> Answer {
    let payload = match body {
        serde_json::Value::Null => Payload::Empty,
        serde_json::Value::String(text) => Payload::Text(text),
        json => Payload::Json(json),
    };
    let mut answer = Answer::new(status, payload, Sender::Gateway);
    answer.headers = headers;
    answer
}

fn response(answer: &Answer, truncated: bool) -> Response<AnswerBody> {
    let bytes = answer.bytes();
    let mut builder = Response::builder().status(answer.status);
    for (name, value) in &answer.headers {
        builder = builder.header(name, value);
    }
    if truncated {
        builder = builder.header("content-length", bytes.len());
    }
    let body = if truncated {
        AnswerBody::truncated(bytes)
    } else {
        AnswerBody::Whole(Full::new(bytes))
    };
    builder.body(body).unwrap_or_else(|error| {
        // Only a fault can have an impossible status or header; say so where it is seen.
        let text = format!("The simulator was told to answer what HTTP cannot carry: {error}.");
        let mut response = Response::new(AnswerBody::Whole(Full::new(text.into())));
        *response.status_mut() = hyper::StatusCode::NOT_IMPLEMENTED;
        response
    })
}

/// Cuts the connection, with every request on it, and waits for the end that this brings.
async fn close<T>(cut: &Notify) -> T {
    cut.notify_one();
    pending().await
}

/// Waits in real time: what a slow or broken network does to a client is measured by its clock.
async fn pause(time: Duration) {
    let _ = tokio::time::timeout(time, pending::<()>()).await;
}

/// The body of an answer, or the first half of it.
enum AnswerBody {
    Whole(Full<Bytes>),
    Truncated {
        half: Option<Bytes>,
        pause: Pin<Box<dyn Future<Output = ()> + Send>>,
    },
}

impl AnswerBody {
    fn truncated(bytes: Bytes) -> Self {
        Self::Truncated {
            half: Some(bytes.slice(..bytes.len() / 2)),
            // Gives the first half the time to leave, which the break would overtake.
            pause: Box::pin(pause(Duration::from_millis(20))),
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.get_mut() {
            Self::Whole(body) => Pin::new(body)
                .poll_frame(context)
                .map_err(|never| match never {}),
            Self::Truncated { half, pause } => {
                if let Some(half) = half.take() {
                    return Poll::Ready(Some(Ok(Frame::data(half))));
                }
                ready!(pause.as_mut().poll(context));
                let error = std::io::Error::other("a fault breaks off the answer here");
                Poll::Ready(Some(Err(error)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::Truncated { .. } => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Truncated { .. } => SizeHint::default(),
        }
    }
}
