//! An item of a batch of trips.

use serde::Deserialize;
use utoipa::ToSchema;

use super::model::{ARRIVAL_TOO_EARLY, CreateTrip, ExternalId, Notes, TripType, UpdateTrip, arrives_in_time, check_passengers};
use super::status::Status;
use crate::fleet::{AircraftId, Airport, PlaceName};
use kit::clock::Time;
use kit::http::{BatchItem, Check, FieldErrors, present};

/// A new trip, or changes to the trip with this external id. Of a trip that exists, a field that is left out stays; in a new one it
/// has its default.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpsertTrip {
    /// The id of the trip in your own software.
    pub external_id: ExternalId,
    /// The purpose of the trip.
    pub trip_type: TripType,
    /// The status. A new trip can have any, and is a `draft` if it is left out. That of a trip that exists changes as its state
    /// machine allows.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Status, required = false)]
    pub status: Option<Status>,
    /// The airport of departure.
    pub origin: Airport,
    /// The name of the place of departure; required if the origin is `ZZZZ`. `null` removes it, as does a change of `origin`
    /// without it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<PlaceName>)]
    pub origin_name: Option<Option<PlaceName>>,
    /// The airport of arrival.
    pub destination: Airport,
    /// The name of the place of arrival; required if the destination is `ZZZZ`. `null` removes it, as does a change of
    /// `destination` without it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<PlaceName>)]
    pub destination_name: Option<Option<PlaceName>>,
    /// The time of departure.
    pub departure_date: Time,
    /// The time of arrival, after departure; `null` if it is not known.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Time>)]
    pub arrival_date: Option<Option<Time>>,
    /// An aircraft of the workspace; `null` for none. From `released` to `active` it must be available for dispatch, unless the
    /// trip is of type `maintenance` or `positioning`.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<AircraftId>)]
    pub aircraft_id: Option<Option<AircraftId>>,
    /// The number of passengers; 0 by default.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = u16, required = false, minimum = 0, maximum = 1000)]
    pub passenger_count: Option<u16>,
    /// Notes for your own use; `null` removes them.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Notes>)]
    pub notes: Option<Option<Notes>>,
}

impl BatchItem for UpsertTrip {
    const KEY: &'static str = "externalId";

    fn key(&self) -> &str {
        self.external_id.as_str()
    }
}

impl Check for UpsertTrip {
    fn check(&self, faults: &mut FieldErrors) {
        let arrival = self.arrival_date.flatten();
        faults.require(arrives_in_time(self.departure_date, arrival), "arrivalDate", ARRIVAL_TOO_EARLY);
        check_passengers(self.passenger_count, faults);
    }
}

impl From<UpsertTrip> for CreateTrip {
    fn from(input: UpsertTrip) -> Self {
        Self {
            external_id: Some(input.external_id),
            trip_type: input.trip_type,
            status: input.status,
            origin: input.origin,
            origin_name: input.origin_name.flatten(),
            destination: input.destination,
            destination_name: input.destination_name.flatten(),
            departure_date: input.departure_date,
            arrival_date: input.arrival_date.flatten(),
            aircraft_id: input.aircraft_id.flatten(),
            passenger_count: input.passenger_count.unwrap_or_default(),
            notes: input.notes.flatten(),
        }
    }
}

impl From<UpsertTrip> for UpdateTrip {
    fn from(input: UpsertTrip) -> Self {
        Self {
            external_id: None,
            trip_type: Some(input.trip_type),
            status: input.status,
            origin: Some(input.origin),
            origin_name: input.origin_name,
            destination: Some(input.destination),
            destination_name: input.destination_name,
            departure_date: Some(input.departure_date),
            arrival_date: input.arrival_date,
            aircraft_id: input.aircraft_id,
            passenger_count: input.passenger_count,
            notes: input.notes,
        }
    }
}
