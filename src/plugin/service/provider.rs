//! Requests about the provider as a whole.

use super::{Service, convert, function, guard};
use crate::plugin::diagnostics::Diagnostics;
use crate::plugin::proto::tfplugin6 as proto;
use crate::plugin::provider::ConfigureRequest;
use crate::plugin::schema::Schema;

pub(super) async fn metadata(
    service: &Service,
    _request: proto::get_metadata::Request,
) -> proto::get_metadata::Response {
    use proto::get_metadata::{
        ActionMetadata, DataSourceMetadata, EphemeralMetadata, FunctionMetadata,
        ListResourceMetadata, ResourceMetadata, Response,
    };
    let resources = service.resources.keys();
    let data_sources = service.data_sources.keys();
    let list_resources = service.list_resources.keys();
    let actions = service.actions.keys();
    let ephemeral_resources = service.ephemeral_resources.keys();
    let functions = service.functions.keys();
    Response {
        server_capabilities: Some(capabilities()),
        resources: resources
            .map(|name| ResourceMetadata {
                type_name: (*name).to_owned(),
            })
            .collect(),
        data_sources: data_sources
            .map(|name| DataSourceMetadata {
                type_name: (*name).to_owned(),
            })
            .collect(),
        list_resources: list_resources
            .map(|name| ListResourceMetadata {
                type_name: (*name).to_owned(),
            })
            .collect(),
        actions: actions
            .map(|name| ActionMetadata {
                type_name: (*name).to_owned(),
            })
            .collect(),
        ephemeral_resources: ephemeral_resources
            .map(|name| EphemeralMetadata {
                type_name: (*name).to_owned(),
            })
            .collect(),
        functions: functions
            .map(|name| FunctionMetadata {
                name: (*name).to_owned(),
            })
            .collect(),
        ..Default::default()
    }
}

pub(super) async fn schema(
    service: &Service,
    _request: proto::get_provider_schema::Request,
) -> proto::get_provider_schema::Response {
    let block = service.provider_block().clone();
    let resources = service.resources.iter();
    let data_sources = service.data_sources.iter();
    let list_resources = service.list_resources.iter();
    let actions = service.actions.iter();
    let ephemeral_resources = service.ephemeral_resources.iter();
    proto::get_provider_schema::Response {
        provider: Some(convert::schema(&Schema { version: 0, block })),
        resource_schemas: resources
            .map(|(name, registered)| ((*name).to_owned(), convert::schema(registered.schema())))
            .collect(),
        data_source_schemas: data_sources
            .map(|(name, registered)| ((*name).to_owned(), convert::schema(registered.schema())))
            .collect(),
        list_resource_schemas: list_resources
            .map(|(name, registered)| ((*name).to_owned(), convert::schema(registered.schema())))
            .collect(),
        action_schemas: actions
            .map(|(name, registered)| ((*name).to_owned(), action_schema(registered.schema())))
            .collect(),
        ephemeral_resource_schemas: ephemeral_resources
            .map(|(name, registered)| ((*name).to_owned(), convert::schema(registered.schema())))
            .collect(),
        functions: function::signatures(service).collect(),
        server_capabilities: Some(capabilities()),
        ..Default::default()
    }
}

fn action_schema(schema: &Schema) -> proto::ActionSchema {
    proto::ActionSchema {
        schema: Some(convert::schema(schema)),
    }
}

/// All of them: a destroy is planned, too, no request relies on the schemas' having been
/// asked for, states of other types are taken where a resource knows them, and the
/// configuration of an imported object is written here.
fn capabilities() -> proto::ServerCapabilities {
    proto::ServerCapabilities {
        plan_destroy: true,
        get_provider_schema_optional: true,
        move_resource_state: true,
        generate_resource_config: true,
    }
}

pub(super) async fn validate(
    service: &Service,
    request: proto::validate_provider_config::Request,
) -> proto::validate_provider_config::Response {
    let diagnostics = match convert::decode(request.config.as_ref(), &service.provider_block().ty())
    {
        Ok(config) => {
            let provider = service.provider.clone();
            guard::run(async move { provider.validate(&config) })
                .await
                .unwrap_or_else(Into::into)
        }
        Err(diagnostic) => diagnostic.into(),
    };
    proto::validate_provider_config::Response {
        diagnostics: convert::diagnostics(diagnostics),
    }
}

pub(super) async fn configure(
    service: &Service,
    request: proto::configure_provider::Request,
) -> proto::configure_provider::Response {
    let diagnostics = match convert::decode(request.config.as_ref(), &service.provider_block().ty())
    {
        Ok(config) => {
            let provider = service.provider.clone();
            let request = ConfigureRequest {
                terraform_version: request.terraform_version,
                config,
            };
            guard::run(async move { provider.configure(request).await })
                .await
                .unwrap_or_else(Into::into)
        }
        Err(diagnostic) => Diagnostics::from(diagnostic),
    };
    proto::configure_provider::Response {
        diagnostics: convert::diagnostics(diagnostics),
    }
}

/// Answers at once; the calls in flight come to an end on their own.
pub(super) async fn stop(
    service: &Service,
    _request: proto::stop_provider::Request,
) -> proto::stop_provider::Response {
    tracing::debug!("Terraform asks to stop");
    service.stop.stop();
    proto::stop_provider::Response::default()
}
