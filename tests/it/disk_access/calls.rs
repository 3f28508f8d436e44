//! Call by call, as Terraform's core makes them.

use std::time::{Duration, SystemTime};

use azure_simulator::{AccessAgain, AccessResult, DiskAccess, Fault};
use serde_json::json;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{ACCESS, BEGIN, END, config, core, world};
use crate::support::core::stop;
use crate::support::plugin::limited;
use crate::support::proto::tfplugin6::{self as proto};
use crate::support::world::REQUEST_LIMIT;

const HOUR: Duration = Duration::from_secs(3600);

fn sas(value: &azrestorepoint::plugin::value::Value) -> String {
    value.get("access_sas").as_str().expect("a SAS").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn access_is_given_renewed_and_revoked_wherever_azure_shows_it() {
    let (world, disk) = world(|azure| azure).await;
    let mut core = core(&world).await;
    let config = config(&core, &disk, None);
    let places = [
        (AccessResult::AtOnce, None),
        (AccessResult::InStatus, None),
        (AccessResult::InStatus, Some("Location")),
        (AccessResult::BehindLocation, None),
        (AccessResult::BehindLocation, Some("Azure-AsyncOperation")),
    ];
    for (number, (result, missing)) in places.into_iter().enumerate() {
        world.azure.set_disk_access(DiskAccess {
            result,
            operations: ["DiskOperations", "operations"][number % 2],
            ..DiskAccess::default()
        });
        if let Some(header) = missing {
            let fault = Fault::delay(Duration::ZERO).without_header(header);
            world.azure.fault(fault.on("POST", BEGIN).times(1));
        }
        let began = SystemTime::now();
        let mut lease = core.open(ACCESS, &config).await.expect("access");
        let sas = sas(&lease.value);
        assert!(
            world.azure.opens_a_disk(&sas),
            "{result:?} without {missing:?}"
        );
        let ends = lease.value.get("expires_at").as_str().expect("a time");
        let ends = OffsetDateTime::parse(ends, &Rfc3339).expect("a time");
        let is_an_hour = |time: SystemTime| {
            let after = time.duration_since(began).expect("later");
            after > HOUR * 9 / 10 && after < HOUR + Duration::from_secs(30)
        };
        assert!(is_an_hour(ends.into()), "{ends}");
        let renew_at = lease.renew_at.expect("renewed");
        assert!(is_an_hour(renew_at) && renew_at < SystemTime::from(ends));
        let private = String::from_utf8(lease.private.clone().expect("a note")).expect("JSON");
        assert!(!private.contains("sig"), "{private}");

        assert_eq!(core.renew_lease(&mut lease).await.text(), "");
        assert!(lease.renew_at.expect("renewed again") >= renew_at);
        assert!(world.azure.opens_a_disk(&sas));
        assert_eq!(core.close(&lease).await.text(), "");
        assert!(!world.azure.opens_a_disk(&sas));
    }
    assert_eq!(world.azure.count("POST", BEGIN), 2 * places.len());
    assert_eq!(world.azure.count("POST", END), places.len());
    let asked = world.azure.requests();
    let asked = asked.iter().find(|request| request.matches("POST", BEGIN));
    assert_eq!(
        asked.expect("a request").body,
        json!({"access": "Read", "durationInSeconds": 3600})
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_that_extends_nothing_is_told() {
    let (world, disk) = world(|azure| azure).await;
    let mut core = core(&world).await;
    let config = config(&core, &disk, Some("30m"));
    for (again, signs_end, text) in [
        (AccessAgain::Extended, false, ""),
        (AccessAgain::Extended, true, "Azure has not extended it."),
        (AccessAgain::Replaced, false, "Azure has given another SAS."),
        (AccessAgain::Refused, false, "409 OperationNotAllowed"),
    ] {
        world.azure.set_disk_access(DiskAccess {
            again,
            signs_end,
            ..DiskAccess::default()
        });
        let mut lease = core.open(ACCESS, &config).await.expect("access");
        let sas = sas(&lease.value);
        let told = core.renew_lease(&mut lease).await;
        assert!(told.errors.is_empty(), "{}", told.text());
        assert!(told.text().contains(text), "{}", told.text());
        let was_extended = text.is_empty();
        assert_eq!(lease.renew_at.is_some(), was_extended);
        assert_eq!(told.text().is_empty(), was_extended);
        world.azure.advance(Duration::from_secs(29 * 60));
        assert_eq!(
            world.azure.opens_a_disk(&sas),
            again != AccessAgain::Replaced
        );
        let told = core.close(&lease).await;
        // The one that this run has was cut off, and what used it has failed.
        let was_cut_off = again == AccessAgain::Replaced;
        let is_told = told
            .text()
            .contains("Access to a disk ended before the run");
        assert_eq!(is_told, was_cut_off, "{}", told.text());
        assert!(told.errors.is_empty());
        assert!(!world.azure.opens_a_disk(&sas));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_of_several_blocks_revokes() {
    let (world, disk) = world(|azure| azure).await;
    let mut core = core(&world).await;
    let one = core
        .open(ACCESS, &config(&core, &disk, None))
        .await
        .expect("access");
    let loud = disk
        .to_uppercase()
        .replace("/SUBSCRIPTIONS", "/subscriptions");
    let shorter = config(&core, &loud, Some("10m"));
    let mut two = core.open(ACCESS, &shorter).await.expect("access");
    let sas = sas(&one.value);
    assert_eq!(two.value.get("access_sas").as_str(), Some(&*sas));
    let longer = config(&core, &disk, Some("2h"));
    let told = core.open(ACCESS, &longer).await.expect_err("a warning");
    assert!(told.errors.is_empty());
    let text = told.text();
    assert!(text.contains("Another block has opened"), "{text}");
    assert_eq!(world.azure.count("POST", BEGIN), 1);

    assert_eq!(core.renew_lease(&mut two).await.text(), "");
    assert_eq!(core.close(&one).await.text(), "");
    assert_eq!(core.close(&one).await.text(), "");
    assert!(world.azure.opens_a_disk(&sas));
    assert_eq!(world.azure.count("POST", END), 0);
    // The third one was opened with a warning, and is closed with the process.
    assert_eq!(core.close(&two).await.text(), "");
    assert!(world.azure.opens_a_disk(&sas));
    core.renew().await;
    assert!(!world.azure.opens_a_disk(&sas));
    assert_eq!(world.azure.count("POST", END), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_open_when_terraform_vanishes_is_revoked() {
    let (world, disk) = world(|azure| azure).await;
    let mut core = core(&world).await;
    let config = config(&core, &disk, None);
    let lease = core.open(ACCESS, &config).await.expect("access");
    assert!(world.azure.opens_a_disk(&sas(&lease.value)));
    let mut before = core.abandon().await;
    limited(before.process.wait()).await.expect("it has left");
    assert!(!world.azure.opens_a_disk(&sas(&lease.value)));
    // Another process revokes it just as well.
    let mut core = core.configured().await;
    assert_eq!(core.close(&lease).await.text(), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_to_nobody_is_taken_back() {
    let (world, disk) = world(|azure| azure).await;
    let mut core = core(&world).await;
    let config = config(&core, &disk, None);

    // The answer is lost, and Azure gives nothing twice.
    let again = AccessAgain::Refused;
    let refuses = DiskAccess {
        again,
        ..DiskAccess::default()
    };
    world.azure.set_disk_access(refuses);
    world
        .azure
        .fault(Fault::close(true).on("POST", BEGIN).times(1));
    let told = core.open(ACCESS, &config).await.expect_err("no access");
    assert!(told.text().contains("It was revoked"), "{}", told.text());
    assert_eq!(world.azure.count("POST", END), 1);

    let polls = world.azure.count("GET", "/DiskOperations/");
    // Stopped while Azure is at it: it has to be done with that before it can be taken back.
    world.azure.set_operation(HOUR);
    let request = proto::open_ephemeral_resource::Request {
        type_name: ACCESS.to_owned(),
        config: Some(core.encode(ACCESS, &config)),
        ..Default::default()
    };
    let mut client = core.client.clone();
    let open = tokio::spawn(async move { limited(client.open_ephemeral_resource(request)).await });
    let polled = world
        .azure
        .wait_for_count(REQUEST_LIMIT, "GET", "/DiskOperations/", polls + 1);
    polled.await.expect("it waits");
    stop(&mut core.client).await;
    let asked = world.azure.wait_for_count(REQUEST_LIMIT, "POST", END, 2);
    asked.await.expect("it is taken back");
    world.azure.set_operation(Duration::ZERO);
    world.azure.advance(HOUR);
    let answer = open
        .await
        .expect("no panic")
        .expect("an answer")
        .into_inner();
    let told = &answer.diagnostics[0];
    assert_eq!(told.summary, "Stopped while getting access to a disk");
    assert!(told.detail.contains("It was revoked"), "{}", told.detail);
    assert!(answer.result.is_none());
    // The next one gets access: nothing is open any more.
    let lease = core.open(ACCESS, &config).await.expect("access");
    core.close(&lease).await;

    // Nothing was given, so there is nothing to take back.
    let revoked = world.azure.count("POST", END);
    world
        .azure
        .fail_next_operation("InternalError", "No sas for you: ?sig=s3cret&x");
    let told = core.open(ACCESS, &config).await.expect_err("no access");
    let text = told.text();
    assert!(
        text.contains("No sas for you") && !text.contains("s3cret"),
        "{text}"
    );
    assert_eq!(world.azure.count("POST", END), revoked);
}

#[tokio::test(flavor = "multi_thread")]
async fn access_that_cannot_be_revoked_is_told_with_what_to_do() {
    let (world, disk) = world(|azure| azure).await;
    let mut core = core(&world).await;
    let lease = core
        .open(ACCESS, &config(&core, &disk, None))
        .await
        .expect("access");
    world
        .azure
        .fail_next_revocation("InternalError", "Come back later.");
    let told = core.close(&lease).await;
    let text = told.text();
    assert!(
        text.starts_with("Access to a disk was not revoked: "),
        "{text}"
    );
    let command = format!("az rest --method post --url \"{disk}/endGetAccess?api-version=");
    assert!(
        text.contains(&command) && text.contains("Come back later."),
        "{text}"
    );
    assert!(world.azure.opens_a_disk(&sas(&lease.value)));
    // A stop does not keep the next try from it.
    core.stop().await;
    assert_eq!(core.close(&lease).await.text(), "");
    assert!(!world.azure.opens_a_disk(&sas(&lease.value)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ended_before_is_told_when_it_is_closed() {
    let two_hours_ago = OffsetDateTime::now_utc() - 2 * HOUR;
    let signs_end = DiskAccess {
        signs_end: true,
        ..DiskAccess::default()
    };
    let (world, disk) = world(|azure| azure.start_time(two_hours_ago).disk_access(signs_end)).await;
    let mut core = core(&world).await;
    let lease = core
        .open(ACCESS, &config(&core, &disk, None))
        .await
        .expect("access");
    world
        .azure
        .fail_next_revocation("InternalError", "There is none.");
    let told = core.close(&lease).await;
    assert!(told.errors.is_empty(), "{}", told.text());
    let text = told.text();
    assert!(
        text.starts_with("Access to a disk ended before the run"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_never_be_opened_is_refused_where_it_stands() {
    let (world, disk) = world(|azure| azure).await;
    let mut core = core(&world).await;
    let point = disk
        .split("/diskRestorePoints/")
        .next()
        .expect("a point")
        .to_owned();
    for (id, duration, summary, detail) in [
        (
            &point,
            None,
            "Invalid disk_restore_point_id",
            "is the id of a restore point",
        ),
        (
            &"os".to_owned(),
            None,
            "Invalid disk_restore_point_id",
            "not a resource id",
        ),
        (&disk, Some("1d"), "Invalid duration", "write days as hours"),
        (&disk, Some("0s"), "Invalid duration", "at least 1s"),
        (&disk, Some("1441h"), "Invalid duration", "at most 60 days"),
    ] {
        let refused = core
            .open(ACCESS, &config(&core, id, duration))
            .await
            .expect_err(summary);
        let told = &refused.errors[0];
        assert!(told.attribute.is_some());
        assert_eq!(told.summary, summary);
        assert!(told.detail.contains(detail), "{}", told.detail);
    }
    assert_eq!(world.azure.count("", "/"), 0);

    // The data has not arrived yet.
    world
        .azure
        .set_disks(&point, azure_simulator::Replication::Replicating(40));
    let refused = core
        .open(ACCESS, &config(&core, &disk, None))
        .await
        .expect_err("too early");
    let text = refused.text();
    assert!(
        text.contains("has not arrived yet (Replicating, 40 %)"),
        "{text}"
    );
    assert_eq!(world.azure.count("POST", END), 0);
    assert_eq!(core.renew_nothing(ACCESS).await.text(), "");
}
