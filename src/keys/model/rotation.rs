//! Whether a key that is being replaced can be revoked.

use std::time::Duration;

use kit::clock::Time;

/// So long without a request, and a key counts as no longer used.
pub(in crate::keys) const QUIET: Duration = Duration::from_hours(1);

/// When the two keys of a rotation were used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::keys) struct Uses {
    /// The last use of the old key.
    pub(in crate::keys) old_last: Option<Time>,
    /// Its last use from an address that has never used the new one.
    pub(in crate::keys) left_behind: Option<Time>,
    /// The first use of the new key.
    pub(in crate::keys) new_first: Option<Time>,
}

/// How far a replacement has taken over from the key that it replaces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::keys) enum Handover {
    /// The new key has never been used.
    NotYet,
    /// The old key was used not long ago: beside the new one, or where the new one has not been seen.
    Wait,
    /// The new key is in use, and the old one has been quiet since then or for long enough.
    Safe,
}

impl Handover {
    /// As of now. That somebody has tried the new key from elsewhere says nothing of who uses the old one.
    pub(in crate::keys) fn judge(Uses { old_last, left_behind, new_first }: Uses, now: Time) -> Self {
        let Some(taken_over) = new_first else { return Self::NotYet };
        let is_recent = |used: Option<Time>| used.is_some_and(|used| now.since(used) < QUIET);
        // Of two uses in the same instant nobody knows which was first: whoever waits loses nothing.
        let beside = old_last.filter(|used| *used >= taken_over);
        if is_recent(beside) || is_recent(left_behind) { Self::Wait } else { Self::Safe }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOON: Duration = Duration::from_hours(500_000);

    /// The verdict at noon; uses are so many minutes before.
    fn at_noon(old: Option<u64>, left_behind: Option<u64>, new: Option<u64>) -> Handover {
        let now = Time::FIRST.after(NOON);
        let before = |minutes: Option<u64>| minutes.map(|minutes| now.before(Duration::from_mins(minutes)));
        Handover::judge(Uses { old_last: before(old), left_behind: before(left_behind), new_first: before(new) }, now)
    }

    #[test]
    fn a_replacement_that_was_never_used_has_taken_over_nothing() {
        for old in [None, Some(0), Some(90), Some(100_000)] {
            assert_eq!(at_noon(old, old, None), Handover::NotYet);
        }
    }

    #[test]
    fn an_old_key_that_is_used_beside_the_new_one_is_waited_for() {
        assert_eq!(at_noon(Some(2), None, Some(30)), Handover::Wait);
        assert_eq!(at_noon(Some(59), None, Some(100_000)), Handover::Wait);
        assert_eq!(at_noon(Some(5), None, Some(5)), Handover::Wait);
    }

    #[test]
    fn whoever_has_not_moved_is_waited_for_even_if_somebody_has_tried_the_new_key() {
        assert_eq!(at_noon(Some(7), Some(7), Some(2)), Handover::Wait);
        assert_eq!(at_noon(Some(7), Some(59), Some(2)), Handover::Wait);
        assert_eq!(at_noon(Some(7), Some(60), Some(2)), Handover::Safe);
    }

    #[test]
    fn an_old_key_that_is_quiet_can_be_revoked() {
        assert_eq!(at_noon(Some(31), None, Some(30)), Handover::Safe, "since the new one took over");
        assert_eq!(at_noon(Some(60), None, Some(90)), Handover::Safe, "for an hour");
        assert_eq!(at_noon(None, None, Some(30)), Handover::Safe, "it was never used");
    }

    proptest! {
        #[test]
        fn waiting_never_makes_it_less_safe(old in 0..200_u64, left in 0..200_u64, new in 0..200_u64, later in 0..200_u64) {
            let after = |wait| at_noon(Some(old + wait), Some(left + wait), Some(new + wait));
            prop_assert!(after(0) != Handover::Safe || after(later) == Handover::Safe);
        }
    }
}
