//! What a provider function is to Terraform.

use super::value::{Type, Value};

/// A function of the provider: pure, quick, and callable before the provider is configured.
pub trait Function: Send + Sync {
    /// Its parameters and what it returns.
    fn signature(&self) -> Signature;

    /// Calls it, with a value for each parameter and then one for each variadic argument.
    ///
    /// # Errors
    /// Says what is wrong, and with which argument.
    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError>;
}

/// What a function takes and returns.
#[derive(Clone, Debug)]
pub struct Signature {
    /// The parameters, in order.
    pub parameters: Vec<Parameter>,
    /// What any number of further arguments are.
    pub variadic_parameter: Option<Parameter>,
    /// The type of the result.
    pub return_type: Type,
    /// What it does, in a few words.
    pub summary: String,
    /// What it does, in Markdown.
    pub description: String,
}

/// One parameter. Terraform does not call the function with a null or an unknown value for it.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name, for messages and documentation.
    pub name: &'static str,
    /// The type of its values.
    pub ty: Type,
    /// What it is, in Markdown.
    pub description: String,
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionError {
    /// What is wrong and what is expected.
    pub text: String,
    /// The position of the argument at fault, from zero.
    pub argument: Option<usize>,
}
