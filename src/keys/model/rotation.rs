//! Progress of a rotation: the decision when the old key can be revoked.

use std::time::Duration;

use kit::clock::Time;

/// The time without a request after which a key counts as unused.
pub(in crate::keys) const UNUSED_AFTER: Duration = Duration::from_hours(1);

/// Uses of the two keys of a rotation.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::keys) struct Uses {
    /// Last use of the old key.
    pub(in crate::keys) old_last: Option<Time>,
    /// Last use of the old key from a network that has never used the new one.
    pub(in crate::keys) left_behind: Option<Time>,
    /// First use of the new key.
    pub(in crate::keys) new_first: Option<Time>,
}

/// Progress of a rotation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::keys) enum Handover {
    /// The new key was never used.
    NotStarted,
    /// The old key was used recently, after the first use of the new one or from a network that has not used the new one.
    InProgress,
    /// The new key is in use, and the old one is unused.
    Complete,
}

impl Handover {
    /// Returns the progress as of `now`. A use of the new key from one network says nothing about clients on other networks.
    pub(in crate::keys) fn of(Uses { old_last, left_behind, new_first }: Uses, now: Time) -> Self {
        let Some(started) = new_first else { return Self::NotStarted };
        let is_recent = |used: Option<Time>| used.is_some_and(|used| now.since(used) < UNUSED_AFTER);
        // The order of two uses in the same microsecond is unknown: waiting is the safe choice.
        let concurrent = old_last.filter(|used| *used >= started);
        if is_recent(concurrent) || is_recent(left_behind) { Self::InProgress } else { Self::Complete }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOON: Duration = Duration::from_hours(500_000);

    /// Progress at noon, with uses so many minutes before.
    fn at_noon(old: Option<u64>, left_behind: Option<u64>, new: Option<u64>) -> Handover {
        let now = Time::FIRST.after(NOON);
        let before = |minutes: Option<u64>| minutes.map(|minutes| now.before(Duration::from_mins(minutes)));
        Handover::of(Uses { old_last: before(old), left_behind: before(left_behind), new_first: before(new) }, now)
    }

    #[test]
    fn rotation_has_not_started_while_the_new_key_is_unused() {
        for old in [None, Some(0), Some(90), Some(100_000)] {
            assert_eq!(at_noon(old, old, None), Handover::NotStarted);
        }
    }

    #[test]
    fn rotation_is_in_progress_while_both_keys_are_used() {
        assert_eq!(at_noon(Some(2), None, Some(30)), Handover::InProgress);
        assert_eq!(at_noon(Some(59), None, Some(100_000)), Handover::InProgress);
        assert_eq!(at_noon(Some(5), None, Some(5)), Handover::InProgress);
    }

    #[test]
    fn rotation_is_in_progress_while_a_network_uses_only_the_old_key() {
        assert_eq!(at_noon(Some(7), Some(7), Some(2)), Handover::InProgress);
        assert_eq!(at_noon(Some(7), Some(59), Some(2)), Handover::InProgress);
        assert_eq!(at_noon(Some(7), Some(60), Some(2)), Handover::Complete);
    }

    #[test]
    fn rotation_is_complete_when_the_old_key_is_unused() {
        assert_eq!(at_noon(Some(31), None, Some(30)), Handover::Complete, "since the new one took over");
        assert_eq!(at_noon(Some(60), None, Some(90)), Handover::Complete, "for an hour");
        assert_eq!(at_noon(None, None, Some(30)), Handover::Complete, "it was never used");
    }

    proptest! {
        #[test]
        fn time_without_use_never_reverts_completion(old in 0..200_u64, left in 0..200_u64, new in 0..200_u64, later in 0..200_u64) {
            let after = |wait| at_noon(Some(old + wait), Some(left + wait), Some(new + wait));
            prop_assert!(after(0) != Handover::Complete || after(later) == Handover::Complete);
        }
    }
}
