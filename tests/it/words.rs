//! What a person sees, letter by letter, when Azure refuses: through the real Terraform.

use azure_simulator::{Fault, Replication};
use serde_json::{Value as Json, json};

use crate::support::golden::Golden;
use crate::support::world::World;

const COPY_LOOK: &str = "/web-dr/restorePoints/monday";
const SOURCE_LOOK: &str = "/web/restorePoints/monday";

fn error_body(code: &str, message: &str) -> Json {
    json!({"error": {"code": code, "message": message}})
}

fn forbidden(action: &str, scope: &str) -> Json {
    let message = format!(
        "The client 'c' with object id 'o' does not have authorization to perform action '{action}' over scope \
         '{scope}' or the scope is invalid. If access was recently granted, please refresh your credentials."
    );
    error_body("AuthorizationFailed", &message)
}

fn locked(world: &World, operation: &str) -> Json {
    let id = world.copy_id();
    let group = &id[..id.find("/providers").expect("a provider")];
    let message = format!(
        "The scope '{id}' cannot perform {operation} operation because following scope(s) are locked: '{group}'. \
         Please remove the lock and try again."
    );
    error_body("ScopeLocked", &message)
}

/// What an apply says that fails under this fault.
async fn failed_apply(world: &World, fault: Fault, copy: &str) -> String {
    world.azure.fault(fault);
    world.write("", copy);
    world.terraform.apply().await.expect_code(1).messages()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_that_azure_refuses() {
    let mut golden = Golden::folder("terraform_create");

    let world = World::ready().await;
    let lock = Fault::answer(409, locked(&world, "write")).on("PUT", COPY_LOOK);
    golden.check("lock", &failed_apply(&world, lock, "").await);

    let world = World::ready().await;
    let action = "Microsoft.Compute/restorePointCollections/restorePoints/read";
    let source = format!("{}/restorePoints/monday", world.source);
    let source = Fault::answer(403, forbidden(action, &source)).on("GET", SOURCE_LOOK);
    golden.check("source_permission", &failed_apply(&world, source, "").await);

    let world = World::ready().await;
    let details =
        json!([{"code": "TooManyRequests", "target": "PutRestorePointResource", "message": "{}"}]);
    let body =
        json!({"code": "OperationNotAllowed", "message": "Too many requests.", "details": details});
    let limit = Fault::answer(429, body)
        .header("Retry-After", "2400")
        .on("PUT", COPY_LOOK);
    let timeouts = "timeouts {\n    create = \"30m\"\n  }";
    golden.check("hourly_limit", &failed_apply(&world, limit, timeouts).await);
    assert_eq!(world.copies_begun(), 1);

    let world = World::ready().await;
    let info = json!({
        "policyDefinitionDisplayName": "Allowed locations",
        "policyAssignmentDisplayName": "Europe only",
        "policyAssignmentScope": "/providers/Microsoft.Management/managementGroups/production",
        "evaluationDetails": {"evaluatedExpressions": [
            {"result": "True", "path": "location", "expressionValue": "westus2", "targetValue": ["westeurope"], "operator": "NotIn"}
        ]}
    });
    let body = json!({"error": {
        "code": "RequestDisallowedByPolicy",
        "message": "Resource 'web-dr' was disallowed by policy.",
        "additionalInfo": [{"type": "PolicyViolation", "info": info}]
    }});
    let policy = Fault::answer(403, body).on("PUT", "/restorePointCollections/web-dr");
    golden.check("policy", &failed_apply(&world, policy, "").await);

    let world = World::ready().await;
    world.azure.fail_next_operation(
        "DiskRestorePointClientError",
        "Keyvault associated with DiskEncryptionSet not found. The resource may have been deleted due to which \
         Restore Point creation failed.",
    );
    // The collection's PUT has no operation: the next one is the copy's.
    world.write("", "");
    let apply = world.terraform.apply().await.expect_code(1);
    golden.check("operation_failed", &apply.messages());

    let world = World::new(Replication::Failed(62)).await;
    world.write("", "timeouts {\n    create = \"30s\"\n  }");
    let apply = world.terraform.apply().await.expect_code(1);
    // How long it took depends on the machine.
    let text = apply.messages();
    let (before, after) = text.split_once("after ").expect("a duration");
    let after = after.split_once(". ").expect("a sentence").1;
    golden.check("failed", &format!("{before}after A WHILE. {after}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_after_a_create() {
    let mut golden = Golden::folder("terraform_later");
    let short = "timeouts {\n    create = \"1s\"\n  }";

    let world = World::new(Replication::Replicating(40)).await;
    world.write("", short);
    let apply = world.terraform.apply().await.expect_code(1);
    golden.check("deadline", &apply.messages());
    // The copy of a lost state is taken over, but not before it is usable.
    let address = "azrestorepoint_copy.monday";
    let removed = world.terraform.run(&["state", "rm", address]).await;
    removed.expect_code(0);
    let apply = world.terraform.apply().await.expect_code(1);
    golden.check("deadline_in_a_take_over", &apply.messages());
    assert!(
        world
            .terraform
            .instance("azrestorepoint_copy", "monday")
            .is_none()
    );
    let wrong = world.terraform.run(&["import", address, "monday"]).await;
    golden.check("import", &wrong.expect_code(1).messages());

    let world = World::new(Replication::Replicating(40)).await;
    world.write("", short);
    world.terraform.apply().await.expect_code(1);
    world.replicate();
    let apply = world.terraform.apply().await.expect_code(0);
    golden.check("kept", &apply.messages());

    let lock = Fault::answer(409, locked(&world, "delete")).on("DELETE", COPY_LOOK);
    let lock = world.azure.fault(lock);
    let destroy = world.terraform.destroy().await.expect_code(1);
    golden.check("lock", &destroy.messages());
    world.azure.remove_fault(lock);

    let action = "Microsoft.Compute/restorePointCollections/restorePoints/read";
    let body = forbidden(action, &world.copy_id());
    // Neither alone nor together with the others of its collection.
    for look in [COPY_LOOK, "/web-dr?api-version=2025-04-01&$expand"] {
        let denied = Fault::answer(403, body.clone()).on("GET", look);
        world.azure.fault(denied);
    }
    let plan = world.terraform.plan().await.expect_code(1);
    golden.check("read", &plan.messages());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_that_is_waited_out_says_when_it_goes_on() {
    let mut world = World::ready().await;
    let log = world.terraform.path().join("log");
    world.terraform.set("TF_LOG_PROVIDER", "WARN");
    world.terraform.set("TF_LOG_PATH", log.clone());
    let body = error_body("TooManyRequests", "Slow down.");
    let limit = Fault::answer(429, body)
        .header("Retry-After", "1")
        .on("PUT", COPY_LOOK)
        .times(1);
    world.azure.fault(limit);
    world.write("", "");
    world.terraform.apply().await.expect_code(0);
    let log = std::fs::read_to_string(log).expect("a log");
    let line = log.lines().find(|line| line.contains("Next try at "));
    let line = line.unwrap_or_else(|| panic!("no such line in {log}"));
    for words in [
        "[WARN]",
        "at most 3 copies an hour",
        " UTC",
        "/restorePoints/monday",
    ] {
        assert!(line.contains(words), "{words:?} is missing in {line}");
    }
    assert_eq!(
        world.copies_begun(),
        2,
        "the one that was refused, and another"
    );
}
