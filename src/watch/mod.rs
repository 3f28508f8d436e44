//! The watch: shows people and pipelines how copies get on, without Terraform.

mod arguments;
mod ending;
mod follow;
mod json;
mod lines;
mod screen;
#[cfg(test)]
mod tests;
mod view;
mod watched;
mod words;

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use arguments::{Arguments, HELP, Parsed};
use ending::Outcome;
use follow::Asking;
use view::{Ending, View};
use watched::Now;

use crate::arm::settings::Settings;
use crate::arm::{Client, Patience, environment};

/// Longer than any copy takes: Azure ends copying after fourteen days.
const TIMEOUT_DEFAULT: Duration = Duration::from_secs(15 * 24 * 60 * 60);

/// Runs `watch` with the arguments behind it, until everything is usable or something ends it.
///
/// The exit code is 0 if all copies are usable, 1 if something failed, is too old or does not
/// exist, 2 if the command line, the settings or the sign-in are wrong, 3 if time was up before
/// all were usable, and 130 if somebody has interrupted it.
pub async fn run(arguments: Vec<String>) -> ExitCode {
    match arguments::parse(&arguments) {
        Ok(Parsed::Help) => match writeln!(io::stdout(), "{HELP}") {
            Ok(()) => ExitCode::SUCCESS,
            Err(_) => ExitCode::FAILURE,
        },
        Ok(Parsed::Watch(arguments)) => watch(arguments).await,
        Err(problem) => refuse(&format!(
            "{problem}\n\nterraform-provider-azrestorepoint watch --help tells how to use it."
        )),
    }
}

async fn watch(arguments: Arguments) -> ExitCode {
    let settings = Settings::default().or_environment(&environment::of_process);
    let options = match settings.and_then(Settings::resolve) {
        Ok(options) => options,
        Err(problem) => return refuse(&format!("{}\n\n{}", problem.summary, problem.detail)),
    };
    let stop = CancellationToken::new();
    if let Err(error) = stop_on_signals(&stop) {
        return refuse(&format!("Cannot listen for signals: {error}"));
    }
    let timeout = arguments.timeout.unwrap_or(TIMEOUT_DEFAULT);
    let asking = Asking {
        client: Client::new(options),
        patience: Patience::new(timeout, stop),
        once: arguments.once,
    };
    let mut view = View::of_stdout(arguments.json);
    let watched = follow::follow(asking, arguments.targets, &mut view).await;

    let now = Now::get();
    let outcome = ending::outcome(&watched, arguments.max_age, now);
    let ending = Ending {
        outcome,
        verdicts: words::verdicts(&watched, arguments.max_age, now),
        max_age: arguments.max_age,
    };
    view.end(&watched, &ending, now);
    if outcome == Outcome::Refused {
        return refuse(&ending.verdicts.join("\n"));
    }
    ExitCode::from(outcome.exit_code())
}

/// Ends every wait when somebody ends the process. A second signal finds the waits ended already.
fn stop_on_signals(stop: &CancellationToken) -> io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        for kind in [
            SignalKind::interrupt(),
            SignalKind::terminate(),
            SignalKind::hangup(),
        ] {
            let (mut signal, stop) = (signal(kind)?, stop.clone());
            tokio::spawn(async move {
                signal.recv().await;
                stop.cancel();
            });
        }
    }
    #[cfg(not(unix))]
    {
        let stop = stop.clone();
        tokio::spawn(async move {
            // Where it cannot be listened for, nobody can stop it this way.
            if tokio::signal::ctrl_c().await.is_ok() {
                stop.cancel();
            }
        });
    }
    Ok(())
}

/// Says what is wrong with the command line, the settings or the sign-in.
fn refuse(text: &str) -> ExitCode {
    // A closed stderr leaves nobody to tell.
    let _ = writeln!(io::stderr(), "{text}");
    ExitCode::from(Outcome::Refused.exit_code())
}
