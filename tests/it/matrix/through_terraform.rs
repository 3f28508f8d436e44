//! Cells whose commands the real Terraform runs.

use std::time::{Duration, Instant};

use azrestorepoint::plugin::value::Value;
use tokio::io::{AsyncBufReadExt, BufReader};

use super::judge::{GONE_AFTER_INTERRUPT, GONE_AFTER_TERRAFORM, Held, Next, Runs, Struck};
use super::stage::Stage;
use super::table::{Event, Subject};
use crate::support::plugin::limited;
use crate::support::processes::{self, ended, providers_of};
use crate::support::terraform::{Output, Terraform, finish, signal};

/// The name of the object in the configuration.
const NAME: &str = "it";

/// Commands as the real Terraform runs them.
pub(super) struct ThroughTerraform {
    terraform: Terraform,
    slowest: Option<(Duration, Duration)>,
}

impl Runs for ThroughTerraform {
    async fn start(stage: &Stage) -> Self {
        let terraform = Terraform::new(stage.environment());
        terraform.write(&configuration(stage));
        Self {
            terraform,
            slowest: None,
        }
    }

    async fn make(&mut self, _stage: &Stage) {
        self.terraform.apply().await.expect_code(0);
    }

    async fn strike(&mut self, stage: &Stage) -> Struck {
        let command = if stage.cell.phase.destroys() {
            "destroy"
        } else {
            "apply"
        };
        let mark = stage.mark();
        stage.arm().await;
        let mut child = self
            .terraform
            .start(&[command, "-auto-approve", "-input=false"]);
        let event = tokio::select! {
            biased;
            event = stage.strike(mark) => event,
            _ = child.wait() => return Struck::TooEarly(finish(child).await.text),
        };
        let providers = providers_of(child.id().expect("it runs"));
        let began = Instant::now();
        let mut limit = None;
        match event {
            Some(Event::KillProvider) => {
                for provider in &providers {
                    processes::signal(*provider, "KILL");
                }
            }
            Some(Event::KillTerraform) => {
                limit = Some(GONE_AFTER_TERRAFORM);
                signal(&child, "KILL", false);
            }
            Some(Event::Interrupt) => {
                limit = Some(GONE_AFTER_INTERRUPT);
                signal(&child, "INT", true);
            }
            Some(Event::InterruptTwice) => {
                limit = Some(GONE_AFTER_INTERRUPT);
                signal(&child, "INT", true);
                // Two signals that come together are one.
                let mut lines = BufReader::new(child.stdout.as_mut().expect("piped")).lines();
                limited(async {
                    while let Ok(Some(line)) = lines.next_line().await {
                        if line.contains("Interrupt received") {
                            break;
                        }
                    }
                })
                .await;
                signal(&child, "INT", true);
            }
            _ => {}
        }
        let output = finish(child).await;
        for provider in providers {
            ended(provider).await;
        }
        self.slowest = limit.map(|limit| (began.elapsed(), limit));
        Struck::Ended {
            told: output.code() != 0 || output.text.contains("Warning:"),
        }
    }

    async fn again(&mut self, stage: &Stage) -> Next {
        let output = if stage.cell.phase.destroys() {
            self.terraform.destroy().await
        } else {
            self.terraform.apply().await
        };
        next(output)
    }

    async fn import(&mut self, stage: &Stage, id: &str) -> Result<(), String> {
        let block = format!(
            "import {{\n  to = {}.{NAME}\n  id = {id:?}\n}}\n",
            stage.cell.kind()
        );
        self.terraform
            .write(&format!("{}{block}", configuration(stage)));
        match next(self.terraform.apply().await) {
            Next::Nothing | Next::Done => Ok(()),
            Next::Failed(text) => Err(format!("the import failed: {text}")),
        }
    }

    fn held(&self, stage: &Stage) -> Option<Held> {
        let instance = self.terraform.instance(stage.cell.kind(), NAME)?;
        assert!(instance["deposed"].is_null(), "something deposed is left");
        let attributes = &instance["attributes"];
        Some(Held {
            usable: match stage.cell.subject {
                Subject::Copy => attributes["usable"] == true,
                Subject::Collection => attributes["provisioning_state"] == "Succeeded",
            },
            tainted: instance["status"] == "tainted",
        })
    }

    fn slowest(&self) -> Option<(Duration, Duration)> {
        self.slowest
    }
}

fn next(output: Output) -> Next {
    if output.code() != 0 {
        return Next::Failed(output.text);
    }
    let nothing = ["0 added, 0 changed, 0 destroyed", "Resources: 0 destroyed"];
    if nothing.iter().any(|nothing| output.text.contains(nothing)) {
        Next::Nothing
    } else {
        Next::Done
    }
}

/// The object as a configuration has it.
fn configuration(stage: &Stage) -> String {
    let mut lines = Vec::new();
    for (name, value) in stage.arguments() {
        match &value {
            Value::Object(entries) => {
                lines.push(format!("  {name} {{"));
                let known = entries.iter().filter(|(_, value)| !value.is_null());
                lines.extend(known.map(|(name, value)| format!("    {name} = {}", literal(value))));
                lines.push("  }".to_owned());
            }
            value => lines.push(format!("  {name} = {}", literal(value))),
        }
    }
    let kind = stage.cell.kind();
    format!(
        "resource \"{kind}\" \"{NAME}\" {{\n{}\n}}\n",
        lines.join("\n")
    )
}

fn literal(value: &Value) -> String {
    match (value.as_str(), value.as_bool()) {
        (Some(text), _) => format!("{text:?}"),
        (None, Some(flag)) => flag.to_string(),
        (None, None) => panic!("{value:?} stands in no configuration here"),
    }
}
