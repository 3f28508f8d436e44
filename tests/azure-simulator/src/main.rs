//! Runs a simulator by itself, until Ctrl-C.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use azure_simulator::{Builder, Rules, Simulator, Throttling, control};

const HELP: &str = "\
azure-simulator: Azure Resource Manager's restore points on loopback.

Try terraform-provider-azrestorepoint against it without an Azure subscription. It makes a
certificate authority of its own, prints the environment variables to paste into a shell, and
serves until Ctrl-C. Nothing it knows outlives it.

Usage: azure-simulator [OPTIONS]

Options:
  --listen ADDRESS          where to listen, loopback only [default: 127.0.0.1:0, any free port]
  --replication-time TIME   how long a disk of a copy replicates [default: 20s]
  --operation-time TIME     how long Azure takes to accept a copy or a deletion [default: 5s]
  --time-scale FACTOR       how much faster than real its clock runs [default: 1]
  --copies-per-hour NUMBER  how many copies may begin in a collection within an hour [default: any]
  --throttling              limits the rate of requests as Azure does
  --ca-file PATH            writes the authority there, too; it stays there
  --help                    shows this text

TIME is a number with ms, s, m or h, such as 90s; without a unit it is seconds.
";

/// The exit status of a wrong call, as other tools have it.
const USAGE: u8 = 2;

struct Arguments {
    builder: Builder,
    authority_file: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--help") {
        return exit(write!(io::stdout().lock(), "{HELP}\n{}", control::HELP));
    }
    match parse(&arguments) {
        Ok(arguments) => exit(run(arguments).await),
        Err(reason) => {
            let _ = writeln!(io::stderr().lock(), "{reason}; see --help");
            ExitCode::from(USAGE)
        }
    }
}

fn exit(result: io::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr().lock(), "azure-simulator: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> io::Result<()> {
    let azure = arguments.builder.start().await?;
    if let Some(path) = &arguments.authority_file {
        std::fs::write(path, azure.certificate_authority_pem())?;
    }
    introduce(&azure)?;
    interrupted().await
    // The simulator ends here, and removes its own file of the authority.
}

fn introduce(azure: &Simulator) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "Azure is simulated at {}", azure.endpoint())?;
    writeln!(out, "Paste this into the shell that runs Terraform:\n")?;
    for (name, value) in azure.environment() {
        writeln!(out, "export {name}='{value}'")?;
    }
    let source = format!(
        "/subscriptions/{}/resourceGroups/rg-source/providers/Microsoft.Compute/restorePointCollections/web",
        azure.subscription_id()
    );
    writeln!(
        out,
        "
There is the restore point collection web of the VM web-vm, in eastus:
  {source}
with the restore points, oldest first:
  before-upgrade-4711  nightly-2026-11-20  nightly-2026-11-21  nightly-2026-11-22
and the empty resource group rg-dr.

SSL_CERT_FILE makes programs of that shell trust this simulator and nobody else.
Ctrl-C ends it. --help shows how to script it while it runs."
    )?;
    out.flush()
}

/// Waits for Ctrl-C, or for the request to end that a script sends.
#[cfg(unix)]
async fn interrupted() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        result = tokio::signal::ctrl_c() => result,
        _ = terminate.recv() => Ok(()),
    }
}

/// Waits for Ctrl-C.
#[cfg(not(unix))]
async fn interrupted() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}

fn parse(arguments: &[String]) -> Result<Arguments, String> {
    // Slower than the library's defaults: a person is to see the copy progress.
    let mut builder = Simulator::builder()
        .default_world()
        .replication(Duration::from_secs(20))
        .operation(Duration::from_secs(5));
    let mut authority_file = None;
    let mut remaining = arguments.iter();
    while let Some(option) = remaining.next() {
        let mut value = || {
            let value = remaining.next();
            value.ok_or_else(|| format!("{option} needs a value"))
        };
        builder = match option.as_str() {
            "--listen" => builder.listen(address(value()?)?),
            "--replication-time" | "--replication-seconds" => {
                builder.replication(duration(value()?)?)
            }
            "--operation-time" => builder.operation(duration(value()?)?),
            "--time-scale" => builder.time_scale(factor(value()?)?),
            "--copies-per-hour" => {
                let copies_per_hour = Some(number(value()?)?);
                builder.rules(Rules {
                    copies_per_hour,
                    ..Rules::default()
                })
            }
            "--throttling" => builder.throttling(Throttling::default()),
            "--ca-file" => {
                authority_file = Some(PathBuf::from(value()?));
                builder
            }
            _ => return Err(format!("{option} is not an option")),
        };
    }
    Ok(Arguments {
        builder,
        authority_file,
    })
}

fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| format!("'{text}' is not an address such as 127.0.0.1:8443"))
}

fn number(text: &str) -> Result<usize, String> {
    text.parse()
        .map_err(|_| format!("'{text}' is not a whole number such as 3"))
}

fn factor(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|factor: &f64| factor.is_finite() && *factor >= 0.0)
        .ok_or_else(|| format!("'{text}' is not a factor such as 60"))
}

fn duration(text: &str) -> Result<Duration, String> {
    // `ms` before `s` and `m`, which it contains.
    let units = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let (number, unit) = units
        .into_iter()
        .find_map(|(name, seconds)| Some((text.strip_suffix(name)?, seconds)))
        .unwrap_or((text, 1.0));
    let seconds: Option<f64> = number.parse().ok();
    seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds * unit).ok())
        .ok_or_else(|| format!("'{text}' is not a time such as 90s"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        #[track_caller]
        fn check(text: &str, milliseconds: u64) {
            assert_eq!(duration(text), Ok(Duration::from_millis(milliseconds)));
        }
        check("20", 20_000);
        check("250ms", 250);
        check("1.5s", 1500);
        check("2m", 120_000);
        check("1h", 3_600_000);
        for text in ["", "s", "-1s", "1d", "NaN"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn wrong_calls_are_explained() {
        #[track_caller]
        fn check(arguments: &[&str], reason: &str) {
            let arguments: Vec<String> = arguments.iter().map(|&text| text.to_owned()).collect();
            assert_eq!(parse(&arguments).err().as_deref(), Some(reason));
        }
        check(&["--fast"], "--fast is not an option");
        check(&["--time-scale"], "--time-scale needs a value");
        check(&["--time-scale", "-1"], "'-1' is not a factor such as 60");
        check(
            &["--copies-per-hour", "many"],
            "'many' is not a whole number such as 3",
        );
        check(
            &["--listen", "here"],
            "'here' is not an address such as 127.0.0.1:8443",
        );
    }
}
