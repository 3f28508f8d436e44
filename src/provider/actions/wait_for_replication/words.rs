//! What the user is told while and after the action waits.

use std::time::Duration;

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

use crate::arm::Patience;
use crate::arm::compute::replication::{Replication, ReplicationState};
use crate::arm::resource_id::RestorePointId;
use crate::duration;
use crate::plugin::diagnostics::{Diagnostic, Diagnostics};
use crate::plugin::value::Path;
use crate::provider::diagnose;
use crate::provider::resources::replication::{
    BAD_ENDS, End, News, Waited, disks_of, line, what_has_happened,
};

/// To the minute: Azure tells percentages every ten minutes.
const MINUTE: &[BorrowedFormatItem<'static>] =
    format_description!("[year]-[month]-[day] [hour]:[minute] UTC");

/// A line of progress.
pub(super) fn news(news: &News<'_>) -> String {
    match news {
        News::Progress {
            id,
            replication,
            remaining,
        } => progress(id, replication, *remaining, OffsetDateTime::now_utc()),
        News::Line(line) => (*line).to_owned(),
    }
}

/// `web-dr/monday: 42 % replicated (os 100 %, data-1 42 %), estimated end ...`
fn progress(
    id: &RestorePointId,
    replication: &Replication,
    remaining: Option<Duration>,
    now: OffsetDateTime,
) -> String {
    let name = format!("{}/{}", id.collection().name(), id.name());
    let disks = disks_of(replication);
    let disks = if disks.is_empty() {
        disks
    } else {
        format!(" ({disks})")
    };
    match (replication.state, replication.completion_percent) {
        (ReplicationState::Succeeded, _) => format!("{name}: usable{disks}"),
        (ReplicationState::Failed, _) => format!("{name}: failed{disks}"),
        (_, None) => format!("{name}: replicates{disks}"),
        (_, Some(percent)) => {
            let end = remaining.map_or_else(String::new, |remaining| estimate(now, remaining));
            format!("{name}: {percent} % replicated{disks}{end}")
        }
    }
}

/// Empty where the end is beyond all calendars.
fn estimate(now: OffsetDateTime, remaining: Duration) -> String {
    let end = time::Duration::try_from(remaining).ok();
    let end = end.and_then(|remaining| now.checked_add(remaining));
    end.and_then(|end| end.format(MINUTE).ok())
        .map_or_else(String::new, |end| {
            let remaining = duration::format(remaining);
            format!(", estimated end {end} (in {remaining})")
        })
}

/// One message for each kind of end but a good one.
pub(super) fn ends(waited: &[Waited<usize>], patience: &Patience) -> Diagnostics {
    let ended = |end| ended(end, waited, patience);
    BAD_ENDS.into_iter().filter_map(ended).collect()
}

fn ended(end: End, waited: &[Waited<usize>], patience: &Patience) -> Option<Diagnostic> {
    let concerned: Vec<&Waited<usize>> = waited.iter().filter(|waited| waited.end == end).collect();
    if concerned.is_empty() {
        return None;
    }
    let (summary, before) = what_has_happened(end, patience)?;
    let named = |index: &usize| at(*index).to_string();
    let lines: Vec<String> = concerned.iter().map(|waited| line(waited, named)).collect();
    let before = format!("{before}:\n\n{}", lines.join("\n"));
    let after = next(end);
    let cause = concerned.iter().find_map(|waited| waited.cause.as_ref());
    let detail = match cause {
        Some(cause) => diagnose::around(&before, cause, after),
        None => format!("{before}\n\n{after}"),
    };
    Some(Diagnostic::error(summary, detail).at(match concerned[..] {
        [one] if one.keys.len() == 1 => at(one.keys[0]),
        _ => Path::attribute("restore_point_ids"),
    }))
}

fn next(end: End) -> &'static str {
    match end {
        End::Usable => "",
        End::Failed => {
            "A copy that azrestorepoint_copy manages is made anew by the next apply, if Azure would take its source \
             again: it is still there, and no newer one is copied."
        }
        End::Gone => "A copy that azrestorepoint_copy manages is made anew by the next apply.",
        End::MadeAnew => "Give the replication_id that these copies have now, or their IDs.",
        End::NotACopy => "Name their copies instead.",
        End::Deadline => {
            "Replication goes on in Azure.\n\nTo go on waiting, run the action again. To wait longer next time, raise \
             timeout. Azure takes up to two weeks for a copy."
        }
        End::LostContact => {
            "Replication goes on in Azure.\n\nOnce Azure can be asked again, run the action again: what has finished \
             is not waited for again."
        }
        End::Stopped => "Replication goes on in Azure.\n\nTo go on waiting, run the action again.",
    }
}

