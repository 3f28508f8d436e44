//! The requests of Terraform: each is decoded, answered by a trait, and encoded.
//!
//! A call never ends in a gRPC error once its bytes could be read: Terraform
//! loses the object of an apply that fails that way. What goes wrong becomes a
//! diagnostic, beside the state.

mod convert;
mod guard;
mod provider;
mod resource;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use tonic::{Request, Response, Status};

pub(super) use self::guard::install_panic_hook;

use super::proto::tfplugin6::{self as proto, provider_server};
use super::provider::{Context, Provider};
use super::resource::Resource;
use super::schema::{Block, Schema};
use super::stop::Stop;
use super::value::Type;

/// Answers Terraform's requests with a [`Provider`].
pub(super) struct Service {
    provider: Arc<dyn Provider>,
    provider_block: OnceLock<Block>,
    resources: BTreeMap<&'static str, Arc<Registered>>,
    stop: Arc<Stop>,
}

/// A resource and its schema, which is built when a request first needs it.
struct Registered {
    resource: Box<dyn Resource>,
    schema: OnceLock<(Schema, Type)>,
}

impl Registered {
    fn schema(&self) -> &Schema {
        &self.parts().0
    }

    fn ty(&self) -> &Type {
        &self.parts().1
    }

    fn parts(&self) -> &(Schema, Type) {
        self.schema.get_or_init(|| {
            let schema = self.resource.schema();
            let ty = schema.block.ty();
            (schema, ty)
        })
    }
}

impl Service {
    pub(super) fn new(provider: Arc<dyn Provider>, stop: Arc<Stop>) -> Self {
        let resources = provider
            .resources()
            .into_iter()
            .map(|(name, resource)| {
                (
                    name,
                    Arc::new(Registered {
                        resource,
                        schema: OnceLock::new(),
                    }),
                )
            })
            .collect();
        Self {
            provider,
            provider_block: OnceLock::new(),
            resources,
            stop,
        }
    }

    fn provider_block(&self) -> &Block {
        self.provider_block.get_or_init(|| self.provider.schema())
    }

    fn context(&self) -> Context {
        Context {
            stop: self.stop.token(),
        }
    }
}

/// Declares the methods that hand a request on to a function of this layer.
macro_rules! methods {
    ($($method:ident: $module:ident => $function:path;)*) => {
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
        }
    };
}

methods! {
    get_metadata: get_metadata => provider::metadata;
    get_provider_schema: get_provider_schema => provider::schema;
    get_functions: get_functions => provider::functions;
    validate_provider_config: validate_provider_config => provider::validate;
    configure_provider: configure_provider => provider::configure;
    stop_provider: stop_provider => provider::stop;
    validate_resource_config: validate_resource_config => resource::validate;
    upgrade_resource_state: upgrade_resource_state => resource::upgrade;
    read_resource: read_resource => resource::read;
    plan_resource_change: plan_resource_change => resource::plan;
    apply_resource_change: apply_resource_change => resource::apply;
    import_resource_state: import_resource_state => resource::import;
}
