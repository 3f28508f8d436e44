//! What a release consists of, and that Terraform installs and runs it from there.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use azrestorepoint::provider::{SOURCE, VERSION};
use azure_simulator::{Replication, Simulator};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::support::plugin;
use crate::support::terraform::Terraform;

/// Packs the provider as built for the tests; gives the name of the zip.
fn pack(into: &Path) -> String {
    let packed = Command::new(plugin::program("package-provider"))
        .arg("--binary")
        .arg(plugin::binary())
        .arg("--into")
        .arg(into)
        .output()
        .expect("the packer runs");
    assert!(packed.status.success(), "{packed:?}");
    let system = match std::env::consts::OS {
        "macos" => "darwin",
        system => system,
    };
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        architecture => architecture,
    };
    format!("terraform-provider-azrestorepoint_{VERSION}_{system}_{architecture}.zip")
}

fn digest(content: &[u8]) -> String {
    let digest = Sha256::digest(content);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The files in a zip, with their permissions.
fn content(zip: &[u8]) -> BTreeMap<String, (u32, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(zip)).expect("a zip");
    (0..archive.len())
        .map(|index| {
            let mut file = archive.by_index(index).expect("a file");
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).expect("its content");
            let mode = file.unix_mode().expect("permissions") & 0o777;
            let name = file.name().expect("a name").into_owned();
            (name, (mode, bytes))
        })
        .collect()
}

/// The hash that a lock file has of a package: of the hashes of its files, by name.
fn lock_hash(files: &BTreeMap<String, (u32, Vec<u8>)>) -> String {
    let lines: String = files
        .iter()
        .map(|(name, (_, content))| format!("{}  {name}\n", digest(content)))
        .collect();
    format!("h1:{}", STANDARD.encode(Sha256::digest(lines)))
}

#[test]
fn a_release_has_what_a_registry_asks_for_and_the_same_bytes_each_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    let name = pack(&one);
    pack(&two);
    let zip = std::fs::read(one.join(&name)).expect("a zip");
    assert!(zip == std::fs::read(two.join(&name)).expect("a zip"));

    let files = content(&zip);
    let binary = format!("terraform-provider-azrestorepoint_v{VERSION}");
    let shape: Vec<_> = files
        .iter()
        .map(|(name, (mode, _))| (&**name, *mode))
        .collect();
    assert_eq!(shape, [("LICENSE", 0o644), (&*binary, 0o755)]);
    assert!(files[&binary].1 == std::fs::read(plugin::binary()).expect("the binary"));

    let manifest = format!("terraform-provider-azrestorepoint_{VERSION}_manifest.json");
    let told = std::fs::read(one.join(&manifest)).expect("a manifest");
    let told_json: serde_json::Value = serde_json::from_slice(&told).expect("JSON");
    assert_eq!(
        told_json,
        json!({"version": 1, "metadata": {"protocol_versions": ["6.0"]}})
    );
    let sums = format!("terraform-provider-azrestorepoint_{VERSION}_SHA256SUMS");
    let sums = std::fs::read_to_string(one.join(sums)).expect("checksums");
    assert_eq!(
        sums,
        format!("{}  {name}\n{}  {manifest}\n", digest(&zip), digest(&told))
    );
}

#[test]
fn a_binary_of_another_version_is_not_packed() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused = Command::new(plugin::program("package-provider"))
        .args(["--binary", "/bin/true", "--into"])
        .arg(folder.path())
        .output()
        .expect("the packer runs");
    assert!(!refused.status.success());
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(told.contains("/bin/true says"), "{told}");
    assert_eq!(std::fs::read_dir(folder.path()).expect("it").count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn terraform_installs_the_package_from_a_mirror_and_locks_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let name = pack(folder.path());
    let azure = Simulator::builder()
        .default_world()
        .replication(Replication::Succeeded)
        .start()
        .await
        .expect("a local Azure");
    let mut terraform = Terraform::without_overrides(azure.environment());
    let settings = folder.path().join("terraform.tfrc");
    let mirror: PathBuf = folder.path().join("mirror");
    let text = format!(
        "provider_installation {{\n  filesystem_mirror {{\n    path = {mirror:?}\n  }}\n}}\n"
    );
    std::fs::write(&settings, text).expect("a file");
    terraform.set("TF_CLI_CONFIG_FILE", settings);
    terraform.set("AZRESTOREPOINT_TEST_TIME_SCALE", "100");
    let subscription = azure.subscription_id();
    for (name, value) in [
        (
            "source_collection_id",
            format!(
                "/subscriptions/{subscription}/resourceGroups/rg-source/providers/Microsoft.Compute/restorePointCollections/web"
            ),
        ),
        (
            "source_restore_point_name",
            "before-upgrade-4711".to_owned(),
        ),
        ("target_resource_group_name", "rg-dr".to_owned()),
        ("target_location", "westus2".to_owned()),
    ] {
        terraform.set(&format!("TF_VAR_{name}"), value);
    }
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart/main.tf");
    std::fs::copy(example, terraform.path().join("main.tf")).expect("the example");

    let init = terraform.run(&["init", "-input=false"]).await;
    init.expect_code(0);
    let lock = std::fs::read_to_string(terraform.path().join(".terraform.lock.hcl"));
    let lock = lock.expect("a lock file");
    let zip = std::fs::read(folder.path().join(&name)).expect("the zip");
    for part in [
        SOURCE,
        &format!("version = \"{VERSION}\""),
        &lock_hash(&content(&zip)),
    ] {
        assert!(lock.contains(part), "{part} is missing in {lock}");
    }
    terraform.apply().await.expect_code(0);
    terraform.plan().await.expect_code(0);
    terraform.destroy().await.expect_code(0);
    assert_eq!(azure.count("PUT", "/restorePoints/"), 1);
}
