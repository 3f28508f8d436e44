//! What stands on a terminal while a watch goes on, and when it is over.

use azure_simulator::{Replication, SourceRestorePoint};
use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStdout};

use super::{Copies, DISKS, start};
use crate::support::golden::Golden;
use crate::support::plugin::{binary, command, limited};
use crate::support::world::REQUEST_LIMIT;

const ROWS: u16 = 24;
const COLUMNS: u16 = 80;

/// A terminal with a watch on it.
struct Terminal {
    process: Child,
    output: ChildStdout,
    parser: vt100::Parser,
}

impl Terminal {
    /// Starts a watch on a terminal of its own, which `script` from util-linux makes.
    fn start(copies: &Copies, id: &str) -> Self {
        Self::of_kind(copies, id, "xterm")
    }

    /// The same on another kind of terminal.
    fn of_kind(copies: &Copies, id: &str, kind: &str) -> Self {
        let program = binary().display();
        let line = format!("stty rows {ROWS} cols {COLUMNS}; exec '{program}' watch '{id}'");
        let mut script = command("script".as_ref());
        script
            .args(["--quiet", "--return", "--command", &line, "/dev/null"])
            .envs(copies.world.azure.environment())
            .env("TERM", kind)
            .env("AZRESTOREPOINT_TEST_TIME_SCALE", "100");
        let mut process = start(script);
        let output = process.stdout.take().expect("stdout is piped");
        Self {
            process,
            output,
            parser: vt100::Parser::new(ROWS, COLUMNS, 0),
        }
    }

    /// Reads until the screen is as it should be, and gives it.
    async fn until(&mut self, is_right: impl Fn(&str) -> bool) -> String {
        let mut bytes = [0; 4096];
        loop {
            let screen = self.screen();
            if is_right(&screen) {
                return screen;
            }
            let read = tokio::time::timeout(REQUEST_LIMIT, self.output.read(&mut bytes)).await;
            let read = read.unwrap_or_else(|_| panic!("nothing more came:\n{screen}"));
            let read = read.expect("bytes");
            assert!(
                read > 0,
                "it has ended:\n{}",
                self.parser.screen().contents()
            );
            self.parser.process(&bytes[..read]);
        }
    }

    /// The screen at the end, and the exit code.
    async fn end(mut self) -> (String, Option<i32>) {
        let mut rest = Vec::new();
        limited(self.output.read_to_end(&mut rest))
            .await
            .expect("bytes");
        self.parser.process(&rest);
        let status = limited(self.process.wait()).await.expect("it ends");
        (self.screen(), status.code())
    }

    /// The lines, without what differs from run to run.
    fn screen(&self) -> String {
        let rows = self.parser.screen().rows(0, COLUMNS);
        let lines: Vec<String> = rows.map(|row| steady(row.trim_end())).collect();
        lines.join("\n").trim_end().to_owned()
    }
}

/// The line without ages and times.
fn steady(line: &str) -> String {
    if line.starts_with("Watching for ") {
        return "Watching".to_owned();
    }
    if let Some((before, after)) = line.split_once(" UTC, ")
        && let Some((_, after)) = after.split_once(" old")
    {
        return format!("{before} UTC, AGE old{after}");
    }
    line.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn bars_show_each_disk_and_each_copy() {
    let mut golden = Golden::folder("watch_terminal");

    // One copy with three disks.
    let (copies, id) = Copies::one(Replication::Replicating(14)).await;
    copies
        .world
        .azure
        .set_disk(&id, "os", Replication::Succeeded);
    copies
        .world
        .azure
        .set_disk(&id, "data-0", Replication::Replicating(32));
    let mut terminal = Terminal::start(&copies, &id);
    let looked = |screen: &str| screen.contains("32 %") && screen.contains("Watching");
    golden.check("three_disks", &terminal.until(looked).await);
    copies.world.replicate();
    let (screen, code) = terminal.end().await;
    golden.check("three_disks_done", &screen);
    assert_eq!(code, Some(0));

    // A disk of it fails.
    let (copies, id) = Copies::one(Replication::Replicating(14)).await;
    let mut terminal = Terminal::start(&copies, &id);
    terminal.until(|screen| screen.contains("14 %")).await;
    copies
        .world
        .azure
        .set_disk(&id, "data-1", Replication::Failed(62));
    let (screen, code) = terminal.end().await;
    golden.check("failed_disk", &screen);
    assert_eq!(code, Some(1));

    // A collection with five copies.
    let copies = Copies::none().await;
    for (day, replication) in [
        (18, Replication::Succeeded),
        (19, Replication::Succeeded),
        (20, Replication::Failed(37)),
        (21, Replication::Succeeded),
        (22, Replication::Replicating(52)),
    ] {
        let name = format!("nightly-{day}");
        let point = SourceRestorePoint::new(&name, &format!("2026-11-{day}T01:00:00Z"));
        let azure = &copies.world.azure;
        azure.seed_restore_point(&copies.world.source, &point.disks(DISKS));
        copies.add(&name, replication);
    }
    let mut terminal = Terminal::start(&copies, &copies.collection);
    let looked = |screen: &str| {
        let all = [
            "3 usable, 1 not yet, 1 failed",
            "52 %",
            "being copied",
            "Watching",
        ];
        all.iter().all(|text| screen.contains(text))
    };
    golden.check("five_copies", &terminal.until(looked).await);
    let last = format!("{}/restorePoints/nightly-22", copies.collection);
    copies.world.azure.set_disks(&last, Replication::Succeeded);
    let (screen, code) = terminal.end().await;
    golden.check("five_copies_done", &screen);
    assert_eq!(code, Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_cannot_draw_gets_lines() {
    let (copies, id) = Copies::one(Replication::Succeeded).await;
    let (screen, code) = Terminal::of_kind(&copies, &id, "dumb").end().await;
    assert!(screen.contains("Z web-dr/monday: usable\n"), "{screen}");
    assert_eq!(code, Some(0));
}
