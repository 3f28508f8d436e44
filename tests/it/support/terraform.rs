//! The real Terraform, on a folder of its own, against a simulator of Azure.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use serde_json::Value as Json;
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};

use super::plugin;

/// A working folder with a configuration and a state.
pub(crate) struct Terraform {
    folder: TempDir,
    environment: Vec<(OsString, OsString)>,
}

/// What a command printed and how it ended.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) status: ExitStatus,
    /// Standard output and standard error, the latter behind the former, with line breaks undone.
    pub(crate) text: String,
    /// Both as they were printed.
    pub(crate) printed: String,
}

impl Output {
    /// The messages as they were printed, without the one that every command of a test gets.
    pub(crate) fn messages(&self) -> String {
        let begins = |line: &str| line.starts_with("Error: ") || line.starts_with("Warning: ");
        let ends = |line: &str| {
            line.starts_with("Apply complete!") || line.starts_with("Destroy complete!")
        };
        let mut messages = String::new();
        let mut is_message = false;
        for line in self.printed.lines() {
            if begins(line) || ends(line) {
                is_message = begins(line) && !line.contains("development overrides");
            }
            if is_message {
                messages.push_str(line);
                messages.push('\n');
            }
        }
        messages
    }

    /// The exit code, or -1 for a signal.
    pub(crate) fn code(&self) -> i32 {
        self.status.code().unwrap_or(-1)
    }

    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code(), code, "{}", self.text);
        self
    }

    #[track_caller]
    pub(crate) fn expect_text(self, text: &str) -> Self {
        assert!(
            self.text.contains(text),
            "{text:?} is missing in:\n{}",
            self.text
        );
        self
    }
}

impl Terraform {
    /// A folder whose commands use the provider as built, and this environment.
    pub(crate) fn new(environment: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self::with_provider(plugin::binary(), environment)
    }

    /// The same with another program in the provider's place.
    pub(crate) fn with_provider(
        program: &Path,
        environment: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Self {
        let mut terraform = Self::without_overrides(environment);
        terraform.override_providers(&[("crossregion/azrestorepoint", program)]);
        terraform
    }

    /// Uses these programs for the providers of these addresses, and for no others.
    pub(crate) fn override_providers(&mut self, providers: &[(&str, &Path)]) {
        let mut overrides = String::new();
        for (address, program) in providers {
            let folder = self.folder.path().join(address);
            std::fs::create_dir_all(&folder).expect("a folder");
            let name = address.rsplit('/').next().unwrap_or_default();
            let link = folder.join(format!("terraform-provider-{name}"));
            if !link.exists() {
                std::os::unix::fs::symlink(program, link).expect("a link to the provider");
            }
            overrides.push_str(&format!("    {address:?} = {folder:?}\n"));
        }
        let settings = format!(
            "provider_installation {{\n  dev_overrides {{\n{overrides}  }}\n  direct {{}}\n}}\n"
        );
        let settings_file = self.folder.path().join("terraform.tfrc");
        std::fs::write(&settings_file, settings).expect("a file");
        self.set("TF_CLI_CONFIG_FILE", settings_file);
    }

    /// A folder whose commands find no provider, but for one that they attach to.
    pub(crate) fn without_overrides(
        environment: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder for temporary files");
        let mut terraform = Self {
            folder,
            environment: Vec::new(),
        };
        std::fs::create_dir(terraform.path()).expect("a new folder");
        terraform.set("TF_IN_AUTOMATION", "1");
        terraform.set("CHECKPOINT_DISABLE", "1");
        for (name, value) in environment {
            terraform.set(name, value);
        }
        terraform
    }

    /// Sets a variable for all commands to come.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.into(), value.into()));
    }

    /// The working folder.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    /// Replaces the configuration; the block that names the provider's source is added.
    pub(crate) fn write(&self, configuration: &str) {
        const HEADER: &str = "terraform {\n  required_providers {\n    azrestorepoint = {\n      source = \"crossregion/azrestorepoint\"\n    }\n  }\n}\n";
        std::fs::write(
            self.path().join("main.tf"),
            format!("{HEADER}{configuration}"),
        )
        .expect("a file");
    }

