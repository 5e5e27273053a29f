//! A trip, what may be asked of it, and the rules that need no database.

use serde::Deserialize;

use super::status::Status;
use crate::fleet::{AircraftId, Airport};
use crate::workspaces::WorkspaceId;
use kit::clock::{Since, Time, Until};
use kit::http::{Check, Faults, present};
use kit::text::{Line, MultilineText, kept};

kit::ids! {
    /// A trip.
    TripId = "trip";
}

/// What the scheduling software calls a trip: 1 to 100 characters, told apart exactly as they are.
pub type ExternalId = Line<1, 100>;
/// Anything else: up to 5,000 characters.
pub type Notes = MultilineText<0, 5000>;

/// The most passengers a trip may have.
const MOST_PASSENGERS: u16 = 1000;

kit::string_enum! {
    /// What a trip is flown for.
    TripType as TripType {
        /// For a client.
        Charter = "charter",
        /// For the aircraft's owner.
        Owner = "owner",
        /// To or from a workshop, or as a check flight.
        Maintenance = "maintenance",
        /// Empty, to where the aircraft is needed.
        Positioning = "positioning",
        /// To train a crew.
        Training = "training",
    }
}

/// A trip as it is kept.
#[derive(Clone, PartialEq, Debug)]
pub struct Trip {
    pub id: TripId,
    pub workspace: WorkspaceId,
    pub external_id: Option<String>,
    pub trip_type: TripType,
    pub status: Status,
    pub origin: Airport,
    pub destination: Airport,
    pub departure_date: Time,
    pub arrival_date: Option<Time>,
    pub aircraft_id: Option<AircraftId>,
    pub passenger_count: u16,
    pub notes: Option<String>,
    pub created_at: Time,
    pub updated_at: Time,
}

impl Trip {
    /// A trip that begins as `input` says, a draft if it says nothing.
    pub(super) fn new(id: TripId, workspace: WorkspaceId, now: Time, input: CreateTrip) -> Self {
        Self {
            id,
            workspace,
            external_id: input.external_id.map(Line::into_string),
            trip_type: input.trip_type,
            status: input.status.unwrap_or(Status::Draft),
            origin: input.origin,
            destination: input.destination,
            departure_date: input.departure_date,
            arrival_date: input.arrival_date,
            aircraft_id: input.aircraft_id,
            passenger_count: input.passenger_count,
            notes: kept(input.notes),
            created_at: now,
            updated_at: now,
        }
    }

    /// As `input` says throughout. The status is no field but a place in the state machine: left out, it stays.
    #[must_use]
    pub fn replaced(self, input: CreateTrip) -> Self {
        let status = input.status.or(Some(self.status));
        let input = CreateTrip { status, ..input };
        Self { updated_at: self.updated_at, ..Self::new(self.id, self.workspace, self.created_at, input) }
    }

