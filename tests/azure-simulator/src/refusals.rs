//! How copies are refused, which nobody has published.

use crate::arm::budget;
use crate::exchange::Answer;

/// Status and code of a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// The `code` in ARM's error.
    pub code: String,
}

impl Refusal {
    /// Such as 409 and `OperationNotAllowed`.
    #[must_use]
    pub fn new(status: u16, code: &str) -> Self {
        Self {
            status,
            code: code.to_owned(),
        }
    }

    /// The answer, with a text for people.
    pub(crate) fn says(&self, message: &str) -> Answer {
        Answer::error(self.status, &self.code, message, budget::PUT_RESTORE_POINT)
    }
}

/// Status and code of every refusal of a copy for a rule's sake.
///
/// Assumed: all of it. Azure documents the rules in prose; a client must get along whatever the
/// refusals look like. Their texts stay the same, and are assumed as well.
///
/// ```
/// use azure_simulator::{Refusal, Refusals};
///
/// let refusals = Refusals {
///     order: Refusal::new(400, "InvalidParameter"),
///     ..Refusals::all(409, "Conflict")
/// };
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusals {
    /// A newer source is copied already; see [`crate::Rules::order`].
    pub order: Refusal,
    /// Another copy replicates; see [`crate::Rules::one_at_a_time`].
    pub one_at_a_time: Refusal,
    /// The region has a copy of the source; see [`crate::Rules::once_per_region`].
    pub once_per_region: Refusal,
    /// Source and target are in one region, of a copy or of a collection.
    pub same_region: Refusal,
    /// The source is a copy itself.
    pub copy_of_copy: Refusal,
    /// The source is not finished, or its snapshots are not.
    pub not_ready: Refusal,
    /// The source is of a confidential VM; see [`crate::Rules::unsupported_sources`].
    pub confidential: Refusal,
    /// A disk of the source has private access only; see [`crate::Rules::unsupported_sources`].
    pub private_access: Refusal,
    /// A disk encryption set lies in another region than the copy; see
    /// [`crate::Simulator::seed_disk_encryption_set`].
    pub encryption_set: Refusal,
    /// The name is taken by a restore point that was asked for with another body. The code is
    /// quoted from the service, the status is not.
    pub taken: Refusal,
}

impl Refusals {
    /// The same for all of them.
    #[must_use]
    pub fn all(status: u16, code: &str) -> Self {
        let same = || Refusal::new(status, code);
        Self {
            order: same(),
            one_at_a_time: same(),
            once_per_region: same(),
            same_region: same(),
            copy_of_copy: same(),
            not_ready: same(),
            confidential: same(),
            private_access: same(),
            encryption_set: same(),
            taken: same(),
        }
    }
}

impl Default for Refusals {
    fn default() -> Self {
        let never = || Refusal::new(400, "InvalidParameter");
        Self {
            same_region: never(),
            copy_of_copy: never(),
            confidential: never(),
            private_access: never(),
            encryption_set: never(),
            ..Self::all(409, "OperationNotAllowed")
        }
    }
}
