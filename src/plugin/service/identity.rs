//! Requests about identities, and the identity beside each state.
//!
//! A resource makes its identity of a state, and so does every answer here. Types without an
//! identity schema never have one in an answer: Terraform takes that for a bug. One that is
//! older than identities ignores them.

use std::sync::Arc;

use super::resource::find;
use super::{RegisteredResource, Service, convert, guard};
use crate::plugin::diagnostics::{Diagnostic, Diagnostics};
use crate::plugin::identity::{IdentityAttribute, IdentitySchema};
use crate::plugin::proto::tfplugin6 as proto;
use crate::plugin::value::Value;

pub(super) async fn schemas(
    service: &Service,
    _request: proto::get_resource_identity_schemas::Request,
) -> proto::get_resource_identity_schemas::Response {
    let schemas = service.resources.iter().filter_map(|(name, registered)| {
        let identity = registered.item.identity_schema()?;
        Some(((*name).to_owned(), schema(&identity)))
    });
    proto::get_resource_identity_schemas::Response {
        identity_schemas: schemas.collect(),
        ..Default::default()
    }
}

fn schema(source: &IdentitySchema) -> proto::ResourceIdentitySchema {
    let attribute =
        |attribute: &IdentityAttribute| proto::resource_identity_schema::IdentityAttribute {
            name: attribute.name.to_owned(),
            r#type: convert::type_json(&attribute.ty),
            required_for_import: attribute.required_for_import,
            optional_for_import: !attribute.required_for_import,
            description: attribute.description.clone(),
        };
    proto::ResourceIdentitySchema {
        version: source.version,
        identity_attributes: source.attributes.iter().map(attribute).collect(),
    }
}

pub(super) async fn upgrade(
    service: &Service,
    request: proto::upgrade_resource_identity::Request,
) -> proto::upgrade_resource_identity::Response {
    let upgraded = find(service, &request.type_name).and_then(|registered| {
        let schema = schema_of(&registered, &request.type_name)?;
        let json = request.raw_identity.as_ref();
        let json = json.map_or(&b"null"[..], |identity| &identity.json);
        let identity = convert::decode_json(json, &schema.ty())?;
        Ok((schema, identity))
    });
    let mut diagnostics = Diagnostics::default();
    let mut upgraded_identity = None;
    match upgraded {
        Ok((schema, identity)) => {
            upgraded_identity = Some(encode(&schema, &identity, &mut diagnostics));
        }
        Err(diagnostic) => diagnostics.push(diagnostic),
    }
    proto::upgrade_resource_identity::Response {
        upgraded_identity,
        diagnostics: convert::diagnostics(diagnostics),
    }
}

/// The identity of the object of a state, as Terraform spells it where it knows it already.
///
/// What it knows stands in also where the state does not tell: what is missing in an answer
/// Terraform forgets.
pub(super) async fn of_state(
    registered: &Arc<RegisteredResource>,
    state: &Value,
    known: Option<proto::ResourceIdentityData>,
    diagnostics: &mut Diagnostics,
) -> Option<proto::ResourceIdentityData> {
    let schema = registered.item.identity_schema()?;
    if state.is_null() {
        return None;
    }
    let identity = make(registered, &schema, state, known.as_ref(), diagnostics).await;
    match identity.filter(Value::is_wholly_known) {
        Some(identity) => Some(encode(&schema, &identity, diagnostics)),
        None => known,
    }
}

/// The identity of a plan. It is that of the object where that stays, and may be unknown in
/// part where there is none yet.
pub(super) async fn of_plan(
    registered: &Arc<RegisteredResource>,
    prior_state: &Value,
    planned_state: &Value,
    known: Option<proto::ResourceIdentityData>,
    diagnostics: &mut Diagnostics,
) -> Option<proto::ResourceIdentityData> {
    let schema = registered.item.identity_schema()?;
    if planned_state.is_null() {
        return None;
    }
    if !prior_state.is_null() {
        // Also before a replacement: Terraform asks for the plan of the new object by itself.
        return of_state(registered, prior_state, known, diagnostics).await;
    }
    let identity = make(registered, &schema, planned_state, None, diagnostics).await?;
    Some(encode(&schema, &identity, diagnostics))
}

async fn make(
    registered: &Arc<RegisteredResource>,
    schema: &IdentitySchema,
    state: &Value,
    known: Option<&proto::ResourceIdentityData>,
    diagnostics: &mut Diagnostics,
) -> Option<Value> {
    let (call, state) = (registered.clone(), state.clone());
    match guard::run(async move { call.item.identity(&state) }).await {
        Ok(identity) => {
            let known = decode(schema, known).unwrap_or_default();
            Some(schema.keep_spelling(&known, identity))
        }
        Err(panicked) => {
            diagnostics.push(panicked);
            None
        }
    }
}

/// The text that names the object of an identity in an import.
pub(super) async fn import_id(
    registered: &Arc<RegisteredResource>,
    type_name: &str,
    identity: &proto::ResourceIdentityData,
) -> Result<String, Diagnostic> {
    let schema = schema_of(registered, type_name)?;
    let identity = decode(&schema, Some(identity))?;
    let missing = |attribute: &&IdentityAttribute| {
        attribute.required_for_import && identity.get(attribute.name).is_null()
    };
    if let Some(missing) = schema.attributes.iter().find(missing) {
        return Err(Diagnostic::error(
            "Incomplete identity",
            format!(
                "The identity in the import block has no {}. It takes: {}.",
                missing.name,
                names(&schema)
            ),
        ));
    }
    let call = registered.clone();
    guard::run(async move { call.item.import_id(&identity) }).await?
}

/// The attributes, with those in brackets that may be left out.
fn names(schema: &IdentitySchema) -> String {
    let name = |attribute: &IdentityAttribute| match attribute.required_for_import {
        true => attribute.name.to_owned(),
        false => format!("[{}]", attribute.name),
    };
    let names: Vec<_> = schema.attributes.iter().map(name).collect();
    names.join(", ")
}

fn schema_of(
    registered: &RegisteredResource,
    type_name: &str,
) -> Result<IdentitySchema, Diagnostic> {
    registered.item.identity_schema().ok_or_else(|| {
        Diagnostic::error(
            "This resource has no identity",
            format!("An object of {type_name} is not known by an identity. Use its ID, if it can be imported."),
        )
    })
}

fn decode(
    schema: &IdentitySchema,
    identity: Option<&proto::ResourceIdentityData>,
) -> Result<Value, Diagnostic> {
    let data = identity.and_then(|identity| identity.identity_data.as_ref());
    convert::decode(data, &schema.ty())
}

fn encode(
    schema: &IdentitySchema,
    identity: &Value,
    diagnostics: &mut Diagnostics,
) -> proto::ResourceIdentityData {
    proto::ResourceIdentityData {
        identity_data: Some(convert::encode(identity, &schema.ty(), diagnostics)),
    }
}
