//! The SeaORM entity of the table `reports`.

use sea_orm::entity::prelude::*;

use super::kinds::{Confidentiality, FormerSeverity, ReportType, Severity, Status};
use super::model::ReportId;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{Table, table};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "reports")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ReportId,
    pub workspace_id: WorkspaceId,
    pub number: String,
    pub report_type: ReportType,
    pub title: String,
    pub description: String,
    pub location: Option<String>,
    pub occurred_at: Time,
    /// Written by nodes of every version.
    pub severity: Option<FormerSeverity>,
    /// Not written by nodes of the previous version: it counts only as far as `severity` agrees with it.
    pub icao_severity: Option<Severity>,
    pub status: Status,
    pub confidentiality: Confidentiality,
    pub filed_as: Confidentiality,
    pub reporter_id: Option<String>,
    pub reporter_name: Option<String>,
    pub assigned_to: Option<String>,
    pub created_at: Time,
    pub updated_at: Time,
}

kit::row!(Model {
    id,
    workspace_id,
    number,
    report_type,
    title,
    description,
    location,
    occurred_at,
    severity,
    icao_severity,
    status,
    confidentiality,
    filed_as,
    reporter_id,
    reporter_name,
    assigned_to,
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
