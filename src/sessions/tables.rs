//! `sessions` as SeaORM sees it.

use sea_orm::entity::prelude::*;

use crate::members::MemberId;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{Table, table};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub digest: Vec<u8>,
    pub workspace_id: WorkspaceId,
    pub member_id: MemberId,
    pub created_at: Time,
    pub expires_at: Time,
    /// Empty in rows that the version before inserted: then it is `created_at`.
    pub auth_time: Option<Time>,
    /// Names of methods, separated by commas.
    pub methods: String,
    /// The last use that was written, with its address and program. Empty in rows that the version before inserted.
    pub last_seen_at: Option<Time>,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
}

kit::row!(Model { digest, workspace_id, member_id, created_at, expires_at, auth_time, methods, last_seen_at, ip, user_agent });

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// The tables to copy between databases.
pub(crate) fn all() -> Vec<Box<dyn Table>> {
    vec![table::<Entity>()]
}
