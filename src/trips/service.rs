//! Use cases of trips. Each is part of an [`AuditedTx`] that the caller begins and commits.

use serde_json::{Value, json};

use super::error::Error;
use super::model::{CreateTrip, ExternalId, Trip, TripId, UpdateTrip};
use super::status::Status;
use super::store;
use super::upsert::UpsertTrip;
use crate::audit::{Action, AuditedTx, EventType, Target, TargetKind, and_rewritten, changed_fields, differences, unrepeated};
use crate::fleet;
use kit::http::Put;

pub async fn create(tx: &mut AuditedTx, input: CreateTrip) -> Result<Trip, Error> {
    // Before the aircraft is checked: a repeated request finds its trip, also if the aircraft has been grounded since.
    require_free(tx, input.external_id.as_ref().map(ExternalId::as_str)).await?;
    insert(tx, input).await
}

/// Creates a trip whose external id is free.
async fn insert(tx: &mut AuditedTx, input: CreateTrip) -> Result<Trip, Error> {
    let trip = Trip::new(TripId::new(tx.now(), tx.random()), tx.workspace(), tx.now(), input);
    require_valid(tx, None, &trip).await?;
    store::insert(tx.db(), &trip).await?;
    let mut details = event_fields(&trip);
    details["notes"] = unrepeated(trip.notes.as_ref());
    tx.record(Action::TripCreated, Some(target(&trip)), details);
    let by = tx.actor_id();
    tx.publish(EventType::TripCreated, || payload(&trip, &by));
    Ok(trip)
}

/// Changes a trip. Writes and records nothing if nothing differs.
pub async fn update(tx: &mut AuditedTx, id: TripId, input: UpdateTrip) -> Result<Trip, Error> {
    let old = store::find(tx.db(), tx.workspace(), id).await?.ok_or(Error::NotFound)?;
    let new = old.clone().with(input);
    save(tx, old, new).await
}

/// Creates the trip with this external id, or replaces it. Writers of a workspace follow one another: of two concurrent
/// calls the second finds the trip of the first.
pub(super) async fn put(tx: &mut AuditedTx, external_id: ExternalId, input: CreateTrip) -> Result<Put<Trip>, Error> {
    if input.external_id.as_ref().is_some_and(|repeated| *repeated != external_id) {
        return Err(Error::ExternalIdDiffers);
    }
    let known = store::find_by_external_id(tx.db(), tx.workspace(), external_id.as_str()).await?;
    let input = CreateTrip { external_id: Some(external_id), ..input };
    match known {
        None => insert(tx, input).await.map(Put::Created),
        Some(old) => {
            let new = old.clone().replaced(input);
            save(tx, old, new).await.map(Put::Replaced)
        }
    }
}

/// Creates the trip with the external id of `input`, or changes it.
pub(super) async fn upsert(tx: &mut AuditedTx, input: UpsertTrip) -> Result<Put<Trip>, Error> {
    match store::find_by_external_id(tx.db(), tx.workspace(), input.external_id.as_str()).await? {
        None => insert(tx, input.into()).await.map(Put::Created),
        Some(old) => {
            let new = old.clone().with(input.into());
            save(tx, old, new).await.map(Put::Replaced)
        }
    }
}

async fn save(tx: &mut AuditedTx, old: Trip, new: Trip) -> Result<Trip, Error> {
    if !old.status.may_become(new.status) {
        return Err(Error::InvalidTransition { from: old.status, to: new.status });
    }
    let Some(changes) = changes(&old, &new) else { return Ok(old) };
    require_valid(tx, Some(&old), &new).await?;
    if old.external_id != new.external_id {
        require_free(tx, new.external_id.as_deref()).await?;
    }
    let trip = Trip { updated_at: tx.now(), ..new };
    store::set(tx.db(), &trip).await?;
    let (event_type, fields) = (type_of_change(old.status, trip.status), changed_fields(&changes));
    tx.record(Action::TripUpdated, Some(target(&trip)), changes);
    let by = tx.actor_id();
    tx.publish(event_type, || {
        let mut data = payload(&trip, &by);
        data["changed"] = fields.into();
        data
    });
    Ok(trip)
}

/// Checks the rules on the whole trip and on its aircraft. The aircraft is checked only if status, type or aircraft change:
/// an aircraft that was grounded later does not block other changes.
async fn require_valid(tx: &AuditedTx, old: Option<&Trip>, new: &Trip) -> Result<(), Error> {
    if !new.arrives_in_time() {
        return Err(Error::ArrivalTooEarly);
    }
    if let Some(field) = new.missing_name(old) {
        return Err(Error::UnnamedPlace(field));
    }
    let assignment = |trip: &Trip| (trip.status, trip.trip_type, trip.aircraft_id);
    let Some(id) = new.aircraft_id.filter(|_| old.map(assignment) != Some(assignment(new))) else { return Ok(()) };
    let aircraft = fleet::find(tx.db(), tx.workspace(), id).await?.ok_or(Error::NoSuchAircraft)?;
    if new.needs_available_aircraft() && !aircraft.status.is_dispatchable() {
        let (tail_number, status) = (aircraft.tail_number, aircraft.status);
        return Err(Error::AircraftUnavailable { tail_number, status, trip: new.status });
    }
    Ok(())
}

/// Fails if a trip has the external id. No other transaction writes in the workspace while an [`AuditedTx`] is open.
async fn require_free(tx: &AuditedTx, external_id: Option<&str>) -> Result<(), Error> {
    let Some(external_id) = external_id else { return Ok(()) };
    match store::find_by_external_id(tx.db(), tx.workspace(), external_id).await? {
        Some(Trip { id, .. }) => Err(Error::ExternalIdTaken { external_id: external_id.to_owned(), id }),
        None => Ok(()),
    }
}

fn target(trip: &Trip) -> Target {
    Target::new(TargetKind::Trip, trip.id, &format!("{}–{} {}", trip.origin, trip.destination, trip.departure_date.date()))
}

/// Returns the type of an event of a change. That of a status comes first.
fn type_of_change(from: Status, to: Status) -> EventType {
    match to {
        Status::Confirmed if from != to => EventType::TripConfirmed,
        Status::Cancelled if from != to => EventType::TripCancelled,
        Status::Completed if from != to => EventType::TripCompleted,
        _ => EventType::TripUpdated,
    }
}

/// Returns the data of a payload; `by` caused the event.
fn payload(trip: &Trip, by: &str) -> Value {
    json!({
        "trip_id": trip.id,
        "external_id": trip.external_id,
        "trip_type": trip.trip_type,
        "status": trip.status,
        "origin": trip.origin,
        "destination": trip.destination,
        "departure_date": trip.departure_date,
        "aircraft_id": trip.aircraft_id,
        "created_by": by,
    })
}

fn event_fields(trip: &Trip) -> Value {
    json!({
        "externalId": trip.external_id,
        "tripType": trip.trip_type,
        "status": trip.status,
        "origin": trip.origin,
        "destination": trip.destination,
        "departureDate": trip.departure_date,
        "arrivalDate": trip.arrival_date,
        "aircraftId": trip.aircraft_id,
        "passengerCount": trip.passenger_count,
    })
}

/// Returns the changed fields. Notes and the names of places may be about persons: of them only the fact of a change is recorded.
fn changes(old: &Trip, new: &Trip) -> Option<Value> {
    let texts = [
        ("originName", old.origin_name != new.origin_name),
        ("destinationName", old.destination_name != new.destination_name),
        ("notes", old.notes != new.notes),
    ];
    and_rewritten(differences(&event_fields(old), &event_fields(new)), texts)
}
