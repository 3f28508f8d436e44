//! What is told on the way, to people and to machines, and what is survived.

use azure_simulator::{Fault, Replication};
use serde_json::{Value as Json, json};

use super::Copies;
use crate::support::terraform::finish;

const BUSY: &str = "ServerBusy";

#[tokio::test(flavor = "multi_thread")]
async fn lines_tell_what_changes_and_how_long_it_will_take() {
    let (copies, id) = Copies::one(Replication::Replicating(10)).await;
    let process = copies.start(&[&id]);
    for percent in [11, 12, 13] {
        copies.world.wait_for_looks(2).await;
        copies
            .world
            .azure
            .set_disk(&id, "data-1", Replication::Replicating(percent + 1));
        copies
            .world
            .azure
            .set_disk(&id, "data-0", Replication::Replicating(percent + 2));
        copies
            .world
            .azure
            .set_disk(&id, "os", Replication::Replicating(percent));
    }
    copies.world.wait_for_looks(2).await;
    copies.world.replicate();
    let output = finish(process).await.expect_code(0);
    let lines: Vec<&str> = output
        .printed
        .lines()
        .filter(|line| !line.is_empty())
        .collect();
    let [ten, eleven, twelve, thirteen, done, end] = lines[..] else {
        panic!("six lines: {lines:#?}");
    };
    for (line, percent) in [(ten, 10), (eleven, 11), (twelve, 12), (thirteen, 13)] {
        let text = format!("Z web-dr/monday: {percent} % replicated (slowest disk os)");
        assert!(line.contains(&text), "{line}");
        // A rate takes two changes.
        assert_eq!(line.contains(" %/h, done about "), percent > 11, "{line}");
    }
    assert!(done.ends_with("Z web-dr/monday: usable"), "{done}");
    assert!(end.ends_with("Z web-dr/monday is usable."), "{end}");
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_is_told_and_waited_out() {
    let (copies, id) = Copies::one(Replication::Replicating(10)).await;
    let process = copies.start(&[&id]);
    copies.world.wait_for_looks(2).await;
    // A token that ends early, connections that break, and a role that is assigned anew.
    let azure = &copies.world.azure;
    azure.expire_tokens();
    azure.fault(
        Fault::close(false)
            .on("GET", "restorePoints/monday")
            .times(2),
    );
    copies.world.wait_for_looks(4).await;
    let busy = json!({"error": {"code": BUSY, "message": "Try again."}});
    azure.fault(
        Fault::answer(503, busy)
            .on("GET", "restorePoints/monday")
            .times(2),
    );
    copies.world.wait_for_looks(4).await;
    let denied = json!({"error": {"code": "AuthorizationFailed", "message": "Not yet."}});
    azure.fault(
        Fault::answer(403, denied)
            .on("GET", "restorePoints/monday")
            .times(3),
    );
    copies.world.wait_for_looks(5).await;
    copies.world.replicate();
    finish(process)
        .await
        .expect_code(0)
        .expect_text("web-dr/monday: cannot look now, copying goes on in Azure: ")
        .expect_text("the answer was 403 AuthorizationFailed: Not yet.")
        .expect_text("web-dr/monday is usable.");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_is_watched_with_what_begins_meanwhile() {
    let copies = Copies::none().await;
    copies.add("monday", Replication::Succeeded);
    let tuesday = copies.add("tuesday", Replication::Replicating(50));
    copies.take("latest", 3);
    // The look at the source may fail: it tells only what could be copied.
    let source = "rg-source/providers/Microsoft.Compute/restorePointCollections/web";
    let gone = json!({"error": {"code": "NotFound", "message": "Gone."}});
    copies
        .world
        .azure
        .fault(Fault::answer(404, gone).on("GET", source).times(1));
    let process = copies.start(&["--json", &copies.collection]);
    copies
        .world
        .azure
        .wait_for_count(
            crate::support::world::REQUEST_LIMIT,
            "GET",
            "web-dr/restorePoints/tuesday",
            3,
        )
        .await
        .expect("it waits");
    let latest = copies.add("latest", Replication::Replicating(0));
    copies
        .world
        .azure
        .set_disks(&tuesday, Replication::Succeeded);
    copies
        .world
        .azure
        .wait_for_count(
            crate::support::world::REQUEST_LIMIT,
            "GET",
            "web-dr/restorePoints/latest",
            3,
        )
        .await
        .expect("it watches the new one");
    copies
        .world
        .azure
        .set_disks(&latest, Replication::Succeeded);
    let output = finish(process).await.expect_code(0);
    let lines: Vec<Json> = output
        .printed
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect();
    let [.., collection, end] = &lines[..] else {
        panic!("{lines:#?}");
    };
    let ended = |id: &str| {
        let mut of_copy = lines.iter().filter(|line| line["restore_point_id"] == id);
        of_copy.next_back().cloned().unwrap_or_default()
    };
    for id in [&copies.world.copy_id(), &tuesday, &latest] {
        let line = ended(id);
        assert_eq!(line["type"], "copy", "{lines:#?}");
        assert_eq!(
            (&line["usable"], &line["end"]),
            (&json!(true), &json!("usable"))
        );
        assert_eq!(line["replication_state"], "Succeeded");
        assert_eq!(line["disks"].as_array().map(Vec::len), Some(3));
    }
    let halfway = lines.iter().find(|line| line["completion_percent"] == 50);
    let halfway = halfway.expect("a look at half the way");
    assert_eq!(halfway["replication_state"], "Replicating");
    assert_eq!(halfway["disks"][1]["name"], "data-0");
    assert_eq!(halfway["disks"][1]["completion_percent"], 50);
    assert_eq!(halfway["percent_per_hour"], Json::Null);

    assert_eq!(collection["type"], "collection");
    assert_eq!(
        collection["restore_point_collection_id"],
        *copies.collection
    );
    assert_eq!(
        (&collection["copies"], &collection["usable_copies"]),
        (&json!(3), &json!(3))
    );
    let source = format!("{}/restorePoints/latest", copies.world.source);
    assert_eq!(collection["newest_source"]["id"], source);
    assert_eq!(collection["newest_usable"]["id"], latest);
    let age = collection["newest_usable"]["age_seconds"].as_u64();
    assert!(
        age.is_some_and(|age| (10_800..10_900).contains(&age)),
        "{collection}"
    );
    assert_eq!(
        (&end["type"], &end["exit_code"]),
        (&json!("end"), &json!(0))
    );
    assert_eq!(end["messages"], json!(["Every copy is usable."]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_pruned_meanwhile_is_no_failure() {
    let copies = Copies::none().await;
    let monday = copies.add("monday", Replication::Replicating(50));
    copies.add("tuesday", Replication::Succeeded);
    let process = copies.start(&[&copies.collection]);
    copies.world.wait_for_looks(2).await;
    copies.world.azure.remove(&monday);
    finish(process)
        .await
        .expect_code(0)
        .expect_text("web-dr/monday: deleted")
        .expect_text("web-dr: 1 copy: 1 usable; newest source: tuesday,")
        .expect_text("web-dr/tuesday is usable.");
}
