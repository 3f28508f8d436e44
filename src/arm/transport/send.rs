//! The one loop that sends: token, attempt, decision, pause.

use std::borrow::Cow;
use std::pin::pin;
use std::time::{Duration, Instant, SystemTime};

use reqwest::Method;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use uuid::Uuid;

use super::body;
use super::pass::Pass;
use super::secret;
use super::{Answer, Client, Expected, Request};
use crate::arm::error::{ApiError, ConnectionError, Error, RequestIds};
use crate::arm::explain;
use crate::arm::patience::{Interrupted, Patience};
use crate::arm::retry::{self, Circumstances, Decision, History};
use crate::arm::retry_after;

/// The largest answer that is read. A collection with the 500 restore points that Azure allows
/// has a few MiB.
const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;

/// How long a PUT or a POST that is under way may still wait for its answer after Stop or the deadline: the
/// answer decides whether something exists. Short enough to be gone within 3 s.
const ANSWER_GRACE: Duration = Duration::from_millis(1500);

/// A request that did not succeed, and whether Azure may nevertheless have accepted it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{error}")]
pub struct PutError {
    /// What went wrong in the end.
    pub error: Error,
    /// Whether any attempt got no definite answer: then the resource may exist. False if nothing
    /// was sent, or every attempt was refused.
    pub may_have_been_accepted: bool,
}

impl PutError {
    pub(crate) fn refused(error: Error) -> Self {
        Self {
            error,
            may_have_been_accepted: false,
        }
    }
}

impl From<PutError> for Error {
    fn from(failure: PutError) -> Self {
        failure.error
    }
}

/// What a request has been through, over all its attempts.
#[derive(Default)]
struct Attempts {
    history: History,
    may_have_been_accepted: bool,
    last_cause: Option<Box<Error>>,
}

impl Client {
    /// Sends a request until it succeeds, or it makes no sense to send it again.
    pub(crate) async fn send(
        &self,
        request: &Request,
        patience: &Patience,
    ) -> Result<Answer, PutError> {
        let mut request = self
            .moved(request)
            .map_or(Cow::Borrowed(request), Cow::Owned);
        if !self.cloud().is_resource_manager(&request.url) {
            return Err(PutError::refused(self.foreign(&request)));
        }
        let mut attempts = Attempts::default();
        let mut is_paid = request.is_paid;
        loop {
            if !std::mem::take(&mut is_paid)
                && let Err(interrupted) = self.budget().charge(request.lane, patience).await
            {
                return Err(attempts.interrupted(interrupted));
            }
            let pass = match patience.run(self.pass()).await {
                Ok(pass) => pass.map_err(|error| Error::SignIn(Box::new(error))),
                Err(interrupted) => return Err(attempts.interrupted(interrupted)),
            };
            if let Some(moved) = self.moved(&request) {
                request = Cow::Owned(moved);
            }
            let error = match &pass {
                Ok(pass) => match self.once(&request, pass, patience, &mut attempts).await {
                    Ok(answer) => return Ok(answer),
                    Err(End::For(error)) => return Err(attempts.end(error)),
                    Err(End::Attempt(error)) => error,
                },
                Err(error) => error.clone(),
            };
            let remaining = patience.remaining();
            let circumstances = Circumstances {
                remaining,
                random: retry::random(),
                has_answered: self.inner.answered.before(&error),
            };
            match attempts.history.decide(&error, circumstances) {
                Decision::GiveUp => return Err(attempts.end(error)),
                Decision::RenewToken => {
                    if let Ok(pass) = &pass {
                        self.invalidate(pass);
                    }
                }
                Decision::TooLate { retry_after } => {
                    return Err(attempts.end(Error::RetryAfterTooLong {
                        retry_after,
                        remaining,
                        cause: Box::new(error),
                    }));
                }
                Decision::Retry { delay } => {
                    tracing::debug!(
                        method = %request.method,
                        path = request.url.path(),
                        cause = %error,
                        delay_ms = milliseconds(delay),
                        "Azure Resource Manager is asked again after a pause"
                    );
                    if let Some(next_try) = explain::next_try(&error)
                        && request.method == Method::PUT
                    {
                        // It can take an hour, and nothing else would show that all is well.
                        tracing::warn!("{next_try}: PUT {}", request.url.path());
                    }
                    attempts.last_cause = Some(Box::new(error));
                    if let Err(interrupted) = patience.pause(delay).await {
                        return Err(attempts.interrupted(interrupted));
                    }
                }
            }
        }
    }

    /// One attempt, cut short by Stop and deadline; a PUT or a POST has a moment of
    /// grace.
    async fn once(
        &self,
        request: &Request,
        pass: &Pass,
        patience: &Patience,
        attempts: &mut Attempts,
    ) -> Result<Answer, End> {
        let mut attempt = pin!(self.attempt(request, pass));
        let answer = match patience.run(&mut attempt).await {
            Ok(answer) => answer,
            Err(interrupted) => {
                let late = if matches!(request.method, Method::PUT | Method::POST) {
                    Patience::detached(ANSWER_GRACE)
                        .run(&mut attempt)
                        .await
                        .ok()
                } else {
                    None
                };
                attempts.may_have_been_accepted |= match &late {
                    Some(Ok(_)) => false,
                    Some(Err(error)) => may_have_been_accepted(error),
                    None => true,
                };
                return match late {
                    Some(Ok(answer)) => Ok(answer),
                    Some(Err(error)) if is_final(&error) => Err(End::For(error)),
                    _ => Err(End::For(attempts.interrupted(interrupted).error)),
                };
            }
        };
        answer.map_err(|error| {
            attempts.may_have_been_accepted |= may_have_been_accepted(&error);
            End::Attempt(error)
        })
    }

