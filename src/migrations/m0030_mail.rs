//! The outbox of emails.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    binary_null, integer, json_binary, string, string_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid,
};

use super::schema::{belongs_to, index, table, unique};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let outbox = table("mail_outbox")
            .col(uuid("id").primary_key())
            .col(uuid("workspace_id"))
            .col(uuid("member_id"))
            .col(string("kind"))
            .col(string("event"))
            .col(string("recipient_name"))
            .col(string("recipient_email"))
            .col(string("workspace_name"))
            .col(string("timezone"))
            .col(json_binary("content"))
            .col(binary_null("link"))
            .col(timestamp_with_time_zone("created_at"))
            .col(timestamp_with_time_zone("until"))
            .col(timestamp_with_time_zone_null("due_at"))
            .col(integer("attempts"))
            .col(timestamp_with_time_zone_null("sending_at"))
            .col(timestamp_with_time_zone_null("sent_at"))
            .col(timestamp_with_time_zone_null("failed_at"))
            .col(string_null("last_error"))
            .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
            .foreign_key(&mut belongs_to("member_id", "members"))
            .take();
        manager.create_table(outbox).await?;
        // Of each event a member gets one email.
        manager.create_index(unique("mail_outbox_by_event", "mail_outbox", &["member_id", "event"])).await?;
        manager.create_index(index("mail_outbox_by_due", "mail_outbox", &["due_at"])).await?;
        manager.create_index(index("mail_outbox_by_sending", "mail_outbox", &["sending_at"])).await?;
        manager.create_index(index("mail_outbox_by_workspace", "mail_outbox", &["workspace_id", "due_at"])).await
    }
}
