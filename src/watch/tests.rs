//! What people and machines are shown, kept as files.

use std::time::Duration;

use indicatif::{InMemoryTerm, ProgressDrawTarget};
use serde_json::{Value, json};
use time::macros::datetime;
use tokio::time::Instant;

use super::ending::{End, Outcome, outcome};
use super::screen::Screen;
use super::view::{Ending, News};
use super::watched::{NewestSource, Now, Watched};
use super::{json, lines, words};
use crate::arm::Error;
use crate::arm::compute::models::RestorePoint;
use crate::arm::compute::replication::replication;
use crate::arm::error::{ApiError, SignInError};
use crate::arm::resource_id::{RestorePointCollectionId, RestorePointId};
use crate::golden::Golden;
use reqwest::{Method, StatusCode};

const MINUTE: Duration = Duration::from_secs(60);

fn id(group: &str, collection: &str) -> RestorePointCollectionId {
    let id = format!(
        "/subscriptions/5a1b2c3d-0000-4000-8000-1234567890ab/resourceGroups/{group}\
         /providers/Microsoft.Compute/restorePointCollections/{collection}"
    );
    RestorePointCollectionId::parse(&id).unwrap()
}

/// The moment that lies so many minutes after the beginning.
fn minute(begun: Instant, minutes: u32) -> Now {
    Now {
        instant: begun + MINUTE * minutes,
        utc: datetime!(2026-11-25 18:00 UTC) + MINUTE * minutes,
    }
}

/// A copy of that day of November, with disks of which the percentage and the state are known.
fn point(day: u8, disks: &[(&str, &str, u8)]) -> RestorePoint {
    let disk = |(name, state, percent): &(&str, &str, u8)| {
        let level = if *state == "failed" { "Error" } else { "Info" };
        json!({
            "id": format!("/disks/{name}"),
            "replicationStatus": {
                "status": {"code": format!("ReplicationState/{state}"), "level": level},
                "completionPercent": percent,
            },
        })
    };
    let disks: Vec<Value> = disks.iter().map(disk).collect();
    let source = id("rg-web", "web")
        .restore_point(&format!("nov-{day}"))
        .unwrap();
    serde_json::from_value(json!({
        "properties": {
            "provisioningState": "Succeeded",
            "timeCreated": format!("2026-11-{day}T01:00:00Z"),
            "sourceRestorePoint": {"id": source.to_string()},
            "instanceView": {"diskRestorePoints": disks},
        }
    }))
    .unwrap()
}

fn copy_id(name: &str) -> RestorePointId {
    id("rg-dr", "web-dr").restore_point(name).unwrap()
}

/// Looks at a copy every ten minutes, until it was looked at as often as there are points.
fn look(watched: &mut Watched, copy: usize, begun: Instant, points: &[RestorePoint]) {
    for (look, point) in (0..).zip(points) {
        let now = minute(begun, 10 * look);
        if look == 0 {
            watched.copies[copy].found(point, now);
        } else {
            watched.copies[copy].looked(&replication(point), now);
        }
    }
}

/// What stands on a terminal of 80 columns after both have been drawn.
fn screen(before: &Watched, watched: &Watched, begun: Instant, now: Now) -> (String, String) {
    let terminal = InMemoryTerm::new(24, 80);
    let mut screen = Screen::on(ProgressDrawTarget::term_like(Box::new(terminal.clone())));
    screen.draw(before, minute(begun, 0));
    screen.draw(watched, now);
    let drawn = terminal.contents();
    screen.leave(watched, now);
    (drawn, terminal.contents())
}

/// One copy with three disks: one is done, one is faster than the other.
fn three_disks(begun: Instant) -> Watched {
    let mut watched = Watched::default();
    let copy = watched.add_copy(&copy_id("before-upgrade"), true).unwrap();
    let course = [[90, 20, 10], [98, 24, 12], [100, 28, 13], [100, 32, 14]];
    let points = course.map(|[os, first, second]| {
        let os_state = if os == 100 {
            "succeeded"
        } else {
            "replicating"
        };
        let disks = [
            ("os", os_state, os),
            ("data-0", "replicating", first),
            ("data-1", "replicating", second),
        ];
        point(24, &disks)
    });
    look(&mut watched, copy, begun, &points);
    watched
}

