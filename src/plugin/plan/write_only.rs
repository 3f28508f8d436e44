//! Values that stand in the configuration alone.

use super::elements::Members;
use crate::plugin::schema::{Block, Kind};
use crate::plugin::value::{Path, Value};

/// The value without what may never be stored: write-only attributes are null, at any depth.
#[must_use]
pub fn without_write_only(block: &Block, mut value: Value) -> Value {
    each(
        Members::of(block),
        &mut value,
        &Path::default(),
        &mut |value, _| *value = Value::Null,
    );
    value
}

/// The configured write-only attributes, which only newer versions of Terraform know.
pub fn write_only_paths(block: &Block, config: &Value) -> Vec<Path> {
    let mut paths = Vec::new();
    each(
        Members::of(block),
        &mut config.clone(),
        &Path::default(),
        &mut |value, path| {
            if !value.is_null() {
                paths.push(path.clone());
            }
        },
    );
    paths
}

/// Calls `found` with each write-only attribute of an object, or of every object
/// of a list or map. Sets hold nothing write-only: Terraform refuses the schema.
fn each(
    members: Members<'_>,
    value: &mut Value,
    path: &Path,
    found: &mut dyn FnMut(&mut Value, &Path),
) {
    match value {
        Value::Object(entries) => {
            for attribute in members.attributes {
                let Some(value) = entries.get_mut(attribute.name) else {
                    continue;
                };
                let path = path.join_attribute(attribute.name);
                if attribute.write_only {
                    found(value, &path);
                } else if let Kind::Nested(_, inner) = &attribute.kind {
                    each(Members::attributes(inner), value, &path, found);
                }
            }
            for nested in members.blocks {
                if let Some(value) = entries.get_mut(nested.name) {
                    let path = path.join_attribute(nested.name);
                    each(Members::of(&nested.block), value, &path, found);
                }
            }
        }
        Value::List(elements) => {
            for (index, value) in elements.iter_mut().enumerate() {
                each(members, value, &path.join_index(index), found);
            }
        }
        Value::Map(entries) => {
            for (key, value) in entries {
                each(members, value, &path.join_key(key), found);
            }
        }
        _ => {}
    }
}
