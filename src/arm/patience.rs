//! The only place that sleeps: every wait has a deadline and hears Stop.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Stands for "no deadline" where a limit is too large for the clock to add.
const LONGEST_WAIT: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// How long a caller is willing to wait, and what may cut the wait short.
///
/// Deadlines are kept on the monotonic clock, so a corrected wall clock moves none of them.
#[derive(Clone, Debug)]
pub struct Patience {
    /// When this caller began to wait.
    pub started: Instant,
    /// When waiting ends without success.
    pub deadline: Instant,
    /// Cancelled when the caller is asked to stop.
    pub stop: CancellationToken,
}

/// Why a wait ended before what it waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupted {
    /// The caller was asked to stop.
    Stopped,
    /// The deadline passed.
    DeadlinePassed,
}

impl Patience {
    /// Starts now and ends after `timeout`, or when `stop` is cancelled.
    pub fn new(timeout: Duration, stop: CancellationToken) -> Self {
        let started = Instant::now();
        Self {
            started,
            deadline: after(started, timeout),
            stop,
        }
    }

    /// Starts now, ends after `limit` and hears no Stop: for the last look around after one.
    pub fn detached(limit: Duration) -> Self {
        Self::new(limit, CancellationToken::new())
    }

    /// The same patience, but for one step that may take `limit` at most.
    pub fn with_limit(&self, limit: Duration) -> Self {
        let step = Self::new(limit, self.stop.clone());
        Self {
            deadline: step.deadline.min(self.deadline),
            ..step
        }
    }

    /// How much time is left; zero after the deadline.
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// How much time has passed since this patience began.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Whether a wait would end at once, and why.
    ///
    /// # Errors
    /// [`Interrupted::Stopped`] goes first: a Stop that races the deadline is reported as a Stop.
    pub fn check(&self) -> Result<(), Interrupted> {
        if self.stop.is_cancelled() {
            Err(Interrupted::Stopped)
        } else if Instant::now() >= self.deadline {
            Err(Interrupted::DeadlinePassed)
        } else {
            Ok(())
        }
    }

    /// Waits for `delay`.
    ///
    /// # Errors
    /// [`Interrupted`] as soon as Stop or the deadline comes first.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that sleeps; it hears Stop and the deadline"
    )]
    pub async fn pause(&self, delay: Duration) -> Result<(), Interrupted> {
        tokio::select! {
            biased; // A Stop that races the deadline is reported as a Stop.
            () = self.stop.cancelled() => Err(Interrupted::Stopped),
            () = tokio::time::sleep_until(self.deadline) => Err(Interrupted::DeadlinePassed),
            () = tokio::time::sleep(delay.min(LONGEST_WAIT)) => Ok(()),
        }
    }

    /// Waits between two looks at the same thing: for `own`, or longer if Azure asks for it.
    ///
    /// # Errors
    /// [`Interrupted::DeadlinePassed`] at once if what Azure asks for ends after the deadline:
    /// nothing more can be learnt until then.
    pub async fn pause_between_looks(
        &self,
        own: Duration,
        asked: Option<Duration>,
    ) -> Result<(), Interrupted> {
        panic_if_asked();
        match asked {
            Some(asked) if asked > self.remaining() => {
                self.check()?;
                Err(Interrupted::DeadlinePassed)
            }
            Some(asked) => self.pause(own.max(asked)).await,
            None => self.pause(own).await,
        }
    }

    /// Runs `future` until it is done, Stop comes or the deadline passes.
    ///
    /// # Errors
    /// [`Interrupted`] if the future was given up. Dropping `future` must be harmless, or the
    /// caller passes `&mut future` and goes on with it.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that sleeps; it hears Stop and the deadline"
    )]
    pub async fn run<T>(&self, future: impl Future<Output = T>) -> Result<T, Interrupted> {
        tokio::select! {
            biased; // Stop first; but an answer that is already there beats the deadline.
            () = self.stop.cancelled() => Err(Interrupted::Stopped),
            value = future => Ok(value),
            () = tokio::time::sleep_until(self.deadline) => Err(Interrupted::DeadlinePassed),
        }
    }
}

/// Shortens a pause of our own making in tests; in release builds it returns `duration`.
///
/// Backoff, poll intervals and our own bounds are scaled. Deadlines, a configured poll interval and
/// a Retry-After are not: somebody asked for exactly those.
pub fn scaled(duration: Duration) -> Duration {
    match time_scale() {
        Some(multiplier) => duration.mul_f64(multiplier),
        None => duration,
    }
}

#[cfg(not(debug_assertions))]
fn time_scale() -> Option<f64> {
    None
}

/// Unit tests cannot set the environment, and none of them waits for real.
#[cfg(all(debug_assertions, test))]
fn time_scale() -> Option<f64> {
    multiplier("1000")
}

