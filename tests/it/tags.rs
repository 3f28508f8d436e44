//! Tags of the provider block, and tags that somebody else looks after, through the real Terraform.

use azure_simulator::Fault;
use serde_json::{Value as Json, json};

use crate::support::terraform::Output;
use crate::support::world::World;

const COLLECTION: &str = "azrestorepoint_collection";

/// Writes a provider block and a collection, with these arguments.
fn write(world: &World, provider: &str, collection: &str) {
    let collection = world.collection(collection);
    let provider = format!("provider \"azrestorepoint\" {{\n  {provider}\n}}\n");
    world.terraform.write(&format!("{provider}{collection}"));
}

/// The tags of each request with this method since this was asked last.
fn sent(world: &World, method: &str) -> Vec<Json> {
    let requests = world.azure.requests();
    let requests = requests
        .into_iter()
        .filter(|request| request.method == method && request.body.is_object());
    let sent = requests.map(|request| request.body["tags"].clone());
    let sent = sent.collect();
    world.azure.clear_requests();
    sent
}

/// The tags of the collection as the state has them.
fn tags(world: &World) -> (Json, Json) {
    let state = world.terraform.attributes(COLLECTION, "dr");
    (state["tags"].clone(), state["tags_all"].clone())
}

/// The tags as Azure has them.
fn in_azure(world: &World) -> Json {
    let collection = world.azure.resource(&world.collection_id());
    collection.expect("a collection")["tags"].clone()
}

/// What a plan is to do, and all tags that it knows.
async fn planned(world: &World) -> (Json, Json) {
    let out = "-out=plan";
    world.terraform.run(&["plan", out]).await.expect_code(0);
    let shown = world.terraform.run(&["show", "-json", "plan"]).await;
    let shown: Json = serde_json::from_str(&shown.printed).expect("JSON");
    let change = &shown["resource_changes"][0]["change"];
    let all = &change["after"]["tags_all"];
    (change["actions"].clone(), all.clone())
}

