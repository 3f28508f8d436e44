//! Which side of a copy is meant.

use crate::arm::resource_id::{RestorePointCollectionId, RestorePointId};

/// Both sides of a copy. They lie in two places, with roles and locks of their own.
#[derive(Clone, Copy, Debug)]
pub struct Sides<'a> {
    /// What is copied.
    pub source: &'a RestorePointId,
    /// What it becomes.
    pub target: &'a RestorePointId,
}

/// One side of a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Source,
    Target,
}

impl Sides<'_> {
    /// The side that a scope belongs to; `None` if it belongs to both or to neither.
    pub(super) fn of(self, scope: &str) -> Option<Side> {
        match (
            belongs(scope, self.source.collection()),
            belongs(scope, self.target.collection()),
        ) {
            (true, false) => Some(Side::Source),
            (false, true) => Some(Side::Target),
            _ => None,
        }
    }
}

/// Whether a scope lies inside of a collection, or the collection inside of it.
fn belongs(scope: &str, collection: &RestorePointCollectionId) -> bool {
    let parts = |id: &str| -> Vec<String> {
        let id = id.trim_matches('/').to_ascii_lowercase();
        id.split('/').map(str::to_owned).collect()
    };
    let (scope, collection) = (parts(scope), parts(&collection.path()));
    scope
        .iter()
        .zip(&collection)
        .all(|(scope, collection)| scope == collection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_belongs_to_the_side_on_whose_path_it_lies() {
        let id = |group: &str, collection: &str| {
            format!(
                "/subscriptions/s/resourceGroups/{group}/providers/Microsoft.Compute/restorePointCollections/{collection}/restorePoints/p"
            )
        };
        let source = RestorePointId::parse(&id("rg-web", "web")).unwrap();
        let target = RestorePointId::parse(&id("rg-dr", "web-dr")).unwrap();
        let sides = Sides {
            source: &source,
            target: &target,
        };
        assert_eq!(sides.of(&source.path()), Some(Side::Source));
        assert_eq!(
            sides.of("/subscriptions/s/resourceGroups/RG-WEB"),
            Some(Side::Source)
        );
        assert_eq!(sides.of(&target.path()), Some(Side::Target));
        assert_eq!(sides.of(&target.collection().path()), Some(Side::Target));
        assert_eq!(sides.of("/subscriptions/s"), None);
        assert_eq!(sides.of("/subscriptions/s/resourceGroups/rg-we"), None);
        assert_eq!(sides.of("/subscriptions/t"), None);
    }
}
