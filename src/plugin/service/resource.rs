//! Requests about one managed resource.

use std::sync::Arc;

use super::{Registered, Service, convert, guard};
use crate::plugin::diagnostics::{Diagnostic, Diagnostics};
use crate::plugin::plan::{self, PlannedChange};
use crate::plugin::proto::tfplugin6 as proto;
use crate::plugin::resource::{
    Applied, Checkpoint, CreateRequest, DeleteRequest, ImportRequest, PlanRequest, PlanResponse,
    ReadRequest, UpdateRequest,
};
use crate::plugin::value::Value;

pub(super) async fn validate(
    service: &Service,
    request: proto::validate_resource_config::Request,
) -> proto::validate_resource_config::Response {
    let diagnostics = async {
        let registered = find(service, &request.type_name)?;
        let config = convert::decode(request.config.as_ref(), registered.ty())?;
        guard::run(async move { registered.resource.validate(&config) }).await
    }
    .await
    .unwrap_or_else(Diagnostics::from);
    proto::validate_resource_config::Response {
        diagnostics: convert::diagnostics(diagnostics),
    }
}

pub(super) async fn upgrade(
    service: &Service,
    request: proto::upgrade_resource_state::Request,
) -> proto::upgrade_resource_state::Response {
    let upgraded = find(service, &request.type_name).and_then(|registered| {
        let json = request
            .raw_state
            .as_ref()
            .map_or(&b"null"[..], |state| &state.json);
        let state = convert::decode_json(json, registered.ty())?;
        Ok((registered, state))
    });
    let mut diagnostics = Diagnostics::default();
    let upgraded_state = match upgraded {
        Ok((registered, state)) => Some(convert::encode(&state, registered.ty(), &mut diagnostics)),
        Err(diagnostic) => {
            diagnostics.push(diagnostic);
            None
        }
    };
    proto::upgrade_resource_state::Response {
        upgraded_state,
        diagnostics: convert::diagnostics(diagnostics),
    }
}

pub(super) async fn read(
    service: &Service,
    request: proto::read_resource::Request,
) -> proto::read_resource::Response {
    let answer = async {
        let registered = find(service, &request.type_name)?;
        let current_state = convert::decode(request.current_state.as_ref(), registered.ty())?;
        let read = ReadRequest {
            current_state: current_state.clone(),
            context: service.context(),
        };
        let call = registered.clone();
        let mut applied = guard::run(async move { call.resource.read(read).await }).await?;
        if applied.diagnostics.has_error() {
            // What could not be read stays as it was.
            applied.new_state = Some(current_state);
        } else if let Some(state) = applied.new_state.take() {
            applied.new_state = Some(plan::keep_spelling(
                &registered.schema().block,
                &current_state,
                state,
            ));
        }
        Ok::<_, Diagnostic>(encode(&registered, applied))
    };
    let (new_state, diagnostics) = match answer.await {
        Ok(answer) => answer,
        Err(diagnostic) => (request.current_state, Diagnostics::from(diagnostic)),
    };
    proto::read_resource::Response {
        new_state,
        diagnostics: convert::diagnostics(diagnostics),
        private: request.private,
        ..Default::default()
    }
}

