//! The one place where panics end.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;

use crate::plugin::diagnostics::Diagnostic;

thread_local! {
    /// Where the last panic of this thread happened; the hook writes it, the guard takes it.
    static LOCATION: RefCell<Option<String>> = const { RefCell::new(None) };
    /// Whether this thread is in the middle of a call, whose panic is caught.
    static IN_CALL: Cell<bool> = const { Cell::new(false) };
}

/// Runs a call to its end, whatever becomes of the connection it came over.
///
/// Its panic becomes an error for the user. It runs as a task of its own,
/// because a call that is dropped halfway forgets what it has just made.
///
/// # Errors
/// The diagnostic that says where the provider panicked.
pub(super) async fn run<T, F>(call: F) -> Result<T, Diagnostic>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut call = Box::pin(call);
    let caught = poll_fn(move |context| {
        IN_CALL.set(true);
        let polled = catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(context)));
        IN_CALL.set(false);
        match polled {
            Ok(Poll::Ready(answer)) => Poll::Ready(Ok(answer)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(payload) => Poll::Ready(Err(diagnostic(payload.as_ref()))),
        }
    });
    match tokio::spawn(caught).await {
        Ok(answer) => answer,
        Err(error) => Err(diagnostic(&error)),
    }
}

/// Has the panics of calls write a log line with their place, and others raw text:
/// Terraform shows a line that begins with `panic: `, and what follows it, to the user.
pub(in crate::plugin) fn install_panic_hook() {
    std::panic::set_hook(Box::new(|panic| {
        let location = panic.location();
        let location = location.map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        let backtrace = std::backtrace::Backtrace::force_capture().to_string();
        let message = message(panic.payload());
        if IN_CALL.get() {
            tracing::error!(location, backtrace, "The provider panicked: {message}");
            LOCATION.with_borrow_mut(|last| *last = Some(location));
        } else {
            // A closed stderr leaves nobody to tell.
            let text = format!("panic: {message}\n\n{location}\n{backtrace}\n");
            let _ = std::io::stderr().lock().write_all(text.as_bytes());
        }
    }));
}

fn diagnostic(payload: &(dyn Any + Send)) -> Diagnostic {
    let location = LOCATION
        .take()
        .unwrap_or_else(|| "an unknown place".to_owned());
    Diagnostic::error(
        "The provider has a bug",
        format!(
            "It panicked at {location}: {}\n\n\
             This is always an issue in the provider: please report it, with this message and, where \
             possible, the log of the same command with TF_LOG_PROVIDER=DEBUG. What the provider had \
             made before is kept in the state.",
            message(payload)
        ),
    )
}

fn message(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_a_diagnostic() {
        let result: Result<(), _> = run(async { panic!("the disk is {}", "gone") }).await;
        let diagnostic = result.expect_err("the call panicked");
        assert!(
            diagnostic.detail.contains("the disk is gone"),
            "{}",
            diagnostic.detail
        );
    }

    #[tokio::test]
    async fn an_answer_passes() {
        assert_eq!(run(async { 7 }).await, Ok(7));
    }
}
