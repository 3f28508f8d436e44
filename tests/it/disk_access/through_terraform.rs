//! Through the real Terraform, which has known ephemeral resources since 1.10.

use std::path::{Path, PathBuf};

use crate::support::plugin::limited;
use crate::support::terraform::{finish, signal};
use crate::support::world::World;

use super::{BEGIN, END, world};

/// A command that hands the URL to the test and then waits for it, through pipes in the folder.
fn configuration(disk: &str) -> String {
    format!(
        r#"
ephemeral "azrestorepoint_disk_access" "os" {{
  disk_restore_point_id = "{disk}"
}}

resource "terraform_data" "reader" {{
  provisioner "local-exec" {{
    command     = "printf %s \"$SAS\" > sas && read -r word < go"
    environment = {{ SAS = ephemeral.azrestorepoint_disk_access.os.access_sas }}
  }}
}}
"#
    )
}

fn pipes(world: &World, disk: &str) -> (PathBuf, PathBuf) {
    world.terraform.write(&configuration(disk));
    let pipes = ["sas", "go"].map(|name| world.terraform.path().join(name));
    let made = std::process::Command::new("mkfifo").args(&pipes).status();
    assert!(made.expect("mkfifo runs").success());
    let [sas, go] = pipes;
    (sas, go)
}

/// What comes out of a pipe, once somebody has written to it.
async fn received(pipe: &Path) -> String {
    let pipe = pipe.to_owned();
    beside(move || std::fs::read_to_string(pipe)).await
}

/// Does what may block for ever in a thread that no failed test waits for.
async fn beside<T: Send + 'static>(act: impl FnOnce() -> std::io::Result<T> + Send + 'static) -> T {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || drop(sender.send(act())));
    let done = limited(receiver).await.expect("no panic");
    done.expect("the pipe is there")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_url_opens_the_disk_while_terraform_runs_and_is_stored_nowhere() {
    let (mut world, disk) = world(|azure| azure).await;
    let (sas, go) = pipes(&world, &disk);
    world.terraform.set("TF_LOG", "TRACE");
    let mut printed = String::new();
    for arguments in [&["plan", "-out=plan"][..], &["show", "-json", "plan"]] {
        let output = world.terraform.run(arguments).await.expect_code(0);
        printed.push_str(&output.printed);
    }
    // The plan has opened the disk, and closed it again.
    let counted = |world: &World| {
        (
            world.azure.count("POST", BEGIN),
            world.azure.count("POST", END),
        )
    };
    assert_eq!(counted(&world), (1, 1));

    let apply = tokio::spawn(finish(world.terraform.start(&["apply", "plan"])));
    let url = received(&sas).await;
    assert!(world.azure.opens_a_disk(&url), "{url}");
    assert_eq!(counted(&world), (2, 1));
    beside(move || std::fs::write(go, "on\n")).await;
    let output = apply.await.expect("no panic").expect_code(0);
    printed.push_str(&output.printed);
    assert!(!world.azure.opens_a_disk(&url));
    assert_eq!(counted(&world), (2, 2));

    let output = world.terraform.run(&["show", "-json"]).await.expect_code(0);
    printed.push_str(&output.printed);
    for file in ["terraform.tfstate", "plan"] {
        let content = std::fs::read(world.terraform.path().join(file)).expect("a file");
        printed.push_str(&String::from_utf8_lossy(&content));
    }
    assert!(printed.contains("Azure Resource Manager was asked"));
    let secrets = world.azure.issued_secrets();
    let signature = url.split("sig=").nth(1).expect("a signature");
    let signature = signature.split(['%', '&']).next().expect("a signature");
    assert!(secrets.iter().any(|secret| secret.contains(signature)));
    for secret in secrets.iter().map(String::as_str).chain([signature]) {
        assert!(!printed.contains(secret), "{secret} is printed");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_url_is_revoked_after_an_interruption() {
    let (world, disk) = world(|azure| azure).await;
    let (sas, _go) = pipes(&world, &disk);
    let apply = world.terraform.start(&["apply", "-auto-approve"]);
    let url = received(&sas).await;
    assert!(world.azure.opens_a_disk(&url));
    let before = world.azure.count("POST", END);
    signal(&apply, "INT", true);
    // The command fails with the interruption, and then this Terraform closes nothing.
    finish(apply)
        .await
        .expect_code(1)
        .expect_text("Interrupt received");
    assert_eq!(world.azure.count("POST", END), before + 1);
    assert!(!world.azure.opens_a_disk(&url));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_is_a_whole_configuration() {
    let example = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/examples/ephemeral-resources/azrestorepoint_disk_access/ephemeral-resource.tf"
    );
    let (world, disk) = world(|azure| azure).await;
    std::fs::copy(example, world.terraform.path().join("main.tf")).expect("an example");
    world.terraform.run(&["fmt", "-check"]).await.expect_code(0);
    world.terraform.run(&["validate"]).await.expect_code(0);
    let variables = serde_json::json!({
        "disk_restore_point_id": disk,
        "target_url": "https://example.invalid/exports/os.vhd",
    });
    let file = world.terraform.path().join("terraform.tfvars.json");
    std::fs::write(file, variables.to_string()).expect("a file");
    world
        .terraform
        .plan()
        .await
        .expect_code(2)
        .expect_text("1 to add");
    assert_eq!(world.azure.count("POST", END), 1);
}
