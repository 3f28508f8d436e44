//! A watch as progress bars on a terminal.

use std::io::{self, Write};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

use super::ending::End;
use super::view::Ending;
use super::watched::{Collection, Copy, Now, Watched};
use super::words;

/// How many usable copies of a collection have a bar; the older ones are counted.
const USABLE_SHOWN: usize = 5;

/// The length of a name after which it pushes its bar to the right.
const NAME_LENGTH_MAX: usize = 40;

/// How wide the lines about trouble are, and how many there may be.
const TROUBLE_COLUMNS: usize = 76;
const TROUBLE_LINES_MAX: usize = 4;

const PERCENT_MAX: u64 = 100;

/// One line of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Row {
    Text(String),
    Bar {
        name: String,
        percent: Option<u8>,
        note: String,
    },
}

/// Progress bars on a terminal, which stay there when the watch is over.
pub(super) struct Screen {
    begun: Instant,
    progress: MultiProgress,
    bars: Vec<ProgressBar>,
    shown: Vec<Row>,
    text: ProgressStyle,
    bar: ProgressStyle,
}

impl Screen {
    /// A screen on this terminal.
    pub(super) fn on(target: ProgressDrawTarget) -> Self {
        let style = |template| {
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
        };
        Self {
            begun: Instant::now(),
            progress: MultiProgress::with_draw_target(target),
            bars: Vec::new(),
            shown: Vec::new(),
            text: style("{wide_msg}"),
            bar: style("{prefix}  {bar:20}  {wide_msg}").progress_chars("█░"),
        }
    }

    /// Shows how everything is now.
    pub(super) fn draw(&mut self, watched: &Watched, now: Now) {
        let mut rows = rows(watched, now);
        rows.push(Row::Text(String::new()));
        rows.push(Row::Text(footer(watched, self.begun, now)));
        self.show(rows);
    }

    /// Says at the end how everything was, and what that means.
    pub(super) fn end(mut self, watched: &Watched, ending: &Ending, now: Now) {
        self.leave(watched, now);
        let mut out = io::stdout();
        for verdict in ending.on_stdout() {
            // A terminal that is gone leaves nobody to tell.
            let _ = writeln!(out, "{verdict}");
        }
    }

    /// Leaves on the screen how everything was at the end.
    pub(super) fn leave(&mut self, watched: &Watched, now: Now) {
        self.show(rows(watched, now));
        for bar in &self.bars {
            bar.abandon();
        }
    }

    fn show(&mut self, mut rows: Vec<Row>) {
        align(&mut rows);
        while self.bars.len() > rows.len() {
            if let Some(bar) = self.bars.pop() {
                self.progress.remove(&bar);
            }
        }
        for (place, row) in rows.iter().enumerate() {
            if place == self.bars.len() {
                let bar = ProgressBar::new(PERCENT_MAX);
                self.bars.push(self.progress.add(bar));
            } else if self.shown.get(place) == Some(row) {
                continue;
            }
            let bar = &self.bars[place];
            match row {
                Row::Text(text) => {
                    bar.set_style(self.text.clone());
                    bar.set_message(text.clone());
                }
                Row::Bar {
                    name,
                    percent,
                    note,
                } => {
                    bar.set_style(self.bar.clone());
                    bar.set_prefix(name.clone());
                    bar.set_position(u64::from(percent.unwrap_or(0)));
                    let percent = words::percent(*percent);
                    bar.set_message(format!("{percent}  {note}"));
                }
            }
        }
        self.shown = rows;
    }
}

/// Gives all names of bars the same length.
fn align(rows: &mut [Row]) {
    let length = |row: &Row| match row {
        Row::Bar { name, .. } => name.chars().count(),
        Row::Text(_) => 0,
    };
    let width = rows.iter().map(length).max().unwrap_or(0);
    let width = width.min(NAME_LENGTH_MAX);
    for row in rows {
        if let Row::Bar { name, .. } = row {
            *name = format!("{name:width$}");
        }
    }
}

fn rows(watched: &Watched, now: Now) -> Vec<Row> {
    let mut rows = Vec::new();
    for collection in &watched.collections {
        separate(&mut rows);
        collection_rows(&mut rows, watched, collection, now);
    }
    for copy in watched.single_copies() {
        separate(&mut rows);
        single_copy_rows(&mut rows, copy, now);
    }
    rows
}

