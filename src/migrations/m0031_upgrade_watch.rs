//! The watch that must have seen no node of an earlier version before audit events carry proofs of identity, the role to which
//! reset links and reset codes are bound, and indexes of passkeys and of the mail outbox.
//!
//! Links and codes from before have no role, so that they open nothing any more: their owners ask for new ones.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{boolean, string, timestamp_with_time_zone_null};

use super::schema::index;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["password_resets", "reset_codes"] {
            add_column(manager, table, string("role").default("").take()).await?;
        }
        add_column(manager, "event_authentication", timestamp_with_time_zone_null("watched_at")).await?;
        add_column(manager, "event_authentication", boolean("begun").default(false).take()).await?;
        // Only a database that nodes of the version before this one have used can have such events.
        let begun = "UPDATE event_authentication SET begun = EXISTS (SELECT 1 FROM audit_events WHERE auth_methods IS NOT NULL) \
                     WHERE starts_at IS NOT NULL";
        manager.get_connection().execute_unprepared(begun).await?;
        manager.create_index(index("passkeys_by_workspace", "passkeys", &["workspace_id", "created_at", "id"])).await?;
        manager.create_index(index("mail_outbox_by_creation", "mail_outbox", &["created_at"])).await
    }
}

async fn add_column(manager: &SchemaManager<'_>, table: &'static str, column: ColumnDef) -> Result<(), DbErr> {
    manager.alter_table(Table::alter().table(table).add_column(column).take()).await
}
