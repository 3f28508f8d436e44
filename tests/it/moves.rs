//! Moves from the `azapi_resource` of Azure's generic provider, through the real Terraform.
//!
//! Of that provider nothing but its name matters here: another program stands in for it.

use azure_simulator::{Replication, SourceRestorePoint};
use serde_json::{Value as Json, json};

use crate::support::core::test_provider;
use crate::support::golden::Golden;
use crate::support::plugin::binary;
use crate::support::terraform::Terraform;
use crate::support::world::World;

/// Azure with a collection and a finished copy in it that somebody has made.
async fn made_by_another() -> World {
    let mut world = World::ready().await;
    world.terraform.override_providers(&[
        ("crossregion/azrestorepoint", binary()),
        ("azure/azapi", &test_provider()),
    ]);
    let target = world
        .azure
        .seed_target_collection("rg-dr", "web-dr", "westus2", &world.source);
    world.azure.set_tags(&target, [("department", "finance")]);
    let monday = format!("{}/restorePoints/monday", world.source);
    let copy = world
        .azure
        .seed_copy(&target, "monday", &monday, Replication::Succeeded);
    assert_eq!((target, copy), (world.collection_id(), world.copy_id()));
    world
}

/// What version 2 of azapi stores beside what a test is about.
fn attributes(id: &str, resource_type: &str, body: &Json, more: Json) -> Json {
    let (parent, name) = id.rsplit_once('/').expect("an id");
    let (parent, _) = parent.rsplit_once('/').expect("an id");
    let mut attributes = json!({
        "body": body, "create_headers": null, "create_query_parameters": null, "delete_headers": null,
        "delete_query_parameters": null, "id": id, "identity": [], "ignore_casing": false,
        "ignore_missing_property": true, "ignore_null_property": false, "list_unique_id_property": null,
        "location": null, "locks": null, "name": name,
        "output": {"type": ["object", {"properties": ["object", {"provisioningState": "string"}]}],
            "value": {"properties": {"provisioningState": "Succeeded"}}},
        "parent_id": parent, "read_headers": null, "read_query_parameters": null,
        "replace_triggers_external_values": null, "replace_triggers_refs": null, "response_export_values": null,
        "retry": null, "schema_validation_enabled": true, "sensitive_body": null,
        "sensitive_body_version": null, "tags": null, "timeouts": null, "type": resource_type,
        "update_headers": null, "update_query_parameters": null
    });
    for (name, value) in more.as_object().expect("an object") {
        attributes[name] = value.clone();
    }
    attributes
}

/// A body as an attribute of open type is stored.
fn open(property: &str, id: &str) -> Json {
    json!({
        "type": ["object", {"properties": ["object", {property: ["object", {"id": "string"}]}]}],
        "value": {"properties": {property: {"id": id}}}
    })
}

/// Writes the state that azapi would have left.
fn write_state(terraform: &Terraform, resources: &[(&str, Json)]) {
    let resources = resources.iter().map(|(name, attributes)| {
        json!({
            "mode": "managed", "type": "azapi_resource", "name": name,
            "provider": "provider[\"registry.terraform.io/azure/azapi\"]",
            "instances": [{"schema_version": 2, "attributes": attributes, "sensitive_attributes": []}]
        })
    });
    let state = json!({
        "version": 4, "terraform_version": "1.11.4", "serial": 1, "outputs": {},
        "lineage": "0c1d2e3f-0000-4000-8000-1234567890ab", "resources": resources.collect::<Vec<_>>()
    });
    let file = terraform.path().join("terraform.tfstate");
    std::fs::write(file, state.to_string()).expect("a state");
}

const COLLECTION: &str = "Microsoft.Compute/restorePointCollections@2024-03-01";
const COPY: &str = "Microsoft.Compute/restorePointCollections/restorePoints@2024-03-01";

const MOVED: &str = r#"
moved {
  from = azapi_resource.collection
  to   = azrestorepoint_collection.dr
}
moved {
  from = azapi_resource.copy
  to   = azrestorepoint_copy.monday
}
"#;

/// The configuration after the move. An import, too, knows nothing of `force_destroy`.
fn configuration(world: &World) -> String {
    let ours = world.configuration("tags = { department = \"finance\" }", "");
    let ours = ours.replace("force_destroy               = true", "");
    format!("{ours}{MOVED}")
}

