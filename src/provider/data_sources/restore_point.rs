//! `azrestorepoint_restore_point`: one restore point, by its ID, by its name, or the newest.

use std::sync::Arc;

use async_trait::async_trait;

use crate::arm::compute::restore_points;
use crate::arm::resource_id::{ParseError, RestorePointCollectionId, RestorePointId};
use crate::arm::{Client, Patience};
use crate::plugin::data_source::{DataSource, ReadDataRequest};
use crate::plugin::diagnostics::{Diagnostic, Diagnostics};
use crate::plugin::resource::Applied;
use crate::plugin::schema::{Attribute, Schema};
use crate::plugin::value::{Type, Value};
use crate::provider::filter::{self, Filter};
use crate::provider::session::Session;
use crate::provider::{timeouts, validators};

use super::points::Point;
use super::selection::{is_absent, is_given};
use super::{point, points, words};

const COLLECTION: &str = "restore_point_collection_id";

/// The data source.
#[derive(Debug)]
pub(crate) struct RestorePoint {
    session: Arc<Session>,
}

impl RestorePoint {
    /// The data source, which asks Azure through this session.
    pub(crate) fn new(session: Arc<Session>) -> Self {
        Self { session }
    }
}

#[async_trait]
impl DataSource for RestorePoint {
    fn schema(&self) -> Schema {
        let mut attributes = point::attributes();
        attributes.retain(|attribute| !["id", "name", COLLECTION].contains(&attribute.name));
        let either = |name, description: &str| {
            Attribute::optional_computed(name, Type::String).description(description)
        };
        let flag = |name, description: &str| {
            Attribute::optional(name, Type::Bool).description(description)
        };
        attributes.extend([
            either(
                "id",
                "The ID of the restore point. Give either this, or `restore_point_collection_id` with `name` or \
                 `most_recent`.",
            ),
            either(COLLECTION, "The ID of the collection that it lies in."),
            either("name", "The name of the restore point."),
            flag(
                "most_recent",
                "Whether to take the newest restore point of the collection that passes the filters and can restore \
                 a VM.",
            ),
            flag(
                "include_unfinished",
                "Whether to take a restore point, too, that cannot restore a VM: one that is still made or copied, \
                 or has failed. Defaults to `false`, which makes it an error to name one.",
            ),
            flag(
                "allow_missing",
                "Whether all attributes are null, instead of an error, when there is no such restore point. Defaults \
                 to `false`.",
            ),
        ]);
        attributes.extend(filter::attributes("With `most_recent`, takes"));
        super::schema(
            attributes,
            "Looks up one restore point with the state of each disk: a copy, or a virtual machine's own. The result \
             of `most_recent` changes with time, so do not copy it with `azrestorepoint_copy`, which would replace \
             the copy: `azrestorepoint_mirror` follows the newest restore point.",
        )
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let problems = [
            validators::restore_point_id(config, "id"),
            validators::collection_id(config, COLLECTION),
            validators::name(config, "name", "restore point"),
            combination(config),
        ];
        let problems = problems.into_iter().flatten();
        let mut diagnostics: Diagnostics = problems.chain(filter::validate(config)).collect();
        diagnostics.append(timeouts::validate(config));
        diagnostics
    }

    async fn read(&self, request: ReadDataRequest) -> Applied {
        let problems = self.validate(&request.config);
        let (client, patience) = match super::begin(&self.session, &request, problems) {
            Ok(parts) => parts,
            Err(failed) => return failed,
        };
        let config = request.config;
        let wanted = match Wanted::of(&config) {
            Ok(wanted) => wanted,
            Err(diagnostic) => return Applied::failed(diagnostic),
        };
        match wanted.find(&client, &patience, &config).await {
            Ok(Some((id, found))) => {
                let mut state = config;
                let value = point::value(&id, &found);
                for (name, value) in value.entries().into_iter().flatten() {
                    state.insert(name, value.clone());
                }
                Applied::saved(state)
            }
            Ok(None) => Applied::saved(config),
            Err(diagnostic) => Applied::failed(diagnostic),
        }
    }
}

