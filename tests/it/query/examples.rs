//! The examples of imports and lists, as they stand. Those that the tested Terraform does not know
//! are read by it only as far as their form goes, and sent by our own client.

use std::path::{Path, PathBuf};

use azrestorepoint::plugin::value::Value;
use azure_simulator::Replication;

use super::{COLLECTION, COPY, MIRROR, told_nothing};
use crate::support::core::Core;
use crate::support::plugin::binary;
use crate::support::world::World;

/// The subscription of the examples.
const SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000000";

fn example(kind: &str, file: &str) -> PathBuf {
    let folder = if file.ends_with(".tfquery.hcl") {
        "list-resources"
    } else {
        "resources"
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("examples").join(folder).join(kind).join(file)
}

fn read(kind: &str, file: &str) -> String {
    std::fs::read_to_string(example(kind, file)).expect("an example")
}

/// The world that the examples are of: one point of `web`, and its copy.
async fn world() -> World {
    let world = World::build(Replication::Succeeded, |azure| {
        azure.subscription_id(SUBSCRIPTION)
    })
    .await;
    let azure = &world.azure;
    azure.remove(&format!("{}/restorePoints/monday", world.source));
    let target = azure.seed_target_collection("rg-dr", "web-dr", "westus2", &world.source);
    let tuesday = format!("{}/restorePoints/tuesday", world.source);
    let name = "before-upgrade-4711";
    azure.seed_copy(&target, name, &tuesday, Replication::Succeeded);
    world
}

/// The arguments of a block that has nothing but texts in it.
fn arguments<'a>(text: &'a str, block: &str) -> Vec<(&'a str, &'a str)> {
    let (_, inside) = text.split_once(block).expect("a block");
    let (inside, _) = inside.split_once('}').expect("its end");
    let lines = inside.lines().filter(|line| !line.trim().is_empty());
    let argument = |line: &'a str| {
        let (name, value) = line.split_once('=').expect("an argument");
        (name.trim(), value.trim().trim_matches('"'))
    };
    lines.map(argument).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_import_without_a_change() {
    let world = world().await;
    let terraform = &world.terraform;
    let kinds = [COLLECTION, COPY, MIRROR];
    terraform.write("");
    for kind in kinds {
        let file = terraform.path().join(format!("{kind}.tf"));
        std::fs::copy(example(kind, "import-by-string-id.tf"), file).expect("a file");
    }
    terraform.run(&["fmt", "-check"]).await.expect_code(0);
    terraform
        .run(&["plan", "-generate-config-out=generated.tf"])
        .await
        .expect_code(0)
        .expect_text("3 to import, 0 to add, 0 to change, 0 to destroy");

    let mut core = Core::start(binary(), &world.azure.environment()).await;
    for kind in kinds {
        let text = read(kind, "import-by-identity.tf");
        std::fs::write(terraform.path().join("query.tf"), &text).expect("a file");
        terraform
            .run(&["fmt", "-check", "query.tf"])
            .await
            .expect_code(0);
        let identity = arguments(&text, "identity = {");
        told_nothing(&core.import_by_identity(kind, &identity).await);
        let id = core.state[kind].value.get("id").as_str().expect("an id");
        assert!(read(kind, "import-by-string-id.tf").contains(&format!("{id:?}")));
        let command = format!("terraform import {kind}.example {id}\n");
        assert_eq!(read(kind, "import.sh"), command);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_list_what_there_is() {
    let world = world().await;
    let terraform = &world.terraform;
    let mut core = Core::start(binary(), &world.azure.environment()).await;
    for (kind, expected) in [(COLLECTION, "web-dr"), (COPY, "web-dr/before-upgrade-4711")] {
        let text = read(kind, "list-resource.tfquery.hcl");
        std::fs::write(terraform.path().join("query.tf"), &text).expect("a file");
        terraform
            .run(&["fmt", "-check", "query.tf"])
            .await
            .expect_code(0);
        let given = arguments(&text, "config {").into_iter();
        let given: Vec<_> = given
            .map(|(name, value)| (name, Value::from(value)))
            .collect();
        let config = core.list_config(kind, &given);
        told_nothing(&core.validate_list(kind, &config).await);
        let (found, told) = core.list_all(kind, &config, true, 100).await;
        told_nothing(&told);
        let names: Vec<_> = found.iter().map(|found| &*found.display_name).collect();
        assert_eq!(names, [expected]);
    }
}
