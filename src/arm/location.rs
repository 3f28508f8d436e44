//! Azure locations and their two spellings.

/// Whether two spellings name the same Azure location: "West US 2" is `westus2`.
///
/// Azure itself answers with either (a recorded collection has `centraluseuap` as its location and
/// `CentralUSEUAP` as its source's), so a difference in case and spaces means nothing.
pub fn same(one: &str, other: &str) -> bool {
    normalized(one).eq(normalized(other))
}

fn normalized(location: &str) -> impl Iterator<Item = char> + '_ {
    location
        .chars()
        .filter(|character| !character.is_whitespace())
        .map(|character| character.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_is_not_a_difference() {
        #[track_caller]
        fn check(one: &str, other: &str, expected: bool) {
            assert_eq!(same(one, other), expected, "{one:?} and {other:?}");
            assert_eq!(same(other, one), expected, "{other:?} and {one:?}");
        }
        check("West US 2", "westus2", true);
        check("centraluseuap", "CentralUSEUAP", true);
        check(" eastus ", "eastus", true);
        check("westus", "westus2", false);
        check("", "westus", false);
    }
}
