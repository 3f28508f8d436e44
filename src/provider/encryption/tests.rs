//! What is asked, against what Azure reports.

use serde_json::{Value as Json, json};

use super::*;
use crate::plugin::diagnostics::Severity;
use crate::provider::golden::{Golden, source, target};
use crate::provider::resources::already_exists;

const SETS: &str = "/subscriptions/5a1b2c3d-0000-4000-8000-1234567890ab/resourceGroups/rg-dr/providers/Microsoft.Compute/\
                    diskEncryptionSets";

fn set(name: &str) -> Value {
    format!("{SETS}/{name}").into()
}

fn disk_id(disk: &str) -> String {
    format!("{}/diskRestorePoints/{disk}_1", source())
}

/// The arguments for all disks, or the attributes of one.
fn encryption(kind: impl Into<Value>, set: impl Into<Value>) -> Value {
    Value::object([(TYPE, kind.into()), (SET, set.into())])
}

fn of_disk(disk: &str, mut encryption: Value) -> Value {
    encryption.insert(DISK, disk_id(disk).into());
    encryption
}

fn with_blocks(mut object: Value, blocks: Vec<Value>) -> Value {
    object.insert(DISKS, Value::set(blocks));
    object
}

fn null() -> Value {
    encryption(Value::Null, Value::Null)
}

/// A copy whose disks Azure reports like this, the one with the operating system first.
fn copy(disks: &[(&str, Value)]) -> Value {
    let disk = |(name, encryption): &(&str, Value)| {
        let mut disk = of_disk(name, encryption.clone());
        disk.insert("name", (*name).into());
        disk
    };
    Value::object([
        ("os_disk", disk(&disks[0])),
        (
            "data_disks",
            Value::List(disks[1..].iter().map(disk).collect()),
        ),
    ])
}

#[test]
fn every_cell_of_what_contradicts() {
    let reports = [
        encryption(PLATFORM_KEY, Value::Null),
        encryption(CUSTOMER_KEY, set("a")),
        encryption(BOTH_KEYS, set("a")),
        encryption(CUSTOMER_KEY, set("b")),
        encryption(CUSTOMER_KEY, Value::Null),
        encryption(PLATFORM_KEY.to_lowercase(), Value::Null),
        null(),
    ];
    let table = [
        (null(), [false; 7]),
        (
            encryption(PLATFORM_KEY, Value::Null),
            [false, true, true, true, true, false, false],
        ),
        (
            encryption(CUSTOMER_KEY, set("A")),
            [true, false, true, true, false, true, false],
        ),
        (
            encryption(BOTH_KEYS, set("a")),
            [true, true, false, true, true, true, false],
        ),
        (
            // A set alone says nothing of the type, but that it is one with a key of the customer's.
            encryption(Value::Null, set("a")),
            [true, false, false, true, false, true, false],
        ),
        (encryption(Value::Unknown, set("a")), [false; 7]),
    ];
    for (asked, row) in table {
        for (report, expected) in reports.iter().zip(row) {
            let copy = copy(&[("os", report.clone())]);
            let found = Encryption::of(&asked).is_contradicted_by(&copy);
            assert_eq!(found, expected, "{asked:?} {report:?}");
        }
    }
}

#[test]
fn a_disk_with_a_wish_of_its_own_has_no_other() {
    let customer = encryption(CUSTOMER_KEY, set("a"));
    let platform = encryption(PLATFORM_KEY, Value::Null);
    let own = of_disk("DATA", platform.clone());
    let asked = Encryption::of(&with_blocks(customer.clone(), vec![own.clone()]));
    let names = |disks: &[(&str, Value)]| {
        let differences = asked.differences(&copy(disks)).into_iter();
        differences
            .map(|difference| difference.disk)
            .collect::<Vec<_>>()
    };
    let (os, data) = ("os", "data");
    assert!(names(&[(os, customer.clone()), (data, platform.clone())]).is_empty());
    assert_eq!(
        names(&[(os, platform.clone()), (data, customer.clone())]),
        [os, data]
    );
    assert_eq!(
        names(&[(os, customer.clone()), (data, customer.clone())]),
        [data]
    );
    // Whose disk it is cannot be told before Azure says what it is a copy of.
    let mut unnamed = copy(&[(os, platform.clone())]);
    let mut os_disk = unnamed.get("os_disk").clone();
    os_disk.insert(DISK, Value::Null);
    unnamed.insert("os_disk", os_disk);
    assert!(!asked.is_contradicted_by(&unnamed));
    assert!(Encryption::of(&customer).is_contradicted_by(&unnamed));

    // What is not known yet may be meant for any disk.
    let mut unknown = own;
    unknown.insert(DISK, Value::Unknown);
    let unknown = Encryption::of(&with_blocks(customer, vec![unknown]));
    assert!(unknown.is_nothing());
}

