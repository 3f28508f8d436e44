//! The wait for replication and its endings, through the real Terraform.

use std::time::{Duration, Instant};

use azure_simulator::{Fault, Replication};
use serde_json::json;

use crate::support::terraform::{finish, signal};
use crate::support::world::{LOOKS, REQUEST_LIMIT, World};

/// How soon Terraform has to be gone once it was interrupted.
const GONE_WITHIN: Duration = Duration::from_secs(3);

const COPY: &str = "azrestorepoint_copy";

#[tokio::test(flavor = "multi_thread")]
async fn create_returns_when_the_last_disk_has_replicated() {
    let world = World::new(Replication::Replicating(40)).await;
    world.write("", "");
    let apply = world.terraform.start(&["apply", "-auto-approve"]);
    let looks = LOOKS;
    world
        .azure
        .wait_for_count(REQUEST_LIMIT, "GET", looks, 2)
        .await
        .expect("it looks");

    world
        .azure
        .set_disk(&world.copy_id(), "os", Replication::Succeeded);
    world
        .azure
        .set_disk(&world.copy_id(), "data-0", Replication::Succeeded);
    let before = world.azure.count("GET", looks);
    world
        .azure
        .wait_for_count(REQUEST_LIMIT, "GET", looks, before + 2)
        .await
        .expect("it goes on looking");

    world
        .azure
        .set_disk(&world.copy_id(), "data-1", Replication::Succeeded);
    finish(apply).await.expect_code(0);
    let copy = world.terraform.attributes(COPY, "monday");
    assert_eq!(
        (&copy["usable"], &copy["wait_outcome"]),
        (&json!(true), &json!("completed"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_keeps_the_copy_and_untaint_resumes_the_wait() {
    let world = World::new(Replication::Replicating(62)).await;
    world.write("", "timeouts {\n    create = \"2s\"\n  }");
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("has not finished replicating")
        .expect_text("data-1 62 %")
        .expect_text("terraform untaint");
    let copy = world.terraform.attributes(COPY, "monday");
    assert!(world.terraform.is_tainted(COPY, "monday"));
    assert_eq!(
        (&copy["id"], &copy["wait_outcome"]),
        (&json!(world.copy_id()), &json!("timed_out"))
    );

    world
        .terraform
        .run(&["untaint", "azrestorepoint_copy.monday"])
        .await
        .expect_code(0);
    world
        .terraform
        .plan()
        .await
        .expect_code(2)
        .expect_text("0 to add, 1 to change, 0 to destroy");
    world
        .azure
        .set_disks(&world.copy_id(), Replication::Replicating(80));
    let apply = world.terraform.start(&["apply", "-auto-approve"]);
    world.wait_for_looks(2).await;
    world.replicate();
    finish(apply).await.expect_code(0).expect_text("1 changed");
    assert_eq!(
        (world.copies_begun(), world.azure.count("DELETE", "/")),
        (1, 0)
    );
    assert_eq!(
        world.terraform.attributes(COPY, "monday")["wait_outcome"],
        json!("completed")
    );
    world.terraform.plan().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_in_a_resumed_wait_taints_nothing() {
    let world = World::new(Replication::Replicating(62)).await;
    world.write(
        "",
        "on_timeout = \"continue\"\n  timeouts {\n    create = \"1s\"\n    update = \"1s\"\n  }",
    );
    world
        .terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("Warning: Restore point copy has not finished");
    assert!(!world.terraform.is_tainted(COPY, "monday"));

    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("resumes in place");
    assert!(!world.terraform.is_tainted(COPY, "monday"));
    assert_eq!(
        world.terraform.attributes(COPY, "monday")["wait_outcome"],
        json!("timed_out")
    );

    // Finished meanwhile: the read says so, and there is nothing to resume.
    world.replicate();
    world
        .terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("0 changed");
    assert_eq!(
        world.terraform.attributes(COPY, "monday")["wait_outcome"],
        json!("completed")
    );
    assert_eq!(world.copies_begun(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupt_keeps_the_copy_untainted_and_the_next_apply_resumes() {
    // Ctrl-C reaches the provider, too; a pipeline interrupts Terraform alone.
    for whole_group in [true, false] {
        let world = World::new(Replication::Replicating(40)).await;
        world.write("", "");
        let apply = world.terraform.start(&["apply", "-auto-approve"]);
        world.wait_for_looks(2).await;
        let interrupted = Instant::now();
        signal(&apply, "INT", whole_group);
        let output = finish(apply).await;
        let elapsed = interrupted.elapsed();
        assert!(elapsed < GONE_WITHIN, "{elapsed:?}\n{}", output.text);
        let output = output.expect_text("Interrupted while a restore point is being copied");
        let output = output.expect_text("replication goes on");
        drop(output);

        let copy = world.terraform.attributes(COPY, "monday");
        assert!(!world.terraform.is_tainted(COPY, "monday"));
        assert_eq!(
            (&copy["id"], &copy["wait_outcome"]),
            (&json!(world.copy_id()), &json!("interrupted"))
        );

        world.replicate();
        world.terraform.apply().await.expect_code(0);
        assert_eq!(
            (world.copies_begun(), world.azure.count("DELETE", "/")),
            (1, 0)
        );
        assert_eq!(
            world.terraform.attributes(COPY, "monday")["wait_outcome"],
            json!("completed")
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unfinished_copy_is_resumed_with_everything_known_but_its_progress() {
    let world = World::new(Replication::Replicating(40)).await;
    world.write("", "wait_for_replication = false");
    world.terraform.apply().await.expect_code(0);
    let copy = world.terraform.attributes(COPY, "monday");
    assert_eq!(
        (&copy["usable"], &copy["wait_outcome"]),
        (&json!(false), &json!("not_waited"))
    );
    assert_eq!(copy["replication_state"], json!("Replicating"));
    world.terraform.plan().await.expect_code(0);

    let dependent = "resource \"terraform_data\" \"disk\" {\n  triggers_replace = azrestorepoint_copy.monday.os_disk.disk_restore_point_id\n}\n";
    world.terraform.write(&format!(
        "{}{dependent}",
        world.configuration("", "wait_for_replication = false")
    ));
    world.terraform.apply().await.expect_code(0);
    world.terraform.write(&format!(
        "{}{dependent}",
        world.configuration("", "wait_for_replication = true")
    ));
    world
        .terraform
        .plan()
        .await
        .expect_code(2)
        .expect_text("0 to add, 1 to change, 0 to destroy");
    world.replicate();
    world
        .terraform
        .run(&["apply", "-auto-approve", "-refresh=false"])
        .await
        .expect_code(0)
        .expect_text("1 changed");
    let copy = world.terraform.attributes(COPY, "monday");
    assert_eq!(
        (&copy["usable"], &copy["wait_outcome"]),
        (&json!(true), &json!("completed"))
    );
    assert_eq!(world.copies_begun(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_disk_is_named_and_the_next_apply_copies_again() {
    let world = World::new(Replication::Replicating(40)).await;
    world.write("", "");
    let apply = world.terraform.start(&["apply", "-auto-approve"]);
    world.wait_for_looks(2).await;
    world
        .azure
        .set_disk(&world.copy_id(), "data-0", Replication::Failed(40));
    finish(apply)
        .await
        .expect_code(1)
        .expect_text("has failed")
        .expect_text("Failed: data-0 40 %");
    assert!(world.terraform.is_tainted(COPY, "monday"));
    assert_eq!(
        world.terraform.attributes(COPY, "monday")["replication_state"],
        json!("Failed")
    );

    world.azure.set_replication(Replication::Succeeded);
    world
        .terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("1 added, 0 changed, 1 destroyed");
    assert_eq!(
        (
            world.copies_begun(),
            world.azure.count("DELETE", "/restorePoints/")
        ),
        (2, 1)
    );
    world.terraform.plan().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_told_in_azure_s_words_and_leaves_nothing() {
    let world = World::ready().await;
    let body = json!({"error": {"code": "OperationNotAllowed", "message": "A rule that nobody has published."}});
    world
        .azure
        .fault(Fault::answer(409, body).on("PUT", "/restorePoints/"));
    world.write("", "");
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("Azure refused to copy the restore point")
        .expect_text("A rule that nobody has published.")
        .expect_text("x-ms-request-id:")
        .expect_text("x-ms-correlation-request-id:");
    assert!(world.terraform.instance(COPY, "monday").is_none());
    assert_eq!(world.copies_begun(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_operation_taints_the_copy() {
    let world = World::ready().await;
    world.azure.fail_next_operation(
        "InternalExecutionError",
        "An internal error of the operation.",
    );
    world.write("", "");
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("InternalExecutionError");
    assert!(world.terraform.is_tainted(COPY, "monday"));
    world
        .terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("1 added, 0 changed, 1 destroyed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_after_the_put_keeps_the_copy_in_the_state() {
    let mut world = World::ready().await;
    world.write("", "");
    world.terraform.apply().await.expect_code(0);
    world
        .terraform
        .run(&[
            "destroy",
            "-auto-approve",
            "-target=azrestorepoint_copy.monday",
        ])
        .await
        .expect_code(0);

    // The first pause of the create is the one before it asks how the operation goes on.
    world.terraform.set("AZRESTOREPOINT_TEST_PANIC", "pause");
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("The provider has a bug")
        .expect_text("It panicked at");
    let copy = world.terraform.attributes(COPY, "monday");
    assert_eq!(
        (&copy["id"], &copy["name"]),
        (&json!(world.copy_id()), &json!("monday"))
    );
    assert_eq!(world.copies_begun(), 2);
}
