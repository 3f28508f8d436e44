//! The request that changes an object. Whatever happens, the object stays in the state.

use std::sync::Arc;

use super::resource::find;
use super::{RegisteredResource, Service, blocks, convert, guard, identity};
use crate::plugin::diagnostics::{Diagnostic, Diagnostics};
use crate::plugin::plan;
use crate::plugin::private;
use crate::plugin::proto::tfplugin6 as proto;
use crate::plugin::resource::{Applied, Checkpoint, CreateRequest, DeleteRequest, UpdateRequest};
use crate::plugin::value::{Path, Value};

pub(super) async fn apply(
    service: &Service,
    request: proto::apply_resource_change::Request,
) -> proto::apply_resource_change::Response {
    let answer = async {
        let registered = find(service, &request.type_name)?;
        let prior_state = convert::decode(request.prior_state.as_ref(), registered.ty())?;
        let planned_state = convert::decode(request.planned_state.as_ref(), registered.ty())?;
        let config = convert::decode(request.config.as_ref(), registered.ty())?;
        let applied = if prior_state.is_null() {
            create(service, &registered, planned_state, config).await
        } else if planned_state.is_null() {
            delete(service, &registered, prior_state, &request.planned_private).await
        } else {
            update(service, &registered, prior_state, planned_state, config).await
        };
        let known = request.planned_identity.clone();
        Ok::<_, Diagnostic>(encode(&registered, applied, known).await)
    };
    let Encoded {
        state,
        identity,
        diagnostics,
    } = match answer.await {
        Ok(answer) => answer,
        // Nothing was done yet, so the object, if there is one, is as it was.
        Err(diagnostic) => Encoded {
            state: request.prior_state,
            identity: request.planned_identity,
            diagnostics: diagnostic.into(),
        },
    };
    proto::apply_resource_change::Response {
        new_state: state,
        new_identity: identity,
        private: private::of_state(serde_json::Value::Null),
        diagnostics: convert::diagnostics(diagnostics),
        ..Default::default()
    }
}

async fn create(
    service: &Service,
    registered: &Arc<RegisteredResource>,
    planned_state: Value,
    config: Value,
) -> Applied {
    let checkpoint = Checkpoint::default();
    let request = CreateRequest {
        config,
        planned_state: planned_state.clone(),
        checkpoint: checkpoint.clone(),
        context: service.context(),
    };
    let call = registered.clone();
    let applied = guard::run(async move { call.item.create(request).await }).await;
    let applied = applied.unwrap_or_else(|panicked| Applied {
        new_state: checkpoint.saved(),
        diagnostics: panicked.into(),
        ..Applied::default()
    });
    finish(registered, &planned_state, applied)
}

async fn update(
    service: &Service,
    registered: &Arc<RegisteredResource>,
    prior_state: Value,
    planned_state: Value,
    config: Value,
) -> Applied {
    let block = registered.block();
    let replaced = plan::replaced_attributes(block, &prior_state, &planned_state);
    if !replaced.is_empty() {
        let diagnostics = replaced.into_iter().map(known_only_now).collect();
        return Applied {
            new_state: Some(prior_state),
            diagnostics,
            ..Applied::default()
        };
    }
    let checkpoint = Checkpoint::default();
    let request = UpdateRequest {
        config,
        prior_state: prior_state.clone(),
        planned_state: planned_state.clone(),
        checkpoint: checkpoint.clone(),
        context: service.context(),
    };
    let call = registered.clone();
    let applied = guard::run(async move { call.item.update(request).await }).await;
    let applied = applied.unwrap_or_else(|panicked| Applied {
        new_state: checkpoint.saved().or(Some(prior_state)),
        diagnostics: panicked.into(),
        ..Applied::default()
    });
    finish(registered, &planned_state, applied)
}

fn known_only_now(path: Path) -> Diagnostic {
    Diagnostic::error(
        "A value that makes a new object became known only now",
        format!(
            "When this change was planned, {path} was not known yet. It turned out to differ from the \
             object's own, and a new object was not part of the plan. Nothing was changed.\n\n\
             Plan again: the value is known now, and the plan will show the replacement."
        ),
    )
    .at(path)
}

async fn delete(
    service: &Service,
    registered: &Arc<RegisteredResource>,
    prior_state: Value,
    planned_private: &[u8],
) -> Applied {
    let (reason, successor) = private::delete_reason(planned_private);
    let request = DeleteRequest {
        prior_state: prior_state.clone(),
        reason,
        successor,
        context: service.context(),
    };
    let call = registered.clone();
    let applied = guard::run(async move { call.item.delete(request).await }).await;
    applied.unwrap_or_else(|panicked| Applied {
        new_state: Some(prior_state),
        diagnostics: panicked.into(),
        ..Applied::default()
    })
}

/// Makes of an answer what Terraform accepts: an object, written as planned, or a reason for its absence.
fn finish(registered: &RegisteredResource, planned_state: &Value, applied: Applied) -> Applied {
    let Applied {
        new_state,
        mut diagnostics,
        ..
    } = applied;
    let new_state =
        new_state.map(|state| plan::keep_spelling(registered.block(), planned_state, state));
    if new_state.is_none() && !diagnostics.has_error() {
        diagnostics.push(Diagnostic::error(
            "The provider has a bug",
            "It neither made the object nor said why. This is always an issue in the provider: please report it.",
        ));
    }
    Applied {
        new_state,
        diagnostics,
        ..Applied::default()
    }
}

/// An object as Terraform stores it, and what to say about it.
pub(super) struct Encoded {
    pub(super) state: Option<proto::DynamicValue>,
    pub(super) identity: Option<proto::ResourceIdentityData>,
    pub(super) diagnostics: Diagnostics,
}

/// Encodes an object as Terraform stores it: wholly known, with every block, and
/// without what may never be stored. `known` is the identity that Terraform has of it.
pub(super) async fn encode(
    registered: &Arc<RegisteredResource>,
    applied: Applied,
    known: Option<proto::ResourceIdentityData>,
) -> Encoded {
    let Applied {
        new_state,
        mut diagnostics,
        ..
    } = applied;
    let state = stored(registered, new_state.unwrap_or_default());
    let identity = identity::of_state(registered, &state, known, &mut diagnostics).await;
    let state = Some(convert::encode(&state, registered.ty(), &mut diagnostics));
    Encoded {
        state,
        identity,
        diagnostics,
    }
}

/// The object as Terraform stores it.
pub(super) fn stored(registered: &RegisteredResource, state: Value) -> Value {
    let block = registered.block();
    blocks::complete(
        block,
        plan::without_write_only(block, state.without_unknowns()),
    )
}
