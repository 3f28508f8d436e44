//! The examples of data sources and functions, as they stand.

use std::path::{Path, PathBuf};

use crate::support::world::World;

/// Every example of a folder of `examples`, such as `data-sources`.
fn examples(kind: &str, file: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("examples")
        .join(kind);
    let entries = std::fs::read_dir(folder).expect("a folder");
    let examples = entries.map(|entry| entry.expect("an entry").path().join(file));
    examples.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_are_whole_configurations() {
    let world = World::ready().await;
    let mut examples = [
        examples("data-sources", "data-source.tf"),
        examples("functions", "function.tf"),
    ]
    .concat();
    examples.sort();
    assert!(examples.len() >= 8, "{examples:?}");
    // One after the other in one folder: it has no other files.
    for example in examples {
        let copied = world.terraform.path().join("main.tf");
        std::fs::copy(&example, copied)
            .unwrap_or_else(|error| panic!("{}: {error}", example.display()));
        let formatted = world.terraform.run(&["fmt", "-check"]).await;
        assert_eq!(formatted.code(), 0, "{}", example.display());
        let valid = world.terraform.run(&["validate"]).await;
        assert_eq!(valid.code(), 0, "{}: {}", example.display(), valid.text);
    }
}
