//! Every message about a copy, as the user sees it.

use reqwest::Method;
use serde_json::{Value as Json, json};

use super::*;
use crate::provider::golden::{
    Golden, error_body, forbidden, operation_failure, refusal, source, target,
};
use crate::provider::resources::{already_exists, lost_answer};

fn busy_server() -> Error {
    let body = error_body("ServerBusy", "The server is busy. Please try again later.");
    refusal(Method::GET, &target().path(), 503, &body)
}

/// A copy whose disks are as far as this.
fn seen(disks: &[(&str, &str, i64)]) -> RestorePoint {
    let disk_id = |name: &str| {
        format!(
            "{}/diskRestorePoints/{name}_5a1b2c3d-0000-4000-8000-1234567890ab",
            target()
        )
    };
    let view: Vec<Json> = disks
        .iter()
        .map(|(name, state, percent)| {
            json!({
                "id": disk_id(name),
                "replicationStatus": {
                    "status": {"code": format!("ReplicationState/{state}")},
                    "completionPercent": percent
                }
            })
        })
        .collect();
    let described = |name: &str| json!({"name": name, "diskRestorePoint": {"id": disk_id(name)}});
    let data_disks: Vec<Json> = disks[1..]
        .iter()
        .map(|(name, ..)| described(name))
        .collect();
    let storage = json!({"osDisk": described(disks[0].0), "dataDisks": data_disks});
    let point = json!({"properties": {
        "sourceMetadata": {"storageProfile": storage},
        "instanceView": {"diskRestorePoints": view}
    }});
    serde_json::from_value(point).expect("a restore point")
}

#[test]
fn every_end_of_a_wait() {
    let mut golden = Golden::folder("copy_wait_ends");
    let id = target();
    let source = source();
    let replicating = seen(&[("os", "succeeded", 100), ("data-1", "replicating", 40)]);
    let failed = seen(&[("os", "succeeded", 100), ("data-1", "failed", 62)]);
    let forbidden = refusal(
        Method::GET,
        &id.path(),
        403,
        &forbidden(
            "Microsoft.Compute/restorePointCollections/restorePoints/read",
            &id.path(),
        ),
    );
    let busy = busy_server();
    let wait = |phase, severity| Wait {
        id: &id,
        phase,
        severity,
        elapsed: Duration::from_secs(24 * 60 * 60),
        queued: Duration::ZERO,
        last: Some(&replicating),
        cause: None,
        source: None,
    };
    use Phase::{Create, Resume, TakeOver};
    use Severity::{Error, Warning};

    let ends = [
        ("create", Create, Error),
        ("create_continue", Create, Warning),
        ("resume", Resume, Error),
        ("take_over", TakeOver, Error),
    ];
    for (name, phase, severity) in ends {
        golden.message(
            &format!("deadline_in_{name}"),
            &wait(phase, severity).ended(End::Deadline),
        );
        let lost = Wait {
            cause: Some(&forbidden),
            ..wait(phase, severity)
        };
        golden.message(
            &format!("lost_contact_in_{name}"),
            &lost.ended(End::LostContact),
        );
    }
    let troubled = Wait {
        cause: Some(&busy),
        last: None,
        ..wait(Create, Error)
    };
    golden.message("deadline_after_trouble", &troubled.ended(End::Deadline));
    let mut told_why = failed.clone();
    let view = told_why.properties.instance_view.as_mut().expect("a view");
    let status = view.disk_restore_points[1].replication_status.as_mut();
    let status = status.and_then(|replication| replication.status.as_mut());
    status.expect("a status").message = Some("The source is gone.".to_owned());
    let told_why = Wait {
        last: Some(&told_why),
        ..wait(Create, Error)
    };
    let queued = Wait {
        queued: Duration::from_secs(6 * 60 * 60),
        ..wait(Create, Error)
    };
    golden.message("deadline_after_a_queue", &queued.ended(End::Deadline));
    golden.message("failed_with_a_reason", &told_why.ended(End::Failed));
    for (name, phase, severity) in [
        ("create", Create, Warning),
        ("resume", Resume, Warning),
        ("take_over", TakeOver, Error),
    ] {
        let stopped = wait(phase, severity).ended(End::Stopped);
        golden.message(&format!("interrupted_in_{name}"), &stopped);
        for (suffix, found) in [
            ("", None),
            ("_source_there", Some(diagnose::Source::There)),
            ("_source_gone", Some(diagnose::Source::Gone)),
            ("_source_replaced", Some(diagnose::Source::Replaced)),
            ("_source_unseen", Some(diagnose::Source::Unseen)),
        ] {
            let failed = Wait {
                last: Some(&failed),
                source: found.map(|found| (&source, found)),
                ..wait(phase, Error)
            };
            golden.message(
                &format!("failed_in_{name}{suffix}"),
                &failed.ended(End::Failed),
            );
            let gone = Wait {
                last: None,
                source: found.map(|found| (&source, found)),
                ..wait(phase, Error)
            };
            golden.message(&format!("gone_in_{name}{suffix}"), &gone.ended(End::Gone));
        }
    }
}

