//! What the signed-in identity may do.

use crate::route::is_within;

/// Actions that the identity may take, and where. Like a role assignment of Azure's, without
/// the `notActions` that a role may have.
///
/// ```
/// use azure_simulator::Role;
///
/// // May look at everything, and may copy into one group only, without deleting anything.
/// let roles = [
///     Role::of(["*/read"]),
///     Role::of(["Microsoft.Compute/restorePointCollections/*/write"])
///         .at("/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-dr"),
/// ];
/// ```
#[derive(Clone, Debug)]
pub struct Role {
    actions: Vec<String>,
    scope: Option<String>,
}

impl Role {
    /// These actions anywhere. `*` in one stands for any text, slashes included, and letter case
    /// does not count.
    #[must_use]
    pub fn of<'a>(actions: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            actions: actions.into_iter().map(str::to_owned).collect(),
            scope: None,
        }
    }

    /// Only for the resource with this id, and for everything below it.
    #[must_use]
    pub fn at(mut self, scope: &str) -> Self {
        self.scope = Some(scope.to_owned());
        self
    }

    pub(crate) fn allows(&self, action: &str, path: &str) -> bool {
        self.scope
            .as_ref()
            .is_none_or(|scope| is_within(path, scope))
            && self
                .actions
                .iter()
                .any(|pattern| covers(&pattern.to_ascii_lowercase(), &action.to_ascii_lowercase()))
    }
}

fn covers(pattern: &str, action: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == action,
        Some((start, rest)) => action.strip_prefix(start).is_some_and(|tail| {
            tail.char_indices()
                .map(|(index, _)| index)
                .chain([tail.len()])
                .any(|index| covers(rest, &tail[index..]))
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        let write = "Microsoft.Compute/restorePointCollections/restorePoints/write";
        for (pattern, expected) in [
            ("*", true),
            ("*/write", true),
            ("Microsoft.Compute/*", true),
            ("microsoft.compute/restorepointcollections/*/WRITE", true),
            (write, true),
            ("*/read", false),
            ("Microsoft.Compute/restorePointCollections/write", false),
            ("Microsoft.Compute/restorePointCollections", false),
            ("", false),
        ] {
            assert_eq!(
                Role::of([pattern]).allows(write, "/"),
                expected,
                "{pattern}"
            );
        }
    }

    #[test]
    fn a_scope_holds_everything_below_it() {
        let role = Role::of(["*"]).at("/subscriptions/s/resourceGroups/rg-dr");
        for (path, expected) in [
            ("/subscriptions/s/resourcegroups/RG-DR", true),
            ("/subscriptions/s/resourceGroups/rg-dr/providers/x", true),
            ("/subscriptions/s/resourceGroups/rg-dr2", false),
            ("/subscriptions/s", false),
        ] {
            assert_eq!(role.allows("x/read", path), expected, "{path}");
        }
    }
}
