//! Keeps a token while it is good, and fetches one at a time for all requests.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::time::Instant;

use super::{Token, TokenSource};
use crate::arm::error::SignInError;
use crate::arm::patience::Patience;

/// How long before its end a token is renewed; one that lives shorter is renewed at half its life.
const REFRESH_BEFORE_EXPIRY: Duration = Duration::from_secs(5 * 60);

/// How long an early renewal may take before the request goes on with the token it has.
const EARLY_REFRESH_LIMIT: Duration = Duration::from_secs(10);

/// How long a token that is still good is used after its early renewal failed.
const EARLY_REFRESH_PAUSE: Duration = Duration::from_secs(30);

/// Tokens of one source, shared by all requests of a client.
#[derive(Debug)]
pub(crate) struct TokenCache {
    source: Arc<dyn TokenSource>,
    held: Mutex<Held>,
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Held {
    token: Option<Token>,
    refresh_at: Option<Instant>,
    last_failure: Option<(Instant, SignInError)>,
}

/// What the cache can offer at one moment.
enum Offer {
    Good(Token),
    Aging(Token),
    Nothing,
}

impl TokenCache {
    pub(crate) fn new(source: Arc<dyn TokenSource>) -> Self {
        Self {
            source,
            held: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
        }
    }

    /// A token that is good now.
    ///
    /// Requests that need one at the same time share one fetch, and its failure. A token near
    /// its end is renewed by one of them while the others go on with it; if the renewal fails,
    /// it is used to its end.
    pub(crate) async fn token(&self) -> Result<Token, SignInError> {
        match self.offer() {
            Offer::Good(token) => Ok(token),
            Offer::Aging(token) => Ok(self.renewed(token).await),
            Offer::Nothing => self.fetched().await,
        }
    }

    /// Forgets a token that Azure Resource Manager has refused, unless it was replaced meanwhile.
    pub(crate) fn invalidate(&self, refused: &Token) {
        let mut held = self.held();
        let same = held
            .token
            .as_ref()
            .is_some_and(|token| token.secret.expose_secret() == refused.secret.expose_secret());
        if same {
            held.token = None;
        }
    }

    async fn fetched(&self) -> Result<Token, SignInError> {
        let arrived = Instant::now();
        let _turn = self.fetching.lock().await;
        if let Offer::Good(token) | Offer::Aging(token) = self.offer() {
            return Ok(token);
        }
        if let Some((at, failure)) = &self.held().last_failure
            && *at > arrived
        {
            return Err(failure.clone());
        }
        match self.source.token().await {
            Ok(token) => Ok(self.keep(token)),
            Err(failure) => {
                self.held().last_failure = Some((Instant::now(), failure.clone()));
                Err(failure)
            }
        }
    }

    async fn renewed(&self, aging: Token) -> Token {
        let Ok(_turn) = self.fetching.try_lock() else {
            return aging;
        };
        if let Offer::Good(token) = self.offer() {
            return token;
        }
        let limit = Patience::detached(EARLY_REFRESH_LIMIT);
        match limit.run(self.source.token()).await {
            Ok(Ok(token)) => self.keep(token),
            failure => {
                let reason = match failure {
                    Ok(Err(error)) => error.to_string(),
                    _ => "Entra ID did not answer in time".to_owned(),
                };
                tracing::debug!(
                    reason,
                    "Renewing the token early failed; using it to its end"
                );
                self.held().refresh_at = Some(Instant::now() + EARLY_REFRESH_PAUSE);
                aging
            }
        }
    }

    fn offer(&self) -> Offer {
        let held = self.held();
        let now = Instant::now();
        match &held.token {
            Some(token) if token.expires <= now => Offer::Nothing,
            Some(token) if held.refresh_at.is_some_and(|at| at <= now) => {
                Offer::Aging(token.clone())
            }
            Some(token) => Offer::Good(token.clone()),
            None => Offer::Nothing,
        }
    }

    fn keep(&self, token: Token) -> Token {
        let now = Instant::now();
        let life = token.expires.saturating_duration_since(now);
        let mut held = self.held();
        held.refresh_at = Some(now + (life / 2).max(life.saturating_sub(REFRESH_BEFORE_EXPIRY)));
        held.token = Some(token.clone());
        token
    }

    fn held(&self) -> std::sync::MutexGuard<'_, Held> {
        // A panic elsewhere leaves nothing half-written here.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use secrecy::SecretString;
    use std::collections::VecDeque;