    /// Runs a command to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Output {
        finish(self.start(arguments)).await
    }

    /// `terraform apply` without questions.
    pub(crate) async fn apply(&self) -> Output {
        self.run(&["apply", "-auto-approve", "-input=false"]).await
    }

    /// `terraform plan`, whose exit code tells whether there are changes (2) or none (0).
    pub(crate) async fn plan(&self) -> Output {
        self.run(&["plan", "-detailed-exitcode", "-input=false"])
            .await
    }

    /// `terraform destroy` without questions.
    pub(crate) async fn destroy(&self) -> Output {
        self.run(&["destroy", "-auto-approve", "-input=false"])
            .await
    }

    /// Starts a command in a process group of its own.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().unwrap_or_else(|error| {
            panic!("terraform is needed on PATH for this test, but does not start: {error}")
        })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = plugin::command(Path::new("terraform"));
        command
            .args(arguments)
            .arg("-no-color")
            .current_dir(self.path())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .process_group(0)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// The state as `terraform.tfstate` has it; null where there is none.
    pub(crate) fn state(&self) -> Json {
        let text = std::fs::read(self.path().join("terraform.tfstate")).unwrap_or_default();
        if text.is_empty() {
            // A first command that was killed leaves an empty file.
            return Json::Null;
        }
        serde_json::from_slice(&text).expect("JSON")
    }

    /// The one instance of a resource in the state: its status, attributes and so on.
    pub(crate) fn instance(&self, kind: &str, name: &str) -> Option<Json> {
        let state = self.state();
        let resource = state["resources"]
            .as_array()?
            .iter()
            .find(|resource| resource["type"] == kind && resource["name"] == name)?;
        resource["instances"].as_array()?.first().cloned()
    }

    /// The attributes of a resource in the state.
    #[track_caller]
    pub(crate) fn attributes(&self, kind: &str, name: &str) -> Json {
        let instance = self
            .instance(kind, name)
            .unwrap_or_else(|| panic!("{kind}.{name} is not in the state"));
        instance["attributes"].clone()
    }

    /// Whether a resource in the state is tainted.
    #[track_caller]
    pub(crate) fn is_tainted(&self, kind: &str, name: &str) -> bool {
        let instance = self
            .instance(kind, name)
            .unwrap_or_else(|| panic!("{kind}.{name} is not in the state"));
        instance["status"] == "tainted"
    }
}

/// Waits for a started command and gathers what it prints.
pub(crate) async fn finish(mut child: Child) -> Output {
    let mut stdout = child.stdout.take().expect("stdout is piped");
    let mut stderr = child.stderr.take().expect("stderr is piped");
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let (status, ..) = plugin::limited(async {
        tokio::join!(
            child.wait(),
            stdout.read_to_end(&mut out),
            stderr.read_to_end(&mut err)
        )
    })
    .await;
    let text = format!(
        "{}\n{}",
        String::from_utf8_lossy(&out),
        String::from_utf8_lossy(&err)
    );
    Output {
        status: status.expect("terraform has ended"),
        text: unwrapped(&text),
        printed: text,
    }
}

/// Terraform breaks and indents long lines of messages; tests look for sentences.
fn unwrapped(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace("│ ", "")
}

/// Sends a signal to a process, or to its whole group.
pub(crate) fn signal(child: &Child, signal: &str, whole_group: bool) {
    let id = child.id().expect("the process runs");
    let target = if whole_group {
        format!("-{id}")
    } else {
        id.to_string()
    };
    let sent = std::process::Command::new("kill")
        .args(["-s", signal, "--", &target])
        .status();
    assert!(
        sent.expect("kill runs").success(),
        "no signal {signal} to {target}"
    );
}
