//! When counts are written again.

use std::sync::Mutex;
use std::time::Duration;

use crate::kit::lock::lock;

/// How long counts stay in memory after they were written, in times of what writing them took: the more keys are in use, the
/// rarer they are written, so that it never takes more than a small share of the processors and of the database.
const TIMES: u32 = 30;

/// They never stay longer than this: a crash loses them.
const LONGEST: Duration = Duration::from_secs(30);

/// Until when counts stay in memory, in ticks.
#[derive(Debug, Default)]
pub(super) struct Rest(Mutex<Duration>);

impl Rest {
    pub(super) fn is_over(&self, now: Duration) -> bool {
        now >= *lock(&self.0)
    }

    /// Begins after a write.
    pub(super) fn begin(&self, write_begun: Duration, write_ended: Duration) {
        let took = write_ended.saturating_sub(write_begun);
        *lock(&self.0) = write_ended + (took * TIMES).min(LONGEST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rest_is_thirty_times_as_long_as_the_write_and_half_a_minute_at_most() {
        let (rest, at) = (Rest::default(), Duration::from_millis);
        assert!(rest.is_over(at(0)), "nothing was written yet");
        rest.begin(at(1_000), at(1_100));
        assert!(!rest.is_over(at(4_099)) && rest.is_over(at(4_100)));
        rest.begin(at(10_000), at(12_000));
        assert!(!rest.is_over(at(41_999)) && rest.is_over(at(42_000)));
    }
}