fn separate(rows: &mut Vec<Row>) {
    if !rows.is_empty() {
        rows.push(Row::Text(String::new()));
    }
}

fn collection_rows(rows: &mut Vec<Row>, watched: &Watched, collection: &Collection, now: Now) {
    let name = collection.id.name();
    let copies = watched.copies_of(&collection.id);
    if copies.is_empty() {
        let state = match &collection.end {
            None => "asking Azure",
            Some(End::NoCopies) => "no copies",
            Some(_) => "not seen",
        };
        rows.push(Row::Text(format!("{name}  {state}")));
    } else {
        rows.push(Row::Text(format!("{name}  {}", words::counts(&copies))));
    }
    if collection.source.is_some() {
        let source = words::newest_source(watched, collection, now);
        let usable = words::newest_usable(watched, collection, now);
        rows.push(Row::Text(format!("  newest source  {source}")));
        rows.push(Row::Text(format!("  newest usable  {usable}")));
    }
    trouble_rows(rows, collection.trouble.as_deref());
    let mut usable = 0;
    for copy in copies {
        usable += usize::from(copy.is_usable());
        if !copy.is_usable() || usable <= USABLE_SHOWN {
            rows.push(copy_bar(copy, now));
        }
        if !copy.is_usable() {
            disk_rows(rows, copy, "    ", now);
        }
        unusual_rows(rows, copy);
    }
    if let Some(older) = usable.checked_sub(USABLE_SHOWN).filter(|older| *older > 0) {
        rows.push(Row::Text(format!("  and {older} more usable")));
    }
}

fn single_copy_rows(rows: &mut Vec<Row>, copy: &Copy, now: Now) {
    let name = copy.name();
    let heading = words::heading(copy, now);
    rows.push(Row::Text(format!("{name}  {heading}")));
    disk_rows(rows, copy, "  ", now);
    unusual_rows(rows, copy);
}

fn copy_bar(copy: &Copy, now: Now) -> Row {
    let found = copy.replication.as_ref();
    let note = match (&copy.end, copy.looked) {
        (None, None) => "asking Azure".to_owned(),
        (None | Some(End::NotYet(_) | End::Stopped), Some(_)) => copy
            .estimate(now)
            .map(|estimate| words::estimate(estimate, now))
            .unwrap_or_default(),
        (Some(End::Failed), _) => "failed".to_owned(),
        _ => words::copy(copy, now),
    };
    Row::Bar {
        name: format!("  {}", copy.id.name()),
        percent: found.and_then(|found| found.completion_percent),
        note,
    }
}

fn disk_rows(rows: &mut Vec<Row>, copy: &Copy, indent: &str, now: Now) {
    let disks = copy.replication.iter().flat_map(|found| &found.disks);
    rows.extend(disks.map(|disk| Row::Bar {
        name: format!("{indent}{}", disk.name),
        percent: disk.completion_percent,
        note: words::disk(copy, disk, now),
    }));
}

fn unusual_rows(rows: &mut Vec<Row>, copy: &Copy) {
    if let Some(warning) = &copy.warning {
        rows.push(Row::Text(format!("  Warning: {warning}")));
    }
    trouble_rows(rows, copy.trouble.as_deref());
}

/// What goes wrong, on a few lines: it is longer than a terminal is wide.
fn trouble_rows(rows: &mut Vec<Row>, cause: Option<&str>) {
    let Some(cause) = cause else {
        return;
    };
    let text = words::trouble(cause);
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < TROUBLE_COLUMNS => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!(" {word}")),
        }
    }
    let lines = lines.into_iter().take(TROUBLE_LINES_MAX);
    rows.extend(lines.map(|line| Row::Text(format!(" {line}"))));
}

fn footer(watched: &Watched, begun: Instant, now: Now) -> String {
    let watching = words::span(now.instant.saturating_duration_since(begun));
    let looks = watched.copies.iter().filter_map(|copy| copy.looked);
    let looked = looks.max().map_or_else(String::new, |at| {
        let ago = words::span(now.instant.saturating_duration_since(at));
        format!(", last look {ago} ago")
    });
    format!("Watching for {watching}{looked}. Copying outlives Ctrl-C.")
}
