//! The encryption of copies: asked for, told, and never a reason to lose one.

use azure_simulator::{CopyKeys, Replication, Rules, SourceRestorePoint};
use serde_json::{Value as Json, json};

use crate::support::world::World;

const COPY: &str = "azrestorepoint_copy";
const ADDRESS: &str = "azrestorepoint_copy.monday";
const PLATFORM_KEY: &str = "EncryptionAtRestWithPlatformKey";
const CUSTOMER_KEY: &str = "EncryptionAtRestWithCustomerKey";
const BOTH_KEYS: &str = "EncryptionAtRestWithPlatformAndCustomerKeys";
const OTHERWISE: &str = "Copy is encrypted otherwise than asked for";

/// The id of a disk encryption set in the region of the copies.
fn set(world: &World, name: &str) -> String {
    world
        .azure
        .seed_disk_encryption_set("rg-keys", name, "westus2")
}

/// The ids of the disk restore points of `monday`, the one with the operating system first.
fn source_disks(world: &World) -> Vec<String> {
    let point = world
        .azure
        .resource(&format!("{}/restorePoints/monday", world.source));
    let point = point.expect("the source exists");
    let storage = &point["properties"]["sourceMetadata"]["storageProfile"];
    let os_disk = std::iter::once(&storage["osDisk"]);
    let disks = os_disk.chain(storage["dataDisks"].as_array().expect("data disks"));
    disks
        .map(|disk| {
            disk["diskRestorePoint"]["id"]
                .as_str()
                .expect("an id")
                .to_owned()
        })
        .collect()
}

/// What the last request for a copy asked.
fn asked(world: &World) -> Json {
    let requests = world.azure.requests();
    let mut puts = requests.iter().rev();
    let put = puts.find(|request| request.matches("PUT", "/restorePoints/"));
    put.expect("a copy was asked for").body["properties"].clone()
}

fn disk(id: &str, kind: &str, set: Option<&str>) -> Json {
    let mut encryption = json!({ "type": kind });
    if let Some(set) = set {
        encryption["diskEncryptionSet"] = json!({ "id": set });
    }
    json!({"diskRestorePoint": {"sourceDiskRestorePoint": {"id": id}, "encryption": encryption}})
}

/// What was asked of Azure that makes or deletes copies.
fn changes(world: &World) -> (usize, usize) {
    let deleted = world.azure.count("DELETE", "/restorePoints/");
    (world.copies_begun(), deleted)
}

fn copy_keys(world: &World, copy_keys: CopyKeys) {
    world.azure.set_rules(Rules {
        copy_keys,
        ..Rules::default()
    });
}

