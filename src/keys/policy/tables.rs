//! `key_policies` as SeaORM sees it.

use sea_orm::entity::prelude::*;

use crate::workspaces::WorkspaceId;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "key_policies")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    pub max_lifetime_days: Option<i32>,
    pub allow_no_expiration: bool,
    pub require_ip_allowlist_for_write: bool,
    pub rotate_after_days: i32,
    /// An [`OnLeak`](super::OnLeak), or the name of one that a newer version wrote.
    pub on_leak: String,
}

kit::row!(Model {
    workspace_id,
    max_lifetime_days,
    allow_no_expiration,
    require_ip_allowlist_for_write,
    rotate_after_days,
    on_leak,
});

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}
