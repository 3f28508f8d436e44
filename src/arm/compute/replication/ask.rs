//! Asks with the perseverance of a wait, where a wait needs to know more than its copy tells.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

use super::contact::{Contact, Verdict};
use super::progress::Progress;
use crate::arm::error::Error;
use crate::arm::patience::{self, Patience};

/// The pause between two attempts; each of them has been repeated before it counts as failed.
const INTERVAL: Duration = Duration::from_secs(10);

/// How long one attempt may take with its repetitions.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(2 * 60);

/// Asks until there is an answer, and waits out the trouble that a wait for replication waits
/// out. `in_trouble` is told of each attempt that failed, as an
/// [`Observer`](super::Observer) is.
///
/// # Errors
/// What Azure finds wrong with the question at once, as that there is no such thing;
/// [`Error::Stopped`], [`Error::DeadlinePassed`] with what went
/// wrong last, or what makes asking again pointless.
pub async fn ask<T, F>(
    patience: &Patience,
    mut in_trouble: impl FnMut(&Error, bool),
    question: impl Fn(Patience) -> F,
) -> Result<T, Error>
where
    F: Future<Output = Result<T, Error>>,
{
    let mut contact = Contact::new();
    let mut progress = Progress::new(Instant::now());
    loop {
        let error = match question(patience.with_limit(ATTEMPT_LIMIT)).await {
            Err(error) if !is_answer(&error) => error,
            answered => return answered,
        };
        if matches!(error, Error::Stopped) {
            return Err(error);
        }
        let now = Instant::now();
        if contact.failed(&error, now) == Verdict::Lost {
            return Err(error);
        }
        if patience.check().is_ok() {
            in_trouble(&error, progress.is_trouble_news(now));
        }
        let pause = patience::scaled(INTERVAL);
        let waited = patience.pause_between_looks(pause, error.retry_after());
        match waited.await.map_err(Error::from) {
            Ok(()) => {}
            Err(Error::DeadlinePassed { .. }) => {
                return Err(match error {
                    Error::DeadlinePassed { .. } => error,
                    error => Error::DeadlinePassed {
                        last_cause: Some(Box::new(error)),
                    },
                });
            }
            Err(stopped) => return Err(stopped),
        }
    }
}

/// Whether a refusal is about what was asked: Azure's own words, not those of something in between.
fn is_answer(error: &Error) -> bool {
    matches!(error.status(), Some(400 | 404)) && error.code().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arm::error::{ApiError, SignInError};
    use reqwest::{Method, StatusCode};
    use std::cell::RefCell;
    use tokio_util::sync::CancellationToken;

    fn api(status: u16, code: &str) -> Error {
        let body = format!(r#"{{"error":{{"code":"{code}","message":"m"}}}}"#);
        let status = StatusCode::from_u16(status).unwrap();
        let error = ApiError::from_body(Method::GET, "/x", status, body.as_bytes());
        Error::Api(Box::new(error))
    }

    /// Answers in this order; gives what came of it, and how often trouble was told.
    async fn asked(
        patience: &Patience,
        answers: Vec<Result<u8, Error>>,
    ) -> (Result<u8, Error>, usize) {
        let answers = RefCell::new(answers.into_iter());
        let mut troubles = 0;
        let answer = ask(
            patience,
            |_, _| troubles += 1,
            |_| std::future::ready(answers.borrow_mut().next().expect("no further question")),
        )
        .await;
        (answer, troubles)
    }

    #[tokio::test]
    async fn trouble_that_may_pass_is_waited_out() {
        let patience = Patience::detached(Duration::from_secs(60));
        let answers = vec![Err(api(503, "Busy")), Err(api(403, "No")), Ok(7)];
        let (answer, troubles) = asked(&patience, answers).await;
        assert_eq!((answer.unwrap(), troubles), (7, 2));
    }

    #[tokio::test]
    async fn what_asking_again_cannot_mend_ends_it_at_once() {
        let patience = Patience::detached(Duration::from_secs(60));
        let (answer, troubles) = asked(&patience, vec![Err(api(404, "NotFound"))]).await;
        assert!(answer.unwrap_err().is_not_found());
        let refused = SignInError::permanent("AADSTS7000215".to_owned());
        let (answer, more) = asked(&patience, vec![Err(Error::SignIn(Box::new(refused)))]).await;
        assert!(answer.unwrap_err().is_permanent_sign_in());
        assert_eq!(troubles + more, 0);
    }

    #[tokio::test]
    async fn the_end_of_time_and_a_stop_end_it() {
        let patience = Patience::detached(Duration::ZERO);
        let (answer, _) = asked(&patience, vec![Err(api(503, "Busy"))]).await;
        let error = answer.unwrap_err();
        assert!(error.is_deadline());
        assert_eq!(error.code(), Some("Busy"));

        let stop = CancellationToken::new();
        stop.cancel();
        let patience = Patience::new(Duration::from_secs(60), stop);
        let (answer, _) = asked(&patience, vec![Err(api(503, "Busy"))]).await;
        assert!(matches!(answer, Err(Error::Stopped)));
    }
}
