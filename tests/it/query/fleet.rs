//! A long list: what it asks of Azure, how long it takes, and that it is never in memory as a whole.
//!
//! `LIST_FLEET=500:20` lists so many collections with so many copies each with the clocks that users
//! have, lists them once more with their objects and shorter clocks, and prints the figures; the
//! suite lists a few.

use std::time::{Duration, Instant};

use azure_simulator::{Replication, Simulator, SourceCollection, SourceRestorePoint};

use crate::support::core::{Core, Told};
use crate::support::plugin::binary;

const COPY: &str = "azrestorepoint_copy";

/// How many collections Azure lists on a page.
const PAGE: usize = 50;

/// How much more memory the rest of a list may take than its first tenth, in kibibytes.
const GROWTH_KIB_MAX: u64 = 8 * 1024;

fn seed(azure: &Simulator, collections: usize, copies: usize) {
    azure.seed_resource_group("rg-dr");
    let source = azure.seed_source_collection(&SourceCollection::new("rg-source", "web", "eastus"));
    let points: Vec<_> = (0..copies)
        .map(|number| {
            let time = format!("2026-11-{:02}T{:02}:00:00Z", 1 + number / 24, number % 24);
            let point = SourceRestorePoint::new(&format!("at-{number:03}"), &time);
            azure.seed_restore_point(&source, &point.disks(["os", "data-0", "data-1"]))
        })
        .collect();
    for number in 0..collections {
        let name = format!("vm-{number:03}");
        let target = azure.seed_target_collection("rg-dr", &name, "westus2", &source);
        for point in &points {
            let name = point.rsplit('/').next().expect("a name");
            azure.seed_copy(&target, name, point, Replication::Succeeded);
        }
    }
}

/// The most memory that the process has had, in kibibytes.
fn peak_kib(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.expect("a line").trim().trim_end_matches(" kB");
    peak.parse().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_is_never_in_memory_as_a_whole() {
    let asked = std::env::var("LIST_FLEET").ok();
    let (collections, copies) = match asked.as_deref().and_then(|asked| asked.split_once(':')) {
        Some((collections, copies)) => (
            collections.parse().expect("a number of collections"),
            copies.parse().expect("a number of copies"),
        ),
        None => (100, 20),
    };
    let azure = Simulator::builder().page_size(PAGE).start().await;
    let azure = azure.expect("a local Azure");
    seed(&azure, collections, copies);
    for includes_object in [false, true] {
        if includes_object && asked.is_none() {
            // One request for each copy is too much for a short test.
            continue;
        }
        let mut environment = azure.environment();
        if includes_object || asked.is_none() {
            environment.push(("AZRESTOREPOINT_TEST_TIME_SCALE", "100".to_owned()));
        }
        let mut core = Core::start(binary(), &environment).await;
        azure.clear_requests();
        let started = Instant::now();
        let config = core.list_config(COPY, &[]);
        let mut listing = core.list(COPY, &config, includes_object, i64::MAX).await;
        let mut told = Told::default();
        let (mut found, mut early, mut first) = (0, 0, Duration::ZERO);
        while core.next(&mut listing, &mut told).await.is_some() {
            found += 1;
            if found == 1 {
                first = started.elapsed();
            }
            if found == collections * copies / 10 {
                early = peak_kib(core.process());
            }
        }
        let took = started.elapsed();
        assert!(told.errors.is_empty(), "{}", told.text());
        assert_eq!(found, collections * copies);
        let requests = azure.count("GET", "restorePointCollections");
        let pages = (collections + 1).div_ceil(PAGE);
        let looks = if includes_object { found } else { 0 };
        assert_eq!(requests, pages + collections + looks);
        let peak = peak_kib(core.process());
        println!(
            "{found} copies in {collections} collections, with their objects: {includes_object}: the first after \
             {first:?}, all after {took:?}, {requests} requests, at most {early} KiB for the first tenth and {peak} \
             KiB for all"
        );
        assert!(peak - early <= GROWTH_KIB_MAX, "{early} KiB, {peak} KiB");
    }
}
