//! Every message about something that was looked up, as the user sees it.

use reqwest::Method;
use serde_json::{Value as Json, json};

use super::*;
use crate::provider::golden::{Golden, error_body, forbidden, id, refusal, target};

fn found(properties: Json) -> RestorePoint {
    serde_json::from_value(json!({ "properties": properties })).expect("a restore point")
}

fn at_forty_percent() -> RestorePoint {
    let disk = |name: &str, state: &str, percent: u8| {
        json!({"id": format!("/drp/{name}"), "replicationStatus": {
            "status": {"code": format!("ReplicationState/{state}")}, "completionPercent": percent
        }})
    };
    found(json!({
        "provisioningState": "Succeeded",
        "sourceRestorePoint": {"id": "/source"},
        "instanceView": {"diskRestorePoints": [disk("os", "succeeded", 100), disk("data", "replicating", 40)]}
    }))
}

#[test]
fn everything_about_a_lookup() {
    let mut golden = Golden::folder("lookup");
    let point = target();
    let collection = point.collection().clone();
    let missing = |path: &str| {
        let body = error_body("ResourceNotFound", "The resource was not found.");
        refusal(Method::GET, path, 404, &body)
    };
    let busy = |path: &str| {
        let body = error_body("ServerBusy", "The server is busy. Please try again later.");
        refusal(Method::GET, path, 503, &body)
    };
    let late = |path: &str| Error::DeadlinePassed {
        last_cause: Some(Box::new(busy(path))),
    };

    golden.message(
        "surplus",
        &surplus("name", "id", "names the restore point alone"),
    );
    golden.message("missing_collection", &missing_collection("name"));
    golden.message("missing_point", &missing_point("id"));
    golden.message("missing_subscription", &missing_subscription());
    golden.message("filter_of_nothing", &filter_of_nothing("name_regex"));
    golden.message(
        "contradiction",
        &contradiction("source_type", "source_virtual_machine_id"),
    );
    let wrong = RestorePointId::parse_strict(&collection.to_string());
    golden.message("invalid", &invalid("id", &wrong.expect_err("a wrong id")));

    let argument = "restore_point_collection_id";
    let path = collection.path();
    golden.message(
        "no_such_collection",
        &cannot_read_collection(&collection, &missing(&path), argument),
    );
    golden.message(
        "cannot_read_collection",
        &cannot_read_collection(&collection, &late(&path), argument),
    );
    golden.message(
        "no_such_point",
        &no_such_point(&point, &missing(&point.path()), "name"),
    );
    golden.message(
        "cannot_read_point",
        &cannot_read_point(&point, &busy(&point.path()), "id"),
    );

    let subscription = collection.subscription_id();
    let scope = format!("/subscriptions/{subscription}");
    let body = forbidden("Microsoft.Compute/restorePointCollections/read", &scope);
    let denied = refusal(Method::GET, &scope, 403, &body);
    golden.message("may_not_list", &cannot_list(subscription, None, &denied));
    let group = "rg-dr";
    golden.message(
        "no_such_group",
        &cannot_list(subscription, Some(group), &missing(&scope)),
    );

    golden.message("unfinished", &not_usable(&point, &at_forty_percent(), "id"));
    let seen = |name: &str, found: RestorePoint| (id("rg-dr", "web-dr", name), found);
    let passed_over = vec![
        seen("thursday", found(json!({"provisioningState": "Creating"}))),
        seen("wednesday", at_forty_percent()),
        seen(
            "tuesday",
            found(
                json!({"instanceView": {"diskRestorePoints": [{"snapshotAccessState": "Pending"}]}}),
            ),
        ),
        seen("monday", found(json!({"provisioningState": "Failed"}))),
        seen("sunday", at_forty_percent()),
        seen("saturday", at_forty_percent()),
    ];
    golden.message("none_usable", &no_newest(&collection, 9, &passed_over));
    golden.message("none_passes", &no_newest(&collection, 9, &[]));
    golden.message("one_does_not_pass", &no_newest(&collection, 1, &[]));
    golden.message("none_at_all", &no_newest(&collection, 0, &[]));
}
