//! What is said to people, on the screen, in lines and at the end.

use std::time::Duration;

use super::ending::{End, is_too_old};
use super::watched::{Collection, Copy, NewestSource, Now, Watched, age};
use crate::arm::compute::replication::{DiskReplication, Estimate, ReplicationState};
use crate::arm::error::time_of_day;
use crate::arm::{Error, explain};
use crate::duration;

const HOUR_SECONDS: u64 = 60 * 60;
const DAY_SECONDS: u64 = 24 * HOUR_SECONDS;

/// `5 d 17 h`, `17 h 20 min`, `12 min` or `40 s`.
pub(super) fn span(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (days, hours, minutes) = (
        seconds / DAY_SECONDS,
        seconds / HOUR_SECONDS % 24,
        seconds / 60 % 60,
    );
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, ..) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// `12 %/h, done about 19:40 UTC`.
pub(super) fn estimate(estimate: Estimate, now: Now) -> String {
    let rate = estimate.percent_per_hour;
    let digits = match rate {
        10.0.. => 0,
        1.0.. => 1,
        _ => 2,
    };
    format!("{rate:.digits$} %/h, done {}", end_of(estimate, now))
}

/// `about 19:40 UTC`.
fn end_of(estimate: Estimate, now: Now) -> String {
    let at = time_of_day(now.utc + estimate.remaining, estimate.remaining);
    format!("about {at}")
}

/// `42 %`, with a fixed width.
pub(super) fn percent(percent: Option<u8>) -> String {
    match percent {
        Some(percent) => format!("{percent:>3} %"),
        None => "  ? %".to_owned(),
    }
}

/// How one disk is.
pub(super) fn disk(copy: &Copy, disk: &DiskReplication, now: Now) -> String {
    match disk.state {
        ReplicationState::Succeeded => "replicated".to_owned(),
        ReplicationState::Failed => match &disk.message {
            Some(message) => format!("failed: {message}"),
            None => "failed".to_owned(),
        },
        ReplicationState::Replicating => copy
            .disk_estimate(disk, now)
            .map(|found| estimate(found, now))
            .unwrap_or_default(),
        ReplicationState::Unknown => disk.code.clone().unwrap_or_default(),
    }
}

/// How a copy is, in a few words.
pub(super) fn copy(copy: &Copy, now: Now) -> String {
    match &copy.end {
        Some(End::Usable) => "usable".to_owned(),
        Some(End::Failed) => failed(copy),
        Some(End::Gone) => "deleted".to_owned(),
        Some(End::Unknown(_)) => "does not exist".to_owned(),
        Some(End::NoCopies) => "is no copy".to_owned(),
        Some(End::NotAllowed(_)) => "cannot be looked at".to_owned(),
        _ => {
            let summary = match &copy.replication {
                Some(found) => found.summary(),
                None => "not seen yet".to_owned(),
            };
            match copy.estimate(now) {
                Some(found) => format!("{summary}, {}", estimate(found, now)),
                None => summary,
            }
        }
    }
}

/// `failed (data-1 at 62 %)`.
fn failed(copy: &Copy) -> String {
    let found = copy.replication.iter();
    let disks: Vec<String> = found
        .flat_map(|found| found.failed_disks())
        .map(|disk| {
            format!(
                "{} at {}",
                disk.name,
                percent(disk.completion_percent).trim_start()
            )
        })
        .collect();
    match disks.is_empty() {
        true => "failed".to_owned(),
        false => format!("failed ({})", disks.join(", ")),
    }
}

/// The same beside the bars of its disks, which say more about each of them.
pub(super) fn heading(copy: &Copy, now: Now) -> String {
    match (&copy.end, &copy.replication) {
        (None, None) => "asking Azure".to_owned(),
        (None | Some(End::NotYet(_) | End::Stopped), Some(found)) => {
            let percent = percent(found.completion_percent);
            let end = copy.estimate(now).map(|found| end_of(found, now));
            let end = end.map_or_else(String::new, |end| format!(", done {end}"));
            format!("{}{end}", percent.trim_start())
        }
        _ => self::copy(copy, now),
    }
}

/// What cannot be seen now, and that this does not matter to the copying.
pub(super) fn trouble(cause: &str) -> String {
    format!("cannot look now, copying goes on in Azure: {cause}")
}

/// `5 copies: 3 usable, 1 copying, 1 failed`.
pub(super) fn counts(copies: &[&Copy]) -> String {
    let count = |is: fn(&Copy) -> bool| copies.iter().filter(|copy| is(copy)).count();
    let usable = count(Copy::is_usable);
    let failed = count(|copy| matches!(copy.end, Some(End::Failed)));
    let rest = copies.len() - usable - failed;
    let parts = [(usable, "usable"), (rest, "not yet"), (failed, "failed")];
    let parts = parts.iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let copies = match copies.len() {
        1 => "1 copy".to_owned(),
        count => format!("{count} copies"),
    };
    format!("{copies}: {}", parts.join(", "))
}

/// The newest restore point that could be copied into a collection, and whether it was.
pub(super) fn newest_source(watched: &Watched, collection: &Collection, now: Now) -> String {
    match &collection.newest_source {
        NewestSource::NotKnown => "not known".to_owned(),
        NewestSource::None => "none".to_owned(),
        NewestSource::Point(id, time) => {
            let mut copies = watched.copies_of(&collection.id).into_iter();
            let copy = copies.find(|copy| copy.source.as_ref() == Some(id));
            let state = match copy {
                Some(copy) if copy.is_usable() => "copied",
                Some(copy) if matches!(copy.end, Some(End::Failed)) => "its copy failed",
                Some(_) => "being copied",
                None => "not copied",
            };
            format!("{}, {}, {state}", id.name(), moment(*time, now))
        }
    }
}

