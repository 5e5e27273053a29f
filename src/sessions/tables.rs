//! `sessions` as SeaORM sees it.

use sea_orm::entity::prelude::*;

use crate::kit::clock::Time;
use crate::kit::db::{Table, table};
use crate::members::MemberId;
use crate::workspaces::WorkspaceId;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub digest: Vec<u8>,
    pub workspace_id: WorkspaceId,
    pub member_id: MemberId,
    pub created_at: Time,
    pub expires_at: Time,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// For a copy of everything: those that others refer to come first.
pub(crate) fn all() -> Vec<Box<dyn Table>> {
    vec![table::<Entity>()]
}
