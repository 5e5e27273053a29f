//! Whether a key that is being replaced can be revoked.

use std::time::Duration;

use crate::kit::clock::Time;

/// So long without a request, and a key counts as no longer used.
const QUIET: Duration = Duration::from_hours(1);

/// How far a replacement has taken over from the key that it replaces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::keys) enum Handover {
    /// The new key has never been used.
    NotYet,
    /// The old key was used when the new one was in use already, and not long ago: something still depends on it.
    Wait,
    /// The new key is in use, and the old one has been quiet since then or for long enough.
    Safe,
}

impl Handover {
    /// From when the old key was last used and the new one first.
    pub(in crate::keys) fn judge(old_last_used: Option<Time>, new_first_used: Option<Time>, now: Time) -> Self {
        match (old_last_used, new_first_used) {
            (_, None) => Self::NotYet,
            // Of two uses in the same instant nobody knows which was first: whoever waits loses nothing.
            (Some(old), Some(new)) if old >= new && now.since(old) < QUIET => Self::Wait,
            (_, Some(_)) => Self::Safe,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOON: Duration = Duration::from_hours(500_000);

    /// The verdict at noon; uses are so many minutes before.
    fn at_noon(old: Option<u64>, new: Option<u64>) -> Handover {
        let now = Time::FIRST.after(NOON);
        let before = |minutes: Option<u64>| minutes.map(|minutes| now.before(Duration::from_mins(minutes)));
        Handover::judge(before(old), before(new), now)
    }

    #[test]
    fn a_replacement_that_was_never_used_has_taken_over_nothing() {
        for old in [None, Some(0), Some(90), Some(100_000)] {
            assert_eq!(at_noon(old, None), Handover::NotYet);
        }
    }

    #[test]
    fn an_old_key_that_is_used_beside_the_new_one_is_waited_for() {
        assert_eq!(at_noon(Some(2), Some(30)), Handover::Wait);
        assert_eq!(at_noon(Some(59), Some(100_000)), Handover::Wait);
        assert_eq!(at_noon(Some(5), Some(5)), Handover::Wait);
    }

    #[test]
    fn an_old_key_that_is_quiet_can_be_revoked() {
        assert_eq!(at_noon(Some(31), Some(30)), Handover::Safe, "since the new one took over");
        assert_eq!(at_noon(Some(60), Some(90)), Handover::Safe, "for an hour");
        assert_eq!(at_noon(None, Some(30)), Handover::Safe, "it was never used");
    }

    proptest! {
        #[test]
        fn waiting_never_makes_it_less_safe(old in 0..200_u64, new in 0..200_u64, later in 0..200_u64) {
            let (before, after) = (at_noon(Some(old), Some(new)), at_noon(Some(old + later), Some(new + later)));
            prop_assert!(before != Handover::Safe || after == Handover::Safe);
        }
    }
}
