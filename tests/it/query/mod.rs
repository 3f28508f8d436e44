//! What Terraform 1.12 and later do with collections and copies: identities, imports by them,
//! and lists whose objects are imported with the configuration that is written of them.

mod examples;
mod fleet;

use azrestorepoint::plugin::value::Value;
use azure_simulator::{Fault, Replication, SourceCollection, SourceRestorePoint};

use crate::support::core::{Action, Core, Told};
use crate::support::plugin::binary;
use crate::support::world::{REQUEST_LIMIT, World};

const COLLECTION: &str = "azrestorepoint_collection";
const COPY: &str = "azrestorepoint_copy";
const MIRROR: &str = "azrestorepoint_mirror";

/// A second subscription, with nothing in it.
const OTHER_SUBSCRIPTION: &str = "5a1b2c3d-0000-4000-8000-1234567890ab";

async fn core(world: &World) -> Core {
    Core::start(binary(), &world.azure.environment()).await
}

fn told_nothing(told: &Told) {
    let is_silent = told.errors.is_empty() && told.crashes.is_empty();
    assert!(is_silent, "{}", told.text());
}

/// Two collections of copies in a group, one in another group, and that of the VM.
async fn world_to_list() -> World {
    let world = World::build(Replication::Succeeded, |azure| {
        azure.page_size(1).other_subscription(OTHER_SUBSCRIPTION)
    })
    .await;
    let other = SourceCollection::new("rg-source", "db", "eastus").virtual_machine("db");
    let other = world.azure.seed_source_collection(&other);
    let point = SourceRestorePoint::new("monday", "2026-11-16T01:00:00Z");
    let db_monday = world.azure.seed_restore_point(&other, &point);
    for (group, name, source) in [
        ("Rg-Dr", "web-dr", &world.source),
        ("Rg-Dr", "db-dr", &other),
        ("rg-far", "web-far", &world.source),
    ] {
        let target = world
            .azure
            .seed_target_collection(group, name, "westus2", source);
        let mut sources = vec![format!("{source}/restorePoints/monday")];
        if *source == world.source {
            sources.push(format!("{source}/restorePoints/tuesday"));
        } else {
            assert_eq!(sources[0], db_monday);
        }
        for source in sources {
            let name = source.rsplit('/').next().expect("a name");
            world
                .azure
                .seed_copy(&target, name, &source, Replication::Succeeded);
        }
    }
    world
}

/// The names in the identity, outermost first and without the subscription.
fn names(identity: &Value) -> String {
    let parts = [
        "resource_group_name",
        "restore_point_collection_name",
        "name",
    ];
    let parts: Vec<_> = parts
        .iter()
        .filter_map(|part| identity.get(part).as_str())
        .collect();
    parts.join("/")
}