fn point(disks: &[(&str, &str)]) -> RestorePoint {
    let disk = |(name, kind): &(&str, &str)| {
        let point = json!({"id": disk_id(name), "encryption": {"type": kind}});
        json!({"name": name, "diskRestorePoint": point})
    };
    let data_disks: Vec<Json> = disks[1..].iter().map(disk).collect();
    let storage = json!({"osDisk": disk(&disks[0]), "dataDisks": data_disks});
    let point = json!({"properties": {"sourceMetadata": {"storageProfile": storage}}});
    serde_json::from_value(point).expect("a restore point")
}

#[test]
fn each_disk_is_asked_for_by_its_id_in_the_source() {
    let point = point(&[("os", PLATFORM_KEY), ("data", CUSTOMER_KEY)]);
    let asked_for = |disk: &str, kind: &str, set: Option<&str>| DiskCopyEncryption {
        source_disk_restore_point_id: disk_id(disk),
        encryption_type: kind.to_owned(),
        disk_encryption_set_id: set.map(|name| format!("{SETS}/{name}")),
    };
    let nothing = Encryption::of(&null());
    assert_eq!(nothing.request(&point), Ok(CopyEncryption::default()));
    assert!(nothing.leaves_customer_keys(&point));

    // Azure is told the type, also where a set alone is given.
    let all = Encryption::of(&encryption(Value::Null, set("a")));
    let expected = CopyEncryption {
        os_disk: Some(asked_for("os", CUSTOMER_KEY, Some("a"))),
        data_disks: vec![asked_for("data", CUSTOMER_KEY, Some("a"))],
    };
    assert_eq!(all.request(&point), Ok(expected));
    assert!(!all.leaves_customer_keys(&point));

    let platform = encryption(PLATFORM_KEY, Value::Null);
    let one = |disk: &str| with_blocks(null(), vec![of_disk(disk, platform.clone())]);
    let expected = CopyEncryption {
        os_disk: None,
        data_disks: vec![asked_for("data", PLATFORM_KEY, None)],
    };
    let data = Encryption::of(&one("DATA"));
    assert_eq!(data.request(&point), Ok(expected));
    assert!(!data.leaves_customer_keys(&point));
    assert!(Encryption::of(&one("os")).leaves_customer_keys(&point));
    assert_eq!(
        Encryption::of(&one("logs")).request(&point),
        Err(Unaskable::UnknownDisk(disk_id("logs")))
    );

    let mut unnamed = point;
    let storage = &mut unnamed.properties.source_metadata.storage_profile;
    storage.data_disks[0].disk_restore_point = None;
    assert_eq!(all.request(&unnamed), Err(Unaskable::UnnamedDisks));
    assert_eq!(nothing.request(&unnamed), Ok(CopyEncryption::default()));
}

#[test]
fn it_comes_back_from_json() {
    let own = of_disk("data", encryption(PLATFORM_KEY, Value::Null));
    let both = with_blocks(encryption(Value::Null, set("a")), vec![own]);
    for asked in [Encryption::default(), Encryption::of(&both)] {
        let json = serde_json::to_value(&asked).expect("plain fields");
        assert_eq!(serde_json::from_value::<Encryption>(json).ok(), Some(asked));
    }
}

