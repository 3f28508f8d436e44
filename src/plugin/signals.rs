//! The signals of the system: what ends the process, and what does not.

use tokio_util::sync::CancellationToken;

/// What Ctrl-C means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interrupt {
    /// Nothing. It reaches the whole process group: Terraform decides what it means for us,
    /// and says so with a request.
    Ignored,
    /// The end.
    Leaves,
}

/// Cancels `leave` when somebody ends the process.
///
/// # Errors
/// Signals that cannot be heard.
#[cfg(unix)]
pub(super) fn listen(interrupt: Interrupt, leave: &CancellationToken) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupts = signal(SignalKind::interrupt())?;
    // These are for us alone.
    let mut terminations = signal(SignalKind::terminate())?;
    let mut hang_ups = signal(SignalKind::hangup())?;
    let leave = leave.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                Some(()) = interrupts.recv() => if interrupt == Interrupt::Leaves { break },
                _ = terminations.recv() => break,
                _ = hang_ups.recv() => break,
            }
        }
        leave.cancel();
        // A second Ctrl-C is no other wish.
        while interrupts.recv().await.is_some() {}
    });
    Ok(())
}

/// Cancels `leave` when somebody ends the process.
///
/// # Errors
/// Signals that cannot be heard.
#[cfg(windows)]
pub(super) fn listen(interrupt: Interrupt, leave: &CancellationToken) -> std::io::Result<()> {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown};

    let mut interrupts = ctrl_c()?;
    let mut breaks = ctrl_break()?;
    let mut closings = ctrl_close()?;
    let mut shutdowns = ctrl_shutdown()?;
    let leave = leave.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                Some(()) = interrupts.recv() => if interrupt == Interrupt::Leaves { break },
                Some(()) = breaks.recv() => if interrupt == Interrupt::Leaves { break },
                _ = closings.recv() => break,
                _ = shutdowns.recv() => break,
            }
        }
        leave.cancel();
        // A second Ctrl-C is no other wish.
        while interrupts.recv().await.is_some() {}
    });
    Ok(())
}
