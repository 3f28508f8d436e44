//! Where the cloud is, who we say we are, and tokens of other tenants.

use azure_simulator::Replication;

use crate::support::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_host_says_where_its_cloud_is() {
    for lists in [false, true] {
        let mut world = World::build(Replication::Succeeded, |azure| {
            if lists { azure.lists_clouds() } else { azure }
        })
        .await;
        let host = world.azure.address().to_string();
        world.terraform.set("ARM_METADATA_HOSTNAME", host);
        for name in [
            "ARM_ENVIRONMENT",
            "ARM_ACTIVE_DIRECTORY_AUTHORITY_HOST",
            "ARM_RESOURCE_MANAGER_ENDPOINT",
            "ARM_RESOURCE_MANAGER_AUDIENCE",
            "ARM_DISABLE_INSTANCE_DISCOVERY",
        ] {
            world.terraform.set(name, "");
        }
        world.write("", "");
        world.terraform.apply().await.expect_code(0);
        world.terraform.plan().await.expect_code(0);
        assert!(world.azure.count("GET", "/metadata/endpoints") > 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_describes_no_cloud_is_named() {
    let mut world = World::ready().await;
    world.terraform.set("ARM_METADATA_HOSTNAME", "localhost:1");
    for name in [
        "ARM_ENVIRONMENT",
        "ARM_ACTIVE_DIRECTORY_AUTHORITY_HOST",
        "ARM_RESOURCE_MANAGER_ENDPOINT",
        "ARM_RESOURCE_MANAGER_AUDIENCE",
    ] {
        world.terraform.set(name, "");
    }
    world.write("timeouts {\n    create = \"1s\"\n  }", "");
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("annot ask metadata_host for its cloud");
    assert!(world.azure.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_other_tenants_go_with_every_request() {
    let others = ["other.example", "00000000-0000-0000-0000-0000000000e2"];
    let mut world = World::build(Replication::Succeeded, |azure| {
        azure.other_tenant(others[0]).other_tenant(others[1])
    })
    .await;
    world
        .terraform
        .set("ARM_AUXILIARY_TENANT_IDS", others.join("; "));
    world.write("", "");
    world.terraform.apply().await.expect_code(0);
    let requests = world.azure.requests();
    let arm = requests
        .iter()
        .filter(|request| request.path.starts_with("/subscriptions/"));
    for request in arm {
        let tokens = request.authorization.as_deref().unwrap_or_default();
        assert_eq!(tokens.matches("token ").count(), 3, "{request:?}");
    }
    for tenant in others {
        assert!(world.azure.count("POST", tenant) > 0);
    }

    // One that has ended spoils the request; all are asked for anew, once.
    let before = world.azure.count("POST", "/oauth2/v2.0/token");
    world.azure.expire_tokens();
    world.terraform.plan().await.expect_code(0);
    assert_eq!(world.azure.count("POST", "/oauth2/v2.0/token"), before + 3);

    world.terraform.set("ARM_AUXILIARY_TENANT_IDS", "a;b;c;d");
    world
        .terraform
        .plan()
        .await
        .expect_code(1)
        .expect_text("Too many auxiliary tenants");
}

#[tokio::test(flavor = "multi_thread")]
async fn azure_is_told_who_asks() {
    let partner = "00000000-0000-0000-0000-0000000000aa";
    for (variables, expected) in [
        (vec![], Some("pid-222c6c49-1b0a-5959-a213-6608f9eb8820")),
        (vec![("ARM_DISABLE_TERRAFORM_PARTNER_ID", "true")], None),
        (
            vec![("ARM_PARTNER_ID", partner)],
            Some("pid-00000000-0000-0000-0000-0000000000aa"),
        ),
    ] {
        let mut world = World::ready().await;
        world
            .terraform
            .set("ARM_CORRELATION_REQUEST_ID", "run-4711");
        for (name, value) in variables {
            world.terraform.set(name, value);
        }
        let collection = world.collection("");
        world.terraform.write(&collection);
        world.terraform.apply().await.expect_code(0);
        let requests = world.azure.requests();
        let mut arm = requests
            .iter()
            .filter(|request| request.path.starts_with("/subscriptions/"));
        assert!(arm.clone().count() > 1);
        assert!(arm.all(|request| {
            let agent = request.user_agent.as_deref().unwrap_or_default();
            agent.starts_with("Terraform/1.")
                && agent.contains("terraform-provider-azrestorepoint/")
                && agent.split(' ').find(|word| word.starts_with("pid-")) == expected
                && request.correlation_request_id == "run-4711"
                && request.client_request_id.is_some()
        }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn validate_and_a_plan_of_what_is_not_known_ask_nobody() {
    let world = World::ready().await;
    let source = &world.source;
    world.terraform.write(&format!(
        r#"
resource "terraform_data" "later" {{
  input = "{source}"
}}

resource "azrestorepoint_collection" "dr" {{
  name                               = "web-dr"
  resource_group_name                = "rg-dr"
  location                           = "westus2"
  source_restore_point_collection_id = terraform_data.later.output
}}

resource "azrestorepoint_copy" "monday" {{
  name                        = "monday"
  restore_point_collection_id = azrestorepoint_collection.dr.id
  source_restore_point_id     = "${{terraform_data.later.output}}/restorePoints/monday"
}}

provider "azrestorepoint" {{
  alias         = "later"
  client_secret = terraform_data.later.output
}}

resource "azrestorepoint_collection" "later" {{
  provider                           = azrestorepoint.later
  name                               = "later"
  resource_group_name                = "rg-dr"
  location                           = "westus2"
  source_restore_point_collection_id = "{source}"
}}
"#
    ));
    world.terraform.run(&["validate"]).await.expect_code(0);
    world.terraform.plan().await.expect_code(2);
    assert!(
        world.azure.requests().is_empty(),
        "{:#?}",
        world.azure.requests()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_provider_block_signs_in_by_itself() {
    let other = "00000000-0000-0000-0000-0000000000e2";
    let world = World::build(Replication::Succeeded, |azure| azure.other_tenant(other)).await;
    let collection = world.collection("");
    world.terraform.write(&format!(
        r#"
provider "azrestorepoint" {{
}}

provider "azrestorepoint" {{
  alias     = "other"
  tenant_id = "{other}"
}}

{collection}

resource "azrestorepoint_collection" "other" {{
  provider                           = azrestorepoint.other
  name                               = "other"
  resource_group_name                = "rg-dr"
  location                           = "westus2"
  source_restore_point_collection_id = "{}"
}}
"#,
        world.source
    ));
    // The subscription trusts one tenant only, so the other block is refused, and it alone.
    world.terraform.apply().await.expect_code(1);
    assert!(world.azure.count("POST", other) > 0);
    let instance = |name| world.terraform.instance("azrestorepoint_collection", name);
    assert!(instance("dr").is_some());
    assert!(instance("other").is_none());
}
