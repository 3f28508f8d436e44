//! The matrix as people read it.

use std::fmt::Write as _;
use std::time::Duration;

use super::judge::{End, Verdict};
use super::stage::Cell;
use super::table::{Fault, Phase, Subject, left_out, reasons};

const HEAD_WIDTH: usize = 24;
const CELL_WIDTH: usize = 14;

/// A table, fault by phase, of what became of every cell.
pub(super) fn matrix(subject: Subject, verdicts: &[(Cell, Verdict)]) -> String {
    let mut text = format!("\n{subject:?}: what becomes of it, fault by phase\n\n");
    let _ = write!(text, "{:HEAD_WIDTH$}", "");
    for (_, head) in Phase::ALL {
        let _ = write!(text, "{head:CELL_WIDTH$}");
    }
    for (fault, head) in Fault::ALL {
        let _ = write!(text, "\n{head:HEAD_WIDTH$}");
        for (phase, _) in Phase::ALL {
            let cell = Cell {
                subject,
                fault,
                phase,
            };
            let word = match verdicts.iter().find(|(other, _)| *other == cell) {
                Some((_, verdict)) => word(verdict),
                None if left_out(subject, fault, phase).is_some() => "n.a.",
                None => "",
            };
            let _ = write!(text, "{word:CELL_WIDTH$}");
        }
    }
    text.push_str("\n\nn.a., because\n");
    for reason in reasons(subject) {
        let _ = writeln!(text, "  {reason}");
    }
    text + &figures(verdicts)
}

/// The same as a list.
pub(super) fn list(verdicts: &[(Cell, Verdict)]) -> String {
    let mut text = "\nThrough the real Terraform\n\n".to_owned();
    for (cell, verdict) in verdicts {
        let subject = format!("{:?}", cell.subject);
        let fault = head(&Fault::ALL, cell.fault);
        let phase = head(&Phase::ALL, cell.phase);
        let _ = writeln!(
            text,
            "{subject:12}{fault:HEAD_WIDTH$}{phase:CELL_WIDTH$}{}",
            word(verdict)
        );
    }
    text + &figures(verdicts)
}

/// How many cells there are, how they ended, and how long the longest of each kind took.
fn figures(verdicts: &[(Cell, Verdict)]) -> String {
    let count = |end| {
        let ends = verdicts
            .iter()
            .filter(|(_, verdict)| verdict.end == Ok(end));
        ends.count()
    };
    let failed = verdicts.iter().filter(|(_, verdict)| verdict.end.is_err());
    let longest = |of: fn(&Verdict) -> Option<Duration>| {
        let durations = verdicts.iter().filter_map(|(_, verdict)| of(verdict));
        durations.max().unwrap_or_default()
    };
    format!(
        "\n{} cells: {} agree, {} after the next apply, {} after an import, {} broken.\n\
         The longest took {:.1?}; a struck process was gone after {:.1?} at most.\n",
        verdicts.len(),
        count(End::Agrees),
        count(End::NextApply),
        count(End::Import),
        failed.count(),
        longest(|verdict| Some(verdict.elapsed)),
        longest(|verdict| verdict.gone_after),
    )
}

/// Every cell that broke a rule, with the rule.
pub(super) fn broken(verdicts: &[(Cell, Verdict)]) -> Vec<String> {
    let broken = verdicts.iter().filter_map(|(cell, verdict)| {
        let problem = verdict.end.as_ref().err()?;
        Some(format!(
            "{:?}, {}, {}: {problem}",
            cell.subject,
            head(&Fault::ALL, cell.fault),
            head(&Phase::ALL, cell.phase)
        ))
    });
    broken.collect()
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict.end {
        Ok(End::Agrees) => "agrees",
        Ok(End::NextApply) => "next apply",
        Ok(End::Import) => "import",
        Err(_) => "BROKEN",
    }
}

fn head<T: Copy + PartialEq>(all: &[(T, &'static str)], one: T) -> &'static str {
    let found = all.iter().find(|(other, _)| *other == one);
    found.expect("it is in the table").1
}
