//! Lists, as `terraform query` reads them: one object after the other, and no more than it wants.

use azrestorepoint::plugin::value::Value;

use crate::support::core::{Core, Told, test_provider};

const THING: &str = "azrestorepoint_thing";

fn things(core: &Core, names: &[&str], on_end: Option<&str>) -> Value {
    let names = names.iter().map(|name| Value::from(*name)).collect();
    let arguments = [
        ("names", Value::List(names)),
        ("on_end", Value::string(on_end)),
    ];
    core.list_config(THING, &arguments)
}

#[tokio::test]
async fn a_list_has_identities_and_the_objects_only_if_asked_for() {
    let mut core = Core::start(&test_provider(), &[]).await;
    let config = things(&core, &["a", "b"], None);
    for includes_object in [false, true] {
        let (found, told) = core.list_all(THING, &config, includes_object, 100).await;
        assert!(told.errors.is_empty(), "{}", told.text());
        let names: Vec<_> = found.iter().map(|found| &*found.display_name).collect();
        assert_eq!(names, ["The a", "The b"]);
        assert_eq!(found[0].identity.get("realm"), &Value::from("here"));
        let mode = found[1].object.get("mode");
        assert_eq!(mode.as_str(), includes_object.then_some("fast"));
    }
    let bad = things(&core, &[], Some("bad"));
    let told = core.validate_list(THING, &bad).await;
    assert!(told.text().contains("Bad end"), "{}", told.text());
    assert!(core.validate_list(THING, &config).await.errors.is_empty());
}

#[tokio::test]
async fn a_limit_ends_a_list_that_would_not() {
    let mut core = Core::start(&test_provider(), &[]).await;
    let config = things(&core, &["a"], Some("endless"));
    let (found, told) = core.list_all(THING, &config, false, 1000).await;
    assert_eq!((found.len(), told.errors.len()), (1000, 0));
    // Without a limit it is the reader that has enough.
    let mut listing = core.list(THING, &config, false, 0).await;
    let mut told = Told::default();
    for _ in 0..1001 {
        let found = core.next(&mut listing, &mut told).await;
        assert!(found.is_some());
    }
}

#[tokio::test]
async fn what_goes_wrong_is_the_last_event() {
    let mut core = Core::start(&test_provider(), &[]).await;
    for (on_end, text) in [
        ("error", "Told to fail: In a list."),
        ("panic", "The provider has a bug"),
    ] {
        let config = things(&core, &["a", "b"], Some(on_end));
        let (found, told) = core.list_all(THING, &config, false, 100).await;
        assert_eq!((found.len(), told.errors.len()), (2, 1), "{on_end}");
        assert!(told.text().contains(text), "{}", told.text());
    }
    let mut config = things(&core, &[], None);
    config.insert("names", Value::Unknown);
    let (found, told) = core.list_all(THING, &config, false, 100).await;
    assert!(found.is_empty());
    assert!(told.text().contains("known arguments"), "{}", told.text());
}

/// A list that waits ends when Terraform asks to stop, and when nobody reads it any more.
#[tokio::test]
async fn a_list_that_waits_hears_stop_and_the_reader_s_leaving() {
    for reader_leaves in [false, true] {
        let mut core = Core::start(&test_provider(), &[]).await;
        let config = things(&core, &["a"], Some("hang"));
        let mut listing = core.list(THING, &config, false, 100).await;
        let mut told = Told::default();
        assert!(core.next(&mut listing, &mut told).await.is_some());
        if reader_leaves {
            drop(listing);
        } else {
            core.stop().await;
            assert!(core.next(&mut listing, &mut told).await.is_none());
            assert!(told.text().contains("Told to stop"), "{}", told.text());
        }
        let config = things(&core, &[], Some("once_stopped"));
        let (found, _) = core.list_all(THING, &config, false, 100).await;
        assert_eq!(found.len(), 1);
    }
}
