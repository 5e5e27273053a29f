//! The tables as SeaORM sees them.

use kit::db::{Table, table};

/// The tables to copy between databases. Tables that others refer to come first.
pub(crate) fn all() -> Vec<Box<dyn Table>> {
    vec![table::<workspace::Entity>(), table::<setup_link::Entity>(), table::<counter::Entity>()]
}

pub(super) mod workspace {
    use sea_orm::entity::prelude::*;

    use crate::workspaces::WorkspaceId;
    use kit::clock::Time;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "workspaces")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: WorkspaceId,
        pub slug: String,
        pub name: String,
        pub timezone: String,
        pub api_keys_enabled: bool,
        pub created_at: Time,
        /// The workspace that this one is the sandbox of.
        pub sandbox_of: Option<WorkspaceId>,
    }

    kit::row!(Model { id, slug, name, timezone, api_keys_enabled, created_at, sandbox_of });

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod setup_link {
    use sea_orm::entity::prelude::*;

    use kit::clock::Time;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "setup_links")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub digest: Vec<u8>,
        pub created_at: Time,
        pub expires_at: Time,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// Numbers that are given out in order, such as those of invoices.
pub(super) mod counter {
    use sea_orm::entity::prelude::*;

    use crate::workspaces::WorkspaceId;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "counters")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub workspace_id: WorkspaceId,
        #[sea_orm(primary_key, auto_increment = false)]
        pub name: String,
        pub value: i64,
    }

    kit::row!(Model { workspace_id, name, value });

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}
