//! Nights without trouble: what is copied, what is kept, and what goes.

use azure_simulator::{Replication, Rules, SourceRestorePoint};

use super::Nights;

#[tokio::test(flavor = "multi_thread")]
async fn night_after_night_the_newest_is_copied_and_the_surplus_goes() {
    let mut nights = Nights::new().await;
    nights.write("keep_newest = 2\n  keep_oldest = false");
    for night in 1..=5 {
        let name = nights.take();
        let done = nights.run().await;
        assert_eq!(done.copied, [name.as_str()]);
        // A create cannot name it.
        assert_eq!(done.planned_copy.is_some(), night > 1);
        assert_eq!(nights.attributes()["planned_copy"], name);
        nights.expect_status("copying");
        // What is not usable yet does not count: two others are kept.
        let surplus: Vec<String> = (night > 3)
            .then(|| format!("night-{}", night - 3))
            .into_iter()
            .collect();
        assert_eq!(done.deleted, surplus, "night {night}");
        assert_eq!(done.planned_deletions, surplus);
        nights.pass();
    }
    // The day after, the last copy has arrived, and one more is surplus.
    let done = nights.run().await;
    assert!(done.copied.is_empty());
    assert_eq!(done.deleted, ["night-3"]);
    nights.expect_status("up_to_date");
    let attributes = nights.attributes();
    assert_eq!(attributes["usable_count"], 2);
    assert_eq!(attributes["newest_usable"]["name"], "night-5");
    assert_eq!(
        attributes["newest_usable"]["time_created"],
        "2026-11-05T01:00:00.1234567Z"
    );
    let disk = &attributes["newest_usable"]["os_disk"];
    assert!(disk["disk_restore_point_id"].is_string(), "{disk}");
    assert_eq!(disk["replication_state"], "Succeeded");
    assert_eq!(
        attributes["source_newest_time_created"],
        "2026-11-05T01:00:00.1234567Z"
    );
    // And then there is nothing to do at all.
    let done = nights.run().await;
    assert!(done.copied.is_empty() && done.deleted.is_empty());
    assert_eq!(nights.azure().count("PUT", ""), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_oldest_and_the_pinned_stay() {
    let mut nights = Nights::new().await;
    nights.write("keep_newest = 1\n  pinned = [\"NIGHT-3\"]");
    for _ in 1..=6 {
        nights.take();
        nights.run().await;
        nights.pass();
    }
    nights.run().await;
    let kept: Vec<_> = nights.existing().into_iter().collect();
    assert_eq!(kept, ["night-1", "night-3", "night-6"]);
    // Whoever is not kept any more goes with the next plan, by name.
    nights.write("keep_newest = 1\n  keep_oldest = false");
    let done = nights.run().await;
    assert_eq!(done.deleted, ["night-1", "night-3"]);
    nights.write("");
    let done = nights.run().await;
    assert!(done.copied.is_empty() && done.deleted.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn catching_up_skips_none_of_twelve() {
    let mut nights = Nights::new().await;
    nights.write("catch_up = \"all\"");
    let mut names = Vec::new();
    for _ in 1..=12 {
        names.push(nights.take());
    }
    for name in &names {
        let done = nights.run().await;
        assert_eq!(done.copied, [name.as_str()]);
        nights.pass();
    }
    nights.run().await;
    nights.expect_status("up_to_date");
    assert_eq!(nights.attributes()["usable_count"], 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn by_default_the_skipped_ones_are_skipped() {
    let mut nights = Nights::new().await;
    nights.write("");
    for _ in 1..=3 {
        nights.take();
    }
    assert_eq!(nights.run().await.copied, ["night-3"]);
    nights.pass();
    nights.run().await;
    nights.expect_status("up_to_date");
    assert_eq!(nights.attributes()["usable_count"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_choose_what_is_copied() {
    let mut nights = Nights::new().await;
    nights.take();
    let crash = |name: &str, time: &str| {
        let mut point = SourceRestorePoint::new(name, time).disks(["os"]);
        point = point.consistency_mode("CrashConsistent");
        point
    };
    let point = crash("hourly-1", "2026-11-02T02:00:00Z");
    nights.azure().seed_restore_point(&nights.source, &point);
    nights.write("consistency_mode = \"ApplicationConsistent\"");
    assert_eq!(nights.run().await.copied, ["night-1"]);
    assert_eq!(
        nights.attributes()["source_newest_time_created"],
        "2026-11-01T01:00:00.1234567Z"
    );
    nights.pass();

    nights.write("name_regex = \"^daily-\"");
    assert!(nights.run_once().await.copied.is_empty());
    nights.expect_status("source_empty");
    nights.terraform().plan().await.expect_code(0);

    nights.write("created_before = \"2026-11-02T02:00:00Z\"");
    assert!(nights.run().await.copied.is_empty());
    nights.expect_status("up_to_date");
    nights.write("created_after = \"2026-11-02T03:00:00+02:00\"");
    assert_eq!(nights.run().await.copied, ["hourly-1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_waiting_on_one_apply_copies_waits_and_prunes() {
    let mut nights = Nights::build(|azure| azure.replication(Replication::Succeeded)).await;
    nights.write("keep_newest = 1\n  keep_oldest = false\n  wait_for_replication = true");
    for night in 1..=4 {
        let name = nights.take();
        let done = nights.run().await;
        assert_eq!(done.copied, [name.as_str()]);
        nights.expect_status("up_to_date");
        let surplus: Vec<String> = (night > 1)
            .then(|| format!("night-{}", night - 1))
            .into_iter()
            .collect();
        assert_eq!(done.deleted, surplus);
        assert_eq!(nights.attributes()["newest_usable"]["name"], name);
        assert_eq!(nights.attributes()["usable_count"], 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_taken_gets_the_moment() {
    // The source is called the same every night.
    let rules = Rules {
        once_per_region: false,
        ..Rules::default()
    };
    let mut nights = Nights::build(|azure| azure.rules(rules)).await;
    nights.write("keep_newest = 3");
    nights.take_at("latest", 1);
    assert_eq!(nights.run().await.copied, ["latest"]);
    nights.pass();
    nights.azure().remove(&nights.source_id("latest"));
    nights.take_at("latest", 2);
    assert_eq!(nights.run().await.copied, ["latest-20261102010000"]);
    nights.pass();
    nights.run().await;
    assert_eq!(nights.attributes()["usable_count"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_whose_snapshots_cannot_be_read_yet_is_left_for_later() {
    let mut nights = Nights::new().await;
    nights.write("");
    nights.take();
    let newest = nights.take();
    let id = nights.source_id(&newest);
    nights
        .azure()
        .set_snapshot_access_state(&id, Some("Pending"));
    assert_eq!(nights.run().await.copied, ["night-1"]);
    nights.pass();
    nights.run().await;
    nights.expect_status("behind");
    nights
        .azure()
        .set_snapshot_access_state(&id, Some("Available"));
    assert_eq!(nights.run().await.copied, ["night-2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn arguments_that_are_known_only_in_the_apply_are_told_and_followed() {
    let mut nights = Nights::new().await;
    nights.write("");
    for _ in 1..=3 {
        nights.take();
        nights.run().await;
        nights.pass();
    }
    nights.write("keep_newest = terraform_data.keep.output\n  keep_oldest = false");
    let main = nights.terraform().path().join("main.tf");
    let text = std::fs::read_to_string(&main).expect("a file");
    let keep = "\nresource \"terraform_data\" \"keep\" {\n  input = 2\n}\n";
    std::fs::write(&main, format!("{text}{keep}")).expect("a file");
    nights
        .terraform()
        .apply()
        .await
        .expect_code(0)
        .expect_text("What a mirror does is not known before the apply");
    assert_eq!(nights.existing().len(), 2);
    nights.terraform().plan().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_asks_for_nothing_asks_nobody() {
    let mut nights = Nights::new().await;
    nights.write("");
    nights.take();
    nights.run().await;
    // The arguments of a mirror that is up to date, of no use for its copies.
    nights.write("delete_copies_on_destroy = true\n  timeouts {\n    create = \"1h\"\n  }");
    nights.plan().await;
    nights.azure().clear_requests();
    nights
        .terraform()
        .run(&["apply", "saved"])
        .await
        .expect_code(0);
    assert!(nights.azure().requests().is_empty());
    // Nor does a plan that is not to look.
    nights.take();
    nights
        .terraform()
        .run(&["plan", "-detailed-exitcode", "-refresh=false"])
        .await
        .expect_code(0);
    assert!(nights.azure().requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn generated_configuration_follows_the_same_source() {
    let mut nights = Nights::new().await;
    nights.write("");
    nights.take();
    nights.run().await;
    nights.pass();
    std::fs::remove_file(nights.terraform().path().join("terraform.tfstate")).expect("a state");
    let target = &nights.target;
    nights.terraform().write(&format!(
        "import {{\n  to = azrestorepoint_mirror.nightly\n  id = \"{target}\"\n}}\n"
    ));
    let generate = [
        "plan",
        "-detailed-exitcode",
        "-generate-config-out=generated.tf",
    ];
    nights
        .terraform()
        .run(&generate)
        .await
        .expect_code(2)
        .expect_text("1 to import, 0 to add, 0 to change, 0 to destroy");
    nights
        .terraform()
        .apply()
        .await
        .expect_code(0)
        .expect_text("1 imported, 0 added, 0 changed, 0 destroyed");
    nights.terraform().plan().await.expect_code(0);
    nights.expect_status("up_to_date");
}
