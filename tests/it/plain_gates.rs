//! `azrestorepoint_replication` over copies that something else manages, named by their ids.

use azure_simulator::{Replication, SourceCollection, SourceRestorePoint};
use serde_json::{Value as Json, json};

use crate::support::fleet::{GATE, LOOK};
use crate::support::terraform::finish;
use crate::support::world::{REQUEST_LIMIT, World};

/// A world with copies that somebody else has made, in one collection; gives their ids.
async fn elsewhere(count: usize) -> (World, Vec<String>) {
    let world = World::ready().await;
    let target = world
        .azure
        .seed_target_collection("rg-dr", "web-dr", "westus2", &world.source);
    let copy = |number| {
        let (name, minute) = (format!("theirs-{number}"), number % 60);
        let point = SourceRestorePoint::new(&name, &format!("2026-11-18T01:{minute:02}:00Z"));
        let source = world
            .azure
            .seed_restore_point(&world.source, &point.disks(["os"]));
        world
            .azure
            .seed_copy(&target, &name, &source, Replication::Succeeded)
    };
    let ids = (0..count).map(copy).collect();
    (world, ids)
}

/// A gate over these, and what is made of their disks.
fn over(copies: &str) -> String {
    format!(
        r#"
resource "azrestorepoint_replication" "gate" {{
  copies = {copies}
}}

resource "terraform_data" "disk" {{
  for_each         = azrestorepoint_replication.gate.restore_points
  triggers_replace = each.value.os_disk.disk_restore_point_id
}}
"#
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn finished_copies_cost_one_request_for_each_collection() {
    const COPIES: usize = 20;
    let (world, ids) = elsewhere(COPIES).await;
    let list: Vec<String> = ids
        .iter()
        .enumerate()
        .map(|(number, id)| format!("k{number} = {id:?}"))
        .collect();
    world
        .terraform
        .write(&over(&format!("{{ {} }}", list.join(", "))));
    world
        .terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("21 added");
    assert_eq!(world.azure.count("GET", LOOK), COPIES);

    world.azure.clear_requests();
    world.terraform.plan().await.expect_code(0);
    assert_eq!(world.azure.count("GET", "$expand=restorePoints"), 1);
    assert_eq!(world.azure.count("GET", "/"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_deleted_behind_our_back_costs_nothing_that_was_made_of_it() {
    let (world, ids) = elsewhere(2).await;
    let copies = format!("{{ a = {:?}, b = {:?} }}", ids[0], ids[1]);
    world.terraform.write(&over(&copies));
    world.terraform.apply().await.expect_code(0);
    let before = world.terraform.state()["resources"].clone();

    world.azure.remove(&ids[0]);
    world
        .terraform
        .plan()
        .await
        .expect_code(2)
        .expect_text("Warning: Copies of a gate are gone")
        .expect_text("0 to add, 1 to change, 0 to destroy");
    let disks = |resources: &Json| {
        let resources = resources.as_array().cloned().unwrap_or_default();
        let mut disks = resources.into_iter();
        disks.find(|resource| resource["type"] == "terraform_data")
    };
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("Error: Restore point copies are gone")
        .expect_text(&format!("copies[\"a\"]: {}", ids[0]));
    assert!(world.terraform.instance(GATE, "gate").is_some());
    assert_eq!(disks(&world.terraform.state()["resources"]), disks(&before));

    // Without it, the gate is as good as before.
    world
        .terraform
        .write(&over(&format!("{{ b = {:?} }}", ids[1])));
    world
        .terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("0 added, 1 changed, 1 destroyed");
    world.terraform.plan().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_copy_in_its_place_is_waited_for_where_no_very_copy_is_meant() {
    let (world, ids) = elsewhere(1).await;
    world
        .terraform
        .write(&over(&format!("{{ a = {:?} }}", ids[0])));
    world.terraform.apply().await.expect_code(0);
    world.azure.remove(&ids[0]);
    let again = world.azure.seed_copy(
        &world.collection_id(),
        "theirs-0",
        &format!("{}/restorePoints/theirs-0", world.source),
        Replication::Replicating(40),
    );
    assert_eq!(again, ids[0]);
    let apply = world.terraform.start(&["apply", "-auto-approve"]);
    let looks = world.azure.count("GET", LOOK);
    world
        .azure
        .wait_for_count(REQUEST_LIMIT, "GET", LOOK, looks + 4)
        .await
        .expect("it waits");
    world.azure.set_disks(&again, Replication::Succeeded);
    finish(apply)
        .await
        .expect_code(0)
        .expect_text("1 added, 1 changed, 1 destroyed");
    world.terraform.plan().await.expect_code(0);

    // The copy that was there before is not the one that is meant here.
    let copies = format!("{{ a = \"{}#0123456789abcdef\" }}", ids[0]);
    world.terraform.write(&over(&copies));
    world
        .terraform
        .run(&[
            "apply",
            "-auto-approve",
            "-target=azrestorepoint_replication.gate",
        ])
        .await
        .expect_code(1)
        .expect_text("Error: Restore point copies were made anew");
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_may_be_unknown_none_or_one_under_two_keys() {
    let (world, ids) = elsewhere(1).await;
    let gate = |copies: &str| {
        let later = format!(
            "resource \"terraform_data\" \"later\" {{\n  input = {{ a = {:?} }}\n}}\n",
            ids[0]
        );
        format!(
            "{later}resource \"azrestorepoint_replication\" \"gate\" {{\n  copies = {copies}\n}}\n"
        )
    };
    world.terraform.write(&gate("terraform_data.later.output"));
    world.terraform.apply().await.expect_code(0);
    world.terraform.plan().await.expect_code(0);

    world.azure.clear_requests();
    world
        .terraform
        .write(&gate(&format!("{{ a = {:?}, b = {:?} }}", ids[0], ids[0])));
    world
        .terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("1 changed");
    let gate_now = world.terraform.attributes(GATE, "gate");
    assert_eq!(
        gate_now["restore_points"]["a"],
        gate_now["restore_points"]["b"]
    );
    assert_eq!(world.azure.count("GET", LOOK), 1);
    world.terraform.plan().await.expect_code(0);

    world.azure.clear_requests();
    world.terraform.write(&gate("{}"));
    world
        .terraform
        .run(&["apply", "-auto-approve", "-refresh=false"])
        .await
        .expect_code(0)
        .expect_text("1 changed");
    assert!(world.azure.requests().is_empty());
    world.terraform.plan().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_waited_for_is_told_where_it_stands() {
    let (world, ids) = elsewhere(1).await;
    let point = format!("{}/restorePoints/monday", world.source);
    world
        .terraform
        .write(&over(&format!("{{ vm = {point:?}, copy = {:?} }}", ids[0])));
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("Error: Restore points that are no copies")
        .expect_text(&format!("copies[\"vm\"]: {point}"));
    world.terraform.write(&over("{ a = \"monday\", b = null }"));
    world
        .terraform
        .plan()
        .await
        .expect_code(1)
        .expect_text("Error: Invalid copies[\"a\"]")
        .expect_text("Error: Invalid copies[\"b\"]");
    // Known only in the middle of an apply.
    world.terraform.write(
        "resource \"terraform_data\" \"later\" {
  input = { a = \"monday\" }
}

resource \"azrestorepoint_replication\" \"gate\" {
  copies = terraform_data.later.output
}
",
    );
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("Error: Invalid copies[\"a\"]");
    assert!(world.terraform.instance(GATE, "gate").is_none());
    world
        .terraform
        .write(&over(&format!("{{ a = {:?} }}", ids[0])));
    world
        .terraform
        .run(&["import", "azrestorepoint_replication.gate", &ids[0]])
        .await
        .expect_code(1)
        .expect_text("Error: A gate cannot be imported");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_is_a_whole_configuration() {
    let example = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/examples/resources/azrestorepoint_replication/resource.tf"
    );
    let (world, ids) = elsewhere(1).await;
    std::fs::copy(example, world.terraform.path().join("main.tf")).expect("an example");
    let formatted = world.terraform.run(&["fmt", "-check"]).await;
    formatted.expect_code(0);
    world.terraform.run(&["validate"]).await.expect_code(0);

    let source = SourceCollection::new("rg-source", "db", "eastus").virtual_machine("db");
    let source = world.azure.seed_source_collection(&source);
    world.azure.seed_restore_point(
        &source,
        &SourceRestorePoint::new("monday", "2026-11-16T01:00:00Z").disks(["os"]),
    );
    let variables = json!({
        "source_collection_ids": {"db": source},
        "source_restore_point_name": "monday",
        "other_copy_id": ids[0],
        "target_resource_group_name": "rg-dr",
        "target_location": "westus2",
    });
    let file = world.terraform.path().join("terraform.tfvars.json");
    std::fs::write(file, variables.to_string()).expect("a file");
    world
        .terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("3 added");
    world.terraform.plan().await.expect_code(0);
}
