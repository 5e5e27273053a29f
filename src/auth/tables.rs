//! `known_callers` as SeaORM sees it.

use sea_orm::entity::prelude::*;

use crate::members::MemberId;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{Table, table};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "known_callers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub digest: Vec<u8>,
    #[sea_orm(primary_key, auto_increment = false)]
    pub member_id: MemberId,
    pub workspace_id: WorkspaceId,
    pub kind: String,
    pub last_used_at: Time,
}

kit::row!(Model { digest, member_id, workspace_id, kind, last_used_at });

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// The tables to copy between databases.
pub(super) fn all() -> Vec<Box<dyn Table>> {
    vec![table::<Entity>()]
}