/// What is wrong with the arguments together: a restore point is named in one of three ways, and
/// only the newest is chosen by filters.
fn combination(config: &Value) -> Option<Diagnostic> {
    let newest = config.get("most_recent");
    let is_newest = newest.as_bool() == Some(true);
    if is_given(config, "id") {
        let mut others = [COLLECTION, "name"].into_iter();
        let surplus = others.find(|other| is_given(config, other));
        let surplus = surplus.or(is_newest.then_some("most_recent"));
        if let Some(surplus) = surplus {
            return Some(words::surplus(
                surplus,
                "id",
                "names the restore point alone",
            ));
        }
    } else if is_given(config, "name") && is_newest {
        return Some(words::surplus(
            "most_recent",
            "name",
            "names the restore point",
        ));
    } else if is_absent(config, "id") {
        if is_absent(config, COLLECTION) {
            let is_alone = is_absent(config, "name") && !is_newest;
            return Some(words::missing_point(if is_alone {
                "id"
            } else {
                COLLECTION
            }));
        }
        if is_absent(config, "name") && !is_newest && !newest.is_unknown() {
            return Some(words::missing_point("name"));
        }
    }
    if is_newest || newest.is_unknown() {
        return None;
    }
    let mut filters = filter::ARGUMENTS.into_iter();
    let filter = filters.find(|filter| is_given(config, filter))?;
    Some(words::filter_of_nothing(filter))
}

/// Which restore point is looked for.
enum Wanted {
    /// This one, which the argument names.
    Named(RestorePointId, &'static str),
    /// The newest of this collection.
    Newest(RestorePointCollectionId),
}

impl Wanted {
    fn of(config: &Value) -> Result<Self, Diagnostic> {
        let text = |argument| config.get(argument).as_str().unwrap_or_default();
        let invalid =
            |argument: &'static str| move |error: ParseError| words::invalid(argument, &error);
        if is_given(config, "id") {
            let id = RestorePointId::parse_strict(text("id")).map_err(invalid("id"))?;
            return Ok(Self::Named(id, "id"));
        }
        let collection = RestorePointCollectionId::parse_strict(text(COLLECTION));
        let collection = collection.map_err(invalid(COLLECTION))?;
        if !is_given(config, "name") {
            return Ok(Self::Newest(collection));
        }
        let id = collection
            .restore_point(text("name"))
            .map_err(invalid("name"))?;
        Ok(Self::Named(id, "name"))
    }

