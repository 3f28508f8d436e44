//! Identities, as Terraform 1.12 and later have them: what they may be after each call.

use azrestorepoint::plugin::value::{Type, Value, msgpack};

use super::super::plugin::limited;
use super::super::proto::tfplugin6::{self as proto};
use super::{Core, stored};

impl Core {
    /// Asks for the schemas of the identities, and checks them.
    pub(super) async fn ask_for_identities(&mut self) {
        let request = proto::get_resource_identity_schemas::Request {};
        let answer = limited(self.client.get_resource_identity_schemas(request))
            .await
            .expect("an answer")
            .into_inner();
        assert!(answer.diagnostics.is_empty(), "{:?}", answer.diagnostics);
        for (name, schema) in answer.identity_schemas {
            assert!(self.schemas.contains_key(&name), "an identity of nothing");
            let attributes = schema.identity_attributes.into_iter().map(|attribute| {
                assert_ne!(
                    attribute.required_for_import, attribute.optional_for_import,
                    "{attribute:?}"
                );
                let json = serde_json::from_slice(&attribute.r#type).expect("a type is JSON");
                let ty = Type::from_json(&json).expect("a type");
                let is_primitive = matches!(ty, Type::String | Type::Number | Type::Bool);
                assert!(is_primitive, "{name}: {ty:?}");
                (attribute.name, ty)
            });
            let ty = Type::Object(attributes.collect());
            self.identities.insert(name, ty);
        }
    }

    /// An identity with these attributes, and nulls for the others.
    pub(super) fn identity(&self, kind: &str, attributes: &[(&str, &str)]) -> Value {
        let Type::Object(types) = &self.identities[kind] else {
            panic!("an identity is an object");
        };
        let mut identity = Value::object(types.keys().map(|name| (name.clone(), Value::Null)));
        for (name, value) in attributes {
            assert!(types.contains_key(*name), "{name}");
            identity.insert(name, (*value).into());
        }
        identity
    }

    /// An identity as the wire carries it; none where there is none.
    pub(super) fn encode_identity(
        &self,
        kind: &str,
        identity: &Value,
    ) -> Option<proto::ResourceIdentityData> {
        if identity.is_null() {
            return None;
        }
        let (msgpack, mismatches) = msgpack::encode(identity, &self.identities[kind]);
        assert!(mismatches.is_empty(), "{mismatches:?}");
        let json = Vec::new();
        Some(proto::ResourceIdentityData {
            identity_data: Some(proto::DynamicValue { msgpack, json }),
        })
    }

    /// An identity of an answer. One of a type without identities is what Terraform does not take.
    pub(super) fn decode_identity(
        &self,
        kind: &str,
        data: Option<proto::ResourceIdentityData>,
    ) -> Value {
        let Some(data) = data.and_then(|data| data.identity_data) else {
            return Value::Null;
        };
        let ty = self.identities.get(kind);
        let ty = ty.unwrap_or_else(|| panic!("{kind} has no identity"));
        msgpack::decode(&data.msgpack, ty).expect("an identity of the schema's type")
    }

    /// What is wrong with the identity beside an object, that was known as `before`.
    pub(super) fn identity_problems(
        &self,
        kind: &str,
        before: &Value,
        object: &Value,
        identity: &Value,
    ) -> Vec<String> {
        let mut problems = Vec::new();
        if object.is_null() || !self.identities.contains_key(kind) {
            if !identity.is_null() {
                problems.push(format!("an identity of nothing: {identity:?}"));
            }
            return problems;
        }
        if identity.is_null() || !identity.is_wholly_known() {
            problems.push(format!("the identity is not known: {identity:?}"));
        }
        for (name, known) in before.entries().into_iter().flatten() {
            let is_known = !known.is_null() && !known.is_unknown();
            if is_known && known != identity.get(name) {
                problems.push(format!(
                    "the identity has changed: {name} was {known:?} and is {:?}",
                    identity.get(name)
                ));
            }
        }
        problems
    }

    /// Brings the identity in the state to the current schema, which changes nothing of it.
    pub(super) async fn upgrade_identity(&mut self, kind: &str) {
        let identity = self.state[kind].identity.clone();
        if identity.is_null() {
            return;
        }
        let json = stored::json(&identity, &self.identities[kind]);
        let request = proto::upgrade_resource_identity::Request {
            type_name: kind.to_owned(),
            version: 0,
            raw_identity: Some(proto::RawState {
                json: json.into_bytes(),
                ..Default::default()
            }),
        };
        let answer = limited(self.client.upgrade_resource_identity(request))
            .await
            .expect("an answer")
            .into_inner();
        assert!(answer.diagnostics.is_empty(), "{:?}", answer.diagnostics);
        let upgraded = self.decode_identity(kind, answer.upgraded_identity);
        assert_eq!(upgraded, identity);
    }
}
