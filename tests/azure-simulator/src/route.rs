//! The paths of Azure Resource Manager that the simulator knows, and the ids in them.

use percent_encoding::percent_decode_str;

/// A restore point collection. Names keep the case they were written in and are compared
/// without it.
#[derive(Clone, Debug)]
pub(crate) struct CollectionId {
    pub(crate) subscription: String,
    pub(crate) group: String,
    pub(crate) name: String,
}

/// A restore point in a collection.
#[derive(Clone, Debug)]
pub(crate) struct RestorePointId {
    pub(crate) collection: CollectionId,
    pub(crate) name: String,
}

/// A disk restore point in a restore point.
#[derive(Clone, Debug)]
pub(crate) struct DiskRestorePointId {
    pub(crate) restore_point: RestorePointId,
    pub(crate) name: String,
}

/// A long-running operation.
#[derive(Clone, Debug)]
pub(crate) struct OperationId {
    pub(crate) location: String,
    /// `operations`, or `DiskOperations` for those of the disk resource provider.
    pub(crate) segment: &'static str,
    pub(crate) name: String,
}

/// What a path means. All of them lie in the subscription of the [`Route`].
#[derive(Clone, Debug)]
pub(crate) enum Resource {
    Group(String),
    AllCollections,
    Collections { group: String },
    Collection(CollectionId),
    RestorePoint(RestorePointId),
    DiskRestorePoints(RestorePointId),
    DiskRestorePoint(RestorePointId, String),
    BeginGetAccess(DiskRestorePointId),
    EndGetAccess(DiskRestorePointId),
    Operation(OperationId),
}

/// A path, taken apart.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) subscription: String,
    pub(crate) resource: Resource,
}

impl Route {
    /// Takes a path or a resource id apart; `None` for one that the simulator does not know.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let decoded: Vec<String> = path
            .strip_prefix('/')?
            .split('/')
            .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
            .collect();
        let segments: Vec<&str> = decoded.iter().map(String::as_str).collect();
        let segments = lowering_keywords(&segments);
        let ["subscriptions", subscription, rest @ ..] = segments.as_slice() else {
            return None;
        };
        if segments.iter().any(|segment| segment.is_empty()) {
            return None;
        }
        Some(Self {
            subscription: (*subscription).to_owned(),
            resource: resource(subscription, rest)?,
        })
    }
}

fn resource(subscription: &str, segments: &[&str]) -> Option<Resource> {
    let collection_id = |group: &str, name: &str| CollectionId {
        subscription: subscription.to_owned(),
        group: group.to_owned(),
        name: name.to_owned(),
    };
    let point_id = |group: &str, collection: &str, name: &str| RestorePointId {
        collection: collection_id(group, collection),
        name: name.to_owned(),
    };
    let (group, rest) = match segments {
        ["resourcegroups", group] => return Some(Resource::Group((*group).to_owned())),
        [
            "resourcegroups",
            group,
            "providers",
            "microsoft.compute",
            rest @ ..,
        ] => (*group, rest),
        ["providers", "microsoft.compute", "restorepointcollections"] => {
            return Some(Resource::AllCollections);
        }
        [
            "providers",
            "microsoft.compute",
            "locations",
            location,
            kind @ ("operations" | "diskoperations"),
            name,
        ] => {
            return Some(Resource::Operation(OperationId {
                location: (*location).to_owned(),
                segment: match *kind {
                    "operations" => "operations",
                    _ => "DiskOperations",
                },
                name: (*name).to_owned(),
            }));
        }
        _ => return None,
    };
    match rest {
        ["restorepointcollections"] => Some(Resource::Collections {
            group: group.to_owned(),
        }),
        ["restorepointcollections", name] => Some(Resource::Collection(collection_id(group, name))),
        ["restorepointcollections", collection, "restorepoints", name] => {
            Some(Resource::RestorePoint(point_id(group, collection, name)))
        }
        [
            "restorepointcollections",
            collection,
            "restorepoints",
            name,
            "diskrestorepoints",
        ] => Some(Resource::DiskRestorePoints(point_id(
            group, collection, name,
        ))),
        [
            "restorepointcollections",
            collection,
            "restorepoints",
            name,
            "diskrestorepoints",
            disk,
        ] => Some(Resource::DiskRestorePoint(
            point_id(group, collection, name),
            (*disk).to_owned(),
        )),
        [
            "restorepointcollections",
            collection,
            "restorepoints",
            name,
            "diskrestorepoints",
            disk,
            action,
        ] => {
            let id = DiskRestorePointId {
                restore_point: point_id(group, collection, name),
                name: (*disk).to_owned(),
            };
            match *action {
                "begingetaccess" => Some(Resource::BeginGetAccess(id)),
                "endgetaccess" => Some(Resource::EndGetAccess(id)),
                _ => None,
            }
        }
        _ => None,
    }
}