pub(super) async fn plan(
    service: &Service,
    request: proto::plan_resource_change::Request,
) -> proto::plan_resource_change::Response {
    let in_apply = is_in_apply(&request);
    let planned_private = private_or_mark(&request.prior_private);
    let answer = async {
        let registered = find(service, &request.type_name)?;
        let prior_state = convert::decode(request.prior_state.as_ref(), registered.ty())?;
        let proposed_new_state =
            convert::decode(request.proposed_new_state.as_ref(), registered.ty())?;
        let config = convert::decode(request.config.as_ref(), registered.ty())?;
        let block = &registered.schema().block;
        let mut planned = plan::plan(block, &prior_state, &proposed_new_state, &config);
        if in_apply {
            // What was an update when it was planned must stay one; the apply then refuses it.
            planned.requires_replace.clear();
        }
        let plan = PlanRequest {
            prior_state,
            config,
            prior_private: request.prior_private,
            in_apply,
            context: service.context(),
        };
        let call = registered.clone();
        let response = guard::run(async move { call.resource.plan(plan, planned).await }).await?;
        Ok::<_, Diagnostic>((registered, response))
    };
    match answer.await {
        Ok((
            registered,
            PlanResponse {
                planned,
                mut diagnostics,
            },
        )) => {
            let PlannedChange {
                planned_state,
                requires_replace,
            } = planned;
            proto::plan_resource_change::Response {
                planned_state: Some(convert::encode(
                    &planned_state,
                    registered.ty(),
                    &mut diagnostics,
                )),
                requires_replace: requires_replace.iter().map(convert::path).collect(),
                planned_private,
                diagnostics: convert::diagnostics(diagnostics),
                ..Default::default()
            }
        }
        Err(diagnostic) => proto::plan_resource_change::Response {
            diagnostics: convert::diagnostics(diagnostic.into()),
            ..Default::default()
        },
    }
}

/// Whether Terraform asks for the plan in the middle of an apply.
///
/// Terraform 1.16 and later hand the first plan's private data back there and
/// say so by a capability. Before, deferrals were allowed there and nowhere else.
fn is_in_apply(request: &proto::plan_resource_change::Request) -> bool {
    let capabilities = request.client_capabilities.unwrap_or_default();
    if capabilities.store_planned_private {
        return !request.planned_private.is_empty();
    }
    capabilities.deferral_allowed
}

/// Private data of a plan is never empty, so that its coming back can be seen.
fn private_or_mark(prior_private: &[u8]) -> Vec<u8> {
    if prior_private.is_empty() {
        b"{}".to_vec()
    } else {
        prior_private.to_vec()
    }
}

pub(super) async fn apply(
    service: &Service,
    request: proto::apply_resource_change::Request,
) -> proto::apply_resource_change::Response {
    let answer = async {
        let registered = find(service, &request.type_name)?;
        let prior_state = convert::decode(request.prior_state.as_ref(), registered.ty())?;
        let planned_state = convert::decode(request.planned_state.as_ref(), registered.ty())?;
        let applied = if prior_state.is_null() {
            create(service, &registered, planned_state).await
        } else if planned_state.is_null() {
            delete(service, &registered, prior_state).await
        } else {
            update(service, &registered, prior_state, planned_state).await
        };
        Ok::<_, Diagnostic>(encode(&registered, applied))
    };
    let (new_state, diagnostics) = match answer.await {
        Ok(answer) => answer,
        // Nothing was done yet, so the object, if there is one, is as it was.
        Err(diagnostic) => (request.prior_state, Diagnostics::from(diagnostic)),
    };
    proto::apply_resource_change::Response {
        new_state,
        private: request.planned_private,
        diagnostics: convert::diagnostics(diagnostics),
        ..Default::default()
    }
}

async fn create(service: &Service, registered: &Arc<Registered>, planned_state: Value) -> Applied {
    let checkpoint = Checkpoint::default();
    let request = CreateRequest {
        planned_state: planned_state.clone(),
        checkpoint: checkpoint.clone(),
        context: service.context(),
    };
    let call = registered.clone();
    let applied = guard::run(async move { call.resource.create(request).await }).await;
    let applied = applied.unwrap_or_else(|panicked| Applied {
        new_state: checkpoint.saved(),
        diagnostics: panicked.into(),
    });
    finish(registered, &planned_state, applied)
}

