//! The health of an endpoint after the outcomes of attempts.

use crate::webhooks::model::Health;
use kit::clock::Time;

/// The outcome of an attempt, for the health of its endpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    Succeeded,
    /// A further attempt follows.
    Failed,
    /// The last attempt of a delivery failed.
    FailedForGood,
}

impl Health {
    /// Returns the health after a test that ended at `at`: it counts neither for failing nor for disabling.
    pub(super) fn after_test(self, outcome: Outcome, at: Time) -> Self {
        match outcome {
            Outcome::Succeeded => Self { last_success_at: Some(at), ..self },
            Outcome::Failed | Outcome::FailedForGood => Self { last_failure_at: Some(at), ..self },
        }
    }

    /// Returns the health after an attempt that ended at `at`.
    pub(super) fn after(self, outcome: Outcome, at: Time) -> Self {
        match outcome {
            Outcome::Succeeded => Self {
                last_success_at: Some(at),
                last_failure_at: self.last_failure_at,
                disabled_at: self.disabled_at,
                disabled_reason: self.disabled_reason,
                ..Self::default()
            },
            Outcome::Failed | Outcome::FailedForGood => Self {
                last_failure_at: Some(at),
                failing_since: self.failing_since.or(Some(at)),
                failed_attempts: self.failed_attempts.saturating_add(1),
                failed_deliveries: self.failed_deliveries.saturating_add(i32::from(outcome == Outcome::FailedForGood)),
                ..self
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Time {
        Time::from_micros(1_774_000_000_000_000 + seconds * 1_000_000).expect("a time")
    }

    #[test]
    fn failures_are_counted_until_a_success() {
        let failing = [Outcome::Failed, Outcome::FailedForGood, Outcome::Failed]
            .into_iter()
            .zip(1..)
            .fold(Health::default(), |health, (outcome, second)| health.after(outcome, at(second)));
        assert_eq!((failing.failed_attempts, failing.failed_deliveries), (3, 1));
        assert_eq!((failing.failing_since, failing.last_failure_at), (Some(at(1)), Some(at(3))));
        let well = failing.after(Outcome::Succeeded, at(4));
        assert_eq!((well.failed_attempts, well.failed_deliveries, well.failing_since, well.warned_at), (0, 0, None, None));
        assert_eq!((well.last_success_at, well.last_failure_at), (Some(at(4)), Some(at(3))));
    }
}
