//! Terraform's core, as far as a provider meets it: the order of its calls, and what it makes of the answers.

use std::collections::BTreeMap;
use std::path::{Path as FilePath, PathBuf};
use std::sync::LazyLock;

use azrestorepoint::plugin::value::{Type, Value, msgpack};
use serde_json::Value as Json;
use tonic::transport::Channel;

use super::oracle::{self, Shape};
use super::plugin::{self, Plugin, limited};
use super::proto::tfplugin6::provider_client::ProviderClient;
use super::proto::tfplugin6::{self as proto};
pub(crate) use super::told::Told;

/// The provider that does as it is told. A run of chosen tests does not build it, so it is built here.
pub(crate) fn test_provider() -> PathBuf {
    static BUILT: LazyLock<PathBuf> = LazyLock::new(|| {
        let built = std::process::Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--locked", "--example", "test-provider"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status();
        assert!(
            built.expect("cargo runs").success(),
            "the test provider does not build"
        );
        plugin::binary()
            .parent()
            .expect("a folder")
            .join("examples/test-provider")
    });
    BUILT.clone()
}

/// A provider process and the objects that Terraform would have in its state.
pub(crate) struct Core {
    plugin: Plugin,
    pub(crate) client: ProviderClient<Channel>,
    channel: Channel,
    schemas: BTreeMap<String, (Shape, Type)>,
    /// The state: at most one object for each resource type, which is all that a test needs.
    pub(crate) state: BTreeMap<String, Object>,
}

/// An object in the state.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Object {
    pub(crate) value: Value,
    pub(crate) private: Vec<u8>,
    pub(crate) is_tainted: bool,
}

/// What a plan is made into.
struct Planned {
    value: Value,
    private: Vec<u8>,
    replaces: bool,
}

impl Core {
    /// Starts that provider, with this environment, and asks for its schemas.
    pub(crate) async fn start(program: &FilePath, environment: &[(&str, String)]) -> Self {
        let plugin = Plugin::start_program(program, environment).await;
        let channel = plugin.connect().await;
        let client = ProviderClient::new(channel.clone())
            .max_decoding_message_size(256 << 20)
            .max_encoding_message_size(256 << 20);
        let mut core = Self {
            plugin,
            client,
            channel,
            schemas: BTreeMap::new(),
            state: BTreeMap::new(),
        };
        let request = proto::get_provider_schema::Request {};
        let answer = limited(core.client.get_provider_schema(request))
            .await
            .expect("schemas")
            .into_inner();
        for (name, schema) in answer.resource_schemas {
            let shape = Shape::of_schema(&schema);
            let ty = shape.ty();
            core.schemas.insert(name, (shape, ty));
        }
        core
    }

    /// The id of the process.
    pub(crate) fn process(&self) -> u32 {
        self.plugin.process.id().expect("it runs")
    }

    /// The type of a resource's objects.
    pub(crate) fn ty(&self, kind: &str) -> Type {
        self.schemas[kind].1.clone()
    }

    fn shape(&self, kind: &str) -> Shape {
        self.schemas[kind].0.clone()
    }

    /// A configuration of that resource: these arguments, and nothing else.
    pub(crate) fn config(&self, kind: &str, arguments: &[(&str, Value)]) -> Value {
        let mut config = self.schemas[kind].0.empty();
        for (name, value) in arguments {
            config.insert(name, value.clone());
        }
        config
    }

    /// `terraform apply`: refreshes, plans and applies, for an object or, without configuration, for none.
    pub(crate) async fn apply(&mut self, kind: &str, config: Option<Value>) -> Told {
        let mut told = Told::default();
        if self.state.contains_key(kind) && !self.refresh(kind, &mut told).await {
            return told;
        }
        let config = config.unwrap_or_default();
        let prior = self.state.get(kind).cloned();
        // A tainted object is planned as if there were none, and deleted first.
        let healthy = prior
            .clone()
            .filter(|object| !object.is_tainted || config.is_null());
        let Some(mut planned) = self
            .plan(kind, healthy.as_ref(), &config, &[], false, &mut told)
            .await
        else {
            return told;
        };
        let mut replaces = prior.is_some() && healthy.is_none();
        if planned.replaces {
            replaces = true;
            let first = planned.private;
            match self
                .plan(kind, None, &config, &first, false, &mut told)
                .await
            {
                Some(second) => planned = second,
                None => return told,
            }
        }
        match (prior, config.is_null()) {
            (None, true) => {}
            (Some(prior), true) => self.delete(kind, &prior, &planned.private, &mut told).await,
            (Some(prior), false) if replaces => {
                self.delete(kind, &prior, &planned.private, &mut told).await;
                if !self.state.contains_key(kind) {
                    self.change(kind, None, &config, &planned, &mut told).await;
                }
            }
            (prior, false) => {
                self.change(kind, prior.as_ref(), &config, &planned, &mut told)
                    .await
            }
        }
        told
    }