/// The state of azapi with these bodies.
fn write_both(world: &World, collection: &Json, copy: &Json) {
    let of_collection = json!({"location": "westus2", "tags": {"department": "finance"}});
    let collection = attributes(
        &world.collection_id(),
        COLLECTION,
        collection,
        of_collection,
    );
    let copy = attributes(&world.copy_id(), COPY, copy, json!({}));
    write_state(
        &world.terraform,
        &[("collection", collection), ("copy", copy)],
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn both_types_are_moved_to_a_plan_without_changes() {
    let world = made_by_another().await;
    let monday = format!("{}/restorePoints/monday", world.source);
    world.terraform.write(&configuration(&world));
    let bodies = [
        (
            open("source", &world.source),
            open("sourceRestorePoint", &monday),
        ),
        // As azapi imports them, and as its first version had them.
        (json!({"type": ["object", {}], "value": {}}), Json::Null),
        (
            "{}".into(),
            json!({"properties": {"sourceRestorePoint": {"id": monday}}})
                .to_string()
                .into(),
        ),
    ];
    for (collection, copy) in bodies {
        write_both(&world, &collection, &copy);
        world
            .terraform
            .run(&["plan", "-input=false"])
            .await
            .expect_code(0)
            .expect_text("azapi_resource.collection has moved to azrestorepoint_collection.dr")
            .expect_text("azapi_resource.copy has moved to azrestorepoint_copy.monday")
            .expect_text("Plan: 0 to add, 0 to change, 0 to destroy.");
    }
    world
        .terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("0 added, 0 changed, 0 destroyed");
    world.terraform.plan().await.expect_code(0);
    let copy = world.terraform.attributes("azrestorepoint_copy", "monday");
    assert_eq!(copy["wait_outcome"], json!("completed"));
    assert_eq!(copy["source_restore_point_id"], json!(monday));
    let written = ["PUT", "PATCH", "DELETE"];
    assert_eq!(written.map(|method| world.azure.count(method, "/")), [0; 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moved_copy_is_not_replaced_for_its_encryption() {
    let world = made_by_another().await;
    let monday = format!("{}/restorePoints/monday", world.source);
    write_both(
        &world,
        &open("source", &world.source),
        &open("sourceRestorePoint", &monday),
    );
    let set = world
        .azure
        .seed_disk_encryption_set("rg-keys", "dr", "westus2");
    const COPY: &str = "resource \"azrestorepoint_copy\" \"monday\" {";
    let asks = format!("{COPY}\n  disk_encryption_set_id = \"{set}\"");
    world
        .terraform
        .write(&configuration(&world).replace(COPY, &asks));
    world
        .terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("Copy was imported, and is encrypted otherwise")
        .expect_text("0 added, 1 changed, 0 destroyed");
    world.terraform.plan().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_replaced_before_the_first_read() {
    let world = made_by_another().await;
    world.terraform.write(&configuration(&world));
    let empty = json!({"type": ["object", {}], "value": {}});
    write_both(&world, &empty, &empty);
    world
        .terraform
        .run(&["apply", "-refresh=false", "-auto-approve", "-input=false"])
        .await
        .expect_code(0)
        .expect_text("0 added, 2 changed, 0 destroyed");
    world.terraform.plan().await.expect_code(0);
    let written = ["PUT", "PATCH", "DELETE"];
    assert_eq!(written.map(|method| world.azure.count(method, "/")), [0; 3]);
}

/// The example of this resource, with a move to it.
fn example(resource: &str) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/resources");
    let read = |file: &str| {
        let path = format!("{folder}/{resource}/{file}");
        std::fs::read_to_string(path).expect("an example")
    };
    format!("{}{}", read("resource.tf"), read("moved.tf"))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_move_what_they_say() {
    const NAME: &str = "before-upgrade-4711";
    let mut world = made_by_another().await;
    let source = world.source.clone();
    world.terraform.set("TF_VAR_source_collection_id", &source);
    let main = world.terraform.path().join("main.tf");
    let apply = async || {
        world
            .terraform
            .apply()
            .await
            .expect_code(0)
            .expect_text("has moved to")
            .expect_text("0 added, 0 changed, 0 destroyed")
    };
    std::fs::write(&main, example("azrestorepoint_collection")).expect("a file");
    let body = open("source", &source);
    let more = json!({"location": "westus2"});
    let collection = attributes(&world.collection_id(), COLLECTION, &body, more);
    write_state(&world.terraform, &[("example", collection)]);
    apply().await;

    // The collection of the other example has no tags.
    world.azure.set_tags(&world.collection_id(), []);
    let point = SourceRestorePoint::new(NAME, "2026-11-18T01:00:00Z").disks(["os"]);
    let point = world.azure.seed_restore_point(&source, &point);
    let target = world.collection_id();
    let copy = world
        .azure
        .seed_copy(&target, NAME, &point, Replication::Succeeded);
    // As after an import, its timeouts would be a change that sends nothing.
    let text = example("azrestorepoint_copy");
    let without_timeouts = text.replace("timeouts {\n    create = \"72h\"\n  }", "");
    assert_ne!(text, without_timeouts);
    std::fs::write(&main, without_timeouts).expect("a file");
    let body = open("sourceRestorePoint", &point);
    let before = world.terraform.state()["resources"].clone();
    write_state(
        &world.terraform,
        &[("example", attributes(&copy, COPY, &body, json!({})))],
    );
    let mut state = world.terraform.state();
    let resources = state["resources"].as_array_mut().expect("an array");
    resources.extend(before.as_array().expect("an array").clone());
    let file = world.terraform.path().join("terraform.tfstate");
    std::fs::write(file, state.to_string()).expect("a state");
    apply().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_copy_is_not_moved() {
    let mut golden = Golden::folder("terraform_move");
    let world = made_by_another().await;
    world.terraform.write(&configuration(&world));
    let machine = world
        .collection_id()
        .replace("restorePointCollections/web-dr", "virtualMachines/web");
    let monday = format!("{}/restorePoints/monday", world.source);
    let refused = |name, attributes| {
        write_state(&world.terraform, &[(name, attributes)]);
        world.terraform.run(&["plan", "-input=false"])
    };

    let body = open("source", &machine);
    let of_a_machine = attributes(&world.collection_id(), COLLECTION, &body, json!({}));
    let plan = refused("collection", of_a_machine).await.expect_code(1);
    golden.check("collection_of_a_machine", &plan.messages());

    let other = attributes(
        &machine,
        "Microsoft.Compute/virtualMachines@2024-03-01",
        &Json::Null,
        json!({}),
    );
    let plan = refused("collection", other).await.expect_code(1);
    golden.check("another_type", &plan.messages());

    // A read tells what the body does not.
    let point = attributes(&monday, COPY, &Json::Null, json!({}));
    let plan = refused("copy", point).await.expect_code(1);
    golden.check("restore_point_of_a_machine", &plan.messages());
}
