//! The entities of the tables.

use kit::db::{Table, table};

/// The tables to copy between databases.
pub(in crate::auth) fn all() -> Vec<Box<dyn Table>> {
    vec![table::<passkey::Entity>(), table::<user::Entity>(), table::<ceremony::Entity>()]
}

pub(super) mod passkey {
    use sea_orm::entity::prelude::*;

    use super::super::model::PasskeyId;
    use crate::members::MemberId;
    use crate::workspaces::WorkspaceId;
    use kit::clock::Time;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "passkeys")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: PasskeyId,
        pub workspace_id: WorkspaceId,
        pub member_id: MemberId,
        pub credential_id: Vec<u8>,
        /// The credential in the format of the library, with its public key.
        #[sea_orm(column_type = "JsonBinary")]
        pub credential: Json,
        /// The signature counter of the credential: apart from it, so that one statement compares and sets it.
        pub sign_count: i64,
        pub name: String,
        pub rp_id: String,
        pub is_synced: bool,
        pub created_at: Time,
        pub last_used_at: Option<Time>,
    }

    kit::row!(Model {
        id,
        workspace_id,
        member_id,
        credential_id,
        credential,
        sign_count,
        name,
        rp_id,
        is_synced,
        created_at,
        last_used_at,
    });

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod user {
    use sea_orm::entity::prelude::*;

    use crate::members::MemberId;
    use crate::workspaces::WorkspaceId;

    /// The handle by which authenticators know a member.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "passkey_users")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub member_id: MemberId,
        pub workspace_id: WorkspaceId,
        pub handle: Uuid,
    }

    kit::row!(Model { member_id, workspace_id, handle });

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod ceremony {
    use sea_orm::entity::prelude::*;

    use crate::members::MemberId;
    use crate::workspaces::WorkspaceId;
    use kit::clock::Time;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "passkey_ceremonies")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub digest: Vec<u8>,
        pub kind: String,
        pub workspace_id: Option<WorkspaceId>,
        pub member_id: Option<MemberId>,
        pub bound_to: Option<Vec<u8>>,
        #[sea_orm(column_type = "JsonBinary")]
        pub state: Json,
        pub expires_at: Time,
    }

    kit::row!(Model { digest, kind, workspace_id, member_id, bound_to, state, expires_at });

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}
