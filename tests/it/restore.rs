//! The example that restores a virtual machine, through the real Terraform. A stand-in is in the
//! place of azurerm: it has its names, and nothing behind them.

use std::path::{Path, PathBuf};

use azure_simulator::Replication;
use serde_json::{Value as Json, json};

use crate::support::core::test_provider;
use crate::support::plugin::binary;
use crate::support::terraform::Terraform;
use crate::support::world::World;

const NOT_YET: &str = "The copy cannot restore a virtual machine yet.";

fn example(folder: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("examples/restore-vm").join(folder)
}

fn take_over(terraform: &Terraform, folder: &str, files: &[&str]) {
    for file in files {
        let from = example(folder).join(file);
        std::fs::copy(from, terraform.path().join(file)).expect("a file of the example");
    }
}

/// The attributes of every instance of a resource, by its key; `""` where it has none.
fn instances(terraform: &Terraform, kind: &str, name: &str) -> Vec<(String, Json)> {
    let state = terraform.state();
    let mut resources = state["resources"].as_array().into_iter().flatten();
    let resource = resources.find(|found| found["type"] == kind && found["name"] == name);
    let instances = resource.expect("a resource")["instances"].as_array();
    let instances = instances.expect("instances").iter();
    let keyed = instances.map(|instance| {
        let key = instance["index_key"].as_str().unwrap_or_default();
        (key.to_owned(), instance["attributes"].clone())
    });
    keyed.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_is_restored_from_its_copy_and_from_no_unfinished_one() {
    let mut world = World::new(Replication::Replicating(40)).await;
    let set = world
        .azure
        .seed_disk_encryption_set("rg-keys", "dr", "westus2");
    for (variable, value) in [
        ("source_collection_id", world.source.clone()),
        ("source_restore_point_name", "monday".to_owned()),
        ("target_resource_group_name", "rg-dr".to_owned()),
        ("target_location", "westus2".to_owned()),
        ("disk_encryption_set_id", set.clone()),
    ] {
        world.terraform.set(&format!("TF_VAR_{variable}"), value);
    }
    let copy_state = world.terraform.path().join("terraform.tfstate");
    take_over(&world.terraform, "copy", &["main.tf"]);
    let mut restore = Terraform::without_overrides([
        ("TF_VAR_name", "web-restored".to_owned()),
        ("TF_VAR_resource_group_name", "rg-restored".to_owned()),
        ("TF_VAR_subnet_id", "/subnets/drill".to_owned()),
    ]);
    restore.set("TF_VAR_copy_state_path", copy_state);
    restore.override_providers(&[
        ("crossregion/azrestorepoint", binary()),
        ("hashicorp/azurerm", &test_provider()),
    ]);
    take_over(&restore, "restore", &["copy.tf", "main.tf"]);
    let mut lookup = Terraform::without_overrides(world.azure.environment());
    for (variable, value) in [
        ("name", "web-restored".to_owned()),
        ("resource_group_name", "rg-restored".to_owned()),
        ("subnet_id", "/subnets/drill".to_owned()),
        ("copies_collection_id", world.collection_id()),
        ("copy_name", "monday".to_owned()),
        ("location", "westus2".to_owned()),
    ] {
        lookup.set(&format!("TF_VAR_{variable}"), value);
    }
    lookup.override_providers(&[
        ("crossregion/azrestorepoint", binary()),
        ("hashicorp/azurerm", &test_provider()),
    ]);
    take_over(&lookup, "restore", &["main.tf"]);
    take_over(&lookup, "lookup", &["copy.tf"]);
    let formatted = ["fmt", "-check", "-diff"];
    lookup.run(&formatted).await.expect_code(0);
    world.terraform.run(&formatted).await.expect_code(0);
    restore.run(&formatted).await.expect_code(0);

    // The copy is there, and replicates: the gate is shut.
    let begun = ["apply", "-auto-approve", "-target=azrestorepoint_copy.web"];
    world.terraform.run(&begun).await.expect_code(0);
    restore.plan().await.expect_code(1).expect_text(NOT_YET);
    lookup
        .plan()
        .await
        .expect_code(1)
        .expect_text("include_unfinished");

    world.replicate();
    world.terraform.apply().await.expect_code(0);
    world.terraform.plan().await.expect_code(0);
    restore.apply().await.expect_code(0).expect_text("7 added");
    restore.plan().await.expect_code(0);
    let found = lookup.plan().await.expect_code(2);
    found.expect_text("7 to add");
    let copy = world.terraform.attributes("azrestorepoint_copy", "web");
    let disks = instances(&restore, "azurerm_managed_disk", "data");
    let attachments = instances(
        &restore,
        "azurerm_virtual_machine_data_disk_attachment",
        "data",
    );
    assert_eq!((disks.len(), attachments.len()), (2, 2));
    for (at, ((key, disk), (_, attachment))) in disks.iter().zip(&attachments).enumerate() {
        let copied = &copy["data_disks"][at];
        assert_eq!(json!(key), json!(copied["lun"].to_string()));
        assert_eq!(disk["source_resource_id"], copied["disk_restore_point_id"]);
        assert_eq!(disk["disk_encryption_set_id"], json!(set));
        assert_eq!(attachment["managed_disk_id"], disk["id"]);
        assert_eq!(attachment["lun"], copied["lun"]);
        assert_eq!(attachment["caching"], json!("ReadOnly"));
    }
    let os_disk = restore.attributes("azurerm_managed_disk", "os");
    assert_eq!(
        os_disk["source_resource_id"],
        copy["os_disk"]["disk_restore_point_id"]
    );
    assert_eq!(
        (
            &os_disk["os_type"],
            &os_disk["hyper_v_generation"],
            &os_disk["location"]
        ),
        (&json!("Linux"), &json!("V2"), &json!("westus2"))
    );
    let machine = restore.attributes("azurerm_linux_virtual_machine", "restored");
    assert_eq!(machine["os_managed_disk_id"], os_disk["id"]);
    assert_eq!(machine["size"], json!("Standard_D4ds_v5"));
    for flag in ["secure_boot_enabled", "vtpm_enabled"] {
        assert_eq!(machine[flag], json!(true), "{flag}");
    }

    // A drill is over: the copy stays.
    let ended = restore.destroy().await.expect_code(0);
    ended.expect_text("7 destroyed");
    world.terraform.plan().await.expect_code(0);
    assert_eq!(world.azure.count("DELETE", "/"), 0);
}
