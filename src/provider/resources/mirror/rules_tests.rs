//! Cell by cell. A letter is a moment, `a` the oldest, and the name of a restore point.
//!
//! Behind a source: `?` is not ready yet, `!` never will be. Behind a copy: `+` is usable, `~`
//! replicates, `!` has failed, `?` is unknown, `-` is on its way out.

use regex_lite::Regex;
use time::Duration;
use time::macros::datetime;

use super::*;

fn moment(letter: char) -> OffsetDateTime {
    let day = i64::from(u32::from(letter) - u32::from('a'));
    datetime!(2026-11-01 01:00 UTC) + Duration::days(day)
}

fn source(text: &str) -> Source {
    let point = |word: &str| {
        let letter = word.chars().next().expect("a letter");
        SourcePoint {
            name: letter.to_string(),
            time: moment(letter),
            time_created: moment(letter).to_string(),
            consistency_mode: Some("CrashConsistent".to_owned()),
            readiness: match &word[1..] {
                "" => Readiness::Ready,
                "?" => Readiness::NotYet,
                "!" => Readiness::Never,
                other => panic!("{other}"),
            },
            has_customer_key: false,
        }
    };
    match text {
        "unreachable" => Source::Unreachable,
        _ => Source::Points(text.split_whitespace().map(point).collect()),
    }
}

fn copies(text: &str) -> Vec<CopyPoint> {
    let copy = |word: &str| {
        let letter = word.chars().next().expect("a letter");
        CopyPoint {
            name: letter.to_string(),
            is_ours: true,
            time: Some(moment(letter)),
            state: match &word[1..] {
                "+" => CopyState::Usable,
                "~" => CopyState::Replicating,
                "!" => CopyState::Failed,
                "?" => CopyState::Unknown,
                "-" => CopyState::Leaving,
                other => panic!("{other}"),
            },
        }
    };
    text.split_whitespace().map(copy).collect()
}

/// `keep=2 oldest pin=b all wait`, in any order.
fn settings(text: &str) -> Settings {
    let mut settings = Settings::default();
    for word in text.split_whitespace() {
        match word.split_once('=') {
            Some(("keep", number)) => settings.keep_newest = number.parse().ok(),
            Some(("pin", name)) => drop(settings.pinned.insert(name.to_owned())),
            Some(("name", name)) => settings.filter.name = Regex::new(name).ok(),
            None if word == "oldest" => settings.keep_oldest = true,
            None if word == "all" => settings.catch_up = CatchUp::All,
            None if word == "wait" => settings.waits = true,
            _ => panic!("{word}"),
        }
    }
    settings
}

/// `behind copies c deletes a b waits`.
fn in_words(decision: &Decision) -> String {
    let mut words = vec![decision.status.as_str().to_owned()];
    words.extend(
        decision
            .copy
            .as_ref()
            .map(|copy| format!("copies {}", copy.name)),
    );
    if !decision.deletions.is_empty() {
        words.push(format!("deletes {}", decision.deletions.join(" ")));
    }
    words.extend(decision.waits.then(|| "waits".to_owned()));
    words.join(" ")
}

#[track_caller]
fn check(from: &str, to: &str, wanted: &str, expected: &str) {
    let snapshot = Snapshot {
        source: source(from),
        copies: copies(to),
    };
    let decision = decide(&snapshot, &settings(wanted), MayDelete::Anything);
    assert_eq!(in_words(&decision), expected, "{from} -> {to} ({wanted})");
}