    /// Answers from a list, and counts.
    #[derive(Debug, Default)]
    struct Scripted {
        answers: Mutex<VecDeque<Result<Duration, SignInError>>>,
        asked: Mutex<u32>,
    }

    #[async_trait]
    impl TokenSource for Scripted {
        async fn token(&self) -> Result<Token, SignInError> {
            tokio::task::yield_now().await;
            let mut asked = self.asked.lock().unwrap();
            *asked += 1;
            let life = self.answers.lock().unwrap().pop_front().unwrap()?;
            Ok(Token {
                secret: SecretString::from(format!("token {asked}")),
                expires: Instant::now() + life,
            })
        }
    }

    fn cache(answers: Vec<Result<Duration, SignInError>>) -> (TokenCache, Arc<Scripted>) {
        let source = Arc::new(Scripted {
            answers: Mutex::new(answers.into()),
            asked: Mutex::default(),
        });
        (TokenCache::new(source.clone()), source)
    }

    fn failure() -> Result<Duration, SignInError> {
        Err(SignInError::temporary("busy".to_owned(), None))
    }

    async fn text(cache: &TokenCache) -> Result<String, String> {
        let token = cache.token().await.map_err(|error| error.to_string())?;
        Ok(token.secret.expose_secret().to_owned())
    }

    const HOUR: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn concurrent_requests_share_one_fetch() {
        let (cache, source) = cache(vec![Ok(HOUR)]);
        let (one, two, three) = tokio::join!(text(&cache), text(&cache), text(&cache));
        assert_eq!(one.as_deref(), Ok("token 1"));
        assert_eq!((two, three), (one.clone(), one));
        assert_eq!(*source.asked.lock().unwrap(), 1);
    }

    #[tokio::test]
    async fn concurrent_requests_share_one_failure() {
        let (cache, source) = cache(vec![failure(), Ok(HOUR)]);
        let (one, two) = tokio::join!(text(&cache), text(&cache));
        assert_eq!(one, Err("busy".to_owned()));
        assert_eq!(one, two);
        assert_eq!(
            text(&cache).await.as_deref(),
            Ok("token 1".replace('1', "2").as_str())
        );
        assert_eq!(*source.asked.lock().unwrap(), 2);
    }

    #[tokio::test]
    async fn only_the_refused_token_is_forgotten() {
        let (cache, _source) = cache(vec![Ok(HOUR), Ok(HOUR)]);
        let first = cache.token().await.unwrap();
        cache.invalidate(&first);
        assert_eq!(text(&cache).await.as_deref(), Ok("token 2"));
        cache.invalidate(&first);
        assert_eq!(text(&cache).await.as_deref(), Ok("token 2"));
    }

    #[tokio::test]
    async fn an_aging_token_is_renewed_early_and_kept_if_that_fails() {
        let (cache, source) = cache(vec![Ok(HOUR), failure(), Ok(HOUR)]);
        assert_eq!(text(&cache).await.as_deref(), Ok("token 1"));
        let due = || cache.held().refresh_at = Some(Instant::now());
        due();
        assert_eq!(text(&cache).await.as_deref(), Ok("token 1"));
        assert_eq!(text(&cache).await.as_deref(), Ok("token 1"));
        assert_eq!(*source.asked.lock().unwrap(), 2);
        due();
        assert_eq!(text(&cache).await.as_deref(), Ok("token 3"));
    }

    #[tokio::test]
    async fn a_token_that_is_over_is_not_used() {
        let (cache, _source) = cache(vec![Ok(Duration::ZERO), Ok(HOUR)]);
        assert_eq!(text(&cache).await.as_deref(), Ok("token 1"));
        assert_eq!(text(&cache).await.as_deref(), Ok("token 2"));
    }

    #[test]
    fn renewal_begins_before_the_end() {
        #[track_caller]
        fn check(life_seconds: u64, refresh_after_seconds: u64) {
            let (cache, _source) = cache(vec![]);
            let life = Duration::from_secs(life_seconds);
            let start = Instant::now();
            cache.keep(Token {
                secret: SecretString::from("token"),
                expires: start + life,
            });
            let wait = cache.held().refresh_at.unwrap() - start;
            assert_eq!(wait.as_secs_f64().round() as u64, refresh_after_seconds);
        }
        check(3600, 3300);
        check(600, 300);
        check(100, 50);
    }
}
