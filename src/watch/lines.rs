//! A watch as lines for a log, each with its time.

use time::UtcOffset;

use super::view::{Ending, News};
use super::watched::{Now, Watched};
use super::words;

/// What has happened.
pub(super) fn news(watched: &Watched, news: &News, now: Now) -> String {
    let text = match news {
        News::Looked(place) | News::Ended(place) => {
            let copy = &watched.copies[*place];
            format!("{}: {}", copy.name(), words::copy(copy, now))
        }
        News::Warning(place, text) => {
            format!("{}: warning: {text}", watched.copies[*place].name())
        }
        News::CopyTrouble(place) => {
            let copy = &watched.copies[*place];
            let cause = copy.trouble.as_deref().unwrap_or_default();
            format!("{}: {}", copy.name(), words::trouble(cause))
        }
        News::CollectionTrouble(place) => {
            let collection = &watched.collections[*place];
            let cause = collection.trouble.as_deref().unwrap_or_default();
            format!("{}: {}", collection.id.name(), words::trouble(cause))
        }
    };
    line(&text, now)
}

/// What it came to: each collection, and then what there is to say.
pub(super) fn end(watched: &Watched, ending: &Ending, now: Now) -> Vec<String> {
    let seen = watched
        .collections
        .iter()
        .filter(|collection| collection.source.is_some());
    let collections = seen.map(|collection| {
        format!(
            "{}: {}; newest source: {}; newest usable copy: {}",
            collection.id.name(),
            words::counts(&watched.copies_of(&collection.id)),
            words::newest_source(watched, collection, now),
            words::newest_usable(watched, collection, now),
        )
    });
    let verdicts = ending.on_stdout().iter().cloned();
    let texts = collections.chain(verdicts);
    texts.map(|text| line(&text, now)).collect()
}

fn line(text: &str, now: Now) -> String {
    let utc = now.utc.to_offset(UtcOffset::UTC);
    let (hour, minute, second) = utc.to_hms();
    // One event is one line, whatever Azure has put into its words.
    let text: Vec<&str> = text.split_whitespace().collect();
    format!(
        "{}T{hour:02}:{minute:02}:{second:02}Z {}",
        utc.date(),
        text.join(" ")
    )
}
