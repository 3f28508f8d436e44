//! Terraform's core, as far as a provider meets it: the order of its calls, what it sends
//! with each, and what it makes of the answers.
//!
//! A command is one or two walks, each with a process of its own unless a test wants one
//! for all. Objects are stored as JSON between walks and upgraded at the start of each.

mod calls;
mod identity;
mod list;
mod passing;
mod settle;
mod stored;
mod walks;

use std::collections::BTreeMap;
use std::path::{Path as FilePath, PathBuf};
use std::process::ExitStatus;
use std::sync::LazyLock;

use azrestorepoint::plugin::value::{Type, Value};
use serde_json::Value as Json;
use tonic::transport::Channel;

pub(crate) use self::calls::stop;
pub(crate) use self::settle::Object;
use super::oracle::Shape;
use super::plugin::{self, Plugin, limited};
use super::proto::tfplugin6::provider_client::ProviderClient;
use super::proto::tfplugin6::{self as proto};
pub(crate) use super::told::Told;

/// The largest message, as in Terraform's own plugin library.
const MESSAGE_BYTES_MAX: usize = 256 << 20;

/// The largest answer with schemas that Terraform takes.
const SCHEMA_BYTES_MAX: usize = 64 << 20;

/// The provider that does as it is told.
pub(crate) fn test_provider() -> PathBuf {
    static BUILT: LazyLock<PathBuf> = LazyLock::new(|| plugin::program("test-provider"));
    BUILT.clone()
}

/// How a test wants core to go about it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Habits {
    /// A new process for each walk, as Terraform has it; else one for all.
    pub(crate) new_processes: bool,
    /// Terraform 1.16 and later, which hand the first plan's private data to the second.
    pub(crate) stores_planned_private: bool,
    /// `lifecycle { create_before_destroy = true }`.
    pub(crate) create_before_destroy: bool,
    /// `-replace` for whatever is planned.
    pub(crate) replaces: bool,
    /// A wrong answer is told as core would; else it fails the test.
    pub(crate) tolerates_wrong_answers: bool,
}

/// The phase of a walk that changes what core says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Plan,
    Apply,
}

/// A provider and the objects that Terraform would have in its state.
pub(crate) struct Core {
    program: PathBuf,
    environment: Vec<(String, String)>,
    plugin: Plugin,
    pub(crate) client: ProviderClient<Channel>,
    channel: Channel,
    /// A call has ended in a gRPC error: the process is dead, or as good as.
    has_crashed: bool,
    schemas: BTreeMap<String, Resource>,
    /// The types of the identities, of the resources that have one.
    identities: BTreeMap<String, Type>,
    /// The arguments of the lists.
    lists: BTreeMap<String, Shape>,
    provider: Shape,
    pub(crate) habits: Habits,
    /// The state: at most one object for each resource type, which is all that a test needs.
    pub(crate) state: BTreeMap<String, Object>,
    /// Objects whose place another one has taken before they were deleted.
    pub(crate) deposed: BTreeMap<String, Object>,
}

/// What a schema says of a resource, of an ephemeral one, or of an action.
struct Resource {
    shape: Shape,
    ty: Type,
    version: i64,
}

/// What a plan is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Nothing,
    Create,
    Update,
    Replace,
    Delete,
}

/// A plan as the plan file has it.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) action: Action,
    pub(crate) value: Value,
    pub(crate) private: Vec<u8>,
    pub(crate) identity: Value,
}

