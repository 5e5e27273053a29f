//! `key_leaks` as SeaORM sees it, and in [`remedy`] `key_leak_remedies`.

use sea_orm::entity::prelude::*;

use crate::keys::KeyId;
use crate::workspaces::WorkspaceId;
use kit::clock::Time;
use kit::db::{Table, table};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "key_leaks")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub key_id: KeyId,
    /// SHA-256 of the address where the key was found.
    #[sea_orm(primary_key, auto_increment = false)]
    pub source: Vec<u8>,
    /// The time of the last event about it.
    pub recorded_at: Time,
    /// The time at which the policy of the workspace was carried out.
    pub handled_at: Option<Time>,
}

kit::row!(Model { workspace_id, key_id, source, recorded_at, handled_at });

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}
impl ActiveModelBehavior for ActiveModel {}

/// The tables to copy between databases.
pub(crate) fn all() -> Vec<Box<dyn Table>> {
    vec![table::<Entity>(), table::<remedy::Entity>()]
}

/// Pauses and revocations that are still to be carried out.
pub(super) mod remedy {
    use sea_orm::entity::prelude::*;

    use crate::keys::KeyId;
    use crate::workspaces::WorkspaceId;
    use kit::clock::Time;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "key_leak_remedies")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub workspace_id: WorkspaceId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub key_id: KeyId,
        /// `pause` or `revoke`.
        pub remedy: String,
        /// The reason of a revocation.
        #[sea_orm(column_type = "Text")]
        pub reason: String,
        /// The time of the next attempt.
        pub due_at: Time,
        /// The attempts of the background job.
        pub attempts: i16,
    }

    kit::row!(Model { workspace_id, key_id, remedy, reason, due_at, attempts });

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}
