//! The limit of events for new addresses: enough of them that a stranger is seen among the many addresses of a cloud, and not
//! so many that a thief with a large network can fill the log.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use crate::keys::model::KeyId;
use kit::clock::Time;
use kit::limit::{Gcra, Rate};
use kit::lock::lock;

/// New addresses of one key that have an event each: twice as many as are listed, and one more every 43 seconds.
const SINGLE: Rate = Rate { requests: 2_000, per: Duration::from_hours(24) };

/// The time between two events that sum up the others.
const SUMMED: Duration = Duration::from_hours(1);

/// The time between two events that say that the list is full.
const FULL: Duration = Duration::from_hours(24);

/// The events of each key that is used from many addresses.
#[derive(Debug, Default)]
pub(super) struct Arrivals(Mutex<HashMap<KeyId, Reported>>);

/// Keys remembered at once; past it, those that were quiet for a day are forgotten.
const MOST_KEYS: usize = 10_000;

#[derive(Debug, Default)]
struct Reported {
    limit: Gcra,
    /// New addresses without an event, and the last of them.
    unreported: Unreported,
    seen_at: Duration,
    summed_at: Option<Time>,
    full_at: Option<Time>,
}

/// New addresses that have no event of their own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Unreported {
    pub(super) count: u64,
    pub(super) last: Option<IpAddr>,
}

impl Arrivals {
    /// Returns true if another new address of this key has an event of its own; else it is counted.
    pub(super) fn is_reported(&self, key: KeyId, address: IpAddr, ticks: Duration) -> bool {
        let mut all = lock(&self.0);
        if all.len() >= MOST_KEYS && !all.contains_key(&key) {
            all.retain(|_, reported| ticks.saturating_sub(reported.seen_at) < SINGLE.per);
        }
        let reported = all.entry(key).or_default();
        reported.seen_at = ticks;
        let is_reported = reported.limit.take(SINGLE, ticks).is_ok();
        if !is_reported {
            reported.unreported.count += 1;
            reported.unreported.last = Some(address);
        }
        is_reported
    }

    /// New addresses to be summed up now, if there are any.
    pub(super) fn sum_up(&self, key: KeyId, now: Time) -> Option<Unreported> {
        let mut all = lock(&self.0);
        let reported = all.get_mut(&key).filter(|reported| reported.unreported.count > 0)?;
        if reported.summed_at.is_some_and(|at| now.since(at) < SUMMED) {
            return None;
        }
        reported.summed_at = Some(now);
        Some(std::mem::take(&mut reported.unreported))
    }

    /// Returns true if an event is due that the list of this key's addresses is full.
    pub(super) fn is_full_due(&self, key: KeyId, now: Time) -> bool {
        let mut all = lock(&self.0);
        let reported = all.entry(key).or_default();
        let is_due = reported.full_at.is_none_or(|at| now.since(at) >= FULL);
        if is_due {
            reported.full_at = Some(now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::random::Random;

    #[test]
    fn a_flood_of_new_addresses_is_told_up_to_a_limit_and_summed_up_once_an_hour() {
        let now: Time = "2026-11-23T09:30:00Z".parse().expect("a time");
        let (arrivals, key) = (Arrivals::default(), KeyId::new(now, &Random::seeded(1)));
        let ticks = Duration::from_hours(1);
        let arrive = |ticks| arrivals.is_reported(key, [203, 0, 113, 7].into(), ticks);
        assert_eq!((0..5_000).filter(|_| arrive(ticks)).count(), 2_000);
        let unreported = arrivals.sum_up(key, now).expect("some");
        assert_eq!(unreported, Unreported { count: 3_000, last: Some([203, 0, 113, 7].into()) });
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
        assert_eq!([0, 1, 23, 24, 25].map(|hour| arrivals.is_full_due(key, hours(hour))), [true, false, false, true, false]);
    }
}
