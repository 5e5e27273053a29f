//! The state machine of a trip.
//!
//! ```text
//! draft → quoted → requested → confirmed → scheduled → released → filed → dispatched → active → close_out → completed
//!   ↑                                                                                                       (final)
//!   └── cancelled ←── from any status before active
//! ```
//!
//! A forward transition may skip steps: a trip that was agreed by telephone is never quoted. A backward transition is one step,
//! and is allowed only before dispatch. An active trip cannot be cancelled; it is closed out.

kit::string_enum! {
    /// The status of a trip, in order, except for `cancelled`. A trip can move forward and skip steps, move back by one step until
    /// it is dispatched, and be cancelled until it is active. A cancelled trip can be reopened as a draft; `completed` is final.
    /// Any other transition is refused with 409.
    Status as TripStatus {
        /// The trip is being prepared.
        Draft = "draft",
        /// The client has a price.
        Quoted = "quoted",
        /// The client has asked for the trip.
        Requested = "requested",
        /// Operator and client have agreed.
        Confirmed = "confirmed",
        /// Crew and aircraft are assigned.
        Scheduled = "scheduled",
        /// The trip is released for flight.
        Released = "released",
        /// The flight plan is filed.
        Filed = "filed",
        /// The crew has the flight papers.
        Dispatched = "dispatched",
        /// The trip is being flown.
        Active = "active",
        /// The trip was flown; its papers are being completed.
        CloseOut = "close_out",
        /// The trip is completed. This is final.
        Completed = "completed",
        /// The trip was called off. It can be reopened as a draft.
        Cancelled = "cancelled",
    }
}

impl Status {
    /// Returns whether a trip can go from this status to `next`. Keeping the status is always allowed.
    pub fn may_become(self, next: Self) -> bool {
        match (self, next) {
            _ if self == next => true,
            (Self::Completed, _) => false,
            (Self::Cancelled, next) => next == Self::Draft,
            (from, Self::Cancelled) => from < Self::Active,
            (from, next) => next > from || (from < Self::Dispatched && next.is_right_before(from)),
        }
    }

    /// Returns the statuses that can follow this one, in order; none if it is final.
    pub fn next(self) -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(move |next| *next != self && self.may_become(*next))
    }

    /// Returns whether the trip is released for flight or in flight.
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
    fn cancelled_trip_can_only_become_a_draft() {
        assert_eq!(Cancelled.next().collect::<Vec<_>>(), [Draft]);
    }

    #[test]
    fn scheduled_trip_moves_forward_one_step_back_or_to_cancelled() {
        let next: Vec<_> = Scheduled.next().collect();
        assert_eq!(next, [Confirmed, Released, Filed, Dispatched, Active, CloseOut, Completed, Cancelled]);
    }

    #[test]
    fn active_trip_cannot_be_cancelled() {
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
        fn backward_transition_is_one_step(from in any_status(), to in any_status()) {
            if from != Cancelled && to < from && from.may_become(to) {
                prop_assert_eq!(Status::ALL.iter().filter(|status| (to..from).contains(status)).count(), 1);
            }
        }

        #[test]
        fn every_trip_can_be_completed(from in any_status()) {
            let reopened = if from == Cancelled { Draft } else { from };
            prop_assert!(from.may_become(reopened) && reopened.may_become(Completed));
        }
    }
}
