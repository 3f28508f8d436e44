//! A watch as JSON, an object on each line. Names are those of the provider's attributes; what is
//! not known is null.

use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use super::ending::End;
use super::view::{Ending, News};
use super::watched::{Collection, Copy, NewestSource, Now, Watched, age};
use crate::arm::compute::replication::Estimate;

/// What has happened.
pub(super) fn news(watched: &Watched, news: &News, now: Now) -> String {
    let value = match news {
        News::Looked(place) | News::Ended(place) => copy(&watched.copies[*place], now),
        News::Warning(place, text) => json!({
            "type": "warning",
            "time": text_of(now.utc),
            "restore_point_id": watched.copies[*place].id.to_string(),
            "message": text,
        }),
        News::CopyTrouble(place) => {
            let copy = &watched.copies[*place];
            json!({
                "type": "trouble",
                "time": text_of(now.utc),
                "restore_point_id": copy.id.to_string(),
                "message": copy.trouble,
            })
        }
        News::CollectionTrouble(place) => {
            let collection = &watched.collections[*place];
            json!({
                "type": "trouble",
                "time": text_of(now.utc),
                "restore_point_collection_id": collection.id.to_string(),
                "message": collection.trouble,
            })
        }
    };
    value.to_string()
}

/// What it came to: each collection, and then the whole.
pub(super) fn end(watched: &Watched, ending: &Ending, now: Now) -> Vec<String> {
    let collections = watched.collections.iter();
    let collections = collections.map(|found| collection(watched, found, now));
    let end = json!({
        "type": "end",
        "time": text_of(now.utc),
        "exit_code": ending.outcome.exit_code(),
        "outcome": ending.outcome.as_str(),
        "max_age_seconds": ending.max_age.map(|age| age.as_secs()),
        "messages": ending.verdicts,
    });
    collections
        .chain([end])
        .map(|value| value.to_string())
        .collect()
}

fn copy(copy: &Copy, now: Now) -> Value {
    let found = copy.replication.as_ref();
    let disks = found.iter().flat_map(|found| &found.disks);
    let disks: Vec<Value> = disks
        .map(|disk| {
            with_estimate(
                json!({
                    "name": disk.name,
                    "disk_restore_point_id": disk.disk_restore_point_id,
                    "replication_state": disk.state.as_str(),
                    "completion_percent": disk.completion_percent,
                    "message": disk.message,
                }),
                copy.disk_estimate(disk, now),
                now,
            )
        })
        .collect();
    with_estimate(
        json!({
            "type": "copy",
            "time": text_of(now.utc),
            "restore_point_id": copy.id.to_string(),
            "source_restore_point_id": copy.source.as_ref().map(ToString::to_string),
            "time_created": copy.time_created.map(text_of),
            "replication_state": found.map(|found| found.state.as_str()),
            "usable": copy.is_usable(),
            "end": copy.end.as_ref().map(End::as_str),
            "completion_percent": found.and_then(|found| found.completion_percent),
            "disks": disks,
        }),
        copy.estimate(now),
        now,
    )
}

fn collection(watched: &Watched, collection: &Collection, now: Now) -> Value {
    let point = |id: String, time: OffsetDateTime| {
        json!({
            "id": id,
            "time_created": text_of(time),
            "age_seconds": age(time, now).as_secs(),
        })
    };
    let source = match &collection.newest_source {
        NewestSource::Point(id, time) => point(id.to_string(), *time),
        NewestSource::None | NewestSource::NotKnown => Value::Null,
    };
    let usable = watched.newest_usable(&collection.id);
    let usable = usable.and_then(|copy| Some(point(copy.id.to_string(), copy.time_created?)));
    let copies = watched.copies_of(&collection.id);
    json!({
        "type": "collection",
        "time": text_of(now.utc),
        "restore_point_collection_id": collection.id.to_string(),
        "copies": copies.len(),
        "usable_copies": copies.iter().filter(|copy| copy.is_usable()).count(),
        "end": collection.end.as_ref().map(End::as_str),
        "newest_source": source,
        "newest_usable": usable,
    })
}

fn with_estimate(mut value: Value, estimate: Option<Estimate>, now: Now) -> Value {
    let rate = estimate.map(|found| (found.percent_per_hour * 100.0).round() / 100.0);
    value["percent_per_hour"] = json!(rate);
    value["estimated_end"] = json!(estimate.map(|found| text_of(now.utc + found.remaining)));
    value
}

/// RFC 3339 in UTC, to the second.
fn text_of(time: OffsetDateTime) -> String {
    let time = time.to_offset(UtcOffset::UTC);
    let whole = time.replace_nanosecond(0).unwrap_or(time);
    // Years of four digits are all there are here.
    whole.format(&Rfc3339).unwrap_or_default()
}