#[test]
fn everything_else_about_a_copy() {
    let mut golden = Golden::folder("copy");
    let id = target();
    let failure = operation_failure(
        "InternalExecutionError",
        "An internal execution error occurred. Please retry later.",
    );
    golden.message(
        "operation_failed",
        &operation_failed(&id, &Encryption::default(), &failure),
    );
    golden.message("kept", &kept(&id));
    golden.message("deleted_nothing", &deleted_nothing(&id));
    golden.message("destroyed_and_kept", &destroyed_and_kept(&id));
    golden.message("last_usable", &last_usable(&id));
    golden.message("successor_unknown", &successor_unknown(&id));
    golden.message("cannot_tell", &cannot_tell(&id, &busy_server()));
    golden.message("not_deleted_yet", &not_deleted_yet(&id));
    let state = Value::object([
        ("name", Value::from("monday")),
        ("id", id.to_string().into()),
    ]);
    golden.message("failed_already", &failed_already(&state, false));
    golden.message("failed_and_replaced", &failed_already(&state, true));
    golden.message("not_a_copy", &not_a_copy(&id));
    golden.message(
        "already_exists",
        &already_exists("azrestorepoint_copy", &id.to_string()),
    );
    golden.message(
        "lost_answer",
        &lost_answer("restore point copy", &busy_server()),
    );
    let html = Json::from("<html><body>Bad Gateway</body></html>");
    let proxy = refusal(Method::PUT, &id.path(), 502, &html);
    golden.message(
        "lost_answer_of_a_proxy",
        &lost_answer("restore point copy", &proxy),
    );
    golden.message(
        "lost_answer_after_stop",
        &lost_answer("restore point copy", &Error::Stopped),
    );
}

#[test]
fn every_delete_that_does_not_end_well() {
    let mut golden = Golden::folder("copy_not_deleted");
    let id = target();
    let told = |error: &Error| diagnose::not_deleted("restore point", &id.to_string(), error);
    golden.message("stopped", &told(&Error::Stopped));
    let deadline = |last_cause| Error::DeadlinePassed { last_cause };
    golden.message("deadline", &told(&deadline(None)));
    golden.message(
        "deadline_after_trouble",
        &told(&deadline(Some(Box::new(busy_server())))),
    );
    let group = id.path();
    let group = &group[..group.find("/providers").expect("a provider")];
    let locked = error_body(
        "ScopeLocked",
        &format!(
            "The scope '{id}' cannot perform delete operation because following scope(s) are locked: '{group}'. \
             Please remove the lock and try again."
        ),
    );
    golden.message(
        "lock",
        &told(&refusal(Method::DELETE, &id.path(), 409, &locked)),
    );
    let access = error_body(
        "DiskRestorePointUsedByCustomer",
        "There is an active shared access signature outstanding for disk restore point. Call EndGetAccess before \
         deleting the restore point.",
    );
    golden.message(
        "access_signature",
        &told(&refusal(Method::DELETE, &id.path(), 409, &access)),
    );
    let permission = forbidden(
        "Microsoft.Compute/restorePointCollections/restorePoints/delete",
        &id.path(),
    );
    golden.message(
        "permission",
        &told(&refusal(Method::DELETE, &id.path(), 403, &permission)),
    );
}
