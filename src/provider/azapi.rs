//! Objects that `azapi_resource`, the generic resource of another provider, has in its state.

use serde_json::Value as Json;

use crate::arm::resource_id::ParseError;
use crate::plugin::diagnostics::Diagnostic;
use crate::plugin::resource::MoveRequest;
use crate::provider::diagnose;

/// The state of an `azapi_resource`, in whatever version of its schema.
#[derive(Debug)]
pub(crate) struct AzapiResource<'a> {
    state: &'a Json,
}

impl<'a> AzapiResource<'a> {
    /// What is to be moved; `None` where it is anything else than an `azapi_resource`.
    pub(crate) fn of(request: &'a MoveRequest) -> Option<Self> {
        let state = &request.source_state;
        let address = request.source_provider_address.as_str();
        is_azapi_resource(address, &request.source_type_name).then_some(Self { state })
    }

    /// The id of the object.
    ///
    /// # Errors
    /// Where `parse` does not take it.
    pub(crate) fn id<T>(
        &self,
        parse: impl FnOnce(&str) -> Result<T, ParseError>,
    ) -> Result<T, Diagnostic> {
        parse(self.text("id").unwrap_or_default()).map_err(|error| cannot_move(&error))
    }

    /// A top-level text, such as `location`.
    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        self.state[name].as_str()
    }

    /// What the body says of a property, such as `/properties/source/id`, or else Azure's answer as
    /// far as it is in the state; `None` where neither has it.
    pub(crate) fn property(&self, pointer: &str) -> Option<String> {
        ["body", "output"].into_iter().find_map(|attribute| {
            let property = content(&self.state[attribute])?.pointer(pointer)?.clone();
            Some(property.as_str()?.to_owned())
        })
    }
}

/// Whether that is the resource type. Its provider may come from the registry of Terraform or of
/// OpenTofu, or from a mirror.
fn is_azapi_resource(provider_address: &str, resource_type: &str) -> bool {
    let address = provider_address.to_ascii_lowercase();
    address.ends_with("/azure/azapi") && resource_type == "azapi_resource"
}

/// It is no such object.
fn cannot_move(error: &ParseError) -> Diagnostic {
    Diagnostic::error(
        "This azapi_resource cannot be moved here",
        format!(
            "{} A restore point collection that takes copies can be moved to azrestorepoint_collection, and a copy to \
             azrestorepoint_copy.\n\n{LEAVE_IT}",
            diagnose::sentence(&error.to_string())
        ),
    )
}

/// What to do about an object that cannot be moved.
pub(crate) const LEAVE_IT: &str = "Correct the moved block, or remove it. To manage the object with another resource \
     type, import it there, and take it out of the state here with this block:\n\n  \
     removed {\n    from = azapi_resource.NAME\n    lifecycle {\n      destroy = false\n    }\n  }";

/// The content of an attribute of open type, which is stored beside its type. Version 1 of the
/// provider had JSON in a text.
fn content(attribute: &Json) -> Option<Json> {
    let is_open = attribute.get("type").is_some() && attribute.get("value").is_some();
    match if is_open {
        &attribute["value"]
    } else {
        attribute
    } {
        Json::String(text) => serde_json::from_str(text).ok(),
        object @ Json::Object(_) => Some(object.clone()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn other_resource_types_are_none_of_ours() {
        #[track_caller]
        fn check(address: &str, resource_type: &str, expected: bool) {
            assert_eq!(is_azapi_resource(address, resource_type), expected);
        }
        check("registry.terraform.io/azure/azapi", "azapi_resource", true);
        check("registry.opentofu.org/Azure/azapi", "azapi_resource", true);
        check(
            "registry.terraform.io/azure/azapi",
            "azapi_update_resource",
            false,
        );
        check(
            "registry.terraform.io/hashicorp/azurerm",
            "azapi_resource",
            false,
        );
        check(
            "registry.terraform.io/notazure/azapi",
            "azapi_resource",
            false,
        );
        check("azapi", "azapi_resource", false);
    }

    #[test]
    fn a_property_is_found_in_every_form_of_a_body() {
        let body = json!({"properties": {"source": {"id": "/a"}}});
        let nothing = json!({"properties": {}});
        let open = |value: &Json| json!({"type": ["object", {}], "value": value});
        let check = |state: &Json, expected: Option<&str>| {
            let property = AzapiResource { state }.property("/properties/source/id");
            assert_eq!(property.as_deref(), expected, "{state}");
        };
        let text = json!(body.to_string());
        for form in [&open(&body), &body, &text, &open(&text)] {
            check(&json!({ "body": form }), Some("/a"));
            check(
                &json!({ "body": open(&nothing), "output": form }),
                Some("/a"),
            );
        }
        let other = json!({"properties": {"source": {"id": 7}}});
        for form in [
            &Json::Null,
            &open(&Json::Null),
            &json!("{"),
            &json!([1]),
            &open(&other),
        ] {
            check(&json!({ "body": form }), None);
        }
        check(&Json::Null, None);
    }
}
