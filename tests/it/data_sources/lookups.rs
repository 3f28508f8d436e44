//! What data sources find.

use azure_simulator::SourceCollection;
use serde_json::json;

use super::{copied, output};

/// What shows that a restore point was asked for, and not only listed.
const ASKED: &str = "$expand=instanceView";

#[tokio::test(flavor = "multi_thread")]
async fn restore_points_are_usable_ones_unless_others_are_asked_for() {
    let (world, target) = copied().await;
    let source = &world.source;
    // As somebody pastes it from the portal.
    let shouted = target
        .to_uppercase()
        .replace("/SUBSCRIPTIONS", "/subscriptions");
    world.terraform.write(&format!(
        r#"
data "azrestorepoint_restore_point" "newest" {{
  restore_point_collection_id = "{target}"
  most_recent                 = true
}}
data "azrestorepoint_restore_point" "newest_of_all" {{
  restore_point_collection_id = "{target}"
  most_recent                 = true
  include_unfinished          = true
}}
data "azrestorepoint_restore_point" "newest_source" {{
  restore_point_collection_id = "{source}"
  most_recent                 = true
}}
data "azrestorepoint_restore_point" "filtered" {{
  restore_point_collection_id = "{source}"
  most_recent                 = true
  name_regex                  = "day$"
  created_before              = "2026-11-17T01:00:00Z"
}}
data "azrestorepoint_restore_point" "by_id" {{
  id = "{shouted}/restorePoints/MONDAY"
}}
data "azrestorepoint_restore_point" "by_name" {{
  restore_point_collection_id = "{source}"
  name                        = "wednesday"
  include_unfinished          = true
}}
data "azrestorepoint_restore_point" "missing" {{
  restore_point_collection_id = "{target}"
  name                        = "sunday"
  allow_missing               = true
}}
data "azrestorepoint_restore_point" "none" {{
  restore_point_collection_id = "{target}"
  most_recent                 = true
  created_after               = "2026-11-16T02:00:00Z"
  allow_missing               = true
}}
data "azrestorepoint_restore_points" "usable" {{
  restore_point_collection_id = "{target}"
}}
data "azrestorepoint_restore_points" "all" {{
  restore_point_collection_id = "{source}"
  include_unfinished          = true
}}
data "azrestorepoint_restore_points" "none" {{
  restore_point_collection_id = "{target}"
  consistency_mode            = "CrashConsistent"
}}
data "azrestorepoint_restore_points" "missing" {{
  restore_point_collection_id = "{target}-2"
  allow_missing               = true
}}
locals {{
  points = {{
    newest = data.azrestorepoint_restore_point.newest
    newest_of_all = data.azrestorepoint_restore_point.newest_of_all
    newest_source = data.azrestorepoint_restore_point.newest_source
    filtered = data.azrestorepoint_restore_point.filtered
    by_id = data.azrestorepoint_restore_point.by_id
    by_name = data.azrestorepoint_restore_point.by_name
    missing = data.azrestorepoint_restore_point.missing
    none = data.azrestorepoint_restore_point.none
  }}
  lists = {{
    usable = data.azrestorepoint_restore_points.usable
    all = data.azrestorepoint_restore_points.all
    none = data.azrestorepoint_restore_points.none
    missing = data.azrestorepoint_restore_points.missing
  }}
}}
output "names" {{
  value = {{ for key, point in local.points : key => point.name }}
}}
output "ids" {{
  value = {{ for key, point in local.points : key => point.id }}
}}
output "newest" {{
  value = local.points.newest
}}
output "newest_of_all" {{
  value = local.points.newest_of_all
}}
output "wednesday" {{
  value = local.points.by_name
}}
output "lists" {{
  value = {{ for key, list in local.lists : key => try(list.restore_points[*].name, null) }}
}}
"#
    ));
    world.terraform.apply().await.expect_code(0);

    // The one at 40 % is not the newest, and neither are those whose snapshots are not there yet.
    assert_eq!(
        output(&world, "names"),
        json!({
            "newest": "monday", "newest_of_all": "tuesday", "newest_source": "tuesday", "filtered": "monday",
            "by_id": "MONDAY", "by_name": "wednesday", "missing": "sunday", "none": null
        })
    );
    let ids = output(&world, "ids");
    assert_eq!(ids["by_id"], format!("{shouted}/restorePoints/MONDAY"));
    assert_eq!(
        (&ids["missing"], &ids["none"]),
        (&json!(null), &json!(null))
    );
    assert_eq!(
        output(&world, "lists"),
        json!({
            "usable": ["monday"], "none": [], "missing": null,
            "all": ["thursday", "wednesday", "tuesday", "monday"]
        })
    );

    let newest = output(&world, "newest");
    assert_eq!(newest["usable"], true);
    assert_eq!(newest["completion_percent"], 100);
    assert_eq!(
        newest["source_restore_point_id"],
        format!("{source}/restorePoints/monday")
    );
    assert_eq!(newest["os_disk"]["name"], "os");
    assert_eq!(newest["data_disks"][1]["completion_percent"], 100);
    assert!(newest["replication_id"].is_string(), "{newest}");
    let unfinished = output(&world, "newest_of_all");
    assert_eq!(unfinished["usable"], false);
    assert_eq!(unfinished["replication_state"], "Replicating");
    assert_eq!(unfinished["completion_percent"], 40);
    assert_eq!(unfinished["os_disk"]["completion_percent"], 40);
    let pending = output(&world, "wednesday");
    assert_eq!(pending["usable"], false);
    assert_eq!(pending["snapshot_access_state"], "Pending");
    assert_eq!(pending["os_disk"]["snapshot_access_state"], "Pending");
    assert_eq!(pending["replication_state"], json!(null));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_it_takes_is_asked_for() {
    let (world, _) = copied().await;
    world.terraform.write(&format!(
        r#"
data "azrestorepoint_restore_point" "newest" {{
  restore_point_collection_id = "{}"
  most_recent                 = true
}}
"#,
        world.source
    ));
    world.terraform.plan().await.expect_code(0);
    let requests = world.azure.requests();
    let asked = requests
        .iter()
        .filter(|request| request.matches("GET", ASKED));
    let asked: Vec<&str> = asked.map(|request| request.path.as_str()).collect();
    let names: Vec<&str> = asked
        .iter()
        .filter_map(|path| path.rsplit('/').next())
        .collect();
    // The one that is still made need not be asked, and none that is older than the first usable.
    assert_eq!(names, ["wednesday", "tuesday"]);
    assert_eq!(world.azure.count("GET", "$expand=restorePoints"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn collections_are_found_by_what_they_are_of() {
    let (world, target) = copied().await;
    let source = &world.source;
    let others = [
        SourceCollection::new("rg-source", "db", "eastus").tag("Department", "finance"),
        SourceCollection::new("rg-other", "app", "centralus").tag("department", "Finance"),
    ];
    for other in &others {
        world.azure.seed_source_collection(other);
    }
    world.azure.set_tags(&target, [("department", "finance")]);
    let machine = format!(
        "/subscriptions/{}/resourceGroups/RG-SOURCE/providers/microsoft.compute/virtualMachines/DB-vm",
        world.azure.subscription_id()
    );
    world.terraform.write(&format!(
        r#"
locals {{
  wanted = {{
    all        = {{}}
    group      = {{ resource_group_name = "rg-source" }}
    location   = {{ location = "West US 2" }}
    machine    = {{ source_virtual_machine_id = "{machine}" }}
    collection = {{ source_restore_point_collection_id = "{source}" }}
    machines   = {{ source_type = "virtualMachine" }}
    copies     = {{ source_type = "restorePointCollection" }}
    finance    = {{ tags = {{ DEPARTMENT = "finance" }} }}
    none       = {{ location = "eastus", source_type = "restorePointCollection" }}
  }}
}}
data "azrestorepoint_collections" "found" {{
  for_each                           = local.wanted
  resource_group_name                = try(each.value.resource_group_name, null)
  location                           = try(each.value.location, null)
  source_virtual_machine_id          = try(each.value.source_virtual_machine_id, null)
  source_restore_point_collection_id = try(each.value.source_restore_point_collection_id, null)
  source_type                        = try(each.value.source_type, null)
  tags                               = try(each.value.tags, null)
}}
data "azrestorepoint_collection" "copies" {{
  id = "{target}"
}}
data "azrestorepoint_collection" "own" {{
  name                = "db"
  resource_group_name = "rg-source"
}}
output "names" {{
  value = {{ for key, found in data.azrestorepoint_collections.found : key => found.collections[*].name }}
}}
output "copies" {{
  value = data.azrestorepoint_collections.found["copies"].collections[0]
}}
output "one" {{
  value = data.azrestorepoint_collection.copies
}}
output "own" {{
  value = data.azrestorepoint_collection.own
}}
"#
    ));
    world.terraform.apply().await.expect_code(0);
    assert_eq!(
        output(&world, "names"),
        json!({
            "all": ["web-dr", "app", "db", "web"], "group": ["db", "web"], "location": ["web-dr"],
            "machine": ["db"], "collection": ["web-dr"], "machines": ["app", "db", "web"],
            "copies": ["web-dr"], "finance": ["web-dr", "db"], "none": []
        })
    );
    let listed = output(&world, "copies");
    assert_eq!(listed["source_type"], "restorePointCollection");
    assert_eq!(&listed["source_id"], source);
    assert_eq!(listed["source_location"], "eastus");
    assert_eq!(listed["tags"], json!({"department": "finance"}));
    let one = output(&world, "one");
    assert_eq!(
        (&one["id"], &one["name"]),
        (&json!(target), &json!("web-dr"))
    );
    assert_eq!(&one["source_restore_point_collection_id"], source);
    assert_eq!(one["source_virtual_machine_id"], json!(null));
    assert!(one["unique_id"].is_string(), "{one}");
    let own = output(&world, "own");
    assert_eq!(own["source_type"], "virtualMachine");
    assert_eq!(own["subscription_id"], world.azure.subscription_id());
    assert_eq!(own["source_restore_point_collection_id"], json!(null));
    // A page holds one collection, and each list is read to its end.
    assert!(world.azure.count("GET", "skiptoken") > 9);
}