    async fn attempt(&self, request: &Request, pass: &Pass) -> Result<Answer, Error> {
        let host = self.cloud().resource_manager_host().to_owned();
        let connection = |error| Error::Connection(Box::new(error));
        let http = self.inner.http.get().map_err(connection)?;
        let client_request_id = Uuid::new_v4().to_string();
        let mut sent = http
            .request(request.method.clone(), request.url.clone())
            .header(AUTHORIZATION, pass.authorization()?)
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, &self.inner.user_agent)
            .header("x-ms-client-request-id", &client_request_id)
            .header("x-ms-return-client-request-id", "true")
            .header(
                "x-ms-correlation-request-id",
                &self.inner.correlation_request_id,
            );
        if let Some(tokens) = pass.auxiliary_authorization()? {
            sent = sent.header("x-ms-authorization-auxiliary", tokens);
        }
        if let Some(body) = &request.body {
            sent = sent
                .header(CONTENT_TYPE, "application/json")
                .body(body.to_string());
        }
        let began = Instant::now();
        let response = sent.send().await.map_err(|error| {
            let error = ConnectionError::from_reqwest(&host, error);
            log(request, "no answer", &client_request_id, began);
            connection(error)
        })?;
        self.inner.answered.resource_manager();
        let status = response.status();
        let headers = response.headers().clone();
        let ids = RequestIds::from_headers(&headers, &client_request_id);
        let content = body::read(response, ANSWER_BYTES_MAX).await;
        let id = ids.request_id.as_deref().unwrap_or(&client_request_id);
        log(request, status.as_str(), id, began);

        let retry_after = retry_after::from_headers(&headers, SystemTime::now());
        self.budget()
            .learn(request.lane, status, &headers, retry_after);
        let path = request.url.path();
        if !status.is_success() {
            let content = match content {
                Ok(content) => content,
                // The body tells what a refusal of a question means, so it is asked again.
                Err(problem) if request.method == Method::GET => {
                    return Err(connection(problem.into_connection_error(&host)));
                }
                // What cannot be read of any other refusal does not make it less of one.
                Err(_) => Vec::new(),
            };
            let content = match request.expected {
                Expected::Secret => secret::without_signatures(&content),
                Expected::Json | Expected::HeadersOnly => content,
            };
            let error = ApiError::from_body(request.method.clone(), path, status, &content);
            return Err(Error::Api(Box::new(error.with_headers(ids, retry_after))));
        }
        let mut answer = Answer {
            method: request.method.clone(),
            path: path.to_owned(),
            status,
            headers,
            body: Vec::new(),
            is_secret: request.expected == Expected::Secret,
            ids,
            retry_after,
        };
        match content {
            Ok(content) => answer.body = content,
            Err(_) if request.expected == Expected::HeadersOnly => return Ok(answer),
            Err(problem) => {
                let too_large = matches!(problem, body::Problem::TooLarge(_));
                let problem = problem.into_connection_error(&host).cause;
                return Err(answer.unreadable(problem, too_large));
            }
        }
        // 202 and 204 say all they have to say with their status.
        if request.expected != Expected::HeadersOnly && !matches!(status.as_u16(), 202 | 204) {
            answer.json::<serde::de::IgnoredAny>()?;
        }
        Ok(answer)
    }

    fn foreign(&self, request: &Request) -> Error {
        let origin = |url: &url::Url| url.origin().ascii_serialization();
        Error::ForeignUrl {
            found: origin(&request.url),
            expected: origin(&self.cloud().resource_manager_endpoint),
        }
    }
}

/// How an attempt ended without success.
enum End {
    /// For this attempt; another one may do better.
    Attempt(Error),
    /// For the whole request.
    For(Error),
}

impl Attempts {
    fn interrupted(&self, interrupted: Interrupted) -> PutError {
        let error = match interrupted {
            Interrupted::Stopped => Error::Stopped,
            Interrupted::DeadlinePassed => Error::DeadlinePassed {
                last_cause: self.last_cause.clone(),
            },
        };
        self.end(error)
    }

    fn end(&self, error: Error) -> PutError {
        PutError {
            error,
            may_have_been_accepted: self.may_have_been_accepted,
        }
    }
}

/// Whether Azure may have done what was asked although the attempt failed.
///
/// A refusal with a 4xx status is definite, except 408, which only says that time ran out. After
/// a 5xx or a lost connection nobody knows.
fn may_have_been_accepted(error: &Error) -> bool {
    match error {
        Error::Api(error) => error.status.is_server_error() || error.status.as_u16() == 408,
        Error::Connection(error) => error.kind.may_have_been_received(),
        Error::UnreadableAnswer(_) => true,
        _ => false,
    }
}

/// Whether a refusal that came in the last moment is the better news than "stopped".
fn is_final(error: &Error) -> bool {
    error
        .status()
        .is_some_and(|status| status != 401 && !retry::is_transient(status))
}

fn log(request: &Request, status: &str, request_id: &str, began: Instant) {
    tracing::debug!(
        method = %request.method,
        path = request.url.path(),
        query = request.loggable_query(),
        status,
        request_id,
        elapsed_ms = milliseconds(began.elapsed()),
        "Azure Resource Manager was asked"
    );
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