impl Core {
    /// Starts that provider, with this environment, and asks for its schemas.
    pub(crate) async fn start(program: &FilePath, environment: &[(&str, String)]) -> Self {
        let (plugin, channel, client) = connect(program, environment).await;
        let mut core = Self {
            program: program.to_owned(),
            environment: environment
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
            plugin,
            client,
            channel,
            has_crashed: false,
            schemas: BTreeMap::new(),
            identities: BTreeMap::new(),
            lists: BTreeMap::new(),
            provider: Shape::default(),
            habits: Habits::default(),
            state: BTreeMap::new(),
            deposed: BTreeMap::new(),
        };
        let request = proto::get_provider_schema::Request {};
        let mut client =
            ProviderClient::new(core.channel.clone()).max_decoding_message_size(SCHEMA_BYTES_MAX);
        let answer = limited(client.get_provider_schema(request))
            .await
            .expect("schemas")
            .into_inner();
        core.provider = Shape::of_schema(&answer.provider.expect("a schema of the provider"));
        let actions = answer.action_schemas.into_iter();
        let actions =
            actions.map(|(name, action)| (name, action.schema.expect("a schema of an action")));
        let passing = actions.chain(answer.ephemeral_resource_schemas);
        for (name, schema) in answer.resource_schemas.into_iter().chain(passing) {
            let shape = Shape::of_schema(&schema);
            let ty = shape.ty();
            let version = schema.version;
            core.schemas.insert(name, Resource { shape, ty, version });
        }
        for (name, schema) in answer.list_resource_schemas {
            core.lists.insert(name, Shape::of_schema(&schema));
        }
        core.ask_for_identities().await;
        core
    }

    /// The id of the process.
    pub(crate) fn process(&self) -> u32 {
        self.plugin.process.id().expect("it runs")
    }

