//! The SeaORM entity of the table `trips`.

use sea_orm::entity::prelude::*;

use super::model::{TripId, TripType};
use super::status::Status;
use crate::fleet::{AircraftId, Airport};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{Table, table};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "trips")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: TripId,
    pub workspace_id: WorkspaceId,
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
    pub passenger_count: i32,
    #[sea_orm(column_type = "Text", nullable)]
    pub notes: Option<String>,
    pub created_at: Time,
    pub updated_at: Time,
}

kit::row!(Model {
    id,
    workspace_id,
    external_id,
    trip_type,
    status,
    origin,
    origin_name,
    destination,
    destination_name,
    departure_date,
    arrival_date,
    aircraft_id,
    passenger_count,
    notes,
    created_at,
    updated_at,
});

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// Returns the tables for a copy of the database; a table comes after those that it refers to.
pub(crate) fn all() -> Vec<Box<dyn Table>> {
    vec![table::<Entity>()]
}
