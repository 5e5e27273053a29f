//! `security_settings` as SeaORM sees it.

use sea_orm::entity::prelude::*;

use super::model::TwoFactorPolicy;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{Table, table};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "security_settings")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    /// A [`TwoFactorPolicy`], or the name of one that a newer version wrote.
    pub two_factor_policy: String,
    pub grace_days: i32,
    pub passkeys_allowed: bool,
    pub idle_minutes: i32,
    pub absolute_minutes: i32,
    pub minimum_password_length: i32,
    pub admins_required_since: Option<Time>,
    pub admins_grace_ends_at: Option<Time>,
    pub others_required_since: Option<Time>,
    pub others_grace_ends_at: Option<Time>,
}

kit::row!(Model {
    workspace_id,
    two_factor_policy,
    grace_days,
    passkeys_allowed,
    idle_minutes,
    absolute_minutes,
    minimum_password_length,
    admins_required_since,
    admins_grace_ends_at,
    others_required_since,
    others_grace_ends_at,
});

impl Model {
    /// Returns the policy; the strictest in place of one that this version does not know.
    pub(super) fn policy(&self) -> TwoFactorPolicy {
        self.two_factor_policy.parse().unwrap_or(TwoFactorPolicy::RequiredForAll)
    }
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// The tables to copy between databases.
pub(crate) fn all() -> Vec<Box<dyn Table>> {
    vec![table::<Entity>()]
}
