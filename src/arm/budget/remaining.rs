//! What Azure says is left of its limits. Pure.

use reqwest::header::HeaderMap;

/// One header or several, each with one `policy;remaining` or several between commas.
const HEADER: &str = "x-ms-ratelimit-remaining-resource";

/// With this much left nobody needs to hurry or to hold back: a process that uses its half of
/// the limit alone never sees less.
const COMFORTABLE: u32 = 200;

/// However little is left, going slower than this gains nothing: the next minute brings more.
const SLOWNESS_MAX: u32 = 10;

/// How many times slower to ask for restore points after this answer.
pub(super) fn slowness(headers: &HeaderMap) -> u32 {
    match least_left(headers) {
        Some(left) => (COMFORTABLE / left.max(1)).clamp(1, SLOWNESS_MAX),
        None => 1,
    }
}

/// The least that is left of any limit on looking at resources.
fn least_left(headers: &HeaderMap) -> Option<u32> {
    let headers = headers.get_all(HEADER).iter();
    let texts = headers.filter_map(|value| value.to_str().ok());
    let policies = texts.flat_map(|text| text.split(','));
    let left = policies.filter_map(|policy| {
        let (name, left) = policy.rsplit_once(';')?;
        limits_looks(name).then_some(())?;
        // What is overdrawn is at its end.
        left.trim().parse::<i64>().ok()
    });
    let left = left.min()?;
    Some(u32::try_from(left.max(0)).unwrap_or(u32::MAX))
}

/// Whether a policy is about looking at resources: not about changes, and not about operations,
/// which have a larger limit. Azure has renamed its policies before.
fn limits_looks(name: &str) -> bool {
    let name = name
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    name.contains("get") && !name.contains("getoperation")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_the_header_is_read() {
        #[track_caller]
        fn check(values: &[&str], expected: Option<u32>) {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(HEADER, value.parse().unwrap());
            }
            assert_eq!(least_left(&headers), expected, "{values:?}");
        }
        let low_cost = "Microsoft.Compute/LowCostGetRestorePointSubscriptionMaximum;599";
        check(&[], None);
        check(&[low_cost], Some(599));
        check(
            &[&format!("{low_cost},Microsoft.Compute/GetNext;12")],
            Some(12),
        );
        check(&["Microsoft.Compute/GetNext; 12 ", low_cost], Some(12));
        check(
            &[
                "Microsoft.Compute/LowCostGetRestorePoint3Min;499,Microsoft.Compute/LowCostGetRestorePoint30Min;2499",
            ],
            Some(499),
        );
        check(
            &["microsoft.compute/lowcostgetrestorepoint3min;-3"],
            Some(0),
        );
        check(&["LowCostGetRestorePoint3Min;99999999999"], Some(u32::MAX));
        check(
            &[
                "Microsoft.Compute/GetOperationResource;59,Microsoft.Compute/PutRestorePointResource;5",
            ],
            None,
        );
        check(
            &["Microsoft.Compute/GetNext;many", "GetNext", ";", "", ",;,"],
            None,
        );
    }

    #[test]
    fn every_cell_of_the_table() {
        #[track_caller]
        fn check(left: &str, expected: u32) {
            let mut headers = HeaderMap::new();
            let value =
                format!("Microsoft.Compute/LowCostGetRestorePointSubscriptionMaximum;{left}");
            headers.insert(HEADER, value.parse().unwrap());
            assert_eq!(slowness(&headers), expected, "{left} left");
        }
        check("599", 1);
        check("200", 1);
        check("100", 2);
        check("50", 4);
        check("20", 10);
        check("0", 10);
        check("unknown", 1);
    }
}
