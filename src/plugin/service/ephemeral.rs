//! Requests about one ephemeral resource.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{RegisteredEphemeral, Service, checked, convert, guard};
use crate::plugin::diagnostics::{Diagnostic, Diagnostics};
use crate::plugin::ephemeral::{CloseRequest, OpenRequest, Opened, RenewRequest};
use crate::plugin::proto::tfplugin6 as proto;
use crate::plugin::schema::Block;
use crate::plugin::value::Value;

pub(super) async fn validate(
    service: &Service,
    request: proto::validate_ephemeral_resource_config::Request,
) -> proto::validate_ephemeral_resource_config::Response {
    let found = find(service, &request.type_name);
    let diagnostics = checked(found, request.config.as_ref(), |item, config| {
        item.validate(config)
    });
    proto::validate_ephemeral_resource_config::Response {
        diagnostics: diagnostics.await,
    }
}

pub(super) async fn open(
    service: &Service,
    request: proto::open_ephemeral_resource::Request,
) -> proto::open_ephemeral_resource::Response {
    use proto::deferred::Reason;
    let registered = match find(service, &request.type_name) {
        Ok(registered) => registered,
        Err(diagnostic) => return refused(diagnostic),
    };
    let config = match convert::decode(request.config.as_ref(), registered.ty()) {
        Ok(config) => config,
        Err(diagnostic) => return refused(diagnostic),
    };
    if !config.is_wholly_known() {
        // Terraform itself waits until everything is known, so far.
        let capabilities = request.client_capabilities.unwrap_or_default();
        if !capabilities.deferral_allowed {
            return refused(convert::not_known_yet());
        }
        let mut diagnostics = Diagnostics::default();
        let result = later(registered.block(), config);
        return proto::open_ephemeral_resource::Response {
            result: Some(convert::encode(&result, registered.ty(), &mut diagnostics)),
            deferred: Some(proto::Deferred {
                reason: Reason::ResourceConfigUnknown.into(),
            }),
            diagnostics: convert::diagnostics(diagnostics),
            ..Default::default()
        };
    }
    let context = service.context();
    let open = OpenRequest { config, context };
    let (resource, leases) = (registered.item.clone(), service.leases.clone());
    let busy = leases.busy();
    // Whoever has asked may be gone by the time it is open.
    let opened = guard::run(async move {
        let opened = resource.open(open).await;
        let is_open = opened.result.is_some() && !opened.diagnostics.has_error();
        let number = is_open.then(|| leases.opened(resource, opened.private.clone()));
        drop(busy);
        (number, opened)
    });
    let (number, opened) = match opened.await {
        Ok(opened) => opened,
        Err(diagnostic) => return refused(diagnostic),
    };
    let Opened {
        result,
        renew_at,
        private,
        mut diagnostics,
    } = opened;
    let result = result.map(|result| {
        let result = result.without_unknowns();
        convert::encode(&result, registered.ty(), &mut diagnostics)
    });
    proto::open_ephemeral_resource::Response {
        result,
        renew_at: renew_at.map(Into::into),
        private: encode(number, private),
        diagnostics: convert::diagnostics(diagnostics),
        deferred: None,
    }
}

pub(super) async fn renew(
    service: &Service,
    request: proto::renew_ephemeral_resource::Request,
) -> proto::renew_ephemeral_resource::Response {
    let (number, private) = decode(request.private.as_deref());
    let leases = service.leases.clone();
    let renewed = async {
        let registered = find(service, &request.type_name)?;
        let context = service.context();
        let renew = RenewRequest { private, context };
        guard::run(async move {
            let renewed = registered.item.renew(renew).await;
            leases.renewed(number, &renewed.private);
            renewed
        })
        .await
    };
    match renewed.await {
        Ok(renewed) => proto::renew_ephemeral_resource::Response {
            renew_at: renewed.renew_at.map(Into::into),
            private: encode(number, renewed.private),
            diagnostics: convert::diagnostics(renewed.diagnostics),
        },
        Err(diagnostic) => proto::renew_ephemeral_resource::Response {
            // It has still to be closed.
            private: request.private,
            diagnostics: convert::diagnostics(diagnostic.into()),
            ..Default::default()
        },
    }
}

pub(super) async fn close(
    service: &Service,
    request: proto::close_ephemeral_resource::Request,
) -> proto::close_ephemeral_resource::Response {
    let (number, private) = decode(request.private.as_deref());
    // In this order: at the end of the process it is either still open or being closed.
    let busy = service.leases.busy();
    service.leases.closed(number);
    let diagnostics = async {
        let registered = find(service, &request.type_name)?;
        let context = service.context();
        let close = CloseRequest { private, context };
        guard::run(async move {
            let closed = registered.item.close(close).await;
            drop(busy);
            closed
        })
        .await
    }
    .await
    .unwrap_or_else(Diagnostics::from);
    proto::close_ephemeral_resource::Response {
        diagnostics: convert::diagnostics(diagnostics),
    }
}

fn refused(diagnostic: Diagnostic) -> proto::open_ephemeral_resource::Response {
    proto::open_ephemeral_resource::Response {
        diagnostics: convert::diagnostics(diagnostic.into()),
        ..Default::default()
    }
}

/// What is known of an object that is opened later.
fn later(block: &Block, config: Value) -> Value {
    let mut result = config;
    for attribute in &block.attributes {
        if attribute.is_computed() && result.get(attribute.name).is_null() {
            result.insert(attribute.name, Value::Unknown);
        }
    }
    result
}

/// What Terraform carries between the calls about one that is open.
#[derive(Default, Serialize, Deserialize)]
#[serde(default)]
struct Private {
    /// Its number among all that are open in this process.
    lease: Option<u64>,
    /// What the resource has noted.
    note: Json,
}

fn encode(lease: Option<u64>, note: Json) -> Option<Vec<u8>> {
    let private = Private { lease, note };
    private
        .lease
        .map(|_| serde_json::to_vec(&private).expect("plain fields have a JSON form"))
}

/// What no open of ours can have noted counts as nothing noted.
fn decode(private: Option<&[u8]>) -> (Option<u64>, Json) {
    let private: Private = private
        .and_then(|bytes| serde_json::from_slice(bytes).ok())
        .unwrap_or_default();
    (private.lease, private.note)
}

fn find(service: &Service, type_name: &str) -> Result<Arc<RegisteredEphemeral>, Diagnostic> {
    let found = service.ephemeral_resources.get(type_name).cloned();
    found.ok_or_else(|| convert::unknown_type("ephemeral resource", type_name))
}
