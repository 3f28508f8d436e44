//! What users do beside plan and apply: generated configuration, and Terraform's own tests.

use crate::support::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn generated_configuration_plans_without_a_change() {
    let world = World::ready().await;
    world.write("tags = { department = \"finance\" }", "");
    world.terraform.apply().await.expect_code(0);
    std::fs::remove_file(world.terraform.path().join("terraform.tfstate")).expect("a state");

    let (collection, copy) = (world.collection_id(), world.copy_id());
    world.terraform.write(&format!(
        r#"
import {{
  to = azrestorepoint_collection.found
  id = "{collection}"
}}

import {{
  to = azrestorepoint_copy.found
  id = "{copy}"
}}
"#
    ));
    let generate = [
        "plan",
        "-detailed-exitcode",
        "-generate-config-out=generated.tf",
    ];
    world
        .terraform
        .run(&generate)
        .await
        .expect_code(2)
        .expect_text("2 to import, 0 to add, 0 to change, 0 to destroy");
    let generated =
        std::fs::read_to_string(world.terraform.path().join("generated.tf")).expect("a file");
    assert!(
        !generated.contains("timeouts") && !generated.contains("usable"),
        "{generated}"
    );

    world
        .terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("2 imported, 0 added, 0 changed, 0 destroyed");
    world.terraform.plan().await.expect_code(0);
    assert_eq!(world.copies_begun(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn terraform_s_own_tests_run_against_the_provider() {
    let world = World::ready().await;
    world.write("force_destroy = true", "");
    let test = r#"
run "copies" {
  assert {
    condition     = azrestorepoint_copy.monday.usable
    error_message = "The copy should be usable."
  }
  assert {
    condition     = azrestorepoint_copy.monday.data_disks[1].lun == 1
    error_message = "The disks should come by lun."
  }
}

run "plans_nothing_more" {
  command = plan
  assert {
    condition     = azrestorepoint_collection.dr.source_location == "eastus"
    error_message = "The source's region should be known."
  }
}
"#;
    std::fs::write(world.terraform.path().join("copy.tftest.hcl"), test).expect("a file");
    world
        .terraform
        .run(&["test"])
        .await
        .expect_code(0)
        .expect_text("2 passed, 0 failed");
    // Terraform destroys what its tests have made.
    assert_eq!(world.azure.resource(&world.collection_id()), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_was_saved_is_applied_as_it_was() {
    let world = World::ready().await;
    world.write("", "");
    world
        .terraform
        .run(&["plan", "-out=saved"])
        .await
        .expect_code(0);
    world
        .terraform
        .run(&["apply", "saved"])
        .await
        .expect_code(0)
        .expect_text("2 added");
    world
        .terraform
        .run(&["plan", "-destroy", "-out=saved"])
        .await
        .expect_code(0);
    world
        .terraform
        .run(&["apply", "saved"])
        .await
        .expect_code(0)
        .expect_text("2 destroyed");
}
