//! The tables of second factors as SeaORM sees them.

use crate::secret_key::{Sealed, SealedColumn, associated};
use kit::db::{Table, table};

/// The tables to copy between databases.
pub(in crate::auth) fn all() -> Vec<Box<dyn Table>> {
    vec![
        table::<totp::Entity>(),
        table::<backup_code::Entity>(),
        table::<challenge::Entity>(),
        table::<failed_code::Entity>(),
        table::<reset_code::Entity>(),
    ]
}

/// Returns the column of the secrets of authenticator apps.
pub fn sealed_secrets() -> Box<dyn Sealed> {
    Box::new(SealedColumn::<totp::Entity> {
        column: totp::Column::Secret,
        associated: |row| associated(super::SEALED_AS, row.id),
    })
}

pub(super) mod totp {
    use sea_orm::entity::prelude::*;

    use crate::auth::factors::model::TotpId;
    use crate::members::MemberId;
    use crate::workspaces::WorkspaceId;
    use kit::clock::Time;

    /// An authenticator app. A member has one that is enabled, and one that is being set up.
    // No Debug: a row carries a secret, sealed.
    #[derive(Clone, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "totp_factors")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: TotpId,
        pub workspace_id: WorkspaceId,
        pub member_id: MemberId,
        /// Sealed with the key of the instance; the id is the associated data.
        pub secret: Vec<u8>,
        pub created_at: Time,
        /// The time of the first right code.
        pub verified_at: Option<Time>,
        /// The time since when a sign-in asks for a code.
        pub enabled_at: Option<Time>,
        /// The step of the last code that was accepted.
        pub last_step: Option<i64>,
    }

    kit::row!(Model { id, workspace_id, member_id, secret, created_at, verified_at, enabled_at, last_step });

    impl std::fmt::Debug for Model {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("totp::Model").field("id", &self.id).finish_non_exhaustive()
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod backup_code {
    use sea_orm::entity::prelude::*;

    use crate::members::MemberId;
    use crate::workspaces::WorkspaceId;
    use kit::clock::Time;

    /// A backup code that was not used yet.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "backup_codes")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub digest: Vec<u8>,
        pub workspace_id: WorkspaceId,
        pub member_id: MemberId,
        pub created_at: Time,
        /// The time since when it can be used; empty during a set-up.
        pub enabled_at: Option<Time>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod challenge {
    use sea_orm::entity::prelude::*;

    use crate::members::MemberId;
    use crate::workspaces::WorkspaceId;
    use kit::clock::Time;

    /// The second step of a sign-in whose first step succeeded.
    // No Debug: a row may carry a password's hash.
    #[derive(Clone, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "challenges")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub digest: Vec<u8>,
        pub workspace_id: WorkspaceId,
        pub member_id: MemberId,
        pub created_at: Time,
        pub expires_at: Time,
        /// Wrong codes.
        pub tries: i32,
        /// The method of the first step, which is always the password.
        pub first_method: String,
        /// The fingerprint of the password's hash. Another password ends the challenge.
        pub password_fingerprint: String,
        /// A hash with the parameters of today, to be stored when the sign-in succeeds.
        pub renewed_hash: Option<String>,
    }

    kit::row!(Model {
        digest,
        workspace_id,
        member_id,
        created_at,
        expires_at,
        tries,
        first_method,
        password_fingerprint,
        renewed_hash,
    });

    impl std::fmt::Debug for Model {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("challenge::Model").field("member_id", &self.member_id).finish_non_exhaustive()
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod failed_code {
    use sea_orm::entity::prelude::*;

    use crate::auth::factors::model::FailedCodeId;
    use crate::members::MemberId;
    use crate::workspaces::WorkspaceId;
    use kit::clock::Time;

    /// A wrong code. A member has at most as many rows as wrong codes are allowed in an hour, until old ones are deleted.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "failed_codes")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: FailedCodeId,
        pub workspace_id: WorkspaceId,
        pub member_id: MemberId,
        pub failed_at: Time,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod reset_code {
    use sea_orm::entity::prelude::*;

    use crate::members::MemberId;
    use crate::workspaces::WorkspaceId;
    use kit::clock::Time;

    /// The code that the next sign-in asks for after a reset. The row stays after its expiry: the password alone opens nothing.
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "reset_codes")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub member_id: MemberId,
        pub workspace_id: WorkspaceId,
        pub digest: Vec<u8>,
        /// The member's role when the code was made. With another role it is refused.
        pub role: String,
        pub created_at: Time,
        pub expires_at: Time,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}
}
