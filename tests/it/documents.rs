//! What the documents show: that Terraform takes it, and that it is what the schemas say.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::plugin;
use crate::support::terraform::Terraform;

/// What stands before configuration that belongs to the blocks of a page, and is not shown.
const BESIDE: &str = "<!-- beside the blocks of this page:\n";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files below a folder whose name ends like this.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Checks the form of a configuration and, if all it needs is here, its meaning.
async fn check(name: &str, configuration: &str) {
    let terraform = Terraform::new([]);
    fs::write(terraform.path().join("main.tf"), configuration).expect("a file");
    let form = terraform.run(&["fmt", "-check", "-diff"]).await;
    assert_eq!(form.code(), 0, "{name}: {}", form.printed);
    // Other providers cannot be had everywhere.
    if configuration.contains("hashicorp/") {
        return;
    }
    // Terraform knows actions since 1.14; a test of the action looks at this one.
    if configuration.contains("\naction \"") {
        return;
    }
    let meaning = terraform.run(&["validate"]).await;
    assert_eq!(meaning.code(), 0, "{name}: {}", meaning.printed);
}

/// The blocks of a page in this language.
fn blocks<'a>(text: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    text.split(&fence)
        .skip(1)
        .map(|rest| rest.split_once("```").expect("a block ends").0)
        .collect()
}

#[test]
fn the_documents_say_what_the_schemas_say() {
    let checked = Command::new(plugin::program("docs"))
        .arg("--check")
        .output()
        .expect("the writer runs");
    let told = String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success(), "{told}");
}

/// Imports are examples of their own, which tests of theirs run.
fn is_import(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default();
    name.to_string_lossy().starts_with("import-")
}

#[tokio::test(flavor = "multi_thread")]
async fn terraform_takes_every_example() {
    let mut count = 0;
    let mut folders: Vec<PathBuf> = files(&root().join("examples"), ".tf")
        .iter()
        .filter_map(|file| file.parent().map(Path::to_owned))
        .collect();
    folders.dedup();
    for folder in folders {
        let name = folder.display().to_string();
        let text: Vec<String> = files(&folder, ".tf")
            .iter()
            .filter(|file| !is_import(file))
            .map(|file| fs::read_to_string(file).expect("text"))
            .collect();
        check(&name, &text.join("\n")).await;
        count += 1;
    }
    assert!(count >= 6, "{count} examples");
}

#[tokio::test(flavor = "multi_thread")]
async fn terraform_takes_every_block_of_the_documents() {
    const SOURCE: &str = "terraform {\n  required_providers {\n    azrestorepoint = {\n      source = \"crossregion/azrestorepoint\"\n    }\n  }\n}\n";
    let mut pages = files(&root().join("docs"), ".md");
    pages.push(root().join("README.md"));
    for page in pages {
        let text = fs::read_to_string(&page).expect("text");
        // What a page takes from an example is checked there.
        let own: String = text
            .split("<!-- generated: example ")
            .enumerate()
            .map(|(index, part)| match index {
                0 => part,
                _ => part.split_once("<!-- end -->").expect("an end").1,
            })
            .collect();
        let name = page.display().to_string();
        // The settings of the command line are not for any of its commands.
        let (whole, parts): (Vec<&str>, Vec<&str>) = blocks(&own, "hcl")
            .into_iter()
            .filter(|block| !block.contains("provider_installation"))
            .partition(|block| block.contains("required_providers"));
        for block in whole {
            check(&name, block).await;
        }
        if parts.is_empty() {
            continue;
        }
        // Blocks without the rest of a module are one module together.
        let beside = text.split_once(BESIDE);
        let beside = beside.and_then(|(_, rest)| rest.split_once("-->"));
        let beside = beside.map_or("", |(beside, _)| beside);
        check(&name, &format!("{SOURCE}\n{beside}\n{}", parts.join("\n"))).await;
    }
}
