//! Identities that may do only a part of what an owner may.

use azure_simulator::{Replication, Role};
use serde_json::json;

use crate::support::terraform::{finish, signal};
use crate::support::world::World;

const COPY: &str = "azrestorepoint_copy";
const ADDRESS: &str = "azrestorepoint_copy.monday";

/// What the provider says of an operation that it may not ask about.
const DENIED: &str = "Warning: Cannot follow Azure's operation";

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_delete_nothing_can_make_resume_and_take_over_copies() {
    let roles = [Role::of(["*/read", "*/write"])];
    let world = World::build(Replication::Replicating(40), |azure| azure.roles(roles)).await;
    // Begins, and waits until the deadline.
    world.write("", "timeouts {\n    create = \"1s\"\n  }");
    world.terraform.apply().await.expect_code(1);
    assert!(world.terraform.is_tainted(COPY, "monday"));
    // Resumes after the taint, until it is interrupted.
    world.write("", "");
    let apply = world.terraform.start(&["apply", "-auto-approve"]);
    world.wait_for_looks(6).await;
    signal(&apply, "INT", true);
    finish(apply).await.expect_text("Interrupted while");
    // Resumes in place, until it is usable.
    world.replicate();
    world.terraform.apply().await.expect_code(0);
    // Takes over what another state has made.
    let forget = ["state", "rm", ADDRESS];
    world.terraform.run(&forget).await.expect_code(0);
    world.terraform.apply().await.expect_code(0);
    assert_eq!(
        world.terraform.attributes(COPY, "monday")["wait_outcome"],
        json!("completed")
    );
    world.terraform.plan().await.expect_code(0);
    assert_eq!(
        (world.copies_begun(), world.azure.count("DELETE", "/")),
        (1, 0)
    );

    // A wish that cannot be granted leaves everything as it is.
    world
        .terraform
        .destroy()
        .await
        .expect_code(1)
        .expect_text("AuthorizationFailed")
        .expect_text("Microsoft.Compute/restorePointCollections/restorePoints/delete");
    assert!(world.azure.resource(&world.copy_id()).is_some());
    world.terraform.plan().await.expect_code(0);
}

/// Everything that is done to restore points, and nothing else.
fn restore_points_only() -> [Role; 1] {
    [Role::of(["Microsoft.Compute/restorePointCollections/*"])]
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_ask_about_operations_is_told_once() {
    for copies in [1, 3] {
        let world = World::build(Replication::Succeeded, |azure| {
            azure.roles(restore_points_only())
        })
        .await;
        let regions = &["westus2", "northeurope", "southindia"][..copies];
        let source = &world.source;
        world.terraform.write(&format!(
            r#"
resource "azrestorepoint_collection" "each" {{
  for_each                           = toset({regions:?})
  name                               = "web-${{each.key}}"
  resource_group_name                = "rg-dr"
  location                           = each.key
  source_restore_point_collection_id = "{source}"
}}

resource "azrestorepoint_copy" "each" {{
  for_each                    = azrestorepoint_collection.each
  name                        = "monday"
  restore_point_collection_id = each.value.id
  source_restore_point_id     = "{source}/restorePoints/monday"
  force_destroy               = true
}}
"#
        ));
        let apply = world
            .terraform
            .apply()
            .await
            .expect_code(0)
            .expect_text("Microsoft.Compute/locations/operations/read");
        assert_eq!(apply.text.matches(DENIED).count(), 1, "{}", apply.text);
        // The one about development overrides, and this one.
        assert_eq!(apply.text.matches("Warning: ").count(), 2, "{}", apply.text);
        world.terraform.plan().await.expect_code(0);
        world.terraform.destroy().await.expect_code(0);
        assert_eq!(world.azure.count("DELETE", "/restorePoints/"), copies);
    }
}
