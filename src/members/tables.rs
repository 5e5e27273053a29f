//! `members` as SeaORM sees it.

use sea_orm::entity::prelude::*;

use super::model::MemberId;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{Table, table};

// No Debug: a row carries a password's hash.
#[derive(Clone, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "members")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MemberId,
    pub workspace_id: WorkspaceId,
    pub email: String,
    pub name: String,
    pub role: String,
    pub password_hash: Option<String>,
    pub invite_digest: Option<Vec<u8>>,
    pub invite_expires_at: Option<Time>,
    pub invited_by: Option<MemberId>,
    pub created_at: Time,
    pub second_factor_at: Option<Time>,
    /// True if the password is shorter than one that has to be enough by itself.
    pub password_is_short: bool,
    /// Kinds of emails that the member does not want, separated by commas.
    pub muted_notices: Option<String>,
}

kit::row!(Model {
    id,
    workspace_id,
    email,
    name,
    role,
    password_hash,
    invite_digest,
    invite_expires_at,
    invited_by,
    created_at,
    second_factor_at,
    password_is_short,
    muted_notices,
});

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("members::Model").field("id", &self.id).finish_non_exhaustive()
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// The tables to copy between databases.
pub(crate) fn all() -> Vec<Box<dyn Table>> {
    vec![table::<Entity>()]
}