#[test]
fn which_source_is_taken() {
    // Nothing copied yet.
    check("a", "", "", "behind copies a");
    check("a b c", "", "", "behind copies c");
    check("a b c", "", "all", "behind copies a");
    // Up to date.
    check("a b c", "c+", "", "up_to_date");
    check("a b c", "a+ b+ c+", "all", "up_to_date");
    // Never back in time: what was skipped is lost.
    check("a b c", "b+", "", "behind copies c");
    check("a b c d", "b+", "all", "behind copies c");
    check("a b", "b+", "all", "up_to_date");
    // The source of a copy need not be there any more.
    check("c", "a+ b+", "", "behind copies c");
    check("a", "b+", "", "up_to_date");
    // One that is not ready: the next older one, unless none may be skipped.
    check("a b c?", "a+", "", "behind copies b");
    check("a b? c", "a+", "all", "behind");
    check("a b c?", "a+", "all", "behind copies b");
    check("a b?", "a+", "", "behind");
    // One that never will be is not there.
    check("a b c!", "a+", "", "behind copies b");
    check("a b! c", "a+", "all", "behind copies c");
    check("a b!", "a+", "", "up_to_date");
    // Somebody deletes a copy: it still counts for Azure's order.
    check("a b c", "b-", "", "behind copies c");
    check("a b", "b-", "", "up_to_date");
}

#[test]
fn nothing_is_started_beside_another_copy() {
    check("a b c", "b~", "", "copying");
    check("a b c", "b~", "all", "copying");
    check("a b c", "a~ b+", "", "copying");
    // Where Azure does not say, only the newest one can be under way.
    check("a b c", "b?", "", "copying");
    check("a b c", "a? b+", "", "behind copies c");
    // With waiting on there is something to wait for.
    check("a b c", "b~", "wait", "copying waits");
    check("a b c", "b+", "wait", "behind copies c");
    check("a b c", "c+", "wait", "up_to_date");
}

#[test]
fn only_surplus_copies_go() {
    check("d", "a+ b+ c+ d+", "keep=2", "up_to_date deletes a b");
    check("d", "a+ b+ c+ d+", "keep=2 oldest", "up_to_date deletes b");
    check("d", "a+ b+ c+ d+", "keep=2 pin=a", "up_to_date deletes b");
    check("d", "a+ b+ c+ d+", "keep=2 oldest pin=b", "up_to_date");
    check("d", "a+ b+ c+ d+", "keep=4", "up_to_date");
    check("d", "a+ b+ c+ d+", "keep=9", "up_to_date");
    check("d", "a+ b+ c+ d+", "", "up_to_date");
    check("d", "d+", "keep=1", "up_to_date");
    check("d", "c+ d+", "keep=1", "up_to_date deletes c");
    check("d", "c+ d+", "keep=1 oldest", "up_to_date");
    // What is under way, failed, unknown or leaving counts for nothing.
    check("d", "a+ b+ c+ d~", "keep=2", "copying deletes a");
    check("d", "a+ b? c+ d+", "keep=2", "up_to_date deletes a");
    check("d", "a+ b- c+ d+", "keep=2", "up_to_date deletes a");
    check("d", "a? b+ c+ d+", "keep=2", "up_to_date deletes b");
    check("d", "a- b+ c+ d+", "keep=2 oldest", "up_to_date");
    check("d", "a~ b+ c+ d+", "keep=2", "copying deletes b");
    // A copy that begins now is not usable yet, unless the apply waits for it.
    check("d", "a+ b+ c+", "keep=2", "behind copies d deletes a");
    check(
        "d",
        "a+ b+ c+",
        "keep=2 wait",
        "behind copies d deletes a b",
    );
    check(
        "d",
        "a+ b+ c+ d~",
        "keep=2 wait",
        "copying deletes a b waits",
    );
    check("b", "a+", "keep=1", "behind copies b");
    check("b", "a+", "keep=1 wait", "behind copies b deletes a");
    check("b", "a+", "keep=1 oldest wait", "behind copies b");
}

#[test]
fn trouble_with_the_source_deletes_nothing() {
    for to in ["", "a+", "a+ b+ c+ d+", "a! b+", "a+ b+ c~", "a+ b!"] {
        check("unreachable", to, "keep=1", "source_unreachable");
        check("", to, "keep=1", "source_empty");
        check("x!", to, "keep=1", "source_empty");
        check("x y", to, "keep=1 name=^nothing$", "source_empty");
        check("unreachable", to, "keep=1 all", "source_unreachable");
    }
    check(
        "unreachable",
        "a+ b~",
        "wait keep=1",
        "source_unreachable waits",
    );
    // A source that was pruned is no trouble, and no reason to delete.
    check("d", "a+ b+ c+ d+", "keep=3", "up_to_date deletes a");
    check("d", "a+ b+ c+ d+", "", "up_to_date");
}

