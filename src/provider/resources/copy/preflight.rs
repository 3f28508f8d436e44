//! What a plan of a new copy tells of Azure's rules.

use crate::arm::compute::models::{RestorePoint, RestorePointCollection};
use crate::arm::compute::restore_points;
use crate::arm::resource_id::{RestorePointCollectionId, RestorePointId};
use crate::plugin::diagnostics::{Diagnostic, Diagnostics, Severity};
use crate::plugin::value::Path;
use crate::provider::begin::is_copy_of;
use crate::provider::encryption::{self, Encryption};
use crate::provider::glance::points_of;
use crate::provider::preflight::Preflight;

use super::look::Look;
use super::model::{self, Successor};
use super::rules::{self, Rule};
use super::words;

/// What Azure would refuse of this copy, as things are now: an error where that cannot change, and
/// else a warning, once for each collection.
///
/// A copy that is replaced makes room first: it hinders nobody.
pub(super) async fn preflight(
    preflight: &Preflight<'_>,
    successor: &Successor,
    replaced: Option<&RestorePointId>,
) -> Diagnostics {
    let Preflight {
        client,
        patience,
        walk,
        adopts,
    } = preflight;
    let Successor {
        id,
        source,
        encryption: asked,
    } = successor;
    let look = Look {
        client,
        glances: &walk.glances,
        id,
        source,
    };
    let mut found = Found {
        preflight,
        look: &look,
        asked,
        diagnostics: Diagnostics::default(),
    };
    let target = walk.glances.collection(client, id.collection(), patience);
    let target = if walk.is_collection_planned(id.collection()) {
        None
    } else {
        match target.await {
            Ok(target) => Some(without(&target, id.collection(), replaced)),
            Err(error) if error.is_not_found() => {
                found.broken(&Rule::TargetMissing, None);
                None
            }
            Err(error) => {
                found.unseen(&format!("the collection {}", id.collection()), &error);
                None
            }
        }
    };
    if let Some(target) = &target {
        let is_this = |(other, point): &(RestorePointId, &RestorePoint)| {
            other == id && is_copy_of(point, source)
        };
        if let Some((_, point)) = points_of(target, id.collection()).find(is_this) {
            // No rule applies to it any more.
            let differences = asked.differences(&model::computed(id, point));
            found.diagnostics.push(if differences.is_empty() {
                words::is_there_already(id, *adopts)
            } else {
                encryption::is_there_otherwise(id, asked, &differences)
            });
            return found.diagnostics;
        }
        if let Some(rule) = rules::of_collection(target, source.collection()) {
            found.broken(&rule, None);
            return found.diagnostics;
        }
    }
    let point = match restore_points::get(client, source, true, patience).await {
        Ok(point) => point,
        Err(error) if error.is_not_found() => {
            found.broken(&Rule::SourceMissing, Some(&error));
            return found.diagnostics;
        }
        Err(error) => {
            let collection = source.collection();
            found.unseen(&format!("the sources in {collection}"), &error);
            return found.diagnostics;
        }
    };
    found.of_source(&point);
    if let Some(target) = target {
        let time = point.time_created();
        if let Some(rule) = rules::of_points(&target, id, source, time) {
            found.broken(&rule, None);
        } else if let Some(location) = &target.location
            && let Some(copy) = look.elsewhere(location, patience).await
            && Some(&copy) != replaced
        {
            found.broken(&Rule::CopiedElsewhere(copy), None);
        }
    }
    if let Ok(true) = walk.glances.is_private(client, source, patience).await {
        found.warn("private", words::private_link(id, source));
    }
    found.diagnostics
}

/// The collection as it will be without this copy.
fn without(
    collection: &RestorePointCollection,
    id: &RestorePointCollectionId,
    replaced: Option<&RestorePointId>,
) -> RestorePointCollection {
    let mut collection = collection.clone();
    if let Some(points) = &mut collection.properties.restore_points {
        points.retain(|point| {
            let name = point.name.as_deref().unwrap_or_default();
            replaced.is_none() || id.restore_point(name).ok().as_ref() != replaced
        });
    }
    collection
}

/// What has been found so far.
struct Found<'a> {
    preflight: &'a Preflight<'a>,
    look: &'a Look<'a>,
    asked: &'a Encryption,
    diagnostics: Diagnostics,
}

impl Found<'_> {
    fn broken(&mut self, rule: &Rule, cause: Option<&crate::arm::Error>) {
        let diagnostic = words::foreseen(rule, self.look.id, self.look.source, cause);
        if rule.may_change() {
            self.warn(rule.topic(), diagnostic);
        } else {
            self.diagnostics.push(diagnostic);
        }
    }

    /// A warning, once for each collection: thirty copies of one VM have one cause.
    fn warn(&mut self, topic: &'static str, diagnostic: Diagnostic) {
        let collection = self.look.id.collection().path();
        if self.preflight.walk.tell_once(&collection, topic) {
            self.diagnostics.push(diagnostic);
        }
    }

    fn unseen(&mut self, what: &str, error: &crate::arm::Error) {
        self.diagnostics.extend(self.preflight.unseen(what, error));
    }

    fn of_source(&mut self, point: &RestorePoint) {
        let (id, source) = (self.look.id, self.look.source);
        if let Some(rule) = rules::of_source(point) {
            self.broken(&rule, None);
        } else if let Some(state) = restore_points::not_ready(point) {
            self.warn("not ready", words::source_not_ready(id, source, state));
        }
        let machine = &point.properties.source_metadata;
        let security = machine.security_profile.security_type.as_deref();
        if security.is_some_and(|found| found.eq_ignore_ascii_case("ConfidentialVM")) {
            self.warn("confidential", words::confidential_vm(id, source));
        }
        let asked = self.asked;
        if asked.leaves_customer_keys(point) {
            let told = encryption::customer_keys_left(source, &id.to_string());
            self.warn("customer key", told.at(Path::attribute(words::SOURCE)));
        }
        if let Err(problem) = asked.request(point) {
            let told = encryption::unaskable(&problem, Severity::Warning, id, source, asked);
            self.diagnostics.push(told);
        }
    }
}
