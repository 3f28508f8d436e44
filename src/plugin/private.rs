//! What a plan says to its apply, in the bytes that Terraform carries between them unseen.
//!
//! The delete half of a replacement looks to us like any destroy. The one thing that
//! tells them apart is the private data of the plan, which Terraform hands to the delete:
//! it is that of a destroy plan, or that of the plan of the object that comes instead.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// What kind of change a plan was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Create,
    Update,
    Destroy,
}

/// What a plan leaves for its apply.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Planned {
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<Kind>,
    /// Whether the plan was given private data: it had an object or a plan before it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    after_another: bool,
    /// What the resource says about the object that it plans.
    #[serde(skip_serializing_if = "Json::is_null")]
    object: Json,
    /// What the resource remembers about the object as it saw it last.
    #[serde(skip_serializing_if = "Json::is_null")]
    memory: Json,
}

/// Why an object is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeleteReason {
    /// Somebody wants it gone.
    Destroy,
    /// Another one takes its place, because an argument has changed or somebody asked for it.
    Replacement,
    /// Another one takes its place, because a create ended in an error or somebody has
    /// tainted it. Nobody may want this object gone.
    TaintReplacement,
}

/// The private data of a plan, with what the resource says about the object that it plans.
pub(super) fn of_plan(
    is_create: bool,
    is_destroy: bool,
    is_after_another: bool,
    object: Json,
) -> Vec<u8> {
    let plan = match (is_create, is_destroy) {
        (_, true) => Kind::Destroy,
        (true, false) => Kind::Create,
        (false, false) => Kind::Update,
    };
    encode(&Planned {
        plan: Some(plan),
        after_another: is_after_another,
        object,
        memory: Json::Null,
    })
}

/// The private data of an object, in its state, with what the resource remembers about it.
/// Never empty, so that a plan after it shows.
pub(super) fn of_state(memory: Json) -> Vec<u8> {
    encode(&Planned {
        memory,
        ..Planned::default()
    })
}

/// What the resource remembers about an object; null where it remembers nothing.
pub(super) fn memory(private: &[u8]) -> Json {
    let planned: Planned = serde_json::from_slice(private).unwrap_or_default();
    planned.memory
}

/// Why an object is deleted, by the private data that its delete is given.
///
/// When a changed argument or a user's wish replaces an object, Terraform first asks for
/// the plan of an update and hands its private data to the plan of the create; when a
/// taint does, it plans the create alone. Data of other forms come from a Terraform that
/// does not plan destroys.
///
/// Beside it stands what the resource said about the object that comes instead.
pub(super) fn delete_reason(planned_private: &[u8]) -> (DeleteReason, Json) {
    let planned: Planned = serde_json::from_slice(planned_private).unwrap_or_default();
    let reason = match planned.plan {
        Some(Kind::Create) if !planned.after_another => DeleteReason::TaintReplacement,
        Some(Kind::Create | Kind::Update) => DeleteReason::Replacement,
        Some(Kind::Destroy) | None => DeleteReason::Destroy,
    };
    (reason, planned.object)
}

fn encode(planned: &Planned) -> Vec<u8> {
    serde_json::to_vec(planned).expect("plain fields have a JSON form")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_of_a_delete_is_told_by_the_plans_before_it() {
        let reason = |bytes: &[u8]| delete_reason(bytes).0;
        let state = of_state(Json::Null);
        assert!(!state.is_empty());
        assert_eq!(
            reason(&of_plan(false, true, true, Json::Null)),
            DeleteReason::Destroy
        );
        assert_eq!(
            reason(&of_plan(true, false, true, Json::Null)),
            DeleteReason::Replacement
        );
        assert_eq!(
            reason(&of_plan(true, false, false, Json::Null)),
            DeleteReason::TaintReplacement
        );
        for other in [&[][..], b"{}", b"not JSON", &state] {
            assert_eq!(delete_reason(other), (DeleteReason::Destroy, Json::Null));
        }
    }

    #[test]
    fn what_the_resource_remembers_is_no_plan() {
        let remembered = serde_json::json!({"b": 1});
        let state = of_state(remembered.clone());
        assert_eq!(memory(&state), remembered);
        assert_eq!(delete_reason(&state), (DeleteReason::Destroy, Json::Null));
        for other in [
            of_plan(false, false, true, remembered),
            b"not JSON".to_vec(),
            Vec::new(),
        ] {
            assert_eq!(memory(&other), Json::Null);
        }
    }

    #[test]
    fn what_the_resource_says_arrives() {
        let said = serde_json::json!({"id": "/a"});
        assert_eq!(
            delete_reason(&of_plan(true, false, false, said.clone())).1,
            said
        );
    }
}