/// A text that is no id of a copy.
pub(super) fn invalid(index: usize, problem: &str) -> Diagnostic {
    let path = at(index);
    Diagnostic::error(format!("Invalid {path}"), diagnose::sentence(problem)).at(path)
}

fn at(index: usize) -> Path {
    Path::attribute("restore_point_ids").join_index(index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arm::compute::models::RestorePoint;
    use crate::arm::compute::replication::replication;
    use crate::provider::golden::{Golden, error_body, refusal, target};
    use crate::provider::resources::replication::Named;
    use serde_json::json;
    use time::macros::datetime;

    fn point(code: &str, percent: u8) -> RestorePoint {
        let disk = |name: &str, code: &str, percent: u8| {
            json!({"id": format!("/disks/{name}"), "replicationStatus": {
                "status": {"code": format!("ReplicationState/{code}")},
                "completionPercent": percent,
            }})
        };
        let disks = [disk("os", "succeeded", 100), disk("data-1", code, percent)];
        let view = json!({"properties": {"instanceView": {"diskRestorePoints": disks}}});
        serde_json::from_value(view).expect("a restore point")
    }

    #[test]
    fn progress_names_every_disk_and_the_end() {
        #[track_caller]
        fn check(code: &str, percent: u8, remaining: Option<u64>, expected: &str) {
            let found = replication(&point(code, percent));
            let now = datetime!(2026-11-16 23:30 UTC);
            let remaining = remaining.map(Duration::from_secs);
            assert_eq!(progress(&target(), &found, remaining, now), expected);
        }
        check(
            "replicating",
            40,
            None,
            "web-dr/monday: 40 % replicated (os 100 %, data-1 40 %)",
        );
        check(
            "replicating",
            40,
            Some(3600),
            "web-dr/monday: 40 % replicated (os 100 %, data-1 40 %), estimated end 2026-11-17 00:30 UTC (in 1h0m0s)",
        );
        check(
            "succeeded",
            100,
            Some(0),
            "web-dr/monday: usable (os 100 %, data-1 100 %)",
        );
        let now = datetime!(2026-11-16 23:30 UTC);
        assert_eq!(estimate(now, Duration::MAX), "");
    }

    #[test]
    fn every_bad_end_of_the_action() {
        let mut golden = Golden::folder("wait_action");
        let body = error_body("ServerBusy", "The server is busy. Please try again later.");
        let busy = refusal(reqwest::Method::GET, &target().path(), 503, &body);
        let patience = Patience::detached(Duration::ZERO);
        for (name, end, code) in [
            ("failed", End::Failed, "failed"),
            ("gone", End::Gone, "replicating"),
            ("made_anew", End::MadeAnew, "succeeded"),
            ("not_a_copy", End::NotACopy, "unknown"),
            ("deadline", End::Deadline, "replicating"),
            ("lost_contact", End::LostContact, "replicating"),
            ("stopped", End::Stopped, "replicating"),
        ] {
            let waited = Waited {
                named: Named::parse(&target().to_string()).expect("a copy"),
                keys: vec![0],
                end,
                last: Some(point(code, 40)),
                cause: (end == End::LostContact).then(|| busy.clone()),
            };
            let told = ends(&[waited], &patience);
            let [diagnostic] = &told.iter().collect::<Vec<_>>()[..] else {
                panic!("one message")
            };
            golden.message(name, diagnostic);
        }
        golden.message("bad_id", &invalid(1, "\"monday\" is not a resource id"));
    }
}
