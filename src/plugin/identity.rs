//! What tells one object of a resource type from all others, for Terraform 1.12 and later.

use super::schema::Equivalence;
use super::value::{Type, Value};

/// The attributes that name an object, and stay what they are for as long as it lives.
#[derive(Clone, Debug, Default)]
pub struct IdentitySchema {
    /// Grows when stored identities of an older version have to be rewritten.
    pub version: i64,
    /// The attributes. Their types are primitive, or lists of such.
    pub attributes: Vec<IdentityAttribute>,
}

/// One attribute of an identity.
#[derive(Clone, Debug)]
pub struct IdentityAttribute {
    /// Its name in `import` blocks.
    pub name: &'static str,
    /// The type of its value.
    pub ty: Type,
    /// What it is.
    pub description: String,
    /// Whether an import has to give it; else the provider can do without.
    pub required_for_import: bool,
    /// When two different values mean the same.
    pub equivalence: Option<Equivalence>,
}

impl IdentitySchema {
    /// The type of an identity.
    pub fn ty(&self) -> Type {
        let attributes = self.attributes.iter();
        Type::Object(
            attributes
                .map(|attribute| (attribute.name.to_owned(), attribute.ty.clone()))
                .collect(),
        )
    }

    /// An identity in the spelling that Terraform knows it by. An identity that changes, were
    /// it only in its spelling, is an error there.
    pub(super) fn keep_spelling(&self, known: &Value, found: Value) -> Value {
        let mut kept = found;
        for attribute in &self.attributes {
            let (known, found) = (known.get(attribute.name), kept.get(attribute.name));
            let is_same = |equivalence: Equivalence| equivalence(known, found);
            if attribute.equivalence.is_some_and(is_same) {
                kept.insert(attribute.name, known.clone());
            }
        }
        kept
    }
}

impl IdentityAttribute {
    /// Text that an import has to give.
    pub fn required(name: &'static str) -> Self {
        Self {
            name,
            ty: Type::String,
            description: String::new(),
            required_for_import: true,
            equivalence: None,
        }
    }

    /// Text that an import may leave out.
    pub fn optional(name: &'static str) -> Self {
        Self {
            required_for_import: false,
            ..Self::required(name)
        }
    }

    /// Says what it is.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// Values for which this holds differ in spelling only.
    #[must_use]
    pub fn equivalence(mut self, equivalence: Equivalence) -> Self {
        self.equivalence = Some(equivalence);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_in_another_spelling_stays_as_it_was() {
        fn ignore_case(one: &Value, other: &Value) -> bool {
            matches!((one.as_str(), other.as_str()), (Some(one), Some(other)) if one.eq_ignore_ascii_case(other))
        }
        let schema = IdentitySchema {
            version: 0,
            attributes: vec![
                IdentityAttribute::required("name").equivalence(ignore_case),
                IdentityAttribute::optional("key"),
            ],
        };
        let identity =
            |name: &str, key: Value| Value::object([("name", name.into()), ("key", key)]);
        #[track_caller]
        fn check(schema: &IdentitySchema, known: &Value, found: Value, expected: Value) {
            assert_eq!(schema.keep_spelling(known, found), expected);
        }
        let known = identity("Web", Value::Null);
        check(
            &schema,
            &known,
            identity("WEB", "a".into()),
            identity("Web", "a".into()),
        );
        check(
            &schema,
            &known,
            identity("db", "A".into()),
            identity("db", "A".into()),
        );
        let nothing = Value::Null;
        check(
            &schema,
            &nothing,
            identity("WEB", "a".into()),
            identity("WEB", "a".into()),
        );
    }
}