    /// The memory of the process that `/proc` shows under this name, in kB.
    pub(crate) fn memory(&self, name: &str) -> u64 {
        let status = format!("/proc/{}/status", self.process());
        let status = std::fs::read_to_string(status).expect("the process runs");
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.split_whitespace().nth(1));
        number.expect("a number").parse().expect("a number")
    }

    /// The type of a resource's objects, of an ephemeral one's, or of an action's arguments.
    pub(crate) fn ty(&self, kind: &str) -> Type {
        self.schemas[kind].ty.clone()
    }

    /// A configuration of that resource: these arguments, and nothing else.
    pub(crate) fn config(&self, kind: &str, arguments: &[(&str, Value)]) -> Value {
        let mut config = self.schemas[kind].shape.empty();
        for (name, value) in arguments {
            config.insert(name, value.clone());
        }
        config
    }

    /// `terraform apply`: plans and carries it out, for an object or, without configuration, for none.
    pub(crate) async fn apply(&mut self, kind: &str, config: Option<Value>) -> Told {
        let mut told = Told::default();
        let config = config.unwrap_or_default();
        if let Some(plan) = self.plan(kind, &config, &mut told).await {
            self.carry_out(kind, &plan, &config, &mut told).await;
        }
        told
    }

    /// Upgrades and reads what is in the state. False where that failed.
    pub(crate) async fn refresh(&mut self, kind: &str, told: &mut Told) -> bool {
        self.upgrade_stored(kind, told).await && self.read(kind, told).await
    }

    /// Brings an object, as it is stored, to the current schema.
    async fn upgrade_stored(&mut self, kind: &str, told: &mut Told) -> bool {
        let stored = stored::json(&self.state[kind].value, &self.schemas[kind].ty);
        let version = self.schemas[kind].version;
        match self.call_upgrade(kind, version, stored.into_bytes()).await {
            Ok((value, diagnostics)) => {
                if told.add(diagnostics) {
                    return false;
                }
                let object = self.state.get_mut(kind).expect("it is there");
                object.value = value;
                self.upgrade_identity(kind).await;
                true
            }
            Err(status) => {
                self.crashed(&status, told);
                false
            }
        }
    }

    /// `terraform import`: imports, then reads.
    pub(crate) async fn import(&mut self, kind: &str, id: &str) -> Told {
        self.import_object(kind, id, &Value::Null).await
    }

    /// An `import` block with these attributes of an identity.
    pub(crate) async fn import_by_identity(
        &mut self,
        kind: &str,
        attributes: &[(&str, &str)],
    ) -> Told {
        let identity = self.identity(kind, attributes);
        self.import_object(kind, "", &identity).await
    }

    async fn import_object(&mut self, kind: &str, id: &str, identity: &Value) -> Told {
        let mut told = Told::default();
        self.begin_walk(Phase::Plan, &mut told).await;
        if let Some(object) = self.call_import(kind, id, identity, &mut told).await {
            self.state.insert(kind.to_owned(), object);
            self.read(kind, &mut told).await;
        }
        told
    }

    /// A `moved` block: takes over the object of another resource type, then reads it.
    pub(crate) async fn move_here(
        &mut self,
        kind: &str,
        source_type: &str,
        source_state: &Json,
    ) -> Told {
        let mut told = Told::default();
        self.begin_walk(Phase::Plan, &mut told).await;
        let moved = self.call_move(kind, source_type, source_state, &mut told);
        if let Some(object) = moved.await {
            self.state.insert(kind.to_owned(), object);
            self.read(kind, &mut told).await;
        }
        told
    }

    /// Stored state, as an older version may have written it, brought to the current schema.
    pub(crate) async fn upgrade(
        &mut self,
        kind: &str,
        version: i64,
        stored: &Json,
    ) -> Result<Value, String> {
        // Terraform does not promise how it is written.
        let json = serde_json::to_vec_pretty(stored).expect("JSON");
        let (value, diagnostics) = self
            .call_upgrade(kind, version, json)
            .await
            .expect("an answer");
        let mut told = Told::default();
        if told.add(diagnostics) {
            return Err(told.text());
        }
        Ok(value)
    }

    /// Ends the process as core does after each walk.
    pub(crate) async fn shut_down(self) -> ExitStatus {
        drop(self.client);
        self.plugin.shut_down(self.channel).await
    }

    /// A new process, if there has to be one, with the provider's own configuration.
    async fn begin_walk(&mut self, phase: Phase, told: &mut Told) {
        if self.habits.new_processes || self.has_crashed {
            self.renew().await;
        }
        self.configure(phase, told).await;
    }

    /// A new process, and the end of the one before.
    pub(crate) async fn renew(&mut self) {
        let (mut before, channel) = self.replace().await;
        if std::mem::take(&mut self.has_crashed) {
            limited(before.process.wait()).await.expect("it has died");
        } else {
            let status = before.shut_down(channel).await;
            assert!(status.success(), "{status}");
        }
    }

    /// A new process, while the connection to the one before breaks: Terraform itself has died.
    pub(crate) async fn abandon(&mut self) -> Plugin {
        let (before, _channel) = self.replace().await;
        before
    }

    async fn replace(&mut self) -> (Plugin, Channel) {
        let environment: Vec<(&str, String)> = self
            .environment
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone()))
            .collect();
        let (plugin, channel, client) = connect(&self.program, &environment).await;
        self.client = client;
        let before = std::mem::replace(&mut self.plugin, plugin);
        let channel = std::mem::replace(&mut self.channel, channel);
        (before, channel)
    }

    /// Remembers that a call has ended in a gRPC error.
    fn crashed(&mut self, status: &impl ToString, told: &mut Told) {
        told.crashes.push(status.to_string());
        self.has_crashed = true;
    }

    /// Tells the user of wrong answers as core does, or fails the test. False where there are any.
    fn accept(&self, what: &str, problems: Vec<String>, told: &mut Told) -> bool {
        let accepted = problems.is_empty();
        assert!(
            accepted || self.habits.tolerates_wrong_answers,
            "{what}: {problems:#?}"
        );
        let problems = problems.into_iter().map(|problem| proto::Diagnostic {
            severity: proto::diagnostic::Severity::Error.into(),
            summary: what.to_owned(),
            detail: problem,
            attribute: None,
        });
        told.add(problems.collect());
        accepted
    }
}

async fn connect(
    program: &FilePath,
    environment: &[(&str, String)],
) -> (Plugin, Channel, ProviderClient<Channel>) {
    let plugin = Plugin::start_program(program, environment).await;
    let channel = plugin.connect().await;
    let client = ProviderClient::new(channel.clone())
        .max_decoding_message_size(MESSAGE_BYTES_MAX)
        .max_encoding_message_size(MESSAGE_BYTES_MAX);
    (plugin, channel, client)
}
