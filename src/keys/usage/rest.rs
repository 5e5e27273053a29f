//! When counts are written again.

use std::sync::Mutex;
use std::time::Duration;

use kit::clock::Time;
use kit::lock::lock;

/// How long counts wait after they were written, for each key that was written: writing one takes two to four hundredths of
/// that, so that it never takes more than a small share of the processors. Up to a thousand keys it is no wait at all, as
/// everything is looked at once a second.
const OF_A_KEY: Duration = Duration::from_millis(1);

/// They never wait longer than this: a crash loses what has come meanwhile.
const LONGEST: Duration = Duration::from_mins(1);

/// The wait after a write.
#[derive(Debug, Default)]
pub(super) struct Rest(Mutex<Wait>);

#[derive(Clone, Copy, Debug, Default)]
struct Wait {
    /// In ticks.
    until: Duration,
    /// The hour that was written to.
    hour: Option<Time>,
}

impl Rest {
    /// Counts are written to the hour in which they are written, so none waits for the next.
    pub(super) fn is_over(&self, ticks: Duration, now: Time) -> bool {
        let Wait { until, hour } = *lock(&self.0);
        ticks >= until || hour != Some(now.hour())
    }

    /// Begins, after so many keys were written.
    pub(super) fn begin(&self, keys: usize, ticks: Duration, now: Time) {
        let wait = OF_A_KEY.saturating_mul(u32::try_from(keys).unwrap_or(u32::MAX)).min(LONGEST);
        *lock(&self.0) = Wait { until: ticks + wait, hour: Some(now.hour()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Time {
        "2026-11-23T09:30:00Z".parse().expect("a time")
    }

    #[test]
    fn the_more_keys_were_written_the_longer_is_the_wait_up_to_a_minute() {
        let (rest, at) = (Rest::default(), Duration::from_secs(100));
        assert!(rest.is_over(at, now()), "nothing was written yet");
        for (keys, wait) in [(0, 0), (1_000, 1_000), (50_000, 50_000), (1_000_000, 60_000)] {
            rest.begin(keys, at, now());
            let over = at + Duration::from_millis(wait);
            assert!(rest.is_over(over, now()), "{keys}");
            assert!(wait == 0 || !rest.is_over(over.saturating_sub(Duration::from_millis(1)), now()), "{keys}");
        }
    }

    #[test]
    fn nothing_waits_for_the_next_hour() {
        let (rest, at) = (Rest::default(), Duration::from_secs(100));
        rest.begin(50_000, at, now());
        assert!(!rest.is_over(at, now().after(Duration::from_mins(29))));
        assert!(rest.is_over(at, now().after(Duration::from_mins(30))));
    }
}
