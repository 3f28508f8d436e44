//! Cells whose commands core runs: walk by walk, against the real process of the provider.

use std::pin::pin;
use std::time::{Duration, Instant};

use azrestorepoint::plugin::value::Value;

use super::judge::{GONE_AFTER_INTERRUPT, GONE_AFTER_TERRAFORM, Held, Next, Runs, Struck};
use super::stage::{Cell, Stage};
use super::table::{Event, Fault, Phase, Subject};
use crate::support::core::{Action, Core, Told, stop};
use crate::support::plugin::{binary, limited};
use crate::support::processes::signal;

/// How a call came to its end.
enum Ended {
    /// Before the phase was reached.
    TooEarly,
    /// With an answer, or with the death of the provider. What was interrupted has to be gone in time.
    Answered(Option<Duration>),
    /// It was left alone, and its process has to be gone in time.
    Abandoned(Duration),
}

/// Commands as core runs them.
pub(super) struct ThroughCore {
    core: Core,
    slowest: Option<(Duration, Duration)>,
}

impl Runs for ThroughCore {
    async fn start(stage: &Stage) -> Self {
        let mut core = Core::start(binary(), &stage.environment()).await;
        core.habits.new_processes = true;
        Self {
            core,
            slowest: None,
        }
    }

    async fn make(&mut self, stage: &Stage) {
        let config = self.core.config(stage.cell.kind(), &stage.arguments());
        let told = self.core.apply(stage.cell.kind(), Some(config)).await;
        assert!(is_silent(&told), "{}", told.text());
    }

    async fn strike(&mut self, stage: &Stage) -> Struck {
        let kind = stage.cell.kind();
        let config = self.config(stage);
        let mut told = Told::default();
        let plan = self.core.plan(kind, &config, &mut told).await;
        let plan = plan.unwrap_or_else(|| panic!("{}", told.text()));
        // The process of the second walk is there before the walk begins, so that it can be met.
        self.core.renew().await;
        self.core.habits.new_processes = false;
        let process = self.core.process();
        let mut client = self.core.client.clone();
        let mark = stage.mark();
        stage.arm().await;

        let (ended, began) = {
            let mut carried = pin!(self.core.carry_out(kind, &plan, &config, &mut told));
            let event = tokio::select! {
                biased;
                event = stage.strike(mark) => Some(event),
                () = &mut carried => None,
            };
            let began = Instant::now();
            let ended = match event {
                None => Ended::TooEarly,
                Some(Some(Event::KillTerraform)) => Ended::Abandoned(GONE_AFTER_TERRAFORM),
                Some(Some(Event::InterruptTwice)) => {
                    signal(process, "INT");
                    stop(&mut client).await;
                    signal(process, "INT");
                    Ended::Abandoned(GONE_AFTER_INTERRUPT)
                }
                Some(Some(Event::Interrupt)) => {
                    signal(process, "INT");
                    stop(&mut client).await;
                    carried.await;
                    Ended::Answered(Some(GONE_AFTER_INTERRUPT))
                }
                Some(event) => {
                    if event == Some(Event::KillProvider) {
                        signal(process, "KILL");
                    }
                    carried.await;
                    Ended::Answered(None)
                }
            };
            (ended, began)
        };
        drop(client);
        self.core.habits.new_processes = true;
        let (limit, told) = match ended {
            Ended::TooEarly => return Struck::TooEarly(told.text()),
            Ended::Answered(limit) => {
                self.core.renew().await;
                (limit, !is_silent(&told))
            }
            Ended::Abandoned(limit) => {
                let mut abandoned = self.core.abandon().await;
                limited(abandoned.process.wait())
                    .await
                    .expect("it is our child");
                (Some(limit), true)
            }
        };
        self.slowest = limit.map(|limit| (began.elapsed(), limit));
        Struck::Ended { told }
    }

    async fn again(&mut self, stage: &Stage) -> Next {
        let kind = stage.cell.kind();
        let config = self.config(stage);
        let mut told = Told::default();
        let plan = self.core.plan(kind, &config, &mut told).await;
        let next = match &plan {
            None => Next::Nothing,
            Some(plan) if plan.action == Action::Nothing => Next::Nothing,
            Some(plan) => {
                self.core.carry_out(kind, plan, &config, &mut told).await;
                Next::Done
            }
        };
        if told.errors.is_empty() && told.crashes.is_empty() {
            next
        } else {
            Next::Failed(told.text())
        }
    }

    async fn import(&mut self, stage: &Stage, id: &str) -> Result<(), String> {
        let told = self.core.import(stage.cell.kind(), id).await;
        if !told.errors.is_empty() {
            return Err(format!("the import failed: {}", told.text()));
        }
        // What an import cannot know, such as the timeouts, is filled by an update.
        match self.again(stage).await {
            Next::Nothing | Next::Done => Ok(()),
            Next::Failed(text) => Err(format!("the apply after the import failed: {text}")),
        }
    }

    fn held(&self, stage: &Stage) -> Option<Held> {
        assert!(self.core.deposed.is_empty(), "something deposed is left");
        let object = self.core.state.get(stage.cell.kind())?;
        let usable = match stage.cell.subject {
            Subject::Copy => object.value.get("usable").as_bool() == Some(true),
            Subject::Collection => {
                object.value.get("provisioning_state").as_str() == Some("Succeeded")
            }
        };
        Some(Held {
            usable,
            tainted: object.is_tainted,
        })
    }

    fn slowest(&self) -> Option<(Duration, Duration)> {
        self.slowest
    }
}

impl ThroughCore {
    fn config(&self, stage: &Stage) -> Value {
        if stage.cell.phase.destroys() {
            Value::Null
        } else {
            self.core.config(stage.cell.kind(), &stage.arguments())
        }
    }
}

fn is_silent(told: &Told) -> bool {
    told.errors.is_empty() && told.warnings.is_empty() && told.crashes.is_empty()
}

/// How often the object is looked for before the PUT where nothing goes wrong.
pub(super) async fn looks_before_put(subject: Subject) -> usize {
    let cell = Cell {
        subject,
        fault: Fault::Reset,
        phase: Phase::PutTaken,
    };
    let stage = Stage::new(cell, Duration::from_secs(600)).await;
    ThroughCore::start(&stage).await.make(&stage).await;
    stage.looks_before_put()
}
