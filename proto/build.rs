//! Compiles the proto files in pure Rust, so that a build needs no protoc.

use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    let files = [
        "proto/tfplugin6.proto",
        "proto/go_plugin.proto",
        "proto/health.proto",
    ];
    let descriptors = protox::compile(files, ["proto"])?;

    // The methods that nobody has implemented yet answer Unimplemented, as Terraform expects.
    tonic_prost_build::configure()
        .build_client(false)
        .build_transport(false)
        .generate_default_stubs(true)
        .btree_map(".")
        .compile_fds(descriptors.clone())?;

    // The client is for the tests alone: they drive the process as Terraform does.
    let client = PathBuf::from(std::env::var("OUT_DIR")?).join("client");
    std::fs::create_dir_all(&client)?;
    tonic_prost_build::configure()
        .build_server(false)
        .build_transport(false)
        .btree_map(".")
        .out_dir(client)
        .compile_fds(descriptors)?;
    Ok(())
}
