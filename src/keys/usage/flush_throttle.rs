//! [`FlushThrottle`]: the time between two flushes of usage.

use std::sync::Mutex;
use std::time::Duration;

use kit::clock::Time;
use kit::lock::lock;

/// Delay of the next flush for each key that was written. Writing a key takes 2 to 4 % of it, so that flushes never take more
/// than a small share of the processors. Up to a thousand keys there is no delay beyond the regular second between flushes.
const DELAY_PER_KEY: Duration = Duration::from_millis(1);

/// The longest delay: a crash loses the usage of this time.
const MAX_DELAY: Duration = Duration::from_mins(1);

/// Kind of a flush.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flush {
    /// One that others follow.
    Regular,
    /// The last one before the process exits: writes everything.
    Last,
}

/// Delays the next flush by the number of keys that the last one has written.
#[derive(Debug, Default)]
pub(super) struct FlushThrottle(Mutex<Delay>);

#[derive(Clone, Copy, Debug, Default)]
struct Delay {
    /// By the monotonic clock.
    until: Duration,
    /// The hour that the last flush has written to.
    hour: Option<Time>,
}

impl FlushThrottle {
    /// Returns whether usage may be flushed. Always true in a new hour: usage is written to the hour of its flush.
    pub(super) fn is_due(&self, ticks: Duration, now: Time) -> bool {
        let Delay { until, hour } = *lock(&self.0);
        ticks >= until || hour != Some(now.hour())
    }

    /// Starts the delay after a flush of `keys` keys.
    pub(super) fn delay(&self, keys: usize, ticks: Duration, now: Time) {
        let delay = DELAY_PER_KEY.saturating_mul(u32::try_from(keys).unwrap_or(u32::MAX)).min(MAX_DELAY);
        *lock(&self.0) = Delay { until: ticks + delay, hour: Some(now.hour()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Time {
        "2026-11-23T09:30:00Z".parse().expect("a time")
    }

    #[test]
    fn delay_grows_with_the_number_of_keys_up_to_a_minute() {
        let (throttle, at) = (FlushThrottle::default(), Duration::from_secs(100));
        assert!(throttle.is_due(at, now()), "before the first flush");
        for (keys, delay) in [(0, 0), (1_000, 1_000), (50_000, 50_000), (1_000_000, 60_000)] {
            throttle.delay(keys, at, now());
            let over = at + Duration::from_millis(delay);
            assert!(throttle.is_due(over, now()), "{keys}");
            assert!(delay == 0 || !throttle.is_due(over.saturating_sub(Duration::from_millis(1)), now()), "{keys}");
        }
    }

    #[test]
    fn new_hour_ends_the_delay() {
        let (throttle, at) = (FlushThrottle::default(), Duration::from_secs(100));
        throttle.delay(50_000, at, now());
        assert!(!throttle.is_due(at, now().after(Duration::from_mins(29))));
        assert!(throttle.is_due(at, now().after(Duration::from_mins(30))));
    }
}
