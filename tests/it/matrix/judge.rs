//! What may come of a fault, whatever the fault: no golden outcomes, but what must always hold.

use std::time::{Duration, Instant};

use super::stage::{Cell, Stage};
use super::table::{Course, Fault, Subject};

/// How long a command may take that only its deadline ends. Under load a phase may come too
/// late for the first one.
const DEADLINES: [u64; 3] = [2, 6, 18];

/// The deadline of a command that ends otherwise.
const NO_DEADLINE: u64 = 600;

/// How soon a process has to be gone that was interrupted. 3 s are promised, and other tests hold
/// it to that; here many cells share the machine.
pub(super) const GONE_AFTER_INTERRUPT: Duration = Duration::from_secs(6);

/// How soon the provider has to be gone once Terraform is.
pub(super) const GONE_AFTER_TERRAFORM: Duration = Duration::from_secs(10);

/// What became of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Azure and the state agree, and nothing is left to do.
    Agrees,
    /// They agree after the next apply.
    NextApply,
    /// They agree after the import that the next apply has asked for.
    Import,
}

/// What the state says of the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Held {
    /// Whether it says that the object can be used.
    pub(super) usable: bool,
    pub(super) tainted: bool,
}

/// What became of the command that was struck.
pub(super) enum Struck {
    /// It came to an end or was ended. Whether the user heard of anything but success.
    Ended { told: bool },
    /// It ended before the phase was reached, with these words.
    TooEarly(String),
}

/// What the next command came to.
pub(super) enum Next {
    /// There was nothing to do but to read.
    Nothing,
    /// It did what was to be done.
    Done,
    /// It failed, with these words.
    Failed(String),
}

/// Who runs the commands: core, or the real Terraform.
pub(super) trait Runs {
    /// Somebody who runs commands against this Azure.
    async fn start(stage: &Stage) -> Self
    where
        Self: Sized;

    /// Makes the object while nothing goes wrong.
    async fn make(&mut self, stage: &Stage);

    /// Runs the command that makes or destroys the object, and does to it what the cell says.
    async fn strike(&mut self, stage: &Stage) -> Struck;

    /// The command once more, while nothing goes wrong.
    async fn again(&mut self, stage: &Stage) -> Next;

    /// Imports the object that has this id.
    async fn import(&mut self, stage: &Stage, id: &str) -> Result<(), String>;

    /// The object in the state.
    fn held(&self, stage: &Stage) -> Option<Held>;

    /// The longest that anything took which must not take long, with its limit.
    fn slowest(&self) -> Option<(Duration, Duration)>;
}

/// What came of a cell, and how long it took.
pub(super) struct Verdict {
    pub(super) end: Result<End, String>,
    pub(super) elapsed: Duration,
    /// How long it took until the struck process was gone, where that is limited.
    pub(super) gone_after: Option<Duration>,
}

impl Verdict {
    /// The verdict on a cell that could not be played to its end.
    pub(super) fn panicked(error: &tokio::task::JoinError) -> Self {
        Self {
            end: Err(format!("it panicked: {error}")),
            elapsed: Duration::ZERO,
            gone_after: None,
        }
    }
}

/// Plays a cell and judges what comes of it.
pub(super) async fn play<R: Runs>(cell: Cell) -> Verdict {
    let began = Instant::now();
    let deadlines = match cell.fault.course() {
        Course::UntilDeadline => &DEADLINES[..],
        Course::Ends | Course::GoesOn => &[NO_DEADLINE],
    };
    let mut verdict = Verdict {
        end: Err("there is no deadline".to_owned()),
        elapsed: Duration::ZERO,
        gone_after: None,
    };
    for deadline in deadlines {
        let stage = Stage::new(cell, Duration::from_secs(*deadline)).await;
        let mut runner = R::start(&stage).await;
        if cell.phase.destroys() {
            runner.make(&stage).await;
        }
        let mark = stage.mark();
        match runner.strike(&stage).await {
            Struck::TooEarly(text) => {
                verdict.end = Err(format!("it ended before the phase was reached: {text}"));
                continue;
            }
            Struck::Ended { told } => {
                verdict.end = Trial {
                    stage: &stage,
                    mark,
                    told,
                }
                .judge(&mut runner)
                .await;
                if let Some((elapsed, limit)) = runner.slowest() {
                    verdict.gone_after = Some(elapsed);
                    if elapsed > limit {
                        verdict.end = Err(format!("it was gone only after {elapsed:?}"));
                    }
                }
            }
        }
        break;
    }
    verdict.elapsed = began.elapsed();
    verdict
}

