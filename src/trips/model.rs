//! What a trip is.

crate::ids! {
    /// A trip.
    TripId = "trip";
}
