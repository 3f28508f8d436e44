//! Azure Policy: which one, assigned where, and what it objects to.

use serde_json::Value;

use super::joined;
use crate::arm::error::{ApiError, member, text};

/// A longer evaluation is not a sentence any more.
const EVALUATION_CHARS_MAX: usize = 200;

/// One policy that forbids a request.
#[derive(Debug, Default)]
struct Violation {
    policy: String,
    initiative: String,
    assignment: String,
    scope: String,
    /// The properties that it looked at, and what it found there.
    evaluated: Vec<String>,
    looks_at: Vec<String>,
}

/// What to do about the policies that forbid a request.
pub(super) fn violated(error: &ApiError) -> String {
    let mut violations: Vec<Violation> = error
        .additional_info
        .iter()
        .filter(|info| info.kind.eq_ignore_ascii_case("PolicyViolation"))
        .map(|info| Violation::of_info(&info.info))
        .collect();
    if violations.is_empty() {
        violations = in_message(&error.message);
    }
    if violations.is_empty() {
        return "An Azure Policy forbids this; Azure's answer names it. Ask whoever manages it for an exemption."
            .to_owned();
    }
    let looks_at = |property: &str| {
        let looks = |seen: &String| seen == property || seen.starts_with(&format!("{property}["));
        violations.iter().any(|one| one.looks_at.iter().any(looks))
    };
    let next = if looks_at("location") {
        "Choose a location that it allows, or ask whoever manages it for an exemption."
    } else if looks_at("tags") {
        "Set the tags that it asks for, or ask whoever manages it for an exemption."
    } else {
        "Change what it objects to, or ask whoever manages it for an exemption."
    };
    let which: Vec<String> = violations.iter().map(Violation::sentence).collect();
    joined(&which.join(" "), next)
}

impl Violation {
    /// Reads what ARM adds to the error.
    fn of_info(info: &Value) -> Self {
        let first = |names: &[&str]| {
            let found = names.iter().map(|name| text(info, name));
            found
                .into_iter()
                .find(|text| !text.is_empty())
                .unwrap_or_default()
        };
        let expressions = member(info, "evaluationDetails")
            .and_then(|details| member(details, "evaluatedExpressions"))
            .and_then(Value::as_array);
        let expressions: Vec<&Value> = expressions.into_iter().flatten().collect();
        Self {
            policy: first(&["policyDefinitionDisplayName", "policyDefinitionName"]),
            initiative: first(&["policySetDefinitionDisplayName", "policySetDefinitionName"]),
            assignment: first(&["policyAssignmentDisplayName", "policyAssignmentName"]),
            scope: first(&["policyAssignmentScope"]),
            evaluated: expressions
                .iter()
                .filter_map(|one| evaluated(one))
                .collect(),
            looks_at: expressions
                .iter()
                .map(|one| text(one, "path").to_ascii_lowercase())
                .collect(),
        }
    }

    /// Reads one of the identifiers that stand in the message.
    fn of_identifiers(identifiers: &Value) -> Self {
        let name = |kind| member(identifiers, kind).map_or_else(String::new, |of| text(of, "name"));
        Self {
            policy: name("policyDefinition"),
            initiative: name("policySetDefinition"),
            assignment: name("policyAssignment"),
            ..Self::default()
        }
    }

    fn sentence(&self) -> String {
        let mut sentence = format!("The policy \"{}\"", self.policy);
        if !self.initiative.is_empty() {
            sentence.push_str(&format!(" of the initiative \"{}\"", self.initiative));
        }
        match (self.assignment.is_empty(), self.scope.is_empty()) {
            (false, true) => sentence.push_str(&format!(", assigned as \"{}\",", self.assignment)),
            (true, false) => sentence.push_str(&format!(", assigned at {},", self.scope)),
            (false, false) => sentence.push_str(&format!(
                ", assigned as \"{}\" at {},",
                self.assignment, self.scope
            )),
            (true, true) => {}
        }
        sentence.push_str(" forbids this.");
        let evaluated = self.evaluated.join(", ");
        if !evaluated.is_empty() && evaluated.chars().count() <= EVALUATION_CHARS_MAX {
            sentence.push_str(&format!(" It found: {evaluated}."));
        }
        sentence
    }
}

/// `location = "westus2" (NotIn ["eastus"])`, if the expression is what made the policy strike.
fn evaluated(expression: &Value) -> Option<String> {
    // Which resource it is that the policy is about says nothing new.
    let path = text(expression, "path");
    if !text(expression, "result").eq_ignore_ascii_case("true")
        || path.is_empty()
        || path.eq_ignore_ascii_case("type")
    {
        return None;
    }
    let found = match member(expression, "expressionValue") {
        Some(value) => format!("{path} = {value}"),
        None => format!("no {path}"),
    };
    Some(match member(expression, "targetValue") {
        Some(target) => format!("{found} ({} {target})", text(expression, "operator")),
        None => found,
    })
}

/// Older answers have the names in the message only: `Policy identifiers: '[{...}]'`.
fn in_message(message: &str) -> Vec<Violation> {
    let Some((_, identifiers)) = message.split_once("Policy identifiers: '") else {
        return Vec::new();
    };
    let json = identifiers.rsplit_once('\'').map(|(json, _)| json);
    let list: Option<Vec<Value>> = json.and_then(|json| serde_json::from_str(json).ok());
    let list = list.unwrap_or_default();
    list.iter().map(Violation::of_identifiers).collect()
}
