//! A resource whose arguments say how each call ends.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use azrestorepoint::plugin::diagnostics::{Diagnostic, Diagnostics};
use azrestorepoint::plugin::identity::{IdentityAttribute, IdentitySchema};
use azrestorepoint::plugin::plan::PlannedChange;
use azrestorepoint::plugin::provider::Context;
use azrestorepoint::plugin::resource::{
    Applied, Checkpoint, CreateRequest, DeleteRequest, ImportRequest, MoveRequest, PlanRequest,
    PlanResponse, ReadRequest, Resource, UpdateRequest,
};
use azrestorepoint::plugin::schema::{Attribute, Block, NestedBlock, Nesting, Schema};
use azrestorepoint::plugin::value::{Path, Type, Value};

pub(crate) struct Thing;

#[async_trait]
impl Resource for Thing {
    fn schema(&self) -> Schema {
        let told = ["on_create", "on_delete", "on_plan", "on_read", "on_update"];
        let mut attributes: Vec<Attribute> = told
            .into_iter()
            .map(|name| Attribute::optional(name, Type::String))
            .collect();
        attributes.extend(kinds());
        let part = || Block {
            attributes: vec![
                Attribute::required("name", Type::String),
                Attribute::computed("given", Type::String),
            ],
            ..Block::default()
        };
        let plain = Block {
            attributes: vec![Attribute::optional("limit", Type::Number)],
            ..Block::default()
        };
        let blocks = vec![
            NestedBlock::single("single", part()),
            NestedBlock::new("list", Nesting::List, part()).items(0, 3),
            NestedBlock::new("set", Nesting::Set, plain.clone()),
            NestedBlock::new("map", Nesting::Map, part()),
            NestedBlock::new("group", Nesting::Group, plain),
        ];
        let block = Block {
            attributes,
            blocks,
            description: "Does as it is told.".to_owned(),
        };
        Schema { version: 1, block }
    }

    fn validate(&self, config: &Value) -> Diagnostics {
        let is_bad = config.get("name").as_str() == Some("bad");
        let refusal = Diagnostic::error("Bad name", "No thing is called \"bad\".");
        is_bad
            .then(|| refusal.at(Path::attribute("name")))
            .into_iter()
            .collect()
    }

    async fn plan(&self, request: PlanRequest, mut planned: PlannedChange) -> PlanResponse {
        let mut diagnostics = Diagnostics::default();
        let of = match request.config.is_null() {
            true => &request.prior_state,
            false => &request.config,
        };
        match of.get("on_plan").as_str() {
            Some("error") => diagnostics.push(failure("plan")),
            Some("error_in_apply") if request.in_apply => diagnostics.push(failure("plan")),
            Some("warning") => diagnostics.push(Diagnostic::warning("Told to warn", "In plan.")),
            Some("panic") => panic!("as told"),
            Some("panic_in_apply") if request.in_apply => panic!("as told"),
            Some("wrong_value") => planned
                .planned_state
                .insert("note", "never asked for".into()),
            Some("wrong_type") => planned.planned_state.insert("note", true.into()),
            Some("leak_secret") => planned.planned_state.insert("secret", "leaked".into()),
            _ => {}
        }
        PlanResponse {
            diagnostics,
            ..PlanResponse::plain(planned)
        }
    }

    async fn create(&self, request: CreateRequest) -> Applied {
        let CreateRequest {
            config,
            planned_state,
            checkpoint,
            context,
        } = request;
        let told = planned_state.get("on_create").clone();
        let mut state = settled(&planned_state);
        if let Some(secret) = config.get("secret").as_str() {
            state.insert(
                "secret_length",
                Value::integer(i64::try_from(secret.len()).ok()),
            );
        }
        end(told.as_str(), "create", state, Some(&checkpoint), &context).await
    }

