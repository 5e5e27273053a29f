//! A trip, the inputs that change it, and the rules that need no database.

use serde::Deserialize;

use super::status::Status;
use crate::fleet::{AircraftId, Airport, NAME_REQUIRED, PlaceName, is_identified, name_after};
use crate::workspaces::WorkspaceId;
use kit::clock::{Since, Time, Until};
use kit::http::{Check, FieldErrors, present};
use kit::text::{Identifier, Line, MultilineText, kept};

kit::ids! {
    TripId = "trip";
}

/// The id of a trip in the customer's scheduling software: 1 to 100 characters, compared exactly.
pub type ExternalId = Identifier<1, 100>;
/// Notes on a trip: up to 5,000 characters.
pub type Notes = MultilineText<0, 5000>;

const MAX_PASSENGERS: u16 = 1000;

kit::string_enum! {
    /// The purpose of a trip.
    TripType as TripType {
        /// Flown for a client.
        Charter = "charter",
        /// Flown for the owner of the aircraft.
        Owner = "owner",
        /// A flight to or from a workshop, or a check flight.
        Maintenance = "maintenance",
        /// An empty flight to the place where the aircraft is needed.
        Positioning = "positioning",
        /// Flown to train a crew.
        Training = "training",
    }
}

kit::string_enum! {
    /// The order of a list of trips, and of trips with the same time that of their ids; `-` is descending.
    TripSort as TripSort {
        /// The next departure first.
        Departure = "departure_date",
        /// The last departure first.
        DepartureDescending = "-departure_date",
        /// The longest unchanged first.
        Update = "updated_at",
        /// The latest change first.
        UpdateDescending = "-updated_at",
        /// The oldest first.
        Creation = "created_at",
        /// The newest first.
        CreationDescending = "-created_at",
    }
}

#[derive(Clone, PartialEq, Debug)]
pub struct Trip {
    pub id: TripId,
    pub workspace: WorkspaceId,
    pub external_id: Option<String>,
    pub trip_type: TripType,
    pub status: Status,
    pub origin: Airport,
    pub origin_name: Option<String>,
    pub destination: Airport,
    pub destination_name: Option<String>,
    pub departure_date: Time,
    pub arrival_date: Option<Time>,
    pub aircraft_id: Option<AircraftId>,
    pub passenger_count: u16,
    pub notes: Option<String>,
    pub created_at: Time,
    pub updated_at: Time,
}

impl Trip {
    /// Creates a trip from `input`; its status is draft by default.
    pub(super) fn new(id: TripId, workspace: WorkspaceId, now: Time, input: CreateTrip) -> Self {
        Self {
            id,
            workspace,
            external_id: input.external_id.map(Identifier::into_string),
            trip_type: input.trip_type,
            status: input.status.unwrap_or(Status::Draft),
            origin: input.origin,
            origin_name: input.origin_name.map(Line::into_string),
            destination: input.destination,
            destination_name: input.destination_name.map(Line::into_string),
            departure_date: input.departure_date,
            arrival_date: input.arrival_date,
            aircraft_id: input.aircraft_id,
            passenger_count: input.passenger_count,
            notes: kept(input.notes),
            created_at: now,
            updated_at: now,
        }
    }

    /// Replaces all fields by those of `input`. The status is a state and not a field: it stays if `input` has none.
    #[must_use]
    pub fn replaced(self, input: CreateTrip) -> Self {
        let status = input.status.or(Some(self.status));
        let input = CreateTrip { status, ..input };
        Self { updated_at: self.updated_at, ..Self::new(self.id, self.workspace, self.created_at, input) }
    }

