//! The last use of a session, and one-time links that reset a password.
//!
//! Nodes of the version before leave the columns of sessions empty.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{binary, string_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid};

use super::schema::{belongs_to, index, table, unique};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // One column at a time: SQLite adds no more in one statement.
        for column in [timestamp_with_time_zone_null("last_seen_at"), string_null("ip"), string_null("user_agent")] {
            manager.alter_table(Table::alter().table("sessions").add_column(column).take()).await?;
        }
        manager
            .create_table(
                table("password_resets")
                    .col(binary("digest").primary_key())
                    .col(uuid("workspace_id"))
                    .col(uuid("member_id"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(timestamp_with_time_zone("expires_at"))
                    .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
                    .foreign_key(&mut belongs_to("member_id", "members"))
                    .take(),
            )
            .await?;
        // A new link replaces the one before.
        manager.create_index(unique("password_resets_by_member", "password_resets", &["member_id"])).await?;
        manager.create_index(index("password_resets_by_expiry", "password_resets", &["expires_at"])).await
    }
}
