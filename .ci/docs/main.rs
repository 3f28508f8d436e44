//! Writes into the documents what the schemas say; `--check` only tells what is out of date.
//!
//! A page is prose with places between two comments, which are written anew each time:
//!
//! ```text
//! <!-- generated: arguments -->
//! <!-- end -->
//! ```
//!
//! Its path says what it is about: `docs/resources/copy.md` is `azrestorepoint_copy`. A page that
//! is missing, one too many, and a part of a schema that no page shows, are errors.

mod page;
mod render;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use azrestorepoint::plugin::Provider;
use azrestorepoint::plugin::function::Signature;
use azrestorepoint::plugin::schema::Block;
use azrestorepoint::provider::AzRestorePoint;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const PREFIX: &str = "azrestorepoint_";

/// What a page is about.
enum Subject {
    /// Something with arguments and attributes.
    Block(Block),
    /// A function.
    Function(&'static str, Signature),
}

fn main() -> ExitCode {
    let only_checks = std::env::args().nth(1).as_deref() == Some("--check");
    match write(only_checks) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A closed stderr leaves nobody to tell.
            let _ = writeln!(io::stderr().lock(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn write(only_checks: bool) -> Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut problems = Vec::new();
    let subjects = subjects();
    for path in unexpected(root, &subjects)? {
        problems.push(format!("{path} is about nothing that the provider has"));
    }
    for (path, subject) in &subjects {
        let file = root.join(path);
        let Ok(text) = fs::read_to_string(&file) else {
            problems.push(format!("{path} is missing"));
            continue;
        };
        match page::written(root, &text, subject) {
            Ok(written) if written == text => {}
            Ok(_) if only_checks => problems.push(format!("{path} is out of date")),
            Ok(written) => fs::write(&file, written)?,
            Err(problem) => problems.push(format!("{path}: {problem}")),
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    let hint = if only_checks {
        "\n\ncargo docs writes what the schemas say."
    } else {
        ""
    };
    Err(format!("{}{hint}", problems.join("\n")).into())
}

/// Everything that has a page, by the page's path.
fn subjects() -> BTreeMap<String, Subject> {
    let provider = AzRestorePoint::new();
    let mut subjects = BTreeMap::new();
    subjects.insert(
        "docs/index.md".to_owned(),
        Subject::Block(provider.schema()),
    );
    let mut add = |kind: &str, name: &str, block: Block| {
        let name = name.trim_start_matches(PREFIX);
        subjects.insert(format!("docs/{kind}/{name}.md"), Subject::Block(block));
    };
    for (name, resource) in provider.resources() {
        add("resources", name, resource.schema().block);
    }
    for (name, data_source) in provider.data_sources() {
        add("data-sources", name, data_source.schema().block);
    }
    for (name, list) in provider.list_resources() {
        add("list-resources", name, list.schema().block);
    }
    for (name, action) in provider.actions() {
        add("actions", name, action.schema().block);
    }
    for (name, resource) in provider.ephemeral_resources() {
        add("ephemeral-resources", name, resource.schema().block);
    }
    for (name, function) in provider.functions() {
        let path = format!("docs/functions/{name}.md");
        subjects.insert(path, Subject::Function(name, function.signature()));
    }
    subjects
}

/// The pages in the registry's folders that no subject has.
fn unexpected(root: &Path, subjects: &BTreeMap<String, Subject>) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for kind in [
        "resources",
        "data-sources",
        "functions",
        "ephemeral-resources",
        "actions",
        "list-resources",
    ] {
        let folder: PathBuf = ["docs", kind].iter().collect();
        let Ok(entries) = fs::read_dir(root.join(&folder)) else {
            continue;
        };
        for entry in entries {
            let path = folder.join(entry?.file_name());
            let path = path.to_string_lossy().replace('\\', "/");
            if !subjects.contains_key(&path) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
