//! Each call with exactly what Terraform sends.

use azrestorepoint::plugin::value::{Value, msgpack};
use serde_json::Value as Json;
use tonic::transport::Channel;

use super::super::oracle;
use super::super::plugin::limited;
use super::super::proto::tfplugin6::attribute_path::step::Selector;
use super::super::proto::tfplugin6::provider_client::ProviderClient;
use super::super::proto::tfplugin6::{self as proto};
use super::super::told::Told;
use super::settle::{Answer, Object};
use super::{Core, Phase};

/// What Terraform says its version is.
const TERRAFORM_VERSION: &str = "1.11.4";

/// One request for a plan.
pub(super) struct PlanCall<'a> {
    pub(super) prior: &'a Object,
    pub(super) config: &'a Value,
    pub(super) planned_private: &'a [u8],
    pub(super) phase: Phase,
}

/// Its answer.
pub(super) struct PlanAnswer {
    pub(super) value: Value,
    pub(super) private: Vec<u8>,
    pub(super) identity: Value,
    /// Whether something has changed that makes a new object.
    pub(super) replaces: bool,
}

impl Core {
    pub(super) async fn configure(&mut self, phase: Phase, told: &mut Told) {
        let (msgpack, _) = msgpack::encode(&self.provider.empty(), &self.provider.ty());
        let request = proto::configure_provider::Request {
            terraform_version: TERRAFORM_VERSION.to_owned(),
            config: Some(proto::DynamicValue {
                msgpack,
                json: Vec::new(),
            }),
            client_capabilities: Some(self.capabilities(phase)),
        };
        match limited(self.client.configure_provider(request)).await {
            Ok(answer) => drop(told.add(answer.into_inner().diagnostics)),
            Err(status) => self.crashed(&status, told),
        }
    }

    /// False where the configuration is refused.
    pub(super) async fn validate(
        &mut self,
        kind: &str,
        config: &Value,
        phase: Phase,
        told: &mut Told,
    ) -> bool {
        let request = proto::validate_resource_config::Request {
            type_name: kind.to_owned(),
            config: Some(self.encode(kind, config)),
            client_capabilities: Some(self.capabilities(phase)),
        };
        match limited(self.client.validate_resource_config(request)).await {
            Ok(answer) => !told.add(answer.into_inner().diagnostics),
            Err(status) => {
                self.crashed(&status, told);
                false
            }
        }
    }

    pub(super) async fn call_upgrade(
        &mut self,
        kind: &str,
        version: i64,
        json: Vec<u8>,
    ) -> Result<(Value, Vec<proto::Diagnostic>), String> {
        let request = proto::upgrade_resource_state::Request {
            type_name: kind.to_owned(),
            version,
            raw_state: Some(proto::RawState {
                json,
                ..Default::default()
            }),
        };
        let answer = limited(self.client.upgrade_resource_state(request))
            .await
            .map_err(|status| status.to_string())?
            .into_inner();
        let value = self.decode(kind, answer.upgraded_state.as_ref());
        assert!(value.is_wholly_known(), "an upgrade left something unknown");
        Ok((value, answer.diagnostics))
    }

    /// Looks at the object in the state. False where that failed; then it is as it was.
    pub(super) async fn read(&mut self, kind: &str, told: &mut Told) -> bool {
        let object = self.state[kind].clone();
        let request = proto::read_resource::Request {
            type_name: kind.to_owned(),
            current_state: Some(self.encode(kind, &object.value)),
            private: object.private.clone(),
            current_identity: self.encode_identity(kind, &object.identity),
            client_capabilities: Some(self.capabilities(Phase::Plan)),
            ..Default::default()
        };
        let answer = match limited(self.client.read_resource(request)).await {
            Ok(answer) => answer.into_inner(),
            Err(status) => {
                self.crashed(&status, told);
                return false;
            }
        };
        assert!(answer.deferred.is_none(), "nobody allowed a deferral");
        let value = self.decode(kind, answer.new_state.as_ref());
        let identity = self.decode_identity(kind, answer.new_identity);
        let mut problems = self.identity_problems(kind, &object.identity, &value, &identity);
        if told.add(answer.diagnostics) {
            assert!(problems.is_empty(), "{problems:#?}");
            return false;
        }
        if !value.is_wholly_known() {
            problems.push("a read left something unknown".to_owned());
        }
        if !self.accept("wrong object", problems, told) {
            return false;
        }
        if value.is_null() {
            self.state.remove(kind);
        } else {
            let private = answer.private;
            let object = Object {
                value,
                private,
                identity,
                ..object
            };
            self.state.insert(kind.to_owned(), object);
        }
        true
    }

