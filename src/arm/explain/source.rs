//! What has become of the source of a copy that did not succeed.

use crate::arm::Error;
use crate::arm::compute::models::RestorePoint;
use crate::arm::resource_id::RestorePointId;

/// What a look at the source has found, after its copy failed or vanished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// It is there, as it was when it was copied.
    There,
    /// It does not exist any more, or is being deleted.
    Gone,
    /// Another restore point has taken its name.
    Replaced,
    /// It cannot be seen.
    Unseen,
}

impl Source {
    /// What the look means for this copy, as far as it was ever seen.
    pub fn of(look: &Result<RestorePoint, Error>, copy: Option<&RestorePoint>) -> Self {
        let found = match look {
            Ok(found) if found.is_provisioning_state("Deleting") => return Self::Gone,
            Ok(found) => found,
            Err(error) if error.is_not_found() => return Self::Gone,
            Err(_) => return Self::Unseen,
        };
        // A copy has the time of its source.
        match (
            found.time_created(),
            copy.and_then(RestorePoint::time_created),
        ) {
            (Some(source), Some(copy)) if source != copy => Self::Replaced,
            _ => Self::There,
        }
    }

    /// Whether the same copy can be asked for once more, as far as the source goes.
    pub fn can_be_copied_again(self) -> bool {
        matches!(self, Self::There | Self::Unseen)
    }
}

/// What to tell about the source; empty while all is as it was.
pub fn source(id: &RestorePointId, found: Source) -> String {
    match found {
        Source::There => String::new(),
        Source::Gone => format!(
            "Its source {id} does not exist any more. Azure reads the source until the copy is complete, so this is \
             probably the cause, and the copy cannot be made again."
        ),
        Source::Replaced => format!(
            "Its source was deleted meanwhile, and another restore point is {id} now. Azure reads the source until the \
             copy is complete, so this is probably the cause, and the copy cannot be made again."
        ),
        Source::Unseen => format!("Whether its source {id} still exists cannot be seen."),
    }
}

#[cfg(test)]
mod tests {
    use reqwest::{Method, StatusCode};
    use serde_json::json;

    use super::*;
    use crate::arm::error::ApiError;

    #[test]
    fn every_look_means_something() {
        #[track_caller]
        fn check(look: Result<RestorePoint, Error>, copy: Option<&str>, expected: Source) {
            let copy = copy.map(|time| point("Succeeded", time));
            assert_eq!(Source::of(&look, copy.as_ref()), expected);
        }
        let refused = |status: u16, code: &str| {
            let body = json!({"error": {"code": code}}).to_string();
            let status = StatusCode::from_u16(status).unwrap();
            let error = ApiError::from_body(Method::GET, "/x", status, body.as_bytes());
            Err(Error::Api(Box::new(error)))
        };
        let time = "2026-11-16T01:00:00Z";
        let same_time = "2026-11-16T06:30:00.000+05:30";
        check(Ok(point("Succeeded", time)), None, Source::There);
        check(Ok(point("Succeeded", time)), Some(same_time), Source::There);
        check(
            Ok(point("Succeeded", time)),
            Some("2026-11-17T01:00:00Z"),
            Source::Replaced,
        );
        check(Ok(point("Deleting", time)), Some(time), Source::Gone);
        check(refused(404, "NotFound"), Some(time), Source::Gone);
        check(refused(404, "ResourceGroupNotFound"), None, Source::Gone);
        check(refused(404, "SubscriptionNotFound"), None, Source::Unseen);
        check(refused(403, "AuthorizationFailed"), None, Source::Unseen);
        check(Err(Error::Stopped), None, Source::Unseen);
    }

    fn point(state: &str, time: &str) -> RestorePoint {
        let point = json!({"properties": {"provisioningState": state, "timeCreated": time}});
        serde_json::from_value(point).unwrap()
    }

    #[test]
    fn only_a_source_that_may_be_there_can_be_copied_again() {
        assert!(Source::There.can_be_copied_again());
        assert!(Source::Unseen.can_be_copied_again());
        assert!(!Source::Gone.can_be_copied_again());
        assert!(!Source::Replaced.can_be_copied_again());
    }
}
