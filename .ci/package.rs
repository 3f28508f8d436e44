//! Packs the provider as Terraform's registry and filesystem mirrors want it; `--help` says how.

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use azrestorepoint::provider::{SOURCE, VERSION};
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const NAME: &str = "terraform-provider-azrestorepoint";

/// What the registry has to know of a version: the protocol that it speaks.
const MANIFEST: &str =
    "{\n  \"version\": 1,\n  \"metadata\": {\n    \"protocol_versions\": [\"6.0\"]\n  }\n}\n";

const HELP: &str = "\
Usage: cargo package-provider [--target TRIPLE] [--binary FILE] [--into FOLDER]
       cargo package-provider --sums [--into FOLDER]

Builds the provider for release and packs it: a zip for each platform, the manifest, and the
checksums of everything that is in the folder, ready to be signed:

  gpg --detach-sign terraform-provider-azrestorepoint_VERSION_SHA256SUMS

The folder is a filesystem mirror at the same time, below mirror/.

  --target TRIPLE  the platform to build for, as rustc names it; this one if it is left out
  --binary FILE    pack this binary, which was built for the target, and build nothing
  --into FOLDER    where to put everything; target/package if it is left out
  --sums           build and pack nothing: only write manifest and checksums of the zips there";

/// What is to be done.
struct Order {
    target: Option<String>,
    binary: Option<PathBuf>,
    into: PathBuf,
    only_sums: bool,
}

fn main() -> ExitCode {
    match order().and_then(|order| order.map_or_else(|| say(HELP), |order| carry_out(&order))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // A closed stderr leaves nobody to tell.
            let _ = writeln!(io::stderr().lock(), "Nothing was packed: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Reads the arguments; `None` asks for help.
fn order() -> Result<Option<Order>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut order = Order {
        target: None,
        binary: None,
        into: root.join("target/package"),
        only_sums: false,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || {
            let value = arguments.next();
            value.ok_or_else(|| format!("{argument} needs a value\n\n{HELP}"))
        };
        match argument.as_str() {
            "--help" | "-h" => return Ok(None),
            "--target" => order.target = Some(value()?),
            "--binary" => order.binary = Some(value()?.into()),
            "--into" => order.into = value()?.into(),
            "--sums" => order.only_sums = true,
            _ => return Err(format!("{argument:?} is not an option\n\n{HELP}").into()),
        }
    }
    Ok(Some(order))
}

fn carry_out(order: &Order) -> Result<()> {
    fs::create_dir_all(&order.into)?;
    if !order.only_sums {
        let host = host()?;
        let target = order.target.as_ref().unwrap_or(&host);
        let platform = platform(target)?;
        let binary = match &order.binary {
            Some(binary) => binary.clone(),
            None => build(target)?,
        };
        if *target == host {
            check_version(&binary)?;
        }
        let extension = binary.extension().unwrap_or_default();
        let mut inside = format!("{NAME}_v{VERSION}");
        if extension == "exe" {
            inside.push_str(".exe");
        }
        let zip = format!("{NAME}_{VERSION}_{platform}.zip");
        fs::write(order.into.join(&zip), packed(&inside, &fs::read(&binary)?)?)?;
        let mirror = order.into.join("mirror").join(SOURCE);
        fs::create_dir_all(&mirror)?;
        fs::copy(order.into.join(&zip), mirror.join(&zip))?;
        say(&format!("Packed {}", order.into.join(&zip).display()))?;
    }
    sums(&order.into)
}

/// The triple of the platform that this runs on.
fn host() -> Result<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let told = Command::new(rustc).arg("-vV").output()?.stdout;
    let told = String::from_utf8(told)?;
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.ok_or("rustc -vV names no host")?.to_owned())
}

/// What Terraform calls a platform.
fn platform(triple: &str) -> Result<String> {
    let architecture = match triple.split('-').next() {
        Some("x86_64") => "amd64",
        Some("aarch64") => "arm64",
        _ => return Err(format!("{triple} has an architecture without a name here").into()),
    };
    let system = ["linux", "darwin", "windows"]
        .into_iter()
        .find(|system| triple.contains(system))
        .ok_or_else(|| format!("{triple} has a system without a name here"))?;
    Ok(format!("{system}_{architecture}"))
}

/// Builds for release, with nothing in the binary of the folders that it was built in: then the
/// same sources give the same bytes. On Linux it needs no library of the system, so that it runs
/// in every container, those with musl included.
fn build(target: &str) -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cargo_home = std::env::var_os("CARGO_HOME").map_or_else(
        || std::env::home_dir().unwrap_or_default().join(".cargo"),
        PathBuf::from,
    );
    let mut flags = vec![
        format!("--remap-path-prefix={}=provider", root.display()),
        format!("--remap-path-prefix={}=cargo", cargo_home.display()),
    ];
    if target.contains("linux") {
        flags.push("-Ctarget-feature=+crt-static".to_owned());
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args([
            "build",
            "--release",
            "--locked",
            "--bin",
            NAME,
            "--target",
            target,
        ])
        .env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"))
        .current_dir(root)
        .status()?;
    if !built.success() {
        return Err("the build failed, as told above".into());
    }
    let folder = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    let suffix = if target.contains("windows") {
        ".exe"
    } else {
        ""
    };
    Ok(folder
        .join(target)
        .join("release")
        .join(format!("{NAME}{suffix}")))
}

/// Runs the binary: one of another version must not come into a package of this one.
fn check_version(binary: &Path) -> Result<()> {
    let told = Command::new(binary).arg("--version").output()?.stdout;
    let expected = format!("{NAME} {VERSION}\n");
    if told == expected.as_bytes() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&told);
    Err(format!("{} says {told:?}, not {expected:?}", binary.display()).into())
}

/// A zip with the binary and the license, whose bytes depend on nothing else.
fn packed(name: &str, binary: &[u8]) -> Result<Vec<u8>> {
    let license = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("LICENSE"))?;
    let mut zip = ZipWriter::new(io::Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(6))
        .last_modified_time(DateTime::default());
    for (name, content, mode) in [("LICENSE", &*license, 0o644), (name, binary, 0o755)] {
        zip.start_file(name, options.unix_permissions(mode))?;
        zip.write_all(content)?;
    }
    Ok(zip.finish()?.into_inner())
}

/// Writes the manifest, and the checksums of it and of every zip of this version in the folder.
fn sums(folder: &Path) -> Result<()> {
    let manifest = format!("{NAME}_{VERSION}_manifest.json");
    fs::write(folder.join(&manifest), MANIFEST)?;
    let mut files = vec![manifest];
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.starts_with(&format!("{NAME}_{VERSION}_")) && name.ends_with(".zip") {
            files.push(name);
        }
    }
    files.sort();
    let mut lines = String::new();
    for file in &files {
        let digest = Sha256::digest(fs::read(folder.join(file))?);
        let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        lines.push_str(&format!("{digest}  {file}\n"));
    }
    let name = format!("{NAME}_{VERSION}_SHA256SUMS");
    fs::write(folder.join(&name), lines)?;
    say(&format!(
        "{} has the checksums of {} zips and the manifest",
        folder.join(name).display(),
        files.len() - 1
    ))
}

fn say(text: &str) -> Result<()> {
    Ok(writeln!(io::stdout().lock(), "{text}")?)
}
