//! The state machine of a trip.
//!
//! ```text
//! draft → quoted → requested → confirmed → scheduled → released → filed → dispatched → active → close_out → completed
//!   ↑                                                                                                       (final)
//!   └── cancelled ←── from any status before active
//! ```
//!
//! Forward, steps may be skipped: a trip that was agreed on the telephone is never quoted. Back, it goes one step at a
//! time and only before it is dispatched. What is flying is not cancelled, it is closed out.

kit::string_enum! {
    /// How far a trip is, in order, but for `cancelled`. It may go forward, and skip steps; back by one step, until it is
    /// dispatched; and be cancelled, until it is active. A cancelled trip may be reopened as a draft; completed is final.
    /// Any other move is refused with 409.
    Status as TripStatus {
        /// Being put together.
        Draft = "draft",
        /// The client has a price.
        Quoted = "quoted",
        /// The client wants it.
        Requested = "requested",
        /// Agreed.
        Confirmed = "confirmed",
        /// Crew and aircraft are assigned.
        Scheduled = "scheduled",
        /// Released for flight.
        Released = "released",
        /// The flight plan is filed.
        Filed = "filed",
        /// Handed to the crew.
        Dispatched = "dispatched",
        /// Being flown.
        Active = "active",
        /// Flown; papers are being finished.
        CloseOut = "close_out",
        /// Done, for good.
        Completed = "completed",
        /// Called off; it can be reopened as a draft.
        Cancelled = "cancelled",
    }
}

impl Status {
    /// Whether a trip may go from this status to `next`. To stay is no move, and always allowed.
    pub fn may_become(self, next: Self) -> bool {
        match (self, next) {
            _ if self == next => true,
            (Self::Completed, _) => false,
            (Self::Cancelled, next) => next == Self::Draft,
            (from, Self::Cancelled) => from < Self::Active,
            (from, next) => next > from || (from < Self::Dispatched && next.is_right_before(from)),
        }
    }

    /// Where a trip may go from this status, in order; nowhere if it is final.
    pub fn next(self) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |next| *next != self && self.may_become(*next))
    }

    /// Whether the trip is on its way into the air or in it.
    pub fn is_released(self) -> bool {
        (Self::Released..=Self::Active).contains(&self)
    }

    fn is_right_before(self, later: Self) -> bool {
        Self::ALL.windows(2).any(|pair| pair == [self, later])
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Status::{self, Active, Cancelled, CloseOut, Completed, Confirmed, Dispatched, Draft, Filed, Released, Scheduled};

    fn any_status() -> impl Strategy<Value = Status> {
        proptest::sample::select(Status::ALL)
    }

    #[test]
    fn completed_is_final() {
        assert_eq!(Completed.next().count(), 0);
    }

    #[test]
    fn cancelled_is_reopened_to_draft_only() {
        assert_eq!(Cancelled.next().collect::<Vec<_>>(), [Draft]);
    }

    #[test]
    fn a_scheduled_trip_goes_forward_one_back_or_is_called_off() {
        let next: Vec<_> = Scheduled.next().collect();
        assert_eq!(next, [Confirmed, Released, Filed, Dispatched, Active, CloseOut, Completed, Cancelled]);
    }

    #[test]
    fn what_flies_is_not_cancelled() {
        assert!(Dispatched.may_become(Cancelled));
        assert!(!Active.may_become(Cancelled));
        assert!(!CloseOut.may_become(Cancelled));
    }

    proptest! {
        #[test]
        fn to_stay_is_no_move(status in any_status()) {
            prop_assert!(status.may_become(status));
            prop_assert!(status.next().all(|next| next != status));
        }

        #[test]
        fn what_is_dispatched_never_goes_back(walk in proptest::collection::vec(any_status(), 0..40)) {
            let mut status = Dispatched;
            for next in walk.into_iter().filter(|next| *next != Cancelled) {
                if status.may_become(next) {
                    prop_assert!(next >= status);
                    status = next;
                }
            }
        }

        #[test]
        fn a_move_back_is_one_step(from in any_status(), to in any_status()) {
            if from != Cancelled && to < from && from.may_become(to) {
                prop_assert_eq!(Status::ALL.iter().filter(|status| (to..from).contains(status)).count(), 1);
            }
        }

        #[test]
        fn every_trip_can_still_be_completed(from in any_status()) {
            let reopened = if from == Cancelled { Draft } else { from };
            prop_assert!(from.may_become(reopened) && reopened.may_become(Completed));
        }
    }
}
