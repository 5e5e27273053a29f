//! Tables of keys and their usage, as SeaORM entities.

use super::policy;
use kit::db::{Table, table};

/// Tables for `copy`, those that others refer to first.
pub(crate) fn all() -> Vec<Box<dyn Table>> {
    vec![
        table::<key::Entity>(),
        table::<usage::Entity>(),
        table::<address::Entity>(),
        table::<last_use::Entity>(),
        table::<policy::Table>(),
        table::<check::Entity>(),
        table::<check_progress::Entity>(),
        table::<revoked_call::Entity>(),
        table::<unusual::Entity>(),
        table::<shadow::Entity>(),
    ]
}

pub(super) mod key {
    use sea_orm::entity::prelude::*;

    use crate::keys::model::KeyId;
    use crate::workspaces::WorkspaceId;
    use kit::clock::Time;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "api_keys")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: KeyId,
        pub workspace_id: WorkspaceId,
        pub digest: Vec<u8>,
        pub hint: String,
        pub name: String,
        /// The forms of the name in which it is searched and compared, and the revision that has this name.
        pub name_folded: Option<String>,
        pub name_skeleton: Option<String>,
        pub name_forms_of: Option<i64>,
        pub description: Option<String>,
        pub permissions: String,
        pub scopes: i16,
        #[sea_orm(column_type = "JsonBinary", nullable)]
        pub ip_allowlist: Option<Json>,
        pub rate_requests: Option<i32>,
        pub rate_per_seconds: Option<i32>,
        pub created_at: Time,
        pub created_by_id: String,
        pub created_by_name: String,
        pub expires_at: Option<Time>,
        pub expiry_recorded_at: Option<Time>,
        /// The fewest days before the expiry of which an event says that they are left.
        pub expiry_announced_days: Option<i16>,
        pub paused_at: Option<Time>,
        pub paused_until: Option<Time>,
        pub paused_by_id: Option<String>,
        pub paused_by_name: Option<String>,
        pub paused_everywhere_at: Option<Time>,
        pub revoked_at: Option<Time>,
        pub revoked_by_id: Option<String>,
        pub revoked_by_name: Option<String>,
        pub revoke_reason: Option<String>,
        pub refused_everywhere_at: Option<Time>,
        pub rotated_from: Option<KeyId>,
        pub rotation_root: Option<KeyId>,
        /// The member who is responsible for the key; `None` for the one who created it.
        pub custodian_id: Option<String>,
        pub revoke_old_at: Option<Time>,
        pub revoke_old_forced: bool,
        pub rotation_blocked_at: Option<Time>,
        /// The sandbox of a test key; `None` for a live key.
        pub sandbox_id: Option<WorkspaceId>,
        pub revision: i64,
    }

    kit::row!(Model {
        id,
        workspace_id,
        digest,
        hint,
        name,
        name_folded,
        name_skeleton,
        name_forms_of,
        description,
        permissions,
        scopes,
        ip_allowlist,
        rate_requests,
        rate_per_seconds,
        created_at,
        created_by_id,
        created_by_name,
        expires_at,
        expiry_recorded_at,
        expiry_announced_days,
        paused_at,
        paused_until,
        paused_by_id,
        paused_by_name,
        paused_everywhere_at,
        revoked_at,
        revoked_by_id,
        revoked_by_name,
        revoke_reason,
        refused_everywhere_at,
        rotated_from,
        rotation_root,
        custodian_id,
        revoke_old_at,
        revoke_old_forced,
        rotation_blocked_at,
        sandbox_id,
        revision,
    });

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod usage {
    use sea_orm::entity::prelude::*;

    use crate::keys::model::KeyId;
    use crate::workspaces::WorkspaceId;
    use kit::clock::Time;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "api_key_usage")]
    pub struct Model {
        pub workspace_id: WorkspaceId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub key_id: KeyId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub hour: Time,
        #[sea_orm(primary_key, auto_increment = false)]
        pub scope: i16,
        pub allowed: i64,
        pub denied: i64,
    }

    kit::row!(Model { workspace_id, key_id, hour, scope, allowed, denied });

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod address {
    use sea_orm::entity::prelude::*;

    use crate::keys::model::KeyId;
    use crate::workspaces::WorkspaceId;
    use kit::clock::Time;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "api_key_addresses")]
    pub struct Model {
        pub workspace_id: WorkspaceId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub key_id: KeyId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub ip: String,
        pub first_used_at: Time,
        pub last_used_at: Time,
    }

    kit::row!(Model { workspace_id, key_id, ip, first_used_at, last_used_at });

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod last_use {
    use sea_orm::entity::prelude::*;

    use crate::keys::model::KeyId;
    use kit::clock::Time;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "api_key_last_uses")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub key_id: KeyId,
        pub at: Time,
        pub ip: String,
    }

    kit::row!(Model { key_id, at, ip });

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod check {
    use sea_orm::entity::prelude::*;

    use crate::keys::model::KeyId;
    use crate::workspaces::WorkspaceId;
    use kit::clock::Time;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "key_checks")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub key_id: KeyId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub rule: String,
        pub workspace_id: WorkspaceId,
        /// The earliest time from which the rule can hold.
        pub holds_from: Time,
        /// The time of the next check.
        pub check_at: Time,
        pub checked_at: Option<Time>,
        /// The scopes that the last check found unused.
        pub unused_scopes: i16,
    }

    kit::row!(Model { key_id, rule, workspace_id, holds_from, check_at, checked_at, unused_scopes });

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod check_progress {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "key_check_progress")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i16,
        /// The revision up to which changes of keys are in `key_checks`.
        pub revision: i64,
    }

    kit::row!(Model { id, revision });

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod revoked_call {
    use sea_orm::entity::prelude::*;

    use crate::keys::model::KeyId;
    use crate::workspaces::WorkspaceId;
    use kit::clock::Time;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "revoked_key_calls")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub key_id: KeyId,
        pub workspace_id: WorkspaceId,
        pub first_at: Time,
        pub last_at: Time,
        /// The network of the last call; empty if it is unknown.
        pub ip: String,
    }

    kit::row!(Model { key_id, workspace_id, first_at, last_at, ip });

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod unusual {
    use sea_orm::entity::prelude::*;

    use crate::keys::model::KeyId;
    use crate::workspaces::WorkspaceId;
    use kit::clock::Time;
    use kit::day::Day;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "api_key_unusual")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub workspace_id: WorkspaceId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub key_id: KeyId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub kind: String,
        /// The day in the zone of the workspace.
        #[sea_orm(primary_key, auto_increment = false)]
        pub day: Day,
        pub at: Time,
        #[sea_orm(column_type = "JsonBinary")]
        pub details: Json,
    }

    kit::row!(Model { workspace_id, key_id, kind, day, at, details });

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod shadow {
    use sea_orm::entity::prelude::*;

    use crate::keys::model::KeyId;
    use crate::workspaces::WorkspaceId;
    use kit::clock::Time;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "key_shadows")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub workspace_id: WorkspaceId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub key_id: KeyId,
        pub scopes: i16,
        pub started_at: Time,
        pub ends_at: Time,
        pub started_by_id: String,
        pub started_by_name: String,
        /// Accepted requests by scope in the hour of the start, before it.
        #[sea_orm(column_type = "JsonBinary")]
        pub counted_before: Json,
    }

    kit::row!(Model { workspace_id, key_id, scopes, started_at, ends_at, started_by_id, started_by_name, counted_before });

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}
