//! How a copy is named: as its source, unless another moment has that name.

use time::OffsetDateTime;
use time::UtcOffset;

use super::rules::{CopyPoint, SourcePoint};

/// Azure's limit for the name of a restore point.
const NAME_CHARACTERS_MAX: usize = 80;

/// How many names are tried. A second one is rare, a third one absurd.
const NAMES_MAX: usize = 100;

/// The name of the copy to make of this source, beside these copies; `None` where every name is
/// taken.
///
/// A copy of this very moment does not take the name: it has failed, and goes first.
pub(super) fn of_copy(source: &SourcePoint, copies: &[CopyPoint]) -> Option<String> {
    let is_free = |name: &String| {
        let mut others = copies.iter().filter(|copy| copy.time != Some(source.time));
        !others.any(|copy| copy.name.eq_ignore_ascii_case(name))
    };
    let own = std::iter::once(source.name.clone());
    let dated = with_suffix(&source.name, &moment(source.time));
    let counted = (2..NAMES_MAX).map(|number| with_suffix(&dated, &number.to_string()));
    own.chain(std::iter::once(dated.clone()))
        .chain(counted)
        .find(is_free)
}

fn with_suffix(name: &str, suffix: &str) -> String {
    let kept = NAME_CHARACTERS_MAX - suffix.len() - 1;
    let name: String = name.chars().take(kept).collect();
    format!("{name}-{suffix}")
}

/// `yyyymmddhhmmss`, in UTC.
fn moment(time: OffsetDateTime) -> String {
    let utc = time.to_offset(UtcOffset::UTC);
    format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}",
        utc.year(),
        u8::from(utc.month()),
        utc.day(),
        utc.hour(),
        utc.minute(),
        utc.second()
    )
}

#[cfg(test)]
mod tests {
    use crate::arm::compute::models::instant;

    use super::super::rules::{CopyState, Readiness};
    use super::*;

    const MONDAY: &str = "2026-11-16T01:02:03.5Z";

    #[track_caller]
    fn check(name: &str, taken: &[(&str, &str)], expected: &str) {
        let source = SourcePoint {
            name: name.to_owned(),
            time: instant(MONDAY).expect("a time"),
            time_created: MONDAY.to_owned(),
            consistency_mode: None,
            readiness: Readiness::Ready,
            has_customer_key: false,
        };
        let copies: Vec<_> = taken
            .iter()
            .map(|(name, time)| CopyPoint {
                name: (*name).to_owned(),
                is_ours: true,
                time: instant(time),
                state: CopyState::Usable,
            })
            .collect();
        assert_eq!(of_copy(&source, &copies).as_deref(), Some(expected));
    }

    #[test]
    fn a_copy_has_its_source_s_name_unless_another_moment_has_it() {
        let sunday = "2026-11-15T01:00:00Z";
        check("nightly", &[], "nightly");
        check("nightly", &[("nightly-1", sunday)], "nightly");
        check("nightly", &[("nightly", MONDAY)], "nightly");
        check("nightly", &[("NIGHTLY", sunday)], "nightly-20261116010203");
        check(
            "nightly",
            &[("nightly", sunday), ("nightly-20261116010203", sunday)],
            "nightly-20261116010203-2",
        );
        let long = "n".repeat(80);
        let expected = format!("{}-20261116010203", "n".repeat(65));
        check(&long, &[(&long, sunday)], &expected);
    }
}