    /// Applies the changes of `input`. A change of origin or destination clears its name.
    #[must_use]
    pub fn with(self, input: UpdateTrip) -> Self {
        let departs_elsewhere = input.origin.as_ref().is_some_and(|origin| *origin != self.origin);
        let arrives_elsewhere = input.destination.as_ref().is_some_and(|destination| *destination != self.destination);
        Self {
            origin_name: name_after(self.origin_name, departs_elsewhere, input.origin_name),
            destination_name: name_after(self.destination_name, arrives_elsewhere, input.destination_name),
            external_id: input.external_id.map_or(self.external_id, |id| id.map(Identifier::into_string)),
            trip_type: input.trip_type.unwrap_or(self.trip_type),
            status: input.status.unwrap_or(self.status),
            origin: input.origin.unwrap_or(self.origin),
            destination: input.destination.unwrap_or(self.destination),
            departure_date: input.departure_date.unwrap_or(self.departure_date),
            arrival_date: input.arrival_date.unwrap_or(self.arrival_date),
            aircraft_id: input.aircraft_id.unwrap_or(self.aircraft_id),
            passenger_count: input.passenger_count.unwrap_or(self.passenger_count),
            notes: input.notes.map_or(self.notes, kept),
            ..self
        }
    }

    /// Returns whether the arrival, if it is known, is after the departure.
    pub fn arrives_in_time(&self) -> bool {
        arrives_in_time(self.departure_date, self.arrival_date)
    }

    /// Returns the field of the name that is missing, if the trip has a place without code and name. Places that `old` has already
    /// are not checked: earlier versions did not know names.
    pub fn missing_name(&self, old: Option<&Self>) -> Option<&'static str> {
        let mut places = ["originName", "destinationName"].into_iter().zip(self.places()).enumerate();
        let old = old.map(Self::places);
        let is_new = |index: usize, place: (&Airport, Option<&String>)| old.is_none_or(|old| old[index] != place);
        places.find(|(index, (_, place))| is_new(*index, *place) && !is_identified(place.0, place.1)).map(|(_, (field, _))| field)
    }

    /// Returns code and name of origin and destination.
    fn places(&self) -> [(&Airport, Option<&String>); 2] {
        [(&self.origin, self.origin_name.as_ref()), (&self.destination, self.destination_name.as_ref())]
    }

    /// Returns whether the aircraft must be available for dispatch: from release to landing, except for trips that move or check
    /// an aircraft that is out of service.
    pub fn needs_available_aircraft(&self) -> bool {
        self.status.is_released() && !matches!(self.trip_type, TripType::Maintenance | TripType::Positioning)
    }
}

pub(super) fn arrives_in_time(departure: Time, arrival: Option<Time>) -> bool {
    arrival.is_none_or(|arrival| arrival > departure)
}

pub(super) fn check_passengers(count: Option<u16>, faults: &mut FieldErrors) {
    faults.require(count.unwrap_or(0) <= MAX_PASSENGERS, "passengerCount", "Give 0 to 1,000 passengers.");
}

/// The message for a trip that would arrive before it departs.
pub(super) const ARRIVAL_TOO_EARLY: &str = "Give a time after departureDate, or null.";

/// All fields of a trip: a new one, or the replacement of the trip with this external id.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateTrip {
    /// The id of the trip in your own software; unique in the workspace.
    #[serde(default)]
    pub external_id: Option<ExternalId>,
    /// The purpose of the trip.
    pub trip_type: TripType,
    /// A new trip can have any status; the default is `draft`. The status of a trip that is replaced changes as its state machine
    /// allows; if left out, it stays.
    #[serde(default)]
    pub status: Option<Status>,
    /// The airport of departure.
    pub origin: Airport,
    /// The name of the place of departure; required if the origin is `ZZZZ`.
    #[serde(default)]
    pub origin_name: Option<PlaceName>,
    /// The airport of arrival.
    pub destination: Airport,
    /// The name of the place of arrival; required if the destination is `ZZZZ`.
    #[serde(default)]
    pub destination_name: Option<PlaceName>,
    /// The time of departure.
    pub departure_date: Time,
    /// The time of arrival, after departure.
    #[serde(default)]
    pub arrival_date: Option<Time>,
    /// An aircraft of the workspace. From `released` to `active` it must be available for dispatch, unless the trip is of type
    /// `maintenance` or `positioning`.
    #[serde(default)]
    pub aircraft_id: Option<AircraftId>,
    /// The number of passengers; 0 if left out.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1000)]
    pub passenger_count: u16,
    /// Notes for your own use.
    #[serde(default)]
    pub notes: Option<Notes>,
}

