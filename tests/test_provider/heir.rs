//! A resource that takes over the state of other types, and whose schema changes with time.

use async_trait::async_trait;
use azrestorepoint::plugin::resource::{
    Applied, CreateRequest, DeleteRequest, ImportRequest, MoveRequest, ReadRequest, UpdateRequest,
};
use azrestorepoint::plugin::schema::{Attribute, Block, NestedBlock, Nesting, Schema};
use azrestorepoint::plugin::value::{Type, Value};
use azrestorepoint::plugin::{Diagnostic, Diagnostics, Resource};

/// The variable that makes this a later version of the provider.
const LATER_VERSION: &str = "TEST_PROVIDER_LATER_VERSION";

/// `azrestorepoint_heir`: later versions have no `old`, but `new` and a block.
pub(crate) struct Heir;

#[async_trait]
impl Resource for Heir {
    fn schema(&self) -> Schema {
        let mut attributes = vec![
            Attribute::required("name", Type::String),
            Attribute::computed("id", Type::String).use_state_for_unknown(),
        ];
        let mut blocks = Vec::new();
        let is_later = std::env::var_os(LATER_VERSION).is_some();
        if is_later {
            attributes.push(Attribute::optional("new", Type::String));
            let rule = Block {
                attributes: vec![Attribute::optional("port", Type::Number)],
                ..Block::default()
            };
            blocks.push(NestedBlock::new("rule", Nesting::List, rule.clone()));
            blocks.push(NestedBlock::new("always", Nesting::Group, rule));
        } else {
            attributes.push(Attribute::optional("old", Type::String));
        }
        Schema {
            version: i64::from(is_later),
            block: Block {
                attributes,
                blocks,
                ..Block::default()
            },
        }
    }

    fn validate(&self, _config: &Value) -> Diagnostics {
        Diagnostics::default()
    }

    async fn create(&self, request: CreateRequest) -> Applied {
        let mut state = request.planned_state;
        state.insert("id", "heir-1".into());
        Applied::saved(state)
    }

    async fn read(&self, request: ReadRequest) -> Applied {
        Applied::saved(request.current_state)
    }

    async fn update(&self, request: UpdateRequest) -> Applied {
        Applied::saved(request.planned_state)
    }

    async fn delete(&self, _request: DeleteRequest) -> Applied {
        Applied::gone()
    }

    async fn import(&self, request: ImportRequest) -> Applied {
        Applied::saved(Value::object([
            ("id", request.id.clone().into()),
            ("name", request.id.into()),
        ]))
    }

    /// Knows Terraform's own `terraform_data`, and a `nameless` that cannot be taken over.
    async fn move_state(&self, request: MoveRequest) -> Option<Applied> {
        let name = match request.source_type_name.as_str() {
            "terraform_data" => request.source_state["input"]["value"].as_str()?,
            "nameless" => {
                return Some(Applied::failed(Diagnostic::error(
                    "An ancestor without a name",
                    "Name it before it is moved.",
                )));
            }
            _ => return None,
        };
        assert_ne!(name, "panic", "as told");
        Some(Applied::saved(Value::object([
            ("id", "heir-of-another".into()),
            ("name", name.into()),
        ])))
    }
}
