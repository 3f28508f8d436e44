//! The life of the process: what ends it, what it leaves behind, and how people attach to it.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use azure_simulator::{Fault, Replication};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};

use crate::support::certificate::Identity;
use crate::support::plugin::{MAGIC_COOKIE, Plugin, binary, command, limited};
use crate::support::processes::{ended, providers_of};
use crate::support::terraform::{finish, signal};
use crate::support::world::{LOOKS, REQUEST_LIMIT, World};

/// How soon everything has to be gone once Terraform was asked to stop.
const GONE_WITHIN: Duration = Duration::from_secs(3);

/// How soon the provider has to be gone once Terraform is, whatever hangs.
const ORPHAN_GONE_WITHIN: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_terraform_leaves_no_provider_behind() {
    let world = World::new(Replication::Replicating(40)).await;
    world.write("", "");
    let mut apply = world.terraform.start(&["apply", "-auto-approve"]);
    let looks = LOOKS;
    world
        .azure
        .wait_for_count(REQUEST_LIMIT, "GET", looks, 2)
        .await
        .expect("it waits");
    let providers = providers_of(apply.id().expect("it runs"));
    assert_eq!(providers.len(), 1, "{providers:?}");

    signal(&apply, "KILL", false);
    limited(apply.wait()).await.expect("it is dead");
    for provider in providers {
        ended(provider).await;
    }
    // Nothing goes on asking Azure, and nothing was undone there.
    assert_eq!(
        (world.copies_begun(), world.azure.count("DELETE", "/")),
        (1, 0)
    );
    assert!(world.azure.resource(&world.copy_id()).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unanswered_request_outlives_terraform_only_a_little() {
    let world = World::ready().await;
    world.write("", "");
    world
        .azure
        .fault(Fault::black_hole(true).on("PUT", "/restorePoints/"));
    let mut apply = world.terraform.start(&["apply", "-auto-approve"]);
    world
        .azure
        .wait_for_count(REQUEST_LIMIT, "PUT", "/restorePoints/", 1)
        .await
        .expect("it asks");
    let providers = providers_of(apply.id().expect("it runs"));

    let killed = Instant::now();
    signal(&apply, "KILL", false);
    limited(apply.wait()).await.expect("it is dead");
    for provider in providers {
        ended(provider).await;
    }
    assert!(
        killed.elapsed() < ORPHAN_GONE_WITHIN,
        "{:?}",
        killed.elapsed()
    );
    assert_eq!(
        (world.copies_begun(), world.azure.count("DELETE", "/")),
        (1, 0)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_creates_in_flight_and_a_request_that_hangs_leave_within_seconds() {
    let world = World::new(Replication::Replicating(10)).await;
    let source = &world.source;
    // Ten targets of one source: each in a region of its own, as Azure wants it.
    let regions = [
        "westus",
        "westus2",
        "westus3",
        "centralus",
        "southcentralus",
        "northeurope",
        "westeurope",
        "uksouth",
        "japaneast",
        "koreacentral",
    ];
    world.terraform.write(&format!(
        r#"
locals {{
  regions = {regions:?}
}}

resource "azrestorepoint_collection" "dr" {{
  for_each                           = toset(local.regions)
  name                               = "web-${{each.key}}"
  resource_group_name                = "rg-dr"
  location                           = each.key
  source_restore_point_collection_id = "{source}"
}}

resource "azrestorepoint_copy" "monday" {{
  for_each                    = toset(local.regions)
  name                        = "monday"
  restore_point_collection_id = azrestorepoint_collection.dr[each.key].id
  source_restore_point_id     = "{source}/restorePoints/monday"
}}
"#
    ));
    // One PUT is taken by Azure and never answered, another one is not even taken.
    world.azure.fault(
        Fault::black_hole(true)
            .on("PUT", "web-westus2/restorePoints/")
            .times(1),
    );
    world.azure.fault(
        Fault::black_hole(false)
            .on("PUT", "web-uksouth/restorePoints/")
            .times(1),
    );
    let apply = world.terraform.start(&["apply", "-auto-approve"]);
    world
        .azure
        .wait_for_count(REQUEST_LIMIT, "PUT", "/restorePoints/", 10)
        .await
        .expect("ten creates");
    let is_look = |request: &&azure_simulator::Request| {
        request.matches("GET", "/restorePoints/monday")
            && request.path.contains("/rg-dr/")
            && request.status == Some(200)
    };
    world
        .azure
        .wait_for(REQUEST_LIMIT, |requests| {
            requests.iter().filter(is_look).count() >= 8
        })
        .await
        .expect("eight wait");

    let interrupted = Instant::now();
    signal(&apply, "INT", true);
    let output = finish(apply).await;
    let elapsed = interrupted.elapsed();
    assert!(elapsed < GONE_WITHIN, "{elapsed:?}\n{}", output.text);

    // Every copy that Azure may have is in the state, none of them tainted.
    let state = world.terraform.state();
    let resources = state["resources"].as_array().expect("resources");
    let copies = resources
        .iter()
        .find(|resource| resource["type"] == "azrestorepoint_copy")
        .expect("copies");
    let instances = copies["instances"].as_array().expect("instances");
    assert_eq!(instances.len(), 10);
    assert!(
        instances
            .iter()
            .all(|instance| instance["status"] != "tainted"),
        "{instances:#?}"
    );

    // The next apply makes the one that Azure never took; the others have finished meanwhile.
    world.azure.set_replication(Replication::Succeeded);
    for region in regions.iter().filter(|region| **region != "uksouth") {
        let id = world.copy_id().replace("web-dr", &format!("web-{region}"));
        world.azure.set_disks(&id, Replication::Succeeded);
    }
    world.azure.clear_requests();
    world
        .terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("1 added, 0 changed, 0 destroyed");
    assert_eq!(world.copies_begun(), 1);
    world.terraform.plan().await.expect_code(0);
}

#[tokio::test]
async fn sigterm_ends_an_idle_provider_at_once() {
    for name in ["TERM", "HUP"] {
        let mut plugin = Plugin::start(&[]).await;
        let folder = plugin.socket.parent().expect("a folder").to_owned();
        let _channel = plugin.connect().await;
        signal(&plugin.process, name, false);
        let status = limited(plugin.process.wait()).await.expect("it ends");
        assert!(status.success(), "{name}: {status}");
        assert!(!folder.exists(), "{name}: the folder is left behind");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_to_everybody_keeps_the_copy_in_the_state() {
    let world = World::new(Replication::Replicating(40)).await;
    world.write("", "");
    let apply = world.terraform.start(&["apply", "-auto-approve"]);
    world.wait_for_looks(2).await;
    signal(&apply, "TERM", true);
    finish(apply)
        .await
        .expect_text("Interrupted while a restore point is being copied");
    assert!(!world.terraform.is_tainted("azrestorepoint_copy", "monday"));
    assert_eq!(world.copies_begun(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_debugs_attaches_terraform() {
    let world = World::ready().await;
    let mut process = command(binary())
        .arg("--debug")
        .envs(world.azure.environment())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdout = BufReader::new(process.stdout.take().expect("stdout is piped")).lines();
    let reattach = limited(async {
        loop {
            let line = stdout.next_line().await.expect("text").expect("a line");
            if let Some(value) = line.trim().strip_prefix("TF_REATTACH_PROVIDERS='") {
                break value.trim_end_matches('\'').to_owned();
            }
        }
    })
    .await;

    let mut terraform =
        crate::support::terraform::Terraform::without_overrides(world.azure.environment());
    terraform.set("TF_REATTACH_PROVIDERS", reattach);
    terraform.write(&world.configuration("", ""));
    // One process serves every walk of every command, and is configured anew for each.
    terraform.run(&["init"]).await.expect_code(0);
    terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("2 added");
    terraform.plan().await.expect_code(0);
    terraform.destroy().await.expect_code(0);
    assert!(
        process.try_wait().expect("a child").is_none(),
        "it has ended with Terraform"
    );

    signal(&process, "INT", false);
    let status = limited(process.wait()).await.expect("it ends");
    assert!(status.success(), "{status}");
}

#[tokio::test]
async fn a_host_chooses_where_the_socket_lies() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = folder.path().display().to_string();
    let plugin = Plugin::start(&[
        ("PLUGIN_UNIX_SOCKET_DIR", text),
        ("PLUGIN_UNIX_SOCKET_GROUP", "0".to_owned()),
    ])
    .await;
    assert!(
        plugin.socket.starts_with(folder.path()),
        "{:?}",
        plugin.socket
    );
    let channel = plugin.connect().await;
    let socket: PathBuf = plugin.socket.clone();
    assert!(plugin.shut_down(channel).await.success());
    assert!(!socket.exists() && folder.path().exists());
}

#[tokio::test]
async fn a_client_of_another_protocol_is_told_why() {
    let identity = Identity::new();
    let mut process = command(binary())
        .env(MAGIC_COOKIE.0, MAGIC_COOKIE.1)
        .env("PLUGIN_PROTOCOL_VERSIONS", "4,5")
        .env("PLUGIN_CLIENT_CERT", identity.pem())
        .env("PLUGIN_MULTIPLEX_GRPC", "true")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    let mut stdout = BufReader::new(process.stdout.take().expect("stdout is piped"));
    limited(stdout.read_line(&mut line)).await.expect("a line");
    // The client says itself that it cannot use version 6.
    assert!(line.starts_with("1|6|unix|"), "{line}");
    assert!(
        line.trim_end().ends_with("|false"),
        "a client that asks is told that connections are not shared: {line}"
    );

    signal(&process, "TERM", false);
    let mut log = String::new();
    let mut stderr = process.stderr.take().expect("stderr is piped");
    limited(stderr.read_to_string(&mut log))
        .await
        .expect("text");
    assert!(log.contains("Terraform speaks 4,5"), "{log}");
    limited(process.wait()).await.expect("it ends");
}

#[tokio::test]
async fn log_lines_are_what_terraform_parses_and_stdout_is_silent() {
    let identity = Identity::new();
    let mut process = command(binary())
        .env(MAGIC_COOKIE.0, MAGIC_COOKIE.1)
        .env("PLUGIN_CLIENT_CERT", identity.pem())
        .env("TF_LOG_PROVIDER_AZRESTOREPOINT", "TRACE")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdout = BufReader::new(process.stdout.take().expect("stdout is piped"));
    let mut line = String::new();
    limited(stdout.read_line(&mut line)).await.expect("a line");
    let socket = line.split('|').nth(3).expect("an address").to_owned();
    // Somebody without a certificate: a log line, and nothing else.
    drop(
        limited(tokio::net::UnixStream::connect(socket))
            .await
            .expect("it listens"),
    );

    let mut stderr = BufReader::new(process.stderr.take().expect("stderr is piped")).lines();
    let line = limited(stderr.next_line())
        .await
        .expect("text")
        .expect("a line");
    let parsed: serde_json::Value =
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("no JSON: {line}"));
    let fields = parsed.as_object().expect("an object");
    assert!(fields.values().all(serde_json::Value::is_string), "{line}");
    let timestamp = parsed["@timestamp"].as_str().expect("a time");
    let fraction = timestamp
        .split('.')
        .nth(1)
        .expect("a fraction")
        .trim_end_matches('Z');
    assert_eq!(fraction.len(), 6, "{timestamp}");

    signal(&process, "TERM", false);
    let mut rest = String::new();
    limited(stdout.read_to_string(&mut rest))
        .await
        .expect("text");
    assert_eq!(rest, "");
    limited(process.wait()).await.expect("it ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runs_and_three_aliases_share_nothing() {
    let world = World::ready().await;
    let source = &world.source;
    let configuration = |run: &str| {
        let aliases: String = ["one", "two", "three"]
            .iter()
            .map(|alias| {
                format!(
                    r#"
provider "azrestorepoint" {{
  alias = "{alias}"
}}

resource "azrestorepoint_collection" "{alias}" {{
  provider                           = azrestorepoint.{alias}
  for_each                           = toset(["a", "b", "c", "d"])
  name                               = "{run}-{alias}-${{each.key}}"
  resource_group_name                = "rg-dr"
  location                           = "westus2"
  source_restore_point_collection_id = "{source}"
}}
"#
                )
            })
            .collect();
        aliases
    };
    let other = crate::support::terraform::Terraform::new(world.azure.environment());
    world.terraform.write(&configuration("first"));
    other.write(&configuration("second"));
    let (first, second) = tokio::join!(world.terraform.apply(), other.apply());
    first.expect_code(0).expect_text("12 added");
    second.expect_code(0).expect_text("12 added");
    let (first, second) = tokio::join!(world.terraform.plan(), other.plan());
    first.expect_code(0);
    second.expect_code(0);
}
