//! [`NewAddressLimit`]: the limit of audit events for new client networks. It is high enough that a new network shows among the
//! many addresses of a cloud, and low enough that an attacker with a large network cannot fill the log.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use kit::clock::Time;
use kit::limit::{Gcra, Rate};
use kit::lock::lock;

use crate::keys::model::KeyId;

/// New networks of one key with an event each: twice as many as are listed, and one more every 43 seconds.
const SINGLE_EVENTS: Rate = Rate { requests: 2_000, per: Duration::from_hours(24) };

/// The time between two events that sum up further networks.
const SUMMARY_INTERVAL: Duration = Duration::from_hours(1);

/// The time between two events about a full list.
const FULL_INTERVAL: Duration = Duration::from_hours(24);

/// Keys with state at once. Past it, keys without a new network for a day are forgotten.
const MAX_KEYS: usize = 10_000;

/// Limits the events of each key that is used from many networks.
#[derive(Debug, Default)]
pub(super) struct NewAddressLimit(Mutex<HashMap<KeyId, KeyState>>);

#[derive(Debug, Default)]
struct KeyState {
    limit: Gcra,
    unreported: Unreported,
    seen_at: Duration,
    summed_at: Option<Time>,
    full_at: Option<Time>,
}

/// New networks without an event of their own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Unreported {
    pub(super) count: u64,
    pub(super) last: Option<IpAddr>,
}

impl NewAddressLimit {
    /// Returns true if a new network of this key gets an event of its own; otherwise counts it for the next summary.
    pub(super) fn allows_event(&self, key: KeyId, address: IpAddr, ticks: Duration) -> bool {
        let mut keys = lock(&self.0);
        if keys.len() >= MAX_KEYS && !keys.contains_key(&key) {
            keys.retain(|_, state| ticks.saturating_sub(state.seen_at) < SINGLE_EVENTS.per);
        }
        let state = keys.entry(key).or_default();
        state.seen_at = ticks;
        let is_allowed = state.limit.try_acquire(SINGLE_EVENTS, ticks).is_ok();
        if !is_allowed {
            state.unreported.count += 1;
            state.unreported.last = Some(address);
        }
        is_allowed
    }

    /// Takes the networks of a summary that is due.
    pub(super) fn take_summary(&self, key: KeyId, now: Time) -> Option<Unreported> {
        let mut keys = lock(&self.0);
        let state = keys.get_mut(&key).filter(|state| state.unreported.count > 0)?;
        if state.summed_at.is_some_and(|at| now.since(at) < SUMMARY_INTERVAL) {
            return None;
        }
        state.summed_at = Some(now);
        Some(std::mem::take(&mut state.unreported))
    }

    /// Returns true if an event about the full list of this key is due.
    pub(super) fn allows_full_event(&self, key: KeyId, now: Time) -> bool {
        let mut keys = lock(&self.0);
        let state = keys.entry(key).or_default();
        let is_due = state.full_at.is_none_or(|at| now.since(at) >= FULL_INTERVAL);
        if is_due {
            state.full_at = Some(now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use kit::random::Random;

    use super::*;

    #[test]
    fn new_networks_are_reported_up_to_the_limit_and_then_summed_up_hourly() {
        let now: Time = "2026-11-23T09:30:00Z".parse().expect("a time");
        let (limit, key) = (NewAddressLimit::default(), KeyId::new(now, &Random::seeded(1)));
        let ticks = Duration::from_hours(1);
        let allows = |ticks| limit.allows_event(key, [203, 0, 113, 7].into(), ticks);
        assert_eq!((0..5_000).filter(|_| allows(ticks)).count(), 2_000);
        let unreported = limit.take_summary(key, now).expect("a summary");
        assert_eq!(unreported, Unreported { count: 3_000, last: Some([203, 0, 113, 7].into()) });
        assert!(!allows(ticks) && limit.take_summary(key, now.after(Duration::from_mins(59))).is_none());
        assert!(allows(ticks + Duration::from_mins(1)), "one more every 43 seconds");
        assert_eq!(limit.take_summary(key, now.after(SUMMARY_INTERVAL)).expect("a summary").count, 1);
        assert!(limit.take_summary(key, now.after(2 * SUMMARY_INTERVAL)).is_none());
    }

    #[test]
    fn full_list_is_reported_once_a_day() {
        let now: Time = "2026-11-23T09:30:00Z".parse().expect("a time");
        let (limit, key) = (NewAddressLimit::default(), KeyId::new(now, &Random::seeded(1)));
        let hours = |hours| now.after(Duration::from_hours(hours));
        assert_eq!([0, 1, 23, 24, 25].map(|hour| limit.allows_full_event(key, hours(hour))), [true, false, false, true, false]);
    }
}
