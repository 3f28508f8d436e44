//! A data source and two functions.

use async_trait::async_trait;
use azrestorepoint::plugin::data_source::{DataSource, ReadDataRequest};
use azrestorepoint::plugin::diagnostics::{Diagnostic, Diagnostics};
use azrestorepoint::plugin::function::{Function, FunctionError, Parameter, Signature};
use azrestorepoint::plugin::resource::Applied;
use azrestorepoint::plugin::schema::{Attribute, Block, Schema};
use azrestorepoint::plugin::value::{Path, Type, Value};

/// Gives back what it is given, in capitals.
pub(crate) struct Echo;

#[async_trait]
impl DataSource for Echo {
    fn schema(&self) -> Schema {
        let attributes = vec![
            Attribute::required("input", Type::String),
            Attribute::computed("output", Type::String),
        ];
        Schema {
            version: 0,
            block: Block {
                attributes,
                ..Block::default()
            },
        }
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let is_empty = config.get("input").as_str() == Some("");
        let refusal = Diagnostic::error("Nothing to echo", "The input is empty.");
        is_empty
            .then(|| refusal.at(Path::attribute("input")))
            .into_iter()
            .collect()
    }

    async fn read(&self, request: ReadDataRequest) -> Applied {
        let input = request
            .config
            .get("input")
            .as_str()
            .unwrap_or_default()
            .to_owned();
        assert_ne!(input, "panic", "as told");
        let mut state = request.config;
        state.insert("output", input.to_uppercase().into());
        match input.as_str() {
            "error" => Applied::failed(Diagnostic::error("Told to fail", "In a data source.")),
            "warning" => {
                let warning = Diagnostic::warning("Told to warn", "In a data source.");
                Applied::saved(state).with(warning)
            }
            "unknown" => {
                state.insert("output", Value::Unknown);
                Applied::saved(state)
            }
            _ => Applied::saved(state),
        }
    }
}

/// Says it louder.
pub(crate) struct Shout;

impl Function for Shout {
    fn signature(&self) -> Signature {
        Signature {
            parameters: vec![text("text")],
            variadic_parameter: None,
            return_type: Type::String,
            summary: "Says it louder".to_owned(),
            description: "Says it louder, with an exclamation mark.".to_owned(),
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        match arguments[0].as_str().unwrap_or_default() {
            "" => Err(FunctionError {
                text: "there is nothing to say".to_owned(),
                argument: Some(0),
            }),
            "panic" => panic!("as told"),
            text => Ok(format!("{}!", text.to_uppercase()).into()),
        }
    }
}

/// Puts any number of texts together.
pub(crate) struct Join;

impl Function for Join {
    fn signature(&self) -> Signature {
        Signature {
            parameters: vec![text("separator")],
            variadic_parameter: Some(text("parts")),
            return_type: Type::String,
            summary: "Puts texts together".to_owned(),
            description: "Puts any number of texts together.".to_owned(),
        }
    }

    fn call(&self, arguments: &[Value]) -> Result<Value, FunctionError> {
        let texts: Vec<&str> = arguments.iter().filter_map(Value::as_str).collect();
        Ok(texts[1..].join(texts[0]).into())
    }
}

fn text(name: &'static str) -> Parameter {
    Parameter {
        name,
        ty: Type::String,
        description: String::new(),
    }
}