    /// Upgrades and reads what is in the state. False where that failed.
    pub(crate) async fn refresh(&mut self, kind: &str, told: &mut Told) -> bool {
        let object = self.state[kind].clone();
        let request = proto::read_resource::Request {
            type_name: kind.to_owned(),
            current_state: Some(self.encode(kind, &object.value)),
            private: object.private.clone(),
            client_capabilities: Some(capabilities(false)),
            ..Default::default()
        };
        let answer = match limited(self.client.read_resource(request)).await {
            Ok(answer) => answer.into_inner(),
            Err(status) => {
                told.crashes.push(status.to_string());
                return false;
            }
        };
        if told.add(answer.diagnostics) {
            return false;
        }
        let value = self.decode(kind, answer.new_state.as_ref());
        assert!(
            value.is_wholly_known(),
            "a read may not leave anything unknown"
        );
        if value.is_null() {
            self.state.remove(kind);
        } else {
            self.state.insert(
                kind.to_owned(),
                Object {
                    value,
                    private: answer.private,
                    ..object
                },
            );
        }
        true
    }

    async fn plan(
        &mut self,
        kind: &str,
        prior: Option<&Object>,
        config: &Value,
        prior_private: &[u8],
        in_apply: bool,
        told: &mut Told,
    ) -> Option<Planned> {
        let shape = self.shape(kind);
        let prior_value = prior.map(|object| object.value.clone()).unwrap_or_default();
        let proposed = oracle::proposed_new(&shape, &prior_value, config);
        let request = proto::plan_resource_change::Request {
            type_name: kind.to_owned(),
            prior_state: Some(self.encode(kind, &prior_value)),
            proposed_new_state: Some(self.encode(kind, &proposed)),
            config: Some(self.encode(kind, config)),
            prior_private: prior
                .map_or_else(|| prior_private.to_vec(), |object| object.private.clone()),
            client_capabilities: Some(capabilities(in_apply)),
            ..Default::default()
        };
        let answer = match limited(self.client.plan_resource_change(request)).await {
            Ok(answer) => answer.into_inner(),
            Err(status) => {
                told.crashes.push(status.to_string());
                return None;
            }
        };
        if told.add(answer.diagnostics) {
            return None;
        }
        assert!(!answer.legacy_type_system && answer.deferred.is_none());
        let value = self.decode(kind, answer.planned_state.as_ref());
        let problems = oracle::assert_plan_valid(&shape, &prior_value, config, &value);
        assert!(problems.is_empty(), "invalid plan: {problems:#?}");
        let replaces = !answer.requires_replace.is_empty() && prior.is_some();
        Some(Planned {
            value,
            private: answer.planned_private,
            replaces,
        })
    }

    /// Creates or updates: plans again, as core does in the middle of an apply, and applies.
    async fn change(
        &mut self,
        kind: &str,
        prior: Option<&Object>,
        config: &Value,
        first: &Planned,
        told: &mut Told,
    ) {
        let Some(planned) = self.plan(kind, prior, config, &[], true, told).await else {
            return;
        };
        assert!(
            !planned.replaces,
            "an update became a replacement in the apply"
        );
        let shape = self.shape(kind);
        let prior_value = prior.map(|object| object.value.clone()).unwrap_or_default();
        let problems =
            oracle::final_plan_consistent(&shape, &prior_value, &first.value, &planned.value);
        assert!(
            problems.is_empty(),
            "inconsistent final plan: {problems:#?}"
        );
        if planned.value == prior_value {
            return;
        }
        let applied = self
            .call_apply(kind, &prior_value, &planned.value, config, &planned.private)
            .await;
        let is_create = prior.is_none();
        let (value, private, failed) = match applied {
            Ok(answer) => {
                let failed = told.add(answer.diagnostics);
                (
                    self.decode(kind, answer.new_state.as_ref()),
                    answer.private,
                    failed,
                )
            }
            Err(status) => {
                told.crashes.push(status);
                // Core keeps the prior object, without its private data, or has none.
                if let Some(object) = self.state.get_mut(kind) {
                    object.private.clear();
                }
                return;
            }
        };
        assert!(
            value.is_wholly_known(),
            "an apply may not leave anything unknown"
        );
        if !failed {
            let problems = oracle::assert_object_compatible(&shape, &planned.value, &value);
            assert!(problems.is_empty(), "inconsistent result: {problems:#?}");
        }
        match (value.is_null(), is_create) {
            (true, true) => {}
            // A failed update without a state leaves the object and its private data as they were.
            (true, false) => assert!(failed, "an update without an error gave no object"),
            (false, _) => {
                let object = Object {
                    value,
                    private,
                    is_tainted: is_create && failed,
                };
                self.state.insert(kind.to_owned(), object);
            }
        }
    }

