//! Azure's limits on the rate of requests, as token buckets.

use std::collections::BTreeMap;
use std::time::Duration;

use time::OffsetDateTime;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// The sizes of the token buckets that requests are charged to.
///
/// Compute has a bucket for each policy, per subscription and region, and those whose name ends
/// in `Resource` one per collection or operation. The gateway has three, `reads`, `writes` and
/// `deletes`, for the one principal that there is. All of them go by the simulator's clock.
///
/// The names are recorded, the gateway's numbers are documented. Assumed: that Compute's
/// capacities are one more than the recorded remainders, that its buckets are full again after
/// every minute (or what their name says), and that a refused request costs nothing.
///
/// ```
/// use azure_simulator::Throttling;
///
/// // A region that is asked by many others, too.
/// let busy = Throttling::default().capacity("LowCostGetRestorePointSubscriptionMaximum", 30);
/// ```
#[derive(Clone, Debug)]
pub struct Throttling {
    limits: BTreeMap<&'static str, Limit>,
}

#[derive(Clone, Copy, Debug)]
struct Limit {
    capacity: u32,
    /// What comes back at the beginning of every period.
    refill: u32,
    period: Duration,
}

impl Default for Throttling {
    fn default() -> Self {
        let whole = |capacity, period| Limit {
            capacity,
            refill: capacity,
            period,
        };
        let per_second = |capacity, refill| Limit {
            capacity,
            refill,
            period: SECOND,
        };
        Self {
            limits: BTreeMap::from([
                ("PutRestorePointCollectionResource", whole(15, MINUTE)),
                (
                    "PutRestorePointCollectionSubscriptionMaximum",
                    whole(150, MINUTE),
                ),
                ("PutRestorePointResource", whole(6, MINUTE)),
                ("PutRestorePointSubscriptionMaximum", whole(150, MINUTE)),
                (
                    "LowCostGetRestorePointSubscriptionMaximum",
                    whole(600, MINUTE),
                ),
                ("GetOperationResource", whole(60, MINUTE)),
                ("GetOperationSubscriptionMaximum", whole(15_000, MINUTE)),
                ("DeleteRestorePoints3Min", whole(350, 3 * MINUTE)),
                ("DeleteRestorePoints30Min", whole(1000, 30 * MINUTE)),
                ("reads", per_second(250, 25)),
                ("writes", per_second(200, 10)),
                ("deletes", per_second(200, 10)),
            ]),
        }
    }
}

impl Throttling {
    /// Lets the buckets of a policy hold so many tokens. One that was refilled wholly in every
    /// period still is.
    ///
    /// # Panics
    /// There is no such policy.
    #[must_use]
    #[track_caller]
    pub fn capacity(mut self, policy: &str, tokens: u32) -> Self {
        let limit = self.limit_mut(policy);
        if limit.refill == limit.capacity {
            limit.refill = tokens;
        }
        limit.capacity = tokens;
        self
    }

    /// Gives the buckets of a policy so many tokens back in every period.
    ///
    /// # Panics
    /// There is no such policy.
    #[must_use]
    #[track_caller]
    pub fn refill(mut self, policy: &str, tokens: u32) -> Self {
        self.limit_mut(policy).refill = tokens;
        self
    }

    #[track_caller]
    fn limit_mut(&mut self, policy: &str) -> &mut Limit {
        match self.limits.get_mut(policy) {
            Some(limit) => limit,
            None => panic!("there is no policy {policy}"),
        }
    }
}

/// The buckets of a running simulator.
#[derive(Debug)]
pub(crate) struct Buckets {
    throttling: Throttling,
    /// By policy, and by what the policy counts for.
    buckets: BTreeMap<(&'static str, String), Bucket>,
    /// How many requests each policy has refused.
    pub(crate) refused: BTreeMap<&'static str, usize>,
}

#[derive(Debug)]
struct Bucket {
    tokens: u32,
    /// The period that the last look at it was in.
    period: u32,
    /// Requests in that period that it had no token for.
    refused: u32,
}

/// A policy and what it counts for, such as a region.
pub(crate) type Charge = (&'static str, String);

/// The bucket that had no token left.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Exhausted {
    pub(crate) policy: &'static str,
    pub(crate) allowed: u32,
    pub(crate) measured: u32,
    /// The period whose end brings new tokens.
    pub(crate) begin: OffsetDateTime,
    pub(crate) end: OffsetDateTime,
}

impl Buckets {
    pub(crate) fn new(throttling: Throttling) -> Self {
        Self {
            throttling,
            buckets: BTreeMap::new(),
            refused: BTreeMap::new(),
        }
    }

