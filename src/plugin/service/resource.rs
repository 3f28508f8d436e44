//! Requests about one managed resource.

use std::sync::Arc;

use super::apply::{Encoded, encode, stored};
use super::{RegisteredResource, Service, convert, guard, identity};
use crate::plugin::diagnostics::{Diagnostic, Diagnostics};
use crate::plugin::generate;
use crate::plugin::plan::{self, PlannedChange};
use crate::plugin::private;
use crate::plugin::proto::tfplugin6 as proto;
use crate::plugin::resource::{ImportRequest, MoveRequest, PlanRequest, PlanResponse, ReadRequest};
use crate::plugin::value::Path;

pub(super) async fn validate(
    service: &Service,
    request: proto::validate_resource_config::Request,
) -> proto::validate_resource_config::Response {
    let capabilities = request.client_capabilities.unwrap_or_default();
    let allows_write_only = capabilities.write_only_attributes_allowed;
    let diagnostics = async {
        let registered = find(service, &request.type_name)?;
        let config = convert::decode(request.config.as_ref(), registered.ty())?;
        let mut diagnostics = Diagnostics::default();
        if !allows_write_only {
            let paths = plan::write_only_paths(registered.block(), &config);
            diagnostics.extend(paths.into_iter().map(write_only_unknown));
        }
        diagnostics.append(guard::run(async move { registered.item.validate(&config) }).await?);
        Ok::<_, Diagnostic>(diagnostics)
    }
    .await
    .unwrap_or_else(Diagnostics::from);
    proto::validate_resource_config::Response {
        diagnostics: convert::diagnostics(diagnostics),
    }
}

/// A Terraform that does not know write-only arguments would store what must not be stored.
fn write_only_unknown(path: Path) -> Diagnostic {
    Diagnostic::error(
        "Write-only argument is not supported",
        format!(
            "{path} is write-only: it must never be stored. Terraform 1.11 and later, and OpenTofu 1.11 and later, \
             know such arguments; this version would store it. Use a newer version, or leave the argument out."
        ),
    )
    .at(path)
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
        let state = stored(&registered, state);
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
            memory: private::memory(&request.private),
            context: service.context(),
        };
        let call = registered.clone();
        let mut applied = guard::run(async move { call.item.read(read).await }).await?;
        let mut private = None;
        if applied.diagnostics.has_error() {
            // What could not be read stays as it was, and so does what is remembered of it.
            applied.new_state = Some(current_state);
        } else if let Some(state) = applied.new_state.take() {
            applied.new_state = Some(plan::keep_spelling(
                registered.block(),
                &current_state,
                state,
            ));
            private = Some(private::of_state(std::mem::take(&mut applied.memory)));
        } else {
            // Nothing is remembered of what is gone: a plan to make it anew follows no other one.
            private = Some(Vec::new());
        }
        let known = request.current_identity.clone();
        Ok::<_, Diagnostic>((encode(&registered, applied, known).await, private))
    };
    let (encoded, private) = match answer.await {
        Ok(answer) => answer,
        Err(diagnostic) => {
            let as_it_was = Encoded {
                state: request.current_state,
                identity: request.current_identity,
                diagnostics: diagnostic.into(),
            };
            (as_it_was, None)
        }
    };
    let Encoded {
        state,
        identity,
        diagnostics,
    } = encoded;
    proto::read_resource::Response {
        new_state: state,
        new_identity: identity,
        diagnostics: convert::diagnostics(diagnostics),
        private: private.unwrap_or(request.private),
        ..Default::default()
    }
}

