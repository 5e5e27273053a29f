//! The tables as SeaORM sees them.

use kit::db::{Table, table};

/// For a copy of everything: those that others refer to come first.
pub(crate) fn all() -> Vec<Box<dyn Table>> {
    vec![table::<session::Entity>(), table::<known::Entity>()]
}

/// `sessions`
pub(super) mod session {
    use sea_orm::entity::prelude::*;

    use crate::members::MemberId;
    use crate::workspaces::WorkspaceId;
    use kit::clock::Time;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "sessions")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub digest: Vec<u8>,
        pub workspace_id: WorkspaceId,
        pub member_id: MemberId,
        pub created_at: Time,
        pub expires_at: Time,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

/// `known_callers`
pub(super) mod known {
    use sea_orm::entity::prelude::*;

    use crate::members::MemberId;
    use crate::workspaces::WorkspaceId;
    use kit::clock::Time;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "known_callers")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub digest: Vec<u8>,
        #[sea_orm(primary_key, auto_increment = false)]
        pub member_id: MemberId,
        pub workspace_id: WorkspaceId,
        pub kind: String,
        pub last_used_at: Time,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}