impl CreateTrip {
    pub fn new(trip_type: TripType, origin: Airport, destination: Airport, departure_date: Time) -> Self {
        Self {
            external_id: None,
            trip_type,
            status: None,
            origin,
            origin_name: None,
            destination,
            destination_name: None,
            departure_date,
            arrival_date: None,
            aircraft_id: None,
            passenger_count: 0,
            notes: None,
        }
    }
}

impl Check for CreateTrip {
    fn check(&self, faults: &mut FieldErrors) {
        faults.require(is_identified(&self.origin, self.origin_name.as_ref()), "originName", NAME_REQUIRED);
        faults.require(is_identified(&self.destination, self.destination_name.as_ref()), "destinationName", NAME_REQUIRED);
        faults.require(arrives_in_time(self.departure_date, self.arrival_date), "arrivalDate", ARRIVAL_TOO_EARLY);
        check_passengers(Some(self.passenger_count), faults);
    }
}

/// Changes to a trip; a field that is left out stays.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateTrip {
    /// The id of the trip in your own software; unique in the workspace. `null` removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<ExternalId>)]
    pub external_id: Option<Option<ExternalId>>,
    /// The purpose of the trip.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = TripType, required = false)]
    pub trip_type: Option<TripType>,
    /// A status that the state machine allows after the current one.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Status, required = false)]
    pub status: Option<Status>,
    /// The airport of departure.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Airport, required = false)]
    pub origin: Option<Airport>,
    /// The name of the place of departure; `null` removes it. A change of `origin` clears it, unless the same request sets it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<PlaceName>)]
    pub origin_name: Option<Option<PlaceName>>,
    /// The airport of arrival.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Airport, required = false)]
    pub destination: Option<Airport>,
    /// The name of the place of arrival; `null` removes it. A change of `destination` clears it, unless the same request sets it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<PlaceName>)]
    pub destination_name: Option<Option<PlaceName>>,
    /// The time of departure.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Time, required = false)]
    pub departure_date: Option<Time>,
    /// The time of arrival, after departure; `null` if it is not known.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Time>)]
    pub arrival_date: Option<Option<Time>>,
    /// An aircraft of the workspace; `null` for none. From `released` to `active` it must be available for dispatch, unless the
    /// trip is of type `maintenance` or `positioning`.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<AircraftId>)]
    pub aircraft_id: Option<Option<AircraftId>>,
    /// The number of passengers.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = u16, required = false, minimum = 0, maximum = 1000)]
    pub passenger_count: Option<u16>,
    /// Notes for your own use; `null` removes them.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Notes>)]
    pub notes: Option<Option<Notes>>,
}

impl Check for UpdateTrip {
    fn check(&self, faults: &mut FieldErrors) {
        check_passengers(self.passenger_count, faults);
    }
}

/// A filter on trips.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct TripFilter {
    /// Only trips in this status.
    pub status: Option<Status>,
    /// Only trips with this purpose.
    pub trip_type: Option<TripType>,
    /// Only trips of this aircraft.
    pub aircraft_id: Option<AircraftId>,
    /// Only the trip with this external id.
    #[param(value_type = Option<String>, min_length = 1, max_length = 100)]
    pub external_id: Option<ExternalId>,
    /// Only trips that depart at this time or later, or on this day or later (UTC).
    #[param(inline)]
    pub date_from: Option<Since>,
    /// Only trips that depart until this time, or until the end of this day (UTC).
    #[param(inline)]
    pub date_to: Option<Until>,
    /// Only trips created or changed at this time or later, or on this day or later (UTC). Send the latest `updatedAt` you have
    /// seen: the response has every later change, and that trip again.
    #[param(inline)]
    pub updated_since: Option<Since>,
    /// The order; `-created_at` if left out. A walk by cursor is complete in the order of creation, and in that of `updated_at` it
    /// returns changed trips again; in any other, a trip that moves meanwhile may be missed.
    #[param(inline)]
    pub sort: Option<TripSort>,
}

impl Check for TripFilter {
    fn check(&self, faults: &mut FieldErrors) {
        faults.require_range(["date_from", "date_to"], self.date_from.map(|from| from.0), self.date_to.map(|to| to.0));
    }
}