/// A world in which a command was struck.
struct Trial<'a> {
    stage: &'a Stage,
    /// The last request before that command.
    mark: u64,
    told: bool,
}

impl Trial<'_> {
    async fn judge<R: Runs>(&self, runner: &mut R) -> Result<End, String> {
        let Self { stage, mark, told } = *self;
        let destroys = stage.cell.phase.destroys();
        let held = runner.held(stage);
        if held.is_some_and(|held| held.usable) && !stage.is_usable() {
            // What is being deleted was usable when it was read.
            check(destroys, "the state says usable, and Azure does not")?;
        }
        if stage.cell.fault == Fault::Interrupt {
            let tainted = held.is_some_and(|held| held.tainted);
            check(!tainted, "an interrupt has tainted it")?;
        }
        if !told {
            let agrees = match destroys {
                true => held.is_none() && stage.identity().is_none(),
                false => held.is_some_and(|held| held.usable) && stage.is_usable(),
            };
            check(agrees, "it said that all is well, and it is not")?;
        }

        stage.heal();
        let before = stage.identity();
        if destroys && held.is_none() {
            check(
                before.is_none(),
                "an orphan: it is in Azure, and not in the state",
            )?;
        }
        let healed = stage.mark();
        let end = match runner.again(stage).await {
            Next::Nothing => End::Agrees,
            Next::Done => End::NextApply,
            Next::Failed(text) => {
                let id = import_block(&text);
                let may_import = stage.cell.subject == Subject::Collection && !destroys;
                let Some(id) = id.filter(|_| may_import) else {
                    return Err(format!("the next apply failed: {text}"));
                };
                check(id == stage.id(), "the import block names something else")?;
                runner.import(stage, &id).await?;
                End::Import
            }
        };
        let puts = stage.count_after(healed, "PUT");
        if destroys {
            check(stage.count_after(mark, "PUT") == 0, "a destroy sent a PUT")?;
        } else {
            let expected = usize::from(before.is_none());
            check(
                puts == expected,
                &format!("{puts} more PUTs, not {expected}"),
            )?;
            check(
                stage.count_after(mark, "DELETE") == 0,
                "nobody asked for a DELETE",
            )?;
            if before.is_some() {
                check(before == stage.identity(), "it was made anew")?;
            }
        }

        match runner.again(stage).await {
            Next::Nothing => {}
            Next::Done => return Err("there was still something to do after that".to_owned()),
            Next::Failed(text) => return Err(format!("a plan after that failed: {text}")),
        }
        let held = runner.held(stage);
        if destroys {
            check(held.is_none(), "it is still in the state")?;
            check(stage.identity().is_none(), "it is still in Azure")?;
        } else {
            let whole = Held {
                usable: true,
                tainted: false,
            };
            check(held == Some(whole), &format!("the state says {held:?}"))?;
            check(stage.is_usable(), "it is not usable in Azure")?;
        }
        let unexpected = stage.azure.unexpected();
        check(unexpected.is_empty(), &format!("{unexpected:#?}"))?;
        Ok(end)
    }
}

fn check(holds: bool, otherwise: &str) -> Result<(), String> {
    match holds {
        true => Ok(()),
        false => Err(otherwise.to_owned()),
    }
}

/// The id in the import block of a message.
fn import_block(text: &str) -> Option<String> {
    let (_, block) = text.split_once("import {")?;
    let (_, id) = block.split_once("id = \"")?;
    Some(id.split_once('"')?.0.to_owned())
}
