//! The sign-in of the Azure CLI, with an `az` of our own on the PATH.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use azure_simulator::{SUBSCRIPTION_ID, TENANT_ID};

use super::{stranger, whole_copy};
use crate::support::world::World;

/// A folder with an `az` in it, which notes how it is called.
pub(super) struct AzureCli {
    folder: PathBuf,
}

impl AzureCli {
    /// An `az` that does this, put before all others on the PATH.
    fn install(world: &mut World, script: &str) -> Self {
        let folder = world.terraform.path().join("bin");
        std::fs::create_dir(&folder).expect("a new folder");
        let program = folder.join("az");
        let calls = folder.join("calls");
        let text = format!(
            "#!/bin/sh\necho \"$@\" >> '{}'\n{script}\n",
            calls.display()
        );
        std::fs::write(&program, text).expect("a file");
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&program, executable).expect("permissions");
        let path = std::env::var("PATH").expect("a PATH");
        world
            .terraform
            .set("PATH", format!("{}:{path}", folder.display()));
        world.terraform.set("ARM_USE_CLI", "");
        Self { folder }
    }

    /// One that is signed in, with a token that lives so long.
    pub(super) fn signed_in(world: &mut World, lifetime: Duration) -> Self {
        let token = world.azure.token(TENANT_ID, lifetime);
        Self::install(
            world,
            &format!(
                r#"case "$*" in
*"account show"*) echo '{{"id": "{SUBSCRIPTION_ID}", "tenantId": "{TENANT_ID}"}}' ;;
*--tenant*--subscription*|*--subscription*--tenant*) echo "Please specify only one of subscription and tenant, not both" >&2; exit 1 ;;
*"get-access-token"*) echo "{{\"accessToken\": \"{token}\", \"expires_on\": $(($(date +%s) + {})), \"tokenType\": \"Bearer\"}}" ;;
*) exit 2 ;;
esac"#,
                lifetime.as_secs()
            ),
        )
    }

    fn calls(&self) -> Vec<String> {
        let calls = std::fs::read_to_string(self.folder.join("calls")).unwrap_or_default();
        calls.lines().map(str::to_owned).collect()
    }

    fn count(&self, words: &str) -> usize {
        self.calls()
            .iter()
            .filter(|call| call.contains(words))
            .count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_signed_in_to_az_needs_no_more() {
    let mut world = stranger(|azure| azure).await;
    let az = AzureCli::signed_in(&mut world, Duration::from_secs(3600));
    for name in ["ARM_CLIENT_ID", "ARM_TENANT_ID", "ARM_SUBSCRIPTION_ID"] {
        world.terraform.set(name, "");
    }
    whole_copy(&world).await;
    // The collection named no subscription, so it is the one that is chosen there.
    assert!(az.count("account show") > 0, "{:?}", az.calls());
    assert_eq!(az.count("--subscription"), 0);
    // Apply, plan and destroy: some processes each, and one token in each at most.
    let tokens = az.count("get-access-token");
    assert!((3..=8).contains(&tokens), "{:?}", az.calls());
    let scope = "--scope https://management.azure.com/.default";
    assert_eq!(az.count(scope), tokens);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tenant_goes_before_the_subscription() {
    let mut world = stranger(|azure| azure).await;
    let az = AzureCli::signed_in(&mut world, Duration::from_secs(3600));
    world.write("", "");
    world.terraform.apply().await.expect_code(0);
    let tenant = format!("--tenant {TENANT_ID}");
    assert_eq!(az.count(&tenant), az.count("get-access-token"));
    // The subscription is known.
    assert_eq!(az.count("account show"), 0);

    // Without a tenant it is the account of the subscription that counts.
    world.terraform.set("ARM_TENANT_ID", "");
    world.terraform.plan().await.expect_code(0);
    let subscription = format!("--subscription {SUBSCRIPTION_ID}");
    assert!(az.count(&subscription) > 0, "{:?}", az.calls());
}

#[tokio::test(flavor = "multi_thread")]
async fn az_that_is_signed_out_says_so() {
    let mut world = stranger(|azure| azure).await;
    AzureCli::install(
        &mut world,
        "echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1",
    );
    world.write("", "");
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("Azure CLI (use_cli) gave no token")
        .expect_text("Please run 'az login' to setup account.");
    assert!(world.azure.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn az_that_is_missing_is_said_with_the_other_ways() {
    let mut world = stranger(|azure| azure).await;
    let folder = world.terraform.path().join("bin");
    std::fs::create_dir(&folder).expect("a new folder");
    let terraform = std::env::split_paths(&std::env::var_os("PATH").expect("a PATH"))
        .map(|folder| folder.join("terraform"))
        .find(|program| program.is_file())
        .expect("terraform on PATH");
    std::os::unix::fs::symlink(terraform, folder.join("terraform")).expect("a link");
    world.terraform.set("ARM_USE_CLI", "true");
    world.terraform.set("PATH", folder);
    world.write("", "");
    // A plan asks nobody, and says nothing about it.
    let plan = world.terraform.plan().await.expect_code(2);
    assert!(!plan.text.contains("Azure CLI"), "{}", plan.text);
    world
        .terraform
        .apply()
        .await
        .expect_code(1)
        .expect_text("there is no az on the PATH")
        .expect_text("ARM_CLIENT_SECRET");
}
