//! What stands behind `watch` on the command line.

use std::time::Duration;

use crate::arm::resource_id::{RestorePointCollectionId, RestorePointId};
use crate::duration;

/// What `watch --help` prints.
pub(super) const HELP: &str = "\
Usage: terraform-provider-azrestorepoint watch [OPTIONS] ID...

Shows how copies of restore points get on, until each of them is usable. An ID is the
resource id of a restore point, or of a restore point collection: that watches all its
copies, and tells its newest source, its newest usable copy and the age of that.
Copying goes on in Azure whether it is watched or not.

  --timeout DURATION  end after this time, such as 30m or 8h
  --once              look once and end
  --max-age DURATION  a copy is too old if its source is older than this, such as 30h;
                      of a collection only the newest usable copy counts
  --json              print a JSON object on each line
  --help              print this text

It signs in with the same ARM_* environment variables as the provider. On a terminal it
shows progress bars, anywhere else it prints a line when something has changed.

Exit codes:
  0    all are usable
  1    one failed, is too old or does not exist, or a collection has no copies
  2    the command line or the settings are wrong, or signing in was refused
  3    not yet usable when --timeout or --once ended the watch
  130  interrupted";

/// What to watch, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arguments {
    pub(super) targets: Vec<Target>,
    pub(super) json: bool,
    pub(super) once: bool,
    pub(super) timeout: Option<Duration>,
    pub(super) max_age: Option<Duration>,
}

/// What an id names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Copy(RestorePointId),
    Collection(RestorePointCollectionId),
}

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Parsed {
    Help,
    Watch(Arguments),
}

/// Reads the arguments. Options may stand anywhere, with one dash or two, and everything behind
/// `--` is an id.
///
/// # Errors
/// Says which argument cannot be used, and why.
pub(super) fn parse(arguments: &[String]) -> Result<Parsed, String> {
    let mut options = arguments.iter().take_while(|argument| *argument != "--");
    if options.any(|option| ["--help", "-help", "-h"].contains(&option.as_str())) {
        return Ok(Parsed::Help);
    }
    let mut parsed = Arguments {
        targets: Vec::new(),
        json: false,
        once: false,
        timeout: None,
        max_age: None,
    };
    let mut arguments = arguments.iter();
    let mut only_ids = false;
    while let Some(argument) = arguments.next() {
        let option = argument
            .strip_prefix('-')
            .map(|rest| rest.strip_prefix('-').unwrap_or(rest));
        let Some(option) = option.filter(|_| !only_ids) else {
            let target = target(argument)?;
            if !parsed.targets.contains(&target) {
                parsed.targets.push(target);
            }
            continue;
        };
        let (name, value) = match option.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (option, None),
        };
        match (name, value) {
            ("", None) => only_ids = true,
            ("json", None) => parsed.json = true,
            ("once", None) => parsed.once = true,
            ("timeout" | "max-age", value) => {
                let value = value.or_else(|| arguments.next().map(String::as_str));
                let duration = option_duration(name, value)?;
                if name == "timeout" {
                    parsed.timeout = Some(duration);
                } else {
                    parsed.max_age = Some(duration);
                }
            }
            ("json" | "once", Some(_)) => return Err(format!("--{name} takes no value.")),
            _ => return Err(format!("{argument:?} is not an option of watch.")),
        }
    }
    if parsed.targets.is_empty() {
        return Err("There is no id of a restore point or of a collection to watch.".to_owned());
    }
    Ok(Parsed::Watch(parsed))
}

fn option_duration(name: &str, value: Option<&str>) -> Result<Duration, String> {
    let Some(value) = value else {
        return Err(format!(
            "--{name} needs a duration, such as \"90s\" or \"30h\"."
        ));
    };
    match duration::parse(value) {
        Ok(duration) if duration.is_zero() => Err(format!("--{name} must be longer than zero.")),
        Ok(duration) => Ok(duration),
        Err(problem) => Err(format!("--{name}: {problem}.")),
    }
}

fn target(id: &str) -> Result<Target, String> {
    let collection = match RestorePointCollectionId::parse_strict(id) {
        Ok(collection) => return Ok(Target::Collection(collection)),
        Err(problem) => problem,
    };
    match RestorePointId::parse_strict(id) {
        Ok(point) => Ok(Target::Copy(point)),
        // Which of both is meant can be told by the kind of thing that the id names last.
        Err(problem) if id.to_ascii_lowercase().contains("/restorepoints") => {
            Err(format!("{id:?} cannot be watched: {problem}."))
        }
        Err(_) => Err(format!("{id:?} cannot be watched: {collection}.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLLECTION: &str = "/subscriptions/5a1b2c3d-0000-4000-8000-1234567890ab/resourceGroups/rg-dr\
                              /providers/Microsoft.Compute/restorePointCollections/web-dr";

    fn parsed(arguments: &[&str]) -> Result<Parsed, String> {
        let arguments: Vec<String> = arguments.iter().map(|&text| text.to_owned()).collect();
        parse(&arguments)
    }

    #[test]
    fn ids_and_options_may_stand_in_any_order() {
        let point = format!("{COLLECTION}/restorePoints/monday");
        let upper = COLLECTION.to_uppercase();
        let all = [
            "--json",
            &point,
            "--timeout=5m",
            COLLECTION,
            "-max-age",
            "30h",
            "--once",
            "--",
            &upper,
        ];
        let Ok(Parsed::Watch(found)) = parsed(&all) else {
            panic!("{:?}", parsed(&all));
        };
        let expected = Arguments {
            targets: vec![
                Target::Copy(RestorePointId::parse(&point).unwrap()),
                Target::Collection(RestorePointCollectionId::parse(COLLECTION).unwrap()),
            ],
            json: true,
            once: true,
            timeout: Some(Duration::from_secs(300)),
            max_age: Some(Duration::from_secs(30 * 3600)),
        };
        assert_eq!(found, expected);
        assert_eq!(parsed(&["nonsense", "--help"]), Ok(Parsed::Help));
        assert_eq!(parsed(&["-h"]), Ok(Parsed::Help));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        #[track_caller]
        fn check(arguments: &[&str], reason: &str) {
            let error = parsed(arguments).expect_err("a reason");
            assert!(error.contains(reason), "{arguments:?}: {error}");
        }
        check(&[], "no id");
        check(&["--json"], "no id");
        check(&["--verbose", COLLECTION], "\"--verbose\" is not an option");
        check(&["--json=yes", COLLECTION], "--json takes no value");
        check(&[COLLECTION, "--timeout"], "--timeout needs a duration");
        check(
            &["--timeout", "2d", COLLECTION],
            "--timeout: there is no unit \"d\"",
        );
        check(&["--max-age=0s", COLLECTION], "longer than zero");
        check(&["monday"], "\"monday\" cannot be watched");
        check(
            &[&format!("{COLLECTION}/restorePoints/")],
            "cannot be watched",
        );
        check(&["--", "--json"], "\"--json\" cannot be watched");
    }
}
