//! Between the messages of the protocol and our own types.

use crate::plugin::diagnostics::{Diagnostic, Diagnostics, Severity};
use crate::plugin::proto::tfplugin6 as proto;
use crate::plugin::schema::{Attribute, Block, Kind, Mode, NestedBlock, Nesting, Schema};
use crate::plugin::value::{Path, Step, Type, Value, json, msgpack};

/// Decodes a value that Terraform sent; a missing one is null.
///
/// # Errors
/// A diagnostic for bytes that are not of the type.
pub(super) fn decode(value: Option<&proto::DynamicValue>, ty: &Type) -> Result<Value, Diagnostic> {
    let Some(value) = value else {
        return Ok(Value::Null);
    };
    if value.msgpack.is_empty() && !value.json.is_empty() {
        return decode_json(&value.json, ty);
    }
    msgpack::decode(&value.msgpack, ty).map_err(|error| unreadable(&error))
}

/// Decodes a value from JSON text.
///
/// # Errors
/// A diagnostic for text that is not JSON or not of the type.
pub(super) fn decode_json(text: &[u8], ty: &Type) -> Result<Value, Diagnostic> {
    json::decode(text, ty).map_err(|error| unreadable(&error))
}

pub(super) fn unreadable(error: &dyn std::error::Error) -> Diagnostic {
    Diagnostic::error(
        "The provider cannot read a value",
        format!(
            "Terraform sent a value that is not of the form in the provider's schema: {error}.\n\n\
             State that a newer version of the provider wrote needs that version. In any other case this \
             is an issue in the provider: please report it."
        ),
    )
}

/// Encodes a value for Terraform.
///
/// Nothing is lost should the value not be of its type: that part is null, and
/// an error says so.
pub(super) fn encode(
    value: &Value,
    ty: &Type,
    diagnostics: &mut Diagnostics,
) -> proto::DynamicValue {
    let (msgpack, mismatches) = msgpack::encode(value, ty);
    diagnostics.extend(mismatches.into_iter().map(|mismatch| {
        Diagnostic::error(
            "The provider has a bug",
            format!(
                "It made a value of the wrong type for {}, and saved null in its place. This is always an \
                 issue in the provider: please report it.",
                mismatch.path
            ),
        )
    }));
    proto::DynamicValue {
        msgpack,
        json: Vec::new(),
    }
}

/// The form in which schemas and signatures name a type.
pub(super) fn type_json(ty: &Type) -> Vec<u8> {
    ty.to_json().to_string().into_bytes()
}

/// What to say of a name that the provider does not have.
pub(super) fn unknown_type(kind: &str, type_name: &str) -> Diagnostic {
    Diagnostic::error(
        format!("Unknown {kind} type"),
        format!(
            "This version of the provider has no {kind} {type_name:?}. It may be of a newer version: check the \
             version constraint in required_providers, then run terraform init -upgrade."
        ),
    )
}

/// What to say where something has to be done and not all of its arguments are known.
pub(super) fn not_known_yet() -> Diagnostic {
    Diagnostic::error(
        "Arguments are not known yet",
        "Some of the arguments depend on what an apply has still to make. First apply what they depend on with -target.",
    )
}

pub(super) fn diagnostics(diagnostics: Diagnostics) -> Vec<proto::Diagnostic> {
    diagnostics.into_iter().map(diagnostic).collect()
}

fn diagnostic(diagnostic: Diagnostic) -> proto::Diagnostic {
    let severity = match diagnostic.severity {
        Severity::Error => proto::diagnostic::Severity::Error,
        Severity::Warning => proto::diagnostic::Severity::Warning,
    };
    proto::Diagnostic {
        severity: severity.into(),
        summary: diagnostic.summary,
        detail: diagnostic.detail,
        attribute: diagnostic.attribute.as_ref().map(path),
    }
}

pub(super) fn path(path: &Path) -> proto::AttributePath {
    use proto::attribute_path::step::Selector;
    let steps = path.steps().iter().map(|step| {
        let selector = match step {
            Step::Attribute(name) => Selector::AttributeName(name.clone()),
            Step::Key(key) => Selector::ElementKeyString(key.clone()),
            Step::Index(index) => Selector::ElementKeyInt(*index),
        };
        proto::attribute_path::Step {
            selector: Some(selector),
        }
    });
    proto::AttributePath {
        steps: steps.collect(),
    }
}

pub(super) fn schema(schema: &Schema) -> proto::Schema {
    proto::Schema {
        version: schema.version,
        block: Some(block(&schema.block, schema.version)),
    }
}

fn block(source: &Block, version: i64) -> proto::schema::Block {
    proto::schema::Block {
        version,
        attributes: source.attributes.iter().map(attribute).collect(),
        block_types: source.blocks.iter().map(nested_block).collect(),
        description: source.description.clone(),
        description_kind: proto::StringKind::Markdown.into(),
        ..Default::default()
    }
}

fn nested_block(nested: &NestedBlock) -> proto::schema::NestedBlock {
    use proto::schema::nested_block::NestingMode;
    let nesting = match nested.nesting {
        Nesting::Single => NestingMode::Single,
        Nesting::List => NestingMode::List,
        Nesting::Set => NestingMode::Set,
        Nesting::Map => NestingMode::Map,
        Nesting::Group => NestingMode::Group,
    };
    proto::schema::NestedBlock {
        type_name: nested.name.to_owned(),
        block: Some(block(&nested.block, 0)),
        nesting: nesting.into(),
        min_items: nested.min_items.into(),
        // Terraform wants both limits of a single block equal: 0 is "may be left out".
        max_items: match nested.nesting {
            Nesting::Single => nested.min_items.into(),
            _ => nested.max_items.into(),
        },
    }
}

fn attribute(source: &Attribute) -> proto::schema::Attribute {
    use proto::schema::object::NestingMode;
    let (ty, nested_type) = match &source.kind {
        Kind::Plain(ty) => (type_json(ty), None),
        Kind::Nested(nesting, attributes) => {
            let nesting = match nesting {
                // Attributes have no groups: a single object is what comes nearest.
                Nesting::Single | Nesting::Group => NestingMode::Single,
                Nesting::List => NestingMode::List,
                Nesting::Set => NestingMode::Set,
                Nesting::Map => NestingMode::Map,
            };
            let object = proto::schema::Object {
                attributes: attributes.iter().map(attribute).collect(),
                nesting: nesting.into(),
                ..Default::default()
            };
            (Vec::new(), Some(object))
        }
    };
    proto::schema::Attribute {
        name: source.name.to_owned(),
        r#type: ty,
        nested_type,
        description: source.description.clone(),
        description_kind: proto::StringKind::Markdown.into(),
        required: source.mode == Mode::Required,
        optional: matches!(source.mode, Mode::Optional | Mode::OptionalComputed),
        computed: source.is_computed(),
        sensitive: source.sensitive,
        write_only: source.write_only,
        deprecated: !source.deprecation_message.is_empty(),
        deprecation_message: source.deprecation_message.clone(),
    }
}
