//! Every exit code, and what is said with it.

use azure_simulator::{Fault, Replication};

use super::{Copies, start};
use crate::support::plugin::{binary, command, limited};
use crate::support::terraform::{finish, signal};

const REPLICATING: Replication = Replication::Replicating(40);

#[tokio::test(flavor = "multi_thread")]
async fn one_look_tells_what_there_is() {
    let copies = Copies::none().await;
    let empty = copies.collection.clone();
    let failed = copies.add("monday", Replication::Failed(62));
    let running = copies.add("tuesday", REPLICATING);
    let day = copies.add_taken("day", 20, Replication::Succeeded);
    let source = copies.world.source.clone();
    let source_point = format!("{source}/restorePoints/monday");
    let missing = failed.replace("monday", "nobody");
    let elsewhere = failed.replace("web-dr", "mail-dr");
    let stranger = failed.replace(
        &copies.world.azure.subscription_id(),
        "5a1b2c3d-1111-4000-8000-1234567890ab",
    );
    let no_collection = empty.replace("web-dr", "mail-dr");
    for (arguments, code, text) in [
        (&[&*day][..], 0, "web-dr/day is usable."),
        (&[&day, "--max-age", "30h"], 0, "web-dr/day is usable."),
        (
            &[&day, "--max-age", "10h"],
            1,
            "web-dr/day is too old: 20 h 0 min, and --max-age is 10h0m0s.",
        ),
        (
            &[&running],
            3,
            "web-dr/tuesday is not usable yet: 40 % replicated (slowest disk",
        ),
        (
            &[&failed],
            1,
            "web-dr/monday failed (os at 62 %, data-0 at 62 %, data-1 at 62 %).",
        ),
        // Failed beats not yet, and what is usable beside it helps nothing.
        (
            &[&running, &failed, &day],
            1,
            "Azure cannot resume a failed copy",
        ),
        (
            &[&missing],
            1,
            "/web-dr/restorePoints/nobody does not exist. The answer was 404",
        ),
        (
            &[&elsewhere],
            1,
            "/mail-dr/restorePoints/monday does not exist.",
        ),
        (&[&stranger], 1, "The answer was 404 SubscriptionNotFound"),
        (&[&no_collection], 1, "/mail-dr does not exist."),
        (&[&missing, &running], 1, "tuesday is not usable yet"),
        (
            &[&source_point],
            1,
            "is no copy: it was taken from a virtual machine.",
        ),
        (
            &[&source],
            2,
            "it is not a collection that another collection is copied into.",
        ),
        (
            &[&empty],
            1,
            "web-dr: 3 copies: 1 usable, 1 not yet, 1 failed; newest source: day,",
        ),
    ] {
        let mut all = vec!["--once"];
        all.extend(arguments);
        copies.watch(&all).await.expect_code(code).expect_text(text);
    }
    for id in [&failed, &running] {
        copies.world.azure.remove(id);
    }
    // Of a collection the newest usable copy counts, however old the others are.
    copies.add("monday", Replication::Succeeded);
    for (max_age, code, text) in [
        ("30h", 0, "Every copy is usable."),
        (
            "10h",
            1,
            "The newest usable copy of web-dr is too old: day is 20 h 0 min old, and --max-age is 10h0m0s.",
        ),
    ] {
        let output = copies
            .watch(&["--once", "--max-age", max_age, &empty])
            .await;
        output.expect_code(code).expect_text(text);
    }
    copies.world.azure.remove(&day);
    copies.world.azure.remove(&copies.world.copy_id());
    copies
        .watch(&["--once", &empty])
        .await
        .expect_code(1)
        .expect_text("web-dr has no copies.");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_word_about_the_end_an_unknown_id_ends_at_once_too() {
    let copies = Copies::none().await;
    let missing = copies.world.copy_id();
    copies
        .watch(&[&missing])
        .await
        .expect_code(1)
        .expect_text("does not exist")
        .expect_text("(x-ms-request-id: ");
    assert_eq!(copies.world.azure.count("GET", "/restorePoints/monday"), 1);
}

#[tokio::test]
async fn help_is_no_error_and_bad_usage_is() {
    let run = async |arguments: &[&str], variables: &[(&str, &str)]| {
        let mut command = command(binary());
        command
            .args(arguments)
            .env("ARM_USE_CLI", "false")
            .envs(variables.iter().copied());
        let output = limited(command.output()).await.expect("it runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        (
            output.status.code(),
            text(output.stdout),
            text(output.stderr),
        )
    };
    let (code, stdout, stderr) = run(&["--help"], &[]).await;
    assert!(stdout.contains("watch [OPTIONS] ID..."), "{stdout}");
    assert_eq!((code, &*stderr), (Some(0), ""));
    let (code, stdout, stderr) = run(&["watch", "--help"], &[]).await;
    assert!(stdout.contains("--max-age DURATION"), "{stdout}");
    assert_eq!((code, &*stderr), (Some(0), ""));

    let point = "/subscriptions/5a1b2c3d-0000-4000-8000-1234567890ab/resourceGroups/rg-dr/providers\
                 /Microsoft.Compute/restorePointCollections/web-dr/restorePoints/monday";
    for (arguments, variables, expected) in [
        (&["watch"][..], &[][..], "There is no id"),
        (&["watch", "monday"], &[], "\"monday\" cannot be watched"),
        (
            &["watch", point, "--forever"],
            &[],
            "\"--forever\" is not an option of watch",
        ),
        (
            &["watch", point, "--timeout", "2d"],
            &[],
            "write days as hours",
        ),
        (
            &["watch", point],
            &[("ARM_USE_CLI", "perhaps")],
            "ARM_USE_CLI is neither true nor false",
        ),
        // Nobody to sign in as.
        (
            &["watch", point, "--once"],
            &[],
            "Cannot look at web-dr/monday.",
        ),
        (&["watch", point], &[], "Cannot look at web-dr/monday."),
    ] {
        let (code, stdout, stderr) = run(arguments, variables).await;
        assert_eq!(code, Some(2), "{arguments:?}: {stderr}");
        assert!(stderr.contains(expected), "{arguments:?}: {stderr}");
        assert!(!stdout.contains(expected), "said twice: {stdout}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn time_is_up_whatever_is_seen() {
    let (copies, id) = Copies::one(REPLICATING).await;
    copies
        .watch(&["--timeout", "1s", &id])
        .await
        .expect_code(3)
        .expect_text("web-dr/monday: 40 % replicated")
        .expect_text("web-dr/monday is not usable yet: 40 % replicated");
    let azure = &copies.world.azure;
    azure.fault(Fault::close(false).on("GET", "/restorePointCollections/"));
    for arguments in [
        &["--timeout=1s", &*id][..],
        &["--once", "--timeout=1s", &id],
        &["--timeout=1s", &copies.collection],
    ] {
        copies
            .watch(arguments)
            .await
            .expect_code(3)
            .expect_text("Lost the connection to 127.0.0.1");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_interrupts_it_gets_his_shell_back() {
    for name in ["INT", "TERM"] {
        let (copies, id) = Copies::one(REPLICATING).await;
        let process = copies.start(&[&id, &copies.collection]);
        copies.world.wait_for_looks(3).await;
        signal(&process, name, false);
        finish(process)
            .await
            .expect_code(130)
            .expect_text("Interrupted; web-dr/monday goes on copying in Azure: 40 % replicated");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_leaves_ends_it() {
    let (copies, id) = Copies::one(REPLICATING).await;
    let mut process = start(copies.command(&["--json", &id]));
    copies.world.wait_for_looks(2).await;
    drop(process.stdout.take());
    copies
        .world
        .azure
        .set_disks(&id, Replication::Replicating(41));
    let status = limited(process.wait()).await.expect("it ends");
    assert_eq!(status.code(), Some(130));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_is_lost_for_good_ends_it() {
    let (copies, id) = Copies::one(REPLICATING).await;
    let process = copies.start(&[&id]);
    copies.world.wait_for_looks(2).await;
    copies.world.azure.revoke_client(7000222);
    copies.world.azure.expire_tokens();
    finish(process)
        .await
        .expect_code(2)
        .expect_text("Cannot look at web-dr/monday.")
        .expect_text("AADSTS7000222");
}
