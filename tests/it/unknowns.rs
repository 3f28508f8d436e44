//! Values that are known only in the apply, in every argument that may have them.

use azure_simulator::Replication;
use serde_json::json;

use crate::support::world::World;

/// A value that is unknown whenever `revision` changes.
fn source(values: &str, revision: u8) -> String {
    format!(
        "\nresource \"terraform_data\" \"late\" {{\n  input = {{ revision = {revision}, {values} }}\n}}\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn every_argument_may_be_known_only_in_the_apply() {
    let world = World::ready().await;
    let late = |revision| {
        let values = "name = \"web-dr\", group = \"rg-dr\", location = \"westus2\", tag = \"finance\", wait = true, \
                      timeout = \"1h\", on_timeout = \"error\", point = \"monday\"";
        let configuration = world
            .configuration(
                "tags = { department = terraform_data.late.output.tag }\n  timeouts {\n    create = terraform_data.late.output.timeout\n  }",
                "wait_for_replication = terraform_data.late.output.wait\n  on_timeout = terraform_data.late.output.on_timeout",
            )
            .replace("\"web-dr\"", "terraform_data.late.output.name")
            .replace("\"rg-dr\"", "terraform_data.late.output.group")
            .replace("\"westus2\"", "terraform_data.late.output.location")
            .replace("name                        = \"monday\"", "name = terraform_data.late.output.point");
        format!("{configuration}{}", source(values, revision))
    };
    world.terraform.write(&late(1));
    world.terraform.apply().await.expect_code(0);
    world.terraform.plan().await.expect_code(0);
    world.terraform.write(&late(2));
    world
        .terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("0 destroyed");
    world.terraform.plan().await.expect_code(0);
    assert_eq!(
        (world.copies_begun(), world.azure.count("DELETE", "/")),
        (1, 0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_to_wait_may_be_known_only_in_the_apply() {
    let world = World::new(Replication::Replicating(40)).await;
    world.write("", "wait_for_replication = false");
    world.terraform.apply().await.expect_code(0);

    let late = |wait: bool, revision| {
        let configuration =
            world.configuration("", "wait_for_replication = terraform_data.late.output.wait");
        format!(
            "{configuration}{}",
            source(&format!("wait = {wait}"), revision)
        )
    };
    world.terraform.write(&late(false, 1));
    world.terraform.apply().await.expect_code(0);
    let copy = world.terraform.attributes("azrestorepoint_copy", "monday");
    assert_eq!(
        (&copy["usable"], &copy["wait_outcome"]),
        (&json!(false), &json!("not_waited"))
    );

    world.replicate();
    world.terraform.write(&late(true, 2));
    world
        .terraform
        .run(&["apply", "-auto-approve", "-refresh=false"])
        .await
        .expect_code(0);
    let copy = world.terraform.attributes("azrestorepoint_copy", "monday");
    assert_eq!(
        (&copy["usable"], &copy["wait_outcome"]),
        (&json!(true), &json!("completed"))
    );
    assert_eq!(world.copies_begun(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_configured_late_is_said_to_be() {
    let world = World::ready().await;
    let configuration = format!(
        "{}{}\nprovider \"azrestorepoint\" {{\n  tenant_id = terraform_data.late.output.tenant\n}}\n",
        world.configuration("", ""),
        source("tenant = \"00000000-0000-0000-0000-00000000000a\"", 1)
    );
    world.terraform.write(&configuration);
    world.terraform.apply().await.expect_code(0);
    world
        .terraform
        .write(&configuration.replace("revision = 1", "revision = 2"));
    world
        .terraform
        .plan()
        .await
        .expect_code(1)
        .expect_text("Provider configuration is not known yet");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_subscription_is_found_by_the_plan() {
    let mut world = World::ready().await;
    world.terraform.set("ARM_SUBSCRIPTION_ID", "");
    world.write("", "");
    world
        .terraform
        .plan()
        .await
        .expect_code(1)
        .expect_text("Missing subscription_id");
    world.terraform.set("ARM_SUBSCRIPTION_ID", "production");
    world
        .terraform
        .plan()
        .await
        .expect_code(1)
        .expect_text("Invalid subscription_id");
}
