//! Reads request bodies strictly: a field that Azure does not have is a mistake to be heard of.

use serde_json::{Map, Value};

use crate::exchange::{Answer, Incoming};

/// A JSON object in a request, with the path to it for the messages.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    path: String,
    fields: Map<String, Value>,
}

impl Fields {
    /// The body of a request, which may have these fields and no others.
    pub(crate) fn of_body(request: &Incoming, allowed: &[&str]) -> Result<Self, Answer> {
        let content_type = request.header("content-type").unwrap_or_default();
        if !content_type.starts_with("application/json") {
            return Err(refusal(&format!(
                "The body has the content type '{content_type}' and not JSON's."
            )));
        }
        let body = request
            .json()
            .map_err(|error| refusal(&format!("The body is not JSON: {error}.")))?;
        Self::of_value("body", &body, allowed)
    }

    /// An object from anywhere, which may have these fields and no others.
    pub(crate) fn of_value(path: &str, value: &Value, allowed: &[&str]) -> Result<Self, Answer> {
        let Value::Object(fields) = value else {
            return Err(refusal(&format!("'{path}' is not an object.")));
        };
        if let Some(unknown) = fields.keys().find(|name| !allowed.contains(&name.as_str())) {
            return Err(refusal(&format!(
                "Could not find member '{unknown}' in '{path}'."
            )));
        }
        Ok(Self {
            path: path.to_owned(),
            fields: fields.clone(),
        })
    }

    /// An object below this one, empty if it is absent.
    pub(crate) fn object(&self, name: &str, allowed: &[&str]) -> Result<Self, Answer> {
        let value = self.fields.get(name).cloned();
        Self::of_value(
            &self.path_to(name),
            &value.unwrap_or_else(|| Map::new().into()),
            allowed,
        )
    }

    /// The objects of a list below this one, none if it is absent.
    pub(crate) fn objects(&self, name: &str, allowed: &[&str]) -> Result<Vec<Self>, Answer> {
        let path = self.path_to(name);
        match self.fields.get(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(values)) => values
                .iter()
                .enumerate()
                .map(|(index, value)| Self::of_value(&format!("{path}[{index}]"), value, allowed))
                .collect(),
            Some(_) => Err(refusal(&format!("'{path}' is not a list."))),
        }
    }

    /// A string, if it is there.
    pub(crate) fn string(&self, name: &str) -> Result<Option<&str>, Answer> {
        match self.fields.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(refusal(&format!(
                "'{}' is not a string.",
                self.path_to(name)
            ))),
        }
    }

    /// A boolean, if it is there.
    pub(crate) fn boolean(&self, name: &str) -> Result<Option<bool>, Answer> {
        match self.fields.get(name) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(_) => Err(refusal(&format!(
                "'{}' is not a boolean.",
                self.path_to(name)
            ))),
        }
    }

    /// A number, if it is there.
    pub(crate) fn number(&self, name: &str) -> Result<Option<f64>, Answer> {
        match self.fields.get(name) {
            None => Ok(None),
            Some(Value::Number(number)) => Ok(number.as_f64()),
            Some(_) => Err(refusal(&format!(
                "'{}' is not a number.",
                self.path_to(name)
            ))),
        }
    }

    /// Whatever it is, if it is there.
    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        self.fields.get(name)
    }

    /// A map of strings, such as `tags`, if it is there.
    pub(crate) fn strings(&self, name: &str) -> Result<Option<Map<String, Value>>, Answer> {
        match self.fields.get(name) {
            None => Ok(None),
            Some(Value::Object(map)) if map.values().all(Value::is_string) => Ok(Some(map.clone())),
            Some(_) => Err(refusal(&format!(
                "'{}' is not a map of strings.",
                self.path_to(name)
            ))),
        }
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    pub(crate) fn into_value(self) -> Value {
        Value::Object(self.fields)
    }

    fn path_to(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }
}

/// Assumed: code and text; Azure is known to name the member that it cannot find.
pub(crate) fn refusal(message: &str) -> Answer {
    Answer::unexpected(400, "InvalidRequestContent", message)
}
