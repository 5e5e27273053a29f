//! The entities of the tables.

use kit::db::{Table, table};

/// Lists the tables for a copy of the database; tables that others refer to come first.
pub(crate) fn all() -> Vec<Box<dyn Table>> {
    vec![
        table::<event::Entity>(),
        table::<head::Entity>(),
        table::<payload::Entity>(),
        table::<answer::Entity>(),
        table::<authentication::Entity>(),
    ]
}

pub(super) mod event {
    use sea_orm::entity::prelude::*;

    use crate::workspaces::WorkspaceId;
    use kit::clock::Time;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_events")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub workspace_id: WorkspaceId,
        pub sequence: i64,
        pub occurred_at: Time,
        pub action: String,
        pub outcome: String,
        pub actor_type: String,
        pub actor_id: Option<String>,
        pub actor_name: Option<String>,
        pub target_type: Option<String>,
        pub target_id: Option<String>,
        pub target_name: Option<String>,
        pub ip: Option<String>,
        pub user_agent: Option<String>,
        pub request_id: Option<String>,
        #[sea_orm(column_type = "JsonBinary")]
        pub details: Json,
        pub hash: Vec<u8>,
        /// Names of methods, separated by commas. Both are empty without a proof of identity.
        pub auth_methods: Option<String>,
        pub auth_age_seconds: Option<i64>,
    }

    kit::row!(Model {
        id,
        workspace_id,
        sequence,
        occurred_at,
        action,
        outcome,
        actor_type,
        actor_id,
        actor_name,
        target_type,
        target_id,
        target_name,
        ip,
        user_agent,
        request_id,
        details,
        hash,
        auth_methods,
        auth_age_seconds,
    });

    /// No relations: an event outlives its actor and its target.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod head {
    use sea_orm::entity::prelude::*;

    use crate::workspaces::WorkspaceId;

    /// The last event of a workspace's chain.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_heads")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub workspace_id: WorkspaceId,
        pub sequence: i64,
        pub hash: Vec<u8>,
        /// The patterns of the event types that endpoints of the workspace receive, separated by commas.
        pub event_types: Option<String>,
    }

    kit::row!(Model { workspace_id, sequence, hash, event_types });

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod payload {
    use sea_orm::entity::prelude::*;

    use crate::workspaces::WorkspaceId;
    use kit::clock::Time;

    /// The payload of an event that endpoints of the workspace receive.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "event_payloads")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub event_id: Uuid,
        pub workspace_id: WorkspaceId,
        pub sequence: i64,
        pub event_type: String,
        pub target_id: Option<String>,
        /// JSON as it is sent and signed.
        #[sea_orm(column_type = "Text")]
        pub body: String,
        pub created_at: Time,
    }

    kit::row!(Model { event_id, workspace_id, sequence, event_type, target_id, body, created_at });

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod authentication {
    use sea_orm::entity::prelude::*;

    use kit::clock::Time;

    /// The time from which events carry proofs of identity, in a database that nodes of the version before have used.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "event_authentication")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i16,
        /// The end of the watch if it sees no such node. Empty until a node of this version has run.
        pub starts_at: Option<Time>,
        /// The time at which a node last looked for nodes of the version before.
        pub watched_at: Option<Time>,
        /// True once events carry proofs.
        pub begun: bool,
    }

    kit::row!(Model { id, starts_at, watched_at, begun });

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod answer {
    use sea_orm::entity::prelude::*;

    use crate::workspaces::WorkspaceId;
    use kit::clock::Time;

    /// The response to the first request with an `Idempotency-Key`.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "idempotent_answers")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub workspace_id: WorkspaceId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub actor: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub key: String,
        pub fingerprint: Vec<u8>,
        pub status: i16,
        pub body: String,
        pub created_at: Time,
    }

    kit::row!(Model { workspace_id, actor, key, fingerprint, status, body, created_at });

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}