    async fn read(&self, request: ReadRequest) -> Applied {
        let told = request.current_state.get("on_read").clone();
        match told.as_str() {
            Some("gone") => Applied::gone(),
            Some("other_spelling") => {
                let mut state = request.current_state;
                let name = state.get("name").as_str().unwrap_or_default();
                state.insert("name", name.to_uppercase().into());
                Applied::saved(state)
            }
            told => end(told, "read", request.current_state, None, &request.context).await,
        }
    }

    async fn update(&self, request: UpdateRequest) -> Applied {
        let told = request.planned_state.get("on_update").clone();
        let state = settled(&request.planned_state);
        end(
            told.as_str(),
            "update",
            state,
            Some(&request.checkpoint),
            &request.context,
        )
        .await
    }

    async fn delete(&self, request: DeleteRequest) -> Applied {
        let told = request.prior_state.get("on_delete").clone();
        match told.as_str() {
            None | Some("ok") => Applied::gone(),
            Some("warning") => {
                Applied::gone().with(Diagnostic::warning("Told to warn", "In delete."))
            }
            told => {
                // What is left of it.
                let mut state = request.prior_state;
                state.insert("changes", "leaving".into());
                end(told, "delete", state, None, &request.context).await
            }
        }
    }

    async fn import(&self, request: ImportRequest) -> Applied {
        match request.id.as_str() {
            "error" => return Applied::failed(failure("import")),
            "panic" => panic!("as told"),
            _ => {}
        }
        let Type::Object(attributes) = self.schema().block.ty() else {
            unreachable!("a block is an object");
        };
        let mut state = Value::object(attributes.into_keys().map(|name| (name, Value::Null)));
        state.insert("id", format!("thing-{}", request.id).into());
        state.insert("name", request.id.into());
        state.insert("mode", "fast".into());
        for name in ["list", "set", "map"] {
            let none = match name {
                "list" => Value::List(Vec::new()),
                "set" => Value::set(Vec::new()),
                _ => Value::Map(Default::default()),
            };
            state.insert(name, none);
        }
        state.insert("group", Value::object([("limit", Value::Null)]));
        Applied::saved(state)
    }

    async fn move_state(&self, request: MoveRequest) -> Option<Applied> {
        let name = request.source_state.get("title")?.as_str()?.to_owned();
        let context = request.context;
        let known = request.source_type_name == "other_thing";
        match known {
            true => Some(self.import(ImportRequest { id: name, context }).await),
            false => None,
        }
    }

    fn identity_schema(&self) -> Option<IdentitySchema> {
        let realm = IdentityAttribute::optional("realm").description("Where it is known.");
        let name = IdentityAttribute::required("name").equivalence(ignore_case);
        Some(IdentitySchema {
            version: 0,
            attributes: vec![name, realm],
        })
    }

    fn identity(&self, state: &Value) -> Value {
        // Another spelling each time, as some clouds have it.
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        let is_loud = ASKED.fetch_add(1, Ordering::Relaxed).is_multiple_of(2);
        let name = match state.get("name") {
            Value::String(name) if name == "nobody" => panic!("as told"),
            Value::String(name) if is_loud => name.to_uppercase().into(),
            name => name.clone(),
        };
        Value::object([("name", name), ("realm", "here".into())])
    }

    fn import_id(&self, identity: &Value) -> Result<String, Diagnostic> {
        match identity.get("realm").as_str() {
            None | Some("here") => Ok(identity.get("name").as_str().unwrap_or_default().to_owned()),
            Some(_) => Err(failure("import")),
        }
    }
}

fn ignore_case(one: &Value, other: &Value) -> bool {
    matches!((one.as_str(), other.as_str()), (Some(one), Some(other)) if one.eq_ignore_ascii_case(other))
}

