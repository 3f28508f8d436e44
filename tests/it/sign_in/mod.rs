//! Every way to sign in, against what Azure's sign-in service, pipelines and machines want to see.

mod azure_cli;
mod bad_input;
mod clouds;
mod credentials;
mod days;
mod least_privilege;
mod secrets;
mod subscriptions;

use azure_simulator::{Builder, Replication, TENANT_ID};

use crate::support::world::World;

/// A world in which nothing proves yet who the application is.
async fn stranger(differs: impl FnOnce(Builder) -> Builder) -> World {
    let mut world = World::build(Replication::Succeeded, differs).await;
    world.terraform.set("ARM_CLIENT_SECRET", "");
    world
}

/// Copies, plans without changes, and destroys; gives how many tokens that took.
async fn whole_copy(world: &World) -> usize {
    world.write("", "");
    world.terraform.apply().await.expect_code(0);
    world.terraform.plan().await.expect_code(0);
    world.terraform.destroy().await.expect_code(0);
    assert_eq!(world.copies_begun(), 1);
    world.azure.count("POST", "/oauth2/v2.0/token")
}

/// The path of a certificate, and its text.
fn certificate(name: &str) -> (String, Vec<u8>) {
    let path = format!("{}/tests/certificates/{name}", env!("CARGO_MANIFEST_DIR"));
    let content = std::fs::read(&path).expect("a certificate");
    (path, content)
}

fn pem(name: &str) -> String {
    String::from_utf8(certificate(name).1).expect("PEM is text")
}

/// The path of the token endpoint.
fn token_path() -> String {
    format!("/{TENANT_ID}/oauth2/v2.0/token")
}