#[track_caller]
fn expect_changes(output: Output, expected: &str) {
    output.expect_code(0).expect_text(expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn default_tags_come_and_go() {
    let world = World::ready().await;
    write(
        &world,
        "default_tags = { owner = \"platform\", team = \"dr\" }",
        "tags = { Owner = \"web\" }",
    );
    let all = json!({"Owner": "web", "team": "dr"});
    assert_eq!(planned(&world).await, (json!(["create"]), all.clone()));
    expect_changes(world.terraform.apply().await, "1 added");
    assert_eq!(sent(&world, "PUT"), std::slice::from_ref(&all));
    assert_eq!(tags(&world), (json!({"Owner": "web"}), all));
    // Azure may answer in another case.
    let respelt = [("OWNER", "web"), ("Team", "dr")];
    world.azure.set_tags(&world.collection_id(), respelt);
    world.terraform.plan().await.expect_code(0);

    // Another value, and one default less: in place.
    write(&world, "default_tags = { team = \"night\" }", "");
    let night = json!({"team": "night"});
    assert_eq!(planned(&world).await, (json!(["update"]), night));
    expect_changes(
        world.terraform.apply().await,
        "0 added, 1 changed, 0 destroyed",
    );
    assert_eq!(sent(&world, "PATCH"), [json!({"team": "night"})]);
    assert_eq!(tags(&world), (Json::Null, json!({"team": "night"})));
    world.terraform.plan().await.expect_code(0);

    // From the provider to the resource: nothing for Azure to do.
    write(&world, "", "tags = { team = \"night\" }");
    expect_changes(world.terraform.apply().await, "1 changed");
    assert_eq!(sent(&world, "PATCH"), [] as [Json; 0]);
    world.terraform.plan().await.expect_code(0);

    // The last one goes, too.
    write(&world, "", "");
    expect_changes(world.terraform.apply().await, "1 changed");
    assert_eq!(sent(&world, "PATCH"), [json!({})]);
    assert_eq!(tags(&world), (Json::Null, json!({})));
    world.terraform.plan().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_ignored_is_neither_drift_nor_lost() {
    let world = World::ready().await;
    const IGNORE: &str = "ignore_tags = { keys = [\"CostCenter\"], key_prefixes = [\"policy-\"] }";
    write(&world, IGNORE, "tags = { a = \"1\" }");
    expect_changes(world.terraform.apply().await, "1 added");
    let policy = [("costcenter", "77"), ("Policy-tier", "gold")];
    let with = |more: &[(&'static str, &'static str)]| [&policy[..], more].concat();
    world
        .azure
        .set_tags(&world.collection_id(), with(&[("a", "1")]));
    world.terraform.plan().await.expect_code(0);

    write(&world, IGNORE, "tags = { a = \"2\", b = \"3\" }");
    sent(&world, "PATCH");
    expect_changes(world.terraform.apply().await, "1 changed");
    let kept = json!({"costcenter": "77", "Policy-tier": "gold", "a": "2", "b": "3"});
    assert_eq!(sent(&world, "PATCH"), [kept]);
    world.terraform.plan().await.expect_code(0);

    // What nobody has written and nobody looks after is shown, and removed.
    let found = with(&[("a", "2"), ("b", "3"), ("stray", "x")]);
    world.azure.set_tags(&world.collection_id(), found);
    let plan = world.terraform.plan().await.expect_code(2);
    plan.expect_text("stray").expect_text("1 to change");
    expect_changes(world.terraform.apply().await, "1 changed");
    let kept = json!({"costcenter": "77", "Policy-tier": "gold", "a": "2", "b": "3"});
    assert_eq!(in_azure(&world), kept);

    // Written although it is ignored: left alone from then on.
    write(
        &world,
        IGNORE,
        "tags = { a = \"2\", b = \"3\", costcenter = \"1\" }",
    );
    world.terraform.plan().await.expect_code(0);
    assert_eq!(in_azure(&world), kept);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_cannot_look_changes_nothing() {
    let world = World::ready().await;
    write(&world, "", "tags = { a = \"1\" }");
    expect_changes(world.terraform.apply().await, "1 added");
    write(&world, "", "tags = { a = \"2\" }");
    let denied = json!({"error": {"code": "AuthorizationFailed", "message": "No."}});
    let denied = Fault::answer(403, denied).on("GET", "/restorePointCollections/web-dr");
    world.azure.fault(denied);
    world
        .terraform
        .run(&["apply", "-refresh=false", "-auto-approve"])
        .await
        .expect_code(1)
        .expect_text("Cannot change the tags");
    assert_eq!(sent(&world, "PATCH"), [] as [Json; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn default_tags_may_become_known_in_the_apply() {
    let world = World::ready().await;
    let unknown = |owner: &str| {
        let input = format!("resource \"terraform_data\" \"owner\" {{\n  input = {owner:?}\n}}\n");
        write(
            &world,
            "default_tags = { owner = terraform_data.owner.output }",
            &format!("tags = {{ a = \"1\" }}\n}}\n{input}locals {{"),
        );
    };
    unknown("web");
    let plan = world.terraform.plan().await.expect_code(2);
    plan.expect_text("tags_all = (known after apply)");
    expect_changes(world.terraform.apply().await, "2 added");
    let all = json!({"a": "1", "owner": "web"});
    assert_eq!(tags(&world), (json!({"a": "1"}), all.clone()));
    assert_eq!(in_azure(&world), all);
    world.terraform.plan().await.expect_code(0);

    // The collection is refreshed although the provider's tags are not known.
    unknown("db");
    let plan = world.terraform.plan().await.expect_code(2);
    plan.expect_text("0 to add, 2 to change, 0 to destroy");
    expect_changes(world.terraform.apply().await, "2 changed");
    assert_eq!(in_azure(&world), json!({"a": "1", "owner": "db"}));
    world.terraform.plan().await.expect_code(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn imported_and_older_states_have_no_tags_of_the_provider() {
    let world = World::ready().await;
    const DEFAULTS: &str =
        "default_tags = { team = \"dr\" }\n  ignore_tags = { keys = [\"policy\"] }";
    let target = world
        .azure
        .seed_target_collection("rg-dr", "web-dr", "westus2", &world.source);
    let found = [("a", "1"), ("Team", "dr"), ("policy", "x")];
    world.azure.set_tags(&target, found);
    write(&world, DEFAULTS, "tags = { a = \"1\" }");
    world
        .terraform
        .run(&["import", "azrestorepoint_collection.dr", &target])
        .await
        .expect_code(0);
    let expected = (json!({"a": "1"}), json!({"a": "1", "team": "dr"}));
    assert_eq!(tags(&world), expected);
    world.terraform.plan().await.expect_code(0);

    // As Terraform writes it.
    let file = world.terraform.path().join("terraform.tfstate");
    let imported = std::fs::read_to_string(&file).expect("a state");
    std::fs::remove_file(&file).expect("a state");
    let provider = format!("provider \"azrestorepoint\" {{\n  {DEFAULTS}\n}}\n");
    let import = format!("import {{\n  to = azrestorepoint_collection.dr\n  id = {target:?}\n}}\n");
    world.terraform.write(&format!("{provider}{import}"));
    world
        .terraform
        .run(&["plan", "-generate-config-out=generated.tf"])
        .await
        .expect_code(0)
        .expect_text("1 to import, 0 to add, 0 to change, 0 to destroy");
    let generated = world.terraform.path().join("generated.tf");
    let text = std::fs::read_to_string(&generated).expect("a configuration");
    let is_own_alone =
        text.contains("a = \"1\"") && !text.contains("eam") && !text.contains("policy");
    assert!(is_own_alone, "{text}");
    std::fs::remove_file(generated).expect("a configuration");

    // Before there was tags_all.
    let mut older: Json = serde_json::from_str(&imported).expect("JSON");
    let attributes = &mut older["resources"][0]["instances"][0]["attributes"];
    let attributes = attributes.as_object_mut().expect("an object");
    attributes.remove("tags_all").expect("it was there");
    std::fs::write(&file, older.to_string()).expect("a state");
    write(&world, DEFAULTS, "tags = { a = \"1\" }");
    world.terraform.plan().await.expect_code(0);
    let unread = ["apply", "-refresh=false", "-auto-approve"];
    world.terraform.run(&unread).await.expect_code(0);
    assert_eq!(tags(&world), expected);
    assert_eq!(sent(&world, "PATCH"), [] as [Json; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_and_wrong_tags_are_found_in_plans() {
    let world = World::ready().await;
    let tags = |name: &str, count: usize| {
        format!("{name} = {{ for number in range({count}) : \"{name}-${{number}}\" => \"\" }}")
    };
    write(&world, &tags("default_tags", 30), &tags("tags", 21));
    world
        .terraform
        .plan()
        .await
        .expect_code(1)
        .expect_text("Too many tags")
        .expect_text("the collection has 51 tags");
    write(&world, &tags("default_tags", 30), &tags("tags", 20));
    world.terraform.plan().await.expect_code(2);
    write(&world, "default_tags = { \"cost/center\" = \"1\" }", "");
    world
        .terraform
        .run(&["validate"])
        .await
        .expect_code(1)
        .expect_text("Invalid default_tags")
        .expect_text("on main.tf line");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_several_tags_may_become_known_in_the_apply() {
    let world = World::ready().await;
    world
        .terraform
        .write(&world.collection("tags = { a = \"1\" }"));
    world.terraform.apply().await.expect_code(0);
    let collection = world.collection("tags = { a = \"1\", run = terraform_data.run.output }");
    let run = "resource \"terraform_data\" \"run\" {\n  input = \"4711\"\n}\n";
    world.terraform.write(&format!("{run}{collection}"));
    world.terraform.apply().await.expect_code(0);
    let attributes = world
        .terraform
        .attributes("azrestorepoint_collection", "dr");
    assert_eq!(attributes["tags"]["run"], "4711");
    world.terraform.plan().await.expect_code(0);
}
