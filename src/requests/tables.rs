//! The tables of the request log, as SeaORM entities.

use kit::db::{Table, table};

/// Tables for `copy`.
pub(crate) fn all() -> Vec<Box<dyn Table>> {
    vec![table::<refusal::Entity>(), table::<gap::Entity>(), table::<latest::Entity>()]
}

pub(super) mod refusal {
    use sea_orm::entity::prelude::*;

    use crate::keys::KeyId;
    use crate::workspaces::WorkspaceId;
    use kit::clock::Time;

    /// A refused request.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "refused_requests")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        /// Empty if the request had no key that is known.
        pub workspace_id: Option<WorkspaceId>,
        pub request_id: String,
        pub at: Time,
        pub method: String,
        pub route: Option<String>,
        pub status: i16,
        pub code: String,
        pub reason: String,
        pub key_id: Option<KeyId>,
        pub key_name: Option<String>,
        #[sea_orm(column_type = "Text", nullable)]
        pub facts: Option<String>,
    }

    kit::row!(Model { id, workspace_id, request_id, at, method, route, status, code, reason, key_id, key_name, facts });

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod gap {
    use sea_orm::entity::prelude::*;

    use crate::workspaces::WorkspaceId;
    use kit::clock::Time;

    /// A number of refused requests that were not kept.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "refused_request_gaps")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub workspace_id: Option<WorkspaceId>,
        pub at: Time,
        pub skipped: i64,
    }

    kit::row!(Model { id, workspace_id, at, skipped });

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod latest {
    use sea_orm::entity::prelude::*;

    use crate::keys::KeyId;
    use crate::workspaces::WorkspaceId;
    use kit::clock::Time;

    /// One of the latest requests with a key.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "api_key_requests")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub workspace_id: WorkspaceId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub key_id: KeyId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub at: Time,
        pub request_id: String,
        pub method: String,
        pub route: Option<String>,
        pub status: i16,
        pub code: Option<String>,
        pub ip: Option<String>,
        /// The scope that was needed; empty if none was, or in rows of earlier versions.
        pub scope: Option<i16>,
    }

    kit::row!(Model { workspace_id, key_id, at, request_id, method, route, status, code, ip, scope });

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}
