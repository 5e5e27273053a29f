//! The SeaORM entities of the tables `finding_dismissals` and, in [`digest`], `weekly_digests`.

use sea_orm::entity::prelude::*;

use super::model::FindingId;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{Table, table};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "finding_dismissals")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub finding_id: FindingId,
    pub code: String,
    /// The message of the finding at the time.
    #[sea_orm(column_type = "Text")]
    pub message: String,
    #[sea_orm(column_type = "Text")]
    pub reason: String,
    /// The subject of the finding, as in audit events.
    pub target_type: String,
    pub target_id: String,
    pub target_name: String,
    pub dismissed_by_id: String,
    pub dismissed_by_name: String,
    pub dismissed_at: Time,
    pub ends_at: Time,
}

kit::row!(Model {
    workspace_id,
    finding_id,
    code,
    message,
    reason,
    target_type,
    target_id,
    target_name,
    dismissed_by_id,
    dismissed_by_name,
    dismissed_at,
    ends_at,
});

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// Returns the tables for a copy of the database; a table comes after those that it refers to.
pub(crate) fn all() -> Vec<Box<dyn Table>> {
    vec![table::<Entity>(), table::<digest::Entity>()]
}

/// The week of the last digest of each workspace.
pub(super) mod digest {
    use sea_orm::entity::prelude::*;

    use crate::workspaces::WorkspaceId;
    use kit::day::Day;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "weekly_digests")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub workspace_id: WorkspaceId,
        /// The Monday with which it begins.
        pub week: Day,
    }

    kit::row!(Model { workspace_id, week });

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}
