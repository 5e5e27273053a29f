//! `password_resets` as SeaORM sees it.

use sea_orm::entity::prelude::*;

use crate::members::MemberId;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{Table, table};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "password_resets")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub digest: Vec<u8>,
    pub workspace_id: WorkspaceId,
    pub member_id: MemberId,
    /// The member's role when the link was made. With another role it does not work: its maker may have no right to reset that.
    pub role: String,
    pub created_at: Time,
    pub expires_at: Time,
}

kit::row!(Model { digest, workspace_id, member_id, role, created_at, expires_at });

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// The tables to copy between databases.
pub(in crate::auth) fn all() -> Vec<Box<dyn Table>> {
    vec![table::<Entity>()]
}
