//! Azure's rules of a copy, as far as they can be seen before it is asked. Pure.
//!
//! Azure refuses a copy that breaks one of them, in words that it has not published. So they are
//! checked here, and told in ours: before the copy is begun, in plans, and after a refusal.

use time::OffsetDateTime;

use crate::arm::compute::models::{RestorePoint, RestorePointCollection};
use crate::arm::location;
use crate::arm::resource_id::{RestorePointCollectionId, RestorePointId};
use crate::provider::glance::points_of;

/// A rule that a copy breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::provider::resources) enum Rule {
    /// The source does not exist, or is not shown.
    SourceMissing,
    /// The source is a copy of this one.
    SourceIsACopy(String),
    /// The source was not made well.
    SourceFailed,
    /// The target collection does not exist, or is not shown.
    TargetMissing,
    /// The target collection takes no copies; this is its source.
    NotATarget(String),
    /// The target collection takes copies of this other collection.
    AnotherSource(String),
    /// Source and target lie in this region.
    SameRegion(String),
    /// The same source is there under this name.
    CopiedAlready(String),
    /// The same source is copied to this place in the same region.
    CopiedElsewhere(RestorePointId),
    /// A newer source is there under this name.
    NewerCopied(String),
}

impl Rule {
    /// A word for the rule, whatever it found: of each, a plan warns once.
    pub(super) fn topic(&self) -> &'static str {
        match self {
            Self::SourceMissing => "source missing",
            Self::SourceIsACopy(_) => "source is a copy",
            Self::SourceFailed => "source failed",
            Self::TargetMissing => "target missing",
            Self::NotATarget(_) => "not a target",
            Self::AnotherSource(_) => "another source",
            Self::SameRegion(_) => "same region",
            Self::CopiedAlready(_) => "copied already",
            Self::CopiedElsewhere(_) => "copied elsewhere",
            Self::NewerCopied(_) => "newer copied",
        }
    }

    /// Whether the rule may hold again before an apply, without a change of the arguments.
    pub(super) fn may_change(&self) -> bool {
        match self {
            Self::SourceIsACopy(_)
            | Self::NotATarget(_)
            | Self::AnotherSource(_)
            | Self::SameRegion(_) => false,
            Self::SourceMissing
            | Self::SourceFailed
            | Self::TargetMissing
            | Self::CopiedAlready(_)
            | Self::CopiedElsewhere(_)
            | Self::NewerCopied(_) => true,
        }
    }
}

/// What the source alone tells.
pub(super) fn of_source(found: &RestorePoint) -> Option<Rule> {
    if let Some(origin) = found.source_restore_point_id() {
        return Some(Rule::SourceIsACopy(origin.to_owned()));
    }
    found
        .is_provisioning_state("Failed")
        .then_some(Rule::SourceFailed)
}

/// Where the target collection lies, and what it takes.
pub(in crate::provider::resources) fn of_collection(
    collection: &RestorePointCollection,
    source: &RestorePointCollectionId,
) -> Option<Rule> {
    let taken_from = &collection.properties.source;
    let found = taken_from.id.as_deref().unwrap_or("nothing");
    let Ok(expected) = RestorePointCollectionId::parse(found) else {
        return Some(Rule::NotATarget(found.to_owned()));
    };
    if expected != *source {
        return Some(Rule::AnotherSource(expected.to_string()));
    }
    let (target, source) = (
        collection.location.as_deref()?,
        taken_from.location.as_deref()?,
    );
    location::same(target, source).then(|| Rule::SameRegion(target.to_owned()))
}

/// The copies in the target collection: the same source, or a newer one, rules this one out.
/// Failed copies count: whether Azure counts them is not known, and a refusal costs nothing less.
pub(super) fn of_points(
    collection: &RestorePointCollection,
    id: &RestorePointId,
    source: &RestorePointId,
    source_time: Option<OffsetDateTime>,
) -> Option<Rule> {
    let others = points_of(collection, id.collection()).filter(|(other, _)| other != id);
    let mut newer = None;
    for (other, point) in others {
        let name = other.name().to_owned();
        if point.copied_from().as_ref() == Some(source) {
            return Some(Rule::CopiedAlready(name));
        }
        let time = point.time_created();
        if time > source_time && source_time.is_some() {
            newer = newer.max(Some((time, name)));
        }
    }
    newer.map(|(_, name)| Rule::NewerCopied(name))
}