#[test]
fn a_failed_copy_counts_for_nothing() {
    // A newer source is taken, and the failed copy goes.
    check("a b c", "a+ b!", "", "failed copies c deletes b");
    check("a b c", "a+ b!", "keep=1", "failed copies c deletes b");
    // Its own source once more: the failed copy has its name and goes first.
    check("a b", "a+ b!", "", "failed copies b deletes b");
    check("a b", "b!", "all", "failed copies b deletes b");
    check("a b c", "a+ b!", "all", "failed copies b deletes b");
    // Nothing older than it, as if it had been copied.
    check("a b c", "a+ c!", "all", "failed copies c deletes c");
    check("a b", "a+ c!", "", "failed");
    // No source left to take: it stays, for nothing comes instead.
    check("a", "a+ b!", "", "failed");
    check("a b!", "a+ b!", "", "failed");
    check("a b?", "a+ b!", "", "failed");
    // A newer one was taken by somebody else.
    check("a b c", "b! c+", "", "up_to_date deletes b");
    check("a b c", "b! c~", "", "copying deletes b");
    check("a b c d", "b! c-", "", "behind copies d deletes b");
    check("a b c", "b! c-", "", "up_to_date");
    // Whatever else, a pinned one stays, and keeps its place in Azure's order.
    check("a b", "a+ b!", "pin=b", "failed");
    check("a b c", "a+ b!", "pin=b", "failed copies c");
    // It is no good copy.
    check("d", "a+ b! d+", "keep=2", "up_to_date deletes b");
    check("d", "a! b+ d+", "keep=2 oldest", "up_to_date deletes a");
}

#[test]
fn filters_choose_the_sources_and_not_the_copies() {
    let mut wanted = settings("keep=1");
    wanted.filter.consistency_mode = Some("applicationconsistent".to_owned());
    let mut snapshot = Snapshot {
        source: source("a b c d"),
        copies: copies("a+"),
    };
    let Source::Points(points) = &mut snapshot.source else {
        panic!("points");
    };
    points[2].consistency_mode = Some("ApplicationConsistent".to_owned());
    points[3].consistency_mode = None;
    let due = |wanted: &Settings| in_words(&decide(&snapshot, wanted, MayDelete::Anything));
    assert_eq!(due(&wanted), "behind copies c");

    let mut wanted = settings("");
    wanted.filter.created_before = Some(moment('d'));
    assert_eq!(due(&wanted), "behind copies c");
    wanted.filter.created_after = Some(moment('c'));
    assert_eq!(due(&wanted), "source_empty");
    wanted.filter.created_after = Some(moment('b'));
    assert_eq!(due(&wanted), "behind copies c");
    wanted.filter.name = Regex::new("^[ab]$").ok();
    assert_eq!(due(&wanted), "source_empty");

    check(
        "a b c",
        "a+ b+ c+",
        "keep=1 name=c",
        "up_to_date deletes a b",
    );
    check("a b c", "a+ c+", "name=b", "up_to_date");
}

