//! The times of the attempts of a delivery.

use std::time::Duration;

use crate::webhooks::model::{EndpointId, Schedule};
use kit::clock::Time;

/// The waits before the attempts of the extended schedule, each from the end of the attempt before: eight within three days.
const EXTENDED: [Duration; 8] = [
    Duration::ZERO,
    Duration::from_mins(1),
    Duration::from_mins(5),
    Duration::from_mins(30),
    Duration::from_hours(2),
    Duration::from_hours(6),
    Duration::from_hours(24),
    Duration::from_hours(39),
];

/// The part of a wait that is added at most, so that receivers that were away are not called all at once.
const JITTER: u32 = 10;

/// Returns a number that differs among endpoints and steps. It is the same for all deliveries of an endpoint, so that those that
/// failed in the order of the log are repeated in this order.
pub(super) fn jitter(endpoint: EndpointId, made: i32) -> u16 {
    let [.., high, low] = endpoint.0.into_bytes();
    let step = u16::try_from(made).unwrap_or(u16::MAX);
    // An odd factor near 2^16 divided by the golden ratio spreads the steps.
    u16::from_be_bytes([high, low]).wrapping_add(step.wrapping_mul(40_503))
}

/// Returns the time of the attempt after `made` attempts of which the last ended at `ended`; `None` after the last one.
///
/// `standard` are the waits of the standard schedule. `retry_after` is the wait that the receiver asked for: it counts up to the
/// wait of the step after. `jitter` is a number of any size.
pub(super) fn next_attempt(
    schedule: Schedule,
    standard: &[Duration],
    made: i32,
    ended: Time,
    retry_after: Option<Duration>,
    jitter: u16,
) -> Option<Time> {
    let waits = match schedule {
        Schedule::Standard => standard,
        Schedule::Extended => &EXTENDED,
    };
    let made = usize::try_from(made).ok()?;
    let wait = *waits.get(made)?;
    let longest = waits.get(made + 1).copied().unwrap_or(wait);
    let wait = wait.max(retry_after.unwrap_or_default().min(longest));
    let extra = wait / JITTER * u32::from(jitter) / u32::from(u16::MAX);
    Some(ended.after(wait + extra))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STANDARD: [Duration; 5] =
        [Duration::ZERO, Duration::from_mins(1), Duration::from_mins(5), Duration::from_mins(30), Duration::from_hours(2)];

    fn noon() -> Time {
        Time::from_micros(1_774_000_000_000_000).expect("a time")
    }

    fn wait(made: i32, retry_after: Option<u64>, jitter: u16) -> Option<Duration> {
        let retry_after = retry_after.map(Duration::from_secs);
        next_attempt(Schedule::Standard, &STANDARD, made, noon(), retry_after, jitter).map(|at| at.since(noon()))
    }

    #[test]
    fn attempts_follow_the_schedule_and_end_with_it() {
        let waits: Vec<_> = (1..=5).map(|made| wait(made, None, 0)).collect();
        let expected = [Some(60), Some(300), Some(1800), Some(7200), None].map(|wait| wait.map(Duration::from_secs));
        assert_eq!(waits, expected);
    }

    #[test]
    fn jitter_adds_up_to_a_tenth_and_never_takes_away() {
        assert_eq!(wait(1, None, u16::MAX), Some(Duration::from_secs(66)));
        assert_eq!(wait(1, None, u16::MAX / 2).map(|wait| wait.as_secs()), Some(62));
    }

    #[test]
    fn deliveries_of_an_endpoint_have_the_same_jitter_and_steps_another() {
        let random = kit::random::Random::seeded(3);
        let (one, other) = (EndpointId::new(noon(), &random), EndpointId::new(noon(), &random));
        assert_eq!(jitter(one, 1), jitter(one, 1));
        assert!(jitter(one, 1) != jitter(one, 2) && jitter(one, 1) != jitter(other, 1));
    }

    #[test]
    fn retry_after_counts_up_to_the_wait_of_the_step_after() {
        assert_eq!(wait(1, Some(10), 0), Some(Duration::from_mins(1)), "never less than the schedule");
        assert_eq!(wait(1, Some(200), 0), Some(Duration::from_secs(200)));
        assert_eq!(wait(1, Some(86_400), 0), Some(Duration::from_mins(5)));
        assert_eq!(wait(4, Some(86_400), 0), Some(Duration::from_hours(2)), "the last step has none after it");
    }

    #[test]
    fn extended_schedule_has_eight_attempts_within_three_days() {
        let waits: Vec<_> = (0..9)
            .map_while(|made| next_attempt(Schedule::Extended, &STANDARD, made, noon(), None, 0))
            .map(|at| at.since(noon()))
            .collect();
        assert_eq!(waits.len(), 8);
        let total: Duration = waits.into_iter().sum();
        assert!(total > Duration::from_hours(71) && total <= Duration::from_hours(72), "{total:?}");
    }
}
