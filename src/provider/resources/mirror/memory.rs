//! What a read finds out and its plan needs: the snapshot, as JSON in the state's private data.

use serde_json::{Value as Json, json};

use crate::arm::compute::models::{instant, rfc3339_utc};
use crate::provider::filter::Filter;

use super::rules::{CopyPoint, CopyState, Readiness, Snapshot, Source, SourcePoint};

/// The snapshot, as far as a plan can need it: of the sources those that may still be copied, and
/// the newest one of all.
pub(super) fn to_json(snapshot: &Snapshot, filter: &Filter) -> Json {
    let lasting = snapshot
        .copies
        .iter()
        .filter(|copy| copy.state != CopyState::Failed);
    let floor = lasting.filter_map(|copy| copy.time).max();
    let newest = snapshot
        .source_newest(filter)
        .map(|point| point.name.clone());
    let source = match &snapshot.source {
        Source::Unreachable => Json::Null,
        Source::Points(points) => points
            .iter()
            .filter(|point| {
                floor.is_none_or(|floor| point.time > floor) || newest.as_ref() == Some(&point.name)
            })
            .map(|point| {
                json!([
                    point.name,
                    point.time_created,
                    point.consistency_mode,
                    readiness_word(point.readiness),
                    point.has_customer_key
                ])
            })
            .collect(),
    };
    let copies: Json = snapshot
        .copies
        .iter()
        .map(|copy| {
            let time = copy.time.and_then(|time| {
                let format = time::format_description::well_known::Rfc3339;
                time.format(&format).ok()
            });
            json!([copy.name, copy.is_ours, time, state_word(copy.state)])
        })
        .collect();
    json!({ "source": source, "copies": copies })
}

/// Reads it back; `None` where nothing is remembered.
pub(super) fn of_json(json: &Json) -> Option<Snapshot> {
    let source = match json.get("source")? {
        Json::Null => Source::Unreachable,
        points => Source::Points(points.as_array()?.iter().filter_map(source_point).collect()),
    };
    let copies = json.get("copies")?.as_array()?;
    Some(Snapshot {
        source,
        copies: copies.iter().map(copy_point).collect::<Option<_>>()?,
    })
}

fn source_point(json: &Json) -> Option<SourcePoint> {
    let time_created = json.get(1)?.as_str()?;
    Some(SourcePoint {
        name: json.get(0)?.as_str()?.to_owned(),
        time: instant(time_created)?,
        time_created: rfc3339_utc(time_created)?,
        consistency_mode: json.get(2)?.as_str().map(str::to_owned),
        readiness: READINESS
            .into_iter()
            .find(|(_, word)| json.get(3).and_then(Json::as_str) == Some(word))?
            .0,
        has_customer_key: json.get(4).and_then(Json::as_bool) == Some(true),
    })
}

fn copy_point(json: &Json) -> Option<CopyPoint> {
    Some(CopyPoint {
        name: json.get(0)?.as_str()?.to_owned(),
        is_ours: json.get(1)?.as_bool()?,
        time: json.get(2)?.as_str().and_then(instant),
        state: STATES
            .into_iter()
            .find(|(_, word)| json.get(3).and_then(Json::as_str) == Some(word))?
            .0,
    })
}

const READINESS: [(Readiness, &str); 4] = [
    (Readiness::Ready, "ready"),
    (Readiness::NotAsked, "not_asked"),
    (Readiness::NotYet, "not_yet"),
    (Readiness::Never, "never"),
];

const STATES: [(CopyState, &str); 5] = [
    (CopyState::Usable, "usable"),
    (CopyState::Replicating, "replicating"),
    (CopyState::Failed, "failed"),
    (CopyState::Unknown, "unknown"),
    (CopyState::Leaving, "leaving"),
];

fn readiness_word(readiness: Readiness) -> &'static str {
    let word = READINESS.iter().find(|(known, _)| *known == readiness);
    word.map_or("", |(_, word)| word)
}

fn state_word(state: CopyState) -> &'static str {
    let word = STATES.iter().find(|(known, _)| *known == state);
    word.map_or("", |(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(name: &str, time_created: &str, readiness: Readiness) -> SourcePoint {
        SourcePoint {
            name: name.to_owned(),
            time: instant(time_created).expect("a time"),
            time_created: time_created.to_owned(),
            consistency_mode: Some("CrashConsistent".to_owned()),
            readiness,
            has_customer_key: readiness == Readiness::Ready,
        }
    }

    fn copy(name: &str, time: Option<&str>, state: CopyState) -> CopyPoint {
        CopyPoint {
            name: name.to_owned(),
            is_ours: state != CopyState::Leaving,
            time: time.and_then(instant),
            state,
        }
    }

    #[test]
    fn what_is_remembered_comes_back() {
        let mut copies = vec![copy("untimed", None, CopyState::Unknown)];
        copies.extend(
            STATES.map(|(state, word)| copy(word, Some("2026-11-16T01:00:00.1234567Z"), state)),
        );
        let snapshot = Snapshot {
            source: Source::Points(
                READINESS
                    .map(|(readiness, word)| {
                        source(word, "2026-11-17T01:00:00.7654321Z", readiness)
                    })
                    .into(),
            ),
            copies: copies.clone(),
        };
        let json = to_json(&snapshot, &Filter::default());
        assert_eq!(of_json(&json), Some(snapshot));
        let unreachable = Snapshot {
            source: Source::Unreachable,
            copies,
        };
        let json = to_json(&unreachable, &Filter::default());
        assert_eq!(of_json(&json), Some(unreachable));
        assert_eq!(of_json(&Json::Null), None);
    }

    #[test]
    fn sources_that_can_never_be_copied_are_forgotten() {
        let points = |names: &[(&str, &str)]| {
            let points = names
                .iter()
                .map(|(name, time)| source(name, time, Readiness::NotAsked));
            Source::Points(points.collect())
        };
        let sunday = ("sunday", "2026-11-15T01:00:00Z");
        let monday = ("monday", "2026-11-16T01:00:00Z");
        let tuesday = ("tuesday", "2026-11-17T01:00:00Z");
        let remembered = |sources: &[(&str, &str)], state| {
            let snapshot = Snapshot {
                source: points(sources),
                copies: vec![copy("monday", Some(monday.1), state)],
            };
            of_json(&to_json(&snapshot, &Filter::default()))
                .expect("a snapshot")
                .source
        };
        let all = [sunday, monday, tuesday];
        assert_eq!(remembered(&all, CopyState::Usable), points(&[tuesday]));
        assert_eq!(remembered(&all[..2], CopyState::Usable), points(&[monday]));
        // A failed copy may go, and its source be tried again.
        assert_eq!(remembered(&all, CopyState::Failed), points(&all));
    }
}