#[test]
fn an_apply_does_what_was_planned_or_less() {
    let snapshot = |from: &str, to: &str| Snapshot {
        source: source(from),
        copies: copies(to),
    };
    let named = |names: &[&str]| {
        names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>()
    };
    let due = |from: &str, to: &str, wanted: &str, deletions: &[&str], planned: &str| {
        let deletions = named(deletions);
        let may_delete = MayDelete::Only(&deletions);
        let (snapshot, settings) = (snapshot(from, to), settings(wanted));
        let copy = still_due(&snapshot, &settings, may_delete, planned);
        let deletions = decide(&snapshot, &settings, may_delete).deletions;
        (copy.map(|copy| copy.source), deletions)
    };
    let copies_b = (Some("b".to_owned()), named(&[]));
    let nothing = (None, named(&[]));
    // As planned, also when a newer source has come since.
    assert_eq!(due("a b", "a+", "", &[], "b"), copies_b);
    assert_eq!(due("a b c", "a+", "", &[], "b"), copies_b);
    assert_eq!(due("a b c", "a+", "all", &[], "b"), copies_b);
    // Not if an older one would be lost, nor beside another copy, nor back in time.
    assert_eq!(due("a b c", "", "all", &[], "b"), nothing);
    assert_eq!(due("a b c", "a~", "", &[], "b"), nothing);
    assert_eq!(due("a b c", "b~", "", &[], "b"), nothing);
    assert_eq!(due("a b c", "b+", "", &[], "b"), nothing);
    assert_eq!(due("a b c", "c+", "", &[], "b"), nothing);
    // Not if the source is gone, unreachable, or not ready after all.
    assert_eq!(due("a", "a+", "", &[], "b"), nothing);
    assert_eq!(due("unreachable", "a+", "", &[], "b"), nothing);
    assert_eq!(due("a b?", "a+", "", &[], "b"), nothing);
    // A copy that has failed since then is not part of the plan, and stands in the way.
    assert_eq!(due("a b", "a+ b!", "", &[], "b"), nothing);
    assert_eq!(
        due("a b", "a+ b!", "", &["b"], "b"),
        (Some("b".to_owned()), named(&["b"]))
    );
    // Surplus copies go by name only, and only while they are surplus.
    let keep = "keep=2";
    assert_eq!(
        due("d", "a+ b+ c+ d+", keep, &["a"], ""),
        (None, named(&["a"]))
    );
    assert_eq!(due("d", "a+ b+ d!", keep, &["a"], ""), nothing);
    assert_eq!(due("d", "a+ d+", keep, &["a"], ""), nothing);
    assert_eq!(due("d", "a+ b+ c+ d+", keep, &["d"], ""), nothing);
    assert_eq!(due("d", "a+ b+ c+ d+", "keep=2 pin=a", &["a"], ""), nothing);
    assert_eq!(due("d", "a~ b+ c+ d+", keep, &["a"], ""), nothing);
    assert_eq!(due("", "a+ b+ c+ d+", keep, &["a"], ""), nothing);
    assert_eq!(due("unreachable", "a+ b+ c+ d+", keep, &["a"], ""), nothing);
}

#[test]
fn a_create_deletes_nothing_and_copies_what_needs_no_deletion() {
    let due = |from: &str, to: &str| {
        let snapshot = Snapshot {
            source: source(from),
            copies: copies(to),
        };
        in_words(&decide(&snapshot, &settings("keep=1"), MayDelete::Nothing))
    };
    assert_eq!(due("a b c d", "a+ b+ c+"), "behind copies d");
    assert_eq!(due("a b c", "a+ b!"), "failed copies c");
    assert_eq!(due("a b", "a+ b!"), "failed");
    assert_eq!(due("d", "a+ b+ c+ d+"), "up_to_date");
}

#[test]
fn the_name_of_another_moment_is_not_taken_away() {
    let mut snapshot = Snapshot {
        source: source("b"),
        copies: copies("a+"),
    };
    snapshot.copies[0].name = "b".to_owned();
    let decision = decide(&snapshot, &settings(""), MayDelete::Anything);
    assert_eq!(in_words(&decision), "behind copies b-20261102010000");
    let due = still_due(
        &snapshot,
        &settings(""),
        MayDelete::Nothing,
        "b-20261102010000",
    );
    assert_eq!(due.map(|copy| copy.source).as_deref(), Some("b"));
}