#[test]
fn each_problem_is_told_on_its_argument() {
    #[track_caller]
    fn check(config: &Value, expected: &[&str]) {
        let mut found = validate(config);
        found.append(validate_blocks(config));
        let arguments: Vec<String> = found
            .iter()
            .map(|told| told.attribute.as_ref().expect("an argument").to_string())
            .collect();
        assert_eq!(arguments, expected, "{found:?}");
    }
    check(&null(), &[]);
    check(&encryption(PLATFORM_KEY, Value::Null), &[]);
    check(&encryption(BOTH_KEYS, set("a")), &[]);
    check(&encryption(Value::Null, set("a")), &[]);
    check(&encryption("Rot13", Value::Null), &[TYPE]);
    check(&encryption(CUSTOMER_KEY.to_lowercase(), set("a")), &[TYPE]);
    check(&encryption(CUSTOMER_KEY, Value::Null), &[TYPE]);
    check(&encryption(BOTH_KEYS, Value::Null), &[TYPE]);
    check(&encryption(PLATFORM_KEY, set("a")), &[SET]);
    check(&encryption(CUSTOMER_KEY, "/keys/1"), &[SET]);
    check(&encryption(CUSTOMER_KEY, source().to_string()), &[SET]);
    // What is not known yet may turn out right.
    check(&encryption(CUSTOMER_KEY, Value::Unknown), &[]);
    check(&encryption(Value::Unknown, set("a")), &[]);

    let block = |config: Vec<Value>| {
        let mut config = with_blocks(null(), config);
        config.insert("source_restore_point_id", source().to_string().into());
        config
    };
    let platform = || encryption(PLATFORM_KEY, Value::Null);
    check(&block(vec![of_disk("os", platform())]), &[]);
    check(&block(vec![of_disk("os", null())]), &[DISKS]);
    check(
        &block(vec![of_disk("os", encryption(CUSTOMER_KEY, Value::Null))]),
        &[DISKS],
    );
    check(
        &block(vec![
            of_disk("os", platform()),
            of_disk("OS", encryption(CUSTOMER_KEY, set("a"))),
        ]),
        &[DISKS],
    );
    let mut foreign = platform();
    let of_another = disk_id("os").replace("/monday/", "/tuesday/");
    foreign.insert(DISK, of_another.into());
    check(&block(vec![foreign.clone()]), &[DISKS]);
    foreign.insert(DISK, source().to_string().into());
    check(&block(vec![foreign.clone()]), &[DISKS]);
    foreign.insert(DISK, Value::Unknown);
    check(&block(vec![foreign]), &[]);
    check(&block(vec![Value::Unknown]), &[]);
}

#[test]
fn every_message() {
    let mut golden = Golden::folder("encryption");
    let own = of_disk("data-2", encryption(PLATFORM_KEY, Value::Null));
    let asked = Encryption::of(&with_blocks(encryption(Value::Null, set("dr")), vec![own]));
    let platform = encryption(PLATFORM_KEY, Value::Null);
    let one = copy(&[("os", encryption(CUSTOMER_KEY, set("web")))]);
    let one = asked.differences(&one);
    let mut disks: Vec<(&str, Value)> = ["os", "data-0", "data-1"]
        .map(|name| (name, platform.clone()))
        .into();
    disks.push(("data-2", encryption(BOTH_KEYS, set("dr"))));
    disks.extend(["data-3", "data-4", "data-5"].map(|name| (name, platform.clone())));
    let many = asked.differences(&copy(&disks));
    let (id, source) = (target(), source());

    golden.message("differs", &differs(&id, &asked, &one));
    golden.message("differs_in_many_disks", &differs(&id, &asked, &many));
    golden.message("differs_in_mirror", &differs_in_mirror(&id, &asked, &one));
    golden.message("imported_otherwise", &imported_otherwise(&id, &asked, &one));
    golden.message("is_there_otherwise", &is_there_otherwise(&id, &asked, &one));
    let taken = already_exists("azrestorepoint_copy", &id.to_string());
    golden.message("exists_otherwise", &exists_otherwise(taken, &one));
    for (name, problem, severity) in [
        (
            "unknown_disk",
            Unaskable::UnknownDisk(disk_id("logs")),
            Severity::Error,
        ),
        (
            "unknown_disk_in_a_plan",
            Unaskable::UnknownDisk(disk_id("logs")),
            Severity::Warning,
        ),
        ("unnamed_disks", Unaskable::UnnamedDisks, Severity::Error),
    ] {
        let told = unaskable(&problem, severity, &id, &source, &asked);
        golden.message(name, &told);
    }
    golden.message(
        "customer_keys_left",
        &customer_keys_left(&source, &id.to_string()),
    );
    let key = of_disk("os", encryption(CUSTOMER_KEY, Value::Null));
    let mut bad = with_blocks(encryption(PLATFORM_KEY, set("dr")), vec![key]);
    for (name, diagnostics) in [
        ("set_with_platform_key", validate(&bad)),
        ("customer_key_without_set", validate_blocks(&bad)),
        ("not_a_set", {
            bad.insert(SET, "https://vault.example/keys/disk/1".into());
            validate(&bad)
        }),
    ] {
        let told = diagnostics.iter().next().expect("a message");
        golden.message(name, told);
    }
}
