//! The pause before the next run of a job.

use std::time::Duration;

/// The pause after the first failure; it doubles with each further one.
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// The longest pause after a failure, for jobs whose interval is not longer.
const MAX_RETRY: Duration = Duration::from_secs(5);

/// The interval of a job and its failures since the last success.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    interval: Duration,
    failures: u32,
}

impl Schedule {
    pub const fn new(interval: Duration) -> Self {
        Self { interval, failures: 0 }
    }

    /// Returns the pause after a successful run that took `took`.
    pub fn after_success(&mut self, took: Duration) -> Duration {
        self.failures = 0;
        self.interval.saturating_sub(took)
    }

    /// Returns the pause after a failed run. It grows up to the interval of the job, or to five seconds if that is longer.
    pub fn after_failure(&mut self) -> Duration {
        let pause = FIRST_RETRY.saturating_mul(2_u32.saturating_pow(self.failures));
        self.failures = self.failures.saturating_add(1);
        pause.min(self.interval.max(MAX_RETRY))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pause_after_failures_doubles_up_to_a_bound_and_a_success_resets_it() {
        let seconds = |interval| {
            let mut schedule = Schedule::new(Duration::from_secs(interval));
            let pauses: Vec<u64> = (0..6).map(|_| schedule.after_failure().as_secs()).collect();
            assert_eq!(schedule.after_success(Duration::ZERO), Duration::from_secs(interval));
            assert_eq!(schedule.after_failure(), FIRST_RETRY);
            pauses
        };
        assert_eq!(seconds(1), [1, 2, 4, 5, 5, 5]);
        assert_eq!(seconds(20), [1, 2, 4, 8, 16, 20]);
    }

    #[test]
    fn interval_is_counted_from_the_start_of_a_run() {
        let mut schedule = Schedule::new(Duration::from_secs(10));
        assert_eq!(schedule.after_success(Duration::from_secs(3)), Duration::from_secs(7));
        assert_eq!(schedule.after_success(Duration::from_secs(30)), Duration::ZERO);
    }

    #[test]
    fn any_number_of_failures_has_a_pause() {
        let mut schedule = Schedule { interval: Duration::from_secs(1), failures: u32::MAX };
        assert_eq!(schedule.after_failure(), MAX_RETRY);
    }
}