/// Collections, other than the target, that take copies of the same source in the same region.
pub(super) fn rivals(
    collections: &[RestorePointCollection],
    id: &RestorePointId,
    source: &RestorePointId,
    target_location: &str,
) -> Vec<RestorePointCollectionId> {
    let is_rival = |collection: &&RestorePointCollection| {
        let taken_from = collection.properties.source.id.as_deref();
        let same_source = taken_from
            .and_then(|id| RestorePointCollectionId::parse(id).ok())
            .is_some_and(|found| found == *source.collection());
        let location = collection.location.as_deref().unwrap_or_default();
        same_source && location::same(location, target_location)
    };
    let ids = collections.iter().filter(is_rival);
    ids.filter_map(|found| RestorePointCollectionId::parse(found.id.as_deref()?).ok())
        .filter(|found| found != id.collection())
        .collect()
}

/// The copy of a source in a collection.
pub(super) fn copy_in(
    collection: &RestorePointCollection,
    id: &RestorePointCollectionId,
    source: &RestorePointId,
) -> Option<RestorePointId> {
    points_of(collection, id)
        .find(|(_, point)| point.copied_from().as_ref() == Some(source))
        .map(|(copy, _)| copy)
}

/// The sources that nobody can copy any more once a newer one is: those between the newest one
/// that is copied and the one that is about to be. Oldest first.
pub(super) fn left_behind(
    sources: &RestorePointCollection,
    target: &RestorePointCollection,
    id: &RestorePointId,
    source: &RestorePointId,
    source_time: OffsetDateTime,
) -> Vec<String> {
    let copies = || points_of(target, id.collection()).filter(|(copy, _)| copy != id);
    let newest_copied = copies().filter_map(|(_, point)| point.time_created()).max();
    let mut left: Vec<_> = points_of(sources, source.collection())
        .filter(|(_, point)| of_source(point).is_none())
        .filter_map(|(other, point)| Some((point.time_created()?, other)))
        .filter(|(time, other)| *time < source_time && other != source)
        .filter(|(time, _)| newest_copied.is_none_or(|copied| *time > copied))
        .collect();
    left.sort_by_key(|(time, _)| *time);
    let name = |(_, other): (_, RestorePointId)| other.name().to_owned();
    left.into_iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::arm::compute::models::instant;

    const COLLECTION: &str =
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/restorePointCollections";

    fn id(collection: &str, name: &str) -> RestorePointId {
        RestorePointId::parse(&format!("{COLLECTION}/{collection}/restorePoints/{name}"))
            .expect("an id")
    }

    fn collection(value: Json) -> RestorePointCollection {
        serde_json::from_value(value).expect("a collection")
    }

    /// A collection with these points: name, source if it is a copy, day of the month.
    fn with_points(points: &[(&str, Option<&str>, u8)]) -> RestorePointCollection {
        let points: Vec<_> = points
            .iter()
            .map(|(name, source, day)| {
                let time = format!("2026-11-{day:02}T01:00:00Z");
                let mut properties = json!({"timeCreated": time});
                if let Some(source) = source {
                    properties["sourceRestorePoint"] =
                        json!({"id": id("web", source).to_string().to_uppercase().replace("/SUBSCRIPTIONS", "/subscriptions")});
                }
                json!({"name": name, "properties": properties})
            })
            .collect();
        collection(json!({"properties": {"restorePoints": points}}))
    }

    #[test]
    fn a_collection_that_cannot_take_the_copy_is_told_with_the_reason() {
        #[track_caller]
        fn check(source: &str, location: &str, expected: Option<Rule>) {
            let collection = collection(json!({
                "location": location,
                "properties": {"source": {"id": source, "location": "eastus"}}
            }));
            assert_eq!(
                of_collection(&collection, id("web", "a").collection()),
                expected
            );
        }
        let web = format!("{COLLECTION}/web");
        check(&web, "westus2", None);
        let shouted = web
            .to_uppercase()
            .replace("/SUBSCRIPTIONS", "/subscriptions");
        check(&shouted, "West US 2", None);
        check(
            &web,
            "East US",
            Some(Rule::SameRegion("East US".to_owned())),
        );
        let db = format!("{COLLECTION}/db");
        check(&db, "westus2", Some(Rule::AnotherSource(db.clone())));
        let machine =
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/v";
        check(
            machine,
            "westus2",
            Some(Rule::NotATarget(machine.to_owned())),
        );
    }

    #[test]
    fn only_the_same_source_or_a_newer_one_is_in_the_way() {
        #[track_caller]
        fn check(points: &[(&str, Option<&str>, u8)], expected: Option<Rule>) {
            let found = of_points(
                &with_points(points),
                &id("dr", "tuesday"),
                &id("web", "tuesday"),
                instant("2026-11-17T01:00:00Z"),
            );
            assert_eq!(found, expected);
        }
        check(&[("a", Some("monday"), 16)], None);
        check(&[("TUESDAY", Some("tuesday"), 17)], None);
        check(
            &[("b", Some("wednesday"), 18), ("a", Some("tuesday"), 17)],
            Some(Rule::CopiedAlready("a".to_owned())),
        );
        // The newest one of several is told.
        check(
            &[("c", Some("thursday"), 19), ("b", Some("wednesday"), 18)],
            Some(Rule::NewerCopied("c".to_owned())),
        );
    }

    #[test]
    fn a_source_that_is_a_copy_or_has_failed_is_told() {
        #[track_caller]
        fn check(properties: Json, expected: Option<Rule>) {
            let point = serde_json::from_value(json!({"properties": properties}));
            assert_eq!(of_source(&point.expect("a point")), expected);
        }
        check(json!({"provisioningState": "Succeeded"}), None);
        check(json!({"provisioningState": "Creating"}), None);
        check(
            json!({"provisioningState": "failed"}),
            Some(Rule::SourceFailed),
        );
        check(
            json!({"sourceRestorePoint": {"id": "/o"}}),
            Some(Rule::SourceIsACopy("/o".to_owned())),
        );
    }

    #[test]
    fn rivals_take_the_same_source_in_the_same_region() {
        let web = format!("{COLLECTION}/web");
        let all = [
            ("dr", &web, "westus2"),
            ("RIVAL", &web, "West US 2"),
            ("far", &web, "northeurope"),
            ("db-dr", &format!("{COLLECTION}/db"), "westus2"),
        ]
        .map(|(name, source, location)| {
            collection(json!({
                "id": format!("{COLLECTION}/{name}"), "location": location,
                "properties": {"source": {"id": source}}
            }))
        });
        let found = rivals(&all, &id("dr", "a"), &id("web", "a"), "westus2");
        let names: Vec<_> = found.iter().map(RestorePointCollectionId::name).collect();
        assert_eq!(names, ["RIVAL"]);
        let rival = with_points(&[("x", Some("monday"), 16), ("y", Some("tuesday"), 17)]);
        assert_eq!(
            copy_in(&rival, &found[0], &id("web", "tuesday")).map(|id| id.name().to_owned()),
            Some("y".to_owned())
        );
    }

    #[test]
    fn sources_between_the_newest_copied_and_the_next_are_left_behind() {
        #[track_caller]
        fn check(copied: &[(&str, Option<&str>, u8)], expected: &[&str]) {
            let sources = with_points(&[
                ("thursday", None, 19),
                ("monday", None, 16),
                ("tuesday", None, 17),
                ("wednesday", None, 18),
                ("friday", None, 20),
            ]);
            let time = instant("2026-11-19T01:00:00Z").expect("a time");
            let source = id("web", "thursday");
            let left = left_behind(
                &sources,
                &with_points(copied),
                &id("dr", "thursday"),
                &source,
                time,
            );
            assert_eq!(left, expected);
        }
        check(&[], &["monday", "tuesday", "wednesday"]);
        check(&[("a", Some("tuesday"), 17)], &["wednesday"]);
        check(&[("a", Some("wednesday"), 18)], &[]);
    }

    #[test]
    fn only_what_cannot_change_is_an_error_in_a_plan() {
        let text = || String::new();
        for (rule, expected) in [
            (Rule::SourceMissing, true),
            (Rule::SourceIsACopy(text()), false),
            (Rule::SourceFailed, true),
            (Rule::TargetMissing, true),
            (Rule::NotATarget(text()), false),
            (Rule::AnotherSource(text()), false),
            (Rule::SameRegion(text()), false),
            (Rule::CopiedAlready(text()), true),
            (Rule::CopiedElsewhere(id("dr", "a")), true),
            (Rule::NewerCopied(text()), true),
        ] {
            assert_eq!(rule.may_change(), expected, "{rule:?}");
        }
    }
}
