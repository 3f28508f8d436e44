//! The three ways to show a watch: a screen for people, lines for logs, JSON for machines.

use std::io::{self, Write};
use std::time::Duration;

use indicatif::ProgressDrawTarget;

use super::ending::Outcome;
use super::json;
use super::lines;
use super::screen::Screen;
use super::watched::{Now, Watched};

/// What has just happened, for those who are told each thing once. Copies and collections are
/// named by their places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// A copy was looked at.
    Looked(usize),
    /// Something about a copy is unusual.
    Warning(usize, String),
    /// A copy could not be looked at.
    CopyTrouble(usize),
    /// A collection could not be looked at.
    CollectionTrouble(usize),
    /// A copy is not looked at any more.
    Ended(usize),
}

/// What a watch came to.
#[derive(Clone, Debug)]
pub(super) struct Ending {
    pub(super) outcome: Outcome,
    /// What is to be said about it.
    pub(super) verdicts: Vec<String>,
    pub(super) max_age: Option<Duration>,
}

impl Ending {
    /// What of it people read where they read the rest; a refusal goes to stderr.
    pub(super) fn on_stdout(&self) -> &[String] {
        match self.outcome {
            Outcome::Refused => &[],
            _ => &self.verdicts,
        }
    }
}

/// Shows a watch.
pub(super) enum View {
    Screen(Box<Screen>),
    Written(Written),
}

/// Shows it as text, a line for each thing that happens.
pub(super) struct Written {
    is_json: bool,
    to: Box<dyn Write + Send>,
    is_closed: bool,
}

impl View {
    /// The view for standard output: a screen where people look at it.
    pub(super) fn of_stdout(is_json: bool) -> Self {
        // Hidden where it is no terminal, or one that cannot move its cursor.
        let terminal = ProgressDrawTarget::stdout();
        if !is_json && !terminal.is_hidden() {
            return Self::Screen(Box::new(Screen::on(terminal)));
        }
        Self::Written(Written {
            is_json,
            to: Box::new(io::stdout()),
            is_closed: false,
        })
    }

    /// Whether nobody reads any more.
    pub(super) fn is_closed(&self) -> bool {
        matches!(self, Self::Written(written) if written.is_closed)
    }

    /// Tells what has happened.
    pub(super) fn tell(&mut self, watched: &Watched, news: &News, now: Now) {
        if let Self::Written(written) = self {
            let line = match written.is_json {
                true => json::news(watched, news, now),
                false => lines::news(watched, news, now),
            };
            written.write(&[line]);
        }
    }

    /// Shows how everything is now.
    pub(super) fn draw(&mut self, watched: &Watched, now: Now) {
        if let Self::Screen(screen) = self {
            screen.draw(watched, now);
        }
    }

    /// Tells what it came to.
    pub(super) fn end(self, watched: &Watched, ending: &Ending, now: Now) {
        match self {
            Self::Screen(screen) => screen.end(watched, ending, now),
            Self::Written(mut written) => {
                let lines = match written.is_json {
                    true => json::end(watched, ending, now),
                    false => lines::end(watched, ending, now),
                };
                written.write(&lines);
            }
        }
    }
}

impl Written {
    fn write(&mut self, lines: &[String]) {
        let written = lines
            .iter()
            .try_for_each(|line| writeln!(self.to, "{line}"))
            .and_then(|()| self.to.flush());
        self.is_closed |= written.is_err();
    }
}
