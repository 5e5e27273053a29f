//! Workspaces, their members, and the members' sessions.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    binary, binary_null, boolean, pk_uuid, string, string_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid,
};

use super::schema::{belongs_to, index, table, unique};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                table("workspaces")
                    .col(pk_uuid("id"))
                    .col(string("slug").unique_key())
                    .col(string("name"))
                    .col(string("timezone"))
                    .col(boolean("api_keys_enabled"))
                    .col(timestamp_with_time_zone("created_at"))
                    .take(),
            )
            .await?;
        manager
            .create_table(
                table("members")
                    .col(pk_uuid("id"))
                    .col(uuid("workspace_id"))
                    .col(string("email"))
                    .col(string("name"))
                    .col(string("role"))
                    // Null until an invitation is accepted.
                    .col(string_null("password_hash"))
                    .col(binary_null("invite_digest").unique_key())
                    .col(timestamp_with_time_zone_null("invite_expires_at"))
                    .col(timestamp_with_time_zone("created_at"))
                    .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
                    .take(),
            )
            .await?;
        // The email is stored in lower case: a person is one member of a workspace.
        manager.create_index(unique("members_by_email", "members", &["workspace_id", "email"])).await?;
        // Sign-in looks members up by email.
        manager.create_index(index("members_by_email_anywhere", "members", &["email"])).await?;
        manager
            .create_table(
                table("sessions")
                    .col(binary("digest").primary_key())
                    .col(uuid("workspace_id"))
                    .col(uuid("member_id"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(timestamp_with_time_zone("expires_at"))
                    .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
                    // Removing a member ends their sessions.
                    .foreign_key(&mut belongs_to("member_id", "members"))
                    .take(),
            )
            .await?;
        manager.create_index(index("sessions_by_expiry", "sessions", &["expires_at"])).await
    }
}
