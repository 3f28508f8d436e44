//! The functions: IDs taken apart and put together, without asking anybody.

mod collection;
mod restore_point;

use std::collections::BTreeMap;

use crate::arm::resource_id::ParseError;
use crate::plugin::function::{FunctionError, Parameter, Signature};
use crate::plugin::value::{Type, Value};

pub(crate) use collection::{CollectionId, ParseCollectionId};
pub(crate) use restore_point::{ParseRestorePointId, RestorePointId};

/// A function of these texts.
fn signature(
    parameters: &[(&'static str, &str)],
    return_type: Type,
    summary: &str,
    description: &str,
) -> Signature {
    let parameter = |(name, description): &(&'static str, &str)| Parameter {
        name,
        ty: Type::String,
        description: (*description).to_owned(),
    };
    Signature {
        parameters: parameters.iter().map(parameter).collect(),
        variadic_parameter: None,
        return_type,
        summary: summary.to_owned(),
        description: description.to_owned(),
    }
}

/// An object of these texts.
fn texts(names: &[&str]) -> Type {
    let names = names.iter().map(|name| ((*name).to_owned(), Type::String));
    Type::Object(names.collect::<BTreeMap<_, _>>())
}

/// The text of an argument. There is one for each parameter: the plugin layer sees to that.
fn text(arguments: &[Value], position: usize) -> &str {
    arguments
        .get(position)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// What is wrong with this argument. Terraform names it, and adds a full stop.
fn wrong(argument: usize) -> impl Fn(ParseError) -> FunctionError {
    move |error| FunctionError {
        text: error.to_string(),
        argument: Some(argument),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::function::Function;

    pub(super) const SUBSCRIPTION: &str = "5a1b2c3d-0000-4000-8000-1234567890ab";

    /// Calls a function, and checks that what comes is of the type that it promises.
    pub(super) fn call(
        function: &dyn Function,
        arguments: &[&str],
    ) -> Result<Value, FunctionError> {
        let arguments: Vec<Value> = arguments.iter().map(|text| Value::from(*text)).collect();
        let signature = function.signature();
        assert_eq!(signature.parameters.len(), arguments.len());
        let result = function.call(&arguments)?;
        match &signature.return_type {
            Type::Object(attributes) => {
                let found = result.entries().expect("an object");
                assert!(attributes.keys().eq(found.keys()), "{found:?}");
                assert!(found.values().all(|value| value.as_str().is_some()));
            }
            _ => assert!(result.as_str().is_some()),
        }
        Ok(result)
    }

    /// Calls it with something wrong.
    #[track_caller]
    pub(super) fn check_refused(
        function: &dyn Function,
        arguments: &[&str],
        argument: usize,
        text: &str,
    ) {
        let error = call(function, arguments).expect_err("something is wrong");
        assert_eq!(error.argument, Some(argument), "{}", error.text);
        assert!(error.text.contains(text), "{}", error.text);
        assert!(!error.text.ends_with('.'), "{}", error.text);
    }
}