pub(super) async fn plan(
    service: &Service,
    mut request: proto::plan_resource_change::Request,
) -> proto::plan_resource_change::Response {
    let in_apply = is_in_apply(&request);
    let prior_private = std::mem::take(&mut request.prior_private);
    let is_after_another = !prior_private.is_empty();
    let answer = async {
        let registered = find(service, &request.type_name)?;
        let prior_state = convert::decode(request.prior_state.as_ref(), registered.ty())?;
        let proposed_new_state =
            convert::decode(request.proposed_new_state.as_ref(), registered.ty())?;
        let config = convert::decode(request.config.as_ref(), registered.ty())?;
        let (is_create, is_destroy) = (prior_state.is_null(), config.is_null());
        let block = registered.block();
        let mut planned = plan::plan(block, &prior_state, &proposed_new_state, &config);
        if in_apply {
            // What was an update when it was planned must stay one; the apply then refuses it.
            planned.requires_replace.clear();
        }
        let memory = if is_create {
            serde_json::Value::Null
        } else {
            private::memory(&prior_private)
        };
        let plan = PlanRequest {
            prior_state: prior_state.clone(),
            config,
            memory,
            in_apply,
            is_after_another,
            context: service.context(),
        };
        let call = registered.clone();
        let mut response = guard::run(async move { call.item.plan(plan, planned).await }).await?;
        let object = std::mem::take(&mut response.for_delete);
        let planned_private = private::of_plan(is_create, is_destroy, is_after_another, object);
        Ok::<_, Diagnostic>((registered, prior_state, response, planned_private))
    };
    match answer.await {
        Ok((registered, prior_state, response, planned_private)) => {
            let PlanResponse {
                planned,
                mut diagnostics,
                ..
            } = response;
            let PlannedChange {
                planned_state,
                requires_replace,
            } = planned;
            let planned_state = plan::without_write_only(registered.block(), planned_state);
            let planned_identity = identity::of_plan(
                &registered,
                &prior_state,
                &planned_state,
                request.prior_identity,
                &mut diagnostics,
            )
            .await;
            proto::plan_resource_change::Response {
                planned_state: Some(convert::encode(
                    &planned_state,
                    registered.ty(),
                    &mut diagnostics,
                )),
                requires_replace: requires_replace.iter().map(convert::path).collect(),
                planned_private,
                planned_identity,
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

pub(super) async fn import(
    service: &Service,
    request: proto::import_resource_state::Request,
) -> proto::import_resource_state::Response {
    let answer = async {
        let registered = find(service, &request.type_name)?;
        let id = match &request.identity {
            Some(identity) => {
                identity::import_id(&registered, &request.type_name, identity).await?
            }
            None => request.id,
        };
        let import = ImportRequest {
            id,
            context: service.context(),
        };
        let call = registered.clone();
        let applied = guard::run(async move { call.item.import(import).await }).await?;
        Ok::<_, Diagnostic>((registered, applied))
    };
    let mut imported_resources = Vec::new();
    let mut diagnostics = Diagnostics::default();
    match answer.await {
        Ok((registered, applied)) => {
            diagnostics.append(applied.diagnostics);
            if let Some(state) = applied.new_state {
                let state = stored(&registered, state);
                let known = request.identity.clone();
                imported_resources.push(proto::import_resource_state::ImportedResource {
                    identity: identity::of_state(&registered, &state, known, &mut diagnostics)
                        .await,
                    type_name: request.type_name,
                    state: Some(convert::encode(&state, registered.ty(), &mut diagnostics)),
                    private: private::of_state(applied.memory),
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

pub(super) async fn move_state(
    service: &Service,
    request: proto::move_resource_state::Request,
) -> proto::move_resource_state::Response {
    let answer = async {
        let registered = find(service, &request.target_type_name)?;
        let json = request
            .source_state
            .as_ref()
            .map_or(&b"null"[..], |state| &state.json);
        let source_state =
            serde_json::from_slice(json).map_err(|error| convert::unreadable(&error))?;
        let moved = MoveRequest {
            source_provider_address: request.source_provider_address.clone(),
            source_type_name: request.source_type_name.clone(),
            source_schema_version: request.source_schema_version,
            source_state,
            context: service.context(),
        };
        let call = registered.clone();
        let applied = guard::run(async move { call.item.move_state(moved).await }).await?;
        let applied = applied.ok_or_else(|| {
            Diagnostic::error(
                "This resource cannot be moved here",
                format!(
                    "The state of {} of the provider {} cannot become one of {}.\n\nRemove the moved block; to \
                     manage the object with the other resource type, import it and remove it from the state here.",
                    request.source_type_name, request.source_provider_address, request.target_type_name
                ),
            )
        })?;
        Ok::<_, Diagnostic>((registered, applied))
    };
    let mut memory = serde_json::Value::Null;
    let Encoded {
        state,
        identity,
        diagnostics,
    } = match answer.await {
        Ok((registered, mut applied)) => {
            memory = std::mem::take(&mut applied.memory);
            encode(&registered, applied, None).await
        }
        Err(diagnostic) => Encoded {
            state: None,
            identity: None,
            diagnostics: diagnostic.into(),
        },
    };
    proto::move_resource_state::Response {
        target_state: state,
        target_private: private::of_state(memory),
        target_identity: identity,
        diagnostics: convert::diagnostics(diagnostics),
    }
}

pub(super) async fn generate_config(
    service: &Service,
    request: proto::generate_resource_config::Request,
) -> proto::generate_resource_config::Response {
    let answer = async {
        let registered = find(service, &request.type_name)?;
        let state = convert::decode(request.state.as_ref(), registered.ty())?;
        let config = generate::config(registered.block(), &state);
        let call = registered.clone();
        let config = guard::run(async move { call.item.generate_config(&state, config) }).await?;
        Ok::<_, Diagnostic>((registered, config))
    };
    let mut config = None;
    let mut diagnostics = Diagnostics::default();
    match answer.await {
        Ok((registered, generated)) => {
            config = Some(convert::encode(
                &generated,
                registered.ty(),
                &mut diagnostics,
            ));
        }
        Err(diagnostic) => diagnostics.push(diagnostic),
    }
    proto::generate_resource_config::Response {
        config,
        diagnostics: convert::diagnostics(diagnostics),
    }
}

pub(super) fn find(
    service: &Service,
    type_name: &str,
) -> Result<Arc<RegisteredResource>, Diagnostic> {
    let found = service.resources.get(type_name).cloned();
    found.ok_or_else(|| convert::unknown_type("resource", type_name))
}
