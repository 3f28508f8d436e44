//! Shows the provider at work: the real Terraform, the real provider, and a local Azure.
//!
//! `cargo demo` copies a restore point to another region, changes a tag in place and destroys
//! everything again, as `examples/quickstart` describes it. It needs `terraform` or `tofu` on PATH.

use std::error::Error;
use std::fs;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use azure_simulator::Simulator;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const PROVIDER: &str = "terraform-provider-azrestorepoint";

/// How long the simulated Azure copies; the real one takes minutes to days.
const REPLICATION: Duration = Duration::from_secs(20);

/// The provider asks more often than it would ask Azure, so that there is something to see.
const TIME_SCALE: &str = "8";

fn main() -> ExitCode {
    match tokio::runtime::Runtime::new()
        .map_err(Into::into)
        .and_then(|runtime| runtime.block_on(demo()))
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A closed stderr leaves nobody to tell.
            let _ = writeln!(io::stderr().lock(), "\nThe demo failed: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn demo() -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()?;
    let terraform = terraform()?;

    say("Building the provider")?;
    let binary = build(&root)?;

    say(&format!(
        "Starting a local Azure, which copies a restore point within {} seconds",
        REPLICATION.as_secs()
    ))?;
    let azure = Simulator::builder()
        .default_world()
        .replication(REPLICATION)
        .operation(Duration::from_secs(2))
        .start()
        .await?;

    let folder = tempfile::tempdir()?;
    let run = Run {
        terraform,
        folder: folder.path().join("quickstart"),
        environment: environment(&azure, folder.path())?,
    };
    install(&binary, folder.path())?;
    fs::create_dir(&run.folder)?;
    fs::copy(
        root.join("examples/quickstart/main.tf"),
        run.folder.join("main.tf"),
    )?;

    run.expect(0, &["init", "-input=false"])?;
    run.expect(
        2,
        &["plan", "-input=false", "-detailed-exitcode", "-out=plan"],
    )?;

    let started = Instant::now();
    run.expect(0, &["apply", "-input=false", "plan"])?;
    let waited = started.elapsed();
    check(
        azure.count("PUT", "/restorePoints/") == 1,
        "one copy should have been begun",
    )?;
    check(
        waited >= REPLICATION,
        "apply should have waited for the replication",
    )?;

    say("Planning again: nothing may have changed")?;
    run.expect(0, &["plan", "-input=false", "-detailed-exitcode"])?;

    say("Changing a tag, in place")?;
    run.expect(
        0,
        &[
            "apply",
            "-input=false",
            "-auto-approve",
            "-var=department=operations",
        ],
    )?;
    check(
        azure.count("PATCH", "/restorePointCollections/") == 1,
        "the tag should have been changed in place",
    )?;
    check(
        azure.count("PUT", "/restorePoints/") == 1,
        "nothing should have been copied again",
    )?;

    run.expect(0, &["destroy", "-input=false", "-auto-approve"])?;
    let unexpected = azure
        .requests()
        .iter()
        .filter(|request| request.unexpected)
        .count();
    check(unexpected == 0, "Azure should have known every request")?;

    say(&format!(
        "Done. A restore point was copied from eastus to westus2 with one request; apply came back after {} seconds, \
         when every disk had replicated.\nThe second plan was empty, the tag was changed in place, and everything was \
         destroyed. Azure answered {} requests.",
        waited.as_secs(),
        azure.requests().len()
    ))
}

/// One working folder and how to run Terraform in it.
struct Run {
    terraform: &'static str,
    folder: PathBuf,
    environment: Vec<(String, String)>,
}

impl Run {
    /// Runs a command, shows what it prints and the provider's progress, and checks its exit code.
    fn expect(&self, code: i32, arguments: &[&str]) -> Result<()> {
        say(&format!("{} {}", self.terraform, arguments.join(" ")))?;
        let colour = if io::stdout().is_terminal() {
            None
        } else {
            Some("-no-color")
        };
        let (command, options) = arguments.split_first().ok_or("no command")?;
        let mut child = Command::new(self.terraform)
            .arg(command)
            .args(colour)
            .args(options)
            .current_dir(&self.folder)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(stderr) = child.stderr.take() {
            for line in BufReader::new(stderr).lines() {
                show(&line?)?;
            }
        }
        let status = child.wait()?;
        if status.code() == Some(code) {
            return Ok(());
        }
        Err(format!(
            "{} {} ended with {status}, not with {code}",
            self.terraform,
            arguments.join(" ")
        )
        .into())
    }
}

/// Shows a line of standard error: progress as such, other log lines not at all, errors as they are.
fn show(line: &str) -> io::Result<()> {
    let is_log = ["[INFO]", "[WARN]", "[ERROR]"]
        .iter()
        .any(|level| line.contains(level));
    match line.split_once(PROVIDER) {
        Some((head, logged)) if head.contains("[INFO]") => {
            let message = logged
                .split_once(": ")
                .map_or(logged, |(_, message)| message);
            // Behind the message come the fields of the log line.
            let end = message.match_indices(": ").find(|(at, _)| {
                message[at + 2..]
                    .split(' ')
                    .next()
                    .is_some_and(|word| word.contains('='))
            });
            let message = end.map_or(message, |(at, _)| &message[..at]);
            if message.starts_with("Copy ") {
                writeln!(io::stdout().lock(), "    {message}")
            } else {
                Ok(())
            }
        }
        _ if is_log => Ok(()),
        _ => writeln!(io::stdout().lock(), "{line}"),
    }
}

fn say(text: &str) -> Result<()> {
    Ok(writeln!(io::stdout().lock(), "\n==> {text}")?)
}

fn check(holds: bool, what: &str) -> Result<()> {
    if holds { Ok(()) } else { Err(what.into()) }
}

fn terraform() -> Result<&'static str> {
    let found = ["terraform", "tofu"].into_iter().find(|program| {
        let version = Command::new(program)
            .arg("version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        version.is_ok_and(|status| status.success())
    });
    found.ok_or_else(|| "neither terraform nor tofu is on PATH; the demo runs the real one".into())
}

fn build(root: &Path) -> Result<PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "build",
            "--quiet",
            "--locked",
            "--message-format=json-render-diagnostics",
            "--bin",
            PROVIDER,
        ])
        .current_dir(root)
        .stderr(Stdio::inherit())
        .output()?;
    check(output.status.success(), "the provider does not build")?;
    let messages = String::from_utf8(output.stdout)?;
    let mut executable = messages.lines().filter_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        Some(PathBuf::from(message["executable"].as_str()?))
    });

    executable
        .next_back()
        .ok_or_else(|| "cargo does not say where the provider is".into())
}

