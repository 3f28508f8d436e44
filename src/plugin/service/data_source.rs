//! Requests about one data source.

use std::sync::Arc;

use super::{RegisteredDataSource, Service, checked, convert, guard};
use crate::plugin::data_source::ReadDataRequest;
use crate::plugin::diagnostics::{Diagnostic, Diagnostics};
use crate::plugin::proto::tfplugin6 as proto;
use crate::plugin::resource::Applied;

pub(super) async fn validate(
    service: &Service,
    request: proto::validate_data_resource_config::Request,
) -> proto::validate_data_resource_config::Response {
    let found = find(service, &request.type_name);
    let diagnostics = checked(found, request.config.as_ref(), |item, config| {
        item.validate(config)
    });
    proto::validate_data_resource_config::Response {
        diagnostics: diagnostics.await,
    }
}

pub(super) async fn read(
    service: &Service,
    request: proto::read_data_source::Request,
) -> proto::read_data_source::Response {
    let answer = async {
        let registered = find(service, &request.type_name)?;
        let config = convert::decode(request.config.as_ref(), registered.ty())?;
        let read = ReadDataRequest {
            config,
            context: service.context(),
        };
        let call = registered.clone();
        let applied = guard::run(async move { call.item.read(read).await }).await?;
        Ok::<_, Diagnostic>((registered, applied))
    };
    let mut state = None;
    let mut diagnostics = Diagnostics::default();
    match answer.await {
        Ok((
            registered,
            Applied {
                new_state,
                diagnostics: told,
                ..
            },
        )) => {
            diagnostics.append(told);
            let value = new_state.unwrap_or_default().without_unknowns();
            state = Some(convert::encode(&value, registered.ty(), &mut diagnostics));
        }
        Err(diagnostic) => diagnostics.push(diagnostic),
    }
    proto::read_data_source::Response {
        state,
        diagnostics: convert::diagnostics(diagnostics),
        ..Default::default()
    }
}

fn find(service: &Service, type_name: &str) -> Result<Arc<RegisteredDataSource>, Diagnostic> {
    let found = service.data_sources.get(type_name).cloned();
    found.ok_or_else(|| convert::unknown_type("data source", type_name))
}
