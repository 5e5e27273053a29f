//! How many first uses from new addresses are told one by one: enough that a stranger is seen among the many addresses of a
//! cloud, and not so many that whoever has a key and a network can fill the log with them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use crate::keys::model::KeyId;
use crate::kit::clock::Time;
use crate::kit::limit::{Gcra, Rate};
use crate::kit::lock::lock;

/// New addresses of one key that have an event each: twice as many as are listed, and one more every 43 seconds.
const TOLD: Rate = Rate { requests: 2_000, per: Duration::from_hours(24) };

/// The others are summed up this often.
const SUMMED: Duration = Duration::from_hours(1);

/// That the list is full is told this often.
const FULL: Duration = Duration::from_hours(24);

/// What was told of each key that is used from many addresses.
#[derive(Debug, Default)]
pub(super) struct Arrivals(Mutex<HashMap<KeyId, Told>>);

/// Keys remembered at once; past it, those that were quiet for a day are forgotten.
const MOST_KEYS: usize = 10_000;

#[derive(Debug, Default)]
struct Told {
    limit: Gcra,
    /// New addresses without an event, and the last of them.
    untold: Untold,
    seen_at: Duration,
    summed_at: Option<Time>,
    full_at: Option<Time>,
}

/// New addresses that have no event of their own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Untold {
    pub(super) count: u64,
    pub(super) last: Option<IpAddr>,
}

impl Arrivals {
    /// Whether another new address of this key has an event of its own, else it is counted.
    pub(super) fn is_told(&self, key: KeyId, address: IpAddr, ticks: Duration) -> bool {
        let mut all = lock(&self.0);
        if all.len() >= MOST_KEYS && !all.contains_key(&key) {
            all.retain(|_, told| ticks.saturating_sub(told.seen_at) < TOLD.per);
        }
        let told = all.entry(key).or_default();
        told.seen_at = ticks;
        let is_told = told.limit.take(TOLD, ticks).is_ok();
        if !is_told {
            told.untold.count += 1;
            told.untold.last = Some(address);
        }
        is_told
    }

    /// New addresses to be summed up now, if there are any.
    pub(super) fn sum_up(&self, key: KeyId, now: Time) -> Option<Untold> {
        let mut all = lock(&self.0);
        let told = all.get_mut(&key).filter(|told| told.untold.count > 0)?;
        if told.summed_at.is_some_and(|at| now.since(at) < SUMMED) {
            return None;
        }
        told.summed_at = Some(now);
        Some(std::mem::take(&mut told.untold))
    }

    /// Whether it is told now that the list of this key's addresses is full.
    pub(super) fn is_full_told(&self, key: KeyId, now: Time) -> bool {
        let mut all = lock(&self.0);
        let told = all.entry(key).or_default();
        let is_due = told.full_at.is_none_or(|at| now.since(at) >= FULL);
        if is_due {
            told.full_at = Some(now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::random::Random;

    #[test]
    fn a_flood_of_new_addresses_is_told_up_to_a_limit_and_summed_up_once_an_hour() {
        let now: Time = "2026-11-23T09:30:00Z".parse().expect("a time");
        let (arrivals, key) = (Arrivals::default(), KeyId::new(now, &Random::seeded(1)));
        let ticks = Duration::from_hours(1);
        let arrive = |ticks| arrivals.is_told(key, [203, 0, 113, 7].into(), ticks);
        assert_eq!((0..5_000).filter(|_| arrive(ticks)).count(), 2_000);
        let untold = arrivals.sum_up(key, now).expect("some");
        assert_eq!(untold, Untold { count: 3_000, last: Some([203, 0, 113, 7].into()) });
        assert!(!arrive(ticks) && arrivals.sum_up(key, now.after(Duration::from_mins(59))).is_none());
        assert!(arrive(ticks + Duration::from_mins(1)), "one more after a while");
        assert_eq!(arrivals.sum_up(key, now.after(SUMMED)).expect("one").count, 1);
        assert!(arrivals.sum_up(key, now.after(2 * SUMMED)).is_none());
    }

    #[test]
    fn that_a_list_is_full_is_told_once_a_day() {
        let now: Time = "2026-11-23T09:30:00Z".parse().expect("a time");
        let (arrivals, key) = (Arrivals::default(), KeyId::new(now, &Random::seeded(1)));
        let hours = |hours| now.after(Duration::from_hours(hours));
        assert_eq!([0, 1, 23, 24, 25].map(|hour| arrivals.is_full_told(key, hours(hour))), [true, false, false, true, false]);
    }
}