fn customer_key(set: &str) -> String {
    format!("disk_encryption_set_id = \"{set}\"\n  encryption_type = \"{CUSTOMER_KEY}\"")
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_asked_for_disk_by_disk_and_found_again() {
    let world = World::ready().await;
    let (all, own) = (set(&world, "all"), set(&world, "own"));
    let disks = source_disks(&world);
    let arguments = format!(
        r#"
  disk_encryption_set_id = "{all}"
  disk_encryption {{
    source_disk_restore_point_id = "{}"
    encryption_type              = "{PLATFORM_KEY}"
  }}
  disk_encryption {{
    source_disk_restore_point_id = "{}"
    disk_encryption_set_id       = "{own}"
    encryption_type              = "{BOTH_KEYS}"
  }}
"#,
        disks[1]
            .to_uppercase()
            .replacen("/SUBSCRIPTIONS", "/subscriptions", 1),
        disks[2]
    );
    let gate = r#"
resource "azrestorepoint_replication" "gate" {
  copies = { monday = azrestorepoint_copy.monday.replication_id }
}
"#;
    let configuration = format!("{}{gate}", world.configuration("", &arguments));
    world.terraform.write(&configuration);
    let applied = world.terraform.apply().await.expect_code(0);
    assert!(!applied.text.contains("Warning: Copy"), "{}", applied.text);
    assert_eq!(
        asked(&world)["sourceMetadata"],
        json!({"storageProfile": {
            "osDisk": disk(&disks[0], CUSTOMER_KEY, Some(&all)),
            "dataDisks": [disk(&disks[1], PLATFORM_KEY, None), disk(&disks[2], BOTH_KEYS, Some(&own))]
        }})
    );
    let copy = world.terraform.attributes(COPY, "monday");
    let gate = world
        .terraform
        .attributes("azrestorepoint_replication", "gate");
    for shown in [&copy, &gate["restore_points"]["monday"]] {
        let found = |disk: &Json| {
            let text = |name: &str| disk[name].as_str().unwrap_or_default().to_owned();
            (
                text("source_disk_restore_point_id"),
                text("encryption_type"),
                text("disk_encryption_set_id"),
            )
        };
        let expect =
            |at: usize, kind: &str, set: &str| (disks[at].clone(), kind.to_owned(), set.to_owned());
        assert_eq!(found(&shown["os_disk"]), expect(0, CUSTOMER_KEY, &all));
        assert_eq!(found(&shown["data_disks"][0]), expect(1, PLATFORM_KEY, ""));
        assert_eq!(found(&shown["data_disks"][1]), expect(2, BOTH_KEYS, &own));
    }
    world.terraform.plan().await.expect_code(0);
    let shouted = configuration.replace("/diskEncryptionSets/", "/DISKENCRYPTIONSETS/");
    world.terraform.write(&shouted);
    world.terraform.plan().await.expect_code(0);

    // An import leaves the arguments to the configuration: they come into the state, and that is all.
    let forgotten = world.terraform.run(&["state", "rm", ADDRESS]).await;
    forgotten.expect_code(0);
    let id = world.copy_id();
    let import = format!("import {{\n  to = {ADDRESS}\n  id = \"{id}\"\n}}\n");
    world.terraform.write(&format!("{configuration}{import}"));
    let imported = world.terraform.apply().await.expect_code(0);
    imported.expect_text("1 imported, 0 added, 1 changed, 0 destroyed");
    world.terraform.plan().await.expect_code(0);
    assert_eq!(changes(&world), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_contradiction_is_told_and_replaces_only_what_is_asked_anew() {
    let world = World::ready().await;
    copy_keys(&world, CopyKeys::Platform);
    let set = set(&world, "dr");
    let write = |arguments: &str| world.write("", arguments);
    write(&customer_key(&set));
    let applied = world.terraform.apply().await.expect_code(0);
    applied
        .expect_text(OTHERWISE)
        .expect_text(&format!("os: asked for {CUSTOMER_KEY} with"))
        .expect_text(&format!("reported {PLATFORM_KEY}"));
    // What is asked is the same as before: to copy again would end the same way.
    world.terraform.plan().await.expect_code(0);

    for accepted in [
        format!("encryption_type = \"{PLATFORM_KEY}\""),
        String::new(),
    ] {
        write(&accepted);
        let applied = world.terraform.apply().await.expect_code(0);
        applied.expect_text("0 added, 1 changed, 0 destroyed");
        world.terraform.plan().await.expect_code(0);
    }
    assert_eq!(changes(&world), (1, 0));

    copy_keys(&world, CopyKeys::AsAsked);
    write(&format!("disk_encryption_set_id = \"{set}\""));
    let planned = world.terraform.plan().await.expect_code(2);
    planned
        .expect_text("must be replaced")
        .expect_text("Usable copy is destroyed");
    let applied = world.terraform.apply().await.expect_code(0);
    applied.expect_text("1 added, 0 changed, 1 destroyed");
    let copy = world.terraform.attributes(COPY, "monday");
    assert_eq!(copy["os_disk"]["encryption_type"], CUSTOMER_KEY);
    world.terraform.plan().await.expect_code(0);
    assert_eq!(changes(&world), (2, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_imported_copy_is_not_replaced_whatever_is_asked() {
    let world = World::ready().await;
    world.write("", "");
    world.terraform.apply().await.expect_code(0);
    let forget = || async {
        let forgotten = world.terraform.run(&["state", "rm", ADDRESS]).await;
        forgotten.expect_code(0);
    };
    let set = set(&world, "dr");
    let configuration = world.configuration("", &customer_key(&set));
    let id = world.copy_id();

    forget().await;
    let import = format!("import {{\n  to = {ADDRESS}\n  id = \"{id}\"\n}}\n");
    world.terraform.write(&format!("{configuration}{import}"));
    let imported = world.terraform.apply().await.expect_code(0);
    imported
        .expect_text("Copy was imported, and is encrypted otherwise")
        .expect_text("0 added, 1 changed, 0 destroyed");
    world.terraform.plan().await.expect_code(0);

    // The command leaves the rest to later runs, whose reads must not forget where it came from.
    forget().await;
    world.terraform.write(&configuration);
    let imported = world.terraform.run(&["import", ADDRESS, &id]).await;
    imported.expect_code(0);
    for _ in 0..2 {
        let refreshed = ["apply", "-refresh-only", "-auto-approve"];
        world.terraform.run(&refreshed).await.expect_code(0);
    }
    let applied = world.terraform.apply().await.expect_code(0);
    applied.expect_text("0 added, 1 changed, 0 destroyed");
    world.terraform.plan().await.expect_code(0);
    assert_eq!(changes(&world), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taint_keeps_a_copy_unless_another_encryption_is_asked() {
    let world = World::ready().await;
    let set = set(&world, "dr");
    world.write("", &customer_key(&set));
    world.terraform.apply().await.expect_code(0);
    let taint = || async {
        world
            .terraform
            .run(&["taint", ADDRESS])
            .await
            .expect_code(0)
    };

    taint().await;
    let kept = world.terraform.apply().await.expect_code(0);
    kept.expect_text("Copy was kept instead of being made anew");
    assert_eq!(changes(&world), (1, 0));

    taint().await;
    world.write("", &format!("encryption_type = \"{PLATFORM_KEY}\""));
    let planned = world.terraform.plan().await.expect_code(2);
    planned
        .expect_text("The copy exists already, encrypted otherwise")
        .expect_text("terraform untaint ADDRESS");
    world.terraform.apply().await.expect_code(0);
    assert_eq!(changes(&world), (2, 1));
    assert_eq!(
        asked(&world)["sourceMetadata"]["storageProfile"]["osDisk"],
        { disk(&source_disks(&world)[0], PLATFORM_KEY, None) }
    );
    world.terraform.plan().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taint_keeps_a_copy_that_azure_encrypts_otherwise_each_time() {
    let world = World::ready().await;
    let set = set(&world, "dr");
    copy_keys(&world, CopyKeys::Platform);
    world.write("", &customer_key(&set));
    let applied = world.terraform.apply().await.expect_code(0);
    applied.expect_text(OTHERWISE);
    for _ in 0..2 {
        let taint = world.terraform.run(&["taint", ADDRESS]).await;
        taint.expect_code(0);
        let kept = world.terraform.apply().await.expect_code(0);
        kept.expect_text("Copy was kept instead of being made anew");
        assert_eq!(changes(&world), (1, 0));
    }
    world.terraform.plan().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_copy_with_the_encryption_that_is_asked_is_taken_over() {
    let world = World::ready().await;
    let target = world
        .azure
        .seed_target_collection("rg-dr", "web-dr", "westus2", &world.source);
    let source = format!("{}/restorePoints/monday", world.source);
    world
        .azure
        .seed_copy(&target, "monday", &source, Replication::Succeeded);
    let set = set(&world, "dr");
    let copy = |arguments: &str| {
        let configuration = world.configuration("", arguments);
        let (_, copy) = configuration
            .split_once("resource \"azrestorepoint_copy\"")
            .expect("a copy");
        let copy = copy.replace("azrestorepoint_collection.dr.id", &format!("\"{target}\""));
        world
            .terraform
            .write(&format!("resource \"azrestorepoint_copy\"{copy}"));
    };
    copy(&customer_key(&set));
    let refused = world.terraform.apply().await.expect_code(1);
    refused
        .expect_text("Resource already exists")
        .expect_text("Azure reports another encryption than is asked for");
    assert!(world.terraform.instance(COPY, "monday").is_none());
    copy(&format!("encryption_type = \"{PLATFORM_KEY}\""));
    world.terraform.apply().await.expect_code(0);
    world.terraform.plan().await.expect_code(0);
    assert_eq!(changes(&world), (0, 0));

    // A failed one is worth nothing, whatever its encryption.
    let forgotten = world.terraform.run(&["state", "rm", ADDRESS]).await;
    forgotten.expect_code(0);
    world
        .azure
        .set_disks(&world.copy_id(), Replication::Failed(40));
    copy(&customer_key(&set));
    world.terraform.apply().await.expect_code(0);
    world.terraform.plan().await.expect_code(0);
    assert_eq!(changes(&world), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_is_told_on_the_argument() {
    let world = World::ready().await;
    let elsewhere = world
        .azure
        .seed_disk_encryption_set("rg-keys", "web", "eastus");
    world.write("", &customer_key(&elsewhere));
    let refused = world.terraform.apply().await.expect_code(1);
    refused
        .expect_text("Azure refused to copy the restore point")
        .expect_text("is in location 'eastus'")
        .expect_text("A disk encryption set must exist, lie in the region of the target collection")
        .expect_text("disk_encryption_set_id = \"/subscriptions/");
    assert!(world.terraform.instance(COPY, "monday").is_none());

    let block = |id: &str| {
        format!(
            "disk_encryption {{\n    source_disk_restore_point_id = \"{id}\"\n    encryption_type = \"{PLATFORM_KEY}\"\n  }}"
        )
    };
    let disks = source_disks(&world);
    world.azure.clear_requests();
    world.write("", &block(&format!("{}9", disks[0])));
    let planned = world.terraform.plan().await.expect_code(2);
    planned.expect_text("Warning: Source has no such disk");
    let refused = world.terraform.apply().await.expect_code(1);
    refused.expect_text("Error: Source has no such disk");
    world.write("", &block(&disks[0].replace("/monday/", "/tuesday/")));
    let refused = world.terraform.run(&["validate"]).await.expect_code(1);
    refused.expect_text("is a disk of another restore point than the source");
    assert_eq!(world.copies_begun(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encryption_may_be_known_only_in_the_apply() {
    let world = World::ready().await;
    let late = |revision: u8, set: &str| {
        let configuration = world.configuration(
            "",
            "disk_encryption_set_id = terraform_data.late.output.set\n  dynamic \"disk_encryption\" {\n    \
             for_each = terraform_data.late.output.disks\n    content {\n      source_disk_restore_point_id = \
             disk_encryption.value\n      encryption_type = \"EncryptionAtRestWithPlatformKey\"\n    }\n  }",
        );
        let disk = &source_disks(&world)[1];
        format!(
            "{configuration}\nresource \"terraform_data\" \"late\" {{\n  input = {{ revision = {revision}, set = \
             {set:?}, disks = [{disk:?}] }}\n}}\n"
        )
    };
    let (first, second) = (set(&world, "first"), set(&world, "second"));
    world.terraform.write(&late(1, &first));
    world.terraform.apply().await.expect_code(0);
    let copy = world.terraform.attributes(COPY, "monday");
    assert_eq!(copy["os_disk"]["disk_encryption_set_id"], json!(first));
    assert_eq!(copy["data_disks"][0]["encryption_type"], PLATFORM_KEY);
    world.terraform.plan().await.expect_code(0);
    // Unknown again, but as it was.
    world.terraform.write(&late(2, &first));
    let applied = world.terraform.apply().await.expect_code(0);
    assert!(!applied.text.contains(OTHERWISE), "{}", applied.text);
    // Known too late for a replacement that nobody has seen: told, and kept.
    world.terraform.write(&late(3, &second));
    let applied = world.terraform.apply().await.expect_code(0);
    applied.expect_text(OTHERWISE).expect_text("0 destroyed");
    world.terraform.plan().await.expect_code(0);
    assert_eq!(changes(&world), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mirror_asks_for_its_encryption_and_tells_of_another_one() {
    const KEYS_LEFT: &str = "Source is encrypted with customer-managed keys";
    let world = World::ready().await;
    let target = world
        .azure
        .seed_target_collection("rg-dr", "web-dr", "westus2", &world.source);
    let set = set(&world, "dr");
    let write = |arguments: &str| {
        let source = &world.source;
        world.terraform.write(&format!(
            "resource \"azrestorepoint_mirror\" \"nightly\" {{\n  source_restore_point_collection_id = {source:?}\n  \
             restore_point_collection_id = {target:?}\n  {arguments}\n}}\n"
        ));
    };
    let take = |name: &str, day: u8| {
        let time = format!("2026-11-{day}T01:00:00Z");
        let point = SourceRestorePoint::new(name, &time).customer_key(&set);
        world.azure.seed_restore_point(&world.source, &point);
    };
    write(&format!("disk_encryption_set_id = \"{set}\""));
    let applied = world.terraform.apply().await.expect_code(0);
    assert!(!applied.text.contains("Warning: Copy"), "{}", applied.text);
    let storage = asked(&world)["sourceMetadata"]["storageProfile"].clone();
    let encryption = json!({"type": CUSTOMER_KEY, "diskEncryptionSet": {"id": set}});
    assert_eq!(
        storage["osDisk"]["diskRestorePoint"]["encryption"],
        encryption
    );
    assert_eq!(storage["dataDisks"].as_array().map(Vec::len), Some(2));
    world.terraform.plan().await.expect_code(0);
    let mirror = world
        .terraform
        .attributes("azrestorepoint_mirror", "nightly");
    let newest = &mirror["newest_usable"]["os_disk"];
    assert_eq!(newest["disk_encryption_set_id"], json!(set));

    // What is there stays as it is; what comes next is told before it comes.
    write("");
    let changed = world.terraform.apply().await.expect_code(0);
    changed.expect_text("0 added, 1 changed, 0 destroyed");
    take("wednesday", 18);
    let planned = world.terraform.plan().await.expect_code(2);
    planned.expect_text(KEYS_LEFT);
    world.terraform.apply().await.expect_code(0);
    assert_eq!(asked(&world).get("sourceMetadata"), None);

    copy_keys(&world, CopyKeys::Platform);
    write(&format!("disk_encryption_set_id = \"{set}\""));
    take("thursday", 19);
    let applied = world.terraform.apply().await.expect_code(0);
    assert!(!applied.text.contains(KEYS_LEFT), "{}", applied.text);
    applied.expect_text(OTHERWISE);
    world.terraform.plan().await.expect_code(0);
    assert_eq!(changes(&world), (3, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_a_source_ask_for_a_choice() {
    const KEYS_LEFT: &str = "Source is encrypted with customer-managed keys";
    let world = World::ready().await;
    let set = set(&world, "web");
    let point = SourceRestorePoint::new("sealed", "2026-11-19T01:00:00Z").customer_key(&set);
    world.azure.seed_restore_point(&world.source, &point);
    let write = |arguments: &str| {
        let configuration = world.configuration("", arguments);
        world
            .terraform
            .write(&configuration.replace("restorePoints/monday", "restorePoints/sealed"));
    };
    write("");
    let planned = world.terraform.plan().await.expect_code(2);
    planned.expect_text(KEYS_LEFT);
    for chosen in [
        customer_key(&set),
        format!("encryption_type = \"{PLATFORM_KEY}\""),
    ] {
        write(&chosen);
        let planned = world.terraform.plan().await.expect_code(2);
        assert!(!planned.text.contains(KEYS_LEFT), "{}", planned.text);
    }
}