/// A collection with five copies: two usable, one failed, one on its way, one not seen yet.
fn five_copies(begun: Instant) -> Watched {
    let mut watched = Watched::default();
    let place = watched.add_collection(id("rg-dr", "web-dr"));
    watched.collections[place].source = Some(id("rg-web", "web"));
    let newest = id("rg-web", "web").restore_point("nov-25").unwrap();
    watched.collections[place].newest_source =
        NewestSource::Point(newest, datetime!(2026-11-25 01:00 UTC));
    for (day, state, percents) in [
        (20, "succeeded", [100, 100, 100]),
        (21, "succeeded", [100, 100, 100]),
        (22, "failed", [37, 37, 37]),
        (24, "replicating", [40, 46, 52]),
    ] {
        let copy = watched
            .add_copy(&copy_id(&format!("nightly-{day}")), false)
            .unwrap();
        let points = percents
            .map(|percent| point(day, &[("os", "succeeded", 100), ("data-0", state, percent)]));
        look(&mut watched, copy, begun, &points);
        watched.copies[copy].end = match state {
            "succeeded" => Some(End::Usable),
            "failed" => Some(End::Failed),
            _ => None,
        };
    }
    // The collection tells that it is there and when it was taken, but not how it gets on.
    let copy = watched.add_copy(&copy_id("nightly-25"), false).unwrap();
    let mut listed = point(25, &[]);
    listed.properties.instance_view = None;
    watched.copies[copy].found(&listed, minute(begun, 0));
    watched
}

fn failed_disk(begun: Instant) -> Watched {
    let mut watched = Watched::default();
    let copy = watched.add_copy(&copy_id("before-upgrade"), true).unwrap();
    let points = [40, 62].map(|percent| {
        let state = if percent == 62 {
            "failed"
        } else {
            "replicating"
        };
        point(
            24,
            &[
                ("os", "succeeded", 100),
                ("data-0", "replicating", percent),
                ("data-1", state, percent),
            ],
        )
    });
    look(&mut watched, copy, begun, &points);
    watched.copies[copy].end = Some(End::Failed);
    watched
}

fn ending(watched: &Watched, max_age: Option<Duration>, now: Now) -> Ending {
    Ending {
        outcome: outcome(watched, max_age, now),
        verdicts: words::verdicts(watched, max_age, now),
        max_age,
    }
}

/// Lets time be up.
fn cut_off(watched: &mut Watched) {
    for copy in watched.copies.iter_mut().filter(|copy| copy.end.is_none()) {
        copy.end = Some(End::NotYet(None));
    }
    for collection in &mut watched.collections {
        collection.end = Some(End::Complete);
    }
}

fn throttled() -> Error {
    let body = br#"{"error":{"code":"ServerBusy","message":"Try again."}}"#;
    let error = ApiError::from_body(Method::GET, "/x", StatusCode::SERVICE_UNAVAILABLE, body);
    Error::Api(Box::new(error))
}

#[test]
fn what_is_shown_is_kept_as_files() {
    let mut golden = Golden::folder("watch");
    let begun = Instant::now();
    let now = minute(begun, 31);
    let empty = Watched::default();

    let watched = three_disks(begun);
    let (drawn, left) = screen(&empty, &watched, begun, now);
    golden.check("screen_three_disks", &drawn);
    golden.check("screen_three_disks_left", &left);

    let mut watched = three_disks(begun);
    watched.copies[0].warning = Some("no progress for 2 hours, still at 14 %".to_owned());
    watched.copies[0].trouble = Some(format!(
        "{} {}",
        throttled().answer(),
        "Longer. ".repeat(12)
    ));
    let (drawn, _) = screen(&empty, &watched, begun, now);
    golden.check("screen_trouble", &drawn);

    // Fewer lines than before leave nothing behind.
    let watched = five_copies(begun);
    let (drawn, left) = screen(&watched, &watched, begun, minute(begun, 25));
    golden.check("screen_five_copies", &drawn);
    golden.check("screen_five_copies_left", &left);
    let failed = failed_disk(begun);
    let (drawn, left) = screen(&watched, &failed, begun, minute(begun, 12));
    golden.check("screen_failed_disk", &drawn);
    golden.check("screen_failed_disk_left", &left);

    let mut written = Vec::new();
    for (mut watched, minutes) in [
        (three_disks(begun), 31),
        (five_copies(begun), 25),
        (failed, 12),
    ] {
        cut_off(&mut watched);
        let now = minute(begun, minutes);
        let copies = 0..watched.copies.len();
        written.extend(copies.map(|copy| lines::news(&watched, &News::Looked(copy), now)));
        written.extend(lines::end(&watched, &ending(&watched, None, now), now));
        written.push(String::new());
    }
    golden.check("lines", &written.join("\n"));

    let mut watched = five_copies(begun);
    let now = minute(begun, 25);
    let look = json::news(&watched, &News::Looked(3), now);
    cut_off(&mut watched);
    let mut written = vec![look];
    written.extend(json::end(
        &watched,
        &ending(&watched, Some(30 * 60 * MINUTE), now),
        now,
    ));
    let pretty = written.iter().map(|line| {
        let value: Value = serde_json::from_str(line).unwrap();
        serde_json::to_string_pretty(&value).unwrap()
    });
    golden.check("json", &pretty.collect::<Vec<_>>().join("\n"));

    golden.check("ends", &ends(begun));
}