    /// Takes a token from each of these buckets, or none from any of them.
    pub(crate) fn charge(
        &mut self,
        charges: &[Charge],
        now: OffsetDateTime,
    ) -> Result<(), Exhausted> {
        for (policy, counted_for) in charges {
            let limit = self.throttling.limits[policy];
            let bucket = self.look_into(policy, counted_for, now);
            if bucket.tokens > 0 {
                continue;
            }
            bucket.refused += 1;
            let begin = OffsetDateTime::UNIX_EPOCH + bucket.period * limit.period;
            let exhausted = Exhausted {
                policy,
                allowed: limit.capacity,
                measured: limit.capacity + bucket.refused,
                begin,
                end: begin + limit.period,
            };
            *self.refused.entry(policy).or_default() += 1;
            return Err(exhausted);
        }
        for (policy, counted_for) in charges {
            self.look_into(policy, counted_for, now).tokens -= 1;
        }
        Ok(())
    }

    /// How many tokens are left in each of these buckets.
    pub(crate) fn remaining(
        &mut self,
        charges: &[Charge],
        now: OffsetDateTime,
    ) -> Vec<(&'static str, u32)> {
        charges
            .iter()
            .map(|(policy, counted_for)| (*policy, self.look_into(policy, counted_for, now).tokens))
            .collect()
    }

    /// The bucket with everything that has come back since the last look.
    fn look_into(
        &mut self,
        policy: &'static str,
        counted_for: &str,
        now: OffsetDateTime,
    ) -> &mut Bucket {
        let limit = self.throttling.limits[policy];
        let since_epoch = Duration::try_from(now - OffsetDateTime::UNIX_EPOCH).unwrap_or_default();
        let period =
            u32::try_from(since_epoch.as_secs() / limit.period.as_secs()).unwrap_or(u32::MAX);
        let bucket = self
            .buckets
            .entry((policy, counted_for.to_ascii_lowercase()))
            .or_insert(Bucket {
                tokens: limit.capacity,
                period,
                refused: 0,
            });
        let passed = period.saturating_sub(bucket.period);
        if passed > 0 {
            let back = limit.refill.saturating_mul(passed);
            bucket.tokens = bucket.tokens.saturating_add(back).min(limit.capacity);
            bucket.period = period;
            bucket.refused = 0;
        }
        bucket
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-11-23 10:00:20 UTC);

    fn gets(region: &str) -> Vec<Charge> {
        vec![(
            "LowCostGetRestorePointSubscriptionMaximum",
            region.to_owned(),
        )]
    }

    #[test]
    fn a_bucket_is_full_again_after_a_minute() {
        let mut buckets = Buckets::new(
            Throttling::default().capacity("LowCostGetRestorePointSubscriptionMaximum", 2),
        );
        let charges = gets("westus2");
        for _ in 0..2 {
            assert_eq!(buckets.charge(&charges, NOW), Ok(()));
        }
        let exhausted = buckets.charge(&charges, NOW).unwrap_err();
        assert_eq!(exhausted.begin, datetime!(2026-11-23 10:00 UTC));
        assert_eq!(exhausted.end, datetime!(2026-11-23 10:01 UTC));
        assert_eq!((exhausted.allowed, exhausted.measured), (2, 3));
        // Another region has a bucket of its own, and the same one is known in any case.
        assert_eq!(buckets.charge(&gets("eastus"), NOW), Ok(()));
        assert!(buckets.charge(&gets("WestUS2"), NOW).is_err());
        assert_eq!(buckets.charge(&charges, exhausted.end), Ok(()));
        assert_eq!(buckets.remaining(&charges, exhausted.end)[0].1, 1);
        assert_eq!(buckets.refused.values().sum::<usize>(), 2);
    }

    #[test]
    fn the_gateway_gives_tokens_back_by_the_second() {
        let mut buckets = Buckets::new(Throttling::default().capacity("reads", 30));
        let reads = [("reads", String::new())];
        for _ in 0..30 {
            assert_eq!(buckets.charge(&reads, NOW), Ok(()));
        }
        assert!(buckets.charge(&reads, NOW).is_err());
        assert_eq!(buckets.remaining(&reads, NOW + SECOND)[0].1, 25);
        assert_eq!(buckets.remaining(&reads, NOW + 2 * SECOND)[0].1, 30);
    }

    #[test]
    fn a_refused_request_costs_nothing() {
        let mut buckets =
            Buckets::new(Throttling::default().capacity("PutRestorePointResource", 1));
        let charges = [
            ("PutRestorePointSubscriptionMaximum", "westus2".to_owned()),
            ("PutRestorePointResource", "web".to_owned()),
        ];
        assert_eq!(buckets.charge(&charges, NOW), Ok(()));
        assert!(buckets.charge(&charges, NOW).is_err());
        assert_eq!(buckets.remaining(&charges, NOW)[0].1, 149);
    }
}
