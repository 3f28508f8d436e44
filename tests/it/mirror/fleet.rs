//! Many mirrors in one configuration: what a night asks of Azure, and how long it takes.
//!
//! `MIRROR_FLEET=400` runs so many with the clocks that users have, and prints the times; the
//! suite runs a few, and counts the requests.

use std::time::{Duration, Instant};

use azure_simulator::{Replication, Simulator, SourceCollection, SourceRestorePoint};

use crate::support::terraform::Terraform;

/// How long Azure takes to begin a copy or to delete one, as recorded.
const OPERATION: Duration = Duration::from_millis(5400);

/// How long one command may take.
const LIMIT: Duration = Duration::from_secs(3600);

/// How many copies each mirror has before the night.
const COPIES: u8 = 7;

/// A subscription with so many VMs, each copied for a week.
fn seed(azure: &Simulator, mirrors: usize) {
    azure.seed_resource_group("rg-dr");
    for number in 0..mirrors {
        let name = format!("vm-{number:03}");
        let source =
            azure.seed_source_collection(&SourceCollection::new("rg-source", &name, "eastus"));
        let target = azure.seed_target_collection("rg-dr", &name, "westus2", &source);
        for day in 1..=COPIES {
            let point = take(azure, &source, day);
            azure.seed_copy(
                &target,
                &format!("night-{day}"),
                &point,
                Replication::Succeeded,
            );
        }
    }
}

fn take(azure: &Simulator, source: &str, day: u8) -> String {
    let time = format!("2026-11-{day:02}T01:00:00Z");
    let point = SourceRestorePoint::new(&format!("night-{day}"), &time);
    azure.seed_restore_point(source, &point.disks(["os", "data-0", "data-1"]))
}

fn collection(azure: &Simulator, group: &str, name: &str) -> String {
    format!(
        "/subscriptions/{}/resourceGroups/{group}/providers/Microsoft.Compute/restorePointCollections/{name}",
        azure.subscription_id()
    )
}

/// Runs a command that may take its time, and has to succeed without changes left.
async fn run(terraform: &Terraform, arguments: &[&str]) {
    let ended = terraform.start(arguments).wait_with_output();
    let ended = tokio::time::timeout(LIMIT, ended).await.expect("it ends");
    let ended = ended.expect("terraform has ended");
    assert!(
        ended.status.success(),
        "{}",
        String::from_utf8_lossy(&ended.stderr)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fleet_asks_little_and_starts_everything_in_one_apply() {
    let asked = std::env::var("MIRROR_FLEET").ok();
    let mirrors: usize = asked
        .as_deref()
        .map_or(12, |mirrors| mirrors.parse().expect("a number of mirrors"));
    let operation = if asked.is_some() {
        OPERATION
    } else {
        Duration::ZERO
    };
    let azure = Simulator::builder()
        .operation(operation)
        .replication(Duration::from_secs(6 * 3600))
        .start()
        .await
        .expect("a local Azure");
    seed(&azure, mirrors);
    let mut terraform = Terraform::new(azure.environment());
    if asked.is_none() {
        terraform.set("AZRESTOREPOINT_TEST_TIME_SCALE", "100");
    }
    let source = collection(&azure, "rg-source", "");
    let target = collection(&azure, "rg-dr", "");
    terraform.write(&format!(
        r#"
resource "azrestorepoint_mirror" "nightly" {{
  for_each                           = toset([for number in range({mirrors}) : format("vm-%03d", number)])
  source_restore_point_collection_id = "{source}${{each.key}}"
  restore_point_collection_id        = "{target}${{each.key}}"
  keep_newest                        = 6
  keep_oldest                        = false
}}
"#
    ));
    // The first run takes over what is there, and deletes nothing.
    run(&terraform, &["apply", "-auto-approve", "-input=false"]).await;
    assert_eq!(azure.count("PUT", "/restorePoints/"), 0);
    assert_eq!(azure.count("DELETE", ""), 0);
    // The second one deletes what is surplus.
    let started = Instant::now();
    run(&terraform, &["apply", "-auto-approve", "-input=false"]).await;
    let pruned = started.elapsed();
    assert_eq!(azure.count("DELETE", "/restorePoints/night-1"), mirrors);

    azure.clear_requests();
    let started = Instant::now();
    run(&terraform, &["plan", "-detailed-exitcode", "-input=false"]).await;
    let planned = started.elapsed();
    let requests = azure.count("", "restorePointCollections");
    assert!(requests <= 3 * mirrors, "{requests}");

    for number in 0..mirrors {
        take(&azure, &format!("{source}vm-{number:03}"), COPIES + 1);
    }
    azure.clear_requests();
    let started = Instant::now();
    run(&terraform, &["apply", "-auto-approve", "-input=false"]).await;
    let applied = started.elapsed();
    assert_eq!(azure.count("PUT", "/restorePoints/"), mirrors);
    assert_eq!(azure.count("DELETE", ""), 0);
    let requests_of_apply =
        azure.count("", "restorePointCollections") + azure.count("", "/operations/");

    azure.clear_requests();
    run(&terraform, &["plan", "-detailed-exitcode", "-input=false"]).await;
    let requests_while_copying = azure.count("", "restorePointCollections");
    assert!(
        requests_while_copying <= 3 * mirrors,
        "{requests_while_copying}"
    );
    println!(
        "{mirrors} mirrors: deleting one copy each {pruned:?}; plan with nothing to do {planned:?}, {requests} \
         requests; apply with one copy each to start {applied:?}, {requests_of_apply} requests; plan while they \
         replicate {requests_while_copying} requests"
    );
}