#[test]
fn what_is_no_copy_of_ours_takes_a_name_and_nothing_else() {
    let mut snapshot = Snapshot {
        source: source("b"),
        copies: copies("a+ a! a+"),
    };
    for (index, copy) in snapshot.copies.iter_mut().enumerate() {
        copy.is_ours = false;
        copy.name = format!("foreign-{index}");
    }
    let decision = decide(&snapshot, &settings("keep=1"), MayDelete::Anything);
    assert_eq!(in_words(&decision), "behind copies b");
}

/// Every collection of four copies in any state, against every source, under every setting.
#[test]
fn what_must_never_happen_never_does() {
    const STATES: [char; 6] = ['+', '~', '!', '?', '-', ' '];
    let sources = [
        "",
        "unreachable",
        "e",
        "d",
        "a b c d",
        "a b c d e?",
        "d e",
        "b d!",
    ];
    let wanted = [
        "",
        "keep=1",
        "keep=2",
        "keep=1 oldest",
        "keep=2 oldest pin=b",
        "keep=3 all",
        "keep=1 wait",
        "keep=2 wait oldest",
        "pin=d keep=1",
        "all wait",
    ];
    for number in 0..STATES.len().pow(4) {
        let mut rest = number;
        let mut text = String::new();
        for letter in ['a', 'b', 'c', 'd'] {
            let state = STATES[rest % STATES.len()];
            rest /= STATES.len();
            if state != ' ' {
                text.push_str(&format!("{letter}{state} "));
            }
        }
        for from in sources {
            for wanted in wanted {
                never(from, &text, wanted);
            }
        }
    }
}

#[track_caller]
fn never(from: &str, to: &str, wanted: &str) {
    let snapshot = Snapshot {
        source: source(from),
        copies: copies(to),
    };
    let wanted_settings = settings(wanted);
    let found = decide(&snapshot, &wanted_settings, MayDelete::Anything);
    let case = format!("{from} -> {to} ({wanted}): {}", in_words(&found));
    let state = |name: &str| snapshot.copies.iter().find(|copy| copy.name == name);
    let usable: Vec<_> = snapshot
        .newest_first()
        .into_iter()
        .filter(|copy| copy.state == CopyState::Usable)
        .collect();
    if let Some(copy) = &found.copy {
        assert!(!to.contains('~'), "beside another: {case}");
        let is_retried = |other: &CopyPoint| {
            other.state == CopyState::Failed && found.deletions.contains(&other.name)
        };
        let newer = |other: &&CopyPoint| {
            let moment = Some(moment(copy.source.chars().next().expect("a letter")));
            other.time > moment || (other.time == moment && !is_retried(other))
        };
        assert!(
            !snapshot.copies.iter().any(|other| newer(&other)),
            "back in time: {case}"
        );
    }
    let waits =
        usize::from(wanted_settings.waits && (found.copy.is_some() || to.contains(['~', '?'])));
    for name in &found.deletions {
        let copy = state(name).expect("it is there");
        assert!(!wanted_settings.pinned.contains(name), "pinned: {case}");
        assert!(!matches!(from, "" | "unreachable"), "no source: {case}");
        match copy.state {
            CopyState::Failed => {}
            CopyState::Usable => {
                let newer = usable.iter().filter(|other| other.time > copy.time).count();
                let keep = wanted_settings.keep_newest.expect("keep_newest");
                assert!(newer + waits >= keep, "too few left: {case}");
                let is_oldest = usable.last().expect("one").name == *name;
                assert!(
                    !(wanted_settings.keep_oldest && is_oldest),
                    "oldest: {case}"
                );
            }
            other => panic!("{other:?}: {case}"),
        }
    }
    // The same decision, carried out without what it waits for, leaves enough behind.
    let nobody_waits = Settings {
        waits: false,
        ..wanted_settings.clone()
    };
    let now = decide(&snapshot, &nobody_waits, MayDelete::Only(&found.deletions));
    let left = usable
        .iter()
        .filter(|copy| !now.deletions.contains(&copy.name))
        .count();
    let keep = wanted_settings.keep_newest.unwrap_or(usize::MAX);
    assert!(left >= keep.min(usable.len()), "left {left}: {case}");
}