/// ARM reads its own words in any case. Replaces them by lower case where they stand, and
/// leaves the names between them as they are.
fn lowering_keywords<'a>(segments: &[&'a str]) -> Vec<&'a str> {
    const KEYWORDS: [&str; 12] = [
        "subscriptions",
        "resourcegroups",
        "providers",
        "microsoft.compute",
        "locations",
        "operations",
        "diskoperations",
        "restorepointcollections",
        "restorepoints",
        "diskrestorepoints",
        "begingetaccess",
        "endgetaccess",
    ];
    // Words and names alternate, but for the namespace, which follows `providers`.
    let mut expects_word = true;
    let mut after_providers = false;
    segments
        .iter()
        .map(|segment| {
            let is_word = expects_word || after_providers;
            let word = KEYWORDS
                .into_iter()
                .find(|keyword| is_word && segment.eq_ignore_ascii_case(keyword));
            (expects_word, after_providers) = match word {
                Some("providers") => (false, true),
                Some("microsoft.compute") if after_providers => (true, false),
                _ => (!expects_word, false),
            };
            word.unwrap_or(segment)
        })
        .collect()
}

/// Whether a path is that of the scope or of something below it.
pub(crate) fn is_within(path: &str, scope: &str) -> bool {
    let (path, scope) = (path.to_ascii_lowercase(), scope.to_ascii_lowercase());
    path.strip_prefix(scope.trim_end_matches('/'))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl CollectionId {
    pub(crate) fn is(&self, other: &Self) -> bool {
        let parts =
            |id: &Self| [&id.subscription, &id.group, &id.name].map(|part| part.to_lowercase());
        parts(self) == parts(other)
    }

    /// The resource id, in the spelling that Compute answers.
    pub(crate) fn path(&self) -> String {
        format!(
            "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Compute/restorePointCollections/{}",
            self.subscription, self.group, self.name
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arm_words_are_read_in_any_case_and_names_keep_theirs() {
        let route = Route::parse("/SUBSCRIPTIONS/s/resourcegroups/RG-Dr/PROVIDERS/microsoft.compute/RestorePointCollections/Web/restorepoints/Nightly").unwrap();
        let Resource::RestorePoint(id) = route.resource else {
            panic!("{route:?}");
        };
        assert_eq!(
            id.collection.path(),
            "/subscriptions/s/resourceGroups/RG-Dr/providers/Microsoft.Compute/restorePointCollections/Web"
        );
        assert_eq!(id.name, "Nightly");
    }

    #[test]
    fn names_may_be_words() {
        let route = Route::parse("/subscriptions/s/resourceGroups/Providers/providers/Microsoft.Compute/restorePointCollections/RestorePoints").unwrap();
        let Resource::Collection(id) = route.resource else {
            panic!("{route:?}");
        };
        assert_eq!((&*id.group, &*id.name), ("Providers", "RestorePoints"));
    }

    #[test]
    fn other_paths_are_unknown() {
        for path in [
            "",
            "/",
            "/subscriptions/s",
            "/subscriptions/s/resourceGroups/",
            "/subscriptions/s//resourceGroups/g",
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/n",
            "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/restorePointCollections/c/restorePoints",
        ] {
            assert!(Route::parse(path).is_none(), "{path}");
        }
    }
}
