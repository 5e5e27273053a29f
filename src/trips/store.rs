//! The queries on trips.

use sea_orm::sea_query::Query;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, Condition, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::model::{Trip, TripFilter, TripId, TripSort};
use super::status::Status;
use super::tables::{Column, Entity, Model};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{DbResult, Direction, Sorted, Source, find_row, find_rows, rows_of, sorted_page, update_row};
use kit::http::{Page, Paging};

pub(super) async fn insert(db: &impl ConnectionTrait, trip: &Trip) -> DbResult<()> {
    Entity::insert(row_of(trip.clone()).into_active_model()).exec_without_returning(db).await.map(|_| ())
}

/// Writes all columns of an existing trip.
pub(super) async fn set(db: &impl ConnectionTrait, trip: &Trip) -> DbResult<()> {
    update_row(db, row_of(trip.clone()).into_active_model().reset_all()).await
}

pub async fn find(db: &impl Source, workspace: WorkspaceId, id: TripId) -> DbResult<Option<Trip>> {
    find_row(db, Entity::find_by_id(id).filter(Column::WorkspaceId.eq(workspace))).await?.map(trip_of).transpose()
}

/// Lists those of these trips that are there.
pub(super) async fn list_by_id(db: &impl Source, workspace: WorkspaceId, ids: Vec<TripId>) -> DbResult<Vec<Trip>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let mine = Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::Id.is_in(ids));
    find_rows(db, mine).await?.into_iter().map(trip_of).collect()
}

pub(super) async fn find_by_external_id(db: &impl Source, workspace: WorkspaceId, external_id: &str) -> DbResult<Option<Trip>> {
    let named = Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::ExternalId.eq(external_id));
    find_row(db, named).await?.map(trip_of).transpose()
}

/// Returns a part of a workspace's trips, in the order of the filter.
pub(super) async fn list(db: &impl Source, workspace: WorkspaceId, filter: &TripFilter, paging: Paging) -> DbResult<Page<Trip>> {
    let condition = Condition::all()
        .add(Column::WorkspaceId.eq(workspace))
        .add_option(filter.status.map(|status| Column::Status.eq(status)))
        .add_option(filter.trip_type.map(|trip_type| Column::TripType.eq(trip_type)))
        .add_option(filter.aircraft_id.map(|aircraft| Column::AircraftId.eq(aircraft)))
        .add_option(filter.external_id.as_ref().map(|id| Column::ExternalId.eq(id.as_str())))
        .add_option(filter.date_from.map(|from| Column::DepartureDate.gte(from.0)))
        .add_option(filter.date_to.map(|to| Column::DepartureDate.lte(to.0)))
        .add_option(filter.updated_since.map(|since| Column::UpdatedAt.gte(since.0)));
    let sorted = sorted(filter.sort.unwrap_or(TripSort::CreationDescending));
    sorted_page(db, Entity::find().filter(condition), sorted, paging, trip_of).await
}

/// Each order has an index on workspace, column and id.
fn sorted(sort: TripSort) -> Sorted<Entity> {
    let (time, direction) = match sort {
        TripSort::Departure => (Column::DepartureDate, Direction::Ascending),
        TripSort::DepartureDescending => (Column::DepartureDate, Direction::Descending),
        TripSort::Update => (Column::UpdatedAt, Direction::Ascending),
        TripSort::UpdateDescending => (Column::UpdatedAt, Direction::Descending),
        TripSort::Creation => (Column::CreatedAt, Direction::Ascending),
        TripSort::CreationDescending => (Column::CreatedAt, Direction::Descending),
    };
    Sorted { columns: [time, Column::Id], direction }
}

/// Lists up to `limit` trips of a workspace that depart at `from` or later and are not cancelled, the next first.
pub async fn list_departures(db: &impl Source, workspace: WorkspaceId, from: Time, limit: u64) -> DbResult<Vec<Trip>> {
    let ahead = Entity::find().filter(Column::WorkspaceId.eq(workspace)).filter(Column::DepartureDate.gte(from));
    let ahead = ahead.filter(Column::Status.ne(Status::Cancelled)).order_by_asc(Column::DepartureDate).limit(limit);
    rows_of(db, ahead).await?.into_iter().map(trip_of).collect()
}

/// Deletes up to `limit` trips of a workspace, for the reset of a sandbox. Returns their number.
pub async fn delete_some(db: &impl ConnectionTrait, workspace: WorkspaceId, limit: u64) -> DbResult<u64> {
    let some = Query::select().column(Column::Id).from(Entity).and_where(Column::WorkspaceId.eq(workspace)).limit(limit).take();
    Ok(Entity::delete_many().filter(Column::Id.in_subquery(some)).exec(db).await?.rows_affected)
}

fn row_of(trip: Trip) -> Model {
    Model {
        id: trip.id,
        workspace_id: trip.workspace,
        external_id: trip.external_id,
        trip_type: trip.trip_type,
        status: trip.status,
        origin: trip.origin,
        origin_name: trip.origin_name,
        destination: trip.destination,
        destination_name: trip.destination_name,
        departure_date: trip.departure_date,
        arrival_date: trip.arrival_date,
        aircraft_id: trip.aircraft_id,
        passenger_count: trip.passenger_count.into(),
        notes: trip.notes,
        created_at: trip.created_at,
        updated_at: trip.updated_at,
    }
}

fn trip_of(row: Model) -> DbResult<Trip> {
    let broken = |_| DbErr::Type(format!("trip {}: passenger count", row.id));
    Ok(Trip {
        passenger_count: row.passenger_count.try_into().map_err(broken)?,
        id: row.id,
        workspace: row.workspace_id,
        external_id: row.external_id,
        trip_type: row.trip_type,
        status: row.status,
        origin: row.origin,
        origin_name: row.origin_name,
        destination: row.destination,
        destination_name: row.destination_name,
        departure_date: row.departure_date,
        arrival_date: row.arrival_date,
        aircraft_id: row.aircraft_id,
        notes: row.notes,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}