    /// Asks for a plan and checks it. None where that failed.
    pub(super) async fn call_plan(
        &mut self,
        kind: &str,
        call: PlanCall<'_>,
        told: &mut Told,
    ) -> Option<PlanAnswer> {
        let prior = &call.prior.value;
        let proposed = oracle::proposed_new(&self.schemas[kind].shape, prior, call.config);
        let request = proto::plan_resource_change::Request {
            type_name: kind.to_owned(),
            prior_state: Some(self.encode(kind, prior)),
            proposed_new_state: Some(self.encode(kind, &proposed)),
            config: Some(self.encode(kind, call.config)),
            prior_private: call.prior.private.clone(),
            prior_identity: self.encode_identity(kind, &call.prior.identity),
            client_capabilities: Some(self.capabilities(call.phase)),
            planned_private: call.planned_private.to_vec(),
            ..Default::default()
        };
        let answer = match limited(self.client.plan_resource_change(request)).await {
            Ok(answer) => answer.into_inner(),
            Err(status) => {
                self.crashed(&status, told);
                return None;
            }
        };
        if told.add(answer.diagnostics) {
            return None;
        }
        assert!(
            !answer.legacy_type_system && answer.deferred.is_none(),
            "what nobody asked for"
        );
        let value = self.decode(kind, answer.planned_state.as_ref());
        let shape = &self.schemas[kind].shape;
        let mut problems = oracle::assert_plan_valid(shape, prior, call.config, &value);
        let identity = self.decode_identity(kind, answer.planned_identity);
        if !prior.is_null() {
            let known = &call.prior.identity;
            problems.extend(self.identity_problems(kind, known, &value, &identity));
        }
        let mut replaces = false;
        for path in &answer.requires_replace {
            match (at(prior, path), at(&value, path)) {
                (None, None) => problems.push(format!("there is no {path:?} to replace for")),
                (prior, planned) => replaces |= prior != planned,
            }
        }
        self.accept("invalid plan", problems, told)
            .then_some(PlanAnswer {
                replaces: replaces && !prior.is_null(),
                value,
                private: answer.planned_private,
                identity,
            })
    }

    /// Applies. None where the call ended in a gRPC error.
    pub(super) async fn call_apply(
        &mut self,
        kind: &str,
        prior: Option<&Object>,
        planned: &Object,
        config: &Value,
        told: &mut Told,
    ) -> Option<Answer> {
        let prior = prior.map_or(&Value::Null, |object| &object.value);
        let request = proto::apply_resource_change::Request {
            type_name: kind.to_owned(),
            prior_state: Some(self.encode(kind, prior)),
            planned_state: Some(self.encode(kind, &planned.value)),
            config: Some(self.encode(kind, config)),
            planned_private: planned.private.clone(),
            planned_identity: self.encode_identity(kind, &planned.identity),
            ..Default::default()
        };
        match limited(self.client.apply_resource_change(request)).await {
            Ok(answer) => {
                let answer = answer.into_inner();
                assert!(!answer.legacy_type_system, "what nobody asked for");
                Some(Answer {
                    value: self.decode(kind, answer.new_state.as_ref()),
                    private: answer.private,
                    identity: self.decode_identity(kind, answer.new_identity),
                    failed: told.add(answer.diagnostics),
                })
            }
            Err(status) => {
                self.crashed(&status, told);
                None
            }
        }
    }

    pub(super) async fn call_import(
        &mut self,
        kind: &str,
        id: &str,
        identity: &Value,
        told: &mut Told,
    ) -> Option<Object> {
        let request = proto::import_resource_state::Request {
            type_name: kind.to_owned(),
            id: id.to_owned(),
            client_capabilities: Some(self.capabilities(Phase::Plan)),
            identity: self.encode_identity(kind, identity),
        };
        let answer = limited(self.client.import_resource_state(request))
            .await
            .expect("an answer")
            .into_inner();
        if told.add(answer.diagnostics) {
            return None;
        }
        let [imported] = answer.imported_resources.as_slice() else {
            panic!("one object is imported")
        };
        assert_eq!(imported.type_name, kind);
        let value = self.decode(kind, imported.state.as_ref());
        let found = self.decode_identity(kind, imported.identity.clone());
        self.whole(kind, value, imported.private.clone(), identity, found)
    }