/// The newest copy of a collection that a virtual machine can be restored from.
pub(super) fn newest_usable(watched: &Watched, collection: &Collection, now: Now) -> String {
    let newest = watched.newest_usable(&collection.id);
    match newest.and_then(|copy| Some((copy, copy.time_created?))) {
        Some((copy, time)) => format!("{}, {}", copy.id.name(), moment(time, now)),
        None => "none".to_owned(),
    }
}

fn moment(time: time::OffsetDateTime, now: Now) -> String {
    let utc = time.to_offset(time::UtcOffset::UTC);
    let (hour, minute) = (utc.hour(), utc.minute());
    let age = span(age(time, now));
    format!("{} {hour:02}:{minute:02} UTC, {age} old", utc.date())
}

/// What has come of everything, a sentence or more for each thing that is not as it should be.
pub(super) fn verdicts(watched: &Watched, max_age: Option<Duration>, now: Now) -> Vec<String> {
    let mut verdicts = Vec::new();
    for collection in &watched.collections {
        let name = collection.id.name();
        if let Some(end) = &collection.end {
            verdicts.extend(collection_verdict(collection, end));
        }
        let Some(max_age) = max_age else {
            continue;
        };
        let allowed = duration::format(max_age);
        match watched.newest_usable(&collection.id) {
            Some(copy) if is_too_old(copy, Some(max_age), now) => verdicts.push(format!(
                "The newest usable copy of {name} is too old: {} {}, and --max-age is {allowed}.",
                copy.id.name(),
                copy.age(now)
                    .map_or_else(String::new, |age| format!("is {} old", span(age))),
            )),
            None if collection.source.is_some() => verdicts.push(format!(
                "{name} has no usable copy, and --max-age is {allowed}."
            )),
            _ => {}
        }
    }
    for copy in watched.copies.iter().filter(|copy| !copy.is_deleted()) {
        verdicts.extend(copy_verdict(copy, now));
        if let Some(max_age) = max_age.filter(|_| copy.is_named && is_too_old(copy, max_age, now)) {
            let age = copy.age(now).map_or_else(String::new, span);
            verdicts.push(format!(
                "{} is too old: {age}, and --max-age is {}.",
                copy.name(),
                duration::format(max_age)
            ));
        }
    }
    if verdicts.is_empty() {
        let usable = watched.copies.iter().filter(|copy| copy.is_usable());
        verdicts.push(match usable.collect::<Vec<_>>()[..] {
            [copy] => format!("{} is usable.", copy.name()),
            _ => "Every copy is usable.".to_owned(),
        });
    }
    verdicts
}

fn collection_verdict(collection: &Collection, end: &End) -> Option<String> {
    let name = collection.id.name();
    match end {
        End::NoCopies => Some(format!("{name} has no copies.")),
        End::NotForCopies => Some(format!(
            "{} cannot be watched: it is not a collection that another collection is copied into.",
            collection.id
        )),
        End::Unknown(error) => Some(because(&format!("{} does not exist", collection.id), error)),
        End::NotAllowed(error) => Some(because(&format!("Cannot look at {name}"), error)),
        End::NotYet(Some(error)) => Some(because(&format!("{name} was never seen"), error)),
        End::NotYet(None) => Some(format!("{name} was never seen.")),
        End::Stopped => Some(format!("Interrupted before {name} was seen.")),
        End::Usable | End::Failed | End::Gone | End::Complete => None,
    }
}

fn copy_verdict(copy: &Copy, now: Now) -> Option<String> {
    let name = copy.name();
    match copy.end.as_ref()? {
        End::Usable => None,
        End::Failed => Some(format!(
            "{name} {}. Azure cannot resume a failed copy: the next terraform apply deletes it and copies \
             again, as far as Azure lets it.",
            self::copy(copy, now)
        )),
        End::Gone => Some(format!("{name} was deleted while it was watched.")),
        End::Unknown(error) => Some(because(&format!("{} does not exist", copy.id), error)),
        End::NoCopies | End::NotForCopies => Some(format!(
            "{} is no copy: it was taken from a virtual machine.",
            copy.id
        )),
        End::NotAllowed(error) => Some(because(&format!("Cannot look at {name}"), error)),
        End::NotYet(cause) => Some(match cause {
            Some(error) => because(&not_yet(copy, now), error),
            None => format!("{}.", not_yet(copy, now)),
        }),
        End::Stopped | End::Complete => Some(format!(
            "Interrupted; {name} goes on copying in Azure: {}.",
            self::copy(copy, now)
        )),
    }
}

fn not_yet(copy: &Copy, now: Now) -> String {
    format!(
        "{} is not usable yet: {}",
        copy.name(),
        self::copy(copy, now)
    )
}

/// A sentence, then Azure's words, what to do about them, and what Azure's support asks for.
fn because(what: &str, error: &Error) -> String {
    let mut text = format!("{what}. {}", explain::sentence(&error.answer()));
    let next = explain::next_step(error, None);
    if !next.is_empty() {
        text = format!("{text} {next}");
    }
    let ids = error.request_ids();
    if let Some(id) = ids.and_then(|ids| ids.request_id.as_deref()) {
        text = format!("{text} (x-ms-request-id: {id})");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_two_units_at_most() {
        #[track_caller]
        fn check(seconds: u64, expected: &str) {
            assert_eq!(span(Duration::from_secs(seconds)), expected);
        }
        check(0, "0 s");
        check(59, "59 s");
        check(720, "12 min");
        check(17 * 3600 + 20 * 60, "17 h 20 min");
        check(5 * 86400 + 17 * 3600 + 59 * 60, "5 d 17 h");
    }
}
