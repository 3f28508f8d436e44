//! What the architecture promises, read from the source files themselves.

use std::fs;
use std::path::{Path, PathBuf};

/// Which layer may name which. A layer that is absent from a row is forbidden to it.
const LAYERS: [(&str, &[&str]); 4] = [
    ("plugin", &["plugin"]),
    ("arm", &["arm"]),
    (
        "provider",
        &["provider", "plugin", "arm", "duration", "golden"],
    ),
    ("watch", &["watch", "arm", "duration", "golden"]),
];

/// A file that grows past this does two jobs.
const LINES_MAX: usize = 500;

#[test]
fn layers_name_only_what_lies_below() {
    for (layer, allowed) in LAYERS {
        for file in files_below(&format!("src/{layer}"), "rs") {
            let source = read(&file);
            for target in crate_paths(&source) {
                assert!(
                    allowed.contains(&target.as_str()),
                    "{}: the layer {layer} must not name crate::{target} (write one crate:: path per use)",
                    file.display()
                );
            }
        }
    }
}

/// The first segment of every path that begins at the crate's root.
fn crate_paths(source: &str) -> Vec<String> {
    source
        .match_indices("crate::")
        .map(|(at, found)| {
            let rest = &source[at + found.len()..];
            rest.chars()
                .take_while(|c| c.is_alphanumeric() || *c == '_')
                .collect()
        })
        .collect()
}

#[test]
fn the_plugin_layer_has_no_word_of_azure_and_the_arm_layer_none_of_terraform() {
    let words: [(&str, &[&str]); 2] = [
        (
            "plugin",
            &[
                "arm::",
                "restore_point",
                "restorepoint_",
                "subscription",
                "replicat",
            ],
        ),
        (
            "arm",
            &[
                "terraform",
                "plugin",
                "diagnostic",
                "hcl",
                "tfstate",
                "planned_state",
                "prior_state",
            ],
        ),
    ];
    for (layer, forbidden) in words {
        for file in files_below(&format!("src/{layer}"), "rs") {
            // The name that we tell Azure in the User-Agent is the one exception.
            let source = read(&file)
                .to_lowercase()
                .replace("terraform-provider-azrestorepoint", "");
            for word in forbidden {
                assert!(
                    !source.contains(word),
                    "{}: {word:?} belongs to another layer",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn wire_types_stay_at_the_border() {
    for file in files_below("src", "rs") {
        let name = file.to_string_lossy().replace('\\', "/");
        let may = [
            "src/plugin/service/",
            "src/plugin/stdio.rs",
            "src/plugin/serve.rs",
            "src/plugin/proto.rs",
        ];
        if !may.iter().any(|part| name.contains(part)) {
            let source = read(&file);
            assert!(
                !source.contains("proto::") && !source.contains("prost"),
                "{name}: wire types do not leave plugin::service"
            );
        }
    }
}

#[test]
fn only_patience_sleeps_and_only_diagnose_words_errors_of_arm() {
    for file in files_below("src", "rs") {
        let name = file.to_string_lossy().replace('\\', "/");
        let source = read(&file);
        let sleeps = ["time::sleep", "thread::sleep", "sleep_until", "sleep("]
            .iter()
            .any(|call| source.contains(call));
        assert!(
            !sleeps || name.ends_with("src/arm/patience.rs"),
            "{name}: only arm::patience sleeps"
        );
        let is_below = name.contains("src/arm/");
        let may = ["src/provider/diagnose.rs", "src/watch/words.rs"];
        assert!(
            is_below
                || !source.contains("explain::")
                || may.iter().any(|file| name.ends_with(file)),
            "{name}: only provider::diagnose and watch::words explain errors"
        );
    }
}

#[test]
fn as_a_plugin_only_the_handshake_writes_to_stdout() {
    for file in files_below("src", "rs") {
        let name = file.to_string_lossy().replace('\\', "/");
        let writes = read(&file).contains("stdout()");
        let may = name.ends_with("src/plugin/handshake.rs")
            || name.ends_with("src/main.rs")
            || name.contains("src/watch/");
        assert!(!writes || may, "{name}: stdout belongs to the handshake");
    }
}

#[test]
fn the_simulator_shares_no_type_with_the_client() {
    for file in files_below("tests/azure-simulator", "rs") {
        let source = read(&file);
        // The demo starts the provider's binary; that is all it may know of it.
        assert!(
            !source.contains("use azrestorepoint"),
            "{}: the simulator must not use the provider",
            file.display()
        );
    }
    let manifest = read(Path::new("tests/azure-simulator/Cargo.toml"));
    assert!(
        !manifest.contains("terraform-provider-azrestorepoint ="),
        "the simulator must not depend on the provider"
    );
}

#[test]
fn files_can_be_read_in_one_sitting() {
    for folder in ["src", "tests"] {
        for file in files_below(folder, "rs") {
            let source = read(&file);
            let lines = source
                .lines()
                .take_while(|line| line.trim() != "#[cfg(test)]")
                .count();
            assert!(
                lines <= LINES_MAX,
                "{}: {lines} lines without tests",
                file.display()
            );
        }
    }
}

#[test]
fn nothing_is_left_unfinished() {
    for folder in ["src", "tests"] {
        for file in files_below(folder, "rs")
            .into_iter()
            .filter(|file| !file.ends_with("tests/tidy.rs"))
        {
            let source = read(&file);
            for mark in ["todo!(", "unimplemented!(", "#[ignore", "#[should_panic"] {
                assert!(!source.contains(mark), "{}: {mark}", file.display());
            }
        }
    }
}

#[test]
fn every_folder_of_golden_texts_belongs_to_one_test() {
    let sources: String = ["src", "tests"]
        .iter()
        .flat_map(|folder| files_below(folder, "rs"))
        .map(|file| read(&file))
        .collect();
    for entry in fs::read_dir("tests/golden").expect("a folder") {
        let entry = entry.expect("an entry");
        if entry.path().is_dir() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let claim = format!("Golden::folder(\"{name}\")");
            let owners = sources.matches(&claim).count();
            assert_eq!(owners, 1, "owners of tests/golden/{name}");
        }
    }
}

#[test]
fn the_readme_and_the_changelog_name_everything() {
    for document in ["README.md", "CHANGELOG.md"] {
        let text = read(Path::new(document));
        for name in [
            "azrestorepoint_collection",
            "azrestorepoint_copy",
            "azrestorepoint_replication",
            "azrestorepoint_mirror",
            "azrestorepoint_collections",
            "azrestorepoint_restore_point",
            "azrestorepoint_restore_points",
            "collection_id",
            "parse_collection_id",
            "parse_restore_point_id",
            "restore_point_id",
        ] {
            assert!(text.contains(name), "{document} does not name {name}");
        }
    }
}

fn files_below(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::from(folder)];
    while let Some(folder) = folders.pop() {
        for entry in
            fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == ending) {
                files.push(path);
            }
        }
    }
    assert!(!files.is_empty(), "{folder} has no files");
    files
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

#[test]
fn what_is_troubleshot_is_what_is_said() {
    let guide = read(Path::new("docs/guides/troubleshooting.md"));
    let said: String = files_below("tests/golden", "txt")
        .iter()
        .map(|file| read(file))
        .collect();
    for heading in guide.lines().filter(|line| line.starts_with("## ")) {
        for quoted in heading.split('`').skip(1).step_by(2) {
            assert!(said.contains(quoted), "no message says {quoted:?}");
        }
    }
}
