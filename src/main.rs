//! The provider's process: a plugin when Terraform starts it, a word to people when they do.

use std::io::{self, Write};
use std::process::ExitCode;

use azrestorepoint::provider::{AzRestorePoint, SOURCE};
use azrestorepoint::{plugin, watch};

/// Waits are cheap, and one thread answers Terraform while the other asks Azure.
const WORKER_THREADS: usize = 2;

/// The provider's short name.
const NAME: &str = "azrestorepoint";

/// What somebody reads who starts the process by hand.
const EXPLANATION: &str = "\
This is a Terraform provider: it copies Azure VM restore points to another region. \
Terraform starts it, it does nothing by itself.

To use it, name it in a configuration and run terraform init:

  terraform {
    required_providers {
      azrestorepoint = {
        source = \"crossregion/azrestorepoint\"
      }
    }
  }

For more, run it with --help.";

const HELP: &str = "\
Usage: terraform-provider-azrestorepoint [--version | --help | --debug]
       terraform-provider-azrestorepoint watch [OPTIONS] ID...

Terraform starts this program as a plugin; there is no need to run it by hand, but
to watch copies on their way.

  watch      show how copies get on, until they are usable; watch --help tells more
  --version  print the version
  --help     print this text
  --debug    wait for Terraform to attach, and print how; Ctrl-C ends it";

fn main() -> ExitCode {
    let argument = std::env::args().nth(1);
    match argument.as_deref() {
        Some("--version" | "-version") => say(concat!(
            "terraform-provider-azrestorepoint ",
            env!("CARGO_PKG_VERSION")
        )),
        Some("--help" | "-help" | "-h") => say(HELP),
        Some("--debug" | "-debug") => run(plugin::debug(NAME, SOURCE, AzRestorePoint::new())),
        Some("watch") => run(watch::run(std::env::args().skip(2).collect())),
        Some(unknown) => {
            // A closed stderr leaves nobody to tell.
            let _ = writeln!(
                io::stderr().lock(),
                "{unknown:?} is not an option.\n\n{HELP}"
            );
            ExitCode::from(2)
        }
        None => run(plugin::serve(NAME, EXPLANATION, AzRestorePoint::new())),
    }
}

fn run(life: impl Future<Output = ExitCode>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKER_THREADS)
        .enable_all()
        .build();
    match runtime {
        Ok(runtime) => {
            let code = runtime.block_on(life);
            // Whatever still runs has nobody to answer to.
            runtime.shutdown_background();
            code
        }
        Err(error) => {
            let _ = writeln!(io::stderr().lock(), "The provider cannot start: {error}");
            ExitCode::FAILURE
        }
    }
}

fn say(text: &str) -> ExitCode {
    match writeln!(io::stdout().lock(), "{text}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