    pub(super) async fn call_move(
        &mut self,
        kind: &str,
        source_type: &str,
        source_state: &Json,
        told: &mut Told,
    ) -> Option<Object> {
        let request = proto::move_resource_state::Request {
            source_provider_address: "registry.terraform.io/example/other".to_owned(),
            source_type_name: source_type.to_owned(),
            source_state: Some(proto::RawState {
                json: serde_json::to_vec_pretty(source_state).expect("JSON"),
                ..Default::default()
            }),
            target_type_name: kind.to_owned(),
            ..Default::default()
        };
        let answer = limited(self.client.move_resource_state(request))
            .await
            .expect("an answer")
            .into_inner();
        if told.add(answer.diagnostics) {
            return None;
        }
        let value = self.decode(kind, answer.target_state.as_ref());
        let identity = self.decode_identity(kind, answer.target_identity);
        self.whole(kind, value, answer.target_private, &Value::Null, identity)
    }

    /// An object that came from elsewhere: there is one, known, and without what may not be stored.
    fn whole(
        &self,
        kind: &str,
        value: Value,
        private: Vec<u8>,
        asked: &Value,
        identity: Value,
    ) -> Option<Object> {
        let problems = self.identity_problems(kind, asked, &value, &identity);
        assert!(problems.is_empty(), "{problems:#?}");
        assert!(!value.is_null(), "there is no object");
        assert!(value.is_wholly_known(), "something is unknown: {value:?}");
        for (name, attribute) in &self.schemas[kind].shape.attributes {
            let is_stored = attribute.write_only && !value.get(name).is_null();
            assert!(!is_stored, "{name} is write-only");
        }
        Some(Object {
            value,
            private,
            identity,
            is_tainted: false,
        })
    }

    /// Asks the provider to stop what is in flight.
    pub(crate) async fn stop(&mut self) {
        stop(&mut self.client).await;
    }

    /// A value as the wire carries it.
    pub(crate) fn encode(&self, kind: &str, value: &Value) -> proto::DynamicValue {
        let (msgpack, mismatches) = msgpack::encode(value, &self.schemas[kind].ty);
        assert!(
            mismatches.is_empty(),
            "the test's own value is of another type: {mismatches:?}"
        );
        proto::DynamicValue {
            msgpack,
            json: Vec::new(),
        }
    }

    /// What Terraform 1.11 says of itself: it would allow deferrals in an apply, and nowhere else.
    pub(super) fn capabilities(&self, phase: Phase) -> proto::ClientCapabilities {
        proto::ClientCapabilities {
            deferral_allowed: phase == Phase::Apply,
            write_only_attributes_allowed: true,
            store_planned_private: self.habits.stores_planned_private,
            ..Default::default()
        }
    }

    pub(crate) fn decode(&self, kind: &str, value: Option<&proto::DynamicValue>) -> Value {
        let bytes = value.map_or(&[][..], |value| &value.msgpack);
        msgpack::decode(bytes, &self.schemas[kind].ty).expect("a value of the schema's type")
    }
}

/// Asks the provider to stop what is in flight, over a connection that others use, too.
pub(crate) async fn stop(client: &mut ProviderClient<Channel>) {
    let request = proto::stop_provider::Request {};
    let answer = limited(client.stop_provider(request))
        .await
        .expect("an answer")
        .into_inner();
    assert_eq!(answer.error, "");
}

/// The value at a path; None where there is no such place.
fn at<'a>(value: &'a Value, path: &proto::AttributePath) -> Option<&'a Value> {
    let mut value = value;
    for step in &path.steps {
        value = match (step.selector.as_ref()?, value) {
            (Selector::AttributeName(name), Value::Object(entries)) => entries.get(name)?,
            (Selector::ElementKeyString(key), Value::Map(entries)) => entries.get(key)?,
            (Selector::ElementKeyInt(index), Value::List(elements)) => {
                elements.get(usize::try_from(*index).ok()?)?
            }
            _ => return None,
        };
    }
    Some(value)
}
