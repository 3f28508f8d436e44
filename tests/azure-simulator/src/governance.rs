//! What an organisation forbids, whatever a role allows.

/// How much a lock on a resource prevents, for it and for everything below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// It cannot be deleted.
    CanNotDelete,
    /// It can neither be deleted nor changed, and nothing can be created in it.
    ReadOnly,
}

/// A policy that denies collections or restore points below a scope.
///
/// ```
/// use azure_simulator::Policy;
///
/// let policy = Policy::new("Allowed locations", "/subscriptions/00000000-0000-0000-0000-000000000001")
///     .assigned_as("EU only")
///     .on("Microsoft.Compute/restorePointCollections");
/// ```
#[derive(Clone, Debug)]
pub struct Policy {
    pub(crate) definition: String,
    pub(crate) assignment: String,
    pub(crate) scope: String,
    resource_type: Option<String>,
}

impl Policy {
    /// A policy with this display name, assigned to the scope under the same name. It denies
    /// every PUT and PATCH there.
    #[must_use]
    pub fn new(definition: &str, scope: &str) -> Self {
        Self {
            definition: definition.to_owned(),
            assignment: definition.to_owned(),
            scope: scope.trim_end_matches('/').to_owned(),
            resource_type: None,
        }
    }

    /// Gives the assignment a display name of its own.
    #[must_use]
    pub fn assigned_as(mut self, assignment: &str) -> Self {
        assignment.clone_into(&mut self.assignment);
        self
    }

    /// Denies resources of this type only.
    #[must_use]
    pub fn on(mut self, resource_type: &str) -> Self {
        self.resource_type = Some(resource_type.to_owned());
        self
    }

    pub(crate) fn denies(&self, resource_type: &str) -> bool {
        let denied = self.resource_type.as_ref();
        denied.is_none_or(|denied| denied.eq_ignore_ascii_case(resource_type))
    }

    pub(crate) fn assignment_id(&self) -> String {
        let name = slug(&self.assignment);
        format!(
            "{}/providers/Microsoft.Authorization/policyAssignments/{name}",
            self.scope
        )
    }

    pub(crate) fn definition_id(&self) -> String {
        let name = slug(&self.definition);
        format!("/providers/Microsoft.Authorization/policyDefinitions/{name}")
    }
}

/// The name that belongs to a display name.
fn slug(display_name: &str) -> String {
    display_name.to_ascii_lowercase().replace(' ', "-")
}
