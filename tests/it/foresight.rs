//! What plans tell, and when they refuse, through the real Terraform.

use azure_simulator::{Fault, Replication, SourceCollection, SourceRestorePoint};
use serde_json::json;

use crate::support::world::World;

const COPY: &str = "azrestorepoint_copy";

/// Copies of these sources, each with more arguments, into the collection.
fn copies(world: &World, names: &[&str], more: &str) -> String {
    let source = &world.source;
    let target = world.collection_id();
    format!(
        r#"
resource "azrestorepoint_copy" "all" {{
  for_each                    = toset({names:?})
  name                        = each.key
  restore_point_collection_id = "{target}"
  source_restore_point_id     = "{source}/restorePoints/${{each.key}}"
  {more}
}}
"#
    )
}

fn seed_target(world: &World) -> String {
    world
        .azure
        .seed_target_collection("rg-dr", "web-dr", "westus2", &world.source)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_change_is_an_error_on_the_argument() {
    let world = World::ready().await;
    // In the region of the source.
    world
        .azure
        .seed_target_collection("rg-dr", "web-dr", "eastus", &world.source);
    world.terraform.write(&copies(&world, &["monday"], ""));
    world
        .terraform
        .plan()
        .await
        .expect_code(1)
        .expect_text("Copy within one region")
        .expect_text("restore_point_collection_id = ");
    world.terraform.write(
        &world
            .configuration("", "")
            .replace("\"westus2\"", "\"East US\""),
    );
    world
        .terraform
        .plan()
        .await
        .expect_code(1)
        .expect_text("Collection lies in the region of its source")
        .expect_text("location = \"East US\"");
    // Switched off, nobody is asked.
    world.azure.clear_requests();
    world.terraform.write(&format!(
        "provider \"azrestorepoint\" {{\n  preflight = false\n}}\n{}",
        copies(&world, &["monday"], "")
    ));
    world.terraform.plan().await.expect_code(2);
    assert_eq!(world.azure.count("", "/"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_a_copy_and_a_foreign_source_are_errors() {
    let world = World::ready().await;
    let target = seed_target(&world);
    let monday = format!("{}/restorePoints/monday", world.source);
    world
        .azure
        .seed_copy(&target, "copied", &monday, Replication::Succeeded);
    let far = world
        .azure
        .seed_target_collection("rg-dr", "far", "northeurope", &target);
    let of_a_copy = copies(&world, &["copied"], "")
        .replace(&world.collection_id(), &far)
        .replace(&world.source, &target);
    world.terraform.write(&of_a_copy);
    world
        .terraform
        .plan()
        .await
        .expect_code(1)
        .expect_text("Source is a copy itself");
    let other =
        world
            .azure
            .seed_source_collection(&SourceCollection::new("rg-source", "db", "eastus"));
    world.azure.seed_restore_point(
        &other,
        &SourceRestorePoint::new("sunday", "2026-11-15T01:00:00Z"),
    );
    let foreign = copies(&world, &["sunday"], "").replace(&world.source, &other);
    world.terraform.write(&foreign);
    world
        .terraform
        .plan()
        .await
        .expect_code(1)
        .expect_text("Source lies in another collection");
    world.terraform.write(
        &world
            .configuration("", "")
            .replace("web-dr", "again")
            .replace(&world.source, &target),
    );
    world
        .terraform
        .plan()
        .await
        .expect_code(1)
        .expect_text("Source collection holds copies");
    // Also where the source collection is only being made, or is the collection itself.
    let itself = world.configuration("", "").replace(
        &format!("source_restore_point_collection_id = \"{}\"", world.source),
        &format!(
            "source_restore_point_collection_id = \"{}-new\"",
            world.collection_id()
        ),
    );
    world
        .terraform
        .write(&itself.replace("\"web-dr\"", "\"web-dr-new\""));
    world
        .terraform
        .plan()
        .await
        .expect_code(1)
        .expect_text("Source collection holds copies");
    assert_eq!(world.copies_begun(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_change_is_a_warning_once_for_a_collection() {
    let world = World::ready().await;
    let target = seed_target(&world);
    let wednesday = SourceRestorePoint::new("wednesday", "2026-11-18T01:00:00Z");
    let source = world.azure.seed_restore_point(&world.source, &wednesday);
    world
        .azure
        .seed_copy(&target, "newer", &source, Replication::Succeeded);
    world
        .terraform
        .write(&copies(&world, &["monday", "tuesday"], ""));
    let plan = world.terraform.plan().await.expect_code(2);
    assert_eq!(
        plan.text
            .matches("Warning: A newer restore point is copied already")
            .count(),
        1,
        "{}",
        plan.text
    );
    plan.expect_text("Several copies go into one collection")
        .expect_text("catch_up = \"all\"");
    assert_eq!(world.azure.count("GET", "web-dr?"), 1);

    world.terraform.write(&copies(&world, &["sunday"], ""));
    world
        .terraform
        .plan()
        .await
        .expect_code(2)
        .expect_text("Warning: Source restore point does not exist");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_is_there_breaks_no_rule() {
    let world = World::ready().await;
    let target = seed_target(&world);
    let monday = format!("{}/restorePoints/monday", world.source);
    let tuesday = format!("{}/restorePoints/tuesday", world.source);
    for (name, source) in [("monday", &monday), ("tuesday", &tuesday)] {
        world
            .azure
            .seed_copy(&target, name, source, Replication::Succeeded);
    }
    // Its source is gone, and a newer one is copied; it is taken over all the same.
    world.azure.remove(&monday);
    world
        .terraform
        .write(&copies(&world, &["monday"], "force_destroy = true"));
    let plan = world.terraform.plan().await.expect_code(2);
    // Beside Terraform's own warning, about the provider's place.
    assert_eq!(plan.text.matches("Warning: ").count(), 2, "{}", plan.text);
    plan.expect_text("Warning: The copy exists already")
        .expect_text("an apply takes it over as it is");
    world.terraform.apply().await.expect_code(0);
    assert_eq!(world.copies_begun(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_look_or_cannot_is_told_once_and_plans_all_the_same() {
    let world = World::ready().await;
    seed_target(&world);
    world
        .terraform
        .write(&copies(&world, &["monday", "tuesday"], ""));
    let body = json!({"error": {"code": "AuthorizationFailed", "message": "Not you."}});
    world
        .azure
        .fault(Fault::answer(403, body).on("GET", "/restorePoints/"));
    let plan = world.terraform.plan().await.expect_code(2);
    let warning = "Warning: Cannot check what Azure would refuse";
    assert_eq!(plan.text.matches(warning).count(), 1, "{}", plan.text);
    world.azure.clear_faults();

    let mut world = world;
    world.terraform.set("ARM_CLIENT_SECRET", "wrong");
    let plan = world.terraform.plan().await.expect_code(2);
    let warning = "Warning: Azure cannot be asked while planning";
    assert_eq!(plan.text.matches(warning).count(), 1, "{}", plan.text);
    // Nothing to sign in with is nothing to warn about: a plan needs nobody.
    for name in ["ARM_CLIENT_SECRET", "ARM_CLIENT_ID", "ARM_TENANT_ID"] {
        world.terraform.set(name, "");
    }
    let plan = world.terraform.plan().await.expect_code(2);
    assert!(
        !plan.text.contains("Azure cannot be asked") && !plan.text.contains("Cannot check"),
        "{}",
        plan.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_destroy_of_every_usable_copy_destroys_none() {
    let world = World::ready().await;
    seed_target(&world);
    world.azure.seed_restore_point(
        &world.source,
        &SourceRestorePoint::new("wednesday", "2026-11-18T01:00:00Z"),
    );
    let names = ["monday", "tuesday", "wednesday"];
    world.terraform.write(&copies(&world, &names, ""));
    world.terraform.apply().await.expect_code(0);
    world
        .terraform
        .destroy()
        .await
        .expect_code(1)
        .expect_text("Last usable copies would be destroyed")
        .expect_text("monday, tuesday, wednesday");
    assert_eq!(world.azure.count("DELETE", "/"), 0);
    // The same without a refresh, by removed keys, and by -replace.
    for more in [&[][..], &["-refresh=false"]] {
        let arguments = [&["destroy", "-auto-approve"], more].concat();
        world.terraform.run(&arguments).await.expect_code(1);
    }
    world.terraform.write("");
    world.terraform.apply().await.expect_code(1);
    assert_eq!(world.azure.count("DELETE", "/"), 0);

    let again = names.map(|name| format!("-replace=azrestorepoint_copy.all[\"{name}\"]"));
    world.terraform.write(&copies(&world, &names, ""));
    let arguments = ["apply", "-auto-approve"].into_iter();
    let arguments: Vec<&str> = arguments.chain(again.iter().map(String::as_str)).collect();
    world
        .terraform
        .run(&arguments)
        .await
        .expect_code(1)
        .expect_text("Last usable copies would be destroyed");
    assert_eq!(world.azure.count("DELETE", "/"), 0);

    // One that stays is enough, and the plan says which, and what is lost.
    world.terraform.write(&copies(&world, &["wednesday"], ""));
    world
        .terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("Usable copy is destroyed")
        .expect_text(
            "Azure would not copy its source again: the copy \"wednesday\" is of a newer one",
        );
    assert_eq!(world.azure.count("DELETE", "/restorePoints/"), 2);

    // One that nobody manages counts, too.
    let wednesday = format!("{}/restorePoints/wednesday", world.collection_id());
    let monday = format!("{}/restorePoints/monday", world.source);
    world.azure.seed_copy(
        &world.collection_id(),
        "theirs",
        &monday,
        Replication::Succeeded,
    );
    world
        .terraform
        .destroy()
        .await
        .expect_code(0)
        .expect_text("One other usable copy remains in its collection: theirs");
    assert!(world.azure.resource(&wednesday).is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_is_old_hides_no_usable_copy_from_a_destroy() {
    let world = World::new(Replication::Replicating(40)).await;
    let target = seed_target(&world);
    let without_refresh = ["apply", "-auto-approve", "-refresh=false"];
    // Both were still replicating when they were seen last.
    for names in [&["monday"][..], &["monday", "tuesday"]] {
        let configuration = copies(&world, names, "wait_for_replication = false");
        world.terraform.write(&configuration);
        world.terraform.run(&without_refresh).await.expect_code(0);
        for name in names {
            let copy = format!("{target}/restorePoints/{name}");
            world.azure.set_disks(&copy, Replication::Succeeded);
        }
    }
    world
        .terraform
        .run(&["destroy", "-auto-approve", "-refresh=false"])
        .await
        .expect_code(1)
        .expect_text("Last usable copies would be destroyed")
        .expect_text("monday, tuesday");
    assert_eq!(world.azure.count("DELETE", "/"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_gives_way_to_one_that_is_there_takes_no_other_along() {
    let world = World::ready().await;
    let target = seed_target(&world);
    let of = |day: &str| copies(&world, &["one"], "").replace("${each.key}", day);
    let of = |day: &str| of(day).replace("each.key\n", &format!("\"{day}\"\n"));
    world.terraform.write(&of("monday"));
    world.terraform.apply().await.expect_code(0);
    let tuesday = format!("{}/restorePoints/tuesday", world.source);
    let theirs = world
        .azure
        .seed_copy(&target, "tuesday", &tuesday, Replication::Succeeded);
    // It is taken over, and remains.
    world.terraform.write(&of("tuesday"));
    world
        .terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("This plan destroys the copy \"monday\"")
        .expect_text("One other usable copy remains in its collection: tuesday");
    assert_eq!(world.azure.count("DELETE", "/"), 1);
    assert!(world.azure.resource(&theirs).is_some());
    world.terraform.plan().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replacement_is_told_what_its_copy_will_meet_before_the_old_one_is_gone() {
    let world = World::ready().await;
    seed_target(&world);
    for names in [&["monday"][..], &["monday", "tuesday"]] {
        world.terraform.write(&copies(&world, names, ""));
        world.terraform.apply().await.expect_code(0);
    }
    let both = copies(&world, &["monday", "tuesday"], "");
    let other = |source: &str, name: &str| {
        let or = |day: &str| format!("each.key == \"monday\" ? \"{day}\" : each.key");
        both.replace("each.key}", &format!("{}}}", or(source)))
            .replace("each.key\n", &format!("{}\n", or(name)))
    };
    let plan = async |configuration: String| {
        world.terraform.write(&configuration);
        let plan = world.terraform.plan().await.expect_code(2);
        plan.expect_text("must be replaced")
    };
    plan(other("nowhere", "monday"))
        .await
        .expect_text("Warning: Source restore point does not exist");
    plan(other("monday", "renamed"))
        .await
        .expect_text("Warning: A newer restore point is copied already");
    // Its own predecessor hinders nobody: it goes first.
    world.terraform.write(&copies(&world, &["tuesday"], ""));
    world.terraform.apply().await.expect_code(0);
    let renamed = copies(&world, &["tuesday"], "force_destroy = true");
    world.terraform.write(&renamed);
    world.terraform.apply().await.expect_code(0);
    let plan = plan(renamed.replace("each.key\n", "\"renamed\"\n")).await;
    assert!(!plan.text.contains("copied already"), "{}", plan.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_failed_later_is_replaced_where_azure_would_take_its_source_again() {
    let world = World::new(Replication::Replicating(40)).await;
    seed_target(&world);
    let not_waited = "wait_for_replication = false";
    world
        .terraform
        .write(&copies(&world, &["monday"], not_waited));
    world.terraform.apply().await.expect_code(0);
    let copy = format!("{}/restorePoints/monday", world.collection_id());
    world.azure.set_disk(&copy, "os", Replication::Failed(40));

    // A newer one is copied: the failed one stays, and every plan warns.
    let tuesday = format!("{}/restorePoints/tuesday", world.source);
    let newer = world.azure.seed_copy(
        &world.collection_id(),
        "newer",
        &tuesday,
        Replication::Succeeded,
    );
    for _ in 0..2 {
        let plan = world.terraform.plan().await;
        assert_ne!(plan.code(), 1, "{}", plan.text);
        let plan = plan
            .expect_text("Warning: Restore point copy has failed")
            .expect_text("It stays");
        assert!(!plan.text.contains("must be replaced"), "{}", plan.text);
    }
    world.terraform.apply().await.expect_code(0);
    assert_eq!(world.azure.count("DELETE", "/"), 0);

    // It would take the source again: a real replacement.
    world.azure.remove(&newer);
    world
        .terraform
        .plan()
        .await
        .expect_code(2)
        .expect_text("must be replaced")
        .expect_text("this plan replaces it");
    world.azure.set_replication(Replication::Succeeded);
    world
        .terraform
        .apply()
        .await
        .expect_code(0)
        .expect_text("1 added, 0 changed, 1 destroyed");
    assert_eq!(world.azure.count("DELETE", "/restorePoints/"), 1);
    assert_eq!(world.copies_begun(), 2);
    world.terraform.plan().await.expect_code(0);
    let state = world.terraform.state().to_string();
    assert!(state.contains("\"Succeeded\"") && state.contains(COPY));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forced_destroy_of_a_collection_says_what_goes_with_it() {
    let world = World::ready().await;
    world.terraform.write(
        world
            .configuration("force_destroy = true", "")
            .split("resource \"azrestorepoint_copy\"")
            .next()
            .expect("a collection"),
    );
    world.terraform.apply().await.expect_code(0);
    let monday = format!("{}/restorePoints/monday", world.source);
    world.azure.seed_copy(
        &world.collection_id(),
        "theirs",
        &monday,
        Replication::Succeeded,
    );
    world
        .terraform
        .destroy()
        .await
        .expect_code(0)
        .expect_text("Restore point collection is destroyed with its contents")
        .expect_text("theirs");
    assert!(world.azure.resource(&world.collection_id()).is_none());
}