    async fn delete(
        &mut self,
        kind: &str,
        prior: &Object,
        planned_private: &[u8],
        told: &mut Told,
    ) {
        let applied = self
            .call_apply(
                kind,
                &prior.value,
                &Value::Null,
                &Value::Null,
                planned_private,
            )
            .await;
        match applied {
            Ok(answer) => {
                let failed = told.add(answer.diagnostics);
                let value = self.decode(kind, answer.new_state.as_ref());
                match (value.is_null(), failed) {
                    (true, false) => drop(self.state.remove(kind)),
                    // Kept as it was, private data included.
                    (true, true) => {}
                    (false, _) => {
                        assert!(failed, "a delete gave an object and no error");
                        let object = Object {
                            value,
                            private: answer.private,
                            ..prior.clone()
                        };
                        self.state.insert(kind.to_owned(), object);
                    }
                }
            }
            Err(status) => told.crashes.push(status),
        }
    }

    async fn call_apply(
        &mut self,
        kind: &str,
        prior: &Value,
        planned: &Value,
        config: &Value,
        planned_private: &[u8],
    ) -> Result<proto::apply_resource_change::Response, String> {
        let request = proto::apply_resource_change::Request {
            type_name: kind.to_owned(),
            prior_state: Some(self.encode(kind, prior)),
            planned_state: Some(self.encode(kind, planned)),
            config: Some(self.encode(kind, config)),
            planned_private: planned_private.to_vec(),
            ..Default::default()
        };
        let answer = limited(self.client.apply_resource_change(request)).await;
        answer
            .map(tonic::Response::into_inner)
            .map_err(|status| status.to_string())
    }

    /// `terraform import`: imports, then reads.
    pub(crate) async fn import(&mut self, kind: &str, id: &str) -> Told {
        let mut told = Told::default();
        let request = proto::import_resource_state::Request {
            type_name: kind.to_owned(),
            id: id.to_owned(),
            client_capabilities: Some(capabilities(false)),
            ..Default::default()
        };
        let answer = limited(self.client.import_resource_state(request))
            .await
            .expect("an answer")
            .into_inner();
        if told.add(answer.diagnostics) {
            return told;
        }
        let [imported] = answer.imported_resources.as_slice() else {
            panic!("one object is imported")
        };
        assert_eq!(imported.type_name, kind);
        let value = self.decode(kind, imported.state.as_ref());
        let object = Object {
            value,
            private: imported.private.clone(),
            is_tainted: false,
        };
        self.state.insert(kind.to_owned(), object);
        self.refresh(kind, &mut told).await;
        told
    }

    /// Stored state, as an older version may have written it, brought to the current schema.
    pub(crate) async fn upgrade(
        &mut self,
        kind: &str,
        version: i64,
        stored: &Json,
    ) -> Result<Value, String> {
        let request = proto::upgrade_resource_state::Request {
            type_name: kind.to_owned(),
            version,
            raw_state: Some(proto::RawState {
                // Terraform does not promise how it is written.
                json: serde_json::to_vec_pretty(stored).expect("JSON"),
                ..Default::default()
            }),
        };
        let answer = limited(self.client.upgrade_resource_state(request))
            .await
            .expect("an answer")
            .into_inner();
        let mut told = Told::default();
        if told.add(answer.diagnostics) {
            return Err(told.text());
        }
        Ok(self.decode(kind, answer.upgraded_state.as_ref()))
    }

    /// Asks the provider to stop what is in flight.
    pub(crate) async fn stop(&mut self) {
        let request = proto::stop_provider::Request {};
        let answer = limited(self.client.stop_provider(request))
            .await
            .expect("an answer")
            .into_inner();
        assert_eq!(answer.error, "");
    }

    /// Ends the process as core does after each walk.
    pub(crate) async fn shut_down(self) -> std::process::ExitStatus {
        drop(self.client);
        self.plugin.shut_down(self.channel).await
    }

    /// A value as the wire carries it.
    pub(crate) fn encode(&self, kind: &str, value: &Value) -> proto::DynamicValue {
        let (msgpack, mismatches) = msgpack::encode(value, &self.schemas[kind].1);
        assert!(
            mismatches.is_empty(),
            "the test's own value is of another type: {mismatches:?}"
        );
        proto::DynamicValue {
            msgpack,
            json: Vec::new(),
        }
    }

    fn decode(&self, kind: &str, value: Option<&proto::DynamicValue>) -> Value {
        let bytes = value.map_or(&[][..], |value| &value.msgpack);
        msgpack::decode(bytes, &self.schemas[kind].1).expect("a value of the schema's type")
    }
}

/// What Terraform 1.11 says of itself: it would allow deferrals in an apply, and nowhere else.
fn capabilities(in_apply: bool) -> proto::ClientCapabilities {
    proto::ClientCapabilities {
        deferral_allowed: in_apply,
        write_only_attributes_allowed: true,
        ..Default::default()
    }
}
