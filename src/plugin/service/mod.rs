//! The requests of Terraform: each is decoded, answered by a trait, and encoded.
//!
//! A call never ends in a gRPC error once its bytes could be read: Terraform
//! loses the object of an apply that fails that way. What goes wrong becomes a
//! diagnostic, beside the state.

mod action;
mod apply;
mod blocks;
mod convert;
mod data_source;
mod ephemeral;
mod function;
mod guard;
mod identity;
mod leases;
mod list_resource;
mod provider;
mod resource;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status};

pub(super) use self::guard::install_panic_hook;
pub(super) use self::leases::Leases;

use super::action::Action;
use super::data_source::DataSource;
use super::diagnostics::{Diagnostic, Diagnostics};
use super::ephemeral::EphemeralResource;
use super::function::Function;
use super::list_resource::ListResource;
use super::proto::tfplugin6::{self as proto, provider_server};
use super::provider::{Context, Provider};
use super::resource::Resource;
use super::schema::{Block, Schema};
use super::stop::Stop;
use super::value::{Type, Value};

/// Answers Terraform's requests with a [`Provider`].
pub(super) struct Service {
    provider: Arc<dyn Provider>,
    provider_block: OnceLock<Block>,
    resources: BTreeMap<&'static str, Arc<RegisteredResource>>,
    data_sources: BTreeMap<&'static str, Arc<RegisteredDataSource>>,
    list_resources: BTreeMap<&'static str, Arc<RegisteredListResource>>,
    actions: BTreeMap<&'static str, Arc<RegisteredAction>>,
    ephemeral_resources: BTreeMap<&'static str, Arc<RegisteredEphemeral>>,
    functions: BTreeMap<&'static str, Arc<dyn Function>>,
    stop: Arc<Stop>,
    leases: Arc<Leases>,
}

type RegisteredResource = Registered<dyn Resource>;
type RegisteredDataSource = Registered<dyn DataSource>;
type RegisteredListResource = Registered<dyn ListResource>;
type RegisteredAction = Registered<dyn Action>;
type RegisteredEphemeral = Registered<dyn EphemeralResource>;

/// Something with a schema, which is built when a request first needs it: Terraform
/// may send any request to a process that it never asked for its schemas.
struct Registered<T: ?Sized> {
    item: Arc<T>,
    describe: fn(&T) -> Schema,
    schema: OnceLock<(Schema, Type)>,
}

impl<T: ?Sized> Registered<T> {
    fn new(item: Box<T>, describe: fn(&T) -> Schema) -> Arc<Self> {
        let schema = OnceLock::new();
        Arc::new(Self {
            item: Arc::from(item),
            describe,
            schema,
        })
    }

    fn schema(&self) -> &Schema {
        &self.parts().0
    }

    fn block(&self) -> &Block {
        &self.parts().0.block
    }

    fn ty(&self) -> &Type {
        &self.parts().1
    }

    fn parts(&self) -> &(Schema, Type) {
        self.schema.get_or_init(|| {
            let schema = (self.describe)(&self.item);
            let ty = schema.block.ty();
            (schema, ty)
        })
    }
}

/// Checks a configuration on its own, with whatever it is for.
async fn checked<T: ?Sized + Send + Sync + 'static>(
    found: Result<Arc<Registered<T>>, Diagnostic>,
    config: Option<&proto::DynamicValue>,
    validate: fn(&T, &Value) -> Diagnostics,
) -> Vec<proto::Diagnostic> {
    let checked = async {
        let registered = found?;
        let config = convert::decode(config, registered.ty())?;
        guard::run(async move { validate(&registered.item, &config) }).await
    };
    convert::diagnostics(checked.await.unwrap_or_else(Diagnostics::from))
}