#[cfg(all(debug_assertions, not(test)))]
fn time_scale() -> Option<f64> {
    static MULTIPLIER: std::sync::OnceLock<Option<f64>> = std::sync::OnceLock::new();
    *MULTIPLIER.get_or_init(|| {
        std::env::var("AZRESTOREPOINT_TEST_TIME_SCALE")
            .ok()
            .and_then(|text| multiplier(&text))
    })
}

/// Above 1 the number says how many times faster, between 0 and 1 it is the multiplier itself.
#[cfg(debug_assertions)]
fn multiplier(text: &str) -> Option<f64> {
    let number: f64 = text.trim().parse().ok()?;
    if !number.is_finite() || number <= 0.0 {
        None
    } else if number > 1.0 {
        Some(1.0 / number)
    } else {
        Some(number)
    }
}

#[cfg(not(debug_assertions))]
fn panic_if_asked() {}

/// Lets a test of debug builds see what a panic in the middle of a wait leaves behind.
#[cfg(debug_assertions)]
fn panic_if_asked() {
    use std::sync::atomic::{AtomicBool, Ordering};
    static PANICKED: AtomicBool = AtomicBool::new(false);
    let asked = std::env::var("AZRESTOREPOINT_TEST_PANIC").is_ok_and(|text| text == "pause");
    if asked && !PANICKED.swap(true, Ordering::Relaxed) {
        panic!("AZRESTOREPOINT_TEST_PANIC=pause asks for this panic");
    }
}

fn after(start: Instant, delay: Duration) -> Instant {
    start + delay.min(LONGEST_WAIT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};

    const HOUR: Duration = Duration::from_secs(3600);

    fn stopped(timeout: Duration) -> Patience {
        let patience = Patience::new(timeout, CancellationToken::new());
        patience.stop.cancel();
        patience
    }

    #[tokio::test]
    async fn stop_and_deadline_cut_a_pause_short() {
        let passed = Patience::detached(Duration::ZERO);
        assert_eq!(stopped(HOUR).pause(HOUR).await, Err(Interrupted::Stopped));
        assert_eq!(passed.pause(HOUR).await, Err(Interrupted::DeadlinePassed));
        assert_eq!(Patience::detached(HOUR).pause(Duration::ZERO).await, Ok(()));
    }

    #[tokio::test]
    async fn a_wish_beyond_the_deadline_ends_the_wait_at_once() {
        let patience = Patience::detached(HOUR);
        let asked = |asked| patience.pause_between_looks(Duration::ZERO, asked);
        assert_eq!(
            asked(Some(2 * HOUR)).await,
            Err(Interrupted::DeadlinePassed)
        );
        assert_eq!(asked(Some(Duration::ZERO)).await, Ok(()));
        assert_eq!(asked(None).await, Ok(()));
        patience.stop.cancel();
        assert_eq!(asked(Some(2 * HOUR)).await, Err(Interrupted::Stopped));
    }

    #[tokio::test]
    async fn stop_goes_before_everything_else() {
        let both = stopped(Duration::ZERO);
        assert_eq!(both.check(), Err(Interrupted::Stopped));
        assert_eq!(both.pause(Duration::ZERO).await, Err(Interrupted::Stopped));
        assert_eq!(both.run(ready(1)).await, Err(Interrupted::Stopped));
    }

    #[tokio::test]
    async fn an_answer_that_is_there_beats_the_deadline() {
        let passed = Patience::detached(Duration::ZERO);
        assert_eq!(passed.run(ready(1)).await, Ok(1));
        let never: Result<(), _> = passed.run(pending()).await;
        assert_eq!(never, Err(Interrupted::DeadlinePassed));
    }

    #[test]
    fn a_limited_step_never_outlives_the_whole() {
        let whole = Patience::detached(HOUR);
        assert_eq!(whole.with_limit(2 * HOUR).deadline, whole.deadline);
        assert!(whole.with_limit(HOUR / 2).deadline < whole.deadline);
        whole.stop.cancel();
        assert_eq!(whole.with_limit(HOUR).check(), Err(Interrupted::Stopped));
    }

    #[test]
    fn an_endless_timeout_does_not_overflow() {
        assert!(Patience::detached(Duration::MAX).remaining() > HOUR);
    }

    #[cfg(debug_assertions)]
    #[test]
    fn time_scale_accepts_both_notations() {
        #[track_caller]
        fn check(text: &str, expected: Option<f64>) {
            assert_eq!(multiplier(text), expected, "{text:?}");
        }
        check("100", Some(0.01));
        check(" 0.25 ", Some(0.25));
        check("1", Some(1.0));
        check("0", None);
        check("-3", None);
        check("inf", None);
        check("fast", None);
    }
}
