//! Log lines on stderr, in the one form that Terraform parses.
//!
//! Terraform takes each line as a JSON object with text in every field. A
//! timestamp of another precision demotes the line, and a number in place of
//! the message makes Terraform itself panic.

use std::fmt::{self, Write as _};

use serde_json::{Map, Value as Json};
use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// Exactly six fraction digits: Terraform's layout knows no others.
const TIMESTAMP: &[BorrowedFormatItem<'static>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");

/// Starts logging, at the level that the environment asks for. `module` names the provider.
///
/// A second call does nothing: the first one stays in force.
pub(super) fn start(module: &'static str, variable: impl Fn(&str) -> Option<String>) {
    let level = level(module, variable);
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .event_format(HclogLine { module });
    // Fails only where logging has been started already, which then goes on.
    let _ = tracing_subscriber::registry()
        .with(level)
        .with(layer)
        .try_init();
}

/// The level for this provider: its own variable, else the one for all providers, else the general one.
///
/// Errors are always written: Terraform decides whether anybody sees them.
fn level(module: &str, variable: impl Fn(&str) -> Option<String>) -> LevelFilter {
    let own = format!("TF_LOG_PROVIDER_{}", module.to_uppercase());
    let asked = [own.as_str(), "TF_LOG_PROVIDER", "TF_LOG"]
        .into_iter()
        .find_map(|name| variable(name).filter(|level| !level.is_empty()));
    match asked.map(|level| level.to_uppercase()).as_deref() {
        // What Terraform does with a level that it does not know, JSON among them.
        Some("TRACE" | "JSON") => LevelFilter::TRACE,
        Some("DEBUG") => LevelFilter::DEBUG,
        Some("INFO") => LevelFilter::INFO,
        Some("WARN") => LevelFilter::WARN,
        Some("ERROR" | "OFF") | None => LevelFilter::ERROR,
        Some(_) => LevelFilter::TRACE,
    }
}

struct HclogLine {
    module: &'static str,
}

impl<S, N> FormatEvent<S, N> for HclogLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        _context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let timestamp = OffsetDateTime::now_utc()
            .format(TIMESTAMP)
            .map_err(|_| fmt::Error)?;
        let mut fields = Fields::default();
        event.record(&mut fields);
        writeln!(
            writer,
            "{}",
            line(self.module, *event.metadata().level(), timestamp, fields)
        )
    }
}

fn line(module: &str, level: Level, timestamp: String, fields: Fields) -> Json {
    let mut line = Map::new();
    let level = level.as_str().to_lowercase();
    let message = fields.message;
    for (name, text) in fields.others {
        // The names with an @ are Terraform's own.
        line.insert(name.trim_start_matches('@').to_owned(), Json::String(text));
    }
    line.insert("@level".to_owned(), Json::String(level));
    line.insert("@message".to_owned(), Json::String(message));
    line.insert("@module".to_owned(), Json::String(module.to_owned()));
    line.insert("@timestamp".to_owned(), Json::String(timestamp));
    Json::Object(line)
}

/// Every field of an event, as text.
#[derive(Default)]
struct Fields {
    message: String,
    others: Vec<(&'static str, String)>,
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, text: &str) {
        if field.name() == "message" {
            text.clone_into(&mut self.message);
        } else {
            self.others.push((field.name(), text.to_owned()));
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let mut text = String::new();
        // Writing into a string does not fail.
        let _ = write!(text, "{value:?}");
        self.record_str(field, &text);
    }

    fn record_error(&mut self, field: &Field, error: &(dyn std::error::Error + 'static)) {
        self.record_str(field, &error.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_text() {
        let fields = Fields {
            message: "two\nlines".to_owned(),
            others: vec![("attempt", "3".to_owned()), ("@level", "forged".to_owned())],
        };
        let line = line(
            "azrestorepoint",
            Level::INFO,
            "2026-01-02T03:04:05.000006Z".to_owned(),
            fields,
        );
        assert_eq!(
            line.to_string(),
            r#"{"@level":"info","@message":"two\nlines","@module":"azrestorepoint","@timestamp":"2026-01-02T03:04:05.000006Z","attempt":"3","level":"forged"}"#
        );
    }

    #[test]
    fn timestamps_have_six_fraction_digits() {
        let time = OffsetDateTime::from_unix_timestamp(1).expect("in range");
        assert_eq!(
            time.format(TIMESTAMP).expect("formats"),
            "1970-01-01T00:00:01.000000Z"
        );
    }

    #[test]
    fn the_nearest_variable_decides() {
        #[track_caller]
        fn check(pairs: &[(&str, &str)], expected: LevelFilter) {
            let variable = |name: &str| {
                pairs
                    .iter()
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| (*value).to_owned())
            };
            assert_eq!(level("azrestorepoint", variable), expected);
        }
        check(&[], LevelFilter::ERROR);
        check(&[("TF_LOG", "info")], LevelFilter::INFO);
        check(
            &[("TF_LOG", "TRACE"), ("TF_LOG_PROVIDER", "WARN")],
            LevelFilter::WARN,
        );
        check(
            &[
                ("TF_LOG_PROVIDER", "WARN"),
                ("TF_LOG_PROVIDER_AZRESTOREPOINT", "DEBUG"),
            ],
            LevelFilter::DEBUG,
        );
        check(&[("TF_LOG", "JSON")], LevelFilter::TRACE);
        check(&[("TF_LOG", "OFF")], LevelFilter::ERROR);
    }
}