async fn update(
    service: &Service,
    registered: &Arc<Registered>,
    prior_state: Value,
    planned_state: Value,
) -> Applied {
    let block = &registered.schema().block;
    let replaced = plan::replaced_attributes(block, &prior_state, &planned_state);
    if !replaced.is_empty() {
        let diagnostics = replaced.into_iter().map(known_only_now).collect();
        return Applied {
            new_state: Some(prior_state),
            diagnostics,
        };
    }
    let checkpoint = Checkpoint::default();
    let request = UpdateRequest {
        prior_state: prior_state.clone(),
        planned_state: planned_state.clone(),
        checkpoint: checkpoint.clone(),
        context: service.context(),
    };
    let call = registered.clone();
    let applied = guard::run(async move { call.resource.update(request).await }).await;
    let applied = applied.unwrap_or_else(|panicked| Applied {
        new_state: checkpoint.saved().or(Some(prior_state)),
        diagnostics: panicked.into(),
    });
    finish(registered, &planned_state, applied)
}

fn known_only_now(path: crate::plugin::value::Path) -> Diagnostic {
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

async fn delete(service: &Service, registered: &Arc<Registered>, prior_state: Value) -> Applied {
    let request = DeleteRequest {
        prior_state: prior_state.clone(),
        context: service.context(),
    };
    let call = registered.clone();
    let applied = guard::run(async move { call.resource.delete(request).await }).await;
    applied.unwrap_or_else(|panicked| Applied {
        new_state: Some(prior_state),
        diagnostics: panicked.into(),
    })
}

/// Makes of an answer what Terraform accepts: written as planned, and wholly known.
fn finish(registered: &Registered, planned_state: &Value, applied: Applied) -> Applied {
    let Applied {
        new_state,
        mut diagnostics,
    } = applied;
    let new_state = new_state.map(|state| {
        plan::keep_spelling(&registered.schema().block, planned_state, state).without_unknowns()
    });
    if new_state.is_none() && !diagnostics.has_error() {
        diagnostics.push(Diagnostic::error(
            "The provider has a bug",
            "It neither made the object nor said why. This is always an issue in the provider: please report it.",
        ));
    }
    Applied {
        new_state,
        diagnostics,
    }
}

pub(super) async fn import(
    service: &Service,
    request: proto::import_resource_state::Request,
) -> proto::import_resource_state::Response {
    let answer = async {
        let registered = find(service, &request.type_name)?;
        let import = ImportRequest {
            id: request.id,
            context: service.context(),
        };
        let call = registered.clone();
        let applied = guard::run(async move { call.resource.import(import).await }).await?;
        Ok::<_, Diagnostic>((registered, applied))
    };
    let mut imported_resources = Vec::new();
    let mut diagnostics = Diagnostics::default();
    match answer.await {
        Ok((registered, applied)) => {
            diagnostics.append(applied.diagnostics);
            if let Some(state) = applied.new_state {
                imported_resources.push(proto::import_resource_state::ImportedResource {
                    type_name: request.type_name,
                    state: Some(convert::encode(&state, registered.ty(), &mut diagnostics)),
                    private: private_or_mark(&[]),
                    ..Default::default()
                });
            }
        }
        Err(diagnostic) => diagnostics.push(diagnostic),
    }
    proto::import_resource_state::Response {
        imported_resources,
        diagnostics: convert::diagnostics(diagnostics),
        ..Default::default()
    }
}

fn encode(registered: &Registered, applied: Applied) -> (Option<proto::DynamicValue>, Diagnostics) {
    let Applied {
        new_state,
        mut diagnostics,
    } = applied;
    let state = new_state.unwrap_or_default();
    let new_state = convert::encode(&state, registered.ty(), &mut diagnostics);
    (Some(new_state), diagnostics)
}

fn find(service: &Service, type_name: &str) -> Result<Arc<Registered>, Diagnostic> {
    service.resources.get(type_name).cloned().ok_or_else(|| {
        Diagnostic::error(
            "Unknown resource type",
            format!(
                "This version of the provider has no resource {type_name:?}. It may be of a newer version: \
                 check the version constraint in required_providers, then run terraform init -upgrade."
            ),
        )
    })
}
