//! Stands in for azurerm where an example uses both providers and only ours is to be had.
//!
//! It has the resources of the example with the arguments that azurerm 4.42 documents for them, as
//! far as they are used, and keeps what it is given. That azurerm or Azure would take the values
//! is not proved by it.

use async_trait::async_trait;
use azrestorepoint::plugin::provider::ConfigureRequest;
use azrestorepoint::plugin::resource::{
    Applied, CreateRequest, DeleteRequest, ImportRequest, ReadRequest, UpdateRequest,
};
use azrestorepoint::plugin::schema::{Attribute, Block, NestedBlock, Nesting, Schema};
use azrestorepoint::plugin::value::{Type, Value};
use azrestorepoint::plugin::{Diagnostics, Provider, Resource};

/// The provider.
pub(crate) struct AzureRm;

#[async_trait]
impl Provider for AzureRm {
    fn schema(&self) -> Block {
        let of_machines = vec![optional("delete_os_disk_on_deletion", Type::Bool)];
        let machines = one("virtual_machine", of_machines, Vec::new());
        Block {
            blocks: vec![one("features", Vec::new(), vec![machines])],
            ..Block::default()
        }
    }

    fn resources(&self) -> Vec<(&'static str, Box<dyn Resource>)> {
        let kinds = [
            ("azurerm_managed_disk", managed_disk()),
            ("azurerm_network_interface", network_interface()),
            ("azurerm_linux_virtual_machine", linux_virtual_machine()),
            (
                "azurerm_virtual_machine_data_disk_attachment",
                data_disk_attachment(),
            ),
        ];
        let resource =
            |(name, block)| -> (_, Box<dyn Resource>) { (name, Box::new(Kept { name, block })) };
        kinds.map(resource).into()
    }

    fn validate(&self, _config: &Value) -> Diagnostics {
        Diagnostics::default()
    }

    async fn configure(&self, _request: ConfigureRequest) -> Diagnostics {
        Diagnostics::default()
    }
}

fn required(name: &'static str, ty: Type) -> Attribute {
    Attribute::required(name, ty).requires_replace()
}

fn optional(name: &'static str, ty: Type) -> Attribute {
    Attribute::optional(name, ty)
}

fn texts(names: &[&'static str], of: fn(&'static str, Type) -> Attribute) -> Vec<Attribute> {
    names.iter().map(|name| of(name, Type::String)).collect()
}

fn one(name: &'static str, attributes: Vec<Attribute>, blocks: Vec<NestedBlock>) -> NestedBlock {
    let block = Block {
        attributes,
        blocks,
        ..Block::default()
    };
    NestedBlock::new(name, Nesting::List, block).items(0, 1)
}

fn with_id(mut attributes: Vec<Attribute>, blocks: Vec<NestedBlock>) -> Block {
    attributes.push(Attribute::computed("id", Type::String).use_state_for_unknown());
    Block {
        attributes,
        blocks,
        ..Block::default()
    }
}

const PLACE: [&str; 3] = ["name", "resource_group_name", "location"];

fn managed_disk() -> Block {
    let mut attributes = texts(&PLACE, required);
    attributes.extend(texts(&["create_option", "storage_account_type"], required));
    attributes.extend(texts(
        &[
            "disk_encryption_set_id",
            "hyper_v_generation",
            "os_type",
            "source_resource_id",
            "zone",
        ],
        optional,
    ));
    attributes.push(optional("trusted_launch_enabled", Type::Bool));
    with_id(attributes, Vec::new())
}

fn network_interface() -> Block {
    let mut configuration = texts(&["name", "private_ip_address_allocation"], required);
    configuration.extend(texts(&["subnet_id"], optional));
    let configuration = one("ip_configuration", configuration, Vec::new());
    with_id(texts(&PLACE, required), vec![configuration])
}

fn linux_virtual_machine() -> Block {
    let mut attributes = texts(&PLACE, required);
    attributes.extend(texts(&["size"], required));
    attributes.push(required("network_interface_ids", Type::list(Type::String)));
    attributes.extend(texts(
        &[
            "disk_controller_type",
            "license_type",
            "os_managed_disk_id",
            "zone",
        ],
        optional,
    ));
    attributes
        .extend(["secure_boot_enabled", "vtpm_enabled"].map(|name| optional(name, Type::Bool)));
    attributes
        .push(Attribute::computed("private_ip_address", Type::String).use_state_for_unknown());
    let mut os_disk = texts(&["caching"], required);
    os_disk.push(optional("write_accelerator_enabled", Type::Bool));
    with_id(attributes, vec![one("os_disk", os_disk, Vec::new())])
}

fn data_disk_attachment() -> Block {
    let names = ["caching", "managed_disk_id", "virtual_machine_id"];
    let mut attributes = texts(&names, required);
    attributes.push(required("lun", Type::Number));
    attributes.push(optional("write_accelerator_enabled", Type::Bool));
    with_id(attributes, Vec::new())
}

/// A resource that keeps what it is given, under an id.
struct Kept {
    name: &'static str,
    block: Block,
}

#[async_trait]
impl Resource for Kept {
    fn schema(&self) -> Schema {
        Schema {
            version: 0,
            block: self.block.clone(),
        }
    }

    fn validate(&self, _config: &Value) -> Diagnostics {
        Diagnostics::default()
    }

    async fn create(&self, request: CreateRequest) -> Applied {
        let mut state = request.planned_state;
        let name = state.get("name").as_str().unwrap_or_default();
        let id = format!("/{}/{name}", self.name);
        state.insert("id", id.into());
        Applied::saved(state.without_unknowns())
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
        Applied::saved(Value::object([("id", Value::from(request.id))]))
    }
}