    /// With these changes.
    #[must_use]
    pub fn with(self, input: UpdateTrip) -> Self {
        Self {
            external_id: input.external_id.map_or(self.external_id, |id| id.map(Line::into_string)),
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

    /// Whether it arrives after it departs, if it is known when.
    pub fn arrives_in_time(&self) -> bool {
        arrives_in_time(self.departure_date, self.arrival_date)
    }

    /// Whether its aircraft must be available for dispatch: from release to landing, unless the trip is there to move
    /// or to check an aircraft that is not.
    pub fn needs_available_aircraft(&self) -> bool {
        self.status.is_released() && !matches!(self.trip_type, TripType::Maintenance | TripType::Positioning)
    }
}

fn arrives_in_time(departure: Time, arrival: Option<Time>) -> bool {
    arrival.is_none_or(|arrival| arrival > departure)
}

fn check_passengers(count: Option<u16>, faults: &mut Faults) {
    faults.require(count.unwrap_or(0) <= MOST_PASSENGERS, "passengerCount", "Give 0 to 1,000 passengers.");
}

/// Said when a trip arrives before it departs.
pub(super) const TOO_EARLY: &str = "Give a time after departureDate, or null.";

/// A trip, whole: a new one, or what replaces the one with this external id.
#[derive(Clone, Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateTrip {
    /// What your own software calls it; unique in the workspace.
    #[serde(default)]
    pub external_id: Option<ExternalId>,
    /// What it is flown for.
    pub trip_type: TripType,
    /// A new trip may begin in any status; left out, it is a `draft`. A trip that is replaced moves as its state machine
    /// allows; left out, its status stays.
    #[serde(default)]
    pub status: Option<Status>,
    /// From.
    pub origin: Airport,
    /// To.
    pub destination: Airport,
    /// When it departs.
    pub departure_date: Time,
    /// When it arrives, after it departs.
    #[serde(default)]
    pub arrival_date: Option<Time>,
    /// An aircraft of the workspace; from `released` to `active` one that is available for dispatch, unless the trip is
    /// of type `maintenance` or `positioning`.
    #[serde(default)]
    pub aircraft_id: Option<AircraftId>,
    /// Left out: 0.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 1000)]
    pub passenger_count: u16,
    /// Anything else.
    #[serde(default)]
    pub notes: Option<Notes>,
}

impl CreateTrip {
    /// A draft from `origin` to `destination`.
    pub fn new(trip_type: TripType, origin: Airport, destination: Airport, departure_date: Time) -> Self {
        Self {
            external_id: None,
            trip_type,
            status: None,
            origin,
            destination,
            departure_date,
            arrival_date: None,
            aircraft_id: None,
            passenger_count: 0,
            notes: None,
        }
    }
}

impl Check for CreateTrip {
    fn check(&self, faults: &mut Faults) {
        faults.require(arrives_in_time(self.departure_date, self.arrival_date), "arrivalDate", TOO_EARLY);
        check_passengers(Some(self.passenger_count), faults);
    }
}

/// Changes to a trip; what is left out stays.
#[derive(Clone, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateTrip {
    /// What your own software calls it; unique in the workspace. `null` removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<ExternalId>)]
    pub external_id: Option<Option<ExternalId>>,
    /// What it is flown for.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = TripType, required = false)]
    pub trip_type: Option<TripType>,
    /// A status that the state machine allows from the present one.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Status, required = false)]
    pub status: Option<Status>,
    /// From.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Airport, required = false)]
    pub origin: Option<Airport>,
    /// To.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Airport, required = false)]
    pub destination: Option<Airport>,
    /// When it departs.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Time, required = false)]
    pub departure_date: Option<Time>,
    /// When it arrives, after it departs; `null`: not known.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Time>)]
    pub arrival_date: Option<Option<Time>>,
    /// Another aircraft of the workspace; `null`: none. From `released` to `active` one that is available for dispatch,
    /// unless the trip is of type `maintenance` or `positioning`.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<AircraftId>)]
    pub aircraft_id: Option<Option<AircraftId>>,
    /// Passengers on board.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = u16, required = false, minimum = 0, maximum = 1000)]
    pub passenger_count: Option<u16>,
    /// Other notes; `null` removes them.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<Notes>)]
    pub notes: Option<Option<Notes>>,
}

impl Check for UpdateTrip {
    fn check(&self, faults: &mut Faults) {
        check_passengers(self.passenger_count, faults);
    }
}

/// Which trips to list.
#[derive(Clone, Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
pub struct TripFilter {
    /// Only trips in this status.
    pub status: Option<Status>,
    /// Only trips flown for this.
    pub trip_type: Option<TripType>,
    /// Only trips of this aircraft.
    pub aircraft_id: Option<AircraftId>,
    /// Only trips that depart at this time or later, or on this day or later (UTC).
    #[param(inline)]
    pub date_from: Option<Since>,
    /// Only trips that depart up to this time, or to the end of this day (UTC).
    #[param(inline)]
    pub date_to: Option<Until>,
    /// Only trips created or changed at this time or later, or on this day or later (UTC): the latest `updatedAt` you
    /// have seen gives you what has changed since, and that one trip again.
    #[param(inline)]
    pub updated_since: Option<Since>,
}
