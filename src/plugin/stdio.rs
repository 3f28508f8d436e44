//! The small services that every go-plugin has beside its own.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio_stream::Stream;
use tokio_util::sync::CancellationToken;
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status, Streaming};

use super::proto::go_plugin::grpc_broker_server::GrpcBroker;
use super::proto::go_plugin::grpc_controller_server::GrpcController;
use super::proto::go_plugin::grpc_stdio_server::GrpcStdio;
use super::proto::go_plugin::{ConnInfo, Empty, StdioData};
use super::proto::health::health_check_response::ServingStatus;
use super::proto::health::health_server::Health;
use super::proto::health::{HealthCheckRequest, HealthCheckResponse};
use super::service::Leases;
use super::stop::Stop;

/// How long the process may live on to close what Terraform has left open.
const CLOSE_SECONDS_MAX: u64 = 30;

/// A stream that says nothing and ends when the process does.
fn silence<T: Send + 'static>(shutdown: CancellationToken) -> BoxStream<T> {
    Box::pin(Silent {
        ended: Box::pin(shutdown.cancelled_owned()),
        item: std::marker::PhantomData,
    })
}

struct Silent<T> {
    ended: Pin<Box<tokio_util::sync::WaitForCancellationFutureOwned>>,
    item: std::marker::PhantomData<fn() -> T>,
}

impl<T> Stream for Silent<T> {
    type Item = Result<T, Status>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        self.ended.as_mut().poll(context).map(|()| None)
    }
}

/// Ends the process when Terraform asks.
pub(super) struct Controller {
    pub(super) shutdown: CancellationToken,
    pub(super) stop: Arc<Stop>,
    pub(super) leases: Arc<Leases>,
}

#[tonic::async_trait]
impl GrpcController for Controller {
    /// Answers at once, unless something is open that has to be closed: Terraform waits for the
    /// answer without any limit, and what is still in flight is asked to stop before.
    async fn shutdown(&self, _request: Request<Empty>) -> Result<Response<Empty>, Status> {
        // A renewal in flight would hold up what is to be closed.
        self.stop.stop();
        let limit = Duration::from_secs(CLOSE_SECONDS_MAX);
        let closed = self.leases.close_all(|| self.stop.context());
        if tokio::time::timeout(limit, closed).await.is_err() {
            tracing::error!("Something was still open when the process had to end");
        }
        self.shutdown.cancel();
        Ok(Response::new(Empty {}))
    }
}

/// Carries the output of a plugin. Ours prints nothing.
pub(super) struct Stdio {
    pub(super) shutdown: CancellationToken,
}

#[tonic::async_trait]
impl GrpcStdio for Stdio {
    async fn stream_stdio(
        &self,
        _request: Request<()>,
    ) -> Result<Response<BoxStream<StdioData>>, Status> {
        Ok(Response::new(silence(self.shutdown.clone())))
    }
}

/// Arranges further connections. Terraform opens the stream and asks for none.
pub(super) struct Broker {
    pub(super) shutdown: CancellationToken,
}

#[tonic::async_trait]
impl GrpcBroker for Broker {
    async fn start_stream(
        &self,
        _request: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<BoxStream<ConnInfo>>, Status> {
        Ok(Response::new(silence(self.shutdown.clone())))
    }
}

/// Says that the plugin is well.
pub(super) struct Healthy;

#[tonic::async_trait]
impl Health for Healthy {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        match request.into_inner().service.as_str() {
            "" | "plugin" => Ok(Response::new(HealthCheckResponse {
                status: ServingStatus::Serving.into(),
            })),
            other => Err(Status::not_found(format!("there is no service {other:?}"))),
        }
    }
}