/// Every end that a copy or a collection may come to, with what is said of it.
fn ends(begun: Instant) -> String {
    let refusal = |status: u16, code: &str, message: &str| {
        let body = json!({"error": {"code": code, "message": message}}).to_string();
        let status = StatusCode::from_u16(status).unwrap();
        let path = "/subscriptions/s/x";
        Error::Api(Box::new(ApiError::from_body(
            Method::GET,
            path,
            status,
            body.as_bytes(),
        )))
    };
    let missing = || refusal(404, "ResourceNotFound", "The Resource was not found.");
    let forbidden = || {
        let text = "The client 'c' does not have authorization to perform action \
                    'Microsoft.Compute/restorePointCollections/restorePoints/read' over scope '/x'.";
        refusal(403, "AuthorizationFailed", text)
    };
    let secret = || {
        let text = "AADSTS7000215: Invalid client secret provided.".to_owned();
        Error::SignIn(Box::new(SignInError::permanent(text)))
    };
    let of_both = || {
        [
            End::Unknown(missing()),
            End::NoCopies,
            End::NotAllowed(forbidden()),
            End::NotAllowed(secret()),
            End::NotYet(None),
            End::NotYet(Some(throttled())),
            End::Stopped,
        ]
    };
    let of_copies = [End::Usable, End::Failed, End::Gone]
        .into_iter()
        .chain(of_both());
    let of_collections = [End::Complete, End::NotForCopies]
        .into_iter()
        .chain(of_both());
    let now = minute(begun, 31);
    let mut texts = Vec::new();
    let mut told = |kind: &str, end: &End, watched: &Watched| {
        let ending = ending(watched, None, now);
        let (code, said) = (ending.outcome.exit_code(), ending.verdicts.join("\n"));
        texts.push(format!(
            "{kind} {}, exit code {code}\n{said}\n",
            end.as_str()
        ));
    };
    for end in of_copies {
        let mut watched = three_disks(begun);
        watched.copies[0].end = Some(end.clone());
        told("copy", &end, &watched);
    }
    for end in of_collections {
        let mut watched = Watched::default();
        let place = watched.add_collection(id("rg-dr", "web-dr"));
        watched.collections[place].end = Some(end.clone());
        told("collection", &end, &watched);
    }
    texts.join("\n")
}

#[test]
fn the_worst_decides_and_a_failure_is_certain() {
    #[track_caller]
    fn check(ends: &[End], expected: Outcome) {
        let begun = Instant::now();
        let mut watched = Watched::default();
        for (number, end) in ends.iter().enumerate() {
            let copy = watched
                .add_copy(&copy_id(&format!("copy-{number}")), true)
                .unwrap();
            watched.copies[copy].end = Some(end.clone());
        }
        assert_eq!(outcome(&watched, None, minute(begun, 0)), expected);
    }
    let sign_in = || {
        End::NotAllowed(Error::SignIn(Box::new(SignInError::permanent(
            String::new(),
        ))))
    };
    check(&[End::Usable, End::Usable], Outcome::Usable);
    check(&[End::Usable, End::NotYet(None)], Outcome::NotYet);
    check(&[End::NotYet(None), sign_in()], Outcome::Refused);
    check(
        &[End::Failed, End::NotYet(None), sign_in(), End::Usable],
        Outcome::Failed,
    );
    check(&[End::Failed, End::Stopped], Outcome::Interrupted);
}

#[test]
fn only_what_is_named_must_be_there_and_young() {
    let begun = Instant::now();
    let now = minute(begun, 0);
    let hours = |hours: u32| Some(60 * MINUTE * hours);
    let mut watched = five_copies(begun);
    // The newest usable copy is four days and seventeen hours old; those before it do not count.
    watched.copies[2].end = Some(End::Gone);
    watched.copies[3].end = Some(End::Gone);
    watched.copies[4].end = Some(End::Gone);
    watched.collections[0].end = Some(End::Complete);
    assert_eq!(outcome(&watched, None, now), Outcome::Usable);
    assert_eq!(outcome(&watched, hours(114), now), Outcome::Usable);
    assert_eq!(outcome(&watched, hours(112), now), Outcome::Failed);
    assert!(words::verdicts(&watched, hours(112), now)[0].contains("nightly-21 is 4 d 17 h old"));
    // One that is named itself has to be young and there itself.
    watched.copies[0].is_named = true;
    assert_eq!(outcome(&watched, hours(114), now), Outcome::Failed);
    watched.copies[0].is_named = false;
    watched.copies[2].is_named = true;
    assert_eq!(outcome(&watched, None, now), Outcome::Failed);
    // Without a usable copy nothing is young enough.
    watched.copies[0].end = Some(End::NotYet(None));
    watched.copies[1].end = Some(End::NotYet(None));
    watched.copies[2].is_named = false;
    assert_eq!(outcome(&watched, None, now), Outcome::NotYet);
    assert_eq!(outcome(&watched, hours(1000), now), Outcome::Failed);
}