/// Puts the provider where Terraform looks for it instead of in a registry.
fn install(binary: &Path, folder: &Path) -> Result<()> {
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    };
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        other => other,
    };
    let version = env!("CARGO_PKG_VERSION");
    for registry in ["registry.terraform.io", "registry.opentofu.org"] {
        let package = folder
            .join("mirror")
            .join(registry)
            .join("crossregion/azrestorepoint")
            .join(version)
            .join(format!("{system}_{architecture}"));
        fs::create_dir_all(&package)?;
        let target = package.join(format!("{PROVIDER}_v{version}"));
        // A link saves the copy where both are on one file system.
        if fs::hard_link(binary, &target).is_err() {
            fs::copy(binary, &target)?;
        }
    }
    Ok(())
}

fn environment(azure: &Simulator, folder: &Path) -> Result<Vec<(String, String)>> {
    let settings = folder.join("terraform.tfrc");
    let mirror = folder.join("mirror");
    fs::write(
        &settings,
        format!(
            "provider_installation {{\n  filesystem_mirror {{\n    path = {mirror:?}\n  }}\n}}\n"
        ),
    )?;

    let source = format!(
        "/subscriptions/{}/resourceGroups/rg-source/providers/Microsoft.Compute/restorePointCollections/web",
        azure.subscription_id()
    );
    let mut environment: Vec<(String, String)> = azure
        .environment()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    for (name, value) in [
        (
            "TF_CLI_CONFIG_FILE",
            settings.to_string_lossy().into_owned(),
        ),
        ("TF_IN_AUTOMATION", "1".to_owned()),
        ("CHECKPOINT_DISABLE", "1".to_owned()),
        ("TF_LOG_PROVIDER", "INFO".to_owned()),
        ("AZRESTOREPOINT_TEST_TIME_SCALE", TIME_SCALE.to_owned()),
        ("TF_VAR_source_collection_id", source),
        (
            "TF_VAR_source_restore_point_name",
            "before-upgrade-4711".to_owned(),
        ),
        ("TF_VAR_target_resource_group_name", "rg-dr".to_owned()),
        ("TF_VAR_target_location", "westus2".to_owned()),
    ] {
        environment.push((name.to_owned(), value));
    }
    Ok(environment)
}