impl Service {
    pub(super) fn new(provider: Arc<dyn Provider>, stop: Arc<Stop>, leases: Arc<Leases>) -> Self {
        let resources = provider.resources().into_iter();
        let resources =
            resources.map(|(name, item)| (name, Registered::new(item, |item| item.schema())));
        let data_sources = provider.data_sources().into_iter();
        let data_sources =
            data_sources.map(|(name, item)| (name, Registered::new(item, |item| item.schema())));
        let list_resources = provider.list_resources().into_iter();
        let list_resources =
            list_resources.map(|(name, item)| (name, Registered::new(item, |item| item.schema())));
        let actions = provider.actions().into_iter();
        let actions =
            actions.map(|(name, item)| (name, Registered::new(item, |item| item.schema())));
        let ephemeral = provider.ephemeral_resources().into_iter();
        let ephemeral =
            ephemeral.map(|(name, item)| (name, Registered::new(item, |item| item.schema())));
        let functions = provider.functions().into_iter();
        let functions = functions.map(|(name, function)| (name, Arc::from(function)));
        Self {
            resources: resources.collect(),
            data_sources: data_sources.collect(),
            list_resources: list_resources.collect(),
            actions: actions.collect(),
            ephemeral_resources: ephemeral.collect(),
            functions: functions.collect(),
            provider,
            provider_block: OnceLock::new(),
            stop,
            leases,
        }
    }

    fn provider_block(&self) -> &Block {
        self.provider_block.get_or_init(|| self.provider.schema())
    }

    fn context(&self) -> Context {
        self.stop.context()
    }
}

/// Declares the methods that hand a request on to a function of this layer; in braces those that
/// answer with a stream.
macro_rules! methods {
    (
        $($method:ident: $module:ident => $function:path;)*
        { $($stream:ident: $stream_module:ident => $stream_function:path;)* }
    ) => {
        #[tonic::async_trait]
        impl provider_server::Provider for Service {
            $(
                async fn $method(
                    &self,
                    request: Request<proto::$module::Request>,
                ) -> Result<Response<proto::$module::Response>, Status> {
                    Ok(Response::new($function(self, request.into_inner()).await))
                }
            )*
            $(
                async fn $stream(
                    &self,
                    request: Request<proto::$stream_module::Request>,
                ) -> Result<Response<BoxStream<proto::$stream_module::Event>>, Status> {
                    Ok(Response::new($stream_function(self, request.into_inner()).await))
                }
            )*
        }
    };
}

methods! {
    get_metadata: get_metadata => provider::metadata;
    get_provider_schema: get_provider_schema => provider::schema;
    get_functions: get_functions => function::list;
    call_function: call_function => function::call;
    validate_provider_config: validate_provider_config => provider::validate;
    configure_provider: configure_provider => provider::configure;
    stop_provider: stop_provider => provider::stop;
    validate_resource_config: validate_resource_config => resource::validate;
    upgrade_resource_state: upgrade_resource_state => resource::upgrade;
    read_resource: read_resource => resource::read;
    plan_resource_change: plan_resource_change => resource::plan;
    apply_resource_change: apply_resource_change => apply::apply;
    import_resource_state: import_resource_state => resource::import;
    move_resource_state: move_resource_state => resource::move_state;
    generate_resource_config: generate_resource_config => resource::generate_config;
    get_resource_identity_schemas: get_resource_identity_schemas => identity::schemas;
    upgrade_resource_identity: upgrade_resource_identity => identity::upgrade;
    validate_data_resource_config: validate_data_resource_config => data_source::validate;
    read_data_source: read_data_source => data_source::read;
    validate_list_resource_config: validate_list_resource_config => list_resource::validate;
    validate_ephemeral_resource_config: validate_ephemeral_resource_config => ephemeral::validate;
    open_ephemeral_resource: open_ephemeral_resource => ephemeral::open;
    renew_ephemeral_resource: renew_ephemeral_resource => ephemeral::renew;
    close_ephemeral_resource: close_ephemeral_resource => ephemeral::close;
    validate_action_config: validate_action_config => action::validate;
    plan_action: plan_action => action::plan;
    {
        list_resource: list_resource => list_resource::list;
        invoke_action: invoke_action => action::invoke;
    }
}
