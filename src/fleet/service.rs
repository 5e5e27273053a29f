//! Use cases of aircraft. Each is part of an [`AuditedTx`] that the caller begins and commits.

use serde_json::{Value, json};

use super::code::TailNumber;
use super::error::Error;
use super::model::{Aircraft, AircraftId, CreateAircraft, Status, UpdateAircraft};
use super::store;
use super::upsert::UpsertAircraft;
use crate::audit::{Action, AuditedTx, EventType, Target, TargetKind, and_rewritten, changed_fields, differences, unrepeated};
use kit::http::Put;
use kit::text::{Line, kept};

pub async fn create(tx: &mut AuditedTx, input: CreateAircraft) -> Result<Aircraft, Error> {
    require_free(tx, &input.tail_number).await?;
    insert(tx, input).await
}

/// Creates an aircraft whose tail number is free.
async fn insert(tx: &mut AuditedTx, input: CreateAircraft) -> Result<Aircraft, Error> {
    let now = tx.now();
    let aircraft = Aircraft {
        id: AircraftId::new(now, tx.random()),
        workspace: tx.workspace(),
        tail_number: input.tail_number,
        type_designator: input.type_designator,
        model: input.model.into_string(),
        home_base: input.home_base,
        home_base_name: input.home_base_name.map(Line::into_string),
        status: input.status.unwrap_or(Status::Active),
        status_note: kept(input.status_note),
        expected_return: input.expected_return,
        created_at: now,
        updated_at: now,
    };
    require_valid(None, &aircraft)?;
    store::insert(tx.db(), &aircraft).await?;
    let mut details = event_fields(&aircraft);
    details["statusNote"] = unrepeated(aircraft.status_note.as_ref());
    tx.record(Action::AircraftCreated, Some(target(&aircraft)), details);
    tx.publish(EventType::AircraftCreated, || payload(&aircraft));
    Ok(aircraft)
}

/// Changes an aircraft. Writes and records nothing if nothing differs.
pub async fn update(tx: &mut AuditedTx, id: AircraftId, input: UpdateAircraft) -> Result<Aircraft, Error> {
    let old = store::find(tx.db(), tx.workspace(), id).await?.ok_or(Error::NotFound)?;
    change(tx, old, input).await
}

/// Creates the aircraft with the tail number of `input`, or changes it. Writers of a workspace follow one another: of two concurrent
/// calls the second finds the aircraft of the first.
pub(super) async fn upsert(tx: &mut AuditedTx, input: UpsertAircraft) -> Result<Put<Aircraft>, Error> {
    match store::find_by_tail_number(tx.db(), tx.workspace(), &input.tail_number).await? {
        None => insert(tx, input.into()).await.map(Put::Created),
        Some(old) => change(tx, old, input.into()).await.map(Put::Replaced),
    }
}

async fn change(tx: &mut AuditedTx, old: Aircraft, input: UpdateAircraft) -> Result<Aircraft, Error> {
    let new = old.clone().with(input);
    require_valid(Some(&old), &new)?;
    let Some(changes) = changes(&old, &new) else { return Ok(old) };
    if old.tail_number != new.tail_number {
        require_free(tx, &new.tail_number).await?;
    }
    let aircraft = Aircraft { updated_at: tx.now(), ..new };
    store::set(tx.db(), &aircraft).await?;
    let fields = changed_fields(&changes);
    tx.record(Action::AircraftUpdated, Some(target(&aircraft)), changes);
    tx.publish(type_of_change(old.status, aircraft.status), || {
        let mut data = payload(&aircraft);
        data["changed"] = fields.into();
        data
    });
    Ok(aircraft)
}

/// Checks the rules on the whole aircraft.
fn require_valid(old: Option<&Aircraft>, new: &Aircraft) -> Result<(), Error> {
    if !new.may_be_expected() {
        return Err(Error::NotAway);
    }
    new.base_fault(old).map_or(Ok(()), |fault| Err(Error::UnnamedBase(fault)))
}

/// Fails if an aircraft has the tail number. No other transaction writes in the workspace while an [`AuditedTx`] is open.
async fn require_free(tx: &AuditedTx, tail_number: &TailNumber) -> Result<(), Error> {
    match store::find_by_tail_number(tx.db(), tx.workspace(), tail_number).await? {
        Some(Aircraft { id, .. }) => Err(Error::TailNumberTaken { tail_number: tail_number.clone(), id }),
        None => Ok(()),
    }
}

fn target(aircraft: &Aircraft) -> Target {
    Target::new(TargetKind::Aircraft, aircraft.id, aircraft.tail_number.as_str())
}

/// Returns the type of an event of a change. That of a status comes first.
fn type_of_change(from: Status, to: Status) -> EventType {
    if from == to { EventType::AircraftUpdated } else { EventType::AircraftStatusChanged }
}

/// Returns the data of a payload.
fn payload(aircraft: &Aircraft) -> Value {
    json!({
        "aircraft_id": aircraft.id,
        "tail_number": aircraft.tail_number,
        "type_designator": aircraft.type_designator,
        "model": aircraft.model,
        "home_base": aircraft.home_base,
        "status": aircraft.status,
        "dispatch_available": aircraft.status.is_dispatchable(),
    })
}

fn event_fields(aircraft: &Aircraft) -> Value {
    json!({
        "tailNumber": aircraft.tail_number,
        "typeDesignator": aircraft.type_designator,
        "model": aircraft.model,
        "homeBase": aircraft.home_base,
        "status": aircraft.status,
        "expectedReturn": aircraft.expected_return,
    })
}

/// Returns the changed fields. A note and the name of a place may be about persons: of them only the fact of a change is recorded.
fn changes(old: &Aircraft, new: &Aircraft) -> Option<Value> {
    let texts = [("homeBaseName", old.home_base_name != new.home_base_name), ("statusNote", old.status_note != new.status_note)];
    and_rewritten(differences(&event_fields(old), &event_fields(new)), texts)
}
