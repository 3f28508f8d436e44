//! No interruption, fault or order of events loses a copy: every fault in every phase.
//!
//! A cell makes or destroys one object, and a fault strikes when the phase is reached, as seen in
//! the log of requests. Then the world is whole again, the command is given once more, and the
//! end is judged by what must always hold. `cargo test --test it matrix -- --nocapture` prints
//! what became of each cell.

mod judge;
mod report;
mod stage;
mod table;
mod through_core;
mod through_terraform;

use std::time::Instant;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use self::judge::{Verdict, play};
use self::stage::Cell;
use self::table::{Fault, Phase, Subject, THROUGH_TERRAFORM, left_out};
use self::through_core::ThroughCore;
use self::through_terraform::ThroughTerraform;

/// How many cells are played at once, over all tests. Most of them wait most of the time.
static PLACES: Semaphore = Semaphore::const_new(8);

/// Every cell of a subject that makes sense.
fn cells(subject: Subject) -> Vec<Cell> {
    let faults = Fault::ALL.iter();
    let cells = faults.flat_map(|(fault, _)| {
        Phase::ALL.iter().map(|(phase, _)| Cell {
            subject,
            fault: *fault,
            phase: *phase,
        })
    });
    cells
        .filter(|cell| left_out(cell.subject, cell.fault, cell.phase).is_none())
        .collect()
}

/// Plays all these cells, some at a time, and gives the verdicts in the same order.
async fn play_all<F>(cells: Vec<Cell>, play: fn(Cell) -> F) -> Vec<(Cell, Verdict)>
where
    F: Future<Output = Verdict> + Send + 'static,
{
    let mut playing = JoinSet::new();
    for (place, cell) in cells.iter().copied().enumerate() {
        playing.spawn(async move {
            let _place = PLACES.acquire().await.expect("nobody closes it");
            // A panic is a verdict like any other, and must not end the others.
            let played = tokio::spawn(play(cell)).await;
            (
                place,
                played.unwrap_or_else(|error| Verdict::panicked(&error)),
            )
        });
    }
    let mut verdicts = playing.join_all().await;
    verdicts.sort_by_key(|(place, _)| *place);
    cells
        .into_iter()
        .zip(verdicts.into_iter().map(|(_, verdict)| verdict))
        .collect()
}

#[track_caller]
fn nothing_is_broken(verdicts: &[(Cell, Verdict)]) {
    let broken = report::broken(verdicts);
    assert!(broken.is_empty(), "{}", broken.join("\n\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_loses_a_copy() {
    let began = Instant::now();
    let verdicts = play_all(cells(Subject::Copy), play::<ThroughCore>).await;
    let report = report::matrix(Subject::Copy, &verdicts);
    println!("{report}All of it took {:.1?}.", began.elapsed());
    nothing_is_broken(&verdicts);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_loses_a_collection() {
    let began = Instant::now();
    let verdicts = play_all(cells(Subject::Collection), play::<ThroughCore>).await;
    let report = report::matrix(Subject::Collection, &verdicts);
    println!("{report}All of it took {:.1?}.", began.elapsed());
    nothing_is_broken(&verdicts);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_fault_loses_anything_through_terraform() {
    let began = Instant::now();
    let cells = THROUGH_TERRAFORM.map(|(subject, fault, phase)| Cell {
        subject,
        fault,
        phase,
    });
    let verdicts = play_all(cells.into(), play::<ThroughTerraform>).await;
    let report = report::list(&verdicts);
    println!("{report}All of it took {:.1?}.", began.elapsed());
    nothing_is_broken(&verdicts);
}

#[test]
fn what_is_played_makes_sense() {
    for (subject, fault, phase) in THROUGH_TERRAFORM {
        assert_eq!(left_out(subject, fault, phase), None, "{fault:?} {phase:?}");
    }
    assert!(cells(Subject::Copy).len() > 100 && cells(Subject::Collection).len() > 60);
}