    /// Looks for it. `None` where there is none and none is needed.
    async fn find(
        &self,
        client: &Client,
        patience: &Patience,
        config: &Value,
    ) -> Result<Option<Point>, Diagnostic> {
        let is_true = |argument| config.get(argument).as_bool() == Some(true);
        let include_unfinished = is_true("include_unfinished");
        let missing = |diagnostic| match is_true("allow_missing") {
            true => Ok(None),
            false => Err(diagnostic),
        };
        match self {
            Self::Named(id, argument) => {
                match restore_points::get(client, id, true, patience).await {
                    Ok(found) if include_unfinished || restore_points::is_usable(&found) => {
                        Ok(Some((id.clone(), found)))
                    }
                    Ok(found) => missing(words::not_usable(id, &found, argument)),
                    Err(error) if error.is_not_found() => {
                        missing(words::no_such_point(id, &error, argument))
                    }
                    Err(error) => Err(words::cannot_read_point(id, &error, argument)),
                }
            }
            Self::Newest(collection) => {
                let filter = Filter::of(config);
                let newest = async {
                    let listed = points::list(client, patience, collection, &filter).await?;
                    let all = listed.all;
                    let newest =
                        points::take_newest(client, patience, listed, include_unfinished).await?;
                    Ok(newest.map_err(|passed_over| (all, passed_over)))
                };
                match newest.await {
                    Ok(Ok(newest)) => Ok(Some(newest)),
                    Ok(Err((all, passed_over))) => {
                        missing(words::no_newest(collection, all, &passed_over))
                    }
                    Err(error) => {
                        let told = words::cannot_read_collection(collection, &error, COLLECTION);
                        match error.is_not_found() {
                            true => missing(told),
                            false => Err(told),
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::golden::target;

    const ANY: &str = "";

    /// What is wrong with these arguments, by the attribute at fault. `?` is not known yet.
    #[track_caller]
    fn check(arguments: &[(&'static str, &str)], expected: &[&str]) {
        let arguments = arguments.iter().map(|(argument, text)| {
            let value = match (*argument, *text) {
                (_, "?") => Value::Unknown,
                ("most_recent", text) => Value::Bool(text == "true"),
                ("id", ANY) => target().to_string().into(),
                (COLLECTION, ANY) => target().collection().to_string().into(),
                (_, text) => text.into(),
            };
            (*argument, value)
        });
        let config = Value::object(arguments);
        let found = RestorePoint::new(Arc::default()).validate(&config);
        let found: Vec<String> = found
            .iter()
            .map(|told| told.attribute.as_ref().expect("an attribute").to_string())
            .collect();
        assert_eq!(found, expected, "{config:?}");
    }

    #[test]
    fn a_restore_point_is_named_in_one_of_three_ways() {
        check(&[("id", ANY)], &[]);
        check(&[("id", ANY), ("most_recent", "false")], &[]);
        check(&[(COLLECTION, ANY), ("name", "monday")], &[]);
        check(&[(COLLECTION, ANY), ("most_recent", "true")], &[]);
        check(&[], &["id"]);
        check(&[("name", "monday")], &[COLLECTION]);
        check(&[("most_recent", "true")], &[COLLECTION]);
        check(&[(COLLECTION, ANY)], &["name"]);
        check(&[(COLLECTION, ANY), ("most_recent", "false")], &["name"]);
        check(&[("id", ANY), (COLLECTION, ANY)], &[COLLECTION]);
        check(&[("id", ANY), ("name", "monday")], &["name"]);
        check(&[("id", ANY), ("most_recent", "true")], &["most_recent"]);
        let both = [
            (COLLECTION, ANY),
            ("name", "monday"),
            ("most_recent", "true"),
        ];
        check(&both, &["most_recent"]);
    }

    #[test]
    fn what_is_not_known_may_still_be_right() {
        check(&[("id", "?")], &[]);
        check(&[("id", "?"), ("name", "monday")], &[]);
        check(&[(COLLECTION, "?"), ("most_recent", "true")], &[]);
        check(&[(COLLECTION, ANY), ("name", "?")], &[]);
        check(&[(COLLECTION, ANY), ("most_recent", "?")], &[]);
        check(
            &[(COLLECTION, ANY), ("most_recent", "?"), ("name_regex", "a")],
            &[],
        );
        check(
            &[("name", "?"), ("most_recent", "true"), (COLLECTION, ANY)],
            &[],
        );
    }

    #[test]
    fn filters_choose_the_newest_and_nothing_else() {
        check(&[("id", ANY), ("name_regex", "a")], &["name_regex"]);
        let named = [(COLLECTION, ANY), ("name", "monday")];
        check(
            &[
                named[0],
                named[1],
                ("created_after", "2026-11-16T01:00:00Z"),
            ],
            &["created_after"],
        );
        let newest = [(COLLECTION, ANY), ("most_recent", "true")];
        check(&[newest[0], newest[1], ("name_regex", "a")], &[]);
        check(
            &[newest[0], newest[1], ("name_regex", "(")],
            &["name_regex"],
        );
        check(
            &[newest[0], newest[1], ("created_after", "monday")],
            &["created_after"],
        );
    }

    #[test]
    fn what_is_malformed_is_told_on_its_argument() {
        check(&[("id", "monday")], &["id"]);
        check(&[(COLLECTION, "web"), ("name", "monday")], &[COLLECTION]);
        check(&[(COLLECTION, ANY), ("name", "a/b")], &["name"]);
    }
}
