//! Requests about functions. Terraform calls them before the provider is configured.

use super::{Service, convert, guard};
use crate::plugin::function::{Function, FunctionError, Parameter};
use crate::plugin::proto::tfplugin6 as proto;
use crate::plugin::value::Value;

/// The signatures of all functions.
pub(super) fn signatures(
    service: &Service,
) -> impl Iterator<Item = (String, proto::Function)> + '_ {
    let functions = service.functions.iter();
    functions.map(|(name, function)| ((*name).to_owned(), signature(function.as_ref())))
}

pub(super) async fn list(
    service: &Service,
    _request: proto::get_functions::Request,
) -> proto::get_functions::Response {
    proto::get_functions::Response {
        functions: signatures(service).collect(),
        ..Default::default()
    }
}

pub(super) async fn call(
    service: &Service,
    request: proto::call_function::Request,
) -> proto::call_function::Response {
    match result(service, request).await {
        Ok(result) => proto::call_function::Response {
            result: Some(result),
            error: None,
        },
        Err(FunctionError { text, argument }) => {
            let function_argument = argument.and_then(|position| i64::try_from(position).ok());
            let error = proto::FunctionError {
                text,
                function_argument,
            };
            proto::call_function::Response {
                result: None,
                error: Some(error),
            }
        }
    }
}

async fn result(
    service: &Service,
    request: proto::call_function::Request,
) -> Result<proto::DynamicValue, FunctionError> {
    let failed = |text: String| FunctionError {
        text,
        argument: None,
    };
    let Some(function) = service.functions.get(request.name.as_str()).cloned() else {
        return Err(failed(format!(
            "this version of the provider has no function {:?}",
            request.name
        )));
    };
    let signature = function.signature();
    let mut arguments = Vec::with_capacity(request.arguments.len());
    for (position, argument) in request.arguments.iter().enumerate() {
        let parameter = signature.parameters.get(position);
        let Some(parameter) = parameter.or(signature.variadic_parameter.as_ref()) else {
            let expected = signature.parameters.len();
            return Err(failed(format!(
                "there are {} arguments, but {expected} are expected",
                position + 1
            )));
        };
        let value = convert::decode(Some(argument), &parameter.ty);
        let unreadable = |text| FunctionError {
            text,
            argument: Some(position),
        };
        arguments.push(value.map_err(|diagnostic| unreadable(diagnostic.detail))?);
    }
    if arguments.len() < signature.parameters.len() {
        let (found, expected) = (arguments.len(), signature.parameters.len());
        return Err(failed(format!(
            "there are {found} arguments, but {expected} are expected"
        )));
    }
    let returned: Result<Value, FunctionError> =
        guard::run(async move { function.call(&arguments) })
            .await
            .map_err(|diagnostic| failed(diagnostic.detail))?;
    let mut diagnostics = crate::plugin::Diagnostics::default();
    let result = convert::encode(&returned?, &signature.return_type, &mut diagnostics);
    match diagnostics.into_iter().next() {
        None => Ok(result),
        Some(diagnostic) => Err(failed(diagnostic.detail)),
    }
}

fn signature(function: &dyn Function) -> proto::Function {
    let signature = function.signature();
    proto::Function {
        parameters: signature.parameters.iter().map(parameter).collect(),
        variadic_parameter: signature.variadic_parameter.as_ref().map(parameter),
        r#return: Some(proto::function::Return {
            r#type: convert::type_json(&signature.return_type),
        }),
        summary: signature.summary,
        description: signature.description,
        description_kind: proto::StringKind::Markdown.into(),
        deprecation_message: String::new(),
    }
}

fn parameter(parameter: &Parameter) -> proto::function::Parameter {
    proto::function::Parameter {
        name: parameter.name.to_owned(),
        r#type: convert::type_json(&parameter.ty),
        description: parameter.description.clone(),
        description_kind: proto::StringKind::Markdown.into(),
        ..Default::default()
    }
}
