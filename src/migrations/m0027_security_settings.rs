//! The security settings of workspaces. A workspace without a row has the defaults.
//!
//! Nodes of the version before know no settings: their sessions end after 12 hours, and they require no second factor.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{boolean, integer, string, timestamp_with_time_zone_null, uuid};

use super::schema::{belongs_to, index, table};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                table("security_settings")
                    .col(uuid("workspace_id").primary_key())
                    .col(string("two_factor_policy"))
                    .col(integer("grace_days"))
                    .col(boolean("passkeys_allowed"))
                    .col(integer("idle_minutes"))
                    .col(integer("absolute_minutes"))
                    .col(integer("minimum_password_length"))
                    // When a second factor began to be required of administrators and of the others, and when their grace ends.
                    .col(timestamp_with_time_zone_null("admins_required_since"))
                    .col(timestamp_with_time_zone_null("admins_grace_ends_at"))
                    .col(timestamp_with_time_zone_null("others_required_since"))
                    .col(timestamp_with_time_zone_null("others_grace_ends_at"))
                    .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
                    .take(),
            )
            .await?;
        // All sessions of a workspace end at once, or those that its policy makes too long.
        manager.create_index(index("sessions_by_workspace", "sessions", &["workspace_id", "created_at"])).await
    }
}
