//! Waits that outlive their tokens.

use std::time::Duration;

use azure_simulator::{FEDERATED_SUBJECT, Fault, Replication};

use super::stranger;
use crate::support::terraform::finish;
use crate::support::world::{LOOKS, REQUEST_LIMIT, World};

const TOKENS: &str = "/oauth2/v2.0/token";

/// So many looks later, what came before has had its effect.
const SETTLED: usize = 2;

#[tokio::test(flavor = "multi_thread")]
async fn a_wait_outlives_its_tokens_and_the_file_they_come_from() {
    let mut world = stranger(|azure| azure.replication(Replication::Replicating(40))).await;
    let path = world.terraform.path().join("token");
    let rotate = |world: &World| {
        world.azure.expire_oidc_tokens();
        let token = world.azure.oidc_token(FEDERATED_SUBJECT);
        std::fs::write(&path, format!("{token}\n")).expect("a file");
    };
    rotate(&world);
    world.terraform.set("ARM_USE_OIDC", "true");
    world.terraform.set("ARM_OIDC_TOKEN_FILE_PATH", &path);
    world.write("", "");
    let apply = world.terraform.start(&["apply", "-auto-approve"]);
    world.wait_for_looks(3).await;
    let begun = world.azure.count("POST", TOKENS);
    let mut expected = begun;
    for round in 0..4 {
        // Whatever the holder was told: the token has ended, and in some rounds the file was
        // rotated before that.
        if round % 2 == 0 {
            rotate(&world);
        }
        world.azure.expire_tokens();
        world.wait_for_looks(SETTLED).await;
        expected += 1;
        assert_eq!(world.azure.count("POST", TOKENS), expected, "round {round}");
    }
    // A refusal out of nowhere costs one token, too.
    let refusal = serde_json::json!({"error": {"code": "InvalidAuthenticationToken", "message": "The access token is invalid."}});
    world
        .azure
        .fault(Fault::answer(401, refusal).on("GET", LOOKS).times(1));
    world.wait_for_looks(SETTLED).await;
    assert_eq!(world.azure.count("POST", TOKENS), expected + 1);
    world.replicate();
    finish(apply).await.expect_code(0);
    assert_eq!(world.azure.count("POST", TOKENS), expected + 1);
    assert_eq!(world.copies_begun(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_renewed_before_they_end() {
    let world = World::build(Replication::Replicating(40), |azure| {
        azure.token_lifetime(Duration::from_secs(4))
    })
    .await;
    world.write("", "");
    let apply = world.terraform.start(&["apply", "-auto-approve"]);
    // The plan's token and the first one of the apply, and three renewals.
    world
        .azure
        .wait_for_count(REQUEST_LIMIT, "POST", TOKENS, 5)
        .await
        .expect("renewals");
    world.replicate();
    finish(apply).await.expect_code(0);
    let refused = |request: &azure_simulator::Request| request.status == Some(401);
    assert!(!world.azure.requests().iter().any(refused));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_that_fails_uses_the_token_to_its_end() {
    let world = World::build(Replication::Replicating(40), |azure| {
        azure.token_lifetime(Duration::from_secs(20))
    })
    .await;
    world.write("", "");
    let apply = world.terraform.start(&["apply", "-auto-approve"]);
    world.wait_for_looks(3).await;
    let tokens = world.azure.count("POST", TOKENS);
    world.azure.fault(Fault::close(false).on("POST", TOKENS));
    world
        .azure
        .wait_for_count(REQUEST_LIMIT, "POST", TOKENS, tokens + 1)
        .await
        .expect("a renewal");
    // It failed, and the wait goes on with the token that is still good.
    world.wait_for_looks(SETTLED).await;
    world.replicate();
    finish(apply).await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_creates_at_once_ask_for_one_token() {
    let world = World::ready().await;
    let source = &world.source;
    world.terraform.write(&format!(
        r#"
resource "azrestorepoint_collection" "each" {{
  count                              = 100
  name                               = "web-${{count.index}}"
  resource_group_name                = "rg-dr"
  location                           = "westus2"
  source_restore_point_collection_id = "{source}"
}}
"#
    ));
    let plan = ["plan", "-out=plan", "-input=false"];
    world.terraform.run(&plan).await.expect_code(0);
    let before = world.azure.count("POST", TOKENS);
    world
        .terraform
        .run(&["apply", "-parallelism=100", "plan"])
        .await
        .expect_code(0);
    assert_eq!(
        world.azure.count("PUT", "restorePointCollections/web-"),
        100
    );
    assert_eq!(world.azure.count("POST", TOKENS), before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_is_lost_for_good_ends_the_wait_and_the_next_apply_resumes() {
    let world = World::new(Replication::Replicating(40)).await;
    world.write("", "");
    let apply = world.terraform.start(&["apply", "-auto-approve"]);
    world.wait_for_looks(3).await;
    world.azure.revoke_client(7_000_222);
    world.azure.expire_tokens();
    finish(apply)
        .await
        .expect_code(1)
        .expect_text("AADSTS7000222")
        .expect_text("The client secret has expired. Create a new one.");
    let attributes = world.terraform.attributes("azrestorepoint_copy", "monday");
    assert_eq!(attributes["wait_outcome"], "lost_contact");

    world.azure.restore_client();
    world.replicate();
    world.terraform.apply().await.expect_code(0);
    let attributes = world.terraform.attributes("azrestorepoint_copy", "monday");
    assert_eq!(attributes["wait_outcome"], "completed");
    assert_eq!(world.copies_begun(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_file_that_is_rotated_too_late_ends_no_wait_and_one_that_is_never_does() {
    for is_rotated in [true, false] {
        let mut world = stranger(|azure| azure.replication(Replication::Replicating(40))).await;
        let path = world.terraform.path().join("token");
        std::fs::write(&path, world.azure.oidc_token(FEDERATED_SUBJECT)).expect("a file");
        world.terraform.set("ARM_USE_OIDC", "true");
        world.terraform.set("ARM_OIDC_TOKEN_FILE_PATH", &path);
        world.write("", "");
        let apply = world.terraform.start(&["apply", "-auto-approve"]);
        world.wait_for_looks(3).await;
        let tokens = world.azure.count("POST", TOKENS);
        world.azure.expire_oidc_tokens();
        world.azure.expire_tokens();
        // Refused, and asked again.
        world
            .azure
            .wait_for_count(REQUEST_LIMIT, "POST", TOKENS, tokens + 2)
            .await
            .expect("two refusals");
        if is_rotated {
            std::fs::write(&path, world.azure.oidc_token(FEDERATED_SUBJECT)).expect("a file");
            world.wait_for_looks(SETTLED).await;
            world.replicate();
            finish(apply).await.expect_code(0);
        } else {
            // Ten minutes later, which are six seconds here.
            finish(apply)
                .await
                .expect_code(1)
                .expect_text("AADSTS700024")
                .expect_text("oidc_token_file_path");
            let attributes = world.terraform.attributes("azrestorepoint_copy", "monday");
            assert_eq!(attributes["wait_outcome"], "lost_contact");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_file_that_is_gone_for_a_moment_ends_no_wait() {
    let mut world = stranger(|azure| azure.replication(Replication::Replicating(40))).await;
    let path = world.terraform.path().join("token");
    std::fs::write(&path, world.azure.oidc_token(FEDERATED_SUBJECT)).expect("a file");
    world.terraform.set("ARM_USE_OIDC", "true");
    world.terraform.set("ARM_OIDC_TOKEN_FILE_PATH", &path);
    world.write("", "");
    let apply = world.terraform.start(&["apply", "-auto-approve"]);
    world.wait_for_looks(3).await;
    std::fs::remove_file(&path).expect("the file");
    let refused = |request: &azure_simulator::Request| request.status == Some(401);
    world.azure.expire_tokens();
    world
        .azure
        .wait_for(REQUEST_LIMIT, |requests| requests.iter().any(refused))
        .await
        .expect("a refusal");
    std::fs::write(&path, world.azure.oidc_token(FEDERATED_SUBJECT)).expect("a file");
    world.wait_for_looks(SETTLED).await;
    world.replicate();
    finish(apply).await.expect_code(0);
}
