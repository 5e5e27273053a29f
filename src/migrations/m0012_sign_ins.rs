//! The members who sent invitations, and the browsers and networks from which members signed in.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{binary, string, timestamp_with_time_zone, uuid, uuid_null};

use super::schema::{belongs_to, index, table};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Null for members who were not invited, and for invitations of the previous version: those end by time alone.
        let invited_by = Table::alter().table("members").add_column(uuid_null("invited_by")).take();
        manager.alter_table(invited_by).await?;
        // The oldest session of a member ends if there are too many.
        manager.create_index(index("sessions_by_member", "sessions", &["member_id", "created_at"])).await?;
        manager
            .create_table(
                table("known_callers")
                    .col(binary("digest"))
                    .col(uuid("member_id"))
                    .col(uuid("workspace_id"))
                    .col(string("kind"))
                    .col(timestamp_with_time_zone("last_used_at"))
                    .primary_key(Index::create().col("digest").col("member_id"))
                    .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
                    .foreign_key(&mut belongs_to("member_id", "members"))
                    .take(),
            )
            .await?;
        manager.create_index(index("known_callers_by_member", "known_callers", &["member_id", "kind", "last_used_at"])).await?;
        manager.create_index(index("known_callers_by_age", "known_callers", &["last_used_at"])).await
    }
}