async fn listed<const N: usize>(
    core: &mut Core,
    kind: &str,
    arguments: [(&str, &Value); N],
) -> Vec<String> {
    let arguments = arguments.map(|(name, value)| (name, value.clone()));
    let config = core.list_config(kind, &arguments);
    told_nothing(&core.validate_list(kind, &config).await);
    let (found, told) = core.list_all(kind, &config, false, 100).await;
    told_nothing(&told);
    found.iter().map(|found| names(&found.identity)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn identities_are_names_and_stay_as_they_are() {
    let world = World::ready().await;
    let mut core = core(&world).await;
    let subscription = world.azure.subscription_id();
    let collection = core.config(
        COLLECTION,
        &[
            ("name", "web-dr".into()),
            ("resource_group_name", "rg-dr".into()),
            ("location", "westus2".into()),
            (
                "source_restore_point_collection_id",
                world.source.as_str().into(),
            ),
        ],
    );
    let monday = format!("{}/restorePoints/monday", world.source);
    let copy = core.config(
        COPY,
        &[
            ("name", "monday".into()),
            ("restore_point_collection_id", world.collection_id().into()),
            ("source_restore_point_id", monday.into()),
        ],
    );
    let mirror = core.config(
        MIRROR,
        &[
            ("restore_point_collection_id", world.collection_id().into()),
            (
                "source_restore_point_collection_id",
                world.source.as_str().into(),
            ),
        ],
    );
    let in_collection = "rg-dr/web-dr";
    for (kind, config, expected) in [
        (COLLECTION, &collection, in_collection),
        (COPY, &copy, "rg-dr/web-dr/monday"),
        (MIRROR, &mirror, in_collection),
    ] {
        told_nothing(&core.apply(kind, Some(config.clone())).await);
        let identity = &core.state[kind].identity;
        assert_eq!(names(identity), expected, "{kind}");
        let found = identity.get("subscription_id").as_str();
        assert_eq!(found, Some(&*subscription), "{kind}");
    }
    // Azure may answer in capitals, and the user may write so: neither is another object.
    let loud = world.collection_id().to_uppercase();
    let answer = serde_json::json!({"id": loud, "name": "WEB-DR"});
    let fault = world.azure.fault(Fault::amend(answer).on("GET", "/web-dr"));
    for (kind, config, argument) in [
        (COLLECTION, &collection, "name"),
        (COPY, &copy, "restore_point_collection_id"),
        (MIRROR, &mirror, "restore_point_collection_id"),
    ] {
        let mut config = config.clone();
        let value = config.get(argument).as_str().map(str::to_uppercase);
        config.insert(argument, Value::string(value));
        let identity = core.state[kind].identity.clone();
        told_nothing(&core.apply(kind, Some(config)).await);
        assert_eq!(core.state[kind].identity, identity, "{kind}");
    }
    world.azure.remove_fault(fault);
    // What is not deleted keeps its identity with its state.
    let refused = serde_json::json!({"error": {"code": "ScopeLocked", "message": "It is locked."}});
    let refused = Fault::answer(409, refused).on("DELETE", "/monday");
    world.azure.fault(refused);
    let told = core.apply(COPY, None).await;
    assert!(told.text().contains("ScopeLocked"), "{}", told.text());
    assert_eq!(names(&core.state[COPY].identity), "rg-dr/web-dr/monday");
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_are_imported_by_identity_and_by_any_spelling_of_their_id() {
    let world = world_to_list().await;
    let mut core = core(&world).await;
    let subscription = world.azure.subscription_id();
    let group = ("resource_group_name", "rg-dr");
    let in_collection = ("restore_point_collection_name", "web-dr");
    for (kind, attributes) in [
        (COLLECTION, vec![group, ("name", "web-dr")]),
        (COPY, vec![group, in_collection, ("name", "monday")]),
        (MIRROR, vec![group, ("name", "web-dr")]),
    ] {
        let subscription_given = [("subscription_id", &*subscription)];
        let with_subscription = [&subscription_given[..], &attributes].concat();
        for attributes in [attributes, with_subscription] {
            told_nothing(&core.import_by_identity(kind, &attributes).await);
            let object = core.state[kind].value.clone();
            let id = object.get("id").as_str().expect("an id");
            assert!(id.contains("/resourceGroups/rg-dr/"), "{id}");
            // What is written of it is valid, and changes nothing.
            let config = core.generate(kind, &object).await;
            let mut told = Told::default();
            let plan = core.plan(kind, &config, &mut told).await;
            assert_eq!(plan.expect("a plan").action, Action::Nothing, "{kind}");
            told_nothing(&told);
        }
    }
    // As people paste it: only names keep their spelling.
    let pasted = world
        .copy_id()
        .replace("resourceGroups", "RESOURCEGROUPS")
        .replace("Microsoft.Compute", "microsoft.compute")
        .replace("restorePoints", "restorepoints");
    told_nothing(&core.import(COPY, &pasted).await);
    assert_eq!(
        core.state[COPY].value.get("id").as_str(),
        Some(&*world.copy_id())
    );
    for (attributes, text) in [
        (
            vec![group, ("name", "web/dr")],
            "not the name of a restore point collection",
        ),
        (
            vec![group, ("name", "web-dr"), ("subscription_id", "a b")],
            "not a subscription id",
        ),
    ] {
        let told = core.import_by_identity(COLLECTION, &attributes).await;
        assert!(told.text().contains(text), "{}", told.text());
    }
}

#[tokio::test]
async fn somebody_has_to_say_which_subscription_it_is() {
    let world = World::ready().await;
    let environment = world.azure.environment().into_iter();
    let environment: Vec<_> = environment
        .filter(|(name, _)| *name != "ARM_SUBSCRIPTION_ID")
        .collect();
    let mut core = Core::start(binary(), &environment).await;
    let identity = [("resource_group_name", "rg-dr"), ("name", "web-dr")];
    let imported = core.import_by_identity(COLLECTION, &identity).await;
    let config = core.list_config(COLLECTION, &[]);
    let (_, listed) = core.list_all(COLLECTION, &config, false, 1).await;
    for told in [imported, listed] {
        let text = told.text();
        assert!(text.contains("Missing subscription_id"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_have_what_takes_copies_and_what_was_copied() {
    let world = world_to_list().await;
    let mut core = core(&world).await;
    // Resource groups are as Azure spells them, which its own list does not.
    let everywhere = listed(&mut core, COLLECTION, []).await;
    assert_eq!(
        everywhere,
        ["Rg-Dr/web-dr", "Rg-Dr/db-dr", "rg-far/web-far"]
    );
    let (group, subscription) = ("resource_group_name", "subscription_id");
    let (near, far) = (Value::from("rg-dr"), Value::from("RG-FAR"));
    let found = listed(&mut core, COLLECTION, [(group, &far)]).await;
    assert_eq!(found, ["rg-far/web-far"]);
    let source = "source_restore_point_collection_id";
    let web = Value::from(world.source.to_uppercase());
    let found = listed(&mut core, COLLECTION, [(source, &web)]).await;
    assert_eq!(found, ["Rg-Dr/web-dr", "rg-far/web-far"]);
    let found = listed(&mut core, COLLECTION, [(source, &web), (group, &near)]).await;
    assert_eq!(found, ["Rg-Dr/web-dr"]);

    // Another subscription is another list.
    let other = Value::from(OTHER_SUBSCRIPTION);
    let found = listed(&mut core, COLLECTION, [(subscription, &other)]).await;
    assert_eq!(found, [""; 0]);
    let other_group = "rg-other";
    world
        .azure
        .seed_resource_group_in(OTHER_SUBSCRIPTION, other_group);
    let arguments = [
        ("name", "web-other".into()),
        (group, other_group.into()),
        (subscription, other.clone()),
        ("location", "westeurope".into()),
        (source, world.source.as_str().into()),
    ];
    let config = core.config(COLLECTION, &arguments);
    told_nothing(&core.apply(COLLECTION, Some(config)).await);
    let found = listed(&mut core, COLLECTION, [(subscription, &other)]).await;
    assert_eq!(found, ["rg-other/web-other"]);
    let object = core.state[COLLECTION].value.clone();
    let written = core.generate(COLLECTION, &object).await;
    assert_eq!(written.get(subscription), &other, "not the provider's");

    let everywhere = listed(&mut core, COPY, []).await;
    let expected = [
        "Rg-Dr/web-dr/monday",
        "Rg-Dr/web-dr/tuesday",
        "Rg-Dr/db-dr/monday",
        "rg-far/web-far/monday",
        "rg-far/web-far/tuesday",
    ];
    assert_eq!(everywhere, expected);
    let own = world.azure.subscription_id().into();
    let found = listed(&mut core, COPY, [(subscription, &own), (group, &near)]).await;
    assert_eq!(found, expected[..3]);
    let collection = world.collection_id().into();
    let found = listed(
        &mut core,
        COPY,
        [("restore_point_collection_id", &collection)],
    );
    assert_eq!(found.await, expected[..2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_listed_is_imported_with_the_configuration_written_of_it() {
    let world = world_to_list().await;
    let mut core = core(&world).await;
    for kind in [COLLECTION, COPY] {
        let config = core.list_config(kind, &[]);
        let (found, told) = core.list_all(kind, &config, true, 2).await;
        told_nothing(&told);
        assert_eq!(found.len(), 2);
        for found in found {
            let id = found.object.get("id").as_str().expect("an id").to_owned();
            told_nothing(&core.import(kind, &id).await);
            assert_eq!(core.state[kind].value, found.object, "{kind}");
            assert_eq!(core.state[kind].identity, found.identity, "{kind}");
            let config = core.generate(kind, &found.object).await;
            let written = config.entries().expect("an object").iter();
            // Blocks of which there are none are an empty set, never null.
            let no_block = Value::set(Vec::new());
            let written = written.filter(|(_, value)| !value.is_null() && **value != no_block);
            let written: Vec<_> = written.map(|(name, _)| name.as_str()).collect();
            let expected: &[&str] = match kind {
                COPY => &[
                    "name",
                    "restore_point_collection_id",
                    "source_restore_point_id",
                ],
                _ => &[
                    "location",
                    "name",
                    "resource_group_name",
                    "source_restore_point_collection_id",
                ],
            };
            assert_eq!(written, expected, "{kind}");
            let mut told = Told::default();
            let plan = core.plan(kind, &config, &mut told).await;
            assert_eq!(plan.expect("a plan").action, Action::Nothing, "{kind}");
            told_nothing(&told);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_asks_for_no_more_than_is_wanted_and_tells_what_fails() {
    let world = world_to_list().await;
    let mut core = core(&world).await;
    let all = core.list_config(COLLECTION, &[]);
    let (found, told) = core.list_all(COLLECTION, &all, false, 1).await;
    told_nothing(&told);
    assert_eq!(found.len(), 1);
    // One page for each collection: the VMs' two, and that of the first target.
    let pages = "providers/Microsoft.Compute/restorePointCollections?";
    assert_eq!(world.azure.count("GET", pages), 3);

    let refused = serde_json::json!({"error": {"code": "AuthorizationFailed", "message": "No."}});
    let refused = Fault::answer(403, refused).on("GET", "/db-dr?");
    let refused = world.azure.fault(refused);
    let config = core.list_config(COPY, &[]);
    let (found, told) = core.list_all(COPY, &config, false, 100).await;
    assert_eq!(found.len(), 2, "what came before");
    assert!(
        told.text().contains("AuthorizationFailed"),
        "{}",
        told.text()
    );
    world.azure.remove_fault(refused);

    let list = async |core: &mut Core, argument: &str, value: &str| {
        let config = core.list_config(COPY, &[(argument, value.into())]);
        let (found, told) = core.list_all(COPY, &config, false, 100).await;
        assert!(found.is_empty());
        told.text()
    };
    let text = list(&mut core, "restore_point_collection_id", &world.source).await;
    assert!(text.contains("Not a target of copies"), "{text}");
    let text = list(&mut core, "resource_group_name", "rg-none").await;
    assert!(text.contains("ResourceGroupNotFound"), "{text}");
    let twice = [
        ("restore_point_collection_id", world.collection_id().into()),
        ("resource_group_name", "rg-dr".into()),
    ];
    let twice = core.list_config(COPY, &twice);
    let told = core.validate_list(COPY, &twice).await;
    assert_eq!(told.errors.len(), 1, "{}", told.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_azure_does_not_answer_is_left_at_once() {
    let world = world_to_list().await;
    let mut core = core(&world).await;
    let config = core.list_config(COPY, &[]);
    let hangs = "/rg-far/providers/Microsoft.Compute/restorePointCollections/web-far?";
    world.azure.fault(Fault::black_hole(false).on("GET", hangs));
    let mut told = Told::default();
    let mut listing = core.list(COPY, &config, false, 100).await;
    for _ in 0..3 {
        assert!(core.next(&mut listing, &mut told).await.is_some());
    }
    let azure = &world.azure;
    let asked = azure.wait_for_count(REQUEST_LIMIT, "GET", hangs, 1);
    asked.await.expect("it asks");
    core.stop().await;
    assert!(core.next(&mut listing, &mut told).await.is_none());
    assert!(told.text().contains("Stopped before"), "{}", told.text());
}
