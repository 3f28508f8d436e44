//! The main job through the real Terraform: create, plan again, update, replace, import, destroy.

use serde_json::json;

use crate::support::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_made_and_nothing_is_left_to_do() {
    let world = World::ready().await;
    world.write("tags = { department = \"finance\" }", "");
    world
        .terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("2 added, 0 changed, 0 destroyed");

    let copy = world.terraform.attributes("azrestorepoint_copy", "monday");
    assert_eq!(copy["id"], json!(world.copy_id()));
    assert_eq!(
        (&copy["usable"], &copy["wait_outcome"]),
        (&json!(true), &json!("completed"))
    );
    assert_eq!(copy["replication_state"], json!("Succeeded"));
    assert_eq!(copy["time_created"], json!("2026-11-16T01:00:00Z"));
    assert_eq!(copy["os_disk"]["name"], json!("os"));
    assert_eq!(copy["data_disks"][1]["name"], json!("data-1"));
    assert_eq!(copy["data_disks"][1]["lun"], json!(1));
    assert!(
        copy["os_disk"]["disk_restore_point_id"]
            .as_str()
            .is_some_and(|id| id.starts_with(&world.copy_id()))
    );
    assert!(
        copy["replication_id"]
            .as_str()
            .is_some_and(|id| id.starts_with(&format!("{}#", world.copy_id())))
    );
    let state = world.terraform.state().to_string();
    assert!(
        !state.contains(azure_simulator::CUSTOM_DATA),
        "custom data of the VM is in the state"
    );
    assert!(
        !state.contains("simulator-client-secret"),
        "the secret is in the state"
    );

    let collection = world
        .terraform
        .attributes("azrestorepoint_collection", "dr");
    assert_eq!(collection["source_location"], json!("eastus"));
    assert_eq!(collection["provisioning_state"], json!("Succeeded"));

    world.terraform.plan().await.expect_code(0);
    assert_eq!(world.copies_begun(), 1);

    world
        .terraform
        .destroy()
        .await
        .expect_code(0)
        .expect_text("2 destroyed");
    assert_eq!(world.azure.resource(&world.collection_id()), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_spelling_of_ids_and_location_is_no_change() {
    let world = World::ready().await;
    world.write("", "");
    world.terraform.apply().await.expect_code(0);

    let other = world
        .configuration("", "")
        .replace("\"westus2\"", "\"West US 2\"")
        .replace("/resourceGroups/rg-source/", "/resourcegroups/RG-SOURCE/")
        .replace("Microsoft.Compute", "microsoft.compute")
        .replace("\"rg-dr\"", "\"RG-DR\"")
        .replace(
            "azrestorepoint_collection.dr.id",
            &format!(
                "{:?}",
                world
                    .collection_id()
                    .replace("rg-dr", "Rg-Dr")
                    .replace("Microsoft", "microsoft")
            ),
        );
    world.terraform.write(&other);
    world.terraform.plan().await.expect_code(0);
    world
        .terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("0 added, 0 changed, 0 destroyed");
    assert_eq!(world.copies_begun(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_change_in_place_and_every_tag_is_replaced() {
    let world = World::ready().await;
    world.write("tags = { department = \"finance\", stage = \"test\" }", "");
    world.terraform.apply().await.expect_code(0);

    world.write("tags = { department = \"operations\" }", "");
    world
        .terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("0 added, 1 changed, 0 destroyed");
    let patch = world
        .azure
        .requests()
        .into_iter()
        .find(|request| request.method == "PATCH")
        .expect("a PATCH");
    assert_eq!(patch.body["tags"], json!({"department": "operations"}));
    world.terraform.plan().await.expect_code(0);

    // Somebody else changes a tag: that is drift, another case of the name is not.
    world
        .azure
        .set_tags(&world.collection_id(), [("Department", "operations")]);
    world.terraform.plan().await.expect_code(0);
    world
        .azure
        .set_tags(&world.collection_id(), [("department", "sales")]);
    world
        .terraform
        .plan()
        .await
        .expect_code(2)
        .expect_text("0 to add, 1 to change, 0 to destroy");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_each_required_argument_plans_a_replacement() {
    let world = World::ready().await;
    world.write("", "");
    world.terraform.apply().await.expect_code(0);

    let other_source = world.source.replace("/web", "/db");
    let elsewhere = world.collection_id().replace("web-dr", "db-dr");
    for (from, to) in [
        ("\"web-dr\"", "\"web-dr-2\"".to_owned()),
        ("\"rg-dr\"", "\"rg-other\"".to_owned()),
        ("\"westus2\"", "\"northeurope\"".to_owned()),
        (
            "source_restore_point_collection_id = ",
            format!("source_restore_point_collection_id = {other_source:?} # "),
        ),
        (
            "name                        = \"monday\"",
            "name = \"first\"".to_owned(),
        ),
        ("azrestorepoint_collection.dr.id", format!("{elsewhere:?}")),
        ("/restorePoints/monday", "/restorePoints/tuesday".to_owned()),
    ] {
        let configuration = world.configuration("", "");
        assert!(configuration.contains(from), "{from}");
        world.terraform.write(&configuration.replace(from, &to));
        world
            .terraform
            .plan()
            .await
            .expect_code(2)
            .expect_text("forces replacement")
            .expect_text("must be replaced");
    }
    assert_eq!(world.copies_begun(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_is_known_only_in_the_apply_changes_nothing_if_it_is_the_same() {
    let world = World::ready().await;
    // What terraform_data gives is unknown whenever its input changes.
    let indirect = |point: &str, revision: u8| {
        let known = format!("\"{}/restorePoints/monday\"", world.source);
        let configuration = world
            .configuration("", "")
            .replace(&known, "terraform_data.source.output.id");
        let source = &world.source;
        format!(
            "{configuration}\nresource \"terraform_data\" \"source\" {{\n  input = {{ id = \"{source}/restorePoints/{point}\", revision = {revision} }}\n}}\n"
        )
    };
    world.terraform.write(&indirect("monday", 1));
    world.terraform.apply().await.expect_code(0);

    world.terraform.write(&indirect("monday", 2));
    world
        .terraform
        .plan()
        .await
        .expect_code(2)
        .expect_text("0 to add, 2 to change, 0 to destroy");
    world
        .terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("0 destroyed");
    assert_eq!(
        (world.copies_begun(), world.azure.count("DELETE", "/")),
        (1, 0)
    );
    world.terraform.plan().await.expect_code(0);

    // If it turns out to be another one, nothing is touched, and the next plan shows it.
    world.terraform.write(&indirect("tuesday", 2));
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("became known only now");
    assert_eq!(
        (world.copies_begun(), world.azure.count("DELETE", "/")),
        (1, 0)
    );
    assert!(!world.terraform.is_tainted("azrestorepoint_copy", "monday"));
    world
        .terraform
        .plan()
        .await
        .expect_code(2)
        .expect_text("must be replaced");
}

#[tokio::test(flavor = "multi_thread")]
async fn both_resources_are_imported_without_a_change() {
    let world = World::ready().await;
    world.write("tags = { department = \"finance\" }", "");
    world.terraform.apply().await.expect_code(0);
    std::fs::remove_file(world.terraform.path().join("terraform.tfstate")).expect("a state");

    // Without force_destroy, which an import cannot know.
    let configuration = world.configuration("tags = { department = \"finance\" }", "");
    world
        .terraform
        .write(&configuration.replace("force_destroy               = true", ""));
    // As the portal would show it, in a case of its own.
    let pasted = world
        .collection_id()
        .replace("resourceGroups", "resourcegroups")
        .replace("rg-dr", "RG-DR");
    world
        .terraform
        .run(&["import", "azrestorepoint_collection.dr", &pasted])
        .await
        .expect_code(0);
    world
        .terraform
        .run(&[
            "import",
            "azrestorepoint_copy.monday",
            &world.copy_id().replace("restorePoint", "restorepoint"),
        ])
        .await
        .expect_code(0);
    // Names stay as they were written, and Azure's own words are as Azure writes them.
    let id = |kind: &str, name: &str| world.terraform.attributes(kind, name)["id"].clone();
    assert_eq!(
        id("azrestorepoint_collection", "dr"),
        json!(world.collection_id().replace("rg-dr", "RG-DR"))
    );
    assert_eq!(id("azrestorepoint_copy", "monday"), json!(world.copy_id()));
    let copy = world.terraform.attributes("azrestorepoint_copy", "monday");
    assert_eq!(
        (&copy["usable"], &copy["wait_outcome"]),
        (&json!(true), &json!("completed"))
    );

    world.terraform.plan().await.expect_code(0);
    assert_eq!(world.copies_begun(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_copy_is_not_imported() {
    let world = World::ready().await;
    world.write("", "");
    let import = |address: &'static str, id: String| {
        let terraform = &world.terraform;
        async move {
            terraform
                .run(&["import", address, &id])
                .await
                .expect_code(1)
        }
    };
    import("azrestorepoint_collection.dr", world.source.clone())
        .await
        .expect_text("Not a target of copies");
    import(
        "azrestorepoint_copy.monday",
        format!("{}/restorePoints/monday", world.source),
    )
    .await
    .expect_text("Not a copy");
    import("azrestorepoint_copy.monday", world.collection_id())
        .await
        .expect_text("Cannot import");
    import("azrestorepoint_copy.monday", world.copy_id())
        .await
        .expect_text("Cannot import non-existent remote object");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_exists_already_is_refused_with_an_import_block_that_works() {
    let world = World::ready().await;
    world
        .azure
        .seed_target_collection("rg-dr", "web-dr", "westus2", &world.source);
    world.write("", "");
    let refused = world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("already exists - to be managed via Terraform");
    assert!(
        refused
            .text
            .contains("import { to = azrestorepoint_collection.NAME"),
        "{}",
        refused.text
    );

    let block = format!(
        "import {{\n  to = azrestorepoint_collection.dr\n  id = {:?}\n}}\n",
        world.collection_id()
    );
    world
        .terraform
        .write(&format!("{}{block}", world.configuration("", "")));
    world
        .terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("1 imported, 1 added");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_with_points_inside_is_not_destroyed_by_the_way() {
    let world = World::ready().await;
    world.write("", "");
    world.terraform.apply().await.expect_code(0);
    world.azure.seed_copy(
        &world.collection_id(),
        "somebody-s",
        &format!("{}/restorePoints/tuesday", world.source),
        azure_simulator::Replication::Succeeded,
    );
    world
        .terraform
        .destroy()
        .await
        .expect_code(1)
        .expect_text("is not empty")
        .expect_text("somebody-s");
    assert!(world.azure.resource(&world.collection_id()).is_some());

    // Nothing but the argument: Azure would not take monday after tuesday.
    world.write("force_destroy = true", "");
    let target = "-target=azrestorepoint_collection.dr";
    world
        .terraform
        .run(&["apply", "-auto-approve", target])
        .await
        .expect_code(0);
    world.terraform.destroy().await.expect_code(0);
    assert_eq!(world.azure.resource(&world.collection_id()), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_gone_is_made_again() {
    let world = World::ready().await;
    world.write("", "");
    world.terraform.apply().await.expect_code(0);
    world.azure.remove(&world.copy_id());
    world
        .terraform
        .plan()
        .await
        .expect_code(2)
        .expect_text("1 to add, 0 to change, 0 to destroy");
    world.terraform.apply().await.expect_code(0);
    assert_eq!(world.copies_begun(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_arguments_are_found_before_anything_is_sent() {
    let world = World::ready().await;
    for (from, to, summary) in [
        ("\"web-dr\"", "\"web dr\"", "Invalid name"),
        ("\"rg-dr\"", "\"rg/dr\"", "Invalid resource_group_name"),
        ("\"westus2\"", "\"west-us\"", "Invalid location"),
        (
            "/restorePoints/monday",
            "",
            "Invalid source_restore_point_id",
        ),
        (
            "force_destroy               = true",
            "on_timeout = \"warn\"",
            "Invalid on_timeout",
        ),
        (
            "force_destroy               = true",
            "timeouts {\n    create = \"2d\"\n  }",
            "Invalid create timeout",
        ),
    ] {
        let configuration = world.configuration("", "");
        assert!(configuration.contains(from), "{from}");
        world.terraform.write(&configuration.replace(from, to));
        world
            .terraform
            .run(&["validate"])
            .await
            .expect_code(1)
            .expect_text(summary)
            .expect_text("on main.tf line");
    }
    assert_eq!(world.azure.requests().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schemas_are_valid_to_terraform() {
    let world = World::ready().await;
    world.write("", "");
    let output = world
        .terraform
        .run(&["providers", "schema", "-json"])
        .await
        .expect_code(0);
    assert!(output.text.contains("azrestorepoint_copy"));
    // A plan that needs no data asks nobody.
    assert_eq!(world.azure.requests().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_timeout_is_the_provider_s_own_business() {
    let world = World::ready().await;
    world.write("", "");
    world.terraform.apply().await.expect_code(0);
    world.write(
        "timeouts {\n    create = \"1h\"\n  }",
        "timeouts {\n    create = \"96h\"\n  }",
    );
    world.terraform.plan().await.expect_code(2);
    world.azure.clear_requests();
    world
        .terraform
        .run(&["apply", "-auto-approve", "-refresh=false"])
        .await
        .expect_code(0)
        .expect_text("2 changed");
    assert_eq!(world.azure.requests().len(), 0);
    world.terraform.plan().await.expect_code(0);
}