fn kinds() -> Vec<Attribute> {
    let rule = vec![
        Attribute::required("port", Type::Number),
        Attribute::optional("note", Type::String),
        Attribute::computed("rule_id", Type::String),
    ];
    vec![
        Attribute::required("name", Type::String)
            .requires_replace()
            .equivalence(ignore_case),
        Attribute::optional("note", Type::String),
        Attribute::optional("blob", Type::String),
        Attribute::optional("flag", Type::Bool),
        Attribute::optional("size", Type::Number),
        Attribute::optional("words", Type::list(Type::String)),
        Attribute::optional("zones", Type::set(Type::String)),
        Attribute::optional("labels", Type::map(Type::String)),
        Attribute::optional("pair", Type::Tuple(vec![Type::String, Type::Number])),
        Attribute::optional("any", Type::Dynamic),
        Attribute::optional("hidden", Type::String).sensitive(),
        Attribute::optional("secret", Type::String).write_only(),
        Attribute::optional("old", Type::String).deprecated("Use note."),
        Attribute::optional("mode", Type::String).default_value("fast"),
        Attribute::optional_computed("chosen", Type::String),
        Attribute::optional_nested("rules", Nesting::List, rule.clone()),
        Attribute::optional_nested("rules_by_name", Nesting::Map, rule),
        Attribute::computed("id", Type::String).use_state_for_unknown(),
        Attribute::computed("secret_length", Type::Number).use_state_for_unknown(),
        Attribute::computed("changes", Type::String),
    ]
}

/// The planned object with a text in the place of everything that is unknown.
fn settled(planned: &Value) -> Value {
    let mut state = given(planned);
    if planned.get("id").is_unknown() {
        let name = planned.get("name").as_str().unwrap_or_default();
        state.insert("id", format!("thing-{name}").into());
    }
    if planned.get("secret_length").is_unknown() {
        state.insert("secret_length", Value::Null);
    }
    state
}

fn given(planned: &Value) -> Value {
    match planned {
        Value::Unknown => "given".into(),
        Value::Object(entries) => Value::object(
            entries
                .iter()
                .map(|(name, value)| (name.clone(), given(value))),
        ),
        Value::Map(entries) => Value::Map(
            entries
                .iter()
                .map(|(key, value)| (key.clone(), given(value)))
                .collect(),
        ),
        Value::List(elements) => Value::List(elements.iter().map(given).collect()),
        known => known.clone(),
    }
}

/// Ends a call as told.
async fn end(
    told: Option<&str>,
    call: &str,
    state: Value,
    checkpoint: Option<&Checkpoint>,
    context: &Context,
) -> Applied {
    let told = told.unwrap_or("ok");
    let state = altered(told, state);
    match told {
        "error_with_state" | "error_and_unknown" => Applied::saved(state).with(failure(call)),
        "error_without_state" => Applied::failed(failure(call)),
        "nothing" => Applied::gone(),
        "warning" => {
            let detail = format!("In {call}.");
            Applied::saved(state).with(Diagnostic::warning("Told to warn", detail))
        }
        "panic" => panic!("as told"),
        "panic_after_checkpoint" => {
            if let Some(checkpoint) = checkpoint {
                checkpoint.save(state);
            }
            panic!("as told")
        }
        "hang" => {
            context.stop.cancelled().await;
            let detail = format!("In {call}.");
            Applied::saved(state).with(Diagnostic::warning("Told to stop", detail))
        }
        // Not even Stop ends it.
        "hang_forever" => std::future::pending().await,
        "abort" => std::process::abort(),
        _ => Applied::saved(state),
    }
}

/// What no answer should be.
fn altered(told: &str, mut state: Value) -> Value {
    let (name, value) = match told {
        "wrong_type" => ("id", true.into()),
        "wrong_value" => ("note", "never planned".into()),
        "leak_secret" => ("secret", "leaked".into()),
        "leave_unknown" | "error_and_unknown" | "panic_after_checkpoint" => {
            ("changes", Value::Unknown)
        }
        _ => return state,
    };
    state.insert(name, value);
    state
}

fn failure(call: &str) -> Diagnostic {
    Diagnostic::error("Told to fail", format!("In {call}.")).at(Path::attribute("name"))
}
