//! The SeaORM entity of the table `aircraft`.

use sea_orm::entity::prelude::*;

use super::code::{Airport, TailNumber, TypeDesignator};
use super::model::{AircraftId, Status};
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{Table, table};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "aircraft")]
#[expect(clippy::struct_field_names, reason = "the row's type is called Model by SeaORM, an aircraft's model by everyone")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: AircraftId,
    pub workspace_id: WorkspaceId,
    pub tail_number: TailNumber,
    pub type_designator: TypeDesignator,
    pub model: String,
    pub home_base: Option<Airport>,
    pub home_base_name: Option<String>,
    pub status: Status,
    #[sea_orm(column_type = "Text", nullable)]
    pub status_note: Option<String>,
    pub expected_return: Option<Time>,
    pub created_at: Time,
    pub updated_at: Time,
    /// The text that is searched, and the `updated_at` of the row that it was derived from.
    #[sea_orm(column_type = "Text", nullable)]
    pub search_text: Option<String>,
    pub search_text_of: Option<Time>,
}

kit::row!(Model {
    id,
    workspace_id,
    tail_number,
    type_designator,
    model,
    home_base,
    home_base_name,
    status,
    status_note,
    expected_return,
    created_at,
    updated_at,
    search_text,
    search_text_of,
});

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// Returns the tables for a copy of the database; a table comes after those that it refers to.
pub(crate) fn all() -> Vec<Box<dyn Table>> {
    vec![table::<Entity>()]
}
